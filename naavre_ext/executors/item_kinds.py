"""What can change in an object that a loop's item is or holds, by its kind, and how it is given new contents.

``"fixed"`` is what can't change; of what is ``"watched"`` nobody knows what it holds; the others are ``"list"``,
``"dict"``, ``"array"`` and ``"instance"``, all of which is in its ``__dict__``.
"""

from __future__ import annotations

import collections
import hashlib
import operator
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from naavre_ext.executors.packing_arrays import is_shippable
from naavre_ext.executors.packing_immutable import is_immutable
from naavre_ext.executors.packing_instances import plan_of, solid_base
from naavre_ext.executors.packing_making import NOTEBOOK
from naavre_ext.executors.packing_nans import is_nan

#: A copy of these is as good, and they hold nothing.
ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None)})


_DICTS = frozenset({dict, collections.OrderedDict, collections.defaultdict, collections.Counter})


def is_named(obj: Any) -> bool:
    """Whether it is found by its name, and nobody changes it in a loop."""
    if isinstance(obj, type):
        return obj.__module__ != NOTEBOOK
    if isinstance(obj, types.BuiltinFunctionType):
        return isinstance(obj.__self__, (types.ModuleType, type, type(None)))
    return isinstance(obj, types.ModuleType)


def kind_of(obj: Any) -> str:
    """What can change in the object."""
    kind = type(obj)
    if kind is list:
        return "list"
    if kind in _DICTS:
        return "watched" if attributes_of(obj) else "dict"
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


def held_by(obj: Any, kind: str) -> Sequence[Any]:
    """What else is to be looked at."""
    if type(obj) is not tuple and kind in ("fixed", "watched", "array"):
        return ()
    held = obj if type(obj) is tuple else flat(obj, kind)
    if ATOMS.issuperset(map(type, held)) and not any(map(operator.ne, held, held)):
        return ()  # numbers and texts, no NaN: far quicker than one by one
    return held


def flat(obj: Any, kind: str) -> list[Any]:
    """What a container or an instance holds, keys and names as well."""
    if kind == "list":
        return list(obj)
    return [part for entry in _entries(obj, kind) for part in entry]


def _entries(obj: Any, kind: str) -> list[tuple[Any, Any]]:
    entries: Any = vars(obj) if kind == "instance" else obj
    return list(type(entries).items(entries))  # an OrderedDict has an order of its own


def print_of(array: Any) -> tuple[Any, ...]:
    """What an array is besides its elements, and a digest of these."""
    digest = hashlib.blake2b(array.tobytes(), digest_size=16).digest()
    return (array.shape, array.dtype.str, str(array.dtype), array.flags.writeable), digest


def contents_of(obj: Any, kind: str) -> Any:
    """New contents, in a container that isn't itself one of the parts."""
    if kind == "array":
        return obj.copy()
    if kind == "list":
        return list(obj)
    return _entries(obj, kind)


def attributes_of(obj: Any) -> list[Any]:
    """The attributes that an object has though it counts as unchangeable, such as an enumeration's member."""
    found = getattr(obj, "__dict__", None)
    return [part for entry in found.items() for part in entry] if type(found) is dict else []


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


PUT: Mapping[str, Callable[[Any, Any], None]] = {
    "list": _put_list,
    "dict": _put_dict,
    "instance": _put_instance,
    "array": _put_array,
}
