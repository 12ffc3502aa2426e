"""What decides the results of a split's batches besides their code and the values that they are given.

That is what earlier steps have done: files they wrote, settings and modules they changed. Where such a step runs
again it may do something else, though its code is the same: if it reads what is outside the notebook, or draws by
chance. So its doings are told apart by the run in which it ran.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from naavre_ext.model.workflow import Step, StepId, Workflow
from naavre_ext.planning.plan_basis import PlanBasis
from naavre_ext.planning.unsteady import unsteady_cells
from naavre_ext.scheduling.lineage import predecessors, step_keys

#: Edges over which nothing comes but values, by which batches are told apart anyway.
_VALUES = frozenset({"data", "alias"})


def inconstant_steps(workflow: Workflow, basis: PlanBasis) -> frozenset[StepId]:
    """Steps that may do something else each time they run, given the same values."""
    cells, chances = basis.dataflow.cells, unsteady_cells(basis.dataflow)
    return frozenset(
        step.id
        for step, cell, chance in zip(workflow.steps, cells, chances, strict=True)
        if chance or cell.facts.has("outside-read", "opaque", "unknown")
    )


class Backgrounds:
    """What the steps of a workflow find that others have done before them.

    ``inconstant`` are the steps that may do something else each time; None says that any may.
    """

    def __init__(
        self, workflow: Workflow, environment: str, inconstant: frozenset[StepId] | None
    ) -> None:
        self._keys = step_keys(workflow, environment, by_edges=True)
        self._sources = _sources(workflow)
        self._before = predecessors(workflow)
        self._inconstant = frozenset(self._keys) if inconstant is None else inconstant
        self._varying: dict[StepId, frozenset[StepId]] = {}

    def of(self, step: StepId, ran_in: Mapping[StepId, str]) -> str:
        """The same text in runs in which the step finds the same; ``ran_in`` tells in which run a step ran."""
        sources = self._sources[step]
        if step not in self._varying:
            self._varying[step] = self._with_all_before(sources) & self._inconstant
        runs = sorted((self._keys[one], ran_in[one]) for one in self._varying[step])
        basis = json.dumps([sorted(self._keys[source] for source in sources), runs])
        return hashlib.sha256(basis.encode()).hexdigest()[:32]

    def _with_all_before(self, steps: frozenset[StepId]) -> frozenset[StepId]:
        found: set[StepId] = set()
        waiting = list(steps)
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting += self._before[step]
        return frozenset(found)


def _sources(workflow: Workflow) -> dict[StepId, frozenset[StepId]]:
    """For each step those whose doings it may find. In the main worker no edge tells of the order of all."""
    found: dict[StepId, set[StepId]] = {step.id: set() for step in workflow.steps}
    for edge in workflow.edges:
        if edge.kind not in _VALUES:
            found[edge.target].add(edge.source)
    doing: list[StepId] = []
    for step in workflow.steps:
        if step.placement == "main":
            found[step.id].update(doing)
            doing += [step.id] if _does_something(step) else []
    return {step: frozenset(sources) for step, sources in found.items()}


def _does_something(step: Step) -> bool:
    return step.touches_outside or step.writes_settings or step.barrier or bool(step.lasting)
