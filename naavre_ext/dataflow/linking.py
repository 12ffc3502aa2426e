"""Links the cells of a notebook in order: versions of names, aliases over cells, who provides what."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from naavre_ext.dataflow.aliases import AliasGraph
from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.functions import Summaries
from naavre_ext.dataflow.graph import CellNode, Link, NotebookDataflow
from naavre_ext.dataflow.recorder import is_provided
from naavre_ext.dataflow.source import (
    CellSource,
)
from naavre_ext.model.dataflow import CellDataflow

#: More possible bindings of one name than this count as one.
_MAX_VERSIONS = 6


class Linker:
    """Walks the cells once, in order.

    What a cell changes is judged by the aliases that exist by then: what later cells make of the same names
    can't reach back. ``versions`` are the cells that may have bound a name, the latest first.
    """

    def __init__(self, environment: Environment, summaries: Summaries) -> None:
        self.environment, self.summaries = environment, summaries
        self.aliases = AliasGraph()
        self.versions: dict[str, tuple[int, ...]] = {}
        self.provider: dict[str, int] = {}
        self.links: list[Link] = []

    def link(
        self, sources: Sequence[CellSource], facts: Sequence[CellDataflow]
    ) -> NotebookDataflow:
        """The dataflow of the cells, whose ``facts`` were found one by one."""
        cells: list[CellNode] = []
        anything_defined = False
        for position, (source, cell) in enumerate(zip(sources, facts, strict=True)):
            self.links = []
            nodes = self._nodes(position, cell)
            changed = self._changed(position, cell, nodes)
            touched = self._touched(changed)
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
                         nodes, tuple(self.links))
            )  # fmt: skip
            self._bind(position, cell)
            for name in cell.writes | touched:
                self.provider[name] = position
        find = self.aliases.find
        final = [
            replace(c, changed=frozenset(find(root) for root in c.changed)) if c.changed else c
            for c in cells
        ]
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

    def _add(self, relation: str, first: Hashable, second: Hashable, field: str = "") -> None:
        self.links.append((relation, first, second, field))
        self.aliases.add(relation, first, second, field)

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
            self._add(pair.relation, rename(pair.first), rename(pair.second), pair.field)
        changed: set[Hashable] = set()
        for change in cell.changes:
            changed |= self.aliases.changed_by(rename(change.node), change.deep)
        return changed

    def _touched(self, changed: set[Hashable]) -> set[str]:
        """The earlier names that see the changes."""
        return {node[0] for node in self.aliases.holders_of(changed) if isinstance(node, tuple)}
