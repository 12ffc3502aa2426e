"""Accumulators that nobody else can hold: ``row = []`` right before the loop, and not mentioned in between."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from naavre_ext.dataflow.walking import walk


def is_fresh(tree: ast.Module, loop: ast.AST, name: str) -> bool:
    """Whether the last statement before the loop that mentions the name sets it to something new and empty."""
    for block in _blocks(tree):
        place = next((i for i, statement in enumerate(block) if statement is loop), None)
        for statement in reversed(block[:place] if place is not None else ()):
            if any(isinstance(n, ast.Name) and n.id == name for n in walk(statement)):
                value = value_for(statement, name)
                return value is not None and _is_new(value)
    return False


def value_for(statement: ast.stmt, name: str) -> ast.expr | None:
    """What an assignment gives the name alone: the ``[]`` of ``a = []`` and of ``a, b = [], {}``."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    targets, values = [statement.targets[0]], [statement.value]
    if isinstance(targets[0], ast.Tuple) and isinstance(values[0], ast.Tuple):
        targets, values = targets[0].elts, values[0].elts
    pairs = zip(targets, values, strict=False)
    found = [value for target, value in pairs if isinstance(target, ast.Name) and target.id == name]
    return found[0] if len(found) == 1 else None


def _is_new(value: ast.expr) -> bool:
    if isinstance(value, (ast.List, ast.Set)):
        return not value.elts
    return isinstance(value, ast.Constant) or (isinstance(value, ast.Dict) and not value.keys)


def _blocks(tree: ast.AST) -> Iterator[Sequence[ast.stmt]]:
    for node in walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block
