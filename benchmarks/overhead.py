"""What one empty cell and one batch cost, against a bare Ray task that does the same ``exec``.

The costs are slopes within a run, so that what a run costs by itself doesn't count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ray

from benchmarks.rows import Row, cost, in_turn, seconds
from benchmarks.sources import appending, notebook
from naavre_ext import RunEvent, RunOptions, run_notebook
from naavre_ext.executors.factory import hold_cluster
from naavre_ext.model.event import StepFinished

FEW, MANY = 10, 110


def bare_task() -> Any:
    """A Ray task that runs source with values, and returns what a name is bound to then."""

    def execute(source: str, values: dict[str, Any], name: str) -> Any:
        # Nested, so that it travels by value: a worker needn't find this module.
        namespace = dict(values)
        exec(source, namespace)
        return namespace.get(name)

    return ray.remote(execute)


def finished_steps(sources: tuple[str, ...]) -> list[StepFinished]:
    """The ends of all steps of a run of these cells; it has to end well."""
    steps: list[StepFinished] = []

    def note(event: RunEvent) -> None:
        if isinstance(event, StepFinished):
            steps.append(event)

    result = run_notebook(notebook(*sources), on_event=note)
    if result.status != "ok":
        raise RuntimeError(f"the run ended {result.status}: {result.failure}")
    return steps


def empty_cell_seconds() -> float:
    """From the end of one cell ``pass`` to the end of the next, in a run of many."""
    steps = finished_steps(("pass",) * MANY)
    return (steps[-1].at - steps[FEW].at) / (MANY - 1 - FEW)


def batch_seconds() -> float:
    """One more batch in a warm split: the loop's cell with many batches less the one with few."""
    many, few = (
        next(step.duration_s for step in finished_steps(appending(count)) if step.batches)
        for count in (MANY, FEW)
    )
    return (many - few) / (MANY - FEW)


def task_seconds(bare: Any) -> float:
    """One bare task after the other, as cells are."""
    count = MANY - FEW
    return seconds(lambda: [ray.get(bare.remote("pass", {}, "")) for _ in range(count)]) / count


def batch_task_seconds(bare: Any) -> float:
    """Bare tasks all at once, as batches are, and their results joined."""
    source = "out = []\nfor item in items:\n    out.append(item)"

    def fan_out() -> None:
        tasks = [bare.remote(source, {"items": [item]}, "out") for item in range(MANY - FEW)]
        joined: list[int] = []
        for part in ray.get(tasks):
            joined.extend(part)

    return seconds(fan_out) / (MANY - FEW)


def overhead_rows() -> Iterator[Row]:
    """Both costs on one warm Ray, which the bare tasks use as well."""
    with hold_cluster(RunOptions()):
        finished_steps(appending(FEW))
        bare = bare_task()
        task_seconds(bare)
        batch_task_seconds(bare)
        cell = in_turn(empty_cell_seconds, lambda: task_seconds(bare), repeats=5)
        yield cost("one empty cell, warm", *cell, at_most=2)
        batch = in_turn(batch_seconds, lambda: batch_task_seconds(bare), repeats=5)
        yield cost("one batch, warm", *batch, at_most=2)
