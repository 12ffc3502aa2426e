"""What is known of a call of one of the notebook's functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.model.dataflow import CellDataflow, Change, Effect, Sharing

NOTHING = CellDataflow({}, frozenset(), frozenset(), frozenset(), frozenset(), (), (), (), False)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a call does, in terms of nodes that stand for the parameters and the result.

    ``when_escaped`` are the facts when the function itself is handed on and called by others.
    ``variadic`` parameters collect several arguments, ``defaulted`` ones have a default that can change.
    ``changes_parameters`` says that it may change something that it was given (``surely_...``: not only that
    unseen code might), ``runs_later`` that some of what it does may be done after it has returned,
    ``changes_enclosing`` that it changes an object behind a name of the function that it is defined in,
    ``gives`` are names of the notebook whose objects its result may be, or hold.
    """

    when_called: CellDataflow = NOTHING
    when_escaped: CellDataflow = NOTHING
    parameters: dict[str, str] = field(default_factory=dict)
    variadic: frozenset[str] = frozenset()
    defaulted: tuple[str, ...] = ()
    result_node: str = "%result"
    shape: str = ""
    changes_parameters: bool = False
    surely_changes_parameters: bool = False
    runs_later: bool = False
    changes_enclosing: bool = False
    gives: frozenset[str] = frozenset()


def without_own_changes(
    facts: CellDataflow, parameters: Iterable[str], own: frozenset[str]
) -> CellDataflow:
    """The facts without sure changes of objects that the call makes: its caller gets them when they are done.

    An object that anything from before the call may be, hold or get isn't its own: arguments, defaults, globals,
    functions and classes with what they keep. What the ``own`` nodes stand for is.
    """
    graph = AliasGraph()
    share(graph, facts.sharing)
    nodes = {node for pair in facts.sharing for node in (pair.first, pair.second)}
    nodes |= {change.node for change in facts.changes}
    older = {node for node in nodes if "%" not in node} | set(facts.reads) | facts.writes
    reached = graph.reach([*parameters, *sorted(older)])

    def is_own(change: Change) -> bool:
        if change.suspected:
            return False
        if change.node in own and not change.deep:
            return True
        return not graph.changed_by(change.node, change.deep) & reached

    return replace(facts, changes=tuple(c for c in facts.changes if not is_own(c)))


def changes_any(facts: CellDataflow, nodes: Iterable[str], *, surely: bool = False) -> bool:
    """Whether an object that the nodes stand for, or that is held by one, may be changed."""
    graph = AliasGraph()
    share(graph, facts.sharing)
    given = graph.reach(nodes)
    return any(
        graph.changed_by(change.node, change.deep) & given
        for change in facts.changes
        if not (surely and change.suspected)
    )


def given(facts: CellDataflow, result: str) -> frozenset[str]:
    """The global names that the result shares objects with."""
    names = {n for pair in facts.sharing for n in (pair.first, pair.second) if "%" not in n}
    if not names:
        return frozenset()
    graph = AliasGraph()
    share(graph, facts.sharing)
    reached = graph.reach([result])
    return frozenset(name for name in names if not reached.isdisjoint(graph.reach([name])))


def unknown(summary: Summary) -> Summary:
    """The summary of a function of which too little is known."""
    nodes = [*summary.parameters.values(), summary.result_node]
    changes = [Change(n, True, 0, "changed by a recursive function", True) for n in nodes]
    effect = Effect("unknown", "a recursive function", 0)
    called = summary.when_called
    facts = replace(
        called,
        changes=(*called.changes, *changes),
        effects=(*called.effects, effect),
        sharing=(*called.sharing, *[Sharing("same", nodes[0], n) for n in nodes[1:]]),
    )
    return replace(
        summary, when_called=facts, when_escaped=facts, shape="", changes_parameters=True
    )


def form(summary: Summary) -> tuple[object, ...]:
    """What must stop growing before recursive summaries are complete: nodes numbered by their place."""
    facts = summary.when_called
    numbers = {node: f"%{i}" for i, node in enumerate(summary.parameters.values())}
    numbers[summary.result_node] = "%result"

    def number(node: str) -> str:
        return numbers.get(node, node)

    return (
        frozenset(facts.reads),
        facts.writes,
        frozenset((number(c.node), c.deep, c.suspected) for c in facts.changes),
        frozenset((p.relation, number(p.first), number(p.second), p.field) for p in facts.sharing),
        frozenset((e.kind, e.what) for e in facts.effects),
        summary.shape,
        summary.runs_later,
        summary.changes_enclosing,
    )
