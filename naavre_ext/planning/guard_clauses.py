"""Guard clauses as the branches that they stand for, where what they ask is carried from iteration to iteration.

::

    if value >= best:        if value >= best:
        continue                 pass
    best = value      →      else:
                                 best = value

An assignment that the condition begins with, ``if (value := f(x)) < best:``, becomes one before it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.loops import find_reductions


def without_guards(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The body of a loop with the same meaning, in which no ``continue`` hangs on what the rest of it changes.

    The statements are the body's own ones, in a new ``if``.
    """
    body = list(_assigned_before(body))
    for place, statement in enumerate(body):
        rest = body[place + 1 :]
        if rest and _is_guard(statement) and _asks_for(statement, body[:place], rest):
            before: list[ast.stmt] = statement.body[:-1] or [
                ast.copy_location(ast.Pass(), statement.body[-1])
            ]
            others = without_guards([*statement.orelse, *rest])
            branch = ast.If(statement.test, before, others)
            return [*body[:place], ast.copy_location(branch, statement)]
    return list(body)


def _assigned_before(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, with what conditions on carried names assign first of all assigned before them."""
    for place, statement in enumerate(body):
        first = _assigned_first(statement.test) if isinstance(statement, ast.If) else None
        rest = body[place + 1 :]
        if first is None or not isinstance(statement, ast.If):
            yield statement
        elif _asks_for(statement, (), [*statement.body, *rest]):
            yield ast.copy_location(ast.Assign([first.target], first.value), first)
            name = ast.copy_location(ast.Name(first.target.id, ast.Load()), first)
            test = _with_first(statement.test, name)
            yield ast.copy_location(ast.If(test, statement.body, statement.orelse), statement)
        else:
            yield statement


def _assigned_first(test: ast.expr) -> ast.NamedExpr | None:
    """The assignment that a condition begins with."""
    while isinstance(test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
        test = _first(test)
    return test if isinstance(test, ast.NamedExpr) else None


def _first(node: ast.Compare | ast.BoolOp | ast.UnaryOp) -> ast.expr:
    if isinstance(node, ast.Compare):
        return node.left
    return node.values[0] if isinstance(node, ast.BoolOp) else node.operand


def _with_first(test: ast.expr, name: ast.Name) -> ast.expr:
    """The condition with a name in the place of the assignment that it begins with."""
    new: ast.expr
    if isinstance(test, ast.Compare):
        new = ast.Compare(_with_first(test.left, name), test.ops, test.comparators)
    elif isinstance(test, ast.BoolOp):
        new = ast.BoolOp(test.op, [_with_first(test.values[0], name), *test.values[1:]])
    elif isinstance(test, ast.UnaryOp):
        new = ast.UnaryOp(test.op, _with_first(test.operand, name))
    else:
        return name
    return ast.copy_location(new, test)


def _is_guard(statement: ast.stmt) -> TypeGuard[ast.If]:
    return isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Continue)


def _asks_for(guard: ast.If, before: Sequence[ast.stmt], rest: Sequence[ast.stmt]) -> bool:
    """Whether the condition reads a name that the rest changes, and that no iteration sets before."""
    others = [*guard.orelse, *rest]
    changed = {*_stored([*guard.body, *others]), *(r.root for r in find_reductions(others))}
    private = {
        name for statement in before if _is_plain(statement) for name in _stored([statement])
    }
    asked = {node.id for node in walk(guard.test) if isinstance(node, ast.Name)}
    return bool(asked & changed - private)


def _is_plain(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Assign, ast.AnnAssign))


def _stored(statements: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        for node in walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
