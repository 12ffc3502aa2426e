"""What a workflow was planned from."""

from __future__ import annotations

from dataclasses import dataclass

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.planning.annotated_loops import AnnotatedLoop
from naavre_ext.planning.placement import Placements
from naavre_ext.planning.task_plans import CellTasks


@dataclass(frozen=True, slots=True)
class PlanBasis:
    """What a workflow was planned from; positions are those of its steps.

    ``annotated`` are each cell's loops with a ``# split:`` of their own, ``tasks`` its functions marked
    ``# task``.
    """

    dataflow: NotebookDataflow
    placements: Placements
    annotated: tuple[tuple[AnnotatedLoop, ...], ...] = ()
    tasks: tuple[CellTasks, ...] = ()
