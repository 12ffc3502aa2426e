"""How a loop's items differ from what they were before a batch."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from naavre_ext.executors.item_kinds import attributes_of, contents_of, flat, print_of
from naavre_ext.executors.item_parts import Parts
from naavre_ext.executors.origins import Place
from naavre_ext.executors.packing import PackingError, fingerprint
from naavre_ext.executors.packing_identity import reached, shares_objects
from naavre_ext.executors.packing_instances import shares_dictionary
from naavre_ext.executors.tasks import Violation


class Before:
    """A batch's items as they are now, to tell later what has been changed of their ``parts``.

    ``place`` says where an object is among these, or else what ``origin_of`` says. The ``namespace`` is the
    notebook's.
    """

    def __init__(
        self,
        items: Sequence[Any],
        namespace: dict[str, Any],
        origin_of: Place,
    ) -> None:
        self.parts, self._namespace = Parts(items), namespace
        self.place = self.parts.place(origin_of)
        self._contents = [self._look(n) for n in range(len(self.parts.objects))]

    def _look(self, number: int) -> Any:
        obj, kind = self.parts.objects[number], self.parts.kinds[number]
        if kind == "fixed":
            return attributes_of(obj)
        if kind == "watched":
            return fingerprint(obj, self._namespace), reached(obj), attributes_of(obj)
        if kind == "array":
            return print_of(obj)
        return _own(obj, kind), flat(obj, kind)

    def changes(self) -> dict[int, Any]:
        """The new contents of what has been changed, by number.

        Raises:
            Violation: something has been changed of which that can't be told.
        """
        found: dict[int, Any] = {}
        for number, before in enumerate(self._contents):
            if self._is_same(number, before):
                continue
            obj, kind = self.parts.objects[number], self.parts.kinds[number]
            what = type(obj).__qualname__
            told = kind not in ("fixed", "watched") and (kind != "array" or _is_put(obj, before))
            if not told:
                raise Violation(f"an item is, or holds, a {what} that was changed in place")
            found[number] = contents_of(obj, kind)
        for obj in self.parts.of("instance"):
            what = type(obj).__qualname__
            if shares_dictionary(obj):
                raise Violation(f"the attributes of an item's {what} are held as a dict")
            if found and _is_ordered(type(obj)):
                raise Violation(
                    f"an item is, or holds, a {what}, whose place in a dict or an order may change"
                )
        return found

    def check_apart(self, result: Any) -> None:
        """Raises Violation where a result shares something with the items that can't be told from a copy."""
        held = self.parts.of("watched", "array")
        if held and shares_objects([result], held, but=lambda o: self.place(o) is not None):
            raise Violation("a result shares memory, or an object, with what an item holds")

    def check_replayed(self, operands: Iterable[Any], changed: Mapping[int, Any]) -> None:
        """Raises Violation where the merge would compute with a changed object when it comes to a statement."""
        for operand in operands:
            number = self.parts.number_of(operand)
            if number in changed and not _is_opaque(operand, self.parts.kinds[number]):
                what = type(operand).__qualname__
                raise Violation(f"a {what} that is changed may be compared afterwards")

    def _is_same(self, number: int, before: Any) -> bool:
        obj, kind = self.parts.objects[number], self.parts.kinds[number]
        if kind == "array":
            return bool(print_of(obj) == before)
        if kind == "watched":
            return self._is_unchanged(number, before)
        if kind == "fixed":
            return _are_same(attributes_of(obj), before)
        if not _are_same(_own(obj, kind), before[0]):
            raise Violation(f"an item's {type(obj).__qualname__} was made something else")
        return _are_same(flat(obj, kind), before[1])

    def _is_unchanged(self, number: int, before: tuple[bytes, list[Any] | None, list[Any]]) -> bool:
        """Whether it has the same value, and holds the very same objects: one may be replaced by an equal one."""
        try:
            now = self._look(number)
        except PackingError:
            return False
        held = before[1] is not None and now[1] is not None and _are_same(now[1], before[1])
        return bool(held and now[0] == before[0] and _are_same(now[2], before[2]))


def _are_same(now: Sequence[Any], before: Sequence[Any]) -> bool:
    return len(now) == len(before) and all(map(operator.is_, now, before))


def _own(obj: Any, kind: str) -> list[Any]:
    """What makes a container or an instance what it is, besides what it holds."""
    if kind == "dict":
        return [type(obj), getattr(obj, "default_factory", None), *attributes_of(obj)]
    return [type(obj)]


def _is_put(array: Any, before: tuple[Any, ...]) -> bool:
    """Whether the array's new elements can be put into the one that it is a copy of."""
    return bool(array.flags.writeable and before[0] == print_of(array)[0])


def _is_ordered(kind: type) -> bool:
    """Whether a merge may ask an instance for a hash, or compare it, when it has been changed already."""
    own = {name: getattr(kind, name) for name in ("__hash__", "__lt__", "__gt__")}
    return any(method not in (None, getattr(object, name)) for name, method in own.items())


#: Special methods that no operator and no test of a condition calls.
_UNASKED = frozenset(
    {"__init__", "__new__", "__repr__", "__str__", "__format__", "__getstate__", "__setstate__",
     "__init_subclass__", "__dir__", "__copy__", "__deepcopy__"}
)  # fmt: skip


def _is_opaque(obj: Any, kind: str) -> bool:
    """Whether Python can only ask who the object is: its class gives no operator a meaning."""
    own = [n for base in type(obj).__mro__[:-1] for n, v in vars(base).items() if callable(v)]
    special = {n for n in own if n.startswith("__") and n.endswith("__")} - _UNASKED
    return kind == "instance" and all(n.startswith("__sklearn") for n in special)
