"""Why a step has to wait for earlier ones: the Edges of a Workflow."""

from __future__ import annotations

from collections.abc import Sequence

from naavre_ext.dataflow.graph import CellNode, NotebookDataflow
from naavre_ext.model.dataflow import EffectKind
from naavre_ext.model.workflow import Edge, EdgeKind, Step, StepId
from naavre_ext.planning.outside import outside_order
from naavre_ext.planning.placement import Placements


def find_edges(
    steps: Sequence[Step], dataflow: NotebookDataflow, placements: Placements
) -> tuple[Edge, ...]:
    """Every reason for a step to wait for an earlier one, strongest kind first."""
    found: dict[tuple[StepId, StepId, EdgeKind], set[str]] = {}
    barrier: int | None = None
    since_barrier: list[int] = []
    outside = outside_order(dataflow)
    for position, node in enumerate(dataflow.cells):
        target = steps[position].id
        needed = {*node.facts.reads, *node.facts.writes, *steps[position].batch_names()}
        for name, source in node.providers.items():
            touched: EdgeKind = "opaque" if node.facts.has("opaque") else "alias"
            kind: EdgeKind = "data" if name in needed else touched
            found.setdefault((steps[source].id, target, kind), set()).add(name)
        settings = placements.settings_before[position]
        if settings is not None and steps[position].placement == "any":
            found.setdefault((steps[settings].id, target, "ambient"), set())
        for before in outside[position]:
            if _binds(before, position, steps, dataflow):
                found.setdefault((steps[before].id, target, "outside"), set())
        if barrier is not None:
            found.setdefault(
                (steps[barrier].id, target, _barrier_kind(dataflow.cells[barrier])), set()
            )
        if node.barrier:
            for source in since_barrier:
                found.setdefault((steps[source].id, target, _barrier_kind(node)), set())
            barrier, since_barrier = position, []
        since_barrier.append(position)
    return tuple(Edge(s, t, kind, tuple(sorted(names))) for (s, t, kind), names in found.items())


def _binds(first: int, then: int, steps: Sequence[Step], dataflow: NotebookDataflow) -> bool:
    """Whether the order of two cells' effects outside has to be said: in the main worker cells keep theirs."""
    surely = all(
        dataflow.cells[position].facts.has("outside-read", "outside-write")
        for position in (first, then)
    )
    return surely or "any" in (steps[first].placement, steps[then].placement)


#: What makes a cell a barrier, strongest first, and the kind of its edges.
BARRIER_KINDS: dict[EffectKind, EdgeKind] = {
    "opaque": "opaque",
    "star-import": "star-import",
    "unknown": "unknown",
    "monkeypatch": "monkeypatch",
    "history": "history",
    "outside-write": "outside",
}


def _barrier_kind(node: CellNode) -> EdgeKind:
    return next(kind for effect, kind in BARRIER_KINDS.items() if node.facts.has(effect))
