"""Split loops against the same notebook in papermill's own engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import papermill

from benchmarks.rows import Row, in_turn, seconds, speed_up
from benchmarks.sources import counting, sleeping, stored
from naavre_ext import RunEvent, RunOptions, run_notebook
from naavre_ext.executors.factory import hold_cluster
from naavre_ext.model.event import StepFinished

LOOP_CELL = "c1"
SLOTS = os.cpu_count() or 1


def cell_seconds_ours(path: Path) -> float:
    """How long the loop's cell took in a workflow run; the run has to end well."""
    durations: list[float] = []

    def note(event: RunEvent) -> None:
        if isinstance(event, StepFinished) and event.cell_id == LOOP_CELL:
            durations.append(event.duration_s)

    result = run_notebook(path, path.with_suffix(".ours.ipynb"), on_event=note)
    if result.status != "ok" or len(durations) != 1:
        raise RuntimeError(f"{path.name} ended {result.status}: {result.failure}")
    return durations[0]


def cell_seconds_papermill(path: Path, cells: Sequence[str] = (LOOP_CELL,)) -> float:
    """How long these cells took together in papermill's own engine."""
    output = path.with_suffix(".papermill.ipynb")
    papermill.execute_notebook(str(path), str(output), progress_bar=False)
    node = nbformat.read(output, as_version=4)
    found = [cell for cell in node.cells if cell.get("id") in cells]
    return sum(float(cell.metadata.papermill.duration) for cell in found)


def compare(name: str, path: Path, *, repeats: int, at_least: float) -> Iterator[Row]:
    """Two rows: the loop's cell, and the whole run with papermill's kernel start."""
    cell_seconds_ours(path)
    cell = in_turn(
        lambda: cell_seconds_ours(path), lambda: cell_seconds_papermill(path), repeats=repeats
    )
    yield speed_up(f"{name}: the cell", *cell, at_least=at_least)
    run = in_turn(
        lambda: seconds(lambda: cell_seconds_ours(path)),
        lambda: seconds(lambda: cell_seconds_papermill(path)),
        repeats=1,
    )
    yield speed_up(f"{name}: the whole run", *run, at_least=at_least)


def splitting_rows() -> Iterator[Row]:
    """Sleeps show the fan-out, pure Python the use of the processors; on a warm Ray."""
    near_full = 0.9 * SLOTS
    with TemporaryDirectory() as folder, hold_cluster(RunOptions()):
        sleeps = stored(Path(folder), "sleeping", *sleeping(2 * SLOTS))
        name = f"split of {2 * SLOTS} sleeps of 1 s, {SLOTS} slots"
        yield from compare(name, sleeps, repeats=3, at_least=near_full)
        counts = stored(Path(folder), "counting", *counting(40, 3_000_000))
        name = f"CPU-bound split, {SLOTS} slots"
        yield from compare(name, counts, repeats=3, at_least=near_full)
