"""A notebook as the compiler sees it: cells of source text, no outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NewType

CellId = NewType("CellId", str)
CellKind = Literal["code", "markdown", "raw"]

#: papermill's tags for the cell that defines parameters and the one that overrides them.
PARAMETERS_TAG = "parameters"
INJECTED_TAG = "injected-parameters"
#: nbclient's tags.
SKIP_TAG = "skip-execution"
RAISES_TAG = "raises-exception"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``index`` counts the cells of the user's notebook from 0; one injected later has that of the cell
    before it, so that numbers stay those that the user sees."""

    id: CellId
    index: int
    kind: CellKind
    source: str
    tags: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The cell's place in the notebook as people count it, from 1."""
        return self.index + 1


@dataclass(frozen=True, slots=True)
class Notebook:
    """Cells in order, and what the file says about language and kernel.

    ``options`` is the notebook's own ``metadata.naavre`` mapping; ``path`` is where it
    was read from, or None for a notebook that is only in memory.
    """

    cells: tuple[Cell, ...]
    language: str = "python"
    kernel_name: str | None = None
    path: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells, in notebook order."""
        return tuple(cell for cell in self.cells if cell.kind == "code")
