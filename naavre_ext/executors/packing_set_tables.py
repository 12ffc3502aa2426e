"""Reads the hash tables of sets, and knows where a table puts an element.

CPython's ``Objects/setobject.c`` is the source of the facts, the same in 3.10 to 3.13.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_ENTRY_BYTES = 2 * ctypes.sizeof(ctypes.c_void_p)
#: Places in the table of a set of few elements.
SMALLEST_TABLE = 8
_LINEAR_PROBES = 9
_PERTURB_SHIFT = 5


class _SetObject(ctypes.Structure):
    """The fields of a set that tell its table; ``fill`` counts elements and removed ones."""

    _fields_ = (
        ("head", ctypes.c_byte * object.__basicsize__),
        ("fill", ctypes.c_ssize_t),
        ("used", ctypes.c_ssize_t),
        ("mask", ctypes.c_ssize_t),
        ("table", ctypes.c_void_p),
    )


@dataclass(frozen=True, slots=True)
class Table:
    """``taken`` are the places of the elements, with their hashes; ``removed`` those of removed ones."""

    size: int
    taken: list[tuple[int, int]]
    removed: tuple[int, ...]


def places_of(value: Any) -> int:
    """The size of the set's table."""
    base = frozenset if isinstance(value, frozenset) else set
    extra = base.__sizeof__(value) - type(value).__basicsize__
    return extra // _ENTRY_BYTES or SMALLEST_TABLE


def _fields(value: Any) -> _SetObject | None:
    """The set's fields, None where this isn't the CPython that we know."""
    if sys.implementation.name != "cpython" or not _LAYOUT_KNOWN:
        return None
    found = _SetObject.from_address(id(value))
    right = found.used == len(value) and found.mask + 1 == places_of(value)
    return found if right and found.used <= found.fill <= found.mask else None


def has_removed(value: Any) -> bool:
    """Whether the table remembers removed elements; False where it can't be looked at."""
    found = _fields(value)
    return found is not None and found.fill != found.used


def read_table(value: Any) -> Table | None:
    """The set's table, None where it can't be looked at."""
    found = _fields(value)
    if found is None:
        return None
    size = found.mask + 1
    memory = (ctypes.c_byte * (size * _ENTRY_BYTES)).from_address(found.table)
    words: list[int] = memoryview(memory).cast("B").cast("q").tolist()
    taken = [place for place, key in enumerate(words[::2]) if key]
    hashes = words[1::2]
    return Table(
        size,
        [(place, hashes[place]) for place in taken if hashes[place] != -1],
        tuple(place for place in taken if hashes[place] == -1),
    )


def comes_to(place: int, hashed: int, mask: int, filled: set[int]) -> bool:
    """Whether an element with this hash would be put at ``place`` now."""
    for number, candidate in enumerate(_search(hashed, mask)):
        if candidate not in filled:
            return candidate == place
        if number > 20 * mask:
            return False
    return False


def _search(hashed: int, mask: int) -> Iterator[int]:
    """The places where an element with this hash may be, in the order of the search."""
    perturb = hashed & (1 << 8 * ctypes.sizeof(ctypes.c_size_t)) - 1
    place = hashed & mask
    while True:
        near = _LINEAR_PROBES if place + _LINEAR_PROBES <= mask else 0
        yield from range(place, place + near + 1)
        perturb >>= _PERTURB_SHIFT
        place = (place * 5 + 1 + perturb) & mask


def _check_layout() -> bool:
    """Whether this Python's sets are laid out as we think."""
    sample = {1, 9, 17}
    sample.discard(9)
    found = _SetObject.from_address(id(sample))
    return (found.fill, found.used, found.mask) == (3, 2, 7) and bool(found.table)


_LAYOUT_KNOWN = _check_layout()
