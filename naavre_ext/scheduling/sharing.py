"""Which steps several jobs of one notebook may share: they run once, and every job takes over what they gave.

A job is a run with parameters of its own. Its steps are the same as the others' but for the cells that assign
the differing parameters, and what depends on these. The main worker's steps are shared up to the first one
that isn't the same for all: what comes after it may depend on it in ways that no edge tells. Only an assignment
of literals may be passed over, as it does nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.model.workflow import Step, StepId, Workflow
from naavre_ext.planning.plan_basis import PlanBasis
from naavre_ext.planning.unsteady import unsteady_cells
from naavre_ext.scheduling.groups import group_at
from naavre_ext.scheduling.lineage import predecessors, unkeepable

#: Modules whose settings stay with the process, whatever a run finds and restores.
_NOT_PUT_BACK = frozenset({"signal", "gc"})
#: Why a cell runs for each job that sets the parameters.
DIFFERS = "its parameters differ"


@dataclass(frozen=True, slots=True)
class Sharing:
    """``steps`` run once, in notebook order; ``reasons`` tell of each other step why it runs for each job.
    Of these, steps ``in_workers`` of groups run once in each worker, where what they make can be copied.

    ``seeded`` are the libraries whose global generators the shared steps seed. ``hands_on`` says that a job leaves
    nothing in its main worker's process that the next one there could find.
    """

    steps: tuple[StepId, ...] = ()
    reasons: Mapping[StepId, str] = field(default_factory=dict)
    seeded: frozenset[str] = frozenset()
    hands_on: bool = True
    in_workers: frozenset[StepId] = frozenset()

    def part_of(self, workflow: Workflow) -> Workflow:
        """The workflow of the shared steps alone."""
        kept = frozenset(self.steps)
        return replace(
            workflow,
            steps=tuple(step for step in workflow.steps if step.id in kept),
            edges=tuple(e for e in workflow.edges if e.source in kept and e.target in kept),
        )


def in_main_worker(workflow: Workflow, sharing: Sharing) -> Workflow:
    """The workflow whose own steps run in the main worker, in notebook order: other jobs keep other workers busy.

    Steps with batches, claims or limits of their own stay where they are.
    """

    def is_moved(step: Step) -> bool:
        has_own = step.splits or step.group or step.resources or step.concurrency or step.retries
        return step.id in sharing.reasons and not has_own and step.timeout_s is None

    steps = (replace(s, placement="main") if is_moved(s) else s for s in workflow.steps)
    return replace(workflow, steps=tuple(steps))


def find_sharing(workflow: Workflow, basis: PlanBasis, varying: frozenset[str]) -> Sharing:
    """What jobs that differ in the ``varying`` parameters share."""
    before = predecessors(workflow)
    why_not = _own_reasons(workflow, basis, varying)
    shared: list[StepId] = []
    reasons: dict[StepId, str] = {}
    blocked = ""
    passed = False
    for step in workflow.steps:
        reason = why_not.get(step.id, "")
        source = next((s for s in before[step.id] if s in reasons), None)
        if not reason and source is not None:
            reason = _needs(workflow, source, step, reasons)
        if not reason and step.placement == "main":
            reason = blocked
        if not reason and passed and varying & {*step.writes, *step.deletes}:
            reason = "it changes a parameter that differs"
        if not reason:
            shared.append(step.id)
            continue
        reasons[step.id] = reason
        if reason == DIFFERS:
            passed = True
        elif step.placement == "main" and not blocked:
            blocked = f"it comes after cell {step.cell_number} in the main worker"
    effects = {
        step.id: node.facts for step, node in zip(workflow.steps, basis.dataflow.cells, strict=True)
    }
    in_workers = _same_in_groups(workflow, basis, varying, frozenset(shared))
    for step in workflow.steps:
        if step.id in in_workers:
            reasons[step.id] = f"it runs once in each worker of group '{step.group}'"
    seeds = [e.what for step in shared for e in effects[step].effects if e.kind == "rng-seed"]
    return Sharing(
        tuple(shared),
        reasons,
        frozenset(seed.split(".")[0] for seed in seeds),
        not any(
            s.lasting or s.barrier or _stays(effects[s.id])
            for s in workflow.steps
            if group_at(s, s.placement) is None
        ),
        in_workers,
    )


def _same_in_groups(
    workflow: Workflow, basis: PlanBasis, varying: frozenset[str], shared: frozenset[StepId]
) -> frozenset[StepId]:
    """Steps that would be shared if they used no live objects of their group, before all that differ there."""
    if not any(step.live for step in workflow.steps):
        return frozenset()
    before = predecessors(workflow)
    steps = (replace(step, live=()) for step in workflow.steps)
    why_not = _own_reasons(replace(workflow, steps=tuple(steps)), basis, varying)
    found: set[StepId] = set()
    over: set[str] = set()
    for step in workflow.steps:
        group = group_at(step, step.placement)
        if group is None or group in over or step.id in shared:
            continue
        is_same = step.id not in why_not and all(s in shared | found for s in before[step.id])
        if is_same and not varying & {*step.writes, *step.deletes}:
            found.add(step.id)
        else:
            over.add(group)
    return frozenset(found)


def _stays(facts: CellDataflow) -> bool:
    """Whether the cell may change its process in a way that nobody puts back."""
    return any(
        effect.kind == "import"
        or (effect.kind == "settings" and effect.what.split(".")[0] in _NOT_PUT_BACK)
        for effect in facts.effects
    )


def _needs(workflow: Workflow, source: StepId, step: Step, reasons: Mapping[StepId, str]) -> str:
    names = sorted(
        {n for e in workflow.edges if (e.source, e.target) == (source, step.id) for n in e.names}
    )
    if reasons[source] == DIFFERS and names:
        return f"it needs {', '.join(names)}"
    return f"it needs cell {workflow.step(source).cell_number}"


def _own_reasons(
    workflow: Workflow, basis: PlanBasis, varying: frozenset[str]
) -> dict[StepId, str]:
    """For each step, why it can't be shared whatever comes before it."""
    found: dict[StepId, str] = {}
    private = unkeepable(workflow)
    writes_files = any(step.touches_outside or step.barrier for step in workflow.steps)
    unsteady = unsteady_cells(basis.dataflow)
    for step, chance in zip(workflow.steps, unsteady, strict=True):
        if _assigns_differing(step, varying):
            found[step.id] = DIFFERS
        elif step.touches_outside or step.barrier:
            found[step.id] = "it may change things outside the notebook"
        elif step.reads_outside and writes_files:
            found[step.id] = "it reads what cells may write"
        elif chance:
            found[step.id] = chance
        elif step.id in private:
            found[step.id] = private[step.id]
    return found


def _assigns_differing(step: Step, varying: frozenset[str]) -> bool:
    """Whether the step is an injected cell that sets a differing parameter, and does nothing else."""
    if not (step.source.startswith("# Parameters\n") and varying & {*step.writes}):
        return False
    try:
        body = ast.parse(step.source).body
    except SyntaxError:
        return False
    return all(
        isinstance(one, ast.Assign)
        and all(isinstance(target, ast.Name) for target in one.targets)
        and _is_literal(one.value)
        for one in body
    )


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        # papermill's way to write numbers that no literal can
        return isinstance(node, ast.Call) and ast.unparse(node) in (
            "float('nan')", "float('inf')", "float('-inf')",
        )  # fmt: skip
    return True
