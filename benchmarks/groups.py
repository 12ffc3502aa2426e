"""Jobs that follow each other through groups: how far above the ideal schedule, and what a job of no work takes.

Times are those of the events: from the start of the first cell that sleeps (or is in a group) to the end of the
last, over all jobs. Workers are warm.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rows import Row, cost
from benchmarks.sources import stored
from naavre_ext import run_batch
from naavre_ext.executors.ray.cluster import connect
from naavre_ext.executors.ray.spare_workers import start_main, warm
from naavre_ext.model.event import StepFinished
from naavre_ext.model.run import RunOptions
from naavre_ext.storage.run_store import RunStore

#: So much above the ideal schedule is allowed, and so much for a job of no work in one group and in five.
ABOVE_S, ONE_GROUP_S, FIVE_GROUPS_S = 0.04, 0.013, 0.038
EMPTY_JOBS = 30
#: A schedule is measured so often, as one late moment of the machine is longer than what is asked for.
REPEATS = 3
#: The workers of five groups, and main workers for as many jobs as go through them at once.
WORKERS = 12
#: Cells that sleep need none, but Ray has as many workers for cells outside groups: two for each of three jobs.
CPUS = 6


def _working(group: str, statement: str) -> str:
    return f"# group: {group}\ntime.sleep(1)\n{statement}"


def _without_groups(cells: Sequence[str]) -> tuple[str, ...]:
    """The same cells, for each of which a worker is idle."""
    return tuple(re.sub(r"^# group: \w+", "# without a group", cell) for cell in cells)


HEAD = ("param_x = 1", "import time")
THREE_GROUPS = (
    *HEAD,
    _working("one", "a = param_x + 1"),
    _working("one", "b = a + 1"),
    _working("two", "c = param_x + 2"),
    _working("three", "d = b + c"),
    _working("three", "e = d + 1"),
)
TWO_AND_ONE = (
    *HEAD,
    _working("one", "a = param_x + 1"),
    _working("two", "b = param_x + 2"),
    _working("three", "c = a + b"),
)
ONE_EMPTY = ("param_x = 1", "# group: g\na1 = param_x + 1")
FIVE_EMPTY = (
    "param_x = 1",
    *(f"# group: g{n}\na{n} = {f'a{n - 1}' if n else 'param_x'} + 1" for n in range(5)),
)


def span_s(folder: Path, name: str, cells: Sequence[str], jobs: int) -> float:
    """From the start of the first cell with a comment at its top to the end of the last."""
    notebook = stored(folder, name, *cells)
    counted = {f"c{number}" for number, cell in enumerate(cells) if cell.startswith("# ")}
    store = str(folder / "store")
    rows = [{"param_x": number} for number in range(jobs)]
    in_groups = any(cell.startswith("# group:") for cell in cells)
    done = run_batch(
        notebook, rows, options=RunOptions(store=store), max_jobs=None if in_groups else jobs
    )
    if not done.is_ok:
        raise RuntimeError(f"{name}: {done.ends}")
    ended = [
        event
        for end in done.ends
        for event in RunStore(store).open(str(end.run_id)).events()
        if isinstance(event, StepFinished) and event.cell_id in counted
    ]
    return max(e.started_at + e.duration_s for e in ended) - min(e.started_at for e in ended)


def _warm(handle: Any) -> None:
    start_main(WORKERS)
    warm(handle, wait=True)


def group_rows() -> Iterator[Row]:
    """Six rows, the median of each schedule; Ray is up and its workers warm, as it is for the other parts."""
    with tempfile.TemporaryDirectory() as name, connect(None, num_cpus=CPUS) as handle:
        folder = Path(name)
        for title, cells, ideal_s in (
            ("3 jobs through {A, B}, {C}, {D, E}, cells of 1 s", THREE_GROUPS, 8.0),
            ("3 jobs through {A}, {B}, {C}, cells of 1 s", TWO_AND_ONE, 4.0),
            ("3 jobs of A → B, C, D → E without groups", _without_groups(THREE_GROUPS), 4.0),
            ("3 jobs of A, B → C without groups", _without_groups(TWO_AND_ONE), 2.0),
        ):
            spans = []
            for _ in range(REPEATS):
                _warm(handle)
                spans.append(span_s(folder, "working", cells, 3))
            yield cost(title, median(spans), ideal_s, at_most=1 + ABOVE_S / ideal_s)
        for title, cells, target_s in (
            ("a job of no work in one group", ONE_EMPTY, ONE_GROUP_S),
            ("a job of no work in five groups", FIVE_EMPTY, FIVE_GROUPS_S),
        ):
            _warm(handle)
            each_s = span_s(folder, "empty", cells, EMPTY_JOBS) / EMPTY_JOBS
            yield cost(title, each_s, target_s, at_most=1)
