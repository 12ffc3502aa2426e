"""What a loop's items are and hold, in an order that copies have as well, and how it differs from what it was.

A batch changes copies of the items. What it has changed goes back as the numbers and new contents of the objects
concerned; the cell puts the contents into its own objects, so that whoever holds one of these sees the change. New
contents name the items' objects by number, too, and so they are the cell's own again.
"""

from __future__ import annotations

import collections
import hashlib
import operator
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from naavre_ext.executors.array_windows import Windows
from naavre_ext.executors.origins import Origin
from naavre_ext.executors.packing import PackingError, fingerprint
from naavre_ext.executors.packing_arrays import is_shippable
from naavre_ext.executors.packing_identity import is_immutable, reached, shares_objects
from naavre_ext.executors.packing_instances import plan_of, shares_dictionary, solid_base
from naavre_ext.executors.packing_making import NOTEBOOK
from naavre_ext.executors.packing_nans import is_nan
from naavre_ext.executors.tasks import Violation

#: So many objects of a batch's items are looked at.
_MOST = 200_000
#: A copy of these is as good, and they hold nothing.
_ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None)})
_DICTS = frozenset({dict, collections.OrderedDict, collections.defaultdict, collections.Counter})
#: The step of an origin that is one of the items' objects, by its number.
_PART = "part"


#: Says where an object is.
_Place = Callable[[Any], "Origin | None"]


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
            if (type(obj) in _ATOMS and not is_nan(obj)) or _is_named(obj):
                continue
            self.hold_items |= not is_item and id(obj) in own and not is_immutable(obj)
            if id(obj) in self._numbers:
                continue
            if len(self.objects) == _MOST:
                raise TooMany
            self._numbers[id(obj)] = len(self.objects)
            kind = _kind_of(obj)
            self.objects.append(obj)
            self.kinds.append(kind)
            if kind == "array":
                self._windows.add(obj, ("", ((_PART, self._numbers[id(obj)]),)))
            is_item &= type(obj) is tuple
            waiting += [(part, is_item) for part in reversed([*_held(obj, kind)])]

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

    def place(self, origin_of: _Place) -> _Place:
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

    def finder(self, find: Callable[[Origin], Any]) -> Callable[[Origin], Any]:
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
            _PUT[self.kinds[number]](self.objects[number], contents)


class Before:
    """A batch's items as they are now, to tell later what has been changed of their ``parts``.

    ``place`` says where an object is among these, or else what ``origin_of`` says. The ``namespace`` is the
    notebook's.
    """

    def __init__(
        self,
        items: Sequence[Any],
        namespace: dict[str, Any],
        origin_of: _Place,
    ) -> None:
        self.parts, self._namespace = Parts(items), namespace
        self.place = self.parts.place(origin_of)
        self._contents = [self._look(n) for n in range(len(self.parts.objects))]

    def _look(self, number: int) -> Any:
        obj, kind = self.parts.objects[number], self.parts.kinds[number]
        if kind == "fixed":
            return _attributes(obj)
        if kind == "watched":
            return fingerprint(obj, self._namespace), reached(obj), _attributes(obj)
        if kind == "array":
            return _print_of(obj)
        return _own(obj, kind), _flat(obj, kind)

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
            found[number] = _contents(obj, kind)
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
            return bool(_print_of(obj) == before)
        if kind == "watched":
            return self._is_unchanged(number, before)
        if kind == "fixed":
            return _are_same(_attributes(obj), before)
        if not _are_same(_own(obj, kind), before[0]):
            raise Violation(f"an item's {type(obj).__qualname__} was made something else")
        return _are_same(_flat(obj, kind), before[1])

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


def _attributes(obj: Any) -> list[Any]:
    """The attributes that an object has though it counts as unchangeable, such as an enumeration's member."""
    found = getattr(obj, "__dict__", None)
    return [part for entry in found.items() for part in entry] if type(found) is dict else []


def _own(obj: Any, kind: str) -> list[Any]:
    """What makes a container or an instance what it is, besides what it holds."""
    if kind == "dict":
        return [type(obj), getattr(obj, "default_factory", None), *_attributes(obj)]
    return [type(obj)]


def _is_put(array: Any, before: tuple[Any, ...]) -> bool:
    """Whether the array's new elements can be put into the one that it is a copy of."""
    return bool(array.flags.writeable and before[0] == _print_of(array)[0])


def _is_ordered(kind: type) -> bool:
    """Whether a merge may ask an instance for a hash, or compare it, when it has been changed already."""
    own = {name: getattr(kind, name) for name in ("__hash__", "__lt__", "__gt__")}
    return any(method not in (None, getattr(object, name)) for name, method in own.items())


def _is_named(obj: Any) -> bool:
    """Whether it is found by its name, and nobody changes it in a loop."""
    if isinstance(obj, type):
        return obj.__module__ != NOTEBOOK
    if isinstance(obj, types.BuiltinFunctionType):
        return isinstance(obj.__self__, (types.ModuleType, type, type(None)))
    return isinstance(obj, types.ModuleType)


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


def _in_tuples(item: Any) -> Iterator[Any]:
    yield item
    if type(item) is tuple:
        for part in item:
            yield from _in_tuples(part)


def _kind_of(obj: Any) -> str:
    kind = type(obj)
    if kind is list:
        return "list"
    if kind in _DICTS:
        return "watched" if _attributes(obj) else "dict"
    if is_shippable(obj):
        return "array"
    if kind is tuple:
        return "fixed"
    if isinstance(obj, (type, types.FunctionType, types.BuiltinFunctionType)):
        return "watched"
    if is_immutable(obj) or is_nan(obj):
        return "fixed"
    return "instance" if _is_plain_instance(obj) else "watched"


def _is_plain_instance(obj: Any) -> bool:
    """Whether all that it holds is in its ``__dict__``."""
    kind: Any = type(obj)
    if any(vars(base).get("__slots__") for base in kind.__mro__):
        return False
    if type(getattr(obj, "__dict__", None)) is not dict:
        return False
    is_plain = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__
    if kind.__module__ == NOTEBOOK:
        plan = plan_of(kind)
        return not plan.why_not and solid_base(kind) is object and (is_plain or plan.base is object)
    base = getattr(sys.modules.get("sklearn.base"), "BaseEstimator", None)
    return (
        is_plain
        and base is not None
        and kind.__module__.split(".")[0] == "sklearn"
        and issubclass(kind, base)
    )


def _held(obj: Any, kind: str) -> Sequence[Any]:
    """What else is to be looked at."""
    if type(obj) is not tuple and kind in ("fixed", "watched", "array"):
        return ()
    held = obj if type(obj) is tuple else _flat(obj, kind)
    if _ATOMS.issuperset(map(type, held)) and not any(map(operator.ne, held, held)):
        return ()  # numbers and texts, no NaN: far quicker than one by one
    return held


def _flat(obj: Any, kind: str) -> list[Any]:
    """What a container or an instance holds, keys and names as well."""
    if kind == "list":
        return list(obj)
    return [part for entry in _entries(obj, kind) for part in entry]


def _entries(obj: Any, kind: str) -> list[tuple[Any, Any]]:
    entries: Any = vars(obj) if kind == "instance" else obj
    return list(type(entries).items(entries))  # an OrderedDict has an order of its own


def _print_of(array: Any) -> tuple[Any, ...]:
    digest = hashlib.blake2b(array.tobytes(), digest_size=16).digest()
    return (array.shape, array.dtype.str, str(array.dtype), array.flags.writeable), digest


def _contents(obj: Any, kind: str) -> Any:
    """New contents, in a container that isn't itself one of the parts."""
    if kind == "array":
        return obj.copy()
    if kind == "list":
        return list(obj)
    return _entries(obj, kind)


def _put_list(obj: list[Any], contents: list[Any]) -> None:
    obj[:] = contents


def _put_dict(obj: Any, contents: list[tuple[Any, Any]]) -> None:
    kind = type(obj)
    kind.clear(obj)
    for key, value in contents:
        kind.__setitem__(obj, key, value)


def _put_instance(obj: Any, contents: list[tuple[Any, Any]]) -> None:
    _put_dict(vars(obj), contents)


def _put_array(obj: Any, contents: Any) -> None:
    obj[...] = contents


_PUT: Mapping[str, Callable[[Any, Any], None]] = {
    "list": _put_list,
    "dict": _put_dict,
    "instance": _put_instance,
    "array": _put_array,
}
