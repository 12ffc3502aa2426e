"""What the form of a loop alone forbids: leaving it early, awaiting, functions that outlive an iteration."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from naavre_ext.dataflow.walking import children, walk
from naavre_ext.planning.loops import Comprehension, Loop
from naavre_ext.planning.refusal import LoopRefused


def check_control_flow(loop: Loop) -> None:
    """Refuse a loop whose form alone makes iterations depend on one another."""
    for target in walk(loop.target):
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            raise LoopRefused(
                loop.node.lineno,
                f"each item is assigned to {ast.unparse(target)}",
                "Use a plain name as the loop variable.",
            )
    for node in walk(loop.node):
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) or _is_async(node):
            line = getattr(node, "lineno", loop.node.lineno)
            raise LoopRefused(line, "it awaits", "Use plain calls in the loop.")
        if isinstance(node, ast.ClassDef):
            raise LoopRefused(
                node.lineno, f"it defines class '{node.name}'", "Define the class before the loop."
            )
    if not isinstance(loop.node, ast.For):
        _check_late_binding(loop.node)
        return
    for statement in _own_breaks(loop.node.body):
        raise LoopRefused(
            statement.lineno,
            "'break' ends it early, so iterations depend on earlier ones",
            "Filter the items first, or keep all results and pick the first match after the loop.",
        )


#: Calls that are done with a function once they return.
IMMEDIATE = frozenset(
    {
        "sorted", "min", "max", "list", "tuple", "set", "dict", "sum",
        "any", "all", "reduce", "apply", "applymap", "agg", "transform", "sort",
        "sort_values", "fromfunction"
    }
)  # fmt: skip


def _check_late_binding(node: Comprehension) -> None:
    """All functions made in a comprehension see its last item: they must not outlive their iteration."""
    own = {
        n.id
        for generator in node.generators
        for n in walk(generator.target)
        if isinstance(n, ast.Name)
    }
    for function in _lasting_functions(node, immediate=False):
        if any(isinstance(n, ast.Name) and n.id in own for n in walk(function)):
            raise LoopRefused(
                function.lineno,
                "its functions look at the loop variable only when they are called",
                "Bind it in the function: lambda x, i=i: ...",
            )


def _lasting_functions(node: ast.AST, immediate: bool) -> Iterator[ast.Lambda | ast.GeneratorExp]:
    for child in children(node):
        if isinstance(child, ast.Lambda):
            if not immediate:
                yield child
            continue
        inside = immediate
        if isinstance(node, ast.Call):
            function = node.func
            name = (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", "")
            )
            inside = name in IMMEDIATE or (immediate and name in ("map", "filter"))
        yield from _lasting_functions(child, inside)


def _own_breaks(body: Sequence[ast.stmt]) -> Iterable[ast.Break]:
    for statement in body:
        if isinstance(statement, ast.Break):
            yield statement
        elif isinstance(statement, (ast.For, ast.While)):
            yield from _own_breaks(statement.orelse)
        elif isinstance(statement, ast.Match):
            for case in statement.cases:
                yield from _own_breaks(case.body)
        elif isinstance(statement, (ast.If, ast.With, ast.Try)):
            for name in ("body", "orelse", "finalbody"):
                yield from _own_breaks(getattr(statement, name, []))
            for handler in getattr(statement, "handlers", []):
                yield from _own_breaks(handler.body)


def _is_async(node: ast.AST) -> bool:
    """``async for`` in a comprehension."""
    return isinstance(node, ast.comprehension) and bool(node.is_async)
