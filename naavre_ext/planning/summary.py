"""A plan in a few numbers: how much of it may run in parallel, and what keeps the rest in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

from naavre_ext.model.workflow import EdgeKind, Workflow
from naavre_ext.planning.order import StepOrder

#: Counts pairs that wait for one another only because the main worker runs one step at a time.
MAIN_ORDER = "main-order"
#: Counts pairs in which the later step waits only because it changes things outside, and the earlier may fail.
HELD = "held"

_DATA_KINDS = ("data", "alias")


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What ``plan`` prints of a workflow in the end; all fields are numbers of steps, loops or edges.

    ``longest_chain`` is the most steps that have to run one after the other for whatever reason,
    ``longest_data_chain`` the same if they waited for variables alone. ``edges`` counts by kind, in the
    order of ``EdgeKind``, then ``main-order`` and ``held``.
    """

    steps: int
    steps_anywhere: int
    splits: int
    longest_chain: int
    longest_data_chain: int
    edges: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """The ``summary`` of ``workflow.schema.json``."""
        return asdict(self)


def summarise_plan(workflow: Workflow) -> PlanSummary:
    """The summary of a workflow."""
    order = StepOrder(workflow)
    position = {step.id: index for index, step in enumerate(workflow.steps)}
    counts = Counter[str](edge.kind for edge in workflow.edges)
    counts[MAIN_ORDER] = len(order.main_order)
    counts[HELD] = len(order.held_order)
    data = [
        (position[edge.source], position[edge.target])
        for edge in workflow.edges
        if edge.kind in _DATA_KINDS
    ]
    return PlanSummary(
        steps=len(workflow.steps),
        steps_anywhere=sum(step.placement == "any" for step in workflow.steps),
        splits=sum(len(step.splits) + len(step.inner_splits) for step in workflow.steps),
        longest_chain=order.longest_chain(
            [*order.edge_pairs, *order.main_order, *order.held_order]
        ),
        longest_data_chain=order.longest_chain(data),
        edges={
            kind: counts[kind] for kind in (*get_args(EdgeKind), MAIN_ORDER, HELD) if counts[kind]
        },
    )
