"""Functions in a function that only that function calls: what they change of its variables ends with it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from naavre_ext.dataflow.environment import FunctionNode

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: What runs later than where it stands, perhaps when others call it.
_LATER = (*_FUNCTIONS, ast.Lambda, ast.ClassDef, ast.GeneratorExp)


def staying_functions(trees: Iterable[ast.Module]) -> frozenset[int]:
    """The ``id`` of each function in a function that the latter only calls, in its own statements."""
    found: set[int] = set()
    for tree in trees:
        for outer in _shallow(tree):
            if isinstance(outer, _FUNCTIONS):
                found.update(id(inner) for inner in _shallow(outer) if _stays(inner, outer))
    return frozenset(found)


def _stays(inner: ast.AST, outer: FunctionNode) -> bool:
    if not isinstance(inner, ast.FunctionDef) or inner.decorator_list:
        return False
    own = [*_shallow(outer), *_shallow(inner)]
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _shallow(inner)):
        return False  # its code runs when others ask for items
    called = {id(node.func) for node in own if isinstance(node, ast.Call)}
    return all(
        id(node) in called
        for node in ast.walk(outer)
        if isinstance(node, ast.Name) and node.id == inner.name
    ) and not any(_binds(node, inner.name) for node in ast.walk(outer) if node is not inner)


def _binds(node: ast.AST, name: str) -> bool:
    """Whether the node gives the name to something else, or lets others use it, but for a plain assignment."""
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return name in node.names
    if isinstance(node, ast.arg):
        return node.arg == name
    if isinstance(node, ast.ExceptHandler):
        return node.name == name
    if isinstance(node, ast.alias):
        return (node.asname or node.name) == name
    if isinstance(node, (ast.MatchAs, ast.MatchStar)):
        return node.name == name
    if isinstance(node, ast.Call):  # it hands out all variables
        return isinstance(node.func, ast.Name) and node.func.id in (
            "locals",
            "vars",
            "eval",
            "exec",
        )
    return isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and node.name == name


def _shallow(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below, but not those in what runs later."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, _LATER):
            yield from _shallow(child)
