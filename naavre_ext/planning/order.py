"""Which steps must come before which: by the edges, and by the main worker's own order."""

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

    The main worker runs one step at a time, in notebook order. ``before`` counts that in.
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

    @cached_property
    def before(self) -> tuple[int, ...]:
        """For each step a bit set of all steps that have to be over when it starts."""
        pairs = [*self.edge_pairs, *self.main_order]
        return _ancestors(len(self.workflow.steps), pairs)

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
    sources: list[list[int]] = [[] for _ in range(count)]
    for source, target in pairs:
        sources[target].append(source)
    before: list[int] = []
    for position in range(count):
        mask = 0
        for source in sources[position]:
            mask |= 1 << source | before[source]
        before.append(mask)
    return tuple(before)
