"""``# task`` recursion against plain Python, and against the nested Ray tasks that one would write by hand."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import ray

from benchmarks.rows import Row, cost, speed_up
from benchmarks.sources import stored
from naavre_ext import RunEvent, RunOptions, run_notebook
from naavre_ext.executors.factory import hold_cluster
from naavre_ext.model.event import StepFinished

SLOTS = os.cpu_count() or 1
SIZES = (200_000, 4_000_000, 8_000_000)
#: Groups of rows: each starts a Ray of its own, and the large sizes take minutes.
GROUPS = ("small", "medium", "large", "fib")

SORT = """
def divided(xs):
    pivot, below, above = xs[0], [], []
    for x in xs[1:]:
        if x > pivot:
            above.append(x)
        else:
            below.append(x)
    return pivot, below, above
# task
def quick(xs):
    if len(xs) <= 200_000:
        return sorted(xs)
    pivot, below, above = divided(xs)
    return quick(below) + [pivot] + quick(above)
"""
NUMBERS = "import random\nxs = random.Random(5).choices(range(10**9), k={size})"
FIB = """
# task
def fib(n):
    if n < 2:
        for _ in range(30):
            pass
        return n
    return fib(n - 1) + fib(n - 2)
"""
FIB_OF = 24


def _plain(source: str, call: str, prepare: str = "") -> float:
    names: dict[str, object] = {}
    exec(source, names)
    exec(prepare, names)
    clock = perf_counter()
    exec(call, names)
    return perf_counter() - clock


def _ours(path: Path, cell: str) -> float:
    found: list[float] = []

    def note(event: RunEvent) -> None:
        if isinstance(event, StepFinished) and event.cell_id == cell:
            found.append(event.duration_s)

    result = run_notebook(path, path.with_suffix(".out.ipynb"), on_event=note)
    if result.status != "ok":
        raise RuntimeError(f"{path.name} ended {result.status}: {result.failure}")
    return found[0]


@ray.remote  # type: ignore[untyped-decorator]
def _by_hand(xs: list[int]) -> list[int]:
    """Quick sort with nested tasks that wait for their own: what Ray's documentation shows, in other words."""
    if len(xs) <= 200_000:
        return sorted(xs)
    below: list[int] = []
    above: list[int] = []
    pivot = xs[0]
    for x in xs[1:]:
        (above if x > pivot else below).append(x)
    parts = [_by_hand.remote(below), _by_hand.remote(above)]
    lower, upper = ray.get(parts)
    return [*lower, pivot, *upper]


def _pattern(size: int) -> float:
    xs = random.Random(5).choices(range(10**9), k=size)
    clock = perf_counter()
    done: list[int] = ray.get(_by_hand.remote(xs))
    took = perf_counter() - clock
    if done != sorted(xs):
        raise RuntimeError("the sort by hand is wrong")
    return took


def _sort_rows(folder: Path, size: int) -> Iterator[Row]:
    numbers = NUMBERS.format(size=size)
    path = stored(folder, f"quick-{size}", SORT, numbers, "ys = quick(xs)")
    plain_s = _plain(SORT, "ys = quick(xs)", numbers)
    _ours(path, "c2")  # workers are warm then
    ours_s = min(_ours(path, "c2") for _ in range(2 if size < SIZES[-1] else 1))
    plain_s = min(plain_s, _plain(SORT, "ys = quick(xs)", numbers)) if size < SIZES[-1] else plain_s
    least = 1.15 if size == SIZES[-1] and SLOTS > 1 else 0.95
    name = f"quick sort of {size:,} integers"
    yield speed_up(f"{name}, against plain Python", ours_s, plain_s, at_least=least)
    if size == SIZES[-1]:
        yield speed_up(f"{name}, against nested tasks", ours_s, _pattern(size), at_least=2)


def _fib_rows(folder: Path) -> Iterator[Row]:
    call = f"total = fib({FIB_OF})"
    path = stored(folder, "fib", FIB, "q = 0\ndel q", call)
    measure: Callable[[], float] = lambda: _ours(path, "c2")  # noqa: E731
    measure()
    # In turn, as machines change their pace.
    pairs = [(measure(), _plain(FIB, call)) for _ in range(7)]
    ours_s, plain_s = map(min, zip(*pairs, strict=True))
    yield cost(f"fib({FIB_OF}) with leaves of 1 µs", ours_s, plain_s, at_most=1.3)


def task_rows(group: str = "") -> Iterator[Row]:
    """Sorting at three sizes, and recursion that is too fine to send."""
    with TemporaryDirectory() as name, hold_cluster(RunOptions()):
        folder = Path(name)
        for size, own in zip(SIZES, GROUPS, strict=False):
            if group in ("", own):
                yield from _sort_rows(folder, size)
        if group in ("", "fib"):
            yield from _fib_rows(folder)
