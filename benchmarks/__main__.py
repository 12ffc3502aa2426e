"""``python -m benchmarks [PART]...``: a table of ratios; exit code 1 when a target is missed.

``loops.GROUP`` measures some rows of the part ``loops``; see ``loops.GROUPS``.

``python -m benchmarks precision [FOLDER]...`` tells instead how notebooks are planned; see ``precision``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
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
    "tasks": "benchmarks.tasks:task_rows",
    "server": "benchmarks.server:server_rows",
    "jobs": "benchmarks.jobs:job_rows",
    "groups": "benchmarks.groups:group_rows",
}
#: The part that has no targets.
PRECISION = "precision"


def part(name: str) -> Callable[[], Iterator[Row]] | None:
    """The function that measures the part or group ``name``; None where there is no such one."""
    name, _, group = name.partition(".")
    if name not in PARTS:
        return None
    place, function = PARTS[name].split(":")
    module = import_module(place)
    rows: Callable[..., Iterator[Row]] = getattr(module, function)
    if not group:
        return rows
    return partial(rows, group) if group in getattr(module, "GROUPS", ()) else None


def main(names: list[str]) -> int:
    """Measures the named parts, or all, and prints one table."""
    if names[:1] == [PRECISION]:
        return precision.main(names[1:])
    parts = {name: part(name) for name in names or PARTS}
    unknown = [name for name, found in parts.items() if found is None]
    if unknown:
        print(
            f"no part {unknown[0]!r}; there are {', '.join([*PARTS, PRECISION])}", file=sys.stderr
        )
        return 2
    rows: list[Row] = []
    for measure in filter(None, parts.values()):
        for row in measure():
            # A later row may fail, and what was measured is not to be measured again for it.
            print("measured:", *filter(None, row.cells()), sep="  ", file=sys.stderr)
            rows.append(row)
    print(table(rows))
    if not names:
        precision.main([])
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
