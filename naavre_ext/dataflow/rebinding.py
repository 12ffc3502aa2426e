"""Finds the parts of expressions that may bind names of the notebook, now or later."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.environment import is_ipython_call
from naavre_ext.dataflow.walking import KEPT_CELLS, walk

#: Built-ins that give the notebook's names as a dictionary.
_NAMESPACES = frozenset({"globals", "locals", "vars"})
#: Methods and built-ins that only look at such a dictionary.
LOOKING = frozenset({"get", "keys", "items", "values", "copy"})


@lru_cache(maxsize=16 * KEPT_CELLS)
def telling_parts(root: ast.expr) -> tuple[ast.expr, ...]:
    """Named expressions, set attributes, magics, and uses of the notebook's namespace other than to look at it."""
    looking: set[int] = set()
    found: list[ast.expr] = []
    for node in walk(root):  # a part comes after what it is a part of
        looking.update(id(part) for part in _looked_at(node))
        if isinstance(node, ast.expr) and id(node) not in looking and _is_telling(node):
            found.append(node)
    return tuple(found)


def _looked_at(node: ast.AST) -> Iterator[ast.AST]:
    """The names of built-ins whose namespace this node only looks at."""
    if isinstance(node, ast.Call):
        if is_ipython_call(node):
            yield node.func.value.func  # type: ignore[attr-defined]
        if isinstance(node.func, ast.Attribute) and node.func.attr in LOOKING:
            yield from _namespace(node.func.value)
        elif isinstance(node.func, ast.Name):
            if node.func.id == "vars" and node.args:
                yield node.func
            if node.func.id in tables.ELEMENT_BUILTINS | tables.FRESH_BUILTINS:
                for argument in node.args:
                    yield from _namespace(argument)
        for keyword in node.keywords:
            if keyword.arg is None:
                yield from _namespace(keyword.value)
    elif isinstance(node, ast.Compare):
        for operand in node.comparators:
            yield from _namespace(operand)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _namespace(node.value)


def _namespace(node: ast.expr) -> Iterator[ast.AST]:
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(called, ast.Name) and called.id in _NAMESPACES:
        yield called


def _is_telling(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in tables.REBINDING_BUILTINS
    if isinstance(node, ast.Attribute):
        return isinstance(node.ctx, ast.Store)
    if isinstance(node, ast.Subscript):
        return names_main_module(node) and ast.unparse(node.value) == "sys.modules"
    return isinstance(node, ast.NamedExpr) or (isinstance(node, ast.Call) and is_ipython_call(node))


def names_main_module(node: ast.Subscript) -> bool:
    """Whether the subscript may be the name of the module that the notebook is."""
    return not isinstance(node.slice, ast.Constant) or node.slice.value == "__main__"
