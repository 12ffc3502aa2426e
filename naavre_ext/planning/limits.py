"""What ``# resources``, ``# retries`` and ``# timeout`` ask of the place where a cell runs, and what they get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from naavre_ext.dataflow.graph import BARRIER_EFFECTS, first_effect
from naavre_ext.model.annotation import Annotations
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import Cell
from naavre_ext.model.workflow import Step
from naavre_ext.planning.placement import MAIN_EFFECTS


def needs_own_worker(notes: Annotations) -> bool:
    """Whether the cell is better off in a worker of its own, which has what it claims and can be stopped."""
    if notes.split or notes.over or not notes.containerize:
        return False  # its batches have workers of their own; parameters take no time
    return bool(notes.resources or notes.retries or notes.timeout_s)


def settle_retries(
    steps: Sequence[Step], facts: Sequence[CellDataflow], cells: Sequence[Cell]
) -> tuple[list[Step], list[Diagnostic]]:
    """The steps, without retries where a failed attempt couldn't be taken back, and what to say of these."""
    settled: list[Step] = []
    found: list[Diagnostic] = []
    for step, known, cell in zip(steps, facts, cells, strict=True):
        why = ""
        if step.retries and step.placement == "main" and not step.splits:
            why = _why_final(known)
        settled.append(replace(step, retries=0) if why else step)
        if why:
            found.append(
                Diagnostic.at(
                    cell,
                    "NX160",
                    "warning",
                    f"'# retries: {step.retries}' has no effect here: the cell runs in the main worker, and what "
                    f"it has done when it fails can't be taken back, as {why}.",
                    remedy="Put what may fail into a cell of its own that only computes a value.",
                    title=step.title,
                )
            )
    return settled, found


def _why_final(facts: CellDataflow) -> str:
    for kind in (*BARRIER_EFFECTS, "figure"):
        if kind != "unknown" and first_effect(
            facts, kind
        ):  # all that such code can reach is copied
            return MAIN_EFFECTS[kind]
    return ""


def limit_phrases(step: Step) -> tuple[str, ...]:
    """What the step's own limits mean, each in a few words."""
    whole, each = not step.splits, "each batch" if step.splits else "it"
    in_main = whole and step.placement == "main"
    found = []
    if step.resources:
        parts = ", ".join(f"{name}={much:g}" for name, much in sorted(step.resources.items()))
        gpus = (
            " (GPUs as long as the run lasts)" if in_main and "num_gpus" in step.resources else ""
        )
        whom = "the main worker while it runs" + gpus if in_main else each
        found.append(f"reserved for {whom}: {parts}")
    if step.concurrency is not None and step.splits:
        found.append(f"at most {step.concurrency} of its batches at a time")
    if step.retries:
        again = " (what it did outside the notebook, too)" if step.touches_outside else ""
        found.append(f"{each} is tried again after an error, up to {step.retries} times{again}")
    if step.timeout_s is not None:
        end = ", which ends the run, as the main worker goes with it" if in_main else ""
        found.append(f"{each} is stopped after {step.timeout_s:g} s{end}")
    return tuple(found)
