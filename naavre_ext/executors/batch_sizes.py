"""How many items the next batch gets.

With ``# batches: N`` the sizes are fixed. Else they follow guided self-scheduling (C. Polychronopoulos and
D. Kuck, Guided Self-Scheduling, IEEE Trans. Computers 36(12), 1987) in time instead of iterations: a batch gets
its share of the time that is left, by what items have taken so far. So batches are long at first and short
at the end, where they even out.
"""

from __future__ import annotations

import math
from typing import Protocol

SHORTEST_BATCH_S = 0.05
LONGEST_BATCH_S = 1.0
#: What sending and merging a batch costs the cell's worker, which does that one after the other. With very many
#: slots it would be the one that all wait for, so batches are longer there.
SEND_S = 0.0025
#: A batch that takes so many times what it was made for gives back the items that it hasn't begun: others may be
#: idle.
_PATIENT = 2
#: The longest ones do that after this time.
LIMIT_S = 2 * LONGEST_BATCH_S
#: So many batches wait for a worker at most: looking after each that is under way takes time, too.
_MOST_WAITING = 64
#: Batches left for each that may be under way, from which on very short ones go out together.
_MANY = 16
#: What earlier batches count for, against a new one, in the time that an item takes.
_MEMORY = 0.7
#: A batch computes for so many times as long as its worker takes to get ready for it, and to look at what it left.
_WORTHWHILE = 4


class BatchSizes(Protocol):
    """``window`` is how many batches may be under way."""

    window: int

    def observe(self, items: int, seconds: float, handling_s: float = 0.0) -> None:
        """A batch of so many items took so long, part of it for what isn't the items' work."""
        ...

    def next(self, left: int | None) -> int:
        """How many items the next batch gets when so many are left (None: nobody knows)."""
        ...

    def limit_s(self, items: int) -> float | None:
        """The time after which a batch of so many items begins no more of them; None: it never stops."""
        ...


class FixedSizes:
    """At most ``batches`` batches of ``ceil(count / batches)`` items each, the last one smaller.

    Where there are a great many, of which each is over sooner than it is sent, several go out as one; so they do
    where a round of them for all slots takes longer to send than to run.
    """

    def __init__(self, count: int, batches: int, slots: int) -> None:
        self.size = max(1, math.ceil(count / max(1, batches)))
        self.window = max(16, min(4 * slots, slots + _MOST_WAITING))
        self._slots, self._round_s = slots, slots * SEND_S
        self._seconds, self._items = 0.0, 0

    def observe(self, items: int, seconds: float, handling_s: float = 0.0) -> None:
        """Counts the time of all batches."""
        self._seconds, self._items = self._seconds + seconds, self._items + items

    def next(self, left: int | None) -> int:
        """The same for all, as long as they are few or long."""
        if left is None or not self._items:
            return self.size
        batch_s = max(self._seconds / self._items * self.size, 1e-9)
        if batch_s < self._round_s and self._round_s > SHORTEST_BATCH_S:
            wanted, keep = math.ceil(self._round_s / batch_s), self._slots
        else:
            wanted, keep = int(SHORTEST_BATCH_S / batch_s), _MANY * self.window
        return self.size * max(1, min(wanted, left // (keep * self.size)))

    def limit_s(self, items: int) -> None:
        """They were asked for as they are."""


class GuidedSizes:
    """Guided self-scheduling for ``slots`` workers. ``item_s`` is a first guess, None when there is none.

    As long as the guess is all there is, each slot gets two batches at least: the first may be the cheap ones.
    Where a batch is stopped after ``timeout_s``, it gives back items long before.
    """

    def __init__(self, slots: int, item_s: float | None, timeout_s: float | None = None) -> None:
        self._slots, self._guesses = slots, True
        self._handling_s, self._timeout_s = 0.0, timeout_s
        self._shortest_s = max(SHORTEST_BATCH_S, slots * SEND_S)
        self._longest_s = max(LONGEST_BATCH_S, 4 * self._shortest_s)
        self._seconds, self._items = (0.0, 0.0) if item_s is None else (item_s, 1.0)
        self.window = slots + min(slots, _MOST_WAITING)

    def observe(self, items: int, seconds: float, handling_s: float = 0.0) -> None:
        """Takes the batch into the average, the latest ones counting most."""
        self._guesses = False
        self._seconds = self._seconds * _MEMORY + max(seconds - handling_s, 0.0)
        self._items = self._items * _MEMORY + items
        self._handling_s = max(self._handling_s * _MEMORY, handling_s)

    def _bounds_s(self) -> tuple[float, float]:
        """How long a batch is to compute, at least and at most."""
        shortest_s = max(self._shortest_s, _WORTHWHILE * self._handling_s)
        longest_s = max(self._longest_s, shortest_s)
        if self._timeout_s is not None:
            shortest_s = max(self._shortest_s, min(shortest_s, self._timeout_s / 4))
        return min(shortest_s, longest_s), longest_s

    def next(self, left: int | None) -> int:
        """One item as long as nothing is known."""
        if not self._items:
            return 1
        item_s = max(self._seconds / self._items, 1e-9)
        shortest_s, longest_s = self._bounds_s()
        share_s = longest_s if left is None else left * item_s / (2 * self._slots)
        size = int(min(max(share_s, shortest_s), longest_s) / item_s)
        if self._guesses and left is not None:
            size = min(size, math.ceil(left / (2 * self._slots)))
        return max(1, size)

    def limit_s(self, items: int) -> float | None:
        """Some times what the items were expected to take."""
        expected_s = items * self._seconds / self._items if self._items else 0.0
        shortest_s, longest_s = self._bounds_s()
        limit_s = LIMIT_S * longest_s / LONGEST_BATCH_S
        if self._timeout_s is not None:
            limit_s = min(limit_s, self._timeout_s / 2)
        return min(limit_s, max(2 * shortest_s, _PATIENT * expected_s))


#: An ``# over`` cell's first batches hold this part of all items.
_PROBE = 1 / 64
_SHORTEST_VECTOR_S = 0.2


class VectorSizes(GuidedSizes):
    """Sizes for a cell that works on all items of a batch at once, and so has a price per batch.

    A small batch for each worker measures; then batches take a guided share between 0.2 and 1 s. They are never
    so large that a worker gets none. A batch runs to its end, which is well before ``timeout_s``.
    """

    def __init__(self, count: int, slots: int, timeout_s: float | None = None) -> None:
        super().__init__(slots, None)
        self._longest_vector_s = (
            LONGEST_BATCH_S if timeout_s is None else min(LONGEST_BATCH_S, timeout_s / 4)
        )
        self._probe = max(1, math.ceil(count * _PROBE))

    def observe(self, items: int, seconds: float, handling_s: float = 0.0) -> None:
        """The price of a batch is part of what its items take."""
        super().observe(items, seconds)

    def next(self, left: int | None) -> int:
        """The probe's size as long as nothing is known."""
        if not self._items:
            return self._probe
        left = left or 1
        item_s = max(self._seconds / self._items, 1e-9)
        share_s = left * item_s / (2 * self._slots)
        wanted_s = min(max(share_s, _SHORTEST_VECTOR_S), self._longest_vector_s)
        return max(1, min(int(wanted_s / item_s), math.ceil(left / self._slots)))

    def limit_s(self, items: int) -> None:
        """A batch is one piece of work."""
