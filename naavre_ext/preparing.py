"""Reads a notebook, applies parameters and plans it; nothing is executed."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from naavre_ext.annotations import parse_annotations
from naavre_ext.annotations.file_places import FilePlaces
from naavre_ext.annotations.overlay import overlaid
from naavre_ext.dataflow.nested import AskedNotebook
from naavre_ext.dataflow.other_files import OtherFiles
from naavre_ext.dataflow.source import star_modules
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.notebook import Cell, CellId, Notebook
from naavre_ext.model.workflow import Workflow
from naavre_ext.planning.alike import planned_alike, with_sources
from naavre_ext.planning.nested_notebooks import NestedNotebook, asked_in
from naavre_ext.planning.parameters import (
    find_parameters,
    inject_parameters,
    nested_parameter_bindings,
)
from naavre_ext.planning.plan_basis import PlanBasis
from naavre_ext.planning.planner import plan

#: Held while notebooks are planned: Python's parser makes trees in one thread at a time only (else SystemError).
PLANNING = threading.RLock()


@dataclass(frozen=True)
class PreparedNotebook:
    """A notebook with its parameters injected, and its plan.

    ``node`` is the nbformat document that a run fills with outputs. ``workflow`` is None when an error
    diagnostic forbids to run it, and so is ``basis``, which it was planned from. ``from_files`` says that the
    plan depends on other files: modules, notebooks. ``patches`` is what the user's own modules change of others.
    ``places`` are those of what files say of cells.
    """

    node: Any
    notebook: Notebook
    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    basis: PlanBasis | None = None
    from_files: bool = False
    patches: Mapping[str, str] = field(default_factory=dict)
    places: FilePlaces = field(default_factory=FilePlaces)

    def require_workflow(self) -> Workflow:
        """The workflow. Raises :class:`RefusedError` with all errors when there is none."""
        if self.workflow is None:
            raise RefusedError(d for d in self.diagnostics if d.severity == "error")
        return self.workflow


def prepare_notebook(
    source: Any,
    parameters: Mapping[str, Any] | None = None,
    path: str | None = None,
    *,
    star_imports: bool = True,
    like: Sequence[PreparedNotebook] = (),
) -> PreparedNotebook:
    """Read and plan a notebook: a path, one read already, or an nbformat node or mapping of the file ``path``.

    With ``star_imports`` this interpreter, which will run it, is asked what ``from module import *`` binds.
    Where it is planned alike one of ``like``, the same file with other parameters, it has that one's plan.

    Raises:
        RefusedError: it isn't a Python notebook that can be read.
    """
    with PLANNING:
        return _prepare(source, parameters, path, star_imports=star_imports, like=like)


def _prepare(
    source: Any,
    parameters: Mapping[str, Any] | None,
    path: str | None,
    *,
    star_imports: bool,
    like: Sequence[PreparedNotebook],
) -> PreparedNotebook:
    from naavre_ext.storage.notebook_file import apply_injection, read_notebook
    from naavre_ext.storage.own_code import own_patches

    file = read_notebook(source, path)
    notebook, found = inject_parameters(file.notebook, dict(parameters or {}))
    node = apply_injection(file.node, file.notebook, notebook)
    patches = own_patches(_text(notebook), _folder(notebook))
    if not any(diagnostic.severity == "error" for diagnostic in found):
        for known in like:
            if _has_plan_for(known, notebook) and known.patches == patches:
                same = with_sources(known.require_workflow(), notebook)
                return replace(known, node=node, notebook=notebook, workflow=same)
    diagnostics = list(found)
    annotations: dict[CellId, Annotations] = {}
    for cell in notebook.cells:
        parsed = parse_annotations(cell)
        annotations[cell.id] = parsed.annotations
        diagnostics += parsed.diagnostics
        if not parsed.annotations.containerize:
            diagnostics += _nested_parameters(cell)
    places = FilePlaces(sources=file.sources)
    if file.settings:
        numbers = {str(cell.id): cell.number for cell in file.notebook.cells}
        cells = [(cell, annotations[cell.id]) for cell in notebook.cells]
        made = overlaid(cells, file.settings, numbers)
        annotations = dict(zip(annotations, made.annotations, strict=True))
        diagnostics += made.diagnostics
        places = replace(places, settings=made.places)
    files = OtherFiles(_star_imports(notebook) if star_imports else {}, patches=patches)
    nested, more = _nested(notebook, annotations)
    diagnostics += more
    defined = find_parameters(file.notebook)
    planned = plan(notebook, annotations, defined, files, nested, file.order.in_main)
    diagnostics += planned.diagnostics
    diagnostics = places.placed(diagnostics)
    refused = any(diagnostic.severity == "error" for diagnostic in diagnostics)
    if refused:
        return PreparedNotebook(node, notebook, None, tuple(diagnostics))
    workflow = planned.workflow and file.order.added_to(planned.workflow)
    from_files = bool(nested or star_modules(_text(notebook)))
    return PreparedNotebook(
        node, notebook, workflow, tuple(diagnostics), planned.basis, from_files, patches, places
    )


def _has_plan_for(known: PreparedNotebook, notebook: Notebook) -> bool:
    usable = known.workflow is not None and not known.from_files
    return usable and planned_alike(known.notebook, notebook)


def _text(notebook: Notebook) -> str:
    return "\n".join(cell.source for cell in notebook.code_cells)


def _folder(notebook: Notebook) -> Path:
    return Path(notebook.path).parent if notebook.path is not None else Path.cwd()


def _star_imports(notebook: Notebook) -> dict[str, dict[str, str]]:
    """What the notebook's ``from module import *`` bind, as far as it mentions the names."""
    text = _text(notebook)
    modules = star_modules(text)
    if not modules:
        return {}
    from naavre_ext.storage.star_imports import default_cache, star_exports

    mentioned = set(re.findall(r"\w+", text))
    found = star_exports(modules, _folder(notebook), default_cache())
    return {
        module: {name: path for name, path in exports.items() if name in mentioned}
        for module, exports in found.items()
    }


def _nested(
    notebook: Notebook, annotations: Mapping[CellId, Annotations]
) -> tuple[dict[AskedNotebook, NestedNotebook], list[Diagnostic]]:
    """The notebooks that this one calls, and why some can't be called."""
    from naavre_ext.notebook_tasks import load_nested

    own = None if notebook.path is None else Path(notebook.path).resolve()
    nested: dict[AskedNotebook, NestedNotebook] = {}
    diagnostics: list[Diagnostic] = []
    for cell, call, asked in asked_in(notebook):
        if asked in nested or not annotations[cell.id].containerize:
            continue
        folder = Path.cwd() if own is None else own.parent
        try:
            nested[asked] = load_nested(asked, folder, () if own is None else (own,))
        except RefusedError as error:
            diagnostics += [
                Diagnostic.at(cell, d.code, "error", d.message, remedy=d.remedy, line=call.lineno)
                for d in error.diagnostics
            ]
    return nested, diagnostics


def _nested_parameters(cell: Cell) -> list[Diagnostic]:
    return [
        Diagnostic.at(
            cell,
            "NX208",
            "error",
            f"'{name}' is set inside a block of a cell that a workflow doesn't run.",
            remedy="Set it by a plain assignment of its own, or drop '(do not containerize!)'.",
            line=line,
        )
        for name, line in nested_parameter_bindings(cell.source)
    ]
