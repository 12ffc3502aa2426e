"""Loops with a ``# split:`` of their own: where they stand in the cell, and in which functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from naavre_ext.model.annotation import LoopAnnotation
from naavre_ext.planning.loops import Comprehension, Loop, comprehensions

Function = ast.FunctionDef | ast.AsyncFunctionDef
ScopeNode = Function | ast.ClassDef

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)


@dataclass(frozen=True, slots=True)
class InnerLoop:
    """A loop anywhere in a cell; its index counts all loops of the cell in source order.

    ``scopes`` are the functions and classes around it, outermost first. ``statement`` is what it stands in.
    """

    loop: Loop
    scopes: tuple[ScopeNode, ...]
    statement: ast.stmt

    @property
    def function(self) -> Function | None:
        """The function whose variables the loop's body uses; None at module level."""
        inner = self.scopes[-1] if self.scopes else None
        return None if isinstance(inner, ast.ClassDef) else inner


def all_loops(tree: ast.Module) -> tuple[InnerLoop, ...]:
    """Every ``for`` and every comprehension that a statement evaluates just once, in source order."""
    found = _loops(tree.body, ())
    return tuple(
        InnerLoop(Loop(index, node, consumer), scopes, statement)
        for index, (node, consumer, scopes, statement) in enumerate(found)
    )


def loops_at(loops: Sequence[InnerLoop], annotation: LoopAnnotation) -> tuple[InnerLoop, ...]:
    """The loop below an annotation; all of them where its statement holds several comprehensions."""
    here = [loop for loop in loops if loop.loop.node.lineno == annotation.line]
    for loop in here:
        if isinstance(loop.statement, ast.For) and loop.loop.node is loop.statement:
            return (loop,)
    statements = {id(loop.statement) for loop in here[:1]}
    return tuple(loop for loop in loops if id(loop.statement) in statements)


_Found = tuple[ast.For | Comprehension, str, tuple[ScopeNode, ...], ast.stmt]


def _loops(body: Sequence[ast.stmt], scopes: tuple[ScopeNode, ...]) -> Iterator[_Found]:
    for statement in body:
        if isinstance(statement, ast.For):
            yield statement, "", scopes, statement
        elif isinstance(statement, _SIMPLE) and statement.value is not None:
            for node, consumer, mapping in comprehensions(statement.value, {}):
                if mapping is None:
                    yield node, consumer, scopes, statement
        inner = (*scopes, statement) if isinstance(statement, ScopeNode) else scopes
        for block in _blocks(statement):
            yield from _loops(block, inner)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        parts = getattr(statement, name, None) or []
        if name in ("handlers", "cases"):
            yield from (part.body for part in parts)
        else:
            yield parts
