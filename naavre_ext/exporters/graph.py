"""The workflow's edges as they are drawn: one arrow for each pair of steps, none superfluous."""

from __future__ import annotations

from dataclasses import dataclass

from naavre_ext.exporters.wording import edge_label
from naavre_ext.model.workflow import Edge, Step, Workflow


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow between two steps, given by their positions in the workflow.

    ``carries_data`` is False for arrows that only order the steps.
    """

    source: int
    target: int
    label: str
    carries_data: bool


def draw_arrows(workflow: Workflow) -> tuple[Arrow, ...]:
    """The arrows between steps, sorted.

    Edges between the same two steps become one arrow. An arrow that carries no variable and says
    nothing that a path through other steps doesn't say too is left out, so that a barrier doesn't
    tie every step to every other.
    """
    position = {step.id: index for index, step in enumerate(workflow.steps)}
    pairs: dict[tuple[int, int], list[Edge]] = {}
    for edge in workflow.edges:
        pairs.setdefault((position[edge.source], position[edge.target]), []).append(edge)
    bare = {pair for pair, edges in pairs.items() if not any(edge.names for edge in edges)}
    implied = bare & _implied(set(pairs))
    return tuple(
        Arrow(
            source,
            target,
            "; ".join(dict.fromkeys(filter(None, map(edge_label, pairs[source, target])))),
            any(edge.kind in ("data", "alias") for edge in pairs[source, target]),
        )
        for source, target in sorted(set(pairs) - implied)
    )


def _implied(pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """The pairs whose target is also reached from their source through another step.

    Pairs point forward, so one backward sweep finds what each step reaches, as bit sets.
    """
    successors: dict[int, list[int]] = {}
    for source, target in pairs:
        successors.setdefault(source, []).append(target)
    reach: dict[int, int] = {}
    implied = set()
    for source in sorted(successors, reverse=True):
        reached = 0
        for target in sorted(successors[source]):
            if reached >> target & 1:
                implied.add((source, target))
            reached |= 1 << target | reach.get(target, 0)
        reach[source] = reached
    return implied


def longest_path_layers(count: int, arrows: tuple[Arrow, ...]) -> tuple[int, ...]:
    """For each step, the number of arrows on the longest path that leads to it."""
    layers = [0] * count
    for arrow in arrows:  # sorted by source, and all arrows point forward
        layers[arrow.target] = max(layers[arrow.target], layers[arrow.source] + 1)
    return tuple(layers)


def is_split(step: Step) -> bool:
    """Whether a loop of the step may run in batches."""
    return bool(step.splits)
