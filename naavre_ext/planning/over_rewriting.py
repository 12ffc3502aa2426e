"""Generates what an ``# over`` cell runs as: a choice in the cell itself, and the body of a batch.

All nodes are the user's own, or carry the positions of the user's code, so that tracebacks show the notebook.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from naavre_ext.dataflow.source import parse_cell

#: Runs the batches; tells whether the cell has to run whole after all.
OVER_HOOK = "__naavre_over__"

#: Functions whose call shows something itself, once for each batch.
_SHOWING = frozenset({"print", "display"})


def divide(tree: ast.Module) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The part of an ``# over`` cell that runs once per batch, and what comes once, after the join.

    That is the last line's expression, whose value a notebook shows.
    """
    *body, last = tree.body or [ast.Pass()]
    if not body or not isinstance(last, ast.Expr) or _shows_itself(last.value):
        return tree.body, []
    return body, [last]


def _shows_itself(node: ast.expr) -> bool:
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return named and node.func.id in _SHOWING  # type: ignore[attr-defined]


def over_cell(tree: ast.Module, source: str) -> ast.Module:
    """The cell with its batches in front, and its own body only for the case that it has to run whole.

    ::

        if __naavre_over__(0):
            BODY
        LAST_EXPRESSION

    A tree that is not the cell's own (the call of a cell magic, say) stays as it is.
    """
    if _form(tree) != _form(parse_cell(source).tree):
        return tree
    body, tail = divide(tree)
    hook = ast.Call(ast.Name(OVER_HOOK, ast.Load()), [ast.Constant(0)], [])
    choice = ast.If(hook, body, [])
    for node in (choice, hook, hook.func, hook.args[0]):
        ast.copy_location(node, body[0])
    tree.body = [choice, *tail]
    return ast.fix_missing_locations(tree)


def _form(tree: ast.Module) -> list[str]:
    return [ast.dump(statement) for statement in tree.body]


@lru_cache(maxsize=64)
def over_batch(source: str) -> ast.Module:
    """What a batch runs: the cell without its last line's expression, nothing of it shown as a cell's value."""
    body, _ = divide(parse_cell(source).tree)
    end = ast.copy_location(ast.Pass(), body[-1])
    return ast.Module([*body, end], [])
