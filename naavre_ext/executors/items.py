"""A loop's items: taken apart beforehand where that changes nothing, and cut into batches."""

from __future__ import annotations

import itertools
import math
import sys
from typing import Any

_ITERTOOLS = (
    itertools.product,
    itertools.combinations,
    itertools.permutations,
    itertools.combinations_with_replacement,
)


def cut(count: int, batches: int) -> list[tuple[int, int]]:
    """Contiguous bounds of at most ``batches`` batches of ``ceil(count / batches)`` items.

    >>> cut(28, 5)
    [(0, 6), (6, 12), (12, 18), (18, 24), (24, 28)]
    >>> cut(0, 3)
    [(0, 0)]
    """
    size = max(1, math.ceil(count / max(1, batches)))
    return [(start, min(start + size, count)) for start in range(0, count, size)] or [(0, 0)]


def materialise(iterable: Any) -> tuple[Any, str]:
    """The items as a sequence that can be sliced, or None and why they have to come one by one.

    Iterating must run no code of the user's, as that would have to run between the iterations.
    """
    if isinstance(iterable, (list, tuple, range)) and type(iterable) in (list, tuple, range):
        return iterable, ""
    if _is_plain(iterable):
        return list(iterable), ""
    numpy = sys.modules.get("numpy")
    if numpy is not None and type(iterable) is numpy.ndarray and iterable.ndim > 0:
        return iterable, ""
    return None, f"its items come one by one from a {type(iterable).__name__}"


def _is_plain(iterable: Any) -> bool:
    """Whether iterating is Python's own doing, and finite."""
    kind = type(iterable)
    if kind in (
        list,
        tuple,
        range,
        str,
        bytes,
        dict,
        set,
        frozenset,
        type({}.keys()),
        type({}.values()),
        type({}.items()),
    ):
        return True
    if kind in _ITERTOOLS:
        return True
    if kind in (zip, enumerate, reversed) or kind.__name__.endswith("iterator"):
        parts = iterable.__reduce__()[1]
        return all(_is_plain(part) or isinstance(part, int) for part in parts)
    pandas = sys.modules.get("pandas")
    return pandas is not None and kind in (pandas.Index, pandas.RangeIndex, pandas.Series)
