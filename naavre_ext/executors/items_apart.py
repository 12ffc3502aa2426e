"""Items that are found again among what all iterations share, by identity alone: a batch gets two copies of each.

``labels[node]`` finds nothing then, where nodes are objects without an ``__eq__`` of their own, or NaN. Instances
of the notebook's classes are known before a loop is split; this is about those of libraries.
"""

from __future__ import annotations

import gc
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

from naavre_ext.executors.packing_arrays import is_array_of_objects
from naavre_ext.executors.packing_identity import LASTING, objects_in
from naavre_ext.executors.packing_nans import is_named, is_nan

#: They are found by their names in every process.
_NAMED = (*LASTING, types.FunctionType, types.BuiltinFunctionType)


class ItemsApart:
    """Looks whether items are objects of the ``shared`` variables that are compared by identity."""

    def __init__(self, shared: Mapping[str, Any]) -> None:
        self._shared = shared

    def why_not(self, items: Any) -> str:
        """Why a batch of the items would compute with other objects; "" where it wouldn't."""
        parts = _parts(items)
        found = list(_by_identity(parts))
        if found and (self._known is None or any(id(item) in self._known for item in found)):
            name = type(found[0]).__qualname__
            return f"an item ({name}) may be an object of another variable, and is compared by identity"
        nans = {id(part) for part in parts if is_nan(part) and not is_named(part)}
        if nans and (self._nans is None or nans & self._nans):
            return "an item is NaN and may be an object of another variable: only itself is found there"
        return ""

    @cached_property
    def _known(self) -> frozenset[int] | None:
        """The changeable objects of what is shared; None where there are too many to look at."""
        return objects_in(self._shared.values())

    @cached_property
    def _nans(self) -> frozenset[int] | None:
        """The NaNs in what is shared; None where there is too much to look at."""
        return _nans_in(self._shared.values())


def _parts(items: Any) -> list[Any]:
    """The items, and the elements of those that are tuples."""
    if is_array_of_objects(items):
        items = items.ravel().tolist()
    if not isinstance(items, list):
        return []
    if tuple not in set(map(type, items)):
        return items
    return list(chain.from_iterable(item if type(item) is tuple else (item,) for item in items))


def _by_identity(parts: list[Any]) -> Iterator[Any]:
    """Those of the parts that equal nothing but themselves, without NaNs."""
    kinds = {kind for kind in set(map(type, parts)) if _has_identity(kind)}
    if kinds:
        yield from (part for part in parts if type(part) in kinds)


def _nans_in(values: Iterable[Any], limit: int = 1_000_000) -> frozenset[int] | None:
    waiting, seen, found = list(values), set[int](), set[int]()
    while waiting:
        obj = waiting.pop()
        if is_nan(obj):
            found.add(id(obj))
        if issubclass(type(obj), _NAMED) or id(obj) in seen:
            continue
        seen.add(id(obj))
        parts = obj.ravel().tolist() if is_array_of_objects(obj) else gc.get_referents(obj)
        limit -= len(parts)
        if limit < 0:
            return None
        waiting += parts
    return frozenset(found)


def _has_identity(kind: Any) -> bool:
    return kind.__eq__ is object.__eq__ and not issubclass(kind, _NAMED)
