"""Finds where a notebook gives the axes of a table new names in place: ``s.index.name = "year"``.

pandas hands the very Index of a table on to what is computed from it (``2 * s``, ``pd.DataFrame({"a": s})``), so
that these have the new name as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.mentions import Mentions
from naavre_ext.dataflow.recorder import Recorder, is_provided
from naavre_ext.dataflow.source import CellSource
from naavre_ext.dataflow.walking import children, walk

_AXES = frozenset({"index", "columns", "axes", "levels"})
_NAMES = frozenset({"name", "names"})
_RENAMING = frozenset({"set_names", "rename", "set_levels", "set_codes"})
#: The last names of calls that make a table with axes of its own, whatever pandas it is.
_OWN_AXES = ("copy", "reset_index", "set_index", "pivot", "pivot_table", "merge", "crosstab")
_CONSTRUCTORS = ("DataFrame", "Series")
#: Kinds of values that are no tables, nor hold any.
_OTHERS = frozenset(
    {"array", "module", "function", "class", "file", "generator", "figure", "settings"}
)


def renames_axes(
    sources: Sequence[CellSource], mentions: Sequence[Mentions], environment: Environment
) -> bool:
    """Whether axes are renamed that others may have, too: not those of a table just read or copied."""
    attributes = frozenset().union(*(each.attributes for each in mentions))
    if not (attributes & _AXES and attributes & (_NAMES | _RENAMING)):
        return False
    bodies = [body for source in sources for body in _scopes(source.tree)]
    return any(_is_shared(part, body, environment) for body in bodies for part in _renamed(body))


def share_axes(cell: Recorder, tree: ast.Module) -> None:
    """Whatever tables the cell makes may have the axes of those that it reads: not what it only loops over."""
    environment = cell.environment
    read = [name for name in cell.reads if may_have_axes(name, environment)]
    for name in sorted(cell.writes - _only_looped(tree)):
        for other in read if may_have_axes(name, environment) else ():
            cell.alias(name, other)


def _only_looped(tree: ast.Module) -> set[str]:
    """Names that the cell binds by ``for`` only."""
    nodes = list(walk(tree))
    loops = (node.target for node in nodes if isinstance(node, (ast.For, ast.AsyncFor)))
    targets = {id(part) for target in loops for part in walk(target)}
    stored = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    others = {name.id for name in stored if id(name) not in targets}
    return {name.id for name in stored} - others


def may_have_axes(name: str, environment: Environment) -> bool:
    """Whether the name may stand for a table, or for something that holds one."""
    if name not in environment.bindings:
        return False
    shape = environment.shape(name)
    return not shapes.is_immutable(shape) and shapes.head(shape) not in _OTHERS


def _may_be_table(name: str, environment: Environment) -> bool:
    """The same of a name that may be a function's own."""
    if name in environment.bindings:
        return may_have_axes(name, environment)
    return not is_provided(name)


def _scopes(tree: ast.Module) -> Iterator[list[ast.AST]]:
    """The nodes of the cell, and of each function in it, without those of the functions inside."""
    waiting: list[ast.AST] = [tree]
    for scope in waiting:  # which grows meanwhile
        nodes = [scope]
        for node in nodes:
            for child in children(node):
                (waiting if isinstance(child, FunctionNode) else nodes).append(child)
        yield nodes[1:]


def _renamed(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """What stands for the axes that are renamed in place."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if node.attr in _NAMES:
                yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            in_place = any(k.arg == "inplace" for k in node.keywords)
            if in_place and node.func.attr in _RENAMING:
                yield node.func.value


def _is_shared(axes: ast.expr, scope: Sequence[ast.AST], environment: Environment) -> bool:
    if isinstance(axes, ast.Name):  # index = s.index, and then index.name = ...
        named = [b for b in _values_of(axes.id, scope) if _axes_in(b) is not None]
        return any(_is_shared(value, scope, environment) for value in named)
    table = _axes_in(axes)
    if table is None:
        return False
    values = list(_values_of(table.id, scope)) if isinstance(table, ast.Name) else []
    return not values or not all(_has_own_axes(value, environment) for value in values)


def _axes_in(node: ast.expr) -> ast.expr | None:
    """The table whose axes the expression stands for; None when it stands for others."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.value if isinstance(node, ast.Attribute) and node.attr in _AXES else None


def _values_of(name: str, scope: Iterable[ast.AST]) -> Iterator[ast.expr]:
    for node in scope:
        if isinstance(node, ast.Assign) and any(ast.unparse(t) == name for t in node.targets):
            yield node.value


def _has_own_axes(value: ast.expr, environment: Environment) -> bool:
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if name in _CONSTRUCTORS:
        given = [node for part in (*value.args, *value.keywords) for node in walk(part)]
        names = {node.id for node in given if isinstance(node, ast.Name)}
        return not any(_may_be_table(name, environment) for name in names)
    return name.startswith("read_") or name in _OWN_AXES
