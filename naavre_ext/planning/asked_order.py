"""Order and places that a workflow's file asks for, beside what its steps' code needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from naavre_ext.model.workflow import Edge, StepId, Workflow


@dataclass(frozen=True, slots=True)
class AskedOrder:
    """``edges`` say which step waits for which, ``in_main`` are steps that run in the main worker."""

    edges: tuple[Edge, ...] = ()
    in_main: frozenset[StepId] = frozenset()

    def added_to(self, planned: Workflow) -> Workflow:
        """The plan with this order besides; nothing of the plan's own order is lost."""
        known = {step.id for step in planned.steps}
        have = {(edge.source, edge.target) for edge in planned.edges}
        more = (
            replace(edge, kind="outside", names=())  # nothing is handed over by it
            for edge in self.edges
            if (edge.source, edge.target) not in have and {edge.source, edge.target} <= known
        )
        steps = (replace(s, placement="main") if s.id in self.in_main else s for s in planned.steps)
        return replace(planned, steps=tuple(steps), edges=(*planned.edges, *more))
