"""Finds the variables of a function that only ever stand for lists, dicts and sets of its own.

The alias graph takes all that a tuple holds for one: in ``return pivot, below, above`` the lists that the function
fills are then the same as the pivot, which is an element of its argument. Here the names tell that they aren't.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache

from naavre_ext.dataflow.walking import KEPT_CELLS, children, walk

_DISPLAYS = (ast.List, ast.ListComp, ast.Dict, ast.DictComp, ast.Set, ast.SetComp)
_MAKING = frozenset({"list", "dict", "set"})
#: Built-in functions that keep nothing of a list that they are given.
_LOOKING = frozenset({"len", "sum", "sorted", "min", "max", "any", "all", "list", "tuple", "set"})
_HOLDING = (ast.Tuple, ast.List, ast.Set, ast.Dict)

#: Whether a name is Python's own built-in.
IsBuiltin = Callable[[str], bool]


def own_names(
    function: ast.FunctionDef, local_names: frozenset[str], is_builtin: IsBuiltin
) -> frozenset[str]:
    """Those of the local names that are bound to new containers only, and handed to nobody before the end.

    The function must have no code that runs after it.
    """
    if not local_names:
        return frozenset()
    parents = _parents(function)
    bound: set[str] = set()
    others: set[str] = set()
    for node in parents:
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            others.update(node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            others.add(node.name or "")
        elif isinstance(node, ast.MatchMapping):
            others.add(node.rest or "")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            others.update((a.asname or a.name).split(".")[0] for a in node.names)
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                made = _is_new(node, parents, is_builtin)
            else:
                made = isinstance(node.ctx, ast.Del) or _is_kept(node, parents, is_builtin)
            (bound if made else others).add(node.id)
    return frozenset(bound & local_names) - others


@lru_cache(maxsize=4 * KEPT_CELLS)
def _parents(function: ast.FunctionDef) -> Mapping[ast.AST, ast.AST]:
    return {child: node for node in walk(function) for child in children(node)}


def _is_new(node: ast.Name, parents: Mapping[ast.AST, ast.AST], is_builtin: IsBuiltin) -> bool:
    """Whether the name is bound to a new container here."""
    parent = parents[node]
    if isinstance(parent, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return parent.value is not None and _makes(parent.value, is_builtin)
    outer = parents[parent]
    if not isinstance(parent, ast.Tuple) or not isinstance(outer, ast.Assign):
        return False
    value = outer.value
    if not isinstance(value, ast.Tuple) or len(value.elts) != len(parent.elts):
        return False
    if any(isinstance(part, ast.Starred) for part in [*value.elts, *parent.elts]):
        return False
    return _makes(value.elts[parent.elts.index(node)], is_builtin)


def _makes(value: ast.expr, is_builtin: IsBuiltin) -> bool:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in _MAKING and is_builtin(value.func.id)
    return isinstance(value, _DISPLAYS)


def _is_kept(node: ast.Name, parents: Mapping[ast.AST, ast.AST], is_builtin: IsBuiltin) -> bool:
    """Whether reading the name here hands its container to nobody but the function's caller."""
    parent = parents[node]
    if isinstance(parent, ast.Attribute):  # one of its methods
        call = parents[parent]
        return isinstance(call, ast.Call) and call.func is parent
    if isinstance(parent, ast.Subscript):
        return parent.value is node
    if isinstance(parent, (ast.For, ast.comprehension)):
        return parent.iter is node
    if isinstance(parent, (ast.If, ast.While, ast.IfExp)):
        return parent.test is node
    if isinstance(parent, ast.Compare):
        looks = (
            (ast.Is, ast.IsNot) if parent.left is node else (ast.Is, ast.IsNot, ast.In, ast.NotIn)
        )
        return len(parent.ops) == 1 and isinstance(parent.ops[0], looks)
    if isinstance(parent, ast.UnaryOp):
        return isinstance(parent.op, ast.Not)
    if isinstance(parent, ast.Call):
        looks_at_one = isinstance(parent.func, ast.Name) and parent.args == [node]
        return looks_at_one and parent.func.id in _LOOKING and is_builtin(parent.func.id)  # type: ignore[attr-defined]
    at: ast.AST = node
    while isinstance(parents[at], _HOLDING):
        at = parents[at]
    return isinstance(parents[at], ast.Return)
