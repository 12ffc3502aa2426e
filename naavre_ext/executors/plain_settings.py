"""What a setting is, in plain values that pickle, and are equal in all processes that have the same one."""

from __future__ import annotations

import enum
import functools
import pickle
import random
import re
import sys
import threading
import types
from collections import deque
from collections.abc import Hashable, Iterable
from contextvars import ContextVar
from pathlib import PurePath
from typing import Any

_SCALARS = (bool, int, float, complex, str, bytes, type(None), PurePath, range)
_CONTAINERS: tuple[Any, ...] = (dict, list, tuple, set, frozenset, deque)
_CODE = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
#: So deep and so many objects are looked into: what is larger is data, of which only the number counts.
_DEEPEST, _LONGEST, _MOST = 4, 100, 20_000


class Plainly:
    """Says settings of one package's module plainly, except what is called by a name that ``skipped`` matches."""

    def __init__(self, package: str, skipped: re.Pattern[str]) -> None:
        self._package, self._skipped = package, skipped
        self._left = _MOST

    def say(self, value: Any, depth: int = 0) -> Hashable:
        """The value, plainly: of what can't be said so, or lies too deep, its type only."""
        self._left -= 1
        kind: Any = type(value)  # an object that stands for another one isn't asked for its class
        name = _name(kind)
        if kind in _SCALARS or issubclass(kind, PurePath):
            return name, repr(value)
        if issubclass(kind, enum.Enum):
            return name, value.name
        if issubclass(kind, types.ModuleType):
            return name, object.__getattribute__(value, "__dict__").get("__name__")
        if issubclass(kind, _CODE):
            return name, f"{value.__module__}.{value.__qualname__}"
        if depth == _DEEPEST or self._left < 0:
            return (name,)
        return (
            name,
            self._attributes(value, kind, depth + 1),
            self._contents(value, kind, depth + 1),
        )

    def _attributes(self, value: Any, kind: type, depth: int) -> Hashable:
        if issubclass(kind, threading.local):
            return self._pairs(value.__dict__.items(), depth)
        own = kind.__module__.partition(".")[0] in (self._package, "types")
        if not own or not kind.__dictoffset__:
            return None
        return self._pairs(object.__getattribute__(value, "__dict__").items(), depth)

    def _contents(self, value: Any, kind: type, depth: int) -> Hashable:
        base = next((base for base in _CONTAINERS if issubclass(kind, base)), None)
        if base is not None:
            if base.__len__(value) > _LONGEST:
                return int(base.__len__(value))
            if base is dict:
                return self._pairs(dict.items(value), depth)
            parts = [self.say(part, depth) for part in list(base.__iter__(value))]
            return frozenset(parts) if base in (set, frozenset) else tuple(parts)
        if kind is ContextVar:
            return self.say(value.get(None), depth)
        return _of_generator(value, kind)

    def _pairs(self, items: Iterable[tuple[Any, Any]], depth: int) -> Hashable:
        return frozenset(
            (self.say(key, depth), self.say(part, depth))
            for key, part in list(items)
            if not (isinstance(key, str) and self._skipped.search(key))
        )


def _of_generator(value: Any, kind: type) -> bytes | None:
    """The state of a generator of random numbers."""
    numpy: Any = sys.modules.get("numpy.random")
    if issubclass(kind, random.Random):
        return pickle.dumps(value.getstate(), 5)
    if numpy is not None and kind is numpy.Generator:
        return pickle.dumps(value.bit_generator.state, 5)
    if numpy is not None and kind is numpy.RandomState:
        return pickle.dumps(value.get_state(legacy=False), 5)
    return None


@functools.cache
def _name(kind: Any) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
