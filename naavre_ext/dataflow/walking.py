"""Goes through syntax trees as ``ast`` does, a few times as fast: compiling while one types hangs on it.

Nobody changes the tree of a notebook's cell, so what it tells by itself may be kept with it (:data:`KEPT_CELLS`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, TypeVar

Node = TypeVar("Node", bound=ast.AST)

#: Fields that hold no code: names, and contexts, which every name and attribute has.
_NO_CODE = frozenset({"attr", "ctx", "id", "kind", "type_comment", "type_ignores"})


#: What the syntax of so many cells tells is kept: while one types, all but one are as before.
KEPT_CELLS = 1024


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    """By the kind of a node, its fields that may hold other nodes."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        self[kind] = tuple(name for name in kind._fields if name not in _NO_CODE)
        return self[kind]


_FIELDS = _Fields()


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly in this one, in the order of the text; contexts are none."""
    found: list[ast.AST] = []
    for name in _FIELDS[type(node)]:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, ast.AST):
                    found.append(part)
    return found


def walk(root: ast.AST) -> Iterator[ast.AST]:
    """The node and all in it; a node comes after what it is in, and after what stands less deep."""
    found = [root]
    for node in found:  # which grows meanwhile
        found += children(node)
        yield node


def copied(node: Node) -> Node:
    """The node and all in it, made anew; contexts and operators are one object in all trees, here as well.

    Unlike with :func:`copy.deepcopy`, what others have attached to nodes is left out. The library by which IPython
    finds the place of an error attaches parents to all nodes that it sees, contexts among them: the copy of a name
    would have the whole source of some module in it.
    """
    kind = type(node)
    if not kind._fields and not kind._attributes:
        return node
    made = kind.__new__(kind)
    for name in (*kind._fields, *kind._attributes):
        if hasattr(node, name):
            setattr(made, name, _copied_part(getattr(node, name)))
    return made


def _copied_part(part: Any) -> Any:
    if isinstance(part, list):
        return [_copied_part(element) for element in part]
    return copied(part) if isinstance(part, ast.AST) else part
