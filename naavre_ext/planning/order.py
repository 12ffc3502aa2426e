"""Which steps must come before which: by the edges, the main worker's own order, and for effects outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from naavre_ext.model.workflow import Workflow

#: Two steps by their positions in the workflow, the earlier one first.
Pair = tuple[int, int]


@dataclass(frozen=True)
class StepOrder:
    """The order in which a workflow's steps have to run, by their positions.

    The main worker runs one step at a time, in notebook order, and a step that changes things outside starts
    when all earlier ones are over, as they may still fail (unless the run is eager). ``before`` counts both in.
    """

    workflow: Workflow

    @cached_property
    def edge_pairs(self) -> tuple[Pair, ...]:
        """The pairs of steps that an edge ties, sorted."""
        position = {step.id: index for index, step in enumerate(self.workflow.steps)}
        edges = self.workflow.edges
        return tuple(sorted({(position[edge.source], position[edge.target]) for edge in edges}))

    @cached_property
    def main_order(self) -> tuple[Pair, ...]:
        """The pairs of neighbours in the main worker that nothing else keeps in order."""
        mains = [p for p, step in enumerate(self.workflow.steps) if step.placement == "main"]
        neighbours = pairwise(mains)
        apart = _ancestors(len(self.workflow.steps), self.edge_pairs)
        return tuple((first, then) for first, then in neighbours if not apart[then] >> first & 1)

    @property
    def held_order(self) -> tuple[Pair, ...]:
        """The pairs in which a step that changes things outside waits for one that nothing else puts before it."""
        return self._with_held[1]

    @property
    def before(self) -> tuple[int, ...]:
        """For each step a bit set of all steps that have to be over when it starts."""
        return self._with_held[0]

    @cached_property
    def _with_held(self) -> tuple[tuple[int, ...], tuple[Pair, ...]]:
        """:attr:`before` and :attr:`held_order`."""
        before: list[int] = []
        held: list[Pair] = []
        steps = self.workflow.steps
        sources = _sources(len(steps), [*self.edge_pairs, *self.main_order])
        for position, step in enumerate(steps):
            mask = _mask(sources[position], before)
            if step.touches_outside:
                loose = [p for p in range(position) if not mask >> p & 1]
                last = [p for p in loose if not any(before[q] >> p & 1 for q in loose)]
                held += [(p, position) for p in last]
                mask |= _mask(last, before)
            before.append(mask)
        return tuple(before), tuple(held)

    def beside(self, position: int) -> tuple[int, ...]:
        """The steps that may run at the same time as this one."""
        own = self.before[position]
        return tuple(
            other
            for other, before in enumerate(self.before)
            if other != position and not own >> other & 1 and not before >> position & 1
        )

    def longest_chain(self, pairs: Iterable[Pair]) -> int:
        """The most steps that these pairs put one after the other."""
        lengths = [1] * len(self.workflow.steps)
        for source, target in sorted(pairs):  # they point forward, so a source's length is final
            lengths[target] = max(lengths[target], lengths[source] + 1)
        return max(lengths, default=0)


def _ancestors(count: int, pairs: Sequence[Pair]) -> tuple[int, ...]:
    before: list[int] = []
    for sources in _sources(count, pairs):
        before.append(_mask(sources, before))
    return tuple(before)


def _sources(count: int, pairs: Sequence[Pair]) -> list[list[int]]:
    sources: list[list[int]] = [[] for _ in range(count)]
    for source, target in pairs:
        sources[target].append(source)
    return sources


def _mask(sources: Iterable[int], before: Sequence[int]) -> int:
    """The steps, and all before them."""
    mask = 0
    for source in sources:
        mask |= 1 << source | before[source]
    return mask
