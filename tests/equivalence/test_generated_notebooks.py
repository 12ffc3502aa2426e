"""A workflow ends as the notebook does: notebooks nobody thought of."""

from __future__ import annotations

import gc
import os
from collections import Counter

import pytest
from both_ways import run_both
from hypothesis import HealthCheck, Phase, given, settings
from notebook_strategy import notebooks

pytestmark = pytest.mark.filterwarnings("default")

_DEEP = os.environ.get("NAAVRE_HYPOTHESIS") == "deep"
_EXAMPLES = 20_000 if _DEEP else 500
#: Making a failing notebook small takes minutes, so it is left to the deep profile.
_PHASES = [Phase.generate, Phase.shrink] if _DEEP else [Phase.generate]
_counts: Counter[str] = Counter()


@pytest.mark.timeout(36_000 if _DEEP else 600)
@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=not _DEEP,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=_PHASES,
)
@given(notebooks())
def test_generated_notebooks_end_alike(cells):
    (run,) = run_both(cells, orders=1, tracebacks=False)
    _counts["runs"] += 1
    if _counts["runs"] % 10 == 0:
        gc.freeze()  # what hypothesis remembers needn't be looked at by every session's reset
    _counts["failed"] += run.end.status == "failed"
    _counts["planned"] += sum(len(step.splits) for step in run.workflow.steps)
    _counts["fanned out"] += run.fanned_out


def test_generated_notebooks_do_split():
    if not _counts["runs"]:
        pytest.skip("needs the test above")
    assert _counts["failed"] < 0.4 * _counts["runs"]
    assert _counts["planned"] > 0.5 * _counts["runs"]
    assert _counts["fanned out"] > 0.5 * _counts["planned"]
