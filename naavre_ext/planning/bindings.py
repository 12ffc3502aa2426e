"""What code binds to names, and which names it has, as far as its text tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from naavre_ext.dataflow.walking import walk


def bindings_in(code: ast.AST) -> Iterator[tuple[set[str], ast.expr]]:
    """Each binding in the code, from the outside to the inside: the names, and what they are bound to."""
    for targets, value in _bindings(code):
        parts = [part for target in targets for part in walk(target)]
        yield (
            {p.id for p in parts if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store)},
            value,
        )


def _bindings(code: ast.AST) -> Iterator[tuple[list[ast.expr], ast.expr]]:
    for node in walk(code):
        if isinstance(node, ast.Assign):
            yield node.targets, node.value
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            if node.value is not None:
                yield [node.target], node.value
        elif isinstance(node, ast.For):
            yield [node.target], node.iter
        elif isinstance(node, ast.With):
            for item in node.items:
                if item.optional_vars is not None:
                    yield [item.optional_vars], item.context_expr


def names_of(node: ast.AST) -> set[str]:
    """All names in the code."""
    return {part.id for part in walk(node) if isinstance(part, ast.Name)}


#: What shows something, or where it is shown.
_SHOWING = frozenset({"print", "display", "stdout", "stderr"})


def may_show(node: ast.AST) -> bool:
    """Whether the code has a name of what shows something: ``print``, ``sys.stdout``."""
    return any(
        getattr(part, "id", getattr(part, "attr", None)) in _SHOWING
        for part in walk(node)
        if isinstance(part, (ast.Name, ast.Attribute))
    )
