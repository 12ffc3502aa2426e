"""Facts of a function as its caller sees them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.model.dataflow import CellDataflow, Change, Effect, Sharing


def compressed(facts: CellDataflow, interface: Iterable[str]) -> CellDataflow:
    """The same facts as a caller sees them: only of objects that it can reach.

    Everything that the interface nodes and the globals can't reach is left out, the rest is said with one
    node for each alias class.
    """
    graph = AliasGraph()
    share(graph, facts.sharing)
    named = {n for pair in facts.sharing for n in (pair.first, pair.second) if "%" not in n}
    named |= {change.node for change in facts.changes if "%" not in change.node}
    nodes = [*interface, *sorted(named)]
    classes = graph.reach(nodes)
    names: dict[Hashable, str] = {}
    sharing: list[Sharing] = []
    for node in nodes:
        root = graph.find(node)
        if root in names:
            sharing.append(Sharing("same", node, names[root]))
        else:
            names[root] = node
    for number, root in enumerate(root for root in classes if root not in names):
        names[root] = f"%class{number}"
    for root in classes:
        for field, content in graph.fields(root).items():
            sharing.append(Sharing("holds", names[root], names[content], field))
    changes = dict.fromkeys(
        Change(names[root], change.deep, change.line, change.how, change.suspected)
        for change in facts.changes
        if (root := graph.find(change.node)) in names
    )
    return replace(
        facts,
        sure=frozenset(),
        required=frozenset(),
        changes=tuple(_first_of_each(changes)),
        sharing=tuple(sharing),
        effects=tuple(_first_effects(facts.effects)),
    )


def _first_of_each(changes: Iterable[Change]) -> Iterable[Change]:
    """One change for each node and depth, certain ones before suspected ones."""
    found: dict[tuple[str, bool, bool], Change] = {}
    for change in changes:
        found.setdefault((change.node, change.deep, change.suspected), change)
    return found.values()


def _first_effects(effects: Iterable[Effect]) -> Iterable[Effect]:
    found: dict[tuple[str, str], Effect] = {}
    for effect in effects:
        found.setdefault((effect.kind, effect.what), effect)
    return found.values()


def union(first: CellDataflow, second: CellDataflow) -> CellDataflow:
    """The facts of code that may do what either does."""
    return replace(
        first,
        reads={**first.reads, **second.reads},
        writes=first.writes | second.writes,
        deletes=first.deletes | second.deletes,
        changes=tuple(dict.fromkeys([*first.changes, *second.changes])),
        sharing=tuple(dict.fromkeys([*first.sharing, *second.sharing])),
        effects=tuple(dict.fromkeys([*first.effects, *second.effects])),
    )
