"""Whether two lists hold the very same objects, or two stretches of memory the same bytes: as fast as C compares.

A million calls of ``is`` take ten times as long as a million additions are worth, and ``==`` takes 1 for True.
CPython keeps the addresses of a list's elements in one stretch of memory; where this (tried out once, when
the module is imported) isn't so, elements are looked at one by one.
"""

from __future__ import annotations

import ctypes
import operator
from typing import Any

_ADDRESS = ctypes.sizeof(ctypes.c_void_p)
#: Where, in a list, the address of its stretch of memory is found: before the count of elements it has room for.
_AT = list.__basicsize__ - 2 * _ADDRESS

#: Shorter lists are looked at one by one.
_FEW = 256
#: Bytes compared at a time; other threads may run in between.
_PIECE = 1 << 24

_compare: Any = ctypes.PyDLL(None).memcmp
_compare.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


def same_bytes(one: int, other: int, nbytes: int) -> bool:
    """Whether so many bytes from these two addresses on are the same."""
    return not any(
        _compare(one + at, other + at, min(_PIECE, nbytes - at)) for at in range(0, nbytes, _PIECE)
    )


def hold_identical(one: list[Any], other: list[Any]) -> bool:
    """Whether the lists hold the same objects in the same order; no other thread may change them meanwhile."""
    if len(one) != len(other):
        return False
    if len(one) < _FEW or not _IS_READABLE:
        return all(map(operator.is_, one, other))
    return same_bytes(_start(one), _start(other), len(one) * _ADDRESS)


def _start(elements: list[Any]) -> int:
    return ctypes.c_size_t.from_address(id(elements) + _AT).value


def _is_readable() -> bool:
    """Whether addresses are found where they are expected; nothing outside the list itself is read to know."""
    import struct
    import sys

    if sys.implementation.name != "cpython" or list.__basicsize__ < 5 * _ADDRESS:
        return False
    elements = [object(), object()]
    return ctypes.string_at(_start(elements), 2 * _ADDRESS) == struct.pack("2N", *map(id, elements))


_IS_READABLE = _is_readable()
