"""Lists, dicts and arrays of which each iteration reads and replaces its own entry.

::

    for i in range(len(xs)):
        xs[i] = f(xs[i])
    for key, value in table.items():
        table[key] = f(value)

No two iterations have the same entry, and none looks at its own after it has replaced it. So batches get all
entries as they were when the loop began.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from naavre_ext.model.workflow import FilledTable
from naavre_ext.planning.loops import Loop, Reduction
from naavre_ext.planning.mapping_calls import BARS, called


@dataclass
class OwnEntries(ast.NodeVisitor):
    """How a loop's body uses ``root``: harmless ``looks`` at its own entry, or ``unclear``."""

    root: str
    label: str
    stores: dict[int, Reduction]
    looks: set[int] = field(default_factory=set)
    unclear: bool = False

    def visit(self, node: ast.AST) -> None:
        """Look at the node and all in it."""
        store = self.stores.get(id(node))
        if store is not None:
            self.unclear = self.unclear or not self._is_own(_target(store))
            for operand in store.operands:
                self.visit(operand)
        elif isinstance(node, ast.Subscript) and self._is_own(node):
            self.looks.add(id(node))
            self.visit(node.slice)
        elif isinstance(node, ast.Name):
            is_set = node.id == self.label and not isinstance(node.ctx, ast.Load)
            self.unclear = self.unclear or node.id == self.root or is_set
        elif self._is_length(node):
            self.looks.add(id(node))
        else:
            self.generic_visit(node)

    def _is_own(self, node: ast.AST | None) -> bool:
        """``xs[i]``, ``a[i, :]``"""
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            return False
        place = node.slice
        first = place.elts[0] if isinstance(place, ast.Tuple) and place.elts else place
        return node.value.id == self.root and isinstance(first, ast.Name) and first.id == self.label

    def _is_length(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute) and node.attr in ("shape", "ndim", "size", "dtype"):
            owner: ast.AST = node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "len" and len(node.args) == 1:
            owner = node.args[0]
        else:
            return False
        return isinstance(owner, ast.Name) and owner.id == self.root

    def looks_again(self, statements: Sequence[ast.stmt]) -> bool:
        """Whether an iteration may look at its entry after it has replaced it."""
        return self._after(statements, False) is None

    def _after(self, statements: Sequence[ast.stmt], replaced: bool) -> bool | None:
        """Whether the entry may be replaced by then; None where it is looked at afterwards."""
        for statement in statements:
            if id(statement) in self.stores:
                if replaced and self._looks_in(statement):
                    return None
                replaced = True
            elif isinstance(statement, ast.If):
                if replaced and self._looks_in(statement.test):
                    return None
                ends = [
                    self._after(block, replaced) for block in (statement.body, statement.orelse)
                ]
                if None in ends:
                    return None
                replaced = any(ends)
            else:
                stores = any(id(part) in self.stores for part in ast.walk(statement))
                if (replaced or stores) and self._looks_in(statement):
                    return None
                replaced = replaced or stores
        return replaced

    def _looks_in(self, node: ast.AST) -> bool:
        return any(id(part) in self.looks for part in ast.walk(node))


def own_entries(
    root: str, loop: Loop, body: Sequence[ast.stmt], reductions: Sequence[Reduction]
) -> tuple[FilledTable, frozenset[int]] | None:
    """The container and the looks at it, if each iteration replaces its own entry only; else None."""
    kind, label = _labels(loop)
    mine = {id(r.statement): r for r in reductions if r.root == root}
    if not label or any(r.replayed for r in mine.values()):
        return None
    uses = OwnEntries(root, label, mine)
    for statement in body:
        uses.visit(statement)
    if uses.unclear or uses.looks_again(body):
        return None
    if not uses.looks and called(_items(loop)) == "range":  # nothing of it is read
        return None
    table = FilledTable(root, fills=(), in_body=bool(uses.looks), entries=kind)
    return table, frozenset(uses.looks)


def _target(reduction: Reduction) -> ast.expr | None:
    statement = reduction.statement
    if isinstance(statement, ast.Assign):
        return statement.targets[0]
    return statement.target if isinstance(statement, ast.AugAssign) else None


def _items(loop: Loop) -> ast.expr:
    """What the loop goes over, without its progress bar."""
    items = loop.iterable
    return (
        items.args[0]
        if isinstance(items, ast.Call) and called(items) in BARS and items.args
        else items
    )


def _labels(loop: Loop) -> tuple[str, str]:
    """``position`` or ``key``, and the variable that has another one in each iteration; "" where none is known."""
    items, target = _items(loop), loop.target
    first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
    if not isinstance(first, ast.Name):
        return "", ""
    if isinstance(items, ast.Call) and isinstance(items.func, ast.Name):
        name = items.func.id
        if name == "range" and first is target and _counts_up(items.args):
            return "position", first.id
        if name == "enumerate" and first is not target and len(items.args) == 1:
            return "position", first.id
        if name in ("list", "sorted") and len(items.args) == 1:
            items = items.args[0]
    if isinstance(items, ast.Call) and isinstance(items.func, ast.Attribute) and not items.args:
        pairs = items.func.attr == "items" and first is not target
        keys = items.func.attr == "keys" and first is target
        return ("key", first.id) if pairs or keys else ("", "")
    return ("key", first.id) if isinstance(items, ast.Name) and first is target else ("", "")


def _counts_up(arguments: Sequence[ast.expr]) -> bool:
    """Whether the range surely has no number below zero, which would be another one's place."""
    limits = [arguments[0], *arguments[2:]] if len(arguments) > 1 else []
    return all(
        isinstance(limit, ast.Constant) and isinstance(limit.value, int) and limit.value >= 0
        for limit in limits
    )
