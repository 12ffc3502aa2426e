"""What the syntax of a function tells: whether it returns, yields, or leaves code behind that runs later."""

from __future__ import annotations

import ast
from functools import lru_cache

from naavre_ext.dataflow.environment import FunctionNode
from naavre_ext.dataflow.walking import KEPT_CELLS, children, walk

#: Code in a function that may run after it, and expressions at which others run before it is done.
_RUN_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp,
              ast.Yield, ast.YieldFrom, ast.Await)  # fmt: skip


def function_body(node: FunctionNode) -> list[ast.AST]:
    """The statements of the function; of a lambda, its expression."""
    return [node.body] if isinstance(node, ast.Lambda) else [*node.body]


def always_returns(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the last statement surely returns or raises."""
    return _ends(node.body)


def _ends(body: list[ast.stmt]) -> bool:
    last = body[-1] if body else None
    if isinstance(last, (ast.Return, ast.Raise)):
        return True
    if isinstance(last, ast.If):
        return _ends(last.body) and _ends(last.orelse)
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return _ends(last.body)
    if isinstance(last, ast.Try):
        handled = all(_ends(handler.body) for handler in last.handlers)
        return _ends(last.finalbody) or (_ends([*last.body, *last.orelse]) and handled)
    return False


@lru_cache(maxsize=4 * KEPT_CELLS)
def has_later_code(node: FunctionNode) -> bool:
    """Whether code in the function may run when something else than it is called."""
    return any(isinstance(part, _RUN_LATER) for part in walk(node) if part is not node)


@lru_cache(maxsize=4 * KEPT_CELLS)
def is_generator(node: FunctionNode) -> bool:
    """Whether a call of the function makes a generator."""
    pending = children(node)
    while pending:
        child = pending.pop()
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(child, (ast.Yield, ast.YieldFrom)):
            return True
        pending.extend(children(child))
    return False
