"""Loops that call tasks: in a cell, or in a task. They are split as if ``# split:`` stood above them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.inner_loops import InnerLoop, all_loops


def loops_calling(
    tree: ast.Module, tasks: Collection[str], *, is_split: bool
) -> tuple[InnerLoop, ...]:
    """The outermost loops whose every iteration may call one of the tasks.

    Where the cell ``is_split``, those at its top level are split anyway.
    """
    found: list[InnerLoop] = []
    inside: set[int] = set()
    for inner in all_loops(tree):
        node = inner.loop.node
        if id(node) in inside or not _is_here(inner, tasks, is_split=is_split):
            continue
        if any(_calls(part, tasks) for part in _repeated(node)):
            found.append(inner)
            inside |= {id(part) for part in walk(node)}
    return tuple(found)


def _is_here(inner: InnerLoop, tasks: Collection[str], *, is_split: bool) -> bool:
    if not inner.scopes:
        return not (is_split and isinstance(inner.statement, (ast.For, ast.Assign, ast.Expr)))
    (outer, *others) = inner.scopes
    return not others and isinstance(outer, ast.FunctionDef) and outer.name in tasks


def _repeated(node: ast.AST) -> Iterator[ast.AST]:
    """What every iteration evaluates."""
    if isinstance(node, ast.For):
        yield from node.body
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        first, *others = node.generators
        yield from first.ifs
        yield from others
        yield from (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)


def _calls(node: ast.AST, tasks: Collection[str]) -> bool:
    return any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in tasks
        for part in walk(node)
    )
