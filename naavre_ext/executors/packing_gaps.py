"""Arrays with gaps between their elements: a column of a table, the real part of complex numbers.

NumPy and BLAS add up what lies close together in another order than what doesn't, so the last bits of a sum or a
product tell where the gaps are. How wide they are, they don't.
"""

from __future__ import annotations

import sys
from typing import Any


def narrowed(array: Any) -> Any:
    """A copy that has gaps where the array has some, each one element wide, and its axes run as they do there."""
    numpy = sys.modules["numpy"]
    strides, size = _narrow_strides(array)
    memory = numpy.zeros(size, numpy.uint8)
    before = sum(
        (length - 1) * -stride
        for length, stride in zip(array.shape, strides, strict=True)
        if stride < 0
    )
    made = numpy.ndarray(array.shape, array.dtype, buffer=memory, offset=before, strides=strides)
    made[...] = array
    return made


def _narrow_strides(array: Any) -> tuple[list[int], int]:
    """The strides, from the innermost axis outwards, and how many bytes that takes."""
    strides = [0] * array.ndim
    # What the axes so far take, here and in the array, and where the last element ends.
    within = there = size = array.itemsize
    for axis in sorted(range(array.ndim), key=lambda axis: abs(array.strides[axis])):
        length, stride = array.shape[axis], array.strides[axis]
        if length == 1 or stride == 0:
            continue
        if abs(stride) > there:
            within += array.itemsize
        strides[axis] = within if stride > 0 else -within
        size += (length - 1) * within
        within, there = within * length, abs(stride) * length
    return strides, size
