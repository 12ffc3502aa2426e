"""The dataflow of a whole notebook: versions of names, aliases over cells, who depends on whom."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.environment import Environment, build_environment
from naavre_ext.dataflow.functions import Summaries
from naavre_ext.dataflow.recorder import is_provided
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.source import DISPLAY_MAGICS, TRANSPARENT_MAGICS, CellSource
from naavre_ext.dataflow.tables import Kind
from naavre_ext.model.dataflow import CellDataflow, Effect, EffectKind

#: Effects after which nothing is known about any name.
BARRIER_EFFECTS: tuple[EffectKind, ...] = (
    "opaque",
    "unknown",
    "outside-write",
    "star-import",
    "history",
    "monkeypatch",
)


@dataclass(frozen=True, slots=True)
class CellNode:
    """One cell in the notebook's dataflow; positions count the cells given, from 0.

    ``providers`` maps each name that the cell needs to the position of the cell that last
    (perhaps) bound or changed it. ``changed_names`` are all names whose objects the cell changes
    in place, through whatever alias. ``changed`` are the alias classes it changes.
    """

    source: CellSource
    facts: CellDataflow
    providers: dict[str, int]
    changed_names: frozenset[str]
    changed: frozenset[Hashable]
    undefined: dict[str, int]

    @property
    def barrier(self) -> bool:
        """Whether the cell must run after everything before it and before everything after it."""
        return self.facts.has(*BARRIER_EFFECTS)


@dataclass(frozen=True, slots=True)
class NotebookDataflow:
    """All cells' nodes with the environment and the alias classes that they refer to."""

    cells: tuple[CellNode, ...]
    environment: Environment
    summaries: Summaries
    aliases: AliasGraph

    def node(self, position: int, name: str) -> Hashable:
        """The alias node of a name as cell ``position`` sees (or leaves) it."""
        cell = self.cells[position]
        if name in cell.facts.writes:
            return (name, position)
        return (name, cell.providers.get(name, -1))

    def region(self, statements: Sequence[ast.stmt], sure: Iterable[str] = ()) -> CellDataflow:
        """The facts of statements on their own, ``sure`` names being bound already."""
        region = Region(self.environment, self.summaries)
        region.sure |= set(sure)
        region.walk(statements)
        return region.dataflow()


def infer_kind(node: ast.expr, environment: Environment) -> Kind:
    """The kind of an expression judged from its form and the kinds of names alone."""
    return Region(environment, Summaries(environment, kinds_only=True)).visit(node).kind


def analyse(sources: Sequence[CellSource]) -> NotebookDataflow:
    """The dataflow of the cells, in notebook order. Time is linear in the number of cells."""
    environment = build_environment([s.tree for s in sources], infer_kind)
    summaries = Summaries(environment)
    facts = [_cell_facts(source, environment, summaries) for source in sources]
    return _Linker(environment, summaries).link(sources, facts)


def _cell_facts(source: CellSource, environment: Environment, summaries: Summaries) -> CellDataflow:
    region = Region(environment, summaries)
    region.walk(source.tree.body)
    if source.magic is not None:
        name = source.magic
        if name == "capture" and source.magic_line.strip():
            for word in source.magic_line.split():
                if word.isidentifier():
                    region.writes.add(word)
                    region.sure.add(word)
        if name in TRANSPARENT_MAGICS or name in DISPLAY_MAGICS:
            region.effect("ambient", f"%%{name}", 1)
        else:
            region.effect("opaque", f"%%{name}", 1)
    return region.dataflow()


class _Linker:
    """Walks the cells once, in order.

    What a cell changes is judged by the aliases that exist by then: what later cells make of the same names
    can't reach back.
    """

    def __init__(self, environment: Environment, summaries: Summaries) -> None:
        self.environment, self.summaries = environment, summaries
        self.aliases = AliasGraph()
        self.version: dict[str, int] = {}
        self.provider: dict[str, int] = {}

    def link(
        self, sources: Sequence[CellSource], facts: Sequence[CellDataflow]
    ) -> NotebookDataflow:
        cells: list[CellNode] = []
        anything_defined = False
        for position, (source, cell) in enumerate(zip(sources, facts, strict=True)):
            changed, touched = self._changes(position, cell)
            anything_defined = anything_defined or cell.has("star-import", "opaque")
            undefined = {} if anything_defined else self._undefined(cell)
            needs = set(cell.reads) | touched | {n for n in cell.writes if n not in cell.sure}
            providers = {n: self.provider[n] for n in sorted(needs) if n in self.provider}
            cells.append(
                CellNode(source, cell, providers, frozenset(touched), frozenset(changed), undefined)
            )
            for name in cell.writes:
                self.version[name] = position
                self.aliases.remember((name, position))
            for name in cell.writes | touched:
                self.provider[name] = position
        find = self.aliases.find
        final = [replace(c, changed=frozenset(find(root) for root in c.changed)) for c in cells]
        return NotebookDataflow(tuple(final), self.environment, self.summaries, self.aliases)

    def _undefined(self, cell: CellDataflow) -> dict[str, int]:
        return {
            name: line
            for name, line in cell.reads.items()
            if name in cell.required
            and name
            not in cell.writes  # perhaps written before it is read: a loop that leaks it, say
            and name not in self.provider
            and not is_provided(name)
        }

    def _changes(self, position: int, cell: CellDataflow) -> tuple[set[Hashable], set[str]]:
        """Alias classes that the cell changes in place, and the earlier names that see it."""
        aliases, version = self.aliases, self.version

        def rename(node: str) -> Hashable:
            own = "%" in node or node in cell.writes
            return (node, position if own else version.get(node, -1))

        share(aliases, cell.sharing, rename)
        for name in cell.writes:
            if name in version and (name not in cell.sure or name in cell.reads):
                aliases.same((name, position), (name, version[name]))
        changed: set[Hashable] = set()
        for change in cell.changes:
            changed |= aliases.changed_by(rename(change.node), change.deep)
        touched: set[str] = set()
        for name, bound_at in map(_name_and_version, aliases.holders_of(changed)):
            if version.get(name) == bound_at:
                touched.add(name)
        return changed, touched


def _name_and_version(node: Hashable) -> tuple[str, int]:
    assert isinstance(node, tuple)
    return node[0], node[1]


def first_effect(facts: CellDataflow, *kinds: str) -> Effect | None:
    """The first effect of one of these kinds."""
    return next((effect for effect in facts.effects if effect.kind in kinds), None)
