"""Tasks two levels deep, each level in another worker: every call waits until the next one works elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))
from both_ways import run_with
from wrong_tables import wronglib as wronglib

from naavre_ext.model import event as events
from naavre_ext.model.run import RunOptions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),
]

CELLS = (
    "import wronglib\nfails = {fails}",
    "# task\ndef inner(x):\n"
    "    seen = wronglib.wait_for('inner') if x == 0 else wronglib.give('inner')\n"
    "    if x == fails:\n        raise ValueError(x)\n"
    "    return [x, seen]\n"
    "# task\ndef outer(x):\n"
    "    seen = wronglib.wait_for('outer') if x == 0 else wronglib.give('outer')\n"
    "    if x == 0:\n        return [x, seen]\n"
    "    try:\n        a = inner(0)\n        b = inner(1)\n"
    "    except ValueError as error:\n        return str(error)\n"
    "    return [a, b]",
    "first = outer(0)\nsecond = outer(1)",
    "print(first, second)",
)


@pytest.fixture
def run(shared_ray, wronglib):
    """A function that runs the cells on Ray; the call with this argument fails."""
    executor = shared_ray.executor()

    def start(fails):
        cells = [CELLS[0].format(fails=fails), *CELLS[1:]]
        return run_with(executor, cells, RunOptions(cwd=str(wronglib), keep=None))

    yield start
    executor.close()


def shown(run) -> str:
    assert run.end.status == "ok", run.end.failure
    (output,) = run.ending.outputs[3]
    return output["text"]


def test_calls_of_calls_run_in_workers_of_their_own(run):
    run = run(None)
    assert not run.of(events.TaskDiscarded)
    assert shown(run) == "[0, None] [[0, None], [1, None]]\n"
    tasks = {event.level: event for event in run.of(events.TaskFinished)}
    assert {level: task.function for level, task in tasks.items()} == {1: "outer", 2: "inner"}
    (step,) = (event for event in run.of(events.StepFinished) if event.cell_id == "cell-2")
    assert len({step.worker, tasks[1].worker, tasks[2].worker}) == 3


def test_call_of_a_call_that_raises_runs_again_where_it_stands(run):
    run = run(1)
    assert shown(run) == "[0, None] 1\n"
    assert [(event.function, event.level) for event in run.of(events.TaskDiscarded)] == [
        ("inner", 2)
    ]
    assert [(event.function, event.level) for event in run.of(events.TaskFinished)] == [
        ("outer", 1)
    ]


def test_calls_run_where_they_stand_once_settings_are_bound_to_their_process(shared_ray, tmp_path):
    executor = shared_ray.executor()
    cells = (
        "# task: when=True\ndef double(x):\n    return 2 * x",
        "import logging\nlogging.getLogger().setLevel(logging.DEBUG)",
        "a = double(1)\nb = double(2)\nprint(a, b)",
        "c = double(3)\nlogging.getLogger().setLevel(logging.WARNING)\nd = double(4)\nprint(c, d)",
    )
    try:
        run = run_with(executor, cells, RunOptions(cwd=str(tmp_path), keep=None))
    finally:
        executor.close()
    assert run.end.status == "ok", run.end.failure
    assert [output["text"] for at in (2, 3) for output in run.ending.outputs[at]] == [
        "2 4\n",
        "6 8\n",
    ]
    assert not run.of(events.TaskFinished)
