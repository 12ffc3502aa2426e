"""How many items each of a fixed number of batches gets."""

from __future__ import annotations

import math


def cut(count: int, batches: int) -> list[tuple[int, int]]:
    """Contiguous bounds of at most ``batches`` batches of ``ceil(count / batches)`` items.

    >>> cut(28, 5)
    [(0, 6), (6, 12), (12, 18), (18, 24), (24, 28)]
    >>> cut(0, 3)
    [(0, 0)]
    """
    size = max(1, math.ceil(count / max(1, batches)))
    return [(start, min(start + size, count)) for start in range(0, count, size)] or [(0, 0)]
