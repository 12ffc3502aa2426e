"""Guards, and the order of effects, on a real Ray: stale readers, a batch's violation, failures, eager cells."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))
from both_ways import assert_same, run_in_order, run_with
from wrong_tables import wronglib as wronglib

from naavre_ext.model import event as events
from naavre_ext.model.run import RunOptions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),
    pytest.mark.usefixtures("wronglib"),
]


@pytest.fixture
def executor(shared_ray):
    executor = shared_ray.executor()
    yield executor
    executor.close()


MAIN = "q = 0\ndel q\n"
LIST = ("import wronglib", "xs = [1.0, 2.0, 3.0]")
ARRAY = ("import wronglib\nimport numpy as np", "xs = np.arange(100_000.0)")

RERUN = {
    "a list": (*LIST, "a = wronglib.total(xs)", f"{MAIN}b = wronglib.bump(xs, after='c')",
               "c = wronglib.total(xs, sign='c')", "d = wronglib.total([c, *xs])", "print(a, b, c, d)"),
    "an array": (*ARRAY, "a = wronglib.total(xs)", f"{MAIN}b = wronglib.bump(xs, after='c')",
                 "c = wronglib.total(xs, sign='c')", "d = wronglib.total(xs)", "print(a, b, c, d)"),
    "settings": (*ARRAY, "a = wronglib.show(1)", f"{MAIN}b = wronglib.round_off()",
                 "c = wronglib.show(1)", "d = wronglib.show(2)", "print(a, c, d)"),
}  # fmt: skip


@pytest.mark.parametrize("cells", RERUN.values(), ids=RERUN)
def test_stale_reader_runs_again(cells, executor, wronglib):
    run = run_with(executor, cells, RunOptions(cwd=str(wronglib), keep=None))
    assert_same(run_in_order(cells, str(wronglib)), run.ending, cells, identity=False)
    assert [event.step for event in run.of(events.StepRelocated)] == ["cell-4", "cell-5"]
    (warning,) = run.of(events.MessageLogged)
    assert "cell 4 changes " in warning.text


def test_run_starts_over_in_a_fresh_worker(executor, wronglib):
    cells = (
        *LIST,
        "a = wronglib.total(xs)",
        "b = wronglib.bump(xs, after='c')",
        f"{MAIN}c = wronglib.total(xs, sign='c')",
        "d = wronglib.total([c])",
        "print(a, b, c, d, xs)",
    )
    run = run_with(executor, cells, RunOptions(cwd=str(wronglib), keep=None))
    assert_same(run_in_order(cells, str(wronglib)), run.ending, cells, identity=False)
    assert any("starts over" in event.text for event in run.of(events.MessageLogged))
    first, again = (e.worker for e in run.of(events.StepFinished) if e.step == "cell-0")
    assert first != again


def test_batch_that_changes_what_it_shares_is_found(executor, wronglib):
    cells = (
        *LIST,
        "# split: work\n# batches: 3\nout = []\nfor i in range(6):\n    out.append(wronglib.bump(xs) + i)",
        "print(out, xs)",
    )
    run = run_with(executor, cells, RunOptions(cwd=str(wronglib), keep=None))
    assert_same(run_in_order(cells, str(wronglib)), run.ending, cells, identity=False)
    (refused,) = run.of(events.SplitRefused)
    assert "'xs' was changed in place" in refused.reason


def test_what_the_first_item_changes_keeps_the_rest_from_being_sent(executor, tmp_path):
    """An object of a library, of which nobody knows what its methods change."""
    cells = (
        "import time\nfrom scipy.stats import qmc\nsobol = qmc.Sobol(d=2, seed=0)",
        "# split: draws\nout = []\nfor i in range(16):\n    time.sleep(0.1)\n"
        "    out.append(float(sobol.random(1).sum()))",
        "print(out, sobol.random(1))",
    )
    run = run_with(executor, cells, RunOptions(cwd=str(tmp_path), keep=None))
    assert_same(run_in_order(cells, str(tmp_path)), run.ending, cells, identity=False)
    (refused,) = run.of(events.SplitRefused)
    assert refused.reason == "an earlier iteration changed what the batches worked on"
    (own,) = run.of(events.BatchFinished)
    assert own.items < 16


@pytest.mark.parametrize(("eager", "after"), [(False, "b"), (True, "out.txt")])
def test_failing_cell_hides_later_effects_unless_eager(eager, after, executor, tmp_path):
    """It fails once the next cell, or the one that writes, has done its work."""
    cells = (
        "import wronglib",
        f"a = wronglib.inverse(0, after={after!r})",
        "b = wronglib.inverse(1, sign='b')",
        "open('out.txt', 'w').write('x')",
        "print('after')",
    )
    run = run_with(executor, cells, RunOptions(cwd=str(tmp_path), keep=None, eager=eager))
    assert (run.ending.failed_cell, run.end.status) == (1, "failed")
    assert (tmp_path / "out.txt").exists() == eager
    assert run.ending.outputs[2:] == [[], [], []]
    assert [e.step for e in run.of(events.StepNotRun)] == ["cell-2", "cell-3", "cell-4"]
