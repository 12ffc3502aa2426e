"""Which steps have to run again when live values of a group's worker are lost or can't be trusted.

Steps of a group that share live names, or that call code that can't be seen, are *kin*: they run in one worker,
and where one of them must move all do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from naavre_ext.model.workflow import Placement, Step, StepId, Workflow
from naavre_ext.scheduling.machine import RunState

#: The diagnostic code of what becomes of a group at run time.
CODE = "NX526"


def group_at(step: Step, placement: Placement) -> str | None:
    """The group in whose worker the step runs; None elsewhere."""
    return step.group if placement == "any" else None


def groups_of(workflow: Workflow) -> tuple[str, ...]:
    """The groups that have a worker, in notebook order."""
    found = (group_at(step, step.placement) for step in workflow.steps)
    return tuple(dict.fromkeys(group for group in found if group is not None))


def replicas_of(workflow: Workflow) -> dict[str, int]:
    """For each group how many workers it has for several jobs."""
    found: dict[str, int] = {}
    for step in workflow.steps:
        group = group_at(step, step.placement)
        if group is not None:
            found[group] = max(step.replicas or 1, found.get(group, 1))
    return found


def jobs_at_once(workflow: Workflow) -> int:
    """How many jobs keep all workers of groups busy, and one more that follows; 0 without groups."""
    replicas = replicas_of(workflow)
    return sum(replicas.values()) + 1 if replicas else 0


def kin_of(workflow: Workflow) -> Mapping[StepId, tuple[StepId, ...]]:
    """For each step that shares something with others of its group these, by whatever links, itself among them."""
    kin: dict[StepId, list[StepId]] = {}
    by_name: dict[str, list[StepId]] = {}
    for step in workflow.steps:
        names = _shared(step)
        mine = [step.id] if names else []
        for name in names:
            others = by_name.setdefault(name, mine)
            if others is not mine:
                mine = _joined(kin, by_name, others, mine)
        for member in mine:
            kin[member] = mine
    order = {step.id: place for place, step in enumerate(workflow.steps)}
    return {step: tuple(sorted(mine, key=order.__getitem__)) for step, mine in kin.items()}


def _shared(step: Step) -> tuple[str, ...]:
    """What the step has in common with its kin: live names, and the state that unseen code may keep."""
    unseen = step.barrier and group_at(step, step.placement) is not None
    return (*step.live, *([f"({step.group})"] if unseen else []))


def _joined(
    kin: dict[StepId, list[StepId]],
    by_name: dict[str, list[StepId]],
    one: list[StepId],
    other: list[StepId],
) -> list[StepId]:
    one += other
    for name, members in by_name.items():
        if members is other:
            by_name[name] = one
    for member in one:
        kin[member] = one
    return one


def lost_with(
    workflow: Workflow, state: RunState, group: str, dropped: Collection[StepId] = ()
) -> tuple[StepId, ...]:
    """The steps whose live values others of their kin still need, when the group's worker is gone."""
    kin = kin_of(workflow)
    inside = [s for s in workflow.steps if group_at(s, state.placement[s.id]) == group]
    pending = [
        s.id for s in inside if s.id in dropped or state.states[s.id] not in ("done", "failed")
    ]
    needed = {member for step in pending for member in kin.get(step, ())}
    return tuple(s.id for s in inside if s.id in needed and state.has_started(s.id))


def again_with(workflow: Workflow, state: RunState, steps: Iterable[StepId]) -> tuple[StepId, ...]:
    """The started ones among these steps, those of their kin, and all that used what they made."""
    kin = kin_of(workflow)
    found: set[StepId] = set()
    waiting = list(steps)
    while waiting:
        step = waiting.pop()
        if step in found:
            continue
        found.add(step)
        if state.placement[step] == "any":
            waiting += kin.get(step, ())
        waiting += [e.target for e in workflow.edges if e.source == step and e.names]
    return tuple(s.id for s in workflow.steps if s.id in found and state.has_started(s.id))


def explain_move(workflow: Workflow, step: StepId, moved: Collection[StepId], reason: str) -> str:
    """Why a group's cells run in the main worker after all, and what avoids it."""
    group = workflow.step(step).group
    cells = [s.cell_number for s in workflow.steps if s.id in moved]
    which = f"cells {', '.join(map(str, cells))} run" if len(cells) > 1 else f"cell {cells[0]} runs"
    return (
        f"'# group: {group}' can't be kept in cell {workflow.step(step).cell_number}: {reason}. So {which} in the "
        "main worker. Hand on copies or plain results (numbers, arrays, tables) instead, or put the cells "
        "that share the object into the group."
    )
