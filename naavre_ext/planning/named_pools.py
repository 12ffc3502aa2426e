"""Pools and joblib's ``Parallel`` that a cell binds to a name without ``with``::

pool = Pool(4)
out = pool.map(f, xs)      # as in 'with Pool(4) as pool'
pool.close()               # from here on nothing is known of it
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.mapping_calls import PARALLEL, POOLS, called

_METHODS = frozenset({"map", "imap", "starmap"})
#: Functions of Python's own that surely leave a pool as it is.
_HARMLESS = frozenset(
    {"print", "len", "list", "sum", "sorted", "range", "zip", "enumerate", "delayed"}
)


def pools_after(statement: ast.stmt, pools: Mapping[str, ast.Call]) -> dict[str, ast.Call]:
    """The pools that are surely open and idle after the statement, with the calls that made them.

    ``pools`` are those before it. Code that could close one, such as that of other functions, ends them all.
    """
    kept = dict(pools) if _leaves_alone(statement, pools) else {}
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
        if isinstance(target, ast.Name) and isinstance(value, ast.Call):
            kept.pop(target.id, None)
            if called(value) in POOLS or called(value) == PARALLEL:
                kept[target.id] = value
    return kept


def _leaves_alone(statement: ast.stmt, pools: Mapping[str, ast.Call]) -> bool:
    uses, mentions = 0, 0
    for node in walk(statement):
        mentions += isinstance(node, ast.Name) and node.id in pools
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _METHODS:
            function = function.value
        if isinstance(function, ast.Name) and function.id in pools:
            uses += 1
        elif called(node) in POOLS or called(node) == PARALLEL:
            continue
        elif not (isinstance(node.func, ast.Name) and node.func.id in _HARMLESS) and not (
            isinstance(node.func, ast.Call) and called(node.func) == "delayed"
        ):
            return False
    return uses == mentions
