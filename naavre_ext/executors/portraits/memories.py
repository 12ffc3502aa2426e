"""Which arrays share memory: those whose stretches of it overlap, not all that are parts of one block.

Rows taken out of one array (``x, y = numpy.random.rand(2, 1000)``) have nothing in common, and lie apart once
they have travelled.
"""

from __future__ import annotations

#: Identity of what owns the memory, first address, and the one after the last.
Memory = tuple[int, int, int]

#: Stretches of one block that are compared with a new one; beyond it, those that begin alike share.
_MOST_COMPARED = 256


class Memories:
    """The stretches of memory met so far, each with the number it was given."""

    def __init__(self) -> None:
        self._met: dict[int, list[tuple[int, int, int]]] = {}
        self._starts: dict[tuple[int, int], int] = {}

    def number(self, memory: Memory, new: int) -> int:
        """The number of the first stretch met that overlaps this one; ``new``, which it gets, if there's none."""
        owner, start, end = memory
        met = self._met.setdefault(owner, [])
        found = next((n for s, e, n in met if s < end and start < e), None)
        if found is None:
            found = self._starts.get((owner, start))
        if found is None:
            found = new
            self._starts[owner, start] = new
        if len(met) < _MOST_COMPARED:
            met.append((start, end, found))
        return found
