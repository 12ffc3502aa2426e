"""Parts of arrays that basic slicing takes, and the slices that take them again from the notebook's own array."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from naavre_ext.executors.packing_arrays import bounds, root

#: Arrays in one block of memory that are looked at for a window.
_CANDIDATES = 8

Index = tuple[int | slice, ...]


class Windows:
    """The origins of windows on arrays whose origins are known; a window has a number of its own."""

    def __init__(self) -> None:
        self._arrays: dict[int, list[tuple[int, Any, Any]]] = {}
        self._sorted: set[int] = set()
        self._found: dict[int, tuple[Any, Any]] = {}

    def add(self, array: Any, origin: Any) -> None:
        """An array with its origin."""
        memory = id(root(array))
        self._arrays.setdefault(memory, []).append((bounds(array)[0], array, origin))
        self._sorted.discard(memory)

    def origin_of(self, window: Any) -> Any:
        """``(root, steps)`` with the slice as the last step; None where it isn't a slice of a known array."""
        if not window.size or id(root(window)) not in self._arrays:
            return None
        if id(window) not in self._found:
            self._found[id(window)] = (window, self._search(window))
        return self._found[id(window)][1]

    def _search(self, window: Any) -> Any:
        memory = id(root(window))
        known = self._arrays.get(memory, [])
        if memory not in self._sorted:
            known.sort(key=lambda entry: entry[0])
            self._sorted.add(memory)
        end = bisect_right(known, bounds(window)[0], key=lambda entry: entry[0])
        for _, array, (origin, steps) in reversed(known[max(0, end - _CANDIDATES) : end]):
            index = slice_of(array, window)
            if index is not None:
                return origin, (*steps, ("slice", (len(self._found), index)))
        return None


def slice_of(array: Any, window: Any) -> Index | None:
    """The index by which ``array[index]`` is the same window on its memory; None where slicing doesn't give it.

    Transposed, repeated and diagonal windows aren't slices: NumPy may have made those read-only.
    """
    if window.dtype != array.dtype:
        return None
    starts = _starts(array, _address(window) - _address(array))
    if starts is None:
        return None
    axes = list(zip(window.shape, window.strides, strict=True))
    index: list[int | slice] = []
    for position, start in enumerate(starts):
        length, stride = array.shape[position], array.strides[position]
        taken = _slice(axes[0], start, length, stride) if axes else None
        if taken is None and len(axes) >= array.ndim - position:
            return None  # no axis is left to be left out
        if taken is not None:
            axes.pop(0)
        index.append(start if taken is None else taken)
    return None if axes else tuple(index)


def _starts(array: Any, offset: int) -> list[int] | None:
    """The place of what lies so many bytes behind the first element of an array; None where that is none of it."""
    starts = [0] * array.ndim
    for axis, (length, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        if stride < 0:  # counted from the other end
            offset -= (length - 1) * stride
            starts[axis] = length - 1
    long = [axis for axis, length in enumerate(array.shape) if length > 1]
    for axis in sorted(long, key=lambda axis: -abs(array.strides[axis])):
        stride = array.strides[axis]
        if not stride or offset < 0:
            return None
        steps, offset = divmod(offset, abs(stride))
        starts[axis] += steps if stride > 0 else -steps
        if not 0 <= starts[axis] < array.shape[axis]:
            return None
    return None if offset else starts


def _address(array: Any) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _slice(axis: tuple[int, int], start: int, length: int, stride: int) -> slice | None:
    """What takes ``axis`` (its length and stride) from an axis, beginning at ``start``."""
    count, own_stride = axis
    if count == 1:
        return slice(start, start + 1)
    step, rest = divmod(own_stride, stride)
    last = start + (count - 1) * step
    if rest or not step or not 0 <= last < length:
        return None
    stop = start + count * step
    return slice(start, None if stop < 0 else stop, step)
