"""Tables of which a loop fills columns, while it reads others of them or goes over their rows.

::

    for i in df.index:
        df.loc[i, "b"] = f(df.loc[i, "a"])
    for i, row in df[df["a"] > 3].iterrows():
        out.loc[i, "b"] = f(row["a"])

Each value goes into a column that no iteration reads. So batches get the table as it was when the loop began; what
can't be seen here (labels that the table lacks, columns with mutable values) is looked at while the loop runs.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.model.workflow import FilledTable
from naavre_ext.planning.bindings import names_of
from naavre_ext.planning.iteration_facts import facts_of, with_others, without_changes
from naavre_ext.planning.loops import Loop, Reduction, changed_place
from naavre_ext.planning.own_entries import own_entries
from naavre_ext.planning.own_rows import own_rows, table_and_label
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.replaying import BY_LABEL, BY_POSITION

#: Methods that give a table of its own.
_COPYING = frozenset(
    {"query", "dropna", "head", "tail", "sort_values", "copy", "drop_duplicates", "nlargest", "nsmallest",
     "reset_index", "fillna"}
)  # fmt: skip
Column = str | int


@dataclass(frozen=True)
class TableUse:
    """A table that the body uses only to set cells of columns, and for ``looks`` at others."""

    table: FilledTable
    looks: frozenset[int]


def without_tables(
    loop: Loop,
    body: Sequence[ast.stmt],
    reductions: Sequence[Reduction],
    facts: CellDataflow,
    notebook: NotebookDataflow,
) -> tuple[CellDataflow, list[TableUse]]:
    """An iteration's facts without the tables that it fills, as far as it sees nothing of what is filled in."""
    uses = [
        use
        for root in sorted({r.root for r in reductions} - facts.writes - facts.deletes)
        if (
            use := _use(root, loop, body, reductions)
            or _entries(root, loop, body, reductions, facts)
        )
    ]
    if uses:
        looks = frozenset(look for use in uses for look in use.looks)
        blank = {look: ast.Constant(None) for look in looks}
        others = facts_of(loop, with_others(without_changes(body, reductions), blank), notebook)
        uses = [use for use in uses if use.table.name not in others.reads]
    names = {use.table.name for use in uses}
    reads = {name: line for name, line in facts.reads.items() if name not in names}
    return (replace(facts, reads=reads) if names else facts), uses


def tables_of(
    uses: Sequence[TableUse],
    loop: Loop,
    facts: CellDataflow,
    notebook: NotebookDataflow,
    position: int,
) -> tuple[FilledTable, ...]:
    """The tables that the loop fills, each with the names that must stand for other ones."""
    graph = notebook.aliases_until(position)
    iterated = names_of(loop.iterable)
    filled = {use.table.name for use in uses}
    names = sorted((iterated | filled | set(facts.reads)) - facts.writes - {ITEMS})
    reached = {name: graph.reach([notebook.node(position, name)]) for name in names}
    found = []
    for use in uses:
        name = use.table.name
        changed = graph.find(notebook.node(position, name))
        apart = tuple(n for n in names if n != name and changed in reached[n])
        by_rows = not use.table.entries and name == own_rows_of(loop)
        if apart or use.table.in_body or (name in iterated and not by_rows):
            found.append(replace(use.table, apart=apart))
    return tuple(found)


def own_rows_of(loop: Loop) -> str:
    """The table over whose rows the loop goes, whatever it changes."""
    return table_and_label(loop)[0]


def _use(
    root: str, loop: Loop, body: Sequence[ast.stmt], reductions: Sequence[Reduction]
) -> TableUse | None:
    mine = [r for r in reductions if r.root == root]
    cells = [_cell(reduction, root) for reduction in mine]
    known = [cell for cell in cells if cell is not None]
    positional = {by_position for by_position, _ in known}
    if len(known) < len(cells) or len(positional) != 1:
        return None
    (by_position,) = positional
    uses = _Uses(root, by_position, {id(r.statement): r for r in mine})
    for statement in body:
        uses.visit(statement)
    looks = frozenset(uses.looks)
    uses.copies = True
    if root != own_rows(loop, reductions):
        uses.visit(loop.iterable)
    fills = {column for _, column in known}
    if uses.unclear or fills & uses.columns:
        return None
    table = FilledTable(
        root,
        fills=tuple(sorted(fills, key=str)),
        reads=tuple(sorted(uses.columns, key=str)),
        by_position=by_position,
        in_body=bool(looks),
    )
    return TableUse(table, looks)


def _entries(
    root: str,
    loop: Loop,
    body: Sequence[ast.stmt],
    reductions: Sequence[Reduction],
    facts: CellDataflow,
) -> TableUse | None:
    if root not in facts.reads and root not in names_of(loop.iterable):
        return None
    found = own_entries(root, loop, body, reductions)
    return None if found is None else TableUse(*found)


def _cell(reduction: Reduction, root: str) -> tuple[bool, Column] | None:
    """``df.loc[label, "b"] = v``: whether it is by position, and the column; None for other changes."""
    statement = reduction.statement
    if reduction.replayed or not isinstance(statement, (ast.Assign, ast.AugAssign)):
        return None
    place = changed_place(statement)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    if (
        not isinstance(place, ast.Attribute)
        or not isinstance(place.value, ast.Name)
        or place.value.id != root
        or not isinstance(target, ast.Subscript)
        or not isinstance(target.slice, ast.Tuple)
        or len(target.slice.elts) != 2
        or isinstance(target.slice.elts[0], (ast.Slice, ast.Starred))
    ):
        return None
    columns = _columns(target.slice.elts[1], place.attr)
    return None if columns is None or len(columns) != 1 else (place.attr in BY_POSITION, columns[0])


def _columns(node: ast.expr, accessor: str) -> list[Column] | None:
    """The columns that a literal index names; None where it is no literal."""
    parts = node.elts if isinstance(node, ast.List) else [node]
    values = [part.value for part in parts if isinstance(part, ast.Constant)]
    wanted = int if accessor in BY_POSITION else str
    fits = len(values) == len(parts) and all(type(value) is wanted for value in values)
    return values if fits else None  # type: ignore[return-value]


@dataclass
class _Uses(ast.NodeVisitor):
    """How code uses a table: the columns that it reads, all harmless ``looks`` at it, and what is unclear.

    ``copies`` says that the rows of copies of the table's parts may be gone through as well.
    """

    root: str
    by_position: bool
    stores: dict[int, Reduction]
    copies: bool = False
    columns: set[Column] = field(default_factory=set)
    looks: set[int] = field(default_factory=set)
    unclear: bool = False

    def visit(self, node: ast.AST) -> None:
        """Look at the node and all in it."""
        store = self.stores.get(id(node))
        if store is not None:
            for operand in store.operands:
                self.visit(operand)
        elif self._is_known(node):
            self.looks.add(id(node))
        else:
            self.unclear = self.unclear or self._is_table(node)
            self.generic_visit(node)

    def _is_known(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id == "len" and len(node.args) == 1:
                return self._is_table(node.args[0]) or self._is_index(node.args[0])
            rows = isinstance(function, ast.Attribute) and function.attr == "iterrows"
            return self.copies and rows and self._is_copy(function.value)  # type: ignore[attr-defined]
        if isinstance(node, ast.Attribute):
            of_copy = node.attr == "index" and self._is_copy(node.value)
            return self.copies and (of_copy or self._is_index(node))
        if isinstance(node, ast.Compare):
            found = isinstance(node.ops[0], (ast.In, ast.NotIn)) and self._is_index(
                node.comparators[-1]
            )
            if found and len(node.ops) == 1:
                self.visit(node.left)
                return True
            return False
        return isinstance(node, ast.Subscript) and self._reads(node)

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
            columns = None if self.by_position else _columns(index, "loc")
        elif isinstance(place, ast.Attribute) and self._is_table(place.value):
            right = place.attr in (BY_POSITION if self.by_position else BY_LABEL)
            if not right or not isinstance(index, ast.Tuple) or len(index.elts) != 2:
                return False
            columns = _columns(index.elts[1], place.attr)
            if columns is not None:
                self.visit(index.elts[0])
        else:
            return False
        self.columns |= set(columns or ())
        return columns is not None

    def _is_copy(self, node: ast.expr) -> bool:
        """``df[mask]``, ``df.query("a > 3")``: a table that is made at once, and sees no later changes."""
        if isinstance(node, ast.Subscript):
            place = node.value
            if isinstance(place, ast.Attribute) and place.attr in ("loc", "iloc"):
                return self._is_table(place.value)
            return self._is_table(place) and _columns(node.slice, "loc") is None
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return False
        plain = not any(keyword.arg in (None, "inplace") for keyword in node.keywords)
        owner = node.func.value
        return (
            plain and node.func.attr in _COPYING and (self._is_table(owner) or self._is_copy(owner))
        )
