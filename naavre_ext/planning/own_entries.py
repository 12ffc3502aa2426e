"""Lists, dicts, arrays and tables of which each iteration reads and replaces its own entry, row or column.

::

    for i in range(len(xs)):
        xs[i] = f(xs[i])
    for key, value in table.items():
        table[key] = f(value)
    for i in df.index:
        df.loc[i, "a"] = f(df.loc[i, "a"], df.loc[i, "b"])

No two iterations have the same entry, and none looks at its own after it has replaced it. So batches get all
entries as they were when the loop began.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from naavre_ext.dataflow.walking import walk
from naavre_ext.model.workflow import FilledTable
from naavre_ext.planning.accessors import ACCESSORS, BY_LABEL, BY_POSITION
from naavre_ext.planning.bindings import bindings_in, names_of
from naavre_ext.planning.loops import Loop, Reduction
from naavre_ext.planning.mapping_calls import BARS, called
from naavre_ext.planning.own_rows import table_and_label

#: Code that may run later, and has names of its own.
_LATER = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.GeneratorExp)


@dataclass
class OwnEntries(ast.NodeVisitor):
    """How a loop's body uses ``root``: harmless ``looks`` at its own entry, or ``unclear``."""

    root: str
    label: str
    stores: dict[int, Reduction]
    looks: set[int] = field(default_factory=set)
    accessors: set[str] = field(default_factory=set)
    unclear: bool = False

    def visit(self, node: ast.AST) -> None:
        """Look at the node and all in it."""
        store = self.stores.get(id(node))
        if store is not None:
            self.unclear = self.unclear or not self._is_own(_target(store))
            for operand in store.operands:
                self.visit(operand)
        elif (
            isinstance(node, ast.Subscript)
            and self._is_own(node)
            and isinstance(node.ctx, ast.Load)
        ):
            self.looks.add(id(node))
            self.visit(node.slice)
        elif isinstance(node, ast.Name):
            is_set = node.id == self.label.split(".")[0] and not isinstance(node.ctx, ast.Load)
            self.unclear = self.unclear or node.id == self.root or is_set
        elif isinstance(node, _LATER):  # it may look at any time
            self.unclear = self.unclear or self.root in names_of(node)
        elif self._is_length(node):
            self.looks.add(id(node))
        else:
            self.generic_visit(node)

    def _is_own(self, node: ast.AST | None) -> bool:
        """``xs[i]``, ``a[i, :]``, ``df.loc[i, "a"]``"""
        if not isinstance(node, ast.Subscript):
            return False
        owner, accessor = node.value, ""
        if isinstance(owner, ast.Attribute) and owner.attr in ACCESSORS:
            accessor, owner = owner.attr, owner.value
        place = node.slice
        first = place.elts[0] if isinstance(place, ast.Tuple) and place.elts else place
        if not isinstance(owner, ast.Name) or owner.id != self.root or _text(first) != self.label:
            return False
        self.accessors.add(accessor)
        return True

    def _is_length(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute) and node.attr in ("shape", "ndim", "size", "dtype"):
            owner: ast.AST = node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "len" and len(node.args) == 1:
            owner = node.args[0]
        else:
            return False
        return isinstance(owner, ast.Name) and owner.id == self.root

    def looks_again(self, statements: Sequence[ast.stmt], elements: set[str]) -> bool:
        """Whether an iteration may look at its entry after it has replaced it, by a name that may be a view, too.

        ``elements`` are names for the entry.
        """
        names, known = set(elements), -1
        while len(names) > known:
            known = len(names)
            for statement in statements:
                for bound, value in bindings_in(statement):
                    if self._looks_in(value, names):
                        names |= bound
        return self._after(statements, False, names) is None

    def _after(
        self, statements: Sequence[ast.stmt], replaced: bool, names: set[str]
    ) -> bool | None:
        """Whether the entry may be replaced by then; None where it is looked at afterwards."""
        for statement in statements:
            if id(statement) in self.stores:
                if replaced and self._looks_in(statement, names):
                    return None
                replaced = True
            elif isinstance(statement, ast.If):
                if replaced and self._looks_in(statement.test, names):
                    return None
                blocks = (statement.body, statement.orelse)
                ends = [self._after(block, replaced, names) for block in blocks]
                if None in ends:
                    return None
                replaced = any(ends)
            else:
                stores = any(id(part) in self.stores for part in walk(statement))
                if (replaced or stores) and self._looks_in(statement, names):
                    return None
                replaced = replaced or stores
        return replaced

    def _looks_in(self, node: ast.AST, names: set[str]) -> bool:
        return any(
            id(part) in self.looks
            or (isinstance(part, ast.Name) and part.id in names and isinstance(part.ctx, ast.Load))
            for part in walk(node)
        )


def own_entries(
    root: str, loop: Loop, body: Sequence[ast.stmt], reductions: Sequence[Reduction]
) -> tuple[FilledTable, frozenset[int]] | None:
    """The container and the looks at it, if each iteration replaces its own entry only; else None."""
    kind, label = _labels(loop, root)
    mine = {id(r.statement): r for r in reductions if r.root == root}
    if not label or any(r.replayed for r in mine.values()):
        return None
    uses = OwnEntries(root, label, mine)
    for statement in body:
        uses.visit(statement)
    by_position = bool(uses.accessors & BY_POSITION)
    elements = names_of(loop.target) - {label}
    if (
        uses.unclear
        or uses.looks_again(body, elements)
        or not _is_one_way(uses.accessors, kind, bool(elements))
    ):
        return None
    items = _items(loop)
    if not uses.looks and isinstance(items, ast.Call) and called(items) == "range":
        return None  # it reads nothing of it
    if uses.accessors != {""}:
        kind = "row"
    looks = bool(uses.looks)
    table = FilledTable(root, fills=(), by_position=by_position, in_body=looks, entries=kind)
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


def _is_one_way(accessors: set[str], kind: str, numbered: bool) -> bool:
    """Whether all uses take the variable for the same thing: a place, a label of a row, or a key.

    ``numbered`` elements are at their places, which may be others than those with such labels.
    """
    if accessors == {""}:
        return True
    if accessors <= BY_POSITION:
        return kind == "position"
    return accessors <= BY_LABEL and (kind == "label" or (kind == "position" and not numbered))


def _labels(loop: Loop, root: str) -> tuple[str, str]:
    """What the variable is that gives each iteration its own entry of ``root``, and its name; "" for none."""
    items, target = _items(loop), loop.target
    rows, label = table_and_label(loop)
    if label is not None:  # df.index, df.iterrows(), df.itertuples()
        return ("label", _text(label)) if rows == root else ("", "")
    first, *others = target.elts if isinstance(target, ast.Tuple) and target.elts else [target]
    alone, name = first is target, _text(first)
    if isinstance(items, ast.Call) and isinstance(items.func, ast.Name):
        made = items.func.id
        if made == "range" and alone and _counts_up(items.args):
            return "position", name
        if made == "enumerate" and not alone and len(items.args) == 1:
            if others and ast.unparse(items.args[0]) == f"{root}.index":
                return "label", _text(others[0])
            return "position", name
        if made in ("list", "sorted") and len(items.args) == 1:
            items = items.args[0]
    kinds = {
        root: "key" if alone else "",
        f"{root}.keys()": "key" if alone else "",
        f"{root}.items()": "" if alone else "label",
        f"{root}.columns": "column" if alone else "",
    }
    kind = kinds.get(ast.unparse(items), "")
    return (kind, name) if kind else ("", "")


def _text(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute)) else ""


def _counts_up(arguments: Sequence[ast.expr]) -> bool:
    """Whether the range surely has no number below zero, which would be another one's place."""
    limits = [arguments[0], *arguments[2:]] if len(arguments) > 1 else []
    return all(
        isinstance(limit, ast.Constant) and isinstance(limit.value, int) and limit.value >= 0
        for limit in limits
    )
