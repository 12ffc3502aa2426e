"""Split loops near the machine's limit: against the sequential loop, and against what people write by hand."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import ray

from benchmarks.looping import BUSY, LOOP, loop_seconds, papermill_seconds, plain_seconds, turns_in
from benchmarks.memory import DRIVER, MAIN_WORKER, peak_megabytes, peaks_by_process
from benchmarks.processors import coarse_rows, fine_rows, others_rows
from benchmarks.rows import Row, cost, paired, seconds, speed_up
from naavre_ext import RunOptions
from naavre_ext.executors.batch_sizes import SEND_S
from naavre_ext.executors.factory import hold_cluster


def skewed_rows() -> Iterator[Row]:
    """Most items take 1 ms, one in a hundred 300 ms; the best fixed number of batches is looked for."""
    fast, slow = turns_in(0.001), turns_in(0.3)
    body = f"out.append(work(x, {slow} if x % 100 == 37 else {fast}))"
    loop = "out = []\nfor x in items:\n    " + body
    setup = BUSY.format(turns=1) + "\nitems = range(3000)"

    def fixed(batches: int) -> float:
        return loop_seconds(setup, f"# split: loop\n# batches: {batches}\n{loop}")

    best = min((2, 4, 8, 16, 32, 64, 128), key=fixed)
    ours = partial(loop_seconds, setup, f"# split: loop\n{loop}")
    times = paired(ours, lambda: fixed(best), at_least=0.97)
    name = f"3000 skewed items; the best fixed number of batches ({best})"
    yield speed_up(name, *times, at_least=0.97, papermill=papermill_seconds(setup, loop))


def small_rows() -> Iterator[Row]:
    """What a split costs where it isn't worth it, and how it grows with the number of items."""
    cells = (BUSY.format(turns=turns_in(0.0005)) + "\nitems = range(10)", LOOP)
    plain_s = median(plain_seconds(*cells) for _ in range(5))
    extra_s = median(loop_seconds(*cells) for _ in range(5)) - plain_s
    name = "a loop of 5 ms, beyond plain Python; 20 ms"
    yield cost(name, extra_s, 0.02, at_most=1, papermill=papermill_seconds(*cells))
    few, many = [
        (f"items = range({n})\ndef work(x):\n    return x", LOOP) for n in (100_000, 1_000_000)
    ]
    few_s, many_s = (median(loop_seconds(*cells) for _ in range(3)) for cells in (few, many))
    name = "1,000,000 trivial items; 100,000"
    yield cost(name, many_s, few_s, at_most=11, papermill=papermill_seconds(*many))


def sending_rows() -> Iterator[Row]:
    """What a batch costs at most the worker that sends and merges all of them, against what sizing counts on.

    By it batches are longer where there are many slots; see ``tests/executors/test_batch_sizes.py``.
    """
    cells = ("items = range(400)\ndef work(x):\n    return x", LOOP)
    body = cells[1].replace("# split: loop", "# split: loop\n# batches: 400")
    batch_s = median(loop_seconds(cells[0], body) for _ in range(3)) / 400
    plain_s = papermill_seconds(*cells) / 400
    name = "one of 400 batches; what sizing counts on"
    yield cost(name, batch_s, SEND_S, at_most=2, papermill=plain_s)


def memory_rows() -> Iterator[Row]:
    """How much more the driver and the main worker hold for a million items than for a thousand.

    Made to go to the workers, so that there are many batches. What the notebook itself then has isn't counted.
    """
    setup = "items = range({})\ndef work(x):\n    return x"
    body = LOOP.replace("# split: loop", "# split: loop\n# batches: 20000")
    few, many = (
        peaks_by_process(lambda n=n: loop_seconds(setup.format(n), body))  # type: ignore[misc]
        for n in (1000, 1_000_000)
    )
    result = list(range(1_000_000))
    plain = peak_megabytes(lambda: papermill_seconds(setup.format(1_000_000), LOOP))
    own = (sys.getsizeof(result) + sum(map(sys.getsizeof, result))) / 2**20
    for name, has in ((DRIVER, 0.0), (MAIN_WORKER, own)):
        grown = many[name] - few[name] - has
        row = f"1,000,000 items in 20,000 batches: {name}; 50 MB"
        yield cost(row, max(0.0, grown), 50, at_most=1, unit="MB", papermill=plain)


def many_rows() -> Iterator[Row]:
    """20,000 tasks of Ray's, too long to be sent together, for 16 slots: the price of each, and what is held.

    Sleeping takes no processor; what does is handing them out, on all of the machine's. Under papermill a
    hundredth of the items sleep, which are counted for all; its memory is that for all items without their sleep.
    """
    item_s, slots = 0.05, 16
    setup = (
        f"import time\nitems = range({{}})\ndef work(x):\n    time.sleep({item_s})\n    return x"
    )
    taken: dict[int, float] = {}

    def measure(batches: int) -> dict[str, float]:
        body = LOOP.replace("# split: loop", f"# split: loop\n# batches: {batches}")

        def run() -> None:
            taken[batches] = loop_seconds(setup.format(batches), body)

        return peaks_by_process(run)

    with connected(slots):
        few, many = measure(1000), measure(20_000)
    name = "20,000 batches in 16 slots"
    plain_s = 100 * papermill_seconds(setup.format(200), LOOP)
    ideal_s = 20_000 * item_s / slots
    title = f"{name}: time; 1.6 times their sleep"
    yield cost(title, taken[20_000], ideal_s, at_most=1.6, papermill=plain_s)
    awake = setup.format(20_000).replace(f"sleep({item_s})", "sleep(0)")
    plain = peak_megabytes(lambda: papermill_seconds(awake, LOOP))
    for process in (DRIVER, MAIN_WORKER):
        grown = max(0.0, many[process] - few[process])
        title = f"{name}: {process}; 50 MB"
        yield cost(title, grown, 50, at_most=1, unit="MB", papermill=plain)


def plots_rows() -> Iterator[Row]:
    """Plots that are saved one by one, against papermill."""
    with TemporaryDirectory() as folder:
        setup = (
            "import numpy as np, matplotlib.pyplot as plt\n"
            f"image = np.random.rand(300, 300)\nplaces = {folder!r}"
        )
        loop = (
            "for n in range(40):\n    fig, ax = plt.subplots(figsize=(8, 6))\n    ax.imshow(image * n)\n"
            "    fig.savefig(f'{places}/{n}.png', dpi=150)\n    plt.close(fig)"
        )
        ours = partial(loop_seconds, setup, f"# split: plot\n{loop}")
        times = paired(ours, lambda: papermill_seconds(setup, loop), at_least=1.5)
    yield speed_up("40 plots that are saved; papermill", *times, at_least=1.5, papermill=times[1])


def slots_rows() -> Iterator[Row]:
    """Sleeping takes no processor: as many at once as there are slots."""
    cells = (
        "import time\nitems = range(16)\ndef work(x):\n    time.sleep(1)\n    return x",
        "# split: sleep\n" + LOOP.split("\n", 1)[1],
    )
    with connected(16):
        loop_seconds(*cells)
        times = []
        for _ in range(5):
            time.sleep(_REST_S)
            times.append(loop_seconds(*cells))
    ours_s, plain_s = median(times), papermill_seconds(*cells)
    yield cost("16 sleeps of 1 s, 16 slots; 1 s", ours_s, 1.0, at_most=1.1, papermill=plain_s)


#: A run starts the main worker of the next one, which takes so long; nobody runs a notebook sooner again.
_REST_S = 3.0


def connected(slots: int) -> Any:
    """A local Ray with so many slots, kept while the block runs."""
    from naavre_ext.executors.ray.cluster import connect

    return connect(None, num_cpus=slots)


def chain_rows() -> Iterator[Row]:
    """Three cells, in each of which another item takes 1.5 s and the others 0.1 s; with barriers between them."""
    setup = (
        "import time\nitems = range(12)\ndef vary(x, step):\n"
        "    time.sleep(1.5 if x == 3 + 3 * step else 0.1)\n    return x"
    )
    names = ("items", "first", "second", "third")
    chain = [
        f"# split: {name}\n{name} = [vary(x, {step}) for x in {before}]"
        for step, (before, name) in enumerate(itertools.pairwise(names))
    ]
    # A list that is set anew waits for all of its elements.
    apart = [f"{cell}\n{name} = list({name})" for cell, name in zip(chain, names[1:], strict=True)]
    times = paired(
        lambda: loop_seconds(setup, *chain), lambda: loop_seconds(setup, *apart), at_least=1
    )
    plain_s = papermill_seconds(setup, *chain)
    name = "a chain of 3 split cells; with barriers"
    yield speed_up(name, *times, at_least=1, papermill=plain_s)


def shared_array_rows() -> Iterator[Row]:
    """A large array that all batches read, against ``ray.put`` and bare tasks: time and memory."""
    megabytes = 1000
    setup = (
        f"import numpy as np, time\nbig = np.ones(({megabytes}, 131072))\nitems = range(16)\n"
        "def work(x):\n    time.sleep(0.1)\n    return float(big[x::16].sum())"
    )

    def bare() -> float:
        import numpy

        big = numpy.ones((megabytes, 131072))

        @ray.remote  # type: ignore[untyped-decorator]
        def work(array: Any, x: int) -> float:
            time.sleep(0.1)
            return float(array[x::16].sum())

        def all_of_it() -> None:
            shared = ray.put(big)
            ray.get([work.remote(shared, x) for x in range(16)])

        return seconds(all_of_it)

    times = paired(lambda: loop_seconds(setup, LOOP), bare, at_most=1.05)
    name = f"{megabytes} MB shared by 16 items; ray.put"
    yield cost(name, *times, at_most=1.05, papermill=papermill_seconds(setup, LOOP))
    peaks = (peak_megabytes(lambda: loop_seconds(setup, LOOP)), peak_megabytes(bare))
    plain = peak_megabytes(lambda: papermill_seconds(setup, LOOP))
    yield cost(f"{name}: peak memory", *peaks, at_most=1.05, unit="MB", papermill=plain)


#: The rows by name. Those of ``slots`` and ``many`` need a Ray of their own.
GROUPS: dict[str, Callable[[], Iterator[Row]]] = {
    "slots": slots_rows,
    "many": many_rows,
    "chain": chain_rows,
    "small": small_rows,
    "sending": sending_rows,
    "memory": memory_rows,
    "shared": shared_array_rows,
    "fine": fine_rows,
    "others": others_rows,
    "coarse": coarse_rows,
    "plots": plots_rows,
    "skewed": skewed_rows,
}


def loop_rows(group: str = "") -> Iterator[Row]:
    """All rows, or those of a group, on one warm Ray but for those that need more slots."""
    wanted = [group] if group else list(GROUPS)
    for name in ("slots", "many"):
        if name in wanted:
            wanted.remove(name)
            yield from GROUPS[name]()
    if not wanted:
        return
    with hold_cluster(RunOptions()):
        loop_seconds("items = range(4)\nimport time\ndef work(x):\n    time.sleep(0.3)", LOOP)
        for name in wanted:
            yield from GROUPS[name]()
