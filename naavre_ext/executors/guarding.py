"""Finds objects that changed in place although analysis expected them not to.

A guard costs no copy of its own: what was sent to (or came from) another process is the copy, and what would be
sent now is compared with it. Read-only memory is the same by its address, other memory by its bytes.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from naavre_ext.executors.hidden_state import keeps_state
from naavre_ext.executors.identical import hold_identical, same_bytes
from naavre_ext.executors.packing import Packed, PackingError, is_immutable, pack, unpack
from naavre_ext.executors.portraits import portray


def changed_since(
    sent: Packed, values: Mapping[str, Any], namespace: dict[str, Any]
) -> tuple[str, ...]:
    """The names of ``values``, in order, whose values aren't any more what ``sent`` holds.

    ``values`` are present values of names in ``sent``. One that can't be packed any more has changed.
    """
    if not any(map(can_change, values.values())):
        return ()
    whole = set(sent.names) == set(values)
    try:
        if whole and _same(sent, pack({n: values[n] for n in sent.names}, namespace)):
            return ()
        before = unpack(sent, namespace, writable=False)
    except PackingError:
        before = {}
    return tuple(
        name
        for name, value in values.items()
        if can_change(value) and _differs(name, before, value, namespace)
    )


def can_change(value: Any) -> bool:
    """Whether the value may be another one later without its name being bound again."""
    return not is_immutable(value) or keeps_state(value)


#: Types of elements that can't change themselves.
_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})


class PlainContainers:
    """The lists, sets and dicts of plain elements among some values, as they are now.

    What they hold is remembered by identity, which costs next to nothing beside a copy. Those in ``plain``
    are known to be such containers; of those in ``known`` it is known what they hold.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        plain: Collection[str] = (),
        known: PlainContainers | None = None,
    ) -> None:
        self._values = values
        self._held = {} if known is None else known.held_by(values)
        for name, value in values.items():
            if name not in self._held and (
                held := _elements(value) if name in plain else _plain_elements(value)
            ):
                self._held[name] = held

    @property
    def names(self) -> frozenset[str]:
        """The names of those that are such containers."""
        return frozenset(self._held)

    def held_by(self, values: Mapping[str, Any]) -> dict[str, tuple[list[Any], ...]]:
        """What those of these containers that have their names among ``values`` held."""
        return {
            name: held for name, held in self._held.items() if self.is_of(name, values.get(name))
        }

    def is_of(self, name: str, value: Any) -> bool:
        """Whether this is the very container that had the name."""
        return name in self._held and self._values[name] is value

    def holds(self, name: str, value: Any) -> bool:
        """Whether it is, and holds the same elements."""
        return self.is_of(name, value) and all(
            map(hold_identical, self._held[name], _elements_now(value))
        )

    def others(self) -> dict[str, Any]:
        """The values that are no such containers."""
        return {name: value for name, value in self._values.items() if name not in self._held}

    def changed(self) -> tuple[str, ...]:
        """The names of those that hold something else by now."""
        return tuple(
            name
            for name, held in self._held.items()
            if not all(map(hold_identical, held, _elements_now(self._values[name])))
        )


def _elements(value: Any) -> tuple[list[Any], ...]:
    return (list(value), list(value.values())) if isinstance(value, dict) else (list(value),)


def _elements_now(value: Any) -> tuple[list[Any], ...]:
    """The same for a look at once: a list is its own copy then."""
    return (value,) if type(value) is list else _elements(value)


def _plain_elements(value: Any) -> tuple[list[Any], ...]:
    """What a container of plain elements holds; nothing for any other value."""
    if type(value) not in (list, set, dict):
        return ()
    held = _elements(value)
    return held if all(set(map(type, part)) <= _PLAIN for part in held) else ()


class Inputs:
    """Values as they are now, for a look at them later in the same process.

    The memory of writable arrays isn't kept: for values that were received as read-only windows. Those in
    ``plain`` are known to be containers of numbers.
    """

    def __init__(
        self, values: Mapping[str, Any], namespace: dict[str, Any], plain: Collection[str] = ()
    ) -> None:
        self._plain = PlainContainers(values, plain)
        self._values = {n: v for n, v in self._plain.others().items() if can_change(v)}
        self._namespace = namespace
        self._before = pack(self._values, namespace) if self._values else None

    @property
    def plain(self) -> frozenset[str]:
        """The names of containers of plain elements."""
        return self._plain.names

    def changed(self) -> tuple[str, ...]:
        """The names whose values changed since."""
        found = self._plain.changed()
        if self._before is None:
            return found
        return (*found, *changed_since(self._before, self._values, self._namespace))


class Everything:
    """Copies of all that a namespace holds, taken before a step that comes late."""

    def __init__(self, names: Sequence[str], namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._values = {name: namespace[name] for name in names if name in namespace}
        self._copies: dict[str, Packed] = {}
        for name, value in self._values.items():
            if can_change(value):
                try:
                    self._copies[name] = pack({name: value}, namespace).detached()
                except PackingError:
                    continue

    def changed(self, bound: frozenset[str]) -> tuple[str, ...]:
        """Names whose objects changed or that were bound anew; ``bound`` may be bound anew.

        What couldn't be copied counts as changed.
        """
        found = []
        for name, value in self._values.items():
            if (name not in bound and self._namespace.get(name) is not value) or (
                can_change(value)
                and (
                    name not in self._copies
                    or changed_since(self._copies[name], {name: value}, self._namespace)
                )
            ):
                found.append(name)
        return tuple(found)


def _differs(name: str, before: Mapping[str, Any], value: Any, namespace: dict[str, Any]) -> bool:
    """The long way: two packs made alike, from what was sent and from what there is now."""
    if name not in before:
        return True
    old = before[name]
    if not _differ_as_bytes(old, value, namespace):
        return False
    if not (_is_pandas(value) and _is_pandas(old)):
        return True
    # Looking at a frame may rearrange its memory, so that equal ones differ as bytes.
    return portray(old).digest != portray(value).digest


def _differ_as_bytes(old: Any, value: Any, namespace: dict[str, Any]) -> bool:
    """Whether they are pickled otherwise; ``old`` has been on a journey."""
    try:
        before, now = (pack({"value": each}, namespace) for each in (old, value))
        if _same(before, now):
            return False
        # Equal texts of one letter, several objects where a library has made them, are one after a journey.
        travelled = unpack(now, namespace, writable=False)
        return not _same(before, pack(travelled, namespace))
    except PackingError:
        return True


def _is_pandas(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and issubclass(type(value), (pandas.DataFrame, pandas.Series))


def _same(one: Packed, other: Packed) -> bool:
    return (
        len(one.data) == len(other.data)
        and one.layout == other.layout
        and len(one.buffers) == len(other.buffers)
        and bytes(one.data) == bytes(other.data)
        and all(map(_same_memory, one.buffers, other.buffers))
    )


def _same_memory(one: Any, other: Any) -> bool:
    mine, theirs = pickle.PickleBuffer(one).raw(), pickle.PickleBuffer(other).raw()
    numpy = sys.modules.get("numpy")
    if mine.nbytes != theirs.nbytes or mine.nbytes == 0 or numpy is None:
        return bytes(mine) == bytes(theirs)
    left, right = (
        numpy.frombuffer(memory, numpy.uint8).__array_interface__["data"][0]
        for memory in (mine, theirs)
    )
    # At the same address it was received, so nobody can write there.
    return bool(left == right) or same_bytes(left, right, mine.nbytes)
