"""Items that are objects of what all iterations share, too: a batch finds them there, not as another copy.

``other is not body`` is always true of a copy, and ``labels[node]`` finds nothing where nodes are objects without
an ``__eq__`` of their own, or NaN.
"""

from __future__ import annotations

import gc
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from naavre_ext.executors.held_objects import is_plain
from naavre_ext.executors.origins import Origin, Origins, Place, finder
from naavre_ext.executors.packing import CommonObjects, Packed, PackingError, pack, unpack
from naavre_ext.executors.packing_arrays import is_array_of_objects, is_shippable
from naavre_ext.executors.packing_functions import has_state
from naavre_ext.executors.packing_identity import LASTING, Reachable
from naavre_ext.executors.packing_nans import is_named, is_nan

#: They are found by their names in every process.
_NAMED = (*LASTING, types.BuiltinFunctionType)
#: So many objects of what is shared are looked at.
_MOST_OBJECTS = 200_000
#: What a pack of items holds: them, or what has to be found among what is shared.
_COPIED, _FOUND = "items", "items, found again"


class SharedItems:
    """Tells where items are in the ``shared`` variables; of all items where it ``is_asked``.

    Else only of those that equal nothing but themselves, as instances of many classes of libraries do.
    """

    def __init__(self, shared: Mapping[str, Any], *, is_asked: bool) -> None:
        self._shared, self._is_asked = shared, is_asked
        self._origins = Origins(shared, (), limit=_MOST_OBJECTS, through_classes=False)
        self._reachable = Reachable(shared.values(), _MOST_OBJECTS)

    def look_up(self, items: Any) -> tuple[Place | None, str]:
        """What says of an object in the items where it is in what is shared; None where it need not be there.

        With it, why a batch of the items would compute with other objects all the same; "" where it wouldn't.
        """
        parts = _parts(items)
        both = list(self._in_both(parts))
        asked = self._is_asked and not _is_plain(items)
        if not both and not asked:
            return None, ""
        lost = [part for part in both if not self._has_place(part)]
        if any(map(is_nan, lost)):
            why = "an item is NaN and may be an object of another variable: only itself is found there"
        elif lost:
            name = type(lost[0]).__qualname__
            why = f"an item ({name}) may be an object of another variable, and is compared by identity"
        elif asked and self._reachable.meets([items], but=self._has_place):
            why = (
                "an item may be an object of another variable, and the notebook compares identities"
            )
        else:
            why = ""
        return self._place, why

    def _place(self, part: Any) -> Origin | None:
        """Not of what a class holds: a process that knows the class keeps that, whatever a pack has beside it."""
        origin = self._origins.of(part)
        return None if origin is None or self._reachable.held_by_classes.has(part) else origin

    def _has_place(self, part: Any) -> bool:
        return self._place(part) is not None

    def _in_both(self, parts: list[Any]) -> Iterator[Any]:
        """Those of the parts that equal nothing but themselves, and may be in what is shared."""
        yield from (part for part in _by_identity(parts) if self._reachable.has(part))
        nans = [part for part in parts if is_nan(part) and not is_named(part)]
        if nans:
            shared = self._nans
            yield from (part for part in nans if shared is None or id(part) in shared)

    @cached_property
    def _nans(self) -> frozenset[int] | None:
        """The NaNs in what is shared; None where there is too much to look at."""
        return _nans_in(self._shared.values())


def pack_items(
    items: Any,
    namespace: dict[str, Any],
    places: Place | None,
    changed: CommonObjects | None = None,
) -> Packed:
    """The items for a batch; those that have one of the ``places`` as that place alone.

    Raises:
        PackingError: they can't be packed, or are or hold something that the merge has ``changed``.
    """
    if places is None:
        return pack({_COPIED: items}, namespace, common=changed)
    around = None if is_shippable(items) else items  # a list is there for the batch alone

    def place(part: Any) -> Origin | None:
        return None if part is around else places(part)

    return pack({_FOUND: items}, namespace, persistent=place, common=changed)


def unpack_items(
    packed: Packed, namespace: dict[str, Any], shared: Mapping[str, Any], *, writable: bool = False
) -> Any:
    """The items, those that have a place in what is shared from there.

    Raises:
        PackingError: they can't be made here.
    """
    if _FOUND not in packed.names:
        return unpack(packed, namespace, writable=writable)[_COPIED]
    find = finder(shared, (), 0)
    found = unpack(packed, namespace, writable=writable, resolve=find, known_functions=True)
    return found[_FOUND]


@dataclass(frozen=True, slots=True)
class _Placed:
    origin: Origin


def first_items(packed: Packed, namespace: dict[str, Any], count: int) -> Packed:
    """The pack of the first items alone, as :func:`pack_items` makes it, wherever they are found.

    Raises:
        PackingError: it can't be made here.
    """
    (name,) = packed.names
    if name == _COPIED:
        return pack({name: unpack(packed, namespace, writable=False)[name][:count]}, namespace)
    items = unpack(packed, namespace, writable=False, resolve=_Placed)[name]
    if type(items) is _Placed:
        raise PackingError(name, "they are a window of an array")
    items = items[:count]

    def place(part: Any) -> Origin | None:
        return part.origin if type(part) is _Placed else None

    return pack({name: items}, namespace, persistent=place)


def _parts(items: Any) -> list[Any]:
    """The items, and the elements of those that are tuples."""
    if is_array_of_objects(items):
        items = items.ravel().tolist()
    if not isinstance(items, (list, tuple)):
        return []
    if tuple not in set(map(type, items)):
        return [*items]
    return list(chain.from_iterable(item if type(item) is tuple else (item,) for item in items))


def _is_plain(items: Any) -> bool:
    """Whether the items are numbers and texts only."""
    if isinstance(items, (list, tuple)):
        return is_plain(items)
    is_flat = is_shippable(items) and items.ndim == 1 and items.dtype.names is None
    return is_flat or isinstance(items, range)


def _by_identity(parts: list[Any]) -> list[Any]:
    """Those of the parts that equal nothing but themselves, without NaNs."""
    kinds = {kind for kind in set(map(type, parts)) if _has_identity(kind)}
    found = [part for part in parts if type(part) in kinds] if kinds else []
    return [part for part in found if type(part) is not types.FunctionType or has_state(part)]


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
