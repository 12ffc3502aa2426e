"""A loop's items, taken apart beforehand where that changes nothing."""

from __future__ import annotations

import itertools
import operator
import sys
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from naavre_ext.executors.packing import is_immutable

_ITERTOOLS = (
    itertools.product,
    itertools.combinations,
    itertools.permutations,
    itertools.combinations_with_replacement,
)


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


def are_immutable(items: Any) -> bool:
    """Whether none of the items can change in place."""
    numpy = sys.modules.get("numpy")
    if isinstance(items, range):
        return True
    if numpy is not None and isinstance(items, numpy.ndarray):
        return items.ndim == 1 and not items.dtype.hasobject and items.dtype.names is None
    return all(is_immutable(item) for item in items)


def are_distinct(items: Any, *, numbered: bool) -> bool:
    """Whether surely no item comes twice; the number of ``numbered`` ones, as of ``enumerate``, doesn't count."""
    if isinstance(items, range):
        return True
    found = [item[1] for item in items] if numbered else list(items)
    fixed = all(isinstance(item, PurePath) or is_immutable(item) for item in found)
    return fixed and len(set(found)) == len(found)


def sizes_of(parts: Sequence[Any]) -> set[int]:
    """How many items iterators of Python's own, or arrays, will give; nothing where one doesn't say."""
    known = all(type(part).__module__ in ("builtins", "numpy") for part in parts)
    sizes = {operator.length_hint(part, -1) for part in parts} if known else set()
    return set() if -1 in sizes else sizes


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
        _, parts, *others = iterable.__reduce__()
        if kind is zip and any(others) and len(sizes_of(parts)) != 1:
            return False  # strict: it may raise, after the last row
        return all(_is_plain(part) or isinstance(part, int) for part in parts)
    pandas = sys.modules.get("pandas")
    return pandas is not None and kind in (pandas.Index, pandas.RangeIndex, pandas.Series)
