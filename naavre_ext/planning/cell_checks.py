"""What was understood of each cell, as data."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from naavre_ext.dataflow.graph import CellNode, NotebookDataflow, first_effect
from naavre_ext.model.check import Cause, CellCheck, CellTiming, NameChange, NameRead
from naavre_ext.model.notebook import CellId
from naavre_ext.model.workflow import Edge, Step, Workflow
from naavre_ext.planning.limits import limit_phrases
from naavre_ext.planning.loop_checks import loop_checks, suggestions_for
from naavre_ext.planning.order import StepOrder
from naavre_ext.planning.placement import MAIN_EFFECTS
from naavre_ext.planning.plan_basis import PlanBasis
from naavre_ext.planning.waits import cell_ref, effect_cause, waits_of


def check_cells(
    workflow: Workflow,
    basis: PlanBasis,
    timings: Mapping[CellId, CellTiming],
    workers: int | None = None,
) -> tuple[CellCheck, ...]:
    """Each step's cell, in notebook order.

    ``timings`` are from earlier runs; gains are estimated for ``workers`` workers, or as many as the run had.
    """
    order = StepOrder(workflow)
    incoming = _incoming(workflow)
    after_in_main = {then: first for first, then in order.main_order}
    held_by = _held_by(order)
    checks = []
    for position, step in enumerate(workflow.steps):
        node = basis.dataflow.cells[position]
        loops = loop_checks(step, position, basis)
        timing = timings.get(step.cell_id)
        checks.append(
            CellCheck(
                cell_id=step.cell_id,
                cell_number=step.cell_number,
                title=step.title,
                kind=step.kind,
                reads=_reads(node, step, workflow.steps),
                writes=tuple(sorted(node.facts.writes)),
                changes=_changes(basis.dataflow, position),
                deletes=step.deletes,
                effects=tuple(effect_cause(effect) for effect in node.facts.effects),
                waits=waits_of(
                    position,
                    workflow.steps,
                    incoming[position],
                    after_in_main.get(position),
                    held_by.get(position, ()),
                    basis,
                ),
                placement=step.placement,
                group=step.group,
                barrier=step.barrier,
                reasons=_reasons(basis, position, step),
                beside=tuple(cell_ref(workflow.steps[p]) for p in order.beside(position)),
                loops=loops,
                suggestions=suggestions_for(step, loops, timing, workers),
                timing=timing,
                limits=limit_phrases(step),
            )
        )
    return tuple(checks)


def _held_by(order: StepOrder) -> dict[int, list[int]]:
    """For each step that is held back the earlier ones that may still fail."""
    found: dict[int, list[int]] = {}
    for first, then in order.held_order:
        found.setdefault(then, []).append(first)
    return found


def _incoming(workflow: Workflow) -> list[list[tuple[int, Edge]]]:
    position = {step.id: index for index, step in enumerate(workflow.steps)}
    incoming: list[list[tuple[int, Edge]]] = [[] for _ in workflow.steps]
    for edge in workflow.edges:
        incoming[position[edge.target]].append((position[edge.source], edge))
    return incoming


def _reads(node: CellNode, step: Step, steps: Sequence[Step]) -> tuple[NameRead, ...]:
    return tuple(
        NameRead(name, cell_ref(steps[node.providers[name]]), line)
        for name, line in sorted({**step.batch_names(), **node.facts.reads}.items())
        if name in node.providers
    )


def _reasons(basis: PlanBasis, position: int, step: Step) -> tuple[Cause, ...]:
    """Why the step runs where it runs, with the line where an effect is the reason."""
    facts = basis.dataflow.cells[position].facts
    kinds = {text: kind for kind, text in MAIN_EFFECTS.items()}
    causes = []
    moved = step.placement != basis.placements.steps[position].placement
    for text in step.reasons[:1] if moved else basis.placements.steps[position].reasons:
        effect = first_effect(facts, kinds[text]) if text in kinds else None
        causes.append(Cause(text) if effect is None else effect_cause(effect))
    return tuple(causes)


def _changes(dataflow: NotebookDataflow, position: int) -> tuple[NameChange, ...]:
    """The names of earlier cells whose objects this one changes, whatever name it uses for them."""
    node = dataflow.cells[position]
    names = sorted(node.changed_names)
    if not names:
        return ()
    graph = dataflow.aliases_until(position)
    reached = {name: graph.reach([dataflow.node(position, name)]) for name in names}
    found: dict[str, NameChange] = {}
    for change in node.facts.changes:
        key: Hashable = (
            (change.node, position) if "%" in change.node else dataflow.node(position, change.node)
        )
        classes = graph.changed_by(key, change.deep)
        for name in names:
            if not classes & reached[name]:
                continue
            direct = name == change.node
            through = None if direct or "%" in change.node else change.node
            line = change.line or None
            told = NameChange(name, line, change.how, through, change.suspected)
            if name not in found or _tells_more(told, found[name]):
                found[name] = told
    opaque = first_effect(node.facts, "opaque")
    for name in names:
        if name not in found and opaque is not None:
            how = f"perhaps changed by {opaque.what}"
            found[name] = NameChange(name, opaque.line, how, suspected=True)
    return tuple(found[name] for name in names if name in found)


def _tells_more(new: NameChange, old: NameChange) -> bool:
    """Whether ``new`` is surer than ``old``, or as sure and nearer."""
    return (new.suspected, new.through is not None) < (old.suspected, old.through is not None)
