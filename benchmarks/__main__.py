"""``python -m benchmarks [PART]...``: a table of ratios; exit code 1 when a target is missed.

``python -m benchmarks precision [FOLDER]...`` tells instead how notebooks are planned; see ``precision``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module

from benchmarks import precision
from benchmarks.rows import Row, table

#: Part → the function that yields its rows; imported only when it is asked for.
PARTS = {
    "planning": "benchmarks.planning:planning_rows",
    "splitting": "benchmarks.splitting:splitting_rows",
    "loops": "benchmarks.loops:loop_rows",
    "overhead": "benchmarks.overhead:overhead_rows",
    "processes": "benchmarks.processes:process_rows",
    "guards": "benchmarks.guards:guard_rows",
    "storing": "benchmarks.storing:storing_rows",
}
#: The part that has no targets.
PRECISION = "precision"


def part(name: str) -> Callable[[], Iterator[Row]]:
    """The function that measures part ``name``."""
    module, function = PARTS[name].split(":")
    rows: Callable[[], Iterator[Row]] = getattr(import_module(module), function)
    return rows


def main(names: list[str]) -> int:
    """Measures the named parts, or all, and prints one table."""
    if names[:1] == [PRECISION]:
        return precision.main(names[1:])
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(
            f"no part {unknown[0]!r}; there are {', '.join([*PARTS, PRECISION])}", file=sys.stderr
        )
        return 2
    rows: list[Row] = []
    for name in names or PARTS:
        for row in part(name)():
            print(f"measured: {row.name}", file=sys.stderr)
            rows.append(row)
    print(table(rows))
    if not names:
        precision.main([])
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
