"""How many bytes values take at least when they are packed, told from their lengths and a few elements."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

#: What a reference to an object takes that is in the pack already; so does the smallest object.
_LEAST = 2
_FLOAT = 9
_INTS, _LARGE_INT = ((2, 2**8), (3, 2**16), (5, 2**31)), 6
#: So many elements are looked at.
_SAMPLE = 4


def least_bytes(values: Iterable[Any]) -> int:
    """About the bytes of lists and the like, texts and arrays, each object once; the rest counts as nothing."""
    known: dict[int, Any] = {id(value): value for value in values}
    return sum(_least(value) for value in known.values())


def _least(value: Any) -> int:
    kind = type(value)
    if kind in (str, bytes, bytearray):
        return len(value)
    if kind in (list, tuple):
        step = max(1, len(value) // _SAMPLE)
        return len(value) * _least_element(value[::step][:_SAMPLE])
    if kind in (set, frozenset):
        return len(value) * _least_element(itertools.islice(value, _SAMPLE))
    if kind is dict:
        pairs = list(itertools.islice(value.items(), _SAMPLE))
        each = [_least_element(part) for part in zip(*pairs, strict=True)]
        return len(value) * sum(each)
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        return int(value.nbytes)
    return 0


def _least_element(sample: Iterable[Any]) -> int:
    """The least that one of these takes among others."""
    sizes = [_element(value) for value in sample]
    return min(sizes, default=0)


def _element(value: Any) -> int:
    if type(value) is float:
        return _FLOAT
    if type(value) is int:
        return next((size for size, limit in _INTS if abs(value) < limit), _LARGE_INT)
    return 1 if value is None or value is True or value is False else _LEAST
