"""Items that are found again among what all iterations share, by identity alone: a batch gets two copies of each.

``labels[node]`` finds nothing then, where nodes are objects without an ``__eq__`` of their own. Instances of the
notebook's classes are known before a loop is split; this is about those of libraries.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

from naavre_ext.executors.packing_arrays import is_array_of_objects
from naavre_ext.executors.packing_identity import LASTING, objects_in

#: They are found by their names in every process.
_NAMED = (*LASTING, types.FunctionType, types.BuiltinFunctionType)


class ItemsApart:
    """Looks whether items are objects of the ``shared`` variables that are compared by identity."""

    def __init__(self, shared: Mapping[str, Any]) -> None:
        self._shared = shared

    def why_not(self, items: Any) -> str:
        """Why a batch of the items would compute with other objects; "" where it wouldn't."""
        found = list(_by_identity(items))
        if found and (self._known is None or any(id(item) in self._known for item in found)):
            name = type(found[0]).__qualname__
            return f"an item ({name}) may be an object of another variable, and is compared by identity"
        return ""

    @cached_property
    def _known(self) -> frozenset[int] | None:
        """The changeable objects of what is shared; None where there are too many to look at."""
        return objects_in(self._shared.values())


def _by_identity(items: Any) -> Iterator[Any]:
    """The items, and the elements of those that are tuples, that equal nothing but themselves."""
    if is_array_of_objects(items):
        items = items.ravel().tolist()
    if not isinstance(items, list):
        return
    parts: Iterable[Any] = items
    if tuple in set(map(type, items)):
        parts = list(
            chain.from_iterable(item if type(item) is tuple else (item,) for item in items)
        )
    kinds = {kind for kind in set(map(type, parts)) if _has_identity(kind)}
    if kinds:
        yield from (part for part in parts if type(part) in kinds)


def _has_identity(kind: Any) -> bool:
    return kind.__eq__ is object.__eq__ and not issubclass(kind, _NAMED)
