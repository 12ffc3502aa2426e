"""Cells, their annotations and their dataflow → the Workflow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.nested import AskedNotebook
from naavre_ext.dataflow.other_files import NO_OTHER_FILES, OtherFiles
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import CellId, Notebook
from naavre_ext.model.parameter import Parameter
from naavre_ext.model.workflow import StepId, Workflow
from naavre_ext.planning.annotated_loops import annotated_loops
from naavre_ext.planning.chains import link_splits
from naavre_ext.planning.edges import find_edges
from naavre_ext.planning.groups import in_group, plan_groups, refused_group
from naavre_ext.planning.header import check_header
from naavre_ext.planning.limits import needs_own_worker, settle_retries
from naavre_ext.planning.name_checks import (
    annotations_without_loop,
    asked_questions,
    read_batch_names,
    undefined_names,
    unknown_batch_names,
)
from naavre_ext.planning.nested_notebooks import (
    NestedNotebook,
    called_names,
    check_calls,
    nested_functions,
    nested_plans,
)
from naavre_ext.planning.placement import place
from naavre_ext.planning.plan_basis import PlanBasis
from naavre_ext.planning.steps import plan_step
from naavre_ext.planning.task_plans import plan_tasks, refused_tasks, with_tasks
from naavre_ext.planning.units import find_units


@dataclass(frozen=True, slots=True)
class Plan:
    """The workflow, or None when an error diagnostic forbids to run the notebook."""

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    basis: PlanBasis | None = None


def plan(
    notebook: Notebook,
    annotations: Mapping[CellId, Annotations],
    parameters: Sequence[Parameter],
    files: OtherFiles = NO_OTHER_FILES,
    nested: Mapping[AskedNotebook, NestedNotebook] = MappingProxyType({}),
    in_main: Collection[StepId] = (),
) -> Plan:
    """The plan of a notebook whose annotations are parsed and whose parameters are injected.

    ``files`` is what modules and scripts mean for it, ``nested`` are the notebooks that it calls. Cells that a
    workflow's file keeps ``in_main`` are in no group.
    """
    diagnostics: list[Diagnostic] = []
    units = find_units(notebook, annotations, diagnostics)
    if any(d.severity == "error" for d in diagnostics):
        return Plan(None, tuple(diagnostics))
    functions, wrong = nested_functions(nested)
    diagnostics += wrong
    dataflow = analyse([unit.tree for unit in units], replace(files, nested=functions))
    called = called_names(dataflow, functions)
    diagnostics += [d for unit in units for d in check_calls(unit.cell, unit.tree, called, nested)]
    read_batch_names(units, dataflow)
    diagnostics += undefined_names(units, dataflow)
    diagnostics += asked_questions(units, dataflow)
    for unit, node in zip(units, dataflow.cells, strict=True):
        diagnostics += check_header(unit.cell, unit.annotations, node)
    apart = [n for n, unit in enumerate(units) if needs_own_worker(unit.annotations)]
    asked = {
        n: u.annotations.group
        for n, u in enumerate(units)
        if u.annotations.group and not u.parameters_only
    }
    kept = [n for n in asked if StepId(str(units[n].cell.id)) in in_main]
    groups = plan_groups(dataflow, asked, [unit.cell for unit in units], kept)
    placements = place(dataflow, [StepId(str(unit.cell.id)) for unit in units], apart, groups.live)
    notes = [Annotations() if unit.parameters_only else unit.annotations for unit in units]
    tasks = plan_tasks(notes, dataflow, placements.rng_seeded)
    names = {task.function for found in tasks for task in found.tasks}
    annotated = annotated_loops(notes, dataflow, placements.rng_seeded, names)
    steps = [
        with_tasks(
            plan_step(
                unit, position, dataflow, placements, parameters, annotated[position], diagnostics
            ),
            tasks[position],
        )
        for position, unit in enumerate(units)
    ]
    for unit, found in zip(units, tasks, strict=True):
        diagnostics += refused_tasks(unit.cell, unit.annotations.title, found)
    for position in groups.live:
        steps[position] = in_group(steps[position], position, groups)
    for position, why in sorted(groups.refused.items()):
        diagnostics.append(refused_group(steps[position], units[position].cell, why))
        steps[position] = replace(steps[position], group=None)
    diagnostics += unknown_batch_names(steps, units, dataflow)
    diagnostics += annotations_without_loop(units, annotated)
    if any(d.severity == "error" for d in diagnostics):
        return Plan(None, tuple(diagnostics))
    if called:
        steps = [
            replace(step, notebooks=nested_plans(sorted(node.facts.reads), called, nested))
            for step, node in zip(steps, dataflow.cells, strict=True)
        ]
    steps = link_splits(steps, dataflow)
    facts, cells = [node.facts for node in dataflow.cells], [unit.cell for unit in units]
    steps, unkept = settle_retries(steps, facts, cells)
    diagnostics += unkept
    edges = find_edges(steps, groups.dataflow, placements)
    workflow = Workflow(
        steps=tuple(steps),
        edges=edges,
        parameters=tuple(parameters),
        name=_name(notebook),
    )
    return Plan(workflow, tuple(diagnostics), PlanBasis(dataflow, placements, annotated, tasks))


def _name(notebook: Notebook) -> str:
    if notebook.path is None:
        return "notebook"
    stem = notebook.path.replace("\\", "/").rsplit("/", 1)[-1]
    return stem.removesuffix(".ipynb")
