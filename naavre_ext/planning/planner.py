"""Cells, their annotations and their dataflow → the Workflow."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from naavre_ext.annotations.report import Finding
from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.graph import CellNode, NotebookDataflow
from naavre_ext.dataflow.nested import AskedNotebook
from naavre_ext.dataflow.source import CellSource, parse_cell
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.dataflow import EffectKind
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import RAISES_TAG, SKIP_TAG, Cell, CellId, Notebook
from naavre_ext.model.parameter import Parameter
from naavre_ext.model.workflow import Edge, EdgeKind, Split, Step, StepId, Workflow
from naavre_ext.planning.annotated_loops import AnnotatedLoop, annotated_loops, with_annotated
from naavre_ext.planning.chains import link_splits
from naavre_ext.planning.groups import in_group, plan_groups, refused_group
from naavre_ext.planning.header import check_header
from naavre_ext.planning.lasting import lasting_effect
from naavre_ext.planning.legality import Refusal, judge_loop
from naavre_ext.planning.limits import needs_own_worker, settle_retries
from naavre_ext.planning.loops import find_loops
from naavre_ext.planning.nested_notebooks import (
    NestedNotebook,
    called_names,
    check_calls,
    nested_functions,
    nested_plans,
)
from naavre_ext.planning.other_loops import other_loops
from naavre_ext.planning.outside import outside_order
from naavre_ext.planning.over_cells import judge_over, may_fail
from naavre_ext.planning.parameters import parameter_assignments
from naavre_ext.planning.placement import Placements, place
from naavre_ext.planning.questions import surely_asked
from naavre_ext.planning.task_plans import CellTasks, plan_tasks, refused_tasks, with_tasks


@dataclass(frozen=True, slots=True)
class Plan:
    """The workflow, or None when an error diagnostic forbids to run the notebook."""

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    basis: PlanBasis | None = None


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


@dataclass(frozen=True, slots=True)
class _Unit:
    """One cell that becomes a step."""

    cell: Cell
    annotations: Annotations
    source: str
    tree: CellSource
    execution_count: int
    parameters_only: bool


def plan(
    notebook: Notebook,
    annotations: Mapping[CellId, Annotations],
    parameters: Sequence[Parameter],
    star_imports: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    nested: Mapping[AskedNotebook, NestedNotebook] = MappingProxyType({}),
) -> Plan:
    """The plan of a notebook whose annotations are parsed and whose parameters are injected.

    ``star_imports`` tells for modules what ``from module import *`` binds: name → dotted path. ``nested`` are
    the notebooks that it calls.
    """
    diagnostics: list[Diagnostic] = []
    units = _units(notebook, annotations, diagnostics)
    if any(d.severity == "error" for d in diagnostics):
        return Plan(None, tuple(diagnostics))
    functions, wrong = nested_functions(nested)
    diagnostics += wrong
    dataflow = analyse([unit.tree for unit in units], star_imports, functions)
    called = called_names(dataflow, functions)
    diagnostics += [d for unit in units for d in check_calls(unit.cell, unit.tree, called, nested)]
    _read_batch_names(units, dataflow)
    diagnostics += _undefined(units, dataflow)
    diagnostics += _questions(units, dataflow)
    for unit, node in zip(units, dataflow.cells, strict=True):
        diagnostics += check_header(unit.cell, unit.annotations, node)
    apart = [n for n, unit in enumerate(units) if needs_own_worker(unit.annotations)]
    asked = {
        n: u.annotations.group
        for n, u in enumerate(units)
        if u.annotations.group and not u.parameters_only
    }
    groups = plan_groups(dataflow, asked, [unit.cell for unit in units])
    placements = place(dataflow, [StepId(str(unit.cell.id)) for unit in units], apart, groups.live)
    notes = [Annotations() if unit.parameters_only else unit.annotations for unit in units]
    tasks = plan_tasks(notes, dataflow, placements.rng_seeded, star_imports)
    names = {task.function for found in tasks for task in found.tasks}
    annotated = annotated_loops(notes, dataflow, placements.rng_seeded, star_imports, names)
    steps = [
        with_tasks(
            _step(
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
    diagnostics += _batch_names(steps, units, dataflow)
    diagnostics += _without_loop(units, annotated)
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
    edges = _edges(steps, groups.dataflow, placements)
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


def _units(
    notebook: Notebook, annotations: Mapping[CellId, Annotations], diagnostics: list[Diagnostic]
) -> list[_Unit]:
    units: list[_Unit] = []
    count = 0
    for cell in notebook.code_cells:
        if not cell.source.strip() or SKIP_TAG in cell.tags:
            continue
        count += 1
        notes = annotations[cell.id]
        only = not notes.containerize
        if only and notes.over:
            diagnostics.append(_over_not_run(cell, notes))
        source = parameter_assignments(cell.source) if only else cell.source
        if only and not source.strip():
            continue
        try:
            tree = replace(parse_cell(source), may_fail=RAISES_TAG in cell.tags)
        except (SyntaxError, ValueError, RecursionError) as error:
            diagnostics.append(_syntax_error(cell, notes, error))
            continue
        units.append(_Unit(cell, notes, source, tree, count, only))
    return units


def _syntax_error(cell: Cell, notes: Annotations, error: Exception) -> Diagnostic:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    line = error.lineno if isinstance(error, SyntaxError) else None
    return Diagnostic.at(
        cell,
        "NX301",
        "error",
        f"syntax error: {message}.",
        remedy="Correct the cell; nothing was run.",
        line=line,
        title=notes.title,
    )


def _over_not_run(cell: Cell, notes: Annotations) -> Diagnostic:
    finding = Finding(
        None,
        "NX417",
        "error",
        "'# over' asks for batches of a cell that a workflow doesn't run ('do not containerize').",
        "Delete one of the two annotations.",
    )
    return finding.at(cell, notes.title)


def _undefined(units: Sequence[_Unit], dataflow: NotebookDataflow) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for unit, node in zip(units, dataflow.cells, strict=True):
        if RAISES_TAG in unit.cell.tags:
            continue
        for name, line in sorted(node.undefined.items(), key=lambda pair: (pair[1], pair[0])):
            found.append(
                Diagnostic.at(
                    unit.cell,
                    "NX302",
                    "error",
                    f"'{name}' is used, but no earlier cell defines it{_hidden(name, unit, units)}.",
                    remedy="Define or import it in an earlier cell of the workflow.",
                    line=line,
                    title=unit.annotations.title,
                )
            )
    return found


def _questions(units: Sequence[_Unit], dataflow: NotebookDataflow) -> list[Diagnostic]:
    if any(node.facts.has("monkeypatch") for node in dataflow.cells):
        return []  # 'input' itself may be replaced
    return [
        Diagnostic.at(
            unit.cell,
            "NX304",
            "error",
            f"'{ast.unparse(call.func)}()' asks a question, and nobody is there to answer it in a workflow.",
            remedy="Set the value by an assignment, best to a param_ name (secret_ for a password).",
            line=call.lineno,
            title=unit.annotations.title,
        )
        for unit in units
        if RAISES_TAG not in unit.cell.tags and ("input" in unit.source or "getpass" in unit.source)
        for call in surely_asked(unit.tree.tree, dataflow.environment)
    ]


def _hidden(name: str, unit: _Unit, units: Sequence[_Unit]) -> str:
    for other in units:
        if (
            other.parameters_only
            and name in other.cell.source
            and other.source != other.cell.source
        ):
            return (
                f" that a workflow runs (cell {other.cell.number} is marked 'do not containerize': "
                "only its param_, conf_ and secret_ assignments count)"
            )
    return ""


def _step(
    unit: _Unit,
    position: int,
    dataflow: NotebookDataflow,
    placements: Placements,
    parameters: Sequence[Parameter],
    annotated: Sequence[AnnotatedLoop],
    diagnostics: list[Diagnostic],
) -> Step:
    node, notes = dataflow.cells[position], unit.annotations
    placed = placements.steps[position]
    secrets = [p.name for p in parameters if p.kind == "secret" and p.cell_id == unit.cell.id]
    settings = placements.settings_before[position]
    step = Step(
        id=StepId(str(unit.cell.id)),
        cell_id=unit.cell.id,
        cell_number=unit.cell.number,
        execution_count=unit.execution_count,
        source=unit.source,
        title=notes.title,
        kind="parameters" if unit.parameters_only else "cell",
        placement=placed.placement,
        barrier=node.barrier,
        reads=tuple(sorted(node.providers)),
        writes=tuple(sorted(node.facts.writes | node.changed_names)),
        deletes=tuple(sorted(node.facts.deletes)),
        bundles=_bundles(sorted(node.facts.writes | node.changed_names), position, dataflow),
        settings_from=None if settings is None else placements.ids[settings],
        writes_settings=placed.writes_settings,
        guard_rng=bool(placements.rng_seeded) and placements.rng_seeded[-1] is not None,
        touches_outside=node.facts.has("outside-write", "opaque"),
        reads_outside=node.facts.has("outside-read"),
        lasting=lasting_effect(node.facts, unit.source),
        secrets=tuple(secrets),
        group=None if unit.parameters_only else notes.group,
        resources=dict(notes.resources),
        replicas=notes.replicas,
        concurrency=notes.concurrency,
        retries=notes.retries,
        timeout_s=notes.timeout_s,
        cache=notes.cache,
        image=notes.image,
        raises_exception=RAISES_TAG in unit.cell.tags,
        reasons=placed.reasons,
    )
    if notes.over and not unit.parameters_only:
        return _over_step(step, unit, position, dataflow, placements, diagnostics)
    if unit.parameters_only:
        return step
    splits: list[Split] = []
    reasons = [loop.reason for loop in annotated if loop.reason]
    if notes.split:
        splits, more = _splits(unit, node, position, dataflow, placements, diagnostics)
        reasons = [*more, *(reason for reason in reasons if reason not in more)]
    for loop in annotated:
        if isinstance(loop.verdict, Refusal) and not (notes.split and loop.is_top):
            diagnostics.append(_runs_whole(unit, loop.verdict))
    top, inner = with_annotated(splits, annotated)
    return replace(step, splits=top, inner_splits=inner, reasons=(*step.reasons, *reasons))


def _over_step(
    step: Step,
    unit: _Unit,
    position: int,
    dataflow: NotebookDataflow,
    placements: Placements,
    diagnostics: list[Diagnostic],
) -> Step:
    """The step of an ``# over`` cell, with the split that the whole cell is where it may be one."""
    split, findings = judge_over(
        unit.annotations, dataflow, position, placements.rng_seeded[position]
    )
    if split is not None and step.raises_exception:
        split, findings = None, (may_fail(),)
    diagnostics += [finding.at(unit.cell, unit.annotations.title) for finding in findings]
    splits = () if split is None else (split,)
    return replace(step, splits=splits, reasons=(*step.reasons, *(f.message for f in findings)))


def _bundles(
    names: Sequence[str], position: int, dataflow: NotebookDataflow
) -> tuple[tuple[str, ...], ...]:
    """The names divided into groups that share no object with one another."""
    groups: list[tuple[set[Hashable], list[str]]] = []
    for name in names:
        reach = dataflow.aliases.reach([dataflow.node(position, name)])
        members = [name]
        apart = []
        for others, group in groups:
            if others & reach:
                reach |= others
                members = group + members
            else:
                apart.append((others, group))
        groups = [*apart, (reach, members)]
    return tuple(sorted(tuple(sorted(group)) for _, group in groups))


def _splits(
    unit: _Unit,
    node: CellNode,
    position: int,
    dataflow: NotebookDataflow,
    placements: Placements,
    diagnostics: list[Diagnostic],
) -> tuple[list[Split], list[str]]:
    splits: list[Split] = []
    reasons: list[str] = []
    notes = unit.annotations
    if unit.tree.magic not in (None, "time", "capture"):
        return splits, [f"%%{unit.tree.magic} cells run whole"]
    for loop in find_loops(unit.tree.tree):
        verdict = judge_loop(loop, dataflow, position, placements.rng_seeded[position])
        if isinstance(verdict, Refusal):
            reasons.append(f"line {loop.node.lineno}: not split: {verdict.reason}")
            diagnostics.append(_runs_whole(unit, verdict))
        else:
            splits.append(replace(verdict, title=notes.title, batches=notes.batches))
    diagnostics += [_runs_whole(unit, each) for each in other_loops(unit.tree.tree, dataflow)]
    return splits, reasons


def _splits_something(unit: _Unit) -> bool:
    return unit.annotations.split or bool(unit.annotations.over)


def _runs_whole(unit: _Unit, refusal: Refusal) -> Diagnostic:
    return Diagnostic.at(
        unit.cell,
        "NX401",
        "warning",
        f"this loop isn't split and runs whole: {refusal.reason}.",
        remedy=refusal.remedy,
        line=refusal.line,
        title=unit.annotations.title,
    )


def _without_loop(
    units: Sequence[_Unit], annotated: Sequence[Sequence[AnnotatedLoop]]
) -> Iterator[Diagnostic]:
    """A ``# split:`` above a statement whose loop isn't of a kind that is split there."""
    for unit, loops in zip(units, annotated, strict=True):
        judged = {id(loop.annotation) for loop in loops}
        for note in () if unit.parameters_only else unit.annotations.loops:
            if id(note) not in judged:
                yield Diagnostic.at(
                    unit.cell,
                    "NX403",
                    "warning",
                    "'# split:' stands above a loop that isn't split in this place; it runs as it is written.",
                    remedy="Write a 'for' loop, a comprehension, or sum(... for ...) there.",
                    line=note.line,
                    title=unit.annotations.title,
                )


def _read_batch_names(units: Sequence[_Unit], dataflow: NotebookDataflow) -> None:
    """Make cells need the variable that their ``# batches: NAME`` names."""
    for position, (unit, node) in enumerate(zip(units, dataflow.cells, strict=True)):
        notes = unit.annotations
        wanted = [
            *([notes.batches] if _splits_something(unit) else []),
            *(n.batches for n in notes.loops),
        ]
        for name in wanted:
            if not isinstance(name, str) or name in node.providers:
                continue
            writers = [p for p in range(position) if name in dataflow.cells[p].facts.writes]
            if writers:
                node.providers[name] = writers[-1]


def _batch_names(
    steps: Sequence[Step], units: Sequence[_Unit], dataflow: NotebookDataflow
) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for position, (step, unit) in enumerate(zip(steps, units, strict=True)):
        for split in step.splits[:1]:
            name = split.batches
            if not isinstance(name, str) or name == "auto":
                continue
            known = name in dataflow.cells[position].facts.writes or any(
                name in node.facts.writes for node in dataflow.cells[:position]
            )
            if not known:
                found.append(
                    Diagnostic.at(
                        unit.cell,
                        "NX402",
                        "error",
                        f"'# batches: {name}' names a variable that no earlier cell defines.",
                        remedy="Give a number, 'auto', or a variable such as a param_.",
                        title=step.title,
                    )
                )
    return found


def _edges(
    steps: Sequence[Step], dataflow: NotebookDataflow, placements: Placements
) -> tuple[Edge, ...]:
    """Every reason for a step to wait for an earlier one, strongest kind first."""
    found: dict[tuple[StepId, StepId, EdgeKind], set[str]] = {}
    barrier: int | None = None
    since_barrier: list[int] = []
    outside = outside_order(dataflow)
    for position, node in enumerate(dataflow.cells):
        target = steps[position].id
        for name, source in node.providers.items():
            direct = name in node.facts.reads or name in node.facts.writes
            touched: EdgeKind = "opaque" if node.facts.has("opaque") else "alias"
            kind: EdgeKind = "data" if direct else touched
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
