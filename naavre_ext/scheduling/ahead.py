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
    running, waiting = _first(graph, state, "running"), _first(graph, state, "waiting")
    for group in sorted((state.asked | state.opened) & waiting.keys()):
        step, before = waiting[group], running.get(group)
        if step in graph.held or (before is None and group in state.opened):
            continue
        missing = {source for source in graph.before[step] if state.states[source] != "done"}
        if missing <= {before}:
            yield step, before


def leaving(graph: Graph, state: RunState) -> tuple[str, ...]:
    """Groups whose workers run a last step: nothing else of the run waits for them."""
    running, waiting = _first(graph, state, "running"), _first(graph, state, "waiting")
    return tuple(sorted((state.opened & running.keys()) - waiting.keys()))


def _first(graph: Graph, state: RunState, wanted: StepState) -> dict[str, StepId]:
    """By group its first step in that state, of those that run in its worker."""
    found: dict[str, StepId] = {}
    for step, group in graph.groups.items():
        if state.states[step] == wanted and state.placement[step] == "any":
            found.setdefault(group, step)
    return found
