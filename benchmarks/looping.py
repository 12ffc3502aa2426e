"""Loops as the benchmarks run them: split in a run, in plain Python, and under papermill."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.rows import seconds
from benchmarks.sources import notebook, stored
from benchmarks.splitting import cell_seconds_papermill
from naavre_ext import RunEvent, run_notebook
from naavre_ext.model.event import StepFinished

SLOTS = 2
LOOP = "# split: loop\nout = []\nfor x in items:\n    out.append(work(x))"
BUSY = (
    "def work(x, turns={turns}):\n    value = x\n    for _ in range(turns):\n"
    "        value = (value * 1103515245 + 12345) % 2147483648\n    return value"
)


def turns_in(item_s: float) -> int:
    """How many turns of the busy loop take so long here."""
    names: dict[str, Any] = {}
    exec(BUSY.format(turns=200_000), names)
    return max(
        1, int(200_000 * item_s / median(seconds(lambda: names["work"](1)) for _ in range(5)))
    )


def loop_seconds(*cells: str) -> float:
    """How long the cells with loops (all but the first) took together in a run of these cells."""
    steps: list[StepFinished] = []

    def note(event: RunEvent) -> None:
        if isinstance(event, StepFinished) and event.cell_id != "c0":
            steps.append(event)

    result = run_notebook(notebook(*cells), on_event=note)
    if result.status != "ok":
        raise RuntimeError(f"the run ended {result.status}: {result.failure}")
    return sum(step.duration_s for step in steps)


def plain_seconds(*cells: str) -> float:
    """How long the second of these cells takes in plain Python."""
    names: dict[str, Any] = {}
    exec(cells[0], names)
    return seconds(lambda: exec(compile(cells[1], "cell", "exec"), names))


def papermill_seconds(*cells: str) -> float:
    """How long the cells with loops take together in papermill's own engine."""
    with TemporaryDirectory() as folder:
        return cell_seconds_papermill(
            stored(Path(folder), "loops", *cells), [f"c{n}" for n in range(1, len(cells))]
        )
