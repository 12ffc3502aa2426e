"""One row of the table of notebooks, and how its cells are written."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import Any

Cell = str | tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Row:
    """``splits`` is how many loops must really run in batches; None where that is left open.

    ``tasks`` is how many calls of ``# task`` functions must run as tasks, where all that may do.
    ``grouped`` is how many cells must end in the worker of their group.
    ``in_process`` is false where two shells in one process would get in each other's way, ``gap`` says what
    doesn't work yet.
    """

    cells: tuple[Cell, ...]
    splits: int | None = None
    tasks: int | None = None
    grouped: int | None = None
    on_ray: bool = True
    in_process: bool = True
    gap: str = ""


def row(*cells: Cell, **facts: Any) -> Row:
    """A notebook of these cells, with the facts of :class:`Row`."""
    return Row(cells, **facts)


def split(source: str, batches: object = 3) -> str:
    """The cell with the annotations that split its loops into small batches."""
    return f"# split: part\n# batches: {batches}\n{source}"


def written(text: str, **facts: Any) -> Row:
    """A notebook as one text, its cells divided by lines of ``---``; ``# split:`` means small batches.

    It runs on Ray only where ``on_ray`` says so.
    """
    cells = textwrap.dedent(text).strip("\n").split("\n---\n")
    annotated = [cell.replace("# split:", "# split: part\n# batches: 3") for cell in cells]
    return Row(tuple(annotated), **{"on_ray": False, **facts})


def sampled(rows: dict[str, Row], *on_ray: str) -> dict[str, Row]:
    """The rows, of which those named run on Ray as well, and those that can't run in process."""
    assert all(rows[name].on_ray for name in on_ray)
    return {
        name: replace(row, on_ray=row.on_ray and (name in on_ray or not row.in_process))
        for name, row in rows.items()
    }
