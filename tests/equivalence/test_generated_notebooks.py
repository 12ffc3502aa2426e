"""A workflow ends as the notebook does: notebooks and loops nobody thought of."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from both_ways import (
    Endless,
    RandomOrder,
    assert_same,
    notebook,
    run_as_workflow,
    run_in_order,
)
from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis import strategies as st
from notebook_strategy import loops, notebooks

from naavre_ext.api import prepare_notebook
from naavre_ext.model import event as events

#: NAAVRE_HYPOTHESIS=deep looks for hours, from NAAVRE_HYPOTHESIS_SEED on, and makes what it finds small.
_DEEP = os.environ.get("NAAVRE_HYPOTHESIS") == "deep"
_FIRST_SEED = int(os.environ.get("NAAVRE_HYPOTHESIS_SEED", "0"))
_SHARDS = range(_FIRST_SEED, _FIRST_SEED + 6)
_NOTEBOOKS = 5_000 if _DEEP else 80
_LOOPS = 2_000 if _DEEP else 120
#: Notebooks take a tenth of a second; one that takes this long never ends.
_ENDLESS_S = 5.0

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(36_000 if _DEEP else 600),
]
_each_shard = pytest.mark.parametrize("shard", _SHARDS)


def _profile(shard, examples):
    def profiled(check):
        phases = [Phase.generate, Phase.shrink] if _DEEP else [Phase.generate]
        kept = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
        return seed(shard)(settings(max_examples=examples, phases=phases, **kept)(check))

    return profiled


@pytest.fixture
def folders(tmp_path):
    """Makes two empty folders, for the notebook and for the workflow."""
    count = iter(range(1_000_000))

    def make() -> list[Path]:
        made = [tmp_path / f"{next(count)}" for _ in range(2)]
        for folder in made:
            folder.mkdir()
        return made

    return make


def _files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.is_file()}


def _end_alike(cells, prepared, order, folders, counts: Counter[str]) -> None:
    own, other = folders()
    try:
        expected = run_in_order(cells, str(own), _ENDLESS_S)
    except Endless:  # it adds to what it goes over
        reject()
    counts["all"] += 1
    if prepared.workflow is None:
        assert expected.error is not None, "refused, but it runs"
        counts["refused"] += 1
        return
    choose = RandomOrder(order).chooser() if order else None
    run = run_as_workflow(cells, choose=choose, cwd=str(other), prepared=prepared)
    assert_same(expected, run.ending, cells, tracebacks=False)
    written = _files(own)
    if run.end.status == "failed":  # iterations after the failing one may have written theirs
        assert written.items() <= _files(other).items()
    else:
        assert written == _files(other)
    counts["failed"] += run.end.status == "failed"
    counts["relocated"] += bool(run.of(events.StepRelocated))
    counts["anywhere"] += any(step.placement == "any" for step in run.workflow.steps)
    counts["split"] += any(step.splits for step in run.workflow.steps)
    counts["fanned out"] += run.fanned_out > 0


def _shares(counts: Counter[str]) -> defaultdict[str, float]:
    shares = {what: round(number / counts["all"], 3) for what, number in counts.items()}
    print(shares)
    return defaultdict(float, shares)


@_each_shard
def test_generated_notebooks_end_alike(shard, folders):
    counts: Counter[str] = Counter()

    @_profile(shard, _NOTEBOOKS)
    @given(notebooks(), st.integers(0, 9))
    def check(cells, order):
        _end_alike(cells, prepare_notebook(notebook(cells)), order, folders, counts)

    check()
    # The property says something only where things happen that can go wrong. How often they do isn't the same in
    # each shard, nor from one version of the code to the next: Hypothesis tries constants that modules have.
    shares = _shares(counts)
    assert shares["refused"] < 0.1
    assert shares["failed"] < 0.5
    assert shares["split"] > 0.05
    assert shares["fanned out"] > 0.05
    assert shares["anywhere"] > 0.05


@pytest.mark.parametrize(
    "grow",
    [
        pytest.param("for x in xs:\n    xs.append(x)", id="longer and longer"),
        pytest.param("for x in xs:\n    xs.extend(xs)", id="twice as much each time"),
        pytest.param("a = np.ones(8)\nwhile True:\n    a = np.r_[a, a]", id="in an array"),
    ],
)
def test_endless_notebooks_are_left_out(grow):
    with pytest.raises(Endless):
        run_in_order(["import numpy as np\nxs = [1]", grow], limit_s=1.0)
    assert run_in_order(["x = 1"], limit_s=1.0).variables == {"x": 1}


@_each_shard
def test_loops_judged_legal_end_as_they_do_whole(shard, folders):
    counts: Counter[str] = Counter()

    @_profile(shard, _LOOPS)
    @given(loops())
    def check(cells):
        prepared = prepare_notebook(notebook(cells))
        workflow = prepared.workflow
        if workflow is not None and any(step.splits for step in workflow.steps):
            counts["legal"] += 1
            _end_alike(cells, prepared, 0, folders, counts)

    check()
    shares = _shares(counts)
    assert counts["legal"] > 0.1 * _LOOPS
    assert shares["fanned out"] > 0.4
