"""Planning long notebooks: fast, and linear in the number of cells."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.rows import Row, cost, seconds
from benchmarks.sources import analysis, notebook
from naavre_ext import compile_notebook

SIZES = (250, 500, 1000)
LIMIT_S = 2.0


def plan_seconds(cells: int) -> float:
    """The median of three plans of a notebook of ``cells`` cells."""
    node = notebook(*analysis(cells))
    return median(seconds(lambda: compile_notebook(node)) for _ in range(3))


def planning_rows() -> Iterator[Row]:
    """Twice the cells may take 2.4 times as long; a thousand cells two seconds."""
    plan_seconds(SIZES[0])
    taken = [plan_seconds(size) for size in SIZES]
    for size, before_s, size_s in zip(SIZES[1:], taken, taken[1:], strict=False):
        yield cost(f"plan {size} cells; plan {size // 2} cells", size_s, before_s, at_most=2.4)
    yield cost(f"plan {SIZES[-1]} cells; limit", taken[-1], LIMIT_S, at_most=1)
