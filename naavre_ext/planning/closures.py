"""Functions in functions that look at variables which a split loop sets.

Batches have the loop's variables, but a function that was made outside the loop has the notebook's::

    def solve(ks):
        def f(x):
            return x**3 - k                     # the k of solve(), which no batch sets
        # split: roots
        for k in ks:
            roots.append(brentq(f, 0, 10))

Nor may a function that a batch has made be called after the loop: it would look at the batch's variables.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from naavre_ext.dataflow.environment import FunctionNode
from naavre_ext.dataflow.function_syntax import function_body
from naavre_ext.dataflow.kept_functions import variables_of
from naavre_ext.dataflow.recorder import assigned_names
from naavre_ext.dataflow.walking import children, walk
from naavre_ext.planning.control_flow import IMMEDIATE
from naavre_ext.planning.inner_loops import Function, InnerLoop
from naavre_ext.planning.loops import Comprehension
from naavre_ext.planning.refusal import LoopRefused

_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def check_closures(inner: InnerLoop) -> None:
    """Refuse a loop that sets what functions look at which were made outside of it."""
    function, node = inner.function, inner.loop.node
    if function is None:
        return
    bound = assigned_names([node])[0]
    others = bound & assigned_names(function.body)[2]
    if others:
        raise LoopRefused(
            node.lineno,
            f"it sets '{min(others)}', a variable of the function around",
            f"Set '{min(others)}' after the loop.",
            min(others),
        )
    _check_kept(function, node)
    for part in _made_outside(function, node):
        seen = _free_names(part) & bound
        if seen:
            name = min(seen)
            what = f"{part.name}()" if hasattr(part, "name") else "a function"
            raise LoopRefused(
                part.lineno,
                f"{what} looks at '{name}', which the loop sets, and batches have another",
                f"Hand '{name}' over as an argument.",
                name,
            )


def _check_kept(function: Function, loop: ast.AST) -> None:
    """Refuse functions of an iteration that look at variables around them, and are asked for after the loop."""
    inside = list(walk(loop))
    within = set(map(id, inside))
    asked = {
        part.id
        for part in walk(function)
        if isinstance(part, ast.Name) and id(part) not in within and isinstance(part.ctx, ast.Load)
    }
    variables = variables_of(function)
    for part in inside:
        names, made = {getattr(part, "name", "")}, part
        if isinstance(part, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and part.value is not None:
            names, made = assigned_names([part])[0], part.value
        if names & asked and isinstance(made, FunctionNode) and _free_names(made) & variables:
            name = min(names & asked)
            raise LoopRefused(
                made.lineno,
                f"'{name}' looks at variables around it, and is asked for after the loop",
                f"Make '{name}' before or after the loop.",
                name,
            )


def _free_names(node: FunctionNode | Comprehension) -> set[str]:
    """The names that code of the function, or of the comprehension, takes from around it when it runs."""
    if isinstance(node, Comprehension):
        targets = [generator.target for generator in node.generators]
        own = assigned_names(targets)[0]
        parts: list[ast.AST] = list(children(node))
    else:
        own, parts = variables_of(node), function_body(node)
    return {name for part in parts for name in _named(part)} - own


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, FunctionNode | Comprehension):
        yield from _free_names(node)
        if isinstance(node, FunctionNode):  # what is evaluated where it is defined
            for part in (*getattr(node, "decorator_list", ()), node.args):
                yield from _named(part)
        return
    if isinstance(node, ast.Name):
        yield node.id
    for child in children(node):
        yield from _named(child)


def _made_outside(function: Function, loop: ast.AST) -> Iterator[FunctionNode | ast.GeneratorExp]:
    """The functions, and the generators that aren't used up at once, that there may be when the loop runs."""
    inside = {id(part) for part in walk(loop)}
    end = getattr(loop, "end_lineno", None) or 0
    again = any(
        isinstance(part, _LOOPS) and part is not loop and any(p is loop for p in walk(part))
        for part in walk(function)
    )
    taken = {
        id(part.args[0])
        for part in walk(function)
        if isinstance(part, ast.Call) and _takes_all(part)
    }
    for part in walk(function):
        if not isinstance(part, FunctionNode | ast.GeneratorExp) or part is function:
            continue
        is_over = id(part) in inside or id(part) in taken or (part.lineno > end and not again)
        if not is_over:
            yield part


def _takes_all(call: ast.Call) -> bool:
    """Whether the call is over with its first argument when it returns: ``sum(... for ...)``"""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    return bool(call.args) and name in (*IMMEDIATE, "join")
