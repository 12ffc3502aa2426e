"""Split loops near the machine's limit: against the sequential loop, and against what people write by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import joblib
import ray
from ray.util.multiprocessing import Pool

from benchmarks.rows import Row, cost, seconds, speed_up
from benchmarks.sources import notebook
from naavre_ext import RunEvent, RunOptions, run_notebook
from naavre_ext.executors.factory import hold_cluster
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
    """How long the cell ``c1`` took in a run of these cells."""
    steps: list[StepFinished] = []

    def note(event: RunEvent) -> None:
        if isinstance(event, StepFinished) and event.cell_id == "c1":
            steps.append(event)

    result = run_notebook(notebook(*cells), on_event=note)
    if result.status != "ok":
        raise RuntimeError(f"the run ended {result.status}: {result.failure}")
    return steps[0].duration_s


def plain_seconds(*cells: str) -> float:
    """How long the second of these cells takes in plain Python."""
    names: dict[str, Any] = {}
    exec(cells[0], names)
    return seconds(lambda: exec(compile(cells[1], "cell", "exec"), names))


def paired(
    ours: Callable[[], float], reference: Callable[[], float], repeats: int
) -> tuple[float, float]:
    """The pair of times whose ratio is the median one, measured alternately."""
    ours()
    pairs = sorted(
        ((ours(), reference()) for _ in range(repeats)), key=lambda pair: pair[0] / pair[1]
    )
    return pairs[len(pairs) // 2]


def by_hand(turns: int, count: int) -> dict[str, Callable[[], Any]]:
    """The same work as people write it; the task per item only for a tenth of the items."""
    names: dict[str, Any] = {"__name__": "by_hand"}
    exec(BUSY.format(turns=turns), names)
    work = names["work"]
    remote = ray.remote(lambda x: work(x))
    return {
        "one Ray task per item (for a tenth)": lambda: ray.get(
            [remote.remote(x) for x in range(count // 10)]
        ),
        "joblib": lambda: joblib.Parallel(n_jobs=SLOTS)(
            joblib.delayed(work)(x) for x in range(count)
        ),
        "ray.util.multiprocessing": lambda: Pool(SLOTS).map(work, range(count)),
    }


def cpu_rows() -> Iterator[Row]:
    """Two sizes of items against half of the sequential time, the smaller one also against others."""
    for count, item_s, at_least in ((100_000, 0.0001, 0.90), (1000, 0.01, 0.95)):
        turns = turns_in(item_s)
        cells = (BUSY.format(turns=turns) + f"\nitems = range({count})", LOOP)
        times = paired(
            lambda c=cells: loop_seconds(*c), lambda c=cells: plain_seconds(*c) / SLOTS, 3
        )  # type: ignore[misc]
        yield speed_up(f"{count} items of {item_s * 1000:g} ms; ideal", *times, at_least=at_least)
        if count == 100_000:
            ours_s = times[0]
            for name, run in by_hand(turns, count).items():
                run()
                factor = 10 if "tenth" in name else 1
                yield speed_up(f"the same; {name}", ours_s, factor * seconds(run), at_least=1)


def skewed_row() -> Row:
    """Most items take 1 ms, one in a hundred 300 ms; the best fixed number of batches is looked for."""
    fast, slow = turns_in(0.001), turns_in(0.3)
    body = f"out.append(work(x, {slow} if x % 100 == 37 else {fast}))"
    loop = "out = []\nfor x in items:\n    " + body
    setup = BUSY.format(turns=1) + "\nitems = range(3000)"
    fixed = {
        n: loop_seconds(setup, f"# split: loop\n# batches: {n}\n{loop}")
        for n in (2, 4, 8, 16, 32, 64, 128)
    }
    best = min(fixed, key=fixed.__getitem__)
    times = paired(
        lambda: loop_seconds(setup, f"# split: loop\n{loop}"),
        lambda: loop_seconds(setup, f"# split: loop\n# batches: {best}\n{loop}"),
        3,
    )
    return speed_up(
        f"3000 skewed items; the best fixed number of batches ({best})", *times, at_least=0.97
    )


def small_rows() -> Iterator[Row]:
    """What a split costs where it isn't worth it, and how it grows with the number of items."""
    cells = ("items = range(20)\ndef work(x):\n    return x", LOOP)
    extra_s = median(loop_seconds(*cells) for _ in range(5)) - plain_seconds(*cells)
    yield cost("a loop that is over in no time; 20 ms", extra_s, 0.02, at_most=1)
    sizes = [
        (f"items = range({n})\ndef work(x):\n    return x", LOOP) for n in (100_000, 1_000_000)
    ]
    few_s, many_s = (median(loop_seconds(*cells) for _ in range(3)) for cells in sizes)
    yield cost("1,000,000 trivial items; 100,000", many_s, few_s, at_most=11)


def shared_array_row() -> Row:
    """A large array that all batches read, against ``ray.put`` and bare tasks."""
    megabytes = 500
    setup = (
        f"import numpy as np, time\nbig = np.ones(({megabytes}, 131072))\nitems = range(16)\n"
        "def work(x):\n    time.sleep(0.1)\n    return float(big[x::16].sum())"
    )

    def bare() -> float:
        import numpy

        big = numpy.ones((megabytes, 131072))

        @ray.remote
        def work(array: Any, x: int) -> float:
            time.sleep(0.1)
            return float(array[x::16].sum())

        def all_of_it() -> None:
            shared = ray.put(big)
            ray.get([work.remote(shared, x) for x in range(16)])

        return seconds(all_of_it)

    times = paired(lambda: loop_seconds(setup, LOOP), bare, 3)
    return cost(f"{megabytes} MB shared by 16 items; ray.put", *times, at_most=1.05)


def loop_rows() -> Iterator[Row]:
    """All rows, on one warm Ray."""
    with hold_cluster(RunOptions()):
        loop_seconds("items = range(4)\nimport time\ndef work(x):\n    time.sleep(0.3)", LOOP)
        yield from small_rows()
        yield from cpu_rows()
        yield skewed_row()
        yield shared_array_row()
