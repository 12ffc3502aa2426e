"""Sets on their way to another process: they must iterate there in the order that they have here.

A set's order follows from its hash table: from the elements' hashes, the table's size, who came first
where two elements wanted one place, and what was removed since. A pickle lists the elements only, and so about
every second set of twenty texts comes back in another order. Here the table itself travels: its size, and an
order of insertion (with stand-ins for what was removed) that fills it as it is.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import pathlib
import random
import sys
import types
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from naavre_ext.executors.packing_set_tables import (
    SMALLEST_TABLE,
    Table,
    comes_to,
    has_removed,
    places_of,
    read_table,
)

#: Orders of insertion tried for a frozenset, whose table can't be filled place by place.
_TRIES = 40


@dataclass(frozen=True, slots=True)
class SetRecipe:
    """How to build a set again.

    ``elements`` in an order of insertion; numbers of places of removed elements are in ``removed`` and go
    in first. ``places`` is the size of the table, 0 where plain insertion leads to it. ``how`` is what a
    frozenset is made from.
    """

    elements: tuple[Any, ...]
    removed: tuple[int, ...] = ()
    places: int = 0
    how: str = "list"


@dataclass(slots=True)
class SetKey:
    """Travels instead of a set, under one identity; ``original`` stays at home."""

    kind: type
    recipe: SetRecipe
    original: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return SetKey.__new__, (SetKey,), (None, {"kind": self.kind, "recipe": self.recipe})


class SetMaker:
    """Makes each set once from its key, also where a set leads back to itself."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[SetKey, Any]] = {}
        self._filled: set[int] = set()

    def make(self, key: SetKey) -> Any:
        """The set that the key stands for; as yet empty when the key is still being read."""
        complete = hasattr(key, "recipe")
        if id(key) not in self._made:
            frozen = complete and key.kind is frozenset
            self._made[id(key)] = key, build(key.recipe, frozen=True) if frozen else set()
            if frozen:
                self._filled.add(id(key))
        made = self._made[id(key)][1]
        if complete and id(key) not in self._filled:
            if key.kind is frozenset:
                raise ValueError("a frozenset holds an object that leads back to it")
            self._filled.add(id(key))
            fill(made, key.recipe)
        return made


class _StandIn:
    """Takes a place of a table; equal to nothing, and refuses to be compared where told so."""

    __slots__ = ("place", "refuses")

    def __init__(self, place: int, *, refuses: bool = False) -> None:
        self.place, self.refuses = place, refuses

    def __hash__(self) -> int:
        return self.place

    def __eq__(self, other: object) -> bool:
        if self.refuses:
            raise _StopFilling
        return self is other


class _StopFilling(Exception):
    """Ends an update of a set after its first element."""


def is_plain(value: Any) -> bool:
    """Whether inserting the elements in the order of iteration rebuilds ``value`` as it is."""
    rebuilt = type(value)(list(value)) if type(value) in (set, frozenset) else set(_elements(value))
    return _is_same(value, rebuilt) and not has_removed(value)


def recipe(value: Any) -> SetRecipe | None:
    """How to build ``value`` again; None when its order can't be had in another process."""
    elements = list(_elements(value))
    surely = set(map(type, elements)) <= _SURELY_STABLE
    if len(elements) > 1 and not surely and not all(map(has_stable_hash, elements)):
        return None
    frozen = isinstance(value, frozenset)
    table = read_table(value)
    if table is None:
        found = SetRecipe(tuple(elements))
        return found if _leads_to(value, found, frozen) else None
    recipes = _frozen_recipes if frozen else _recipes
    return next((r for r in recipes(table, elements) if _leads_to(value, r, frozen)), None)


def _leads_to(value: Any, found: SetRecipe, frozen: bool) -> bool:
    try:
        return _is_same(value, build(found, frozen=frozen))
    except Exception:  # noqa: BLE001  (the elements' equality may be any code)
        return False


def build(recipe: SetRecipe, *, frozen: bool) -> Any:
    """The set, or the frozenset, that the recipe is of."""
    if frozen:
        if recipe.how == "set":
            return frozenset(_filled(recipe))
        if recipe.how == "dict":
            return frozenset(dict.fromkeys(recipe.elements))
        return frozenset(list(recipe.elements))
    return _filled(recipe)


def fill(target: set[Any], recipe: SetRecipe) -> None:
    """Gives an empty set, maybe of a subclass, the elements."""
    first: list[Any] = [_StandIn(place) for place in recipe.removed[:1]] or [*recipe.elements[:1]]
    if recipe.places > SMALLEST_TABLE and first:
        _make_room(target, first[0], recipe.places)
    stand_ins = [*first[: len(recipe.removed)], *map(_StandIn, recipe.removed[1:])]
    set.update(target, stand_ins)
    set.update(target, list(recipe.elements))
    for stand_in in stand_ins:
        set.discard(target, stand_in)


def has_stable_hash(value: Any) -> bool:
    """Whether a copy in another process of the run has the same hash; False when in doubt."""
    kind = type(value)
    if kind in _SURELY_STABLE:
        return True
    if kind in (tuple, frozenset):
        return all(map(has_stable_hash, value))
    if value is None:
        return sys.version_info >= (3, 12)  # before, it is an address
    if isinstance(value, _STABLE):
        return not isinstance(value, enum.Enum) or _method(kind, "__hash__") is _ENUM_HASH
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)):
        return False
    return _method(kind, "__hash__") is not object.__hash__


def _method(kind: type, name: str) -> Any:
    return getattr(kind, name)


_ENUM_HASH: Any = enum.Enum.__hash__
_SURELY_STABLE = frozenset({str, bytes, int, float, complex, bool})
_STABLE = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    fractions.Fraction,
    pathlib.PurePath,
    uuid.UUID,
    enum.Enum,
)


def _filled(recipe: SetRecipe) -> set[Any]:
    made: set[Any] = set()
    fill(made, recipe)
    return made


def _elements(value: Any) -> Iterator[Any]:
    base = frozenset if isinstance(value, frozenset) else set
    return base.__iter__(value)


def _is_same(value: Any, other: Any) -> bool:
    """Whether two sets have the same elements in the same order, and tables of one size."""
    if places_of(value) != places_of(other):
        return False
    pairs = zip(_elements(value), _elements(other), strict=True)
    return len(value) == len(other) and all(one is two for one, two in pairs)


def _make_room(target: set[Any], first: Any, places: int) -> None:
    """Gives an empty set a table of this size, with ``first`` in it.

    An update with a dict makes room for all its keys at once, more than twice their number; the second key,
    compared with ``first``, ends the update.
    """
    stop = _StandIn(hash(first))
    others = (_StandIn(place) for place in range(places // 2 - 3))
    room = dict.fromkeys((first, stop, *others))
    refusing = [key for key in (first, stop) if type(key) is _StandIn]
    for key in refusing:
        key.refuses = True
    try:
        set.update(target, room)
    except _StopFilling:
        pass
    finally:
        for key in refusing:
            key.refuses = False


def _exact(table: Table, elements: list[Any]) -> SetRecipe:
    """Whoever sits where its search begins goes in first, then those that searched past them."""
    mask = table.size - 1
    filled = set(table.removed)
    order: list[Any] = []
    waiting: list[tuple[int, int, Any]] = []
    for (place, hashed), element in zip(table.taken, elements, strict=True):
        if hashed & mask == place:
            order.append(element)
            filled.add(place)
        else:
            waiting.append((place, hashed, element))
    while waiting:
        blocked = []
        for place, hashed, element in waiting:
            if comes_to(place, hashed, mask, filled):
                order.append(element)
                filled.add(place)
            else:
                blocked.append((place, hashed, element))
        if len(blocked) == len(waiting):
            break  # no such order: the caller sees that the table differs
        waiting = blocked
    order += [element for _, _, element in waiting]
    return SetRecipe(tuple(order), table.removed, table.size)


def _recipes(table: Table, elements: list[Any]) -> Iterable[SetRecipe]:
    """Ways to build a set with this table, the exact one first."""
    exact = _exact(table, elements)
    order = exact.elements
    at_home = {
        id(e) for (p, h), e in zip(table.taken, elements, strict=True) if h % table.size == p
    }
    first = next((e for e in order if id(e) in at_home and type(e).__module__ != "__main__"), None)
    if table.removed or table.size == SMALLEST_TABLE:
        yield exact
    elif first is not None:
        others = (element for element in order if element is not first)
        yield SetRecipe((first, *others), (), table.size)
    yield SetRecipe(tuple(elements))
    yield SetRecipe(order)


def _frozen_recipes(table: Table, elements: list[Any]) -> Iterable[SetRecipe]:
    """Ways in which a frozenset with this table may have come about, the likely ones first."""
    exact = _exact(table, elements)
    orders = [tuple(elements), exact.elements]
    for order in orders:
        yield from (SetRecipe(order, how=how) for how in ("list", "dict"))
    yield SetRecipe(exact.elements, (), table.size, "set")
    dice = random.Random(len(elements))  # a generator of our own: the notebook's isn't touched
    for _ in range(_TRIES):
        yield SetRecipe(tuple(dice.sample(exact.elements, len(elements))))
