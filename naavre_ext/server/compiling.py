"""What the compiler's process answers: requests and answers are JSON objects. Nothing is executed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from naavre_ext.annotations import written_annotations
from naavre_ext.api import check_cells, prepare_notebook
from naavre_ext.exporters import RENDERERS, render_program
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.planning.parameters import inject_parameters
from naavre_ext.storage.notebook_file import read_notebook


def compile_document(
    notebook: Mapping[str, Any],
    path: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    store: str | None = None,
    star_imports: bool = True,
) -> dict[str, Any]:
    """The workflow, what was understood of each cell, all diagnostics, and the annotations as written.

    A notebook that is refused has no workflow and no cells, only diagnostics. Without ``star_imports`` it stays
    unknown what those bind: this isn't the notebook's interpreter.
    """
    answer: dict[str, Any] = {"workflow": None, "cells": [], "annotations": _annotations(notebook)}
    try:
        prepared = prepare_notebook(notebook, parameters, path, star_imports=star_imports)
    except RefusedError as error:
        return {**answer, "diagnostics": [found.to_json() for found in error.diagnostics]}
    answer["diagnostics"] = [found.to_json() for found in prepared.diagnostics]
    if prepared.workflow is not None:
        answer["workflow"] = prepared.workflow.to_json()
        answer["cells"] = [cell.to_json() for cell in check_cells(prepared, store=store)]
    return answer


def export_document(
    notebook: Mapping[str, Any],
    format: str,  # noqa: A002 - the route's own word
    path: str | None = None,
    star_imports: bool = True,
) -> dict[str, Any]:
    """The workflow as text, or the diagnostics that forbid it."""
    try:
        prepared = prepare_notebook(notebook, None, path, star_imports=star_imports)
        workflow = prepared.require_workflow()
    except RefusedError as error:
        return {"diagnostics": [found.to_json() for found in error.diagnostics]}
    render = render_program if format == "program" else RENDERERS[format]
    return {"text": render(workflow)}


def check_rows(
    notebook: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    path: str | None = None,
    star_imports: bool = True,
) -> dict[str, Any]:
    """The first row of parameters that can't be run (null: none), and the diagnostics that say why.

    The notebook is planned once, with the first row; of the others the parameters are checked.
    """
    try:
        prepare_notebook(notebook, rows[0], path, star_imports=star_imports).require_workflow()
    except RefusedError as error:
        return _refused_row(0, error.diagnostics)
    plain = read_notebook(notebook, path).notebook
    for number, row in enumerate(rows):
        _, found = inject_parameters(plain, row)
        errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
        if errors:
            return _refused_row(number, errors)
    return {"row": None, "diagnostics": []}


def _refused_row(number: int, found: Iterable[Diagnostic]) -> dict[str, Any]:
    return {"row": number, "diagnostics": [diagnostic.to_json() for diagnostic in found]}


def _annotations(notebook: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    found = {}
    for cell in notebook.get("cells") or ():
        if isinstance(cell, Mapping) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            text = "".join(source) if isinstance(source, list) else str(source)
            written = written_annotations(text)
            if written and "id" in cell:
                found[str(cell["id"])] = written
    return found


#: What may be asked for, by name.
OPERATIONS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "compile": compile_document,
    "export": export_document,
    "rows": check_rows,
}
