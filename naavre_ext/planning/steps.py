"""One cell, its annotations and its dataflow → the Step, with the loops that are split."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from naavre_ext.annotations.headings import cell_heading
from naavre_ext.dataflow.graph import CellNode, NotebookDataflow
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import RAISES_TAG
from naavre_ext.model.parameter import Parameter
from naavre_ext.model.workflow import Split, Step, StepId
from naavre_ext.planning.annotated_loops import AnnotatedLoop, with_annotated
from naavre_ext.planning.lasting import lasting_effect
from naavre_ext.planning.legality import judge_loop
from naavre_ext.planning.loops import loops_of
from naavre_ext.planning.other_loops import other_loops
from naavre_ext.planning.over_cells import judge_over, may_fail
from naavre_ext.planning.placement import Placements
from naavre_ext.planning.refusal import Refusal
from naavre_ext.planning.units import Unit


def plan_step(
    unit: Unit,
    position: int,
    dataflow: NotebookDataflow,
    placements: Placements,
    parameters: Sequence[Parameter],
    annotated: Sequence[AnnotatedLoop],
    diagnostics: list[Diagnostic],
) -> Step:
    """The cell's step; what is wrong with its loops is added to the diagnostics."""
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
        title=notes.title or (None if unit.parameters_only else cell_heading(unit.source)),
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
    unit: Unit,
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
    unit: Unit,
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
    for loop in loops_of(unit.tree.tree):
        verdict = judge_loop(loop, dataflow, position, placements.rng_seeded[position])
        if isinstance(verdict, Refusal):
            reasons.append(f"line {loop.node.lineno}: not split: {verdict.reason}")
            diagnostics.append(_runs_whole(unit, verdict))
        else:
            splits.append(replace(verdict, title=notes.title, batches=notes.batches))
    diagnostics += [_runs_whole(unit, each) for each in other_loops(unit.tree.tree, dataflow)]
    return splits, reasons


def _runs_whole(unit: Unit, refusal: Refusal) -> Diagnostic:
    return Diagnostic.at(
        unit.cell,
        "NX401",
        "warning",
        f"this loop isn't split and runs whole: {refusal.reason}.",
        remedy=refusal.remedy,
        line=refusal.line,
        title=unit.annotations.title,
    )
