"""What a setting is, in a text that is the same in all processes that have the same one."""

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
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from hashlib import blake2b
from pathlib import PurePath
from typing import Any, NamedTuple

from naavre_ext.executors.class_homes import home_of, package_of

_SCALARS = (bool, int, float, complex, str, bytes, type(None), range)
_CONTAINERS: tuple[Any, ...] = (dict, list, tuple, set, frozenset, deque)
#: What values of these classes and their subclasses are said by.
_LEAVES: tuple[tuple[Any, Callable[[Any], object]], ...] = (
    (PurePath, repr),
    (enum.Enum, lambda value: value.name),
    (types.ModuleType, lambda value: object.__getattribute__(value, "__dict__").get("__name__")),
    ((type, types.FunctionType, types.BuiltinFunctionType, types.MethodType),
     lambda value: f"{value.__module__}.{value.__qualname__}"),
)  # fmt: skip
#: So deep and so many objects are looked into: what is larger is data, of which only the number counts.
_DEEPEST, _LONGEST, _MOST = 4, 100, 5_000


class Plainly:
    """Says settings of one package plainly, except what is called by a name that ``skipped`` matches.

    Only for a moment in which none is changed: what many of its modules know is looked at once.
    """

    def __init__(self, package: str, skipped: re.Pattern[str]) -> None:
        self._package, self._skipped = package, skipped
        self._left = 0
        #: By object and depth, what was said, and of how many objects; with the object, so that it stays.
        self._known: dict[tuple[int, int], tuple[Any, str, int]] = {}

    def say(self, setting: Any) -> str:
        """The setting, plainly: of what can't be said so, or lies too deep, its type only."""
        self._left = _MOST
        return self._said(setting, 0)

    def _said(self, value: Any, depth: int) -> str:
        self._left -= 1
        kind = _kind(type(value))  # type: ignore[arg-type]  # an object that stands for another one isn't asked for its class
        if kind.leaf is not None:
            return f"{kind.name} {kind.leaf(value)}"
        if depth == _DEEPEST or self._left < 0:
            return kind.name
        _, said, count = self._known.get((id(value), depth), (None, "", _MOST))
        if count <= self._left:
            self._left -= count
            return said
        before = self._left
        parts = self._attributes(value, kind, depth + 1), self._contents(value, kind, depth + 1)
        said = _digest(kind.name, parts)
        if self._left >= 0:
            self._known[id(value), depth] = value, said, before - self._left
        return said

    def _attributes(self, value: Any, kind: _Kind, depth: int) -> list[Any]:
        if kind.is_of_thread:
            return self._pairs(value.__dict__.items(), depth)
        if not kind.has_dict or kind.package not in (self._package, "types"):
            return []
        return self._pairs(object.__getattribute__(value, "__dict__").items(), depth)

    def _contents(self, value: Any, kind: _Kind, depth: int) -> Any:
        base = kind.container
        if base is not None:
            if base.__len__(value) > _LONGEST:
                return base.__len__(value)
            if base is dict:
                return self._pairs(dict.items(value), depth)
            parts = [self._said(part, depth) for part in list(base.__iter__(value))]
            return sorted(parts) if base in (set, frozenset) else parts
        if type(value) is ContextVar:
            return self._said(value.get(None), depth)
        return _of_generator(value, type(value))

    def _pairs(self, items: Iterable[tuple[Any, Any]], depth: int) -> list[Any]:
        """Whatever their order is."""
        return sorted(
            [
                (self._said(key, depth), self._said(part, depth))
                for key, part in list(items)
                if not (isinstance(key, str) and self._skipped.search(key))
            ]
        )


def _digest(*what: Any) -> str:
    """Stands for these: garbage collection had much to do with all that libraries hold."""
    return blake2b(repr(what).encode(errors="surrogatepass"), digest_size=16).hexdigest()


class _Kind(NamedTuple):
    """What is to know of a class: how values are said that are taken as a whole, and what others may hold."""

    name: str
    package: str
    leaf: Callable[[Any], object] | None
    has_dict: bool
    is_of_thread: bool
    container: Any


@functools.cache
def _kind(kind: Any) -> _Kind:
    return _Kind(
        name=f"{home_of(kind)}.{kind.__qualname__}",
        package=package_of(kind),
        leaf=next((say for bases, say in _LEAVES if issubclass(kind, bases)), None)
        if kind not in _SCALARS
        else repr,
        has_dict=bool(kind.__dictoffset__),
        is_of_thread=issubclass(kind, threading.local),
        container=next((base for base in _CONTAINERS if issubclass(kind, base)), None),
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
