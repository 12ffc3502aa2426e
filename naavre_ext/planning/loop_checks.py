"""Which loops of a cell are split, could be split, or can't be; and what is worth suggesting."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from naavre_ext.annotations.editing import remove_annotation, set_annotation
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.model.check import CellTiming, Edit, LoopCheck, SplitTiming, Suggestion
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.chains import flow_of
from naavre_ext.planning.iteration_facts import statements_of
from naavre_ext.planning.legality import judge_loop
from naavre_ext.planning.loops import Loop, loops_of
from naavre_ext.planning.plan_basis import PlanBasis
from naavre_ext.planning.refusal import Refusal

#: A cell that took less gains nothing from more workers: handing work out costs some milliseconds.
NO_TIME_S = 0.1
#: From here on it is worth saying that a loop could be split.
WORTH_S = 0.5
#: A split whose batches' work is less than this many times the cell's time has gained nothing.
_LEAST_GAIN = 1.1
_LONGEST_TITLE = 40


def loop_checks(step: Step, position: int, basis: PlanBasis) -> tuple[LoopCheck, ...]:
    """Every top-level loop of the step's cell, judged by the rules of ``# split:``; then the annotated others."""
    source = basis.dataflow.cells[position].source
    if is_over(step):
        return tuple(_over_check(split) for split in step.splits)
    if step.kind == "parameters" or source.magic not in (None, "time", "capture"):
        return ()
    top = tuple(_check(loop, step, position, basis) for loop in loops_of(source.tree))
    annotated = basis.annotated[position] if basis.annotated else ()
    inner = [loop for loop in annotated if not loop.is_top]
    return (
        *top,
        *(
            _told(Loop(len(top) + number, loop.inner.loop.node), loop.verdict, True, basis.dataflow)
            for number, loop in enumerate(inner)
        ),
    )


def is_over(step: Step) -> bool:
    """Whether the whole cell runs once per batch."""
    return any(split.form == "over" for split in step.splits)


def _over_check(split: Split) -> LoopCheck:
    return LoopCheck(
        index=split.index,
        line=split.line,
        form=split.form,
        iterable=split.iterable,
        split=True,
        splittable=True,
        costly=True,
        doubtful=False,
        batches=split.batches,
        shared=split.shared,
        merges=tuple(map(str, split.merges)),
    )


def _check(loop: Loop, step: Step, position: int, basis: PlanBasis) -> LoopCheck:
    dataflow = basis.dataflow
    split = next((split for split in step.splits if split.index == loop.index), None)
    seeded = basis.placements.rng_seeded[position]
    verdict = split or judge_loop(loop, dataflow, position, seeded)
    told = _told(loop, verdict, split is not None, dataflow)
    return replace(told, flow=flow_of(step, split)) if split else told


def _told(
    loop: Loop, verdict: Split | Refusal, is_meant: bool, dataflow: NotebookDataflow
) -> LoopCheck:
    refusal = verdict if isinstance(verdict, Refusal) else None
    legal = None if isinstance(verdict, Refusal) else verdict
    return LoopCheck(
        index=loop.index,
        line=loop.node.lineno,
        form=loop.form,
        iterable=ast.unparse(loop.iterable),
        split=is_meant and legal is not None,
        splittable=legal is not None,
        costly=_is_costly(loop, dataflow),
        doubtful=legal is not None and _is_doubtful(legal),
        batches=legal.batches if is_meant and legal else None,
        shared=legal.shared if legal else (),
        reductions=legal.reductions if legal else (),
        replayed=legal.replayed if legal else (),
        reason=refusal.reason if refusal else None,
        reason_line=refusal.line if refusal else None,
        variable=refusal.variable if refusal else None,
        remedy=refusal.remedy if refusal else None,
    )


def _is_costly(loop: Loop, dataflow: NotebookDataflow) -> bool:
    """Whether one iteration may take time and there may be more than one."""
    if isinstance(loop.iterable, (ast.List, ast.Tuple, ast.Set)) and len(loop.iterable.elts) < 2:
        return False
    return dataflow.region(statements_of(loop)).costly


def _is_doubtful(split: Split) -> bool:
    """Whether the loop only hands objects to code that can't be seen: perhaps to change them."""
    collects = bool(split.reductions) or split.changes_items or split.form != "for"
    return not collects and (split.guard_items or bool(split.guarded))


def suggestions_for(
    step: Step, loops: Sequence[LoopCheck], timing: CellTiming | None, workers: int | None
) -> tuple[Suggestion, ...]:
    """What would make the cell faster, or its annotations fewer.

    Gains are estimated for ``workers`` workers, else for as many as the run had, at least 2.
    """
    if is_over(step):
        return ()
    if step.splits:
        found = list(_dropping(step, timing))
    elif step.group or step.raises_exception:
        found = []
    else:
        found = list(_adding(step, loops, timing, workers))
    return (*found, *(_rewriting(loop) for loop in loops if loop.reason and _is_meant(step, loop)))


def _is_meant(step: Step, loop: LoopCheck) -> bool:
    """Whether a loop that can't be split stands in a ``# split:`` cell: the plan says it there."""
    said = f"line {loop.line}: not split"
    return any(reason.startswith(said) for reason in step.reasons)


def _rewriting(loop: LoopCheck) -> Suggestion:
    text = f"this loop could be split if it were written in another way: {loop.remedy}"
    return Suggestion("rewrite", loop.reason_line or loop.line, text)


def _adding(
    step: Step, loops: Sequence[LoopCheck], timing: CellTiming | None, workers: int | None
) -> Iterator[Suggestion]:
    if timing is not None and timing.duration_s < WORTH_S:
        return
    for loop in loops:
        promising = loop.splittable and not loop.split and loop.costly and not loop.doubtful
        edit = _split_edit(step, loop) if promising else None
        if edit is None:
            continue
        text = "this loop could be split: add '# split: TITLE'"
        if timing is None:
            yield Suggestion("add-split", loop.line, text, edit)
        else:
            took_s, many = timing.duration_s, workers or max(2, timing.slots)
            yield Suggestion("add-split", loop.line, text, edit, took_s, took_s / many, many)


def _split_edit(step: Step, loop: LoopCheck) -> Edit | None:
    title = f"over {' '.join(loop.iterable.split())}"
    for value in (title if len(title) <= _LONGEST_TITLE else "loop", "loop"):
        try:
            return Edit("split", value, set_annotation(step.source, "split", value))
        except ValueError:
            continue
    return None


def _dropping(step: Step, timing: CellTiming | None) -> Iterator[Suggestion]:
    if timing is None or not timing.splits:
        return
    line, edit = step.splits[0].line, Edit("split", None, remove_annotation(step.source, "split"))
    took_s = timing.duration_s
    if took_s < NO_TIME_S:
        text = "the cell was over before it could gain from a split; '# split:' may go"
        yield Suggestion("drop-split", line, text, edit, took_s)
    elif _gained_nothing(timing.splits, took_s):
        text = "splitting gained nothing: the batches hold too little work; '# split:' may go"
        yield Suggestion("drop-split", line, text, edit, took_s)


def _gained_nothing(splits: Sequence[SplitTiming], took_s: float) -> bool:
    """Whether batches ran on several workers, and the cell still took as long as their work together."""
    several = all(split.workers > 1 for split in splits)
    return several and sum(split.work_s for split in splits) * _LEAST_GAIN < took_s
