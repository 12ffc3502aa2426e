"""How a loop's code uses a table that it fills: which columns it reads, and what can't be told.

Other uses than those known here may see what an iteration puts into the table.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.accessors import BY_LABEL, BY_POSITION
from naavre_ext.planning.loops import Reduction

#: Methods that give a table of its own.
_COPYING = frozenset(
    {"query", "dropna", "head", "tail", "sort_values", "copy", "drop_duplicates", "nlargest", "nsmallest",
     "reset_index", "fillna", "select_dtypes"}
)  # fmt: skip
Column = str | int


def literal_columns(node: ast.expr, accessor: str) -> list[Column] | None:
    """The columns that a literal index names; None where it is no literal."""
    parts = node.elts if isinstance(node, ast.List) else [node]
    values = [part.value for part in parts if isinstance(part, ast.Constant)]
    wanted = int if accessor in BY_POSITION else str
    fits = len(values) == len(parts) and all(type(value) is wanted for value in values)
    return values if fits else None  # type: ignore[return-value]


@dataclass
class TableUses(ast.NodeVisitor):
    """How code uses a table: the columns that it reads, all harmless ``looks`` at it, and what is unclear.

    ``copies`` says that the rows of copies of the table's parts may be gone through as well. Where ``labels`` are
    given, which stand for labels of columns, ``read_by`` are the expressions of those that are read so.
    """

    root: str
    by_position: bool
    stores: dict[int, Reduction]
    copies: bool = False
    labels: frozenset[str] | None = None
    read_by: set[str] = field(default_factory=set)
    columns: set[Column] = field(default_factory=set)
    looks: set[int] = field(default_factory=set)
    unclear: bool = False

    def of_loop(self, body: Sequence[ast.stmt], iterable: ast.expr | None) -> frozenset[int]:
        """The looks in a loop's body. The iterable is made once, of the table as it is then."""
        for statement in body:
            self.visit(statement)
        looks = frozenset(self.looks)
        self.copies = True
        if iterable is not None:
            self.visit(iterable)
        return looks

    def visit(self, node: ast.AST) -> None:
        """Look at the node and all in it."""
        store = self.stores.get(id(node))
        if store is not None:
            for operand in store.operands:
                self.visit(operand)
        elif self._is_known(node):
            self.looks.add(id(node))
        elif self.copies and isinstance(node, (ast.GeneratorExp, ast.Lambda)):
            self._later(node)
        else:
            self.unclear = self.unclear or self._is_table(node)
            self.generic_visit(node)

    def _later(self, node: ast.GeneratorExp | ast.Lambda) -> None:
        """What makes the items one by one, as it sees what iterations have put into the table by then."""
        once = node.generators[0].iter if isinstance(node, ast.GeneratorExp) else None
        if once is not None:
            self.visit(once)
        in_once = set() if once is None else set(map(id, walk(once)))
        self.unclear = self.unclear or any(
            self._is_table(part) for part in walk(node) if id(part) not in in_once
        )

    def _is_known(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id == "len" and len(node.args) == 1:
                return self._is_table(node.args[0]) or self._is_index(node.args[0])
            return (
                self.copies
                and isinstance(function, ast.Attribute)
                and self._makes_rows(function, node)
            )
        if isinstance(node, ast.Attribute):
            labels = node.attr in ("index", "columns")
            known = self._is_copy(node.value) or self._is_table(node.value)
            return self.copies and labels and known
        if isinstance(node, ast.Compare):
            found = isinstance(node.ops[0], (ast.In, ast.NotIn)) and self._is_index(
                node.comparators[-1]
            )
            if found and len(node.ops) == 1:
                self.visit(node.left)
                return True
            return False
        return isinstance(node, ast.Subscript) and self._reads(node)

    def _makes_rows(self, method: ast.Attribute, call: ast.Call) -> bool:
        """Rows, or groups of them, which see no later changes: all groups are taken before the first one."""
        if method.attr != "groupby":
            return method.attr == "iterrows" and self._is_copy(method.value)
        if not self._is_table(method.value) and not self._is_copy(method.value):
            return False
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            self.visit(argument)
        return True

    def _is_table(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.root

    def _is_index(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Attribute) and node.attr == "index" and self._is_table(node.value)
        )

    def _reads(self, node: ast.Subscript) -> bool:
        """``df["a"]``, ``df.loc[i, "a"]``, ``df.index[i]``"""
        place, index = node.value, node.slice
        if not isinstance(node.ctx, ast.Load):
            return False
        if self._is_index(place):
            self.visit(index)
            return True
        if self._is_table(place):
            columns = None if self.by_position else literal_columns(index, "loc")
            if columns is None and self._is_label(index):
                columns = []
                self.read_by.add(ast.unparse(index))
                self.visit(index)
        elif isinstance(place, ast.Attribute) and self._is_table(place.value):
            right = place.attr in (BY_POSITION if self.by_position else BY_LABEL)
            if not right or not isinstance(index, ast.Tuple) or len(index.elts) != 2:
                return False
            columns = literal_columns(index.elts[1], place.attr)
            if columns is not None:
                self.visit(index.elts[0])
        else:
            return False
        self.columns |= set(columns or ())
        return columns is not None

    def _is_label(self, node: ast.expr) -> bool:
        """A text, or what an item is or holds."""
        if self.labels is None:
            return False
        is_item = isinstance(node, ast.Name) and node.id in self.labels
        return is_item or isinstance(node, ast.JoinedStr)

    def _is_copy(self, node: ast.expr) -> bool:
        """``df[mask]``, ``df.query("a > 3")``: a table that is made at once, and sees no later changes."""
        if isinstance(node, ast.Subscript):
            place = node.value
            if isinstance(place, ast.Attribute) and place.attr in ("loc", "iloc"):
                return self._is_table(place.value)
            return self._is_table(place) and literal_columns(node.slice, "loc") is None
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return False
        plain = not any(keyword.arg in (None, "inplace") for keyword in node.keywords)
        owner = node.func.value
        return (
            plain and node.func.attr in _COPYING and (self._is_table(owner) or self._is_copy(owner))
        )
