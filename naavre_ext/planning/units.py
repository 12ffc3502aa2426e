"""The cells of a notebook that become steps, each parsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from naavre_ext.annotations.report import Finding
from naavre_ext.dataflow.automagic import OwnMagics, own_magics
from naavre_ext.dataflow.source import CellSource, parse_cell
from naavre_ext.dataflow.walking import KEPT_CELLS
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import RAISES_TAG, SKIP_TAG, Cell, CellId, Notebook
from naavre_ext.planning.parameters import workflow_sources


@dataclass(frozen=True, slots=True)
class Unit:
    """One cell that becomes a step."""

    cell: Cell
    annotations: Annotations
    source: str
    tree: CellSource
    execution_count: int
    parameters_only: bool


def find_units(
    notebook: Notebook, annotations: Mapping[CellId, Annotations], diagnostics: list[Diagnostic]
) -> list[Unit]:
    """The cells that a workflow runs, in notebook order; what can't be parsed is added to the diagnostics."""
    units: list[Unit] = []
    magics = own_magics(cell.source for cell in notebook.code_cells)
    cells = [c for c in notebook.code_cells if c.source.strip() and SKIP_TAG not in c.tags]
    sources = workflow_sources([(c.source, annotations[c.id].containerize) for c in cells])
    for count, (cell, source) in enumerate(zip(cells, sources, strict=True), 1):
        notes = annotations[cell.id]
        only = not notes.containerize
        if only and notes.over:
            diagnostics.append(_over_not_run(cell, notes))
        if only and not source.strip():
            continue
        try:
            tree = replace(kept_tree(cell.id, source, magics), may_fail=RAISES_TAG in cell.tags)
        except (SyntaxError, ValueError, RecursionError) as error:
            diagnostics.append(_syntax_error(cell, notes, error))
            continue
        units.append(Unit(cell, notes, source, tree, count, only))
    return units


@lru_cache(maxsize=KEPT_CELLS)
def kept_tree(_cell: CellId, source: str, magics: OwnMagics) -> CellSource:
    """The parsed cell: the same tree as long as its text is the same, so that what its syntax tells is kept, too.

    No two cells of a notebook have one tree: functions and classes are told apart by their nodes.
    """
    return parse_cell(source, magics)


def _syntax_error(cell: Cell, notes: Annotations, error: Exception) -> Diagnostic:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    line = error.lineno if isinstance(error, SyntaxError) else None
    return Diagnostic.at(
        cell,
        "NX301",
        "error",
        f"syntax error: {message}.",
        remedy="Correct the cell; nothing was run.",
        line=line,
        title=notes.title,
    )


def _over_not_run(cell: Cell, notes: Annotations) -> Diagnostic:
    finding = Finding(
        None,
        "NX417",
        "error",
        "'# over' asks for batches of a cell that a workflow doesn't run ('do not containerize').",
        "Delete one of the two annotations.",
    )
    return finding.at(cell, notes.title)
