"""What it costs to store results: CPU time of runs that do, against the same runs without.

The runs are in one process, by the local executor, so that nothing else is in the denominator.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time

from benchmarks.guards import NOTEBOOKS
from benchmarks.rows import Row, cost, in_turn
from benchmarks.sources import notebook
from naavre_ext import RunOptions, run_notebook

REPEATS = 7


def cpu_seconds(sources: tuple[str, ...], *, storing: bool) -> float:
    """CPU time of a run of these cells; it has to end well."""
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(
            executor="local", resident=False, store=str(Path(folder)), store_results=storing
        )
        start = process_time()
        result = run_notebook(notebook(*sources), options=options)
        spent = process_time() - start
    if result.status != "ok":
        raise RuntimeError(f"the run ended {result.status}: {result.failure}")
    return spent


def storing_rows() -> Iterator[Row]:
    """One row per notebook."""
    for name, sources in NOTEBOOKS.items():
        cpu_seconds(sources, storing=True)
        spent = in_turn(
            lambda sources=sources: cpu_seconds(sources, storing=True),  # type: ignore[misc]
            lambda sources=sources: cpu_seconds(sources, storing=False),  # type: ignore[misc]
            REPEATS,
        )
        yield cost(f"storing: {name}", *spent, at_most=1.05)
