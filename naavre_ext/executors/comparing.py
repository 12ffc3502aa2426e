"""Type-aware equality of notebook values."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

#: Deeper than this, values are compared by ``==`` alone.
_MAX_DEPTH = 50


def difference(one: Any, other: Any, path: str = "", depth: int = 0) -> str:
    """Where and how two values first differ, "" when they are equal.

    Types have to agree; NaN equals NaN; the order of dicts counts, that of sets doesn't.
    """
    if one is other:
        return ""
    if type(one).__name__ != type(other).__name__:
        return f"{path or 'it'} is a {type(one).__name__}, not a {type(other).__name__}"
    if depth > _MAX_DEPTH:
        return ""
    special = _special(one, other, path)
    if special is not None:
        return special
    if isinstance(one, float):
        same = one == other or (math.isnan(one) and math.isnan(other))
        return "" if same else _unequal(one, other, path)
    if isinstance(one, Mapping):
        return _mappings(one, other, path, depth)
    if isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return f"{path or 'it'} has {len(one)} elements, not {len(other)}"
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            found = difference(left, right, f"{path}[{index}]", depth + 1)
            if found:
                return found
        return ""
    return _by_equality(one, other, path, depth)


def _special(one: Any, other: Any, path: str) -> str | None:
    """The verdict on arrays, frames and figures; None for anything else."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(one, numpy.ndarray):
        if one.shape != other.shape or one.dtype != other.dtype:
            return f"{path or 'it'} is {one.dtype}{one.shape}, not {other.dtype}{other.shape}"
        if one.dtype.hasobject:
            return difference(one.tolist(), other.tolist(), path)
        same = numpy.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
        return "" if same else f"{path or 'it'} has other elements"
    kinds = () if pandas is None else (pandas.DataFrame, pandas.Series, pandas.Index)
    if kinds and isinstance(one, kinds):
        return "" if one.equals(other) else f"{path or 'it'} has other contents"
    if type(one).__module__.startswith("matplotlib."):
        return ""  # figures are compared by what they show: the cell's outputs
    return None


def _mappings(one: Mapping[Any, Any], other: Mapping[Any, Any], path: str, depth: int) -> str:
    if len(one) != len(other):
        return f"{path or 'it'} has {len(one)} keys, not {len(other)}"
    for left, right in zip(one, other, strict=True):
        if difference(left, right, "", depth + 1):
            return f"{path or 'it'} has the key {left!r} where the other has {right!r}"
        found = difference(one[left], other[right], f"{path}[{left!r}]", depth + 1)
        if found:
            return found
    return ""


def _by_equality(one: Any, other: Any, path: str, depth: int) -> str:
    if callable(one) and callable(other):
        return (
            "" if getattr(one, "__qualname__", "") == getattr(other, "__qualname__", "") else path
        )
    try:
        if bool(one == other):
            return ""
    except Exception:  # noqa: BLE001  (a user's __eq__ may raise anything)
        return ""
    if getattr(type(one), "__eq__", None) is getattr(object, "__eq__", None):
        mine, theirs = getattr(one, "__dict__", None), getattr(other, "__dict__", None)
        if mine is not None and theirs is not None:
            return difference(mine, theirs, path, depth + 1)
        return ""  # nothing to compare by
    return _unequal(one, other, path)


def _unequal(one: Any, other: Any, path: str) -> str:
    return f"{path or 'it'} is {_short(one)}, not {_short(other)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
