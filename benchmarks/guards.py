"""What the run-time guards cost: CPU time of runs with them, against the same runs without.

The runs are in one process, by the local executor, so that nothing else is in the denominator. In each
notebook values go to cells elsewhere while cells in the main worker could change them.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from benchmarks.rows import Row, cost, in_turn
from benchmarks.sources import notebook
from naavre_ext import RunOptions, run_notebook

#: Pairs of runs where they don't agree: few give another ratio each time, by some percent.
REPEATS = 25
#: What each switch may cost.
AT_MOST = 1.05

#: A statement that keeps a cell in the main worker.
_IN_MAIN = "q = 0\ndel q\n"

NOTEBOOKS = {
    "a large array": (
        "import numpy as np",
        "a = np.random.default_rng(0).random(4_000_000)",
        "one = float(np.sort(a)[2_000_000])",
        f"{_IN_MAIN}two = float(np.sin(a).sum())",
        "three = float(np.median(a))",
        "four = float(np.sort(a)[::2].std())",
        "print(one, two, three, four)",
    ),
    "a frame of a million rows": (
        "import numpy as np, pandas as pd",
        "n = 1_000_000\ndf = pd.DataFrame({'k': np.arange(n) % 97, 'x': np.arange(n) * 0.5})\n"
        "df['s'] = df['k'].astype(str)",
        "one = df.groupby('s')['x'].mean()",
        f"{_IN_MAIN}two = df.groupby('k')['x'].sum()",
        "three = df.sort_values('x', ascending=False).head()",
        "four = df.groupby('s')['x'].std()",
        "print(one, two, three, four)",
    ),
    "a list of a million numbers": (
        "xs = [float(i * 7919 % 1_000_003) for i in range(1_000_000)]",
        "one = sum([x * x for x in xs])",
        f"{_IN_MAIN}two = sum([x for x in xs if x > 1000])",
        "three = sorted([-x for x in xs])[:5]",
        "four = sum([x / 3 for x in xs])",
        "print(one, two, three, four)",
    ),
    "a split loop": (
        "xs = list(range(100_000))",
        "# split: part\n# batches: 8\nout = []\nfor i in range(80):\n    out.append(sum([x * i for x in xs]))",
    ),
    "many small cells": (
        "def f(x):\n    return sum(x) + 1\nxs = [1, 2, 3]",
        *(f"{_IN_MAIN if n % 2 else ''}y{n} = f(xs)" for n in range(60)),
        "print(y0, y59)",
    ),
}


def cpu_seconds(sources: tuple[str, ...], **options: Any) -> float:
    """CPU time of a run of these cells in this process, with its records elsewhere; it has to end well."""
    with TemporaryDirectory() as folder:
        chosen = RunOptions(executor="local", resident=False, store=folder, **options)
        gc.collect()
        start = process_time()
        result = run_notebook(notebook(*sources), options=chosen)
        spent = process_time() - start
    if result.status != "ok":
        raise RuntimeError(f"the run ended {result.status}: {result.failure}")
    return spent


def switch_rows(what: str, option: str) -> Iterator[Row]:
    """What ``what`` costs, which the option switches on and off: one row per notebook."""
    for name, sources in NOTEBOOKS.items():
        cpu_seconds(sources, **{option: True})
        spent = in_turn(
            lambda sources=sources: cpu_seconds(sources, **{option: True}),  # type: ignore[misc]
            lambda sources=sources: cpu_seconds(sources, **{option: False}),  # type: ignore[misc]
            REPEATS,
            at_most=AT_MOST,
        )
        yield cost(f"{what}: {name}", *spent, at_most=AT_MOST)


def guard_rows() -> Iterator[Row]:
    """One row per notebook."""
    return switch_rows("guards", "guards")
