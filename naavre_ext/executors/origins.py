"""Where the objects of a batch's inputs are, so that results name them instead of copying them.

``out.append(item)`` puts the very item into the list in a notebook; so the merge has to put the cell's own
object there, not a copy that came back from a worker.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from naavre_ext.executors.array_windows import Windows
from naavre_ext.executors.packing_arrays import is_shippable
from naavre_ext.executors.packing_classes import MADE_BY_PYTHON
from naavre_ext.executors.packing_instances import plan_of
from naavre_ext.executors.packing_libraries import reduce_library_object
from naavre_ext.executors.packing_making import NOTEBOOK
from naavre_ext.executors.packing_nans import is_nan

#: ``(root, steps)``: a shared name or the number of an item in its batch, then indexes, attributes and slices, to
#: the n-th key or value of a dict, and from an object to its class, from a class to one that it inherits, from
#: a descriptor to its function.
Origin = tuple[str | int, tuple[tuple[str, Any], ...]]
#: Says where an object is, None where it is none of these; and gives the object that is there.
Place = Callable[[Any], Origin | None]
Find = Callable[[Origin], Any]

#: Objects of the inputs that are looked at; those beyond are copied.
_BUDGET = 20_000

_DEFAULTS = "_field_defaults"
#: What a class has of its own; some of it only once it is asked for, so that the cell's own may lack it.
_MADE = MADE_BY_PYTHON | {"__module__", "__doc__"}
_DESCRIPTORS = (staticmethod, classmethod, property)
_FUNCTIONS = ("__func__", "fget", "fset", "fdel")
_STEPS: Mapping[str, Callable[[Any, Any], Any]] = {
    "[]": lambda found, index: found[index],
    ".": lambda found, name: vars(found)[name],
    "()": getattr,
    "class": lambda found, _: type(found),
    "base": lambda found, number: found.__bases__[number],
}
#: Ways to be copied that copy all attributes.
_BY_STATE = (object.__reduce__, types.SimpleNamespace.__reduce__)
_ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None), range, slice})


class Origins:
    """The origins of all objects reached from ``names`` and ``items``, found when first asked for.

    Without ``slices`` a slice of an array has none. ``beside`` are the very objects that ``names`` holds copies
    of, where code here can come upon them. At least ``limit`` objects are looked at; those beyond have none,
    nor have what only classes hold unless it is looked for ``through_classes``.
    """

    def __init__(
        self,
        names: Mapping[str, Any],
        items: Any,
        *,
        slices: bool = True,
        beside: Mapping[str, Any] | None = None,
        limit: int = _BUDGET,
        through_classes: bool = True,
    ) -> None:
        self._names, self._items, self._slices = names, items, slices
        self._beside, self._limit = beside or {}, limit
        self._through_classes = through_classes
        self._known: dict[int, Origin] | None = None
        self._alive: list[Any] = []
        self._seen: list[Any] = []  # which no other object takes the place of
        self._windows = Windows()

    def met(self, number: int, item: Any) -> None:
        """An iteration was given ``item``, perhaps made for it alone, as an array's rows are."""
        if type(self._items) not in (list, tuple) and not _is_atom(item):
            self._alive.append((number, item))

    def of(self, obj: Any) -> Origin | None:
        """Where ``obj`` is among the inputs, None when it isn't."""
        kind = type(obj)  # as _is_atom() does: this is asked of every object
        if kind in _ATOMS and (kind is not float or obj == obj):
            return None
        if self._known is None:
            self._known = self._trace()
        found = self._known.get(id(obj))
        if found is None and self._slices and is_shippable(obj):
            found = self._windows.origin_of(obj)
        return found

    def _trace(self) -> dict[int, Origin]:
        known: dict[int, Origin] = {}
        roots: list[tuple[Any, Origin]] = []
        if type(self._items) in (list, tuple):
            roots += [(item, (number, ())) for number, item in enumerate(self._items)]
        roots += [(item, (number, ())) for number, item in self._alive]
        for shared in (self._names, self._beside):
            roots += [(value, (name, ())) for name, value in shared.items()]
        waiting = deque(roots)
        budget = max(self._limit, 2 * len(roots))
        classes: set[type] = set()
        while waiting and budget:
            obj, origin = waiting.popleft()
            if _is_atom(obj) or isinstance(obj, types.ModuleType) or id(obj) in known:
                continue
            if isinstance(obj, type):
                if obj in classes or not self._through_classes:
                    continue
                classes.add(obj)
            else:
                known[id(obj)] = origin
                self._seen.append(obj)
            budget -= 1
            if is_shippable(obj):
                self._windows.add(obj, origin)
            root, steps = origin
            waiting.extend((part, (root, (*steps, step))) for step, part in _parts(obj, budget))
        return known


def _is_atom(obj: Any) -> bool:
    """Whether a copy is as good; NaNs are told apart."""
    return type(obj) in _ATOMS and not is_nan(obj)


def _parts(obj: Any, limit: int) -> Sequence[tuple[tuple[str, Any], Any]]:
    if isinstance(obj, (list, tuple, dict)):
        if len(obj) > limit:
            return ()
        if isinstance(obj, dict):
            entries = enumerate(dict.items(obj))
            return [part for n, (k, v) in entries for part in _parts_of_entry(n, k, v)]
        return [(("[]", index), part) for index, part in enumerate(obj)]
    if isinstance(obj, types.FunctionType):
        return ()
    if isinstance(obj, type):
        return _parts_of_class(obj)
    if isinstance(obj, _DESCRIPTORS):
        functions = ((name, getattr(obj, name, None)) for name in _FUNCTIONS)
        return [(("()", name), part) for name, part in functions if part is not None]
    own = [(("class", ""), type(obj))] if type(obj).__module__ == NOTEBOOK else []
    state = getattr(obj, "__dict__", None)
    if state is None:
        return [*own, *((("()", name), part) for name, part in _in_slots(obj).items())]
    if type(state) is not dict or not state or isinstance(obj, types.MethodType):
        return own
    kept = _pickled(obj, state)
    return [*own, *(((".", name), p) for name, p in state.items() if kept.get(name) is p)]


def _parts_of_entry(number: int, key: Any, value: Any) -> Sequence[tuple[tuple[str, Any], Any]]:
    if type(key) in _ATOMS and key == key:  # not so NaN
        return ((("[]", key), value),)
    return (("key", number), key), (("value", number), value)


def _parts_of_class(cls: type) -> Sequence[tuple[tuple[str, Any], Any]]:
    """What all instances of a notebook's class have in common; of a named tuple also the very defaults."""
    if cls.__module__ != NOTEBOOK:
        defaults = vars(cls).get(_DEFAULTS)
        return [((".", _DEFAULTS), defaults)] if defaults and type(defaults) is dict else ()
    bases = [(("base", number), base) for number, base in enumerate(cls.__bases__)]
    return [*bases, *(((".", n), part) for n, part in vars(cls).items() if n not in _MADE)]


def _in_slots(obj: Any) -> Mapping[str, Any]:
    """The attributes of an object that keeps them in slots, as xarray's do, if it is copied by these alone."""
    kind: Any = type(obj)
    has_slots = any("__slots__" in vars(cls) for cls in kind.__mro__)
    if not has_slots or _reduces_itself(kind) or _own_get_state(kind) is not None:
        return {}
    try:
        state = object.__reduce_ex__(obj, 2)[2]
    except TypeError:  # it holds more than Python knows of
        return {}
    return state[1] if type(state) is tuple and type(state[1]) is dict else {}


def _pickled(obj: Any, state: dict[str, Any]) -> Mapping[str, Any]:
    """The attributes that the copy of ``obj`` was made with; others, such as caches, the cell's own may lack."""
    kind: Any = type(obj)
    if plan_of(kind).base is not None:
        return state
    reduced = reduce_library_object(obj)
    if reduced is not NotImplemented:
        return reduced[2] if isinstance(reduced[2], dict) else {}
    if _reduces_itself(kind):
        return {}
    get_state = _own_get_state(kind)
    found = state if get_state is None else get_state(obj)
    return found if isinstance(found, dict) else {}


def _reduces_itself(kind: Any) -> bool:
    return kind.__reduce_ex__ is not object.__reduce_ex__ or kind.__reduce__ not in _BY_STATE


def _own_get_state(kind: Any) -> Callable[[Any], Any] | None:
    get_state = getattr(kind, "__getstate__", None)
    return None if get_state is getattr(object, "__getstate__", None) else get_state


def finder(names: Mapping[str, Any], items: Any, start: int) -> Find:
    """A function that gives the object at an origin; ``start`` is where the batch begins in ``items``.

    An item is taken once, so that rows of an array are one object each; so is a slice.
    """
    taken: dict[int, Any] = {}
    sliced: dict[int, Any] = {}
    listed: dict[tuple[int, str], list[Any]] = {}

    def entry(found: dict[Any, Any], kind: str, number: int) -> Any:
        if (id(found), kind) not in listed:
            entries = dict.keys(found) if kind == "key" else dict.values(found)
            listed[id(found), kind] = list(entries)
        return listed[id(found), kind][number]

    def find(origin: Origin) -> Any:
        root, steps = origin
        if isinstance(root, str):
            found = names[root]
        else:
            if root not in taken:
                taken[root] = items[start + root]
            found = taken[root]
        for kind, step in steps:
            if kind == "slice":
                number, index = step
                found = sliced.setdefault(number, found[index])
            elif kind in ("key", "value"):
                found = entry(found, kind, step)
            else:
                found = _STEPS[kind](found, step)
        return found

    return find
