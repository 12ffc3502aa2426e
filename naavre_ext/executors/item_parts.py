"""What a loop's items are and hold, in an order that copies have as well, and how it differs from what it was.

A batch changes copies of the items. What it has changed goes back as the numbers and new contents of the objects
concerned; the cell puts the contents into its own objects, so that whoever holds one of these sees the change. New
contents name the items' objects by number, too, and so they are the cell's own again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from naavre_ext.executors.array_windows import Windows
from naavre_ext.executors.item_kinds import ATOMS, PUT, held_by, is_named, kind_of
from naavre_ext.executors.origins import Find, Origin, Place
from naavre_ext.executors.packing_arrays import is_shippable
from naavre_ext.executors.packing_immutable import is_immutable
from naavre_ext.executors.packing_nans import is_nan

#: So many objects of a batch's items are looked at.
_MOST = 200_000
#: The step of an origin that is one of the items' objects, by its number.
_PART = "part"


class TooMany(Exception):
    """There are more objects than are looked at."""


class Parts:
    """All ``objects`` that the items are and hold, but for numbers and texts; the number of each is its place.

    Those of one item come before those of the next, which end at the next of ``ends``. ``kinds`` tell what can
    change in an object: ``"fixed"`` is what can't change, and of what is ``"watched"`` nobody knows what it holds.

    Raises:
        TooMany: they can't all be looked at.
    """

    def __init__(self, items: Sequence[Any]) -> None:
        self.objects: list[Any] = []
        self.kinds: list[str] = []
        self.ends: list[int] = []
        #: Whether an item holds one of the items, so that they may hold what is looped over.
        self.hold_items = False
        self._numbers: dict[int, int] = {}
        self._windows = Windows()
        own = {id(part) for item in items for part in _in_tuples(item)}
        for item in items:
            self._add(item, own)
            self.ends.append(len(self.objects))

    def _add(self, item: Any, own: set[int]) -> None:
        waiting = [(item, True)]
        while waiting:
            obj, is_item = waiting.pop()
            if (type(obj) in ATOMS and not is_nan(obj)) or is_named(obj):
                continue
            self.hold_items |= not is_item and id(obj) in own and not is_immutable(obj)
            if id(obj) in self._numbers:
                continue
            if len(self.objects) == _MOST:
                raise TooMany
            self._numbers[id(obj)] = len(self.objects)
            kind = kind_of(obj)
            self.objects.append(obj)
            self.kinds.append(kind)
            if kind == "array":
                self._windows.add(obj, ("", ((_PART, self._numbers[id(obj)]),)))
            is_item &= type(obj) is tuple
            waiting += [(part, is_item) for part in reversed([*held_by(obj, kind)])]

    @property
    def signature(self) -> str:
        """What is the same of copies."""
        told = [
            (kind, type(o).__qualname__) for kind, o in zip(self.kinds, self.objects, strict=True)
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    def number_of(self, obj: Any) -> int:
        """The object's number; -1 for all others."""
        return self._numbers.get(id(obj), -1)

    def of(self, *kinds: str) -> list[Any]:
        """The objects of these kinds."""
        return [o for kind, o in zip(self.kinds, self.objects, strict=True) if kind in kinds]

    def place(self, origin_of: Place) -> Place:
        """A function that says where an object is among these, or else what ``origin_of`` says."""

        def place(obj: Any) -> Origin | None:
            number = self._numbers.get(id(obj))
            if number is not None:
                return "", ((_PART, number),)
            found = origin_of(obj)
            if found is None and is_shippable(obj):
                found = self._windows.origin_of(obj)
            return found

        return place

    def finder(self, find: Find) -> Find:
        """A function that gives the object at such a place."""
        sliced: dict[int, Any] = {}

        def finder(origin: Origin) -> Any:
            root, steps = origin
            if root != "" or not steps or steps[0][0] != _PART:
                return find(origin)
            found = self.objects[steps[0][1]]
            for _, (number, index) in steps[1:]:  # a slice of an array
                found = sliced.setdefault(number, found[index])
            return found

        return finder

    def put(self, changes: Mapping[int, Any]) -> None:
        """Give the objects with these numbers the contents that they have there."""
        for number, contents in changes.items():
            PUT[self.kinds[number]](self.objects[number], contents)


def _in_tuples(item: Any) -> Iterator[Any]:
    yield item
    if type(item) is tuple:
        for part in item:
            yield from _in_tuples(part)
