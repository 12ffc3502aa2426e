"""A workflow ends as the notebook does: notebooks nobody thought of."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from both_ways import RandomOrder, WorkflowRun, assert_same, run_as_workflow, run_in_order
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from notebook_strategy import notebooks

from naavre_ext.model import event as events

pytestmark = pytest.mark.filterwarnings("default")

#: NAAVRE_HYPOTHESIS=deep looks for hours, elsewhere each time, and makes what it finds small.
_DEEP = os.environ.get("NAAVRE_HYPOTHESIS") == "deep"
_SHARDS = 10
_EXAMPLES = 20_000 if _DEEP else 200
_FIRST_SEED = int(os.environ.get("NAAVRE_HYPOTHESIS_SEED", "0"))


def _count(counts: Counter[str], run: WorkflowRun) -> None:
    counts["notebooks"] += 1
    counts["failed"] += run.end.status == "failed"
    counts["relocated"] += bool(run.of(events.StepRelocated))
    counts["placed anywhere"] += any(step.placement == "any" for step in run.workflow.steps)
    counts["split"] += any(step.splits for step in run.workflow.steps)
    counts["fanned out"] += run.fanned_out > 0


@pytest.mark.timeout(36_000 if _DEEP else 900)
@pytest.mark.parametrize("shard", range(_FIRST_SEED, _FIRST_SEED + _SHARDS))
def test_generated_notebooks_end_alike(shard):
    counts: Counter[str] = Counter()

    @seed(shard)
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate, Phase.shrink] if _DEEP else [Phase.generate],
    )
    @given(notebooks(), st.integers(0, 9))
    def check(cells, order):
        expected = run_in_order(cells)
        choose = RandomOrder(order).chooser() if order else None
        run = run_as_workflow(cells, choose=choose)
        assert_same(expected, run.ending, cells, tracebacks=False)
        _count(counts, run)

    check()
    # The property says something only where things happen that can go wrong.
    shares = {what: number / counts["notebooks"] for what, number in counts.items()}
    print({what: round(share, 2) for what, share in shares.items()})
    assert shares["failed"] < 0.3
    assert shares["split"] > 0.7
    assert shares["fanned out"] > 0.5
