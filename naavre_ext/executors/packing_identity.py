"""Who would see a change in place: what objects can be reached from several values.

Types are asked what an object is: isinstance() also asks its ``__class__``, which may be code that raises.
"""

from __future__ import annotations

import enum
import functools
import gc
import logging
import types
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from naavre_ext.executors.global_generators import home_of_generator
from naavre_ext.executors.packing_arrays import is_writable, root, share_memory
from naavre_ext.executors.packing_enumerations import attributes_of_members
from naavre_ext.executors.packing_functions import has_state
from naavre_ext.executors.packing_immutable import (
    ATOM_KINDS,
    ATOMS,
    is_atom_of_library,
    is_immutable,
)
from naavre_ext.executors.packing_named import name_of
from naavre_ext.executors.packing_tables import (
    elements_of_table,
    is_array,
    is_copy_on_write,
    memory_of_table,
    record_of,
)

#: Known by name everywhere, or nothing that a program's result hangs on.
LASTING: tuple[type, ...] = (
    *ATOMS,
    type,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.ModuleType,
    types.CodeType,
    types.FrameType,
    enum.Enum,
    logging.Logger,
    weakref.ref,
)

#: Can't change themselves, but may lead to what can.
_CARRIERS = (tuple, frozenset, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


class CommonObjects:
    """Finds the changeable objects that several packs hold copies of, while they are made.

    Where it ``is_complete``, no further packs are taken note of.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self._packs: list[tuple[Mapping[str, Any], Mapping[int, Any], list[Any]]] = []

    def meet(
        self, values: Mapping[str, Any], memo: Mapping[int, Any], arrays: list[Any]
    ) -> tuple[str, str] | None:
        """Takes note of a pack; returns a name of it and one of an earlier pack that share an object.

        ``memo`` is the pickler's, ``arrays`` those that it packed and whose memory may be shared.
        """
        found = None
        for others, other_memo, other_arrays in self._packs:
            common = (memo[key][1] for key in memo.keys() & other_memo.keys())
            # A pickler also meets what classes hold, which is no part of the values: look closer.
            if _arrays_share(arrays, other_arrays) or (
                not all(map(is_immutable, common))
                and shares_objects(values.values(), others.values())
            ):
                found = (next(iter(values)), next(iter(others)))
                break
        if not self.is_complete:
            self._packs.append((values, memo, arrays))
        return found


def shares_objects(
    values: Iterable[Any],
    others: Iterable[Any],
    limit: int = 200_000,
    *,
    frozen: bool = False,
    but: Callable[[Any], bool] | None = None,
) -> bool:
    """Whether a changeable object can be reached both from ``values`` and from ``others``.

    Those of ``values`` for which ``but`` is true don't count, nor what is only reached through them.
    True also when more than ``limit`` objects would have to be looked at. Globals of functions
    aren't followed, their closures and defaults are; so is what the notebook's classes among ``others``
    hold, which their instances in ``values`` may have taken over. Arrays share where their memory overlaps
    and one of them is writable, or both are ``frozen`` and that counts.
    """
    budget = [limit]
    mine = _Reached(but=but)
    if not mine.visit(values, budget):
        return True
    if not mine.ids and not mine.arrays:
        return False
    theirs = _Reached(known=mine.ids, into_classes=True)
    if not theirs.visit(others, budget):
        return True
    return theirs.met or _memory_shared(mine, theirs, frozen=frozen)


def reached(obj: Any, limit: int = 10_000) -> list[Any] | None:
    """All that is reached from the object and isn't lasting, in an order that stays; None where it is more."""
    found = _Reached()
    return list(found.seen.values()) if found.visit([obj], [limit]) else None


class Reachable:
    """The objects reached from some values that are told from copies, for other values to be held against."""

    def __init__(self, values: Iterable[Any], limit: int) -> None:
        self._values, self._limit = values, limit

    @cached_property
    def _found(self) -> _Reached | None:
        """None where there are more than were to be looked at."""
        found = _Reached(into_classes=True, carriers=True)
        return found if found.visit(self._values, [self._limit]) else None

    @property
    def is_known(self) -> bool:
        """Whether they could all be looked at; if not, any object may be one of them."""
        return self._found is not None

    def has(self, obj: Any) -> bool:
        """Whether the object may be one of them."""
        return self._found is None or id(obj) in self._found.ids

    @cached_property
    def held_by_classes(self) -> Reachable:
        """Those that can be reached from what the notebook's classes hold; all where nobody knows."""
        if self._found is None:
            return self
        held = [part for cls in self._found.classes for part in vars(cls).values()]
        return Reachable(held, self._limit)

    def meets(self, values: Iterable[Any], *, but: Callable[[Any], bool]) -> bool:
        """Whether such an object can be reached from these values as well, other than through what is ``but``.

        True also where there are too many to look at.
        """
        mine = _Reached(carriers=True, but=but)
        if not mine.visit(values, [self._limit]):
            return True
        if not mine.ids and not mine.arrays:
            return False
        theirs = self._found
        if theirs is None or not theirs.ids.isdisjoint(mine.ids):
            return True
        return _memory_shared(mine, theirs, frozen=True)


def _memory_shared(mine: _Reached, theirs: _Reached, *, frozen: bool) -> bool:
    return (
        _arrays_share(mine.arrays, theirs.arrays, frozen=frozen)
        # A change of a frame shows in arrays that were taken from it, though they are read-only.
        or _arrays_share(mine.arrays, theirs.columns, frozen=True)
        or _arrays_share(mine.columns, theirs.arrays, frozen=True)
        or not mine.ids.isdisjoint(map(id, theirs.own_columns))
        or not theirs.ids.isdisjoint(map(id, mine.own_columns))
    )


class _Reached:
    """The changeable objects reached from some values, without arrays; those arrays, and the columns of tables.

    With ``carriers`` those, too, that can't change and yet are told from a copy.
    """

    def __init__(
        self,
        known: set[int] | None = None,
        *,
        into_classes: bool = False,
        carriers: bool = False,
        but: Callable[[Any], bool] | None = None,
    ) -> None:
        self._into_classes, self._carriers, self._but = into_classes, carriers, but
        self.ids: set[int] = set()
        self.arrays: list[Any] = []
        self.columns: list[Any] = []
        self.own_columns: list[Any] = []
        self.classes: list[Any] = []
        self.met = False
        self._known = known or set()
        self.seen: dict[int, Any] = {}

    def visit(self, values: Iterable[Any], budget: list[int]) -> bool:
        """Follows ``values``; False when the budget was used up first."""
        waiting = list(values)
        while waiting:
            obj = waiting.pop()
            if id(obj) in self.seen:
                continue
            if issubclass(type(obj), LASTING) and not (self._into_classes and _is_of_notebook(obj)):
                continue
            if home_of_generator(obj) is not None or name_of(obj) is not None:
                continue
            budget[0] -= 1
            if budget[0] < 0:
                return False
            self.seen[id(obj)] = obj
            if self._but is not None and self._but(obj):
                continue
            if self._take(obj):
                return True
            waiting.extend(_referents(obj))
        return True

    def _take(self, obj: Any) -> bool:
        """Notes ``obj``; True when it is one of the known ones, so that the search is over."""
        if is_array(obj):
            self.arrays.append(obj)
        elif (viewed := record_of(obj)) is not None:
            self.arrays.append(viewed)
        elif type(obj) in _CARRIERS:
            if self._carriers and _is_apart(obj):
                self.ids.add(id(obj))
        elif not is_atom_of_library(obj):
            self.ids.add(id(obj))
            self.met = id(obj) in self._known
        memory, own = memory_of_table(obj)
        self.columns += memory
        self.own_columns += own
        self.classes += [obj] if issubclass(type(obj), type) else []
        return self.met


def _is_apart(carrier: Any) -> bool:
    """Whether a copy of it is another object. There is one empty tuple, and one function without a state."""
    if type(carrier) in (tuple, frozenset):
        return bool(carrier)
    return type(carrier) is types.FunctionType and has_state(carrier)


def _is_of_notebook(obj: Any) -> bool:
    """Whether it is a class that a cell defines."""
    return issubclass(type(obj), type) and obj.__module__ == "__main__"


def _referents(obj: Any) -> Iterator[Any]:
    if issubclass(type(obj), types.FunctionType):
        yield from (obj.__closure__, obj.__defaults__, obj.__kwdefaults__, obj.__annotations__)
        if obj.__dict__:
            yield obj.__dict__
    elif is_array(obj):
        if obj.dtype.hasobject:
            yield from obj.ravel().tolist()
        if type(obj).__module__ != "numpy":
            yield from vars(obj).values() if hasattr(obj, "__dict__") else ()
    elif is_copy_on_write(obj):
        yield from elements_of_table(obj)
    elif issubclass(type(obj), enum.EnumMeta):  # whose members are looked up, not copied
        for attributes in attributes_of_members(obj).values():
            yield from attributes.values()
    elif issubclass(type(obj), type):
        yield from (*vars(obj).values(), *obj.__bases__)
    elif issubclass(type(obj), functools.partial):
        yield from (obj.func, obj.args, obj.keywords, vars(obj))
    else:
        found = gc.get_referents(obj)
        if not set(map(type, found)) <= ATOM_KINDS:  # far quicker than looking at each by itself
            yield from found


def _arrays_share(mine: list[Any], theirs: list[Any], *, frozen: bool = False) -> bool:
    by_root: dict[int, list[Any]] = {}
    for array in mine:
        by_root.setdefault(memory_of(array), []).append(array)
    return any(
        (frozen or _is_changeable(array, other)) and share_memory(array, other)
        for array in theirs
        for other in by_root.get(memory_of(array), ())
    )


def _is_changeable(one: Any, other: Any) -> bool:
    return is_writable(one) or is_writable(other)


def memory_of(array: Any) -> int:
    """Identity of what owns the memory of ``array``."""
    first = root(array)
    base = first.base
    while isinstance(base, memoryview):
        base = base.obj
    return id(first if base is None else base)
