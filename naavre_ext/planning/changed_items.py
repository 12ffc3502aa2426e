"""Whether what a loop's iterations change of their items may come back when a whole batch has run."""

from __future__ import annotations

import ast
from collections.abc import Collection

from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.guard_clauses import without_guards
from naavre_ext.planning.loops import Loop
from naavre_ext.planning.replaying import only_compared

_TRIES = (ast.Try, *([ast.TryStar] if hasattr(ast, "TryStar") else []))


def may_come_back(tree: ast.Module, loop: Loop, replayed: Collection[str]) -> bool:
    """Whether nobody can tell that all changes of a batch are there before the merge takes what it has recorded.

    What takes each element as it comes (``sum``, a set) could, as could who catches an error of the merge.
    """
    if loop.consumer or loop.mapping or loop.form not in ("for", "list"):
        return False
    if any(isinstance(part, _TRIES) and _holds(part, loop.node) for part in walk(tree)):
        return False
    body = without_guards(loop.node.body) if isinstance(loop.node, ast.For) else []
    return only_compared(body, frozenset(replayed))


def _holds(statement: ast.AST, node: ast.AST) -> bool:
    return any(part is node for part in walk(statement))
