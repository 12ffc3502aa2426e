"""Finds functions in functions that nobody but the function around them can call.

What they change of its variables is gone with each call of it, and unseen code never gets hold of them::

    def label(grid):
        parent = {}

        def root(site):            # kept: it is only ever called, here and by itself
            ...
            parent[site] = ...
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from naavre_ext.dataflow.walking import children, walk

_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp)
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PAUSES = (ast.Yield, ast.YieldFrom, ast.Await)
#: Built-in functions that reach a function by its name's text.
_BY_TEXT = frozenset({"locals", "vars", "eval", "exec", "dir"})


def kept_functions(tree: ast.AST) -> frozenset[int]:
    """The ``id`` of each such function's node in the tree."""
    return frozenset(
        id(inner)
        for outer in walk(tree)
        if isinstance(outer, ast.FunctionDef)
        for inner in _kept_in(outer)
    )


def _kept_in(outer: ast.FunctionDef) -> Iterator[ast.FunctionDef]:
    own = list(_run_now(outer.body))
    inside = list(walk(outer))
    if any(isinstance(node, _PAUSES) for node in own):
        return
    uses = [node for node in inside if isinstance(node, ast.Name)]
    if not _BY_TEXT.isdisjoint(node.id for node in uses):
        return
    declared = {
        n for node in inside if isinstance(node, (ast.Global, ast.Nonlocal)) for n in node.names
    }
    defined = [node.name for node in inside if isinstance(node, _NAMED)]
    for inner in own:
        if not isinstance(inner, ast.FunctionDef) or inner.decorator_list or inner.name in declared:
            continue
        body = list(_run_now(inner.body))
        called = {id(node.func) for node in (*own, *body) if isinstance(node, ast.Call)}
        only_called = all(
            isinstance(use.ctx, ast.Load) and id(use) in called
            for use in uses
            if use.id == inner.name
        )
        pauses = any(isinstance(node, _PAUSES) for node in body)
        if only_called and not pauses and defined.count(inner.name) == 1:
            yield inner


def _run_now(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a function's body that run when it is called, not later when something else is."""
    for node in body:
        yield node
        if not isinstance(node, _LATER):
            yield from _run_now(children(node))
