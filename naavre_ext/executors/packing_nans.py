"""NaNs on their way to another process: what is one NaN object here is one there, and ``numpy.nan`` is its own.

NaN isn't equal to itself, so dicts, sets, ``in`` and ``is`` tell NaN objects apart: missing values in a column of
texts are all ``numpy.nan``, and count as one key. A pickle makes a new object of each float.
"""

from __future__ import annotations

import math
import sys
from typing import Any, TypeGuard

#: What a pickle has of a NaN, of either sign. Other bytes may look like it.
_MARKS = (b"G\x7f\xf8\0\0\0\0\0\0", b"G\xff\xf8\0\0\0\0\0\0")
#: NaN objects that every process has one of, by module.
_NAMED = {"numpy": "nan", "math": "nan"}

#: The number of a NaN in its pickle, or the module that has it.
NanKey = int | str


def is_nan(value: Any) -> TypeGuard[float]:
    """Whether it is a plain float that isn't equal to itself."""
    return type(value) is float and value != value


def is_named(nan: float) -> bool:
    """Whether it is the one of a module, which every process has."""
    return any(getattr(sys.modules.get(m), name, None) is nan for m, name in _NAMED.items())


def may_hold_nans(data: Any) -> bool:
    """Whether a pickle may have been made of NaNs."""
    return any(mark in data for mark in _MARKS)


class NanKeys:
    """What travels instead of each NaN object of one pickle."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[NanKey, float]] = {}

    @property
    def has_own(self) -> bool:
        """Whether a NaN was met that no module has."""
        return any(type(key) is int for key, _ in self._known.values())

    def of(self, nan: float) -> NanKey:
        """Its key, which is no other object's."""
        if id(nan) not in self._known:
            named = (m for m, n in _NAMED.items() if getattr(sys.modules.get(m), n, None) is nan)
            self._known[id(nan)] = next(named, len(self._known)), nan  # kept, as is its address
        return self._known[id(nan)][0]


class NanMaker:
    """Finds or makes each NaN object of one pickle from its key."""

    def __init__(self) -> None:
        self._made: dict[NanKey, float] = {}

    def make(self, key: NanKey) -> float:
        """The object that the key stands for."""
        if key not in self._made:
            module = sys.modules.get(key) if isinstance(key, str) else None
            found = getattr(module, _NAMED.get(str(key), ""), math.nan)
            self._made[key] = found if isinstance(key, str) else float("nan")
        return self._made[key]
