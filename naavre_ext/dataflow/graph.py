"""The dataflow of a whole notebook: versions of names, aliases over cells, who depends on whom."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.aliases import AliasGraph
from naavre_ext.dataflow.collecting import bind_names
from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.functions import Summaries
from naavre_ext.dataflow.hidden import find_hidden
from naavre_ext.dataflow.history import with_history
from naavre_ext.dataflow.nested import AskedNotebook, NestedFunction
from naavre_ext.dataflow.recorder import assigned_names, is_provided
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.source import (
    DISPLAY_MAGICS,
    TRANSPARENT_MAGICS,
    CellSource,
    captured_name,
)
from naavre_ext.model.dataflow import CellDataflow, Effect, EffectKind

#: Effects after which nothing is known about any name.
BARRIER_EFFECTS: tuple[EffectKind, ...] = (
    "opaque",
    "unknown",
    "star-import",
    "history",
    "monkeypatch",
)


#: More possible bindings of one name than this count as one.
_MAX_VERSIONS = 6


@dataclass(frozen=True, slots=True)
class CellNode:
    """One cell in the notebook's dataflow; positions count the cells given, from 0.

    ``providers`` maps each name that the cell needs to the position of the cell that last
    (perhaps) bound or changed it. ``changed_names`` are all earlier names whose objects the cell
    changes in place, through whatever alias, ``own_changed`` those that it binds itself. ``changed`` are the alias
    classes it changes. ``nodes`` are the alias nodes of the names it reads, binds or changes, ``links`` what it
    adds to the aliases.
    """

    source: CellSource
    facts: CellDataflow
    providers: dict[str, int]
    changed_names: frozenset[str]
    changed: frozenset[Hashable]
    undefined: dict[str, int]
    nodes: dict[str, Hashable]
    own_changed: frozenset[str] = frozenset()
    links: tuple[tuple[str, Hashable, Hashable], ...] = ()

    @property
    def barrier(self) -> bool:
        """Whether the cell must run after everything before it and before everything after it.

        A magic that writes may name any variable in its own line.
        """
        writes_by_magic = self.source.magic is not None and self.facts.has("outside-write")
        return writes_by_magic or self.facts.has(*BARRIER_EFFECTS)


@dataclass(frozen=True, slots=True)
class NotebookDataflow:
    """All cells' nodes with the environment and the alias classes that they refer to."""

    cells: tuple[CellNode, ...]
    environment: Environment
    summaries: Summaries
    aliases: AliasGraph
    _prefix: list[tuple[AliasGraph, int]] = field(default_factory=list)
    _answers: dict[str, bool] = field(default_factory=dict)

    def node(self, position: int, name: str) -> Hashable:
        """The alias node of a name as cell ``position`` sees (or leaves) it."""
        return self.cells[position].nodes.get(name, (name, -1))

    def aliases_until(self, position: int) -> AliasGraph:
        """The aliases that exist when cell ``position`` has run; cheap when asked for in rising order."""
        graph, done = self._prefix[-1] if self._prefix else (AliasGraph(), 0)
        if done > position + 1:
            graph, done = AliasGraph(), 0
        for cell in self.cells[done : position + 1]:
            for relation, first, second in cell.links:
                graph.add(relation, first, second)
        self._prefix[:] = [(graph, position + 1)]
        return graph

    def compares_identity(self) -> bool:
        """Whether the notebook may notice that an object was replaced by an equal copy.

        It does through ``is`` and ``id``, and through instances of classes without an ``__eq__`` of their own.
        """
        if "identity" not in self._answers:
            self._answers["identity"] = any(self.environment.classes()) or any(
                _tests_identity(node) for cell in self.cells for node in ast.walk(cell.source.tree)
            )
        return self._answers["identity"]

    def method_globals(self) -> frozenset[str]:
        """Globals that methods of the notebook's classes read: operators may call them unseen."""
        names: set[str] = set()
        for definition in self.environment.classes():
            names |= set(self.summaries.of(definition).when_escaped.reads)
            for method in definition.body:
                if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    names |= set(self.summaries.of(method).when_escaped.reads)
        return frozenset(name for name in names if not is_provided(name))

    def region(self, statements: Sequence[ast.stmt], sure: Iterable[str] = ()) -> CellDataflow:
        """The facts of statements on their own, ``sure`` names being bound already."""
        region = Region(self.environment, self.summaries)
        region.sure |= set(sure)
        region.walk(statements)
        return region.dataflow()


def _tests_identity(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "id"
    if not isinstance(node, ast.Compare):
        return False
    constant = any(isinstance(part, ast.Constant) for part in [node.left, *node.comparators])
    return not constant and any(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops)


def analyse(
    sources: Sequence[CellSource],
    star_imports: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    nested: Mapping[AskedNotebook, NestedFunction] = MappingProxyType({}),
) -> NotebookDataflow:
    """The dataflow of the cells, in notebook order. Time is linear in the number of cells.

    ``star_imports`` tells for modules what ``from module import *`` binds: name → dotted path. ``nested`` are
    the notebooks that they call.
    A first pass tells which objects nobody changes in place; the second one may rely on what they hold.
    """
    sources = _with_automagic(sources)
    first = _analyse(sources, Environment(star_imports=star_imports, nested=nested))
    constants = _constants(first)
    parameters = _parameters(first)
    told = any("<" in b.shape for name in constants for b in first.environment.bindings[name])
    if not told and not any(shape for known in parameters.values() for shape in known.values()):
        return first
    better = replace(first.environment, constants=constants, parameters=parameters, _shapes={})
    return _analyse(sources, better)


def relinked(dataflow: NotebookDataflow, facts: Sequence[CellDataflow]) -> NotebookDataflow:
    """The dataflow of the same cells with other facts about each."""
    sources = [node.source for node in dataflow.cells]
    return _Linker(dataflow.environment, dataflow.summaries).link(sources, facts)


def _with_automagic(sources: Sequence[CellSource]) -> Sequence[CellSource]:
    """The cells, those that are magics without ``%`` as what IPython makes of them."""
    if not any(source.automagic for source in sources):
        return sources
    bound: set[str] = set()
    found: list[CellSource] = []
    for source in sources:
        if source.automagic is not None and source.automagic[0] not in bound:
            source = CellSource(source.automagic[1], may_fail=source.may_fail)
        found.append(source)
        bound |= assigned_names([source.tree])[0]
    return found


def _analyse(sources: Sequence[CellSource], known: Environment) -> NotebookDataflow:
    environment = _environment(sources, known)
    find_hidden(environment, [source.tree for source in sources])
    summaries = Summaries(environment)
    environment.calls.given.clear()  # what was given before is known better now
    facts = []
    now: dict[str, str] = {}
    postponed = Region.postponed
    for source in sources:
        postponed = postponed or _postpones_annotations(source)
        facts.append(_cell_facts(source, environment, summaries, postponed, now))
    return _Linker(environment, summaries).link(sources, list(with_history(facts)))


def _environment(sources: Sequence[CellSource], known: Environment) -> Environment:
    """All bindings with their shapes: each round infers from what the one before is sure of."""
    rounds = [False, False]
    if not known.bindings:
        known = bind_names(sources, known, lambda _node: "")
        rounds = [True, False]
    for kinds_only in rounds:
        region = Region(known, Summaries(known, kinds_only=kinds_only))
        known = bind_names(sources, known, lambda node: region.visit(node).shape)  # noqa: B023
    return known


def _parameters(dataflow: NotebookDataflow) -> dict[int, dict[str, str]]:
    """The shapes of the parameters of functions that nobody calls unseen."""
    unseen = any(c.facts.has("opaque", "star-import", "history") for c in dataflow.cells)
    if unseen or not dataflow.environment.closed:
        return {}
    return dataflow.environment.calls.parameters()


def _constants(dataflow: NotebookDataflow) -> frozenset[str]:
    """Names whose objects no cell changes in place."""
    cells = dataflow.cells
    if not dataflow.environment.closed or any(c.facts.has("opaque", "star-import") for c in cells):
        return frozenset()
    names = {name for cell in cells for name in cell.facts.writes}
    changed = {name for cell in cells for name in cell.changed_names | cell.own_changed}
    return frozenset((names & set(dataflow.environment.bindings)) - changed)


def _postpones_annotations(source: CellSource) -> bool:
    """Whether the cell imports the feature; IPython compiles all later cells with it."""
    return any(
        isinstance(statement, ast.ImportFrom)
        and statement.module == "__future__"
        and any(alias.name == "annotations" for alias in statement.names)
        for statement in source.tree.body
    )


def _cell_facts(
    source: CellSource,
    environment: Environment,
    summaries: Summaries,
    postponed: bool,
    now: dict[str, str],
) -> CellDataflow:
    """The cell's facts; ``now`` are the shapes of the names before it, and then those after it."""
    region = Region(environment, summaries)
    region.postponed = postponed
    region.shapes_now = now
    region.conditional += source.may_fail
    region.walk(source.tree.body)
    if source.magic is not None:
        _add_magic(region, source)
    facts = region.dataflow()
    return replace(facts, sure=frozenset(), required=frozenset()) if source.may_fail else facts


def _add_magic(region: Region, source: CellSource) -> None:
    """What the cell magic does besides running the cell's Python."""
    name, what = source.magic, f"%%{source.magic}"
    captured = captured_name(source)
    if captured:
        region.writes.add(captured)
        region.sure.add(captured)
    if name in TRANSPARENT_MAGICS or name in DISPLAY_MAGICS:
        region.effect("ambient", what, 1)
    elif name in tables.COMMAND_CELL_MAGICS and "--out" not in source.magic_line:
        region.effect("outside-write", what, 1)
    else:
        region.effect("opaque", what, 1)


class _Linker:
    """Walks the cells once, in order.

    What a cell changes is judged by the aliases that exist by then: what later cells make of the same names
    can't reach back. ``versions`` are the cells that may have bound a name, the latest first.
    """

    def __init__(self, environment: Environment, summaries: Summaries) -> None:
        self.environment, self.summaries = environment, summaries
        self.aliases = AliasGraph()
        self.versions: dict[str, tuple[int, ...]] = {}
        self.provider: dict[str, int] = {}
        self.links: list[tuple[str, Hashable, Hashable]] = []

    def link(
        self, sources: Sequence[CellSource], facts: Sequence[CellDataflow]
    ) -> NotebookDataflow:
        cells: list[CellNode] = []
        anything_defined = False
        for position, (source, cell) in enumerate(zip(sources, facts, strict=True)):
            self.links = []
            nodes = self._nodes(position, cell)
            changed = self._changed(position, cell, nodes)
            touched = self._touched(changed)
            own = (
                {n for n in cell.writes if self.aliases.reach([nodes[n]]) & changed}
                if changed
                else ()
            )
            unseen = cell.has("unknown") and not self.environment.closed
            if cell.has("opaque") or unseen:  # it may rebind or change anything
                touched |= set(self.provider)
            for name in sorted(touched - set(nodes)):
                nodes[name] = self._version(name)
            anything_defined = anything_defined or unseen or cell.has("star-import", "opaque")
            undefined = {} if anything_defined else self._undefined(cell)
            needs = set(cell.reads) | touched | {n for n in cell.writes if n not in cell.sure}
            providers = {n: self.provider[n] for n in sorted(needs) if n in self.provider}
            cells.append(
                CellNode(source, cell, providers, frozenset(touched), frozenset(changed), undefined,
                         nodes, frozenset(own), tuple(self.links))
            )  # fmt: skip
            self._bind(position, cell)
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
            not in cell.writes  # perhaps bound before it is read: a loop that leaks it, say
            and name not in self.provider
            and not is_provided(name)
        }

    def _add(self, relation: str, first: Hashable, second: Hashable) -> None:
        self.links.append((relation, first, second))
        self.aliases.add(relation, first, second)

    def _nodes(self, position: int, cell: CellDataflow) -> dict[str, Hashable]:
        """The alias nodes of the names that the cell reads or binds."""
        nodes: dict[str, Hashable] = {}
        for name in sorted({*cell.reads, *cell.writes}):
            possible: list[Hashable] = [
                (name, bound_at) for bound_at in self.versions.get(name, ())
            ]
            if name in cell.writes:
                nodes[name] = (name, position)
                if name not in cell.reads:
                    continue
            elif possible:
                nodes[name] = possible[0]
            for other in possible:  # it is read: it may be any of them
                self._add("same", nodes[name], other)
        return nodes

    def _version(self, name: str) -> Hashable:
        """The alias node of a name that may have been bound by several cells."""
        first, *others = self.versions[name]
        for other in others:
            self._add("same", (name, first), (name, other))
        return (name, first)

    def _bind(self, position: int, cell: CellDataflow) -> None:
        for name in sorted(cell.writes):
            older = self.versions.get(name, ())
            if name in cell.sure:
                for bound_at in older:
                    self.aliases.forget((name, bound_at))
                older = ()
            if len(older) > _MAX_VERSIONS:
                self.aliases.add("same", (name, older[0]), (name, older[-1]))
                older = older[:-1]
            self.versions[name] = (position, *older)
            self.aliases.remember((name, position))

    def _changed(
        self, position: int, cell: CellDataflow, nodes: dict[str, Hashable]
    ) -> set[Hashable]:
        """Alias classes that the cell changes in place."""

        def rename(node: str) -> Hashable:
            if "%" in node:
                return (node, position)
            return nodes[node] if node in nodes else (node, self.versions.get(node, (-1,))[0])

        for pair in cell.sharing:
            self._add(pair.relation, rename(pair.first), rename(pair.second))
        changed: set[Hashable] = set()
        for change in cell.changes:
            changed |= self.aliases.changed_by(rename(change.node), change.deep)
        return changed

    def _touched(self, changed: set[Hashable]) -> set[str]:
        """The earlier names that see the changes."""
        return {node[0] for node in self.aliases.holders_of(changed) if isinstance(node, tuple)}


def first_effect(facts: CellDataflow, *kinds: str) -> Effect | None:
    """The first effect of one of these kinds."""
    return next((effect for effect in facts.effects if effect.kind in kinds), None)
