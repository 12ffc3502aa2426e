"""Tables of which a loop fills columns, while it reads others of them or goes over their rows.

::

    for i in df.index:
        df.loc[i, "b"] = f(df.loc[i, "a"])
    for i, row in df[df["a"] > 3].iterrows():
        out.loc[i, "b"] = f(row["a"])
    for column in df.columns:
        df[f"{column}_scaled"] = f(df[column])

Each value goes into a column that no iteration reads. So batches get the table as it was when the loop began; what
can't be seen here (labels that the table lacks or has already, columns with mutable values) is looked at while the
loop runs.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.model.workflow import AddedColumns, FilledTable
from naavre_ext.planning.accessors import BY_POSITION
from naavre_ext.planning.bindings import names_of
from naavre_ext.planning.iteration_facts import facts_of, with_others, without_changes
from naavre_ext.planning.loops import Loop, Reduction, changed_place, may_swallow
from naavre_ext.planning.own_entries import own_entries
from naavre_ext.planning.own_rows import own_rows, table_and_label
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.table_uses import Column, TableUses, literal_columns


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
    read = facts.reads.keys() | names_of(loop.iterable)
    uses = [
        use
        for root in sorted({r.root for r in reductions} - facts.writes - facts.deletes)
        if (
            use := _use(root, loop, body, reductions)
            or (root in read and _entries(root, loop, body, reductions))
            or (root in read and _columns_added(root, loop, body, reductions))
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
    uses = TableUses(root, by_position, {id(r.statement): r for r in mine})
    looks = uses.of_loop(body, None if root == own_rows(loop, reductions) else loop.iterable)
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
    root: str, loop: Loop, body: Sequence[ast.stmt], reductions: Sequence[Reduction]
) -> TableUse | None:
    found = own_entries(root, loop, body, reductions)
    return None if found is None else TableUse(*found)


def _columns_added(
    root: str, loop: Loop, body: Sequence[ast.stmt], reductions: Sequence[Reduction]
) -> TableUse | None:
    """``df[new] = f(df["a"], df[item])``: whole columns, while others are read."""
    mine = [r for r in reductions if r.root == root]
    set_by = {_label_set(reduction, root) for reduction in mine}
    if None in set_by:
        return None
    items = frozenset(names_of(loop.target)) - _bound_in(body)
    uses = TableUses(root, False, {id(r.statement): r for r in mine}, labels=items)
    looks = uses.of_loop(body, loop.iterable)
    if uses.unclear or set_by & {*uses.read_by, *map(repr, uses.columns)}:
        return None
    # A column that isn't there yet is no error where an earlier iteration has made it.
    if uses.read_by and any(map(_may_catch, body)):
        return None
    reads = () if uses.read_by else tuple(sorted(uses.columns, key=str))
    adds: AddedColumns = "others" if reads else "new"
    return TableUse(FilledTable(root, (), reads, in_body=bool(looks), adds=adds), looks)


def _label_set(reduction: Reduction, root: str) -> str | None:
    """The expression for the label of the column that is set; None for other changes."""
    statement = reduction.statement
    if reduction.replayed or not isinstance(statement, ast.Assign):
        return None
    place, target = changed_place(statement), statement.targets[0]
    if not isinstance(place, ast.Name) or place.id != root or not isinstance(target, ast.Subscript):
        return None
    several = isinstance(target.slice, (ast.Tuple, ast.Slice, ast.List))
    return None if several else ast.unparse(target.slice)


def _bound_in(body: Sequence[ast.stmt]) -> set[str]:
    nodes = (node for statement in body for node in walk(statement))
    return {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}


def _may_catch(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Try) or (isinstance(node, ast.With) and may_swallow(node))
        for node in walk(statement)
    )


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
    columns = literal_columns(target.slice.elts[1], place.attr)
    return None if columns is None or len(columns) != 1 else (place.attr in BY_POSITION, columns[0])
