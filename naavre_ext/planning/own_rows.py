"""Loops over a table's rows in which each iteration changes its own row: ``df.loc[i, "c"] = f(row)``.

Rows that were handed out don't see that, as pandas copies on write, and later rows are other ones, as long as no
two have the same label. Both is looked at when the loop begins.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.loops import Loop, Reduction, changed_place
from naavre_ext.planning.mapping_calls import BARS, called

_BY_LABEL = ("loc", "at")


def own_rows(loop: Loop, reductions: Sequence[Reduction]) -> str:
    """The name of the table over whose rows the loop goes, each of which it changes alone; "" for other loops."""
    table, label = table_and_label(loop)
    mine = [reduction for reduction in reductions if reduction.root == table]
    if label is None or not mine or _is_set(label, loop):
        return ""
    return table if all(_changes_row(reduction, table, label) for reduction in mine) else ""


def table_and_label(loop: Loop) -> tuple[str, ast.expr | None]:
    """The table over whose rows the loop goes, and the expression for the label of an iteration's row."""
    rows, target = loop.iterable, loop.target
    if isinstance(rows, ast.Call) and called(rows) in BARS and rows.args:
        rows = rows.args[0]
    place = rows.func if isinstance(rows, ast.Call) and not rows.args + rows.keywords else rows
    if not isinstance(place, ast.Attribute) or not isinstance(place.value, ast.Name):
        return "", None
    table, label = place.value.id, None
    if place is rows:
        label = target if place.attr == "index" else None
    elif place.attr == "iterrows" and isinstance(target, ast.Tuple) and len(target.elts) == 2:
        label = target.elts[0]
    elif place.attr == "itertuples" and isinstance(target, ast.Name):
        label = ast.Attribute(target, "Index", ast.Load())
    return table, label


def _is_set(label: ast.expr, loop: Loop) -> bool:
    """Whether the body sets what the label is made of."""
    names = {part.id for part in walk(label) if isinstance(part, ast.Name)}
    body = loop.node.body if isinstance(loop.node, ast.For) else []
    return any(
        isinstance(part, ast.Name) and part.id in names and not isinstance(part.ctx, ast.Load)
        for statement in body
        for part in walk(statement)
    )


def _changes_row(reduction: Reduction, table: str, label: ast.expr) -> bool:
    statement, place = reduction.statement, changed_place(reduction.statement)
    by_label = (
        isinstance(place, ast.Attribute)
        and place.attr in _BY_LABEL
        and isinstance(place.value, ast.Name)
        and place.value.id == table
    )
    if reduction.replayed or not by_label or isinstance(statement, ast.Expr):
        return False
    assert isinstance(statement, (ast.Assign, ast.AugAssign))
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    assert isinstance(target, ast.Subscript)
    row = target.slice
    if isinstance(row, ast.Tuple):
        row = row.elts[0]
    return ast.unparse(row) == ast.unparse(label)
