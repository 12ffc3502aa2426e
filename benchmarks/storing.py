"""What it costs to store results: CPU time of runs that do, against the same runs without.

The runs are in one process, by the local executor, so that nothing else is in the denominator.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.guards import switch_rows
from benchmarks.rows import Row


def storing_rows() -> Iterator[Row]:
    """One row per notebook."""
    return switch_rows("storing", "store_results")
