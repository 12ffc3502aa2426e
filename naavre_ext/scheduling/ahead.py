"""What the workers of groups will run next: ``(Graph, RunState) → steps, groups``. No clocks, no processes."""

from __future__ import annotations

from collections.abc import Iterator

from naavre_ext.model.workflow import StepId
from naavre_ext.scheduling.machine import Graph, RunState, StepState


def next_in_groups(graph: Graph, state: RunState) -> Iterator[tuple[StepId, StepId | None]]:
    """Steps that nothing but their group's worker keeps waiting, each with the step which that still runs.

    With None the worker is another run's as yet. If what runs ends well, the scheduler starts just these next.
    """
    if state.cancelled or state.failed_at is not None or graph.limit is not None:
        return
    for group in sorted(state.asked | state.opened):
        running = next(_steps(graph, state, group, "running"), None)
        step = next(_steps(graph, state, group, "waiting"), None)
        if step is None or step in graph.held or (running is None and group in state.opened):
            continue
        missing = {source for source in graph.before[step] if state.states[source] != "done"}
        if missing <= {running}:
            yield step, running


def leaving(graph: Graph, state: RunState) -> Iterator[str]:
    """Groups whose workers run a last step: nothing else of the run waits for them."""
    for group in sorted(state.opened):
        is_over = not any(_steps(graph, state, group, "waiting"))
        if is_over and any(_steps(graph, state, group, "running")):
            yield group


def _steps(graph: Graph, state: RunState, group: str, wanted: StepState) -> Iterator[StepId]:
    """The group's steps in that state, of those that run in its worker."""
    for step in graph.order:
        in_group = graph.groups.get(step) == group and state.placement[step] == "any"
        if in_group and state.states[step] == wanted:
            yield step
