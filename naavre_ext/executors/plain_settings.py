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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
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


class Look:
    """Looks at settings of one package, except what is called by a name that ``skipped`` matches.

    What it saw in its last round and finds with the same parts isn't said anew.
    """

    def __init__(self, package: str, skipped: re.Pattern[str]) -> None:
        self._package = package
        self._is_skipped = functools.cache(lambda name: bool(skipped.search(name)))
        self._left = 0
        #: By object and depth, what was seen in the last round, and in this one.
        self._before: dict[int, _Seen] = {}
        self._now: dict[int, _Seen] = {}
        #: What was looked at in this round, so that nothing new gets the id of what is gone.
        self._held: list[Any] = []

    @contextmanager
    def round(self) -> Iterator[None]:
        """In the block no setting is changed: what several modules know is looked at once."""
        self._before, self._now = self._now, {}
        try:
            yield
        finally:
            self._held.clear()

    def say(self, setting: Any) -> str:
        """The setting, plainly: of what can't be said so, or lies too deep, its type only."""
        self._left = _MOST
        try:
            said = self._said(setting, 0)
        except Exception:  # noqa: BLE001  (any kind of object may be among a library's, which must not fail)
            return "not told"
        return as_data(setting) if self.is_too_much else said

    @property
    def is_too_much(self) -> bool:
        """Whether the last setting held too much to be one."""
        return self._left < 0

    def may_change(self, value: Any) -> bool:
        """Whether something else may be said of the same object later."""
        kind = _kind(type(value))
        return kind.leaf is None and self._has_parts(kind)

    def _has_parts(self, kind: _Kind) -> bool:
        return kind.may_hold or (kind.has_dict and kind.package in (self._package, "types"))

    def _said(self, value: Any, depth: int) -> str:
        self._left -= 1
        kind = _kind(type(value))
        if kind.leaf is not None:
            return f"{kind.name} {kind.leaf(value)}"
        if depth == _DEEPEST or self._left < 0 or not self._has_parts(kind):
            return kind.name
        key = id(value) * 8 + depth  # a number, as garbage collection counts tuples
        seen = self._now.get(key)
        if seen is not None and seen.count <= self._left:
            self._left -= seen.count
            return seen.said
        before, parts = self._left, self._parts(value, kind)
        seen = self._before.get(key)
        if seen is None or not self._is_as_seen(seen, kind, parts, depth + 1):
            self._left = before
            seen = self._see(kind, parts, depth + 1)
        if self._left >= 0:
            seen.count = before - self._left
            self._now[key] = seen
            self._held.append(value)
        return seen.said

    def _is_as_seen(self, seen: _Seen, kind: _Kind, parts: _Parts, depth: int) -> bool:
        objects = parts.objects
        same = (
            seen.kind is kind and seen.state == parts.state and seen.ids == list(map(id, objects))
        )
        if not same or seen.sections != parts.sections or seen.count > self._left:
            return False
        self._left -= len(objects) - len(seen.inner)
        return all(self._said(objects[index], depth) == said for index, said in seen.inner)

    def _see(self, kind: _Kind, parts: _Parts, depth: int) -> _Seen:
        objects = parts.objects
        said = [self._said(part, depth) for part in objects]
        is_leaf = [_kind(type(part)).leaf is not None for part in objects]
        inner = [(i, said[i]) for i, is_whole in enumerate(is_leaf) if not is_whole]
        leaves = [part for part, is_whole in zip(objects, is_leaf, strict=True) if is_whole]
        start, arranged = 0, []
        for how, count in parts.sections:
            arranged.append(_arranged(how, said[start : start + count]))
            start += count
        digest = _digest(kind.name, arranged, parts.state)
        ids = list(map(id, objects))
        return _Seen(kind, ids, parts.sections, parts.state, leaves, inner, digest)

    def _parts(self, value: Any, kind: _Kind) -> _Parts:
        objects: list[Any] = []
        sections: list[tuple[str, int]] = []
        state: Any = None
        if kind.is_of_thread:
            self._add_pairs(objects, sections, value.__dict__)
        elif kind.has_dict and kind.package in (self._package, "types"):
            self._add_pairs(objects, sections, object.__getattribute__(value, "__dict__"))
        base = kind.container
        if base is None:
            state = _of_generator(value, type(value)) if kind.may_draw else None
            if kind.is_variable:
                objects.append(value.get(None))
                sections.append(("in order", 1))
        elif base.__len__(value) > _LONGEST:
            state = base.__len__(value)
        elif base is dict:
            self._add_pairs(objects, sections, value)
        else:
            items = list(base.__iter__(value))
            objects += items
            sections.append(("" if base in (set, frozenset) else "in order", len(items)))
        return _Parts(objects, sections, state)

    def _add_pairs(
        self, objects: list[Any], sections: list[tuple[str, int]], items: dict[Any, Any]
    ) -> None:
        before = len(objects)
        for key, part in list(dict.items(items)):
            if not (isinstance(key, str) and self._is_skipped(key)):
                objects += (key, part)
        sections.append(("pairs", len(objects) - before))


class _Parts(NamedTuple):
    """What an object holds: ``objects`` in sections, each in order, in any order, or pairs in any; and a state."""

    objects: list[Any]
    sections: list[tuple[str, int]]
    state: Any


def _arranged(how: str, said: list[str]) -> list[Any]:
    """What was said of a section, alike where only an order differs that doesn't count."""
    if how == "in order":
        return said
    return sorted(zip(said[::2], said[1::2], strict=True)) if how == "pairs" else sorted(said)


@dataclass(slots=True)
class _Seen:
    """An object's parts, and what was said: the ``leaves`` stay, so that no other object gets the id of one."""

    kind: _Kind
    ids: list[int]
    sections: list[tuple[str, int]]
    state: Any
    leaves: list[Any]
    inner: list[tuple[int, str]]
    said: str
    count: int = 0


def as_data(value: Any) -> str:
    """What is said of an object that holds too much to be a setting."""
    kind = _kind(type(value))
    size = None if kind.container is None else kind.container.__len__(value)
    return _digest(kind.name, size)


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
    is_variable: bool
    may_draw: bool
    container: Any
    #: Whether its objects have parts, or a state, whatever package it is of.
    may_hold: bool


def _looked_through(kind: Any) -> _Kind:
    leaf = next((say for bases, say in _LEAVES if issubclass(kind, bases)), None)
    container = next((base for base in _CONTAINERS if issubclass(kind, base)), None)
    is_of_thread = issubclass(kind, threading.local)
    may_draw = issubclass(kind, random.Random) or home_of(kind).startswith("numpy.random")
    return _Kind(
        name=f"{home_of(kind)}.{kind.__qualname__}",
        package=package_of(kind),
        leaf=repr if kind in _SCALARS else leaf,
        has_dict=bool(kind.__dictoffset__),
        is_of_thread=is_of_thread,
        is_variable=kind is ContextVar,
        may_draw=may_draw,
        container=container,
        may_hold=container is not None or is_of_thread or may_draw or kind is ContextVar,
    )


_kind: Callable[[Any], _Kind] = functools.cache(_looked_through)


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
