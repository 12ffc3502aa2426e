"""Items that keep a processor busy: against half of the sequential time, and against what people write by hand."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from importlib import import_module
from statistics import median
from typing import Any

import joblib
import ray
from ray.util.multiprocessing import Pool

from benchmarks.looping import (
    BUSY,
    LOOP,
    SLOTS,
    loop_seconds,
    papermill_seconds,
    plain_seconds,
    turns_in,
)
from benchmarks.rows import Row, paired, seconds, speed_up, told


def by_hand(turns: int, count: int) -> dict[str, Callable[[], Any]]:
    """The same work as people write it; the task per item only for a tenth of the items."""
    names: dict[str, Any] = {"__name__": "by_hand"}
    exec(BUSY.format(turns=turns), names)
    work = names["work"]
    bag: Any = import_module("dask.bag")
    remote = ray.remote(lambda x: work(x))
    return {
        "one Ray task per item (for a tenth)": lambda: ray.get(
            [remote.remote(x) for x in range(count // 10)]
        ),
        "joblib": lambda: joblib.Parallel(n_jobs=SLOTS)(
            joblib.delayed(work)(x) for x in range(count)
        ),
        "ray.util.multiprocessing": lambda: Pool(SLOTS).map(work, range(count)),
        "dask.bag": lambda: (
            bag.from_sequence(range(count))
            .map(work)
            .compute(scheduler="processes", num_workers=SLOTS)
        ),
    }


#: How many short items there are, and how long each takes.
_FINE = (100_000, 0.0001)


def fine_rows() -> Iterator[Row]:
    """A great many short items against half of the sequential time."""
    yield _cpu_row(*_FINE, at_least=0.90)


def coarse_rows() -> Iterator[Row]:
    """Longer items against the same, and what the machine itself gives."""
    count, item_s = 1000, 0.01
    row = _cpu_row(count, item_s, at_least=0.95)
    yield row
    halves = halves_s(turns_in(item_s), count)
    name = "the same; two plain processes, half each"
    yield told(name, row.ours, halves, papermill=row.papermill)


def _cpu_row(count: int, item_s: float, *, at_least: float) -> Row:
    cells = _cpu_cells(turns_in(item_s), count)
    times = paired(
        lambda: loop_seconds(*cells), lambda: plain_seconds(*cells) / SLOTS, at_least=at_least
    )
    name = f"{count} items of {item_s * 1000:g} ms; ideal"
    return speed_up(name, *times, at_least=at_least, papermill=papermill_seconds(*cells))


def _cpu_cells(turns: int, count: int) -> tuple[str, str]:
    return BUSY.format(turns=turns) + f"\nitems = range({count})", LOOP


def others_rows() -> Iterator[Row]:
    """The short items as people write it by hand."""
    count, item_s = _FINE
    turns = turns_in(item_s)
    cells = _cpu_cells(turns, count)
    loop_seconds(*cells)
    plain_s = papermill_seconds(*cells)
    for name, run in by_hand(turns, count).items():
        run()
        factor = 10 if "tenth" in name else 1
        times = paired(
            lambda: loop_seconds(*cells),
            lambda run=run, factor=factor: factor * seconds(run),  # type: ignore[misc]
            at_least=1,
            most=5,
            is_warm=True,
        )
        title = f"{count} items of {item_s * 1000:g} ms; {name}"
        yield speed_up(title, *times, at_least=1, papermill=plain_s)


def busy(turns: int, count: int) -> float:
    """How long so many items take in plain Python."""
    return plain_seconds(BUSY.format(turns=turns), f"for x in range({count}): work(x)")


def halves_s(turns: int, count: int) -> float:
    """How long plain processes take that share the items: what this machine gives when all processors work."""
    share = [(turns, count // SLOTS)] * SLOTS
    with multiprocessing.get_context("spawn").Pool(SLOTS) as pool:
        pool.starmap(busy, [(1, 1)] * SLOTS)
        return median(max(pool.starmap(busy, share, chunksize=1)) for _ in range(3))
