"""Whether two namespaces hold the same program state: types, values, orders, and who is whom."""

from __future__ import annotations

import collections
import math
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

_ATOMS = (int, float, complex, str, bytes, bool, type(None), range, slice)


def differences(
    expected: Mapping[str, Any], found: Mapping[str, Any], *, identity: bool = True
) -> list[str]:
    """Every variable that differs, in words.

    With ``identity``, what is one object in one must be one in the other.
    """
    comparison = _Comparison(identity)
    texts = []
    for name in sorted({*expected, *found}):
        if name not in found:
            texts.append(f"{name}: missing")
        elif name not in expected:
            texts.append(f"{name}: shouldn't exist, is {found[name]!r}")
        else:
            texts += comparison.compare(name, expected[name], found[name])
    return texts


class _Comparison:
    def __init__(self, identity: bool) -> None:
        self._identity = identity
        self._partner: dict[int, Any] = {}
        self._taken: dict[int, Any] = {}
        self._alive: list[Any] = []

    def compare(self, place: str, one: Any, two: Any) -> list[str]:
        if type(one).__name__ != type(two).__name__:
            return [f"{place}: {type(one).__name__} became {type(two).__name__}: {one!r} / {two!r}"]
        if isinstance(one, (*_ATOMS, np.generic, pd.Timestamp)):
            return [] if _same_atom(one, two) else [f"{place}: {one!r} became {two!r}"]
        if isinstance(one, (type, types.ModuleType, types.BuiltinFunctionType)):
            same = one.__name__ == two.__name__
            return [] if same else [f"{place}: {one!r} became {two!r}"]
        if not (isinstance(one, tuple) and not one):
            if id(one) in self._partner or id(two) in self._taken:
                same = self._partner.get(id(one)) is two and self._taken.get(id(two)) is one
                same = same or not self._identity
                return [] if same else [f"{place}: is another object than before ({one!r})"]
            self._partner[id(one)], self._taken[id(two)] = two, one
            self._alive += [one, two]
        return self._inside(place, one, two)

    def _inside(self, place: str, one: Any, two: Any) -> list[str]:
        if isinstance(one, np.ndarray):
            return self._arrays(place, one, two)
        if isinstance(one, pd.DataFrame):
            equal = one.equals(two) and list(one.columns) == list(two.columns)
            return [] if equal else [f"{place}: frame\n{one}\nbecame\n{two}"]
        if isinstance(one, (pd.Series, pd.Index)):
            return [] if one.equals(two) else [f"{place}: {one!r} became {two!r}"]
        if isinstance(one, (list, tuple, collections.deque)):
            return self._sequences(place, list(one), list(two))
        if isinstance(one, (dict, types.MappingProxyType)):
            keys = self._sequences(f"keys of {place}", list(one), list(two))
            return keys or self._sequences(place, list(one.values()), list(two.values()))
        if isinstance(one, (set, frozenset)):
            same = sorted(map(repr, one)) == sorted(map(repr, two))
            return [] if same else [f"{place}: {one!r} became {two!r}"]
        if isinstance(one, types.FunctionType):
            return self._functions(place, one, two)
        if type(one).__module__.startswith("matplotlib"):
            return []  # what it draws is compared
        if isinstance(one, BaseException):
            return self.compare(f"{place}.args", one.args, two.args)
        if isinstance(getattr(one, "__dict__", None), dict):
            return self.compare(f"vars({place})", vars(one), vars(two))
        return []

    def _sequences(self, place: str, one: list[Any], two: list[Any]) -> list[str]:
        if len(one) != len(two):
            return [f"{place}: {one!r} became {two!r}"]
        found: list[str] = []
        for number, pair in enumerate(zip(one, two, strict=True)):
            found += self.compare(f"{place}[{number}]", *pair)
        return found

    def _arrays(self, place: str, one: np.ndarray, two: np.ndarray) -> list[str]:
        if one.dtype != two.dtype or one.shape != two.shape:
            return [f"{place}: {one.dtype}{one.shape} became {two.dtype}{two.shape}"]
        if one.dtype.hasobject:
            return self._sequences(place, one.ravel().tolist(), two.ravel().tolist())
        if one.tobytes() != two.tobytes():
            return [f"{place}: {one!r} became {two!r}"]
        if one.flags.writeable != two.flags.writeable:
            return [f"{place}: writeable {one.flags.writeable} became {two.flags.writeable}"]
        if not self._identity:
            return []
        if (one.base is None) != (two.base is None) and isinstance(one.base, np.ndarray):
            return [f"{place}: is no view any more"]
        if isinstance(one.base, np.ndarray) and isinstance(two.base, np.ndarray):
            return self.compare(f"{place}.base", one.base, two.base)
        return []

    def _functions(self, place: str, one: Any, two: Any) -> list[str]:
        if one.__qualname__ != two.__qualname__ or one.__code__.co_code != two.__code__.co_code:
            return [f"{place}: {one.__qualname__} became {two.__qualname__}"]
        closures = [[_contents(cell) for cell in f.__closure__ or ()] for f in (one, two)]
        found = self._sequences(f"closure of {place}", *closures)
        found += self.compare(f"defaults of {place}", one.__defaults__, two.__defaults__)
        return found + self.compare(f"vars({place})", vars(one), vars(two))


def _contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _same_atom(one: Any, two: Any) -> bool:
    if isinstance(one, (float, np.floating)):
        if math.isnan(one):
            return math.isnan(two)
        return bool(one == two) and math.copysign(1, one) == math.copysign(1, two)
    return bool(one == two) or (one != one and two != two)
