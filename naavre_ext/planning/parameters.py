"""A workflow's parameters: found in the cells, given new values by injected cells.

papermill puts the values given to a run into one cell after the cell tagged ``parameters``, or at
the top of the notebook when there is none, where a later ``param_x = 1`` overrides them. Here every
cell that defines a given name is followed by an injected cell, so the values always hold.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import (
    INJECTED_TAG,
    PARAMETERS_TAG,
    SKIP_TAG,
    Cell,
    CellId,
    Notebook,
)
from naavre_ext.model.parameter import Parameter, prefixed_kind
from naavre_ext.planning.parameter_source import (
    Definition,
    definitions,
    nested_parameter_bindings,
    nodes_run_at_once,
    parameter_assignments,
    parse_cell,
    secret_literals,
    workflow_sources,
)
from naavre_ext.planning.parameter_values import (
    accepted_types,
    parse_parameter_text,
    python_source,
    read_parameter_yaml,
    value_type,
)

__all__ = [
    "find_parameters",
    "inject_parameters",
    "nested_parameter_bindings",
    "parameter_assignments",
    "parse_parameter_text",
    "prefixed_kind",
    "read_parameter_yaml",
    "secret_literals",
    "workflow_sources",
]


def find_parameters(notebook: Notebook) -> tuple[Parameter, ...]:
    """The names that a run may set, in the order of their first definitions.

    These are top-level assignments to ``param_*``, ``conf_*`` and ``secret_*`` in any code cell
    that runs, and all top-level literal assignments of cells tagged ``parameters``. A
    default that isn't a literal counts as None, of a type that accepts any value. A secret's
    default isn't kept. Injected cells define nothing.
    """
    found: dict[str, Parameter] = {}
    for cell in notebook.code_cells:
        for definition in _cell_definitions(cell):
            if definition.name not in found:
                found[definition.name] = _parameter(cell, definition)
    return tuple(found.values())


def _cell_definitions(cell: Cell) -> tuple[Definition, ...]:
    """The parameter definitions of one cell."""
    if cell.kind != "code" or INJECTED_TAG in cell.tags or SKIP_TAG in cell.tags:
        return ()
    tagged = PARAMETERS_TAG in cell.tags
    return tuple(
        definition
        for definition in _definitions(cell.source)
        if prefixed_kind(definition.name) or (tagged and definition.is_literal)
    )


@lru_cache(maxsize=2048)  # asked several times for each job of a batch
def _definitions(source: str) -> tuple[Definition, ...]:
    tree = parse_cell(source)
    return () if tree is None else tuple(definitions(tree))


def _parameter(cell: Cell, definition: Definition) -> Parameter:
    kind = prefixed_kind(definition.name) or "param"
    type_name = definition.annotation or type(definition.value).__name__
    hidden = kind == "secret"
    default, source = (None, "") if hidden else (definition.value, definition.source)
    return Parameter(definition.name, kind, default, type_name, cell.id, definition.line, source)


def inject_parameters(
    notebook: Notebook, values: Mapping[str, Any]
) -> tuple[Notebook, tuple[Diagnostic, ...]]:
    """``notebook`` with the values in force, and what is wrong with them.

    After each cell that defines given names stands a new cell, tagged ``injected-parameters``,
    that assigns them; so also after a later cell that sets a ``param_*`` to another literal. What
    a later cell computes from a parameter stays as computed. A cell that papermill injected
    earlier gives values too (``values`` win), and moves to where it takes effect; names in it that
    no cell defines stay where they are. Ids depend on places, not on values. All other cells keep their numbers,
    those of the user's notebook. With an error the notebook is returned unchanged.
    """
    parameters = {p.name: p for p in find_parameters(notebook)}
    carried, kept, diagnostics = _take_injected(notebook, parameters)
    diagnostics += _check_values(notebook, parameters, values)
    if any(d.severity == "error" for d in diagnostics):
        return notebook, tuple(diagnostics)
    given = {**carried, **values}
    cells: list[Cell] = []
    seen: set[str] = set()
    for cell, following in zip(notebook.cells, (*notebook.cells[1:], None), strict=True):
        if cell.id not in kept:
            cells.append(cell)
        elif (rest := kept[cell.id]) is not None:
            cells.append(rest)
        names = _names_to_set(cell, given, seen)
        if names:
            diagnostics += _used_at_once(cell, names)
            own = {name: given[name] for name in names}
            reused = following if following and following.id in kept else None
            if reused is not None:
                own = _with_rest(own, _read_injected(reused).values, parameters)
                kept[reused.id] = None  # all of it that stays is here
            cells.append(_injected_cell(notebook, cell, own, reused))
    return replace(notebook, cells=tuple(cells)), tuple(diagnostics)


def _with_rest(
    own: Mapping[str, Any], before: Mapping[str, Any], parameters: Mapping[str, Parameter]
) -> dict[str, Any]:
    """The values, with those of an injected cell that no cell defines, in that cell's order."""
    rest = {name: value for name, value in before.items() if name not in parameters}
    both = {**rest, **own}
    return {name: both[name] for name in (*before, *own) if name in both}


def names_in_force(notebook: Notebook) -> dict[CellId, tuple[str, ...]]:
    """Of each cell the parameters whose given values, if any, are in force after it."""
    every = dict.fromkeys(p.name for p in find_parameters(notebook) if p.kind != "secret")
    seen: set[str] = set()
    found: dict[CellId, tuple[str, ...]] = {}
    for cell in notebook.code_cells:
        if INJECTED_TAG in cell.tags:
            found[cell.id] = tuple(name for name in _read_injected(cell).values if name in every)
        else:
            found[cell.id] = tuple(_names_to_set(cell, every, seen))
    return found


def check_values(notebook: Notebook, values: Mapping[str, Any]) -> list[Diagnostic]:
    """What is wrong with values for the notebook's parameters."""
    return _check_values(notebook, {p.name: p for p in find_parameters(notebook)}, values)


def _names_to_set(cell: Cell, given: Mapping[str, Any], seen: set[str]) -> list[str]:
    """The given names that ``cell`` defines: first definitions, and later literal ones."""
    found = [d for d in _cell_definitions(cell) if d.name in given]
    here = {d.name for d in found if d.is_literal or d.name not in seen}
    seen.update(here)
    return [name for name in given if name in here]


def _injected_cell(
    notebook: Notebook, after: Cell, values: Mapping[str, Any], reused: Cell | None
) -> Cell:
    """A cell that assigns ``values``: an injected cell that stood there, or a new one."""
    source = _assignments(values)
    if reused is not None:
        return replace(reused, source=source)
    taken = {cell.id for cell in notebook.cells}
    digest = hashlib.sha256(after.id.encode()).hexdigest()
    lengths = range(12, len(digest) + 1)
    ids = (CellId(f"parameters-{digest[:length]}") for length in lengths)
    new = next(i for i in ids if i not in taken)
    return Cell(new, after.index, "code", source, (INJECTED_TAG,))


@dataclass(frozen=True, slots=True)
class _Injected:
    """What an injected cell assigns, or that it isn't plain literal assignments."""

    values: Mapping[str, Any]
    is_plain: bool


def _read_injected(cell: Cell) -> _Injected:
    tree = parse_cell(cell.source)
    if tree is None:
        return _Injected({}, False)
    found = tuple(definitions(tree))
    plain = {d.statement for d in found} == set(range(len(tree.body)))
    plain = plain and all(d.is_literal and not _unwritable(d.value) for d in found)
    return _Injected({d.name: d.value for d in found}, plain)


def _take_injected(
    notebook: Notebook, parameters: Mapping[str, Parameter]
) -> tuple[dict[str, Any], dict[CellId, Cell | None], list[Diagnostic]]:
    """Values that injected cells give, and what stays of each such cell (None: nothing)."""
    carried: dict[str, Any] = {}
    kept: dict[CellId, Cell | None] = {}
    diagnostics: list[Diagnostic] = []
    for cell in notebook.code_cells:
        if INJECTED_TAG not in cell.tags or SKIP_TAG in cell.tags:
            continue
        injected = _read_injected(cell)
        known = [name for name in injected.values if name in parameters]
        if not injected.is_plain:
            if cell.source.strip():
                diagnostics.append(_not_plain(cell))
            continue
        secrets = [name for name in known if parameters[name].kind == "secret"]
        diagnostics += [_secret_given(name, cell) for name in secrets]
        if known:
            carried.update((name, injected.values[name]) for name in known)
            rest = {n: v for n, v in injected.values.items() if n not in parameters}
            kept[cell.id] = replace(cell, source=_assignments(rest)) if rest else None
    return carried, kept, diagnostics


def _assignments(values: Mapping[str, Any]) -> str:
    lines = [f"{name} = {python_source(value)}\n" for name, value in values.items()]
    return "# Parameters\n" + "".join(lines)


def _check_values(
    notebook: Notebook, parameters: Mapping[str, Parameter], values: Mapping[str, Any]
) -> list[Diagnostic]:
    diagnostics = []
    for name, value in values.items():
        if name not in parameters:
            diagnostics.append(_unknown(name, parameters))
            continue
        cell = next(c for c in notebook.cells if c.id == parameters[name].cell_id)
        if parameters[name].kind == "secret":
            diagnostics.append(_secret_given(name, cell, parameters[name].line))
        else:
            diagnostics += _check_type(cell, parameters[name], value)
    return diagnostics


def _unknown(name: str, parameters: Mapping[str, Parameter]) -> Diagnostic:
    known = [p.name for p in parameters.values() if p.kind != "secret"]
    near = difflib.get_close_matches(str(name), known, n=1)
    remedy = f"Did you mean '{near[0]}'? " if near else ""
    if known:
        remedy += f"Its parameters: {', '.join(known)}."
    else:
        remedy += "Define it in a cell, as param_name = value, or in a cell tagged 'parameters'."
    return Diagnostic("NX201", "error", f"The notebook has no parameter '{name}'.", remedy)


def _check_type(cell: Cell, parameter: Parameter, value: Any) -> list[Diagnostic]:
    name, line, found = parameter.name, parameter.line, value_type(value)
    accepted = accepted_types(parameter)
    if accepted is not None and found not in accepted:
        wanted = _a(parameter.type_name)
        given = "None" if value is None else f"{_a(found)}: {_short(value)}"
        message = f"'{name}' takes {wanted}, but was given {given}."
        remedy = f"Give {wanted}; the default is {_short(parameter.default)}."
        return [Diagnostic.at(cell, "NX202", "error", message, remedy=remedy, line=line)]
    if reason := _unwritable(value):
        message = f"The value given for '{name}' can't be written into a cell: {reason}."
        remedy = "Give numbers, text, booleans, None, or lists and dicts of these."
        return [Diagnostic.at(cell, "NX203", "error", message, remedy=remedy, line=line)]
    return []


def _unwritable(value: Any) -> str:
    """Why no literal stands for ``value``; empty when one does."""
    try:
        python_source(value)
    except RecursionError:
        return "it contains itself"
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def _short(value: Any) -> str:
    text = "..." if _unwritable(value) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _a(type_name: str) -> str:
    return "None" if type_name == "NoneType" else f"a value of type {type_name}"


def _secret_given(name: str, cell: Cell, line: int | None = None) -> Diagnostic:
    message = f"'{name}' is a secret; a value given as a parameter would be stored in the notebook."
    remedy = f"Set the environment variable {name} instead."
    return Diagnostic.at(cell, "NX204", "error", message, remedy=remedy, line=line)


def _not_plain(cell: Cell) -> Diagnostic:
    message = "This injected-parameters cell has more than literal assignments, so it stays here."
    remedy = "Values set here are lost if a later cell assigns the same names."
    return Diagnostic.at(cell, "NX205", "warning", message, remedy=remedy)


def _used_at_once(cell: Cell, names: list[str]) -> list[Diagnostic]:
    """A warning for each name whose old value is used by the cell that defines it."""
    tree = parse_cell(cell.source)
    loads: dict[str, int] = {}
    for statement in tree.body if tree else ():
        for node in nodes_run_at_once(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                loads.setdefault(node.id, node.lineno)
    return [
        Diagnostic.at(
            cell,
            "NX206",
            "warning",
            f"'{name}' is used in the cell that sets it, before the given value is in force.",
            remedy=f"Set '{name}' in a cell of its own.",
            line=loads[name],
        )
        for name in names
        if name in loads
    ]
