"""Decides what becomes of a run in which a step changed something unforeseen.

Steps elsewhere work on copies, so what they made of the value from before the change doesn't count. What
ran in the main worker can't be undone: the run starts over, cell after cell, if that repeats nothing outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from naavre_ext.model.workflow import Step, StepId, Workflow
from naavre_ext.scheduling.groups import again_with, kin_of
from naavre_ext.scheduling.machine import RunState

#: The diagnostic code of what a guard found.
CODE = "NX513"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do. ``readers`` need the changed value: from now on they run in the main worker.

    ``again`` are the steps that have started on a stale value, or on what was made of one. With ``fail``,
    ``repeated`` is the step that a new start would repeat.
    """

    action: Literal["rerun", "start over", "fail"]
    readers: tuple[StepId, ...]
    again: tuple[StepId, ...]
    repeated: StepId | None = None


def judge(
    workflow: Workflow,
    state: RunState,
    culprit: StepId,
    changed: Iterable[str],
    *,
    settings: bool = False,
) -> Verdict:
    """The verdict on a step in the main worker that changed these names' objects, or settings, unexpectedly."""
    position = {step.id: number for number, step in enumerate(workflow.steps)}
    here, names = position[culprit], frozenset(changed)
    readers = {
        edge.target
        for edge in workflow.edges
        if names.intersection(edge.names) and position[edge.source] < here < position[edge.target]
    }
    if settings:
        readers |= {
            step.id
            for step in workflow.steps[here + 1 :]
            if step.settings_from is None or position[step.settings_from] < here
        }
    stale = set(again_with(workflow, state, _with_followers(workflow, readers)))
    started = [step for step in workflow.steps if state.has_started(step.id)]
    again = tuple(step.id for step in started if step.id in stale)
    kin = kin_of(workflow)
    moving = {member for step in readers for member in kin.get(step, (step,))}
    elsewhere = tuple(
        step.id
        for step in workflow.steps
        if step.id in moving and state.placement[step.id] == "any"
    )
    return replace(repeat(workflow, state, again), readers=elsewhere)


def repeat(
    workflow: Workflow, state: RunState, again: tuple[StepId, ...], *, start_over: bool = False
) -> Verdict:
    """How these started steps can run once more; where that isn't enough, all do."""
    if not start_over and all(state.placement[step] == "any" for step in again):
        return Verdict("rerun", (), again)
    started = (step for step in workflow.steps if state.has_started(step.id))
    repeated = next((step.id for step in started if step.touches_outside), None)
    return Verdict("start over" if repeated is None else "fail", (), again, repeated)


def _with_followers(workflow: Workflow, steps: set[StepId]) -> set[StepId]:
    """The steps and all that wait for them, directly or not; edges point forward in notebook order."""
    found = set(steps)
    by_source: dict[StepId, list[StepId]] = {}
    for edge in workflow.edges:
        by_source.setdefault(edge.source, []).append(edge.target)
    for step in workflow.steps:
        if step.id in found:
            found.update(by_source.get(step.id, ()))
    return found


def explain(
    workflow: Workflow, culprits: Iterable[StepId], changed: Iterable[str], verdict: Verdict
) -> str:
    """The report: which cell changed what, what comes of it, and what avoids it."""
    steps = {step.id: step for step in workflow.steps}
    place: Callable[[StepId], str] = lambda step: _place(steps[step])  # noqa: E731
    names = tuple(changed)
    what = ", ".join(f"'{name}'" for name in names) or "settings"
    text = (
        f"{' or '.join(map(place, culprits))} changes {what}{' in place' * bool(names)}, unforeseen"
    )
    if verdict.action == "start over":
        text += (
            "; later cells had used the value from before, so the run starts over, cell after cell"
        )
    elif verdict.action == "fail":
        assert verdict.repeated is not None
        text += (
            "; later cells have used the value from before, and the run can't start over because "
            f"{place(verdict.repeated)} changed things outside the notebook"
        )
    elif verdict.again:
        again = ", ".join(map(place, verdict.again))
        text += f"; {again} had used the value from before and runs again"
    if not names:
        return (
            f"{text}. Change settings by statements of the cell's own to let others run beside it."
        )
    name = names[0]
    return (
        f"{text}. Work on a copy ({name} = copy.deepcopy({name})) or bind the result to a new name."
    )


def _place(step: Step) -> str:
    return f"cell {step.cell_number}" + (f' ("{step.title}")' if step.title else "")


def suspects(
    workflow: Workflow, state: RunState, at: StepId, changed: Iterable[str]
) -> tuple[StepId, ...]:
    """The steps that may have made the changes that were found after step ``at``.

    Changes are looked for before a step elsewhere counts on the value, not after each step in the main worker.
    """
    names = frozenset(changed)
    position = {step.id: number for number, step in enumerate(workflow.steps)}
    sources = [
        position[edge.source]
        for edge in workflow.edges
        if names.intersection(edge.names)
        and position[edge.source] < position[at] < position[edge.target]
    ]
    between = workflow.steps[min(sources, default=position[at] - 1) + 1 : position[at] + 1]
    in_main = [step for step in between if state.placement[step.id] == "main"]
    reading = [step for step in in_main if names.intersection(step.reads)]
    return tuple(step.id for step in reading or in_main) or (at,)
