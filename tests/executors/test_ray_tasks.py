"""Tasks two levels deep, each level in another worker: every call waits until the next one has begun elsewhere."""

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
    pytest.mark.timeout(240),
    pytest.mark.filterwarnings("default"),
]

CELLS = (
    "import wronglib",
    "# task\ndef inner(x):\n"
    "    seen = wronglib.wait_for('inner') if x == 0 else wronglib.give('inner')\n"
    "    return [x, seen]\n"
    "# task\ndef outer(x):\n"
    "    seen = wronglib.wait_for('outer') if x == 0 else wronglib.give('outer')\n"
    "    if x == 0:\n        return [x, seen]\n"
    "    a = inner(0)\n    b = inner(1)\n    return [a, b]",
    "first = outer(0)\nsecond = outer(1)",
    "print(first, second)",
)


def test_calls_of_calls_run_in_workers_of_their_own(shared_ray, wronglib):
    executor = shared_ray.executor()
    try:
        run = run_with(executor, CELLS, RunOptions(cwd=str(wronglib), keep=None))
    finally:
        executor.close()
    assert run.end.status == "ok", run.end.failure
    (shown,) = run.ending.outputs[3]
    assert shown["text"] == "[0, None] [[0, None], [1, None]]\n"
    tasks = {event.level: event for event in run.of(events.TaskFinished)}
    assert {level: task.function for level, task in tasks.items()} == {1: "outer", 2: "inner"}
    (step,) = (event for event in run.of(events.StepFinished) if event.cell_id == "cell-2")
    assert len({step.worker, tasks[1].worker, tasks[2].worker}) == 3
