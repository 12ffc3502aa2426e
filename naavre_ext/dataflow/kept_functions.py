"""Finds functions in functions that nobody but the function around them can call.

What they change of its variables is gone with each call of it, and unseen code never gets hold of them::

    def label(grid):
        parent = {}

        def root(site):            # it is only ever called, here and by itself
            ...
            parent[site] = ...

Those are functions that are only called there, by one another, and by what calls them only while it runs itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from naavre_ext.dataflow.environment import FunctionNode
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.function_syntax import function_body
from naavre_ext.dataflow.letting_go import Callers
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.walking import children, walk

_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp)
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PAUSES = (ast.Yield, ast.YieldFrom, ast.Await)
#: Built-in functions that reach a function by its name's text.
_BY_TEXT = frozenset({"locals", "vars", "eval", "exec", "dir"})


def kept_functions(
    tree: ast.AST, letting_go: frozenset[tuple[str, str]] = frozenset()
) -> frozenset[int]:
    """The ``id`` of each such function's node in the tree; of lambdas, too, that are handed to others.

    Those who are ``letting_go`` of what they are handed count as the function around it.
    """
    functions = [node for node in walk(tree) if isinstance(node, FunctionNode)]
    variables = frozenset().union(*map(variables_of, functions))
    callers = Callers(letting_go, variables)
    return frozenset(
        id(inner)
        for outer in functions
        if isinstance(outer, ast.FunctionDef)
        for inner in _kept_in(outer, callers)
    )


def variables_of(node: FunctionNode) -> set[str]:
    """The names of the function's own variables, its parameters among them."""
    return assigned_names(function_body(node))[0] | set(argument_names(node.args))


def _kept_in(outer: ast.FunctionDef, callers: Callers) -> Iterator[ast.FunctionDef | ast.expr]:
    own = list(_run_now(outer.body, callers))
    inside = list(walk(outer))
    if any(isinstance(node, _PAUSES) for node in own):
        return
    uses = [node for node in inside if isinstance(node, ast.Name)]
    if not _BY_TEXT.isdisjoint(node.id for node in uses):
        return
    yield from (node for node in _called(own, callers) if isinstance(node, ast.Lambda))
    declared = {
        n for node in inside if isinstance(node, (ast.Global, ast.Nonlocal)) for n in node.names
    }
    defined = [node.name for node in inside if isinstance(node, _NAMED)]
    bodies = {
        inner: list(_run_now(inner.body, callers))
        for inner in own
        if isinstance(inner, ast.FunctionDef)
        and not inner.decorator_list
        and inner.name not in declared
        and defined.count(inner.name) == 1
    }
    kept = {
        inner.name: inner
        for inner, body in bodies.items()
        if not any(isinstance(node, _PAUSES) for node in body)
    }
    while kept:
        now = [*own, *(node for inner in kept.values() for node in bodies[inner])]
        called = {id(node) for node in _called(now, callers)}
        others = {
            use.id
            for use in uses
            if use.id in kept and not (isinstance(use.ctx, ast.Load) and id(use) in called)
        }
        if not others:
            break
        kept = {name: inner for name, inner in kept.items() if name not in others}
    yield from kept.values()


def _called(nodes: Iterable[ast.AST], callers: Callers) -> Iterator[ast.expr]:
    """What is called in the nodes, there or by those that let go of it."""
    for node in nodes:
        if isinstance(node, ast.Call):
            yield node.func
            yield from callers.called_back(node)


def _run_now(
    body: Iterable[ast.AST], callers: Callers, over: set[int] | None = None
) -> Iterator[ast.AST]:
    """The nodes of a function's body that run when it is called, not later when something else is.

    Generator expressions that are ``over`` with a call in it run now, too.
    """
    over = set() if over is None else over
    for node in body:
        yield node
        if isinstance(node, ast.Call):
            over.update(map(id, callers.run_now(node)))
        if not isinstance(node, _LATER) or id(node) in over:
            yield from _run_now(children(node), callers, over)
