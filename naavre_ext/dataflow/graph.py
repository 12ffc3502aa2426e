"""The dataflow of a whole notebook: its cells' nodes, what they need of each other, what may be one object."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from naavre_ext.dataflow.aliases import AliasGraph
from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.functions import Summaries
from naavre_ext.dataflow.identity import identity_tests, plain_tests
from naavre_ext.dataflow.recorder import is_provided
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.source import (
    CellSource,
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


#: One sharing between alias nodes: the relation, both nodes, and the field in which the one holds the other.
Link = tuple[str, Hashable, Hashable, str]


@dataclass(frozen=True, slots=True)
class CellNode:
    """One cell in the notebook's dataflow; positions count the cells given, from 0.

    ``providers`` maps each name that the cell needs to the position of the cell that last
    (perhaps) bound or changed it. ``changed_names`` are all earlier names whose objects the cell
    changes in place, through whatever alias. ``changed`` are the alias classes it changes. ``nodes`` are the alias
    nodes of the names it reads, binds or changes, ``links`` what it adds to the aliases.
    """

    source: CellSource
    facts: CellDataflow
    providers: dict[str, int]
    changed_names: frozenset[str]
    changed: frozenset[Hashable]
    undefined: dict[str, int]
    nodes: dict[str, Hashable]
    links: tuple[Link, ...] = ()

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
    _answers: dict[str, str] = field(default_factory=dict)

    def node(self, position: int, name: str) -> Hashable:
        """The alias node of a name as cell ``position`` sees (or leaves) it."""
        return self.cells[position].nodes.get(name, (name, -1))

    def aliases_until(self, position: int) -> AliasGraph:
        """The aliases that exist when cell ``position`` has run; cheap when asked for in rising order."""
        graph, done = self._prefix[-1] if self._prefix else (AliasGraph(), 0)
        if done > position + 1:
            graph, done = AliasGraph(), 0
        for cell in self.cells[done : position + 1]:
            for link in cell.links:
                graph.add(*link)
        self._prefix[:] = [(graph, position + 1)]
        return graph

    def compares_identity(self) -> bool:
        """Whether the notebook may notice that an object was replaced by an equal copy.

        It does through ``is`` and ``id``, through the flags of arrays and what tells who has their memory,
        and through instances of classes without an ``__eq__`` of their own.
        """
        return self.tests_identity() or bool(self.environment.classes())

    def tests_identity(self) -> bool:
        """Whether it does so through more than instances of classes."""
        if "identity" not in self._answers:
            tested = any(identity_tests(cell.source.tree) for cell in self.cells)
            self._answers["identity"] = "tested" if tested else ""
        return bool(self._answers["identity"])

    def plain_compared(self) -> str:
        """The first expression that may tell a text or a number from an equal one; "" where none does."""
        if "plain" not in self._answers:
            found = (
                ast.unparse(node)
                for cell in self.cells
                for node in plain_tests(cell.source.tree, self.environment, self.summaries)
            )
            self._answers["plain"] = next(found, "")
        return self._answers["plain"]

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


def first_effect(facts: CellDataflow, *kinds: str) -> Effect | None:
    """The first effect of one of these kinds."""
    return next((effect for effect in facts.effects if effect.kind in kinds), None)
