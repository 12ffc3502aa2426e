"""Which steps of a run wait for its turn among several."""

from __future__ import annotations

from contextlib import contextmanager

import nbformat
import pytest

from naavre_ext.executors.driver import RunDriver
from naavre_ext.executors.local import LocalExecutor
from naavre_ext.model import event as events
from naavre_ext.model.run import RunOptions
from naavre_ext.preparing import prepare_notebook

CELLS = ("x = 1", "y = x + 1", "z = y + 1", "w = x")


@pytest.mark.parametrize(
    ("light", "before"),
    [
        ((), []),
        (("x",), ["x"]),
        (("x", "y"), ["x", "y"]),
        (("z",), []),
        (("x", "y", "z", "w"), ["x", "y", "z", "w"]),
    ],
)
def test_turn_comes_before_the_first_step_that_is_not_light(light, before, tmp_path):
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    workflow = prepare_notebook(node).require_workflow()
    wrote = {step.id: step.writes[0] for step in workflow.steps}
    told: list[events.RunEvent] = []
    seen: list[list[str]] = []

    def started() -> list[str]:
        return [wrote[event.step] for event in told if isinstance(event, events.StepStarted)]

    @contextmanager
    def turn():
        seen.append(started())
        yield
        seen.append(started())

    executor = LocalExecutor()
    try:
        driver = RunDriver(
            workflow,
            executor,
            RunOptions(executor="local", cwd=str(tmp_path), keep=()),
            run_id="r",
            emit=told.append,
            turn=turn(),
            light=[step for step, name in wrote.items() if name in light],
        )
        assert driver.run().status == "ok"
    finally:
        executor.close()
    assert started() == ["x", "y", "z", "w"]
    assert seen == ([] if before == started() else [before, started()])
