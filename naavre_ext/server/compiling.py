"""What the compiler's process answers: requests and answers are JSON objects. Nothing is executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from naavre_ext.annotations import written_annotations
from naavre_ext.api import check_cells, prepare_notebook
from naavre_ext.model.diagnostic import RefusedError


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
OPERATIONS: Mapping[str, Callable[..., dict[str, Any]]] = {"compile": compile_document}
