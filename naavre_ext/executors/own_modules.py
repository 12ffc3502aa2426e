"""What the modules beside the notebook keep: each process has its own, and nothing carries it over.

That is not only their variables: also their code, which may be loaded again, and what their classes and functions
keep, in attributes, defaults, closures and caches.
"""

from __future__ import annotations

import functools
import hashlib
import marshal
import pickle
import threading
import types
import weakref
from collections.abc import Mapping
from typing import Any

from naavre_ext.executors.hidden_state import parts_of
from naavre_ext.executors.portraits import portray

_CACHED = type(functools.lru_cache(lambda: None))
#: Objects that can't be pickled and keep nothing, or what other objects keep as well.
_HANDLES = (type(threading.Lock()), type(threading.RLock()), weakref.ref, types.ModuleType)
#: What Python itself keeps in a class.
_OF_PYTHON = frozenset({"_abc_impl", "__dict__", "__weakref__"})
_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)


def states_of(modules: Mapping[str, types.ModuleType]) -> dict[str, bytes]:
    """For each module, by name, what it keeps: equal in processes where they keep the same."""
    return {name: _state(name, module) for name, module in modules.items()}


def unlike(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> str:
    """The first module that both know and that isn't the same in both; "" when there is none."""
    return next((n for n in sorted(one.keys() & other.keys()) if one[n] != other[n]), "")


def _state(name: str, module: types.ModuleType) -> bytes:
    digest = _Digest()
    pickler = _StatePickler(digest, name)
    for variable, value in sorted(vars(module).items()):
        if variable.startswith("__") or isinstance(value, types.ModuleType):
            continue
        digest.write(variable.encode() + b"=")
        try:
            pickler.dump(value)
        except Exception:  # noqa: BLE001  (an open file, say; pickling may be any library's code)
            digest.write(portray(value).digest)
    return digest.found()


class _Digest:
    """A file of which only a digest is kept."""

    def __init__(self) -> None:
        self._state = hashlib.sha1(usedforsecurity=False)

    def write(self, data: Any) -> None:
        self._state.update(data)

    def found(self) -> bytes:
        return self._state.digest()


class _StatePickler(pickle.Pickler):
    """Writes what a module's functions and classes keep, where pickle has their names only."""

    def __init__(self, digest: _Digest, module: str) -> None:
        super().__init__(
            digest, protocol=5, buffer_callback=lambda buffer: digest.write(buffer.raw())
        )
        self._module = module

    def _is_met_here(self, obj: Any) -> bool:
        """Whether no other module's variable is the function or class."""
        return obj.__module__ == self._module or "<locals>" in obj.__qualname__

    def reducer_override(self, obj: Any) -> Any:
        """What the object keeps, as its state: so it may hold itself."""
        if isinstance(obj, (types.FunctionType, type)) and self._is_met_here(obj):
            kept = _kept_by_class(obj) if isinstance(obj, type) else _kept_by(obj)
            return _named, (obj.__qualname__,), kept
        if isinstance(obj, _CACHED):
            return (
                _named,
                (obj.__wrapped__.__qualname__,),
                [tuple(obj.cache_info()), obj.__wrapped__],
            )
        if isinstance(obj, types.GeneratorType):
            frame = obj.gi_frame
            kept = [] if frame is None else [frame.f_lasti, dict(frame.f_locals)]
            return _named, (obj.__qualname__,), kept
        if isinstance(obj, types.MappingProxyType):
            return _named, ("",), dict(obj)
        if isinstance(obj, (property, staticmethod, classmethod)):
            parts = ("fget", "fset", "fdel", "__func__")
            return _named, ("",), [getattr(obj, part, None) for part in parts]
        if isinstance(obj, (*_HANDLES, *_DESCRIPTORS)):
            return _named, (type(obj).__name__,), [getattr(obj, "__name__", "")]
        return NotImplemented


def _named(name: str) -> str:
    """What stands in the pickle for the thing of this name; nobody reads it."""
    return name


def _kept_by(function: types.FunctionType) -> list[Any]:
    if hasattr(function, "registry") and hasattr(function, "_clear_cache"):
        return [
            dict(function.registry)
        ]  # of functools.singledispatch, which also keeps what it has looked up
    # A module may be loaded again from a changed file. Version 2 doesn't tell how often constants are used.
    code = marshal.dumps(function.__code__, 2)
    return [code, *parts_of(function)]


def _kept_by_class(kind: type) -> list[Any]:
    return [
        (name, value)
        for name, value in vars(kind).items()
        if isinstance(value, (types.FunctionType, property, staticmethod, classmethod))
        or not (name.startswith("__") or name in _OF_PYTHON or isinstance(value, _DESCRIPTORS))
    ]
