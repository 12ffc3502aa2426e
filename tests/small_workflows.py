"""Workflows of a few steps that do nothing, each written as a word."""

from __future__ import annotations

from naavre_ext.model.notebook import CellId
from naavre_ext.model.workflow import Edge, Split, Step, StepId, Workflow


def workflow(
    placements: str, edges: list[tuple[int, int]], may_raise: frozenset[int] = frozenset()
) -> Workflow:
    """Steps ``s0``, ``s1``, ...: ``m`` in the main worker, ``a`` anywhere, ``w`` writing files, ``s`` split.

    ``G`` and ``H`` are groups.
    """
    steps = tuple(
        Step(
            id=StepId(f"s{number}"),
            cell_id=CellId(f"s{number}"),
            cell_number=number + 1,
            execution_count=number + 1,
            source="",
            placement="any" if kind in "aGH" else "main",
            group=kind if kind in "GH" else None,
            touches_outside=kind == "w",
            splits=(Split(0, 1, "for", "xs"),) if kind == "s" else (),
            raises_exception=number in may_raise,
        )
        for number, kind in enumerate(placements)
    )
    made = tuple(Edge(StepId(f"s{a}"), StepId(f"s{b}"), "data", ("x",)) for a, b in edges)
    return Workflow(steps, made)
