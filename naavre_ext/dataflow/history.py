"""Names that mean the output history until the notebook binds them itself.

::

    A.norm()
    ---
    sympy.N(_)            # what the cell before showed
    ---
    value, _, error = f() # from here on IPython leaves the name alone
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from naavre_ext.dataflow import tables
from naavre_ext.model.dataflow import CellDataflow, Effect


def is_history(name: str) -> bool:
    """Whether IPython gives the name a value where the notebook doesn't."""
    return name in tables.HISTORY_NAMES or (
        name.startswith("_") and (name[1:].isdigit() or (name[1:2] == "i" and name[2:].isdigit()))
    )


def with_history(cells: Iterable[CellDataflow]) -> Iterator[CellDataflow]:
    """The cells, in order; those that read such a name before it is surely bound use the history."""
    bound: frozenset[str] = frozenset()
    for cell in cells:
        read = {n: line for n, line in cell.reads.items() if is_history(n) and n not in bound}
        effects = tuple(Effect("history", name, line) for name, line in read.items())
        yield (
            replace(cell, effects=(*cell.effects, *effects), required=cell.required - read.keys())
            if read
            else cell
        )
        bound = bound | frozenset(filter(is_history, cell.sure))
