"""Calls that go over items in a way that no split has, and what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.mapping_calls import MAP, called
from naavre_ext.planning.refusal import Refusal

_EARLY = {"any": "true", "all": "false"}


def other_loops(tree: ast.Module, notebook: NotebookDataflow) -> Iterator[Refusal]:
    """Why such calls of the cell's own statements run whole, where they do something costly for each item."""
    for statement in tree.body:
        if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)):
            continue
        for node in walk(statement):
            said = _about(node) if isinstance(node, ast.Call) else None
            if said is not None and notebook.region([_element(node)]).costly:  # type: ignore[arg-type]
                yield Refusal(node.lineno, *said)  # type: ignore[attr-defined]


def _about(call: ast.Call) -> tuple[str, str] | None:
    name, given = called(call), call.args
    plain = isinstance(call.func, ast.Name)
    generator = given[0] if given and isinstance(given[0], ast.GeneratorExp) else None
    if plain and name in _EARLY and generator is not None:
        written = ast.unparse(ast.ListComp(generator.elt, generator.generators))
        return (
            f"{name}() stops at the first that is {_EARLY[name]}",
            f"Write {name}({written}), if it may go over all items.",
        )
    if name == "fromiter" and generator is not None:
        written = ast.unparse(ast.ListComp(generator.elt, generator.generators))
        return "fromiter() takes the items one by one", f"Write np.array({written}, dtype=...)."
    if len(given) > 2 and plain and name == MAP:
        items = ", ".join(map(ast.unparse, given[1:]))
        return "map() takes several iterables at once", _as_loop("*args", f"zip({items})", given[0])
    if len(given) == 2 and plain and name == "filter":
        function, items = map(ast.unparse, given)
        return "filter() isn't split", f"Write [x for x in {items} if {function}(x)]."
    if len(given) == 2 and name == "starmap":
        return "starmap() isn't split", _as_loop("*args", ast.unparse(given[1]), given[0])
    return None


def _as_loop(arguments: str, items: str, function: ast.expr) -> str:
    name = ast.unparse(function)
    name = f"({name})" if isinstance(function, ast.Lambda) else name
    return f"Write [{name}({arguments}) for {arguments.lstrip('*')} in {items}]."


def _element(call: ast.Call) -> ast.stmt:
    """What is computed for one item."""
    given: Sequence[ast.expr] = call.args
    first = given[0]
    if isinstance(first, ast.GeneratorExp):
        return ast.copy_location(ast.Expr(first.elt), first)
    applied = ast.Call(first, [ast.copy_location(ast.Constant(0), first)] * (len(given) - 1), [])
    return ast.copy_location(ast.Expr(ast.copy_location(applied, first)), first)
