"""Loop variables that are bound to something else on the way: ``frame = frame.copy()``, then ``frame["c"] = 1``.

What a method such as ``copy`` gives is taken for an object of its own, whatever the item is. So the items have to
be looked at when such a loop has run.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from naavre_ext.dataflow.walking import copied, walk

#: Methods of tables, arrays, dicts and lists whose result is changed without a change of the object.
_COPYING = frozenset(
    {"copy", "deepcopy", "assign", "astype", "dropna", "fillna", "drop", "drop_duplicates", "rename",
     "reset_index", "set_index", "sort_values", "sort_index", "query", "filter", "sample", "merge", "join",
     "interpolate", "tz_localize", "tz_convert", "to_frame", "melt", "pivot", "resample", "groupby"}
)  # fmt: skip
#: What follows the name of a loop's variable where it doesn't stand for the item any more.
_LATER = " later"


def with_rebound_apart(target: ast.expr, body: Sequence[ast.stmt]) -> list[ast.stmt] | None:
    """The body with another name for what a loop's variable is bound to later; None where none is.

    That is looked for among the statements that each iteration runs, one after the other.
    """
    names = {node.id for node in walk(target) if isinstance(node, ast.Name)}
    made: list[ast.stmt] = []
    later: dict[str, str] = {}
    for statement in body:
        again, bound = copied(statement), _bound(statement)
        if bound in names and isinstance(again, ast.Assign):
            _rename(again.value, later)
            again.value = _as_container(again.value)
            later[bound] = f"{later.get(bound, bound)}{_LATER}"
            _rename(again.targets[0], later)
        else:
            _rename(again, later)
        made.append(again)
    return made if later else None


def _as_container(value: ast.expr) -> ast.expr:
    """``[item]`` for ``item.copy()``: something new that may hold what the item holds."""
    node, copies = value, False
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        copies = copies or (isinstance(node, ast.Attribute) and node.attr in _COPYING)
        copies = copies or (isinstance(node, ast.Subscript) and _is_mask(node.slice))
        node = node.func if isinstance(node, ast.Call) else node.value
    if not copies or not isinstance(node, ast.Name):
        return value
    parts = [part for part in walk(value) if isinstance(part, ast.Call)]
    given = [a for call in parts for a in (*call.args, *(k.value for k in call.keywords))]
    return ast.copy_location(ast.List([node, *given], ast.Load()), value)


def _is_mask(index: ast.expr) -> bool:
    """``x > 0``, ``~(x > 0)``, ``(x > 0) & y``: what chooses elements is no view."""
    if isinstance(index, ast.UnaryOp):
        return isinstance(index.op, ast.Invert)
    if isinstance(index, ast.BinOp):
        return isinstance(index.op, (ast.BitAnd, ast.BitOr)) and _is_mask(index.left)
    return isinstance(index, ast.Compare)


def _bound(statement: ast.stmt) -> str:
    """The name that a plain assignment binds."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return ""
    target = statement.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _rename(node: ast.AST, names: Mapping[str, str]) -> None:
    for part in walk(node):
        if isinstance(part, ast.Name):
            part.id = names.get(part.id, part.id)
