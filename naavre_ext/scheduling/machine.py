"""Decides what runs next: ``(RunState, Fact) → RunState, commands``. No clocks, no processes.

State of each step (``StepState``):

``waiting``   not started; some predecessor isn't done, or its lane is taken
``running``   handed to a worker
``done``      ended well (or with an error that its cell's tag allows)
``failed``    raised
``not run``   an earlier cell failed, or the run was stopped; what it may have done is discarded

Main steps run one at a time, in notebook order; so do, in their worker, those of each group. Other steps start
as soon as what they need is done. The first step of a group asks for the group's worker as soon as what it needs
runs or is done, and waits until that is there; when no step of the group is left to run, it is given back. A step
that touches the outside world starts only when all before it are done, unless the run is eager.
When a cell fails, steps before it in the notebook still finish; all later ones are *not run*. A result that
turns out to be made of a stale value doesn't count, nor does what followed from it: these steps wait again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from naavre_ext.model.event import RunStatus
from naavre_ext.model.workflow import Placement, StepId, Workflow
from naavre_ext.scheduling.facts import (
    Began,
    CloseGroup,
    Command,
    DropStep,
    Fact,
    Failed,
    Finish,
    GroupOpened,
    Invalidated,
    OpenGroup,
    Relocated,
    Retried,
    StartedOver,
    StartStep,
    Stopped,
    Succeeded,
)
from naavre_ext.scheduling.reuse import Reuse

StepState = Literal["waiting", "running", "done", "failed", "not run"]


@dataclass(frozen=True, slots=True)
class Graph:
    """What the machine needs of a workflow: positions, predecessors and successors.

    ``held`` steps start only when all earlier ones are done, as their effects couldn't be taken back; so
    do ``movable`` ones that had to be relocated, as several of them must run in notebook order. ``limit`` is how
    many workers may work at once; a ``wide`` step may use all of them for its batches. ``groups``
    tells in whose worker a step runs unless it is relocated. ``in_order`` each step waits for the one before.
    """

    order: tuple[StepId, ...]
    before: Mapping[StepId, frozenset[StepId]]
    after: Mapping[StepId, tuple[StepId, ...]]
    may_raise: frozenset[StepId]
    limit: int | None = None
    held: frozenset[StepId] = frozenset()
    movable: frozenset[StepId] = frozenset()
    groups: Mapping[StepId, str] = field(default_factory=dict)
    wide: frozenset[StepId] = frozenset()
    in_order: bool = False

    def candidates(self, states: Mapping[StepId, StepState]) -> Sequence[StepId]:
        """The steps among which are all that may start, in notebook order."""
        if not self.in_order:
            return self.order
        return [s for s in self.order if states[s] in ("waiting", "running")][:1]

    def is_room_for(self, step: StepId, running: Sequence[StepId]) -> bool:
        """Whether the step may start beside those that run."""
        if self.limit is None or not running:
            return True
        return not self.wide.intersection((step, *running)) and len(running) < self.limit


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a run stands. ``placement`` changes when a step is relocated.

    ``asked`` are the groups whose workers were asked for, ``opened`` those that are there.
    """

    states: Mapping[StepId, StepState]
    placement: Mapping[StepId, Placement]
    main_busy: StepId | None = None
    asked: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()
    failed_at: int | None = None
    cancelled: bool = False
    finished: bool = False

    def has_started(self, step: StepId) -> bool:
        """Whether the step has begun, and what it has done so far counts."""
        return self.states[step] in ("running", "done", "failed")


@dataclass(slots=True)
class _Draft:
    """A state under change within one :func:`advance`."""

    states: dict[StepId, StepState]
    commands: list[Command] = field(default_factory=list)


def graph_of(
    workflow: Workflow,
    max_parallelism: int | None = None,
    *,
    eager: bool = False,
    in_order: bool = False,
) -> Graph:
    """The machine's view of a workflow."""
    order = tuple(step.id for step in workflow.steps)
    before: dict[StepId, set[StepId]] = {step: set() for step in order}
    after: dict[StepId, list[StepId]] = {step: [] for step in order}
    for edge in workflow.edges:
        if edge.source not in before[edge.target]:
            before[edge.target].add(edge.source)
            after[edge.source].append(edge.target)
    return Graph(
        order=order,
        before={step: frozenset(sources) for step, sources in before.items()},
        after={step: tuple(targets) for step, targets in after.items()},
        may_raise=frozenset(step.id for step in workflow.steps if step.raises_exception),
        limit=max_parallelism,
        held=frozenset(s.id for s in workflow.steps if s.touches_outside and not eager),
        movable=frozenset(s.id for s in workflow.steps if s.placement == "any"),
        wide=frozenset(
            s.id
            for s in workflow.steps
            if s.splits or any(other.inner_splits or other.tasks for other in workflow.steps)
        ),
        groups={s.id: s.group for s in workflow.steps if s.placement == "any" and s.group},
        in_order=in_order,
    )


def initial(workflow: Workflow, reuse: Reuse | None = None) -> RunState:
    """The state before anything runs; what is reused of an earlier run is done."""
    reuse = reuse or Reuse()
    return RunState(
        states={s.id: "done" if s.id in reuse.steps else "waiting" for s in workflow.steps},
        placement={s.id: "main" if s.id in reuse.covers else s.placement for s in workflow.steps},
    )


def advance(graph: Graph, state: RunState, fact: Fact) -> tuple[RunState, tuple[Command, ...]]:
    """The next state and what to do now. Facts about steps that no longer count change nothing."""
    if state.finished:
        return state, ()
    draft = _Draft(dict(state.states))
    if isinstance(fact, Stopped):
        state = replace(state, cancelled=True)
        _drop(graph, draft, 0, "the run was stopped")
    elif isinstance(fact, Began):
        pass
    elif isinstance(fact, GroupOpened):
        state = replace(state, opened=state.opened | {fact.group})
    elif isinstance(fact, StartedOver):
        if not state.cancelled:
            draft.states = dict.fromkeys(graph.order, "waiting")
            state = replace(
                state,
                placement=dict.fromkeys(graph.order, "main"),
                main_busy=None,
                asked=frozenset(),
                opened=frozenset(),
                failed_at=None,
            )
    elif isinstance(fact, Invalidated):
        state = _invalidate(graph, state, draft, fact)
    elif draft.states[fact.step] == "running" or isinstance(fact, Relocated):
        state = _take(graph, state, draft, fact)
    return _continue(graph, replace(state, states=draft.states), draft)


def _take(
    graph: Graph, state: RunState, draft: _Draft, fact: Succeeded | Failed | Retried | Relocated
) -> RunState:
    step = fact.step
    if state.main_busy == step:
        state = replace(state, main_busy=None)
    if isinstance(fact, Relocated):
        if draft.states[step] in ("running", "waiting"):
            draft.states[step] = "waiting"
            state = replace(state, placement={**state.placement, step: "main"})
    elif isinstance(fact, Retried):
        draft.states[step] = "waiting"
    elif isinstance(fact, Failed) and (fact.is_fatal or step not in graph.may_raise):
        draft.states[step] = "failed"
        position = graph.order.index(step)
        state = replace(state, failed_at=position)
        _drop(graph, draft, position + 1, "an earlier cell failed")
    else:
        draft.states[step] = "done"
    return state


def _invalidate(graph: Graph, state: RunState, draft: _Draft, fact: Invalidated) -> RunState:
    to_main: dict[StepId, Placement] = dict.fromkeys(fact.readers, "main")
    state = replace(state, placement={**state.placement, **to_main})
    if state.cancelled:
        for step in fact.again:
            draft.states[step] = "not run"
            draft.commands.append(DropStep(step, "the run was stopped"))
        return state
    for step in fact.again:
        draft.states[step] = "waiting"
    if state.failed_at is not None and graph.order[state.failed_at] in fact.again:
        for step in graph.order[
            state.failed_at :
        ]:  # they were left out for an error that isn't one
            draft.states[step] = "waiting"
        state = replace(state, failed_at=None)
    return state


def _drop(graph: Graph, draft: _Draft, start: int, reason: str) -> None:
    for step in graph.order[start:]:
        if draft.states[step] == "not run" or (
            start == 0 and draft.states[step] in ("done", "failed")
        ):
            continue  # a stopped run keeps what is done
        draft.states[step] = "not run"
        draft.commands.append(DropStep(step, reason))


def _continue(graph: Graph, state: RunState, draft: _Draft) -> tuple[RunState, tuple[Command, ...]]:
    states = draft.states
    # Before all that starts: another job may be waiting for the worker.
    state = _close_groups(graph, state, draft)
    main_busy = state.main_busy
    if main_busy is not None and states[main_busy] != "running":
        main_busy = None
    running = [step for step, value in states.items() if value == "running"]
    main_is_next = True
    all_before_done = True
    busy_groups = {
        graph.groups.get(s)
        for s, v in states.items()
        if v == "running" and state.placement[s] == "any"
    }
    for step in graph.candidates(states):
        may_start_if_held, all_before_done = (
            all_before_done,
            all_before_done and states[step] == "done",
        )
        if states[step] != "waiting":
            continue
        in_main = state.placement[step] == "main"
        group = None if in_main else graph.groups.get(step)
        held = step in graph.held or (in_main and step in graph.movable)
        needs = {states[source] for source in graph.before[step]}
        ready = needs <= {"done"} and (may_start_if_held or not held)
        if in_main:
            may_start = main_is_next and main_busy is None and ready
            main_is_next = False
        else:
            may_start = ready
            if group is not None:
                may_start = ready and group not in busy_groups and group in state.opened
                is_near = ready or (needs <= {"done", "running"} and not held)
                if is_near and group not in busy_groups and group not in state.asked:
                    state = replace(state, asked=state.asked | {group})
                    draft.commands.append(OpenGroup(group, early=not ready))
                busy_groups.add(group)
        if may_start and graph.is_room_for(step, running):
            states[step] = "running"
            running.append(step)
            main_busy = step if in_main else main_busy
            draft.commands.append(StartStep(step, state.placement[step]))
    state = replace(state, main_busy=main_busy)
    if not any(value in ("waiting", "running") for value in states.values()):
        status: RunStatus = (
            "cancelled" if state.cancelled else "failed" if state.failed_at is not None else "ok"
        )
        draft.commands.append(Finish(status))
        state = replace(state, finished=True)
    return state, tuple(draft.commands)


def _close_groups(graph: Graph, state: RunState, draft: _Draft) -> RunState:
    """The state without the groups none of whose steps is left to run."""
    needed = {
        group
        for step, group in graph.groups.items()
        if state.placement[step] == "any" and draft.states[step] in ("waiting", "running")
    }
    over = state.opened - needed
    if not over:
        return state
    draft.commands += [CloseGroup(group) for group in sorted(over)]
    return replace(state, asked=state.asked - over, opened=state.opened - over)
