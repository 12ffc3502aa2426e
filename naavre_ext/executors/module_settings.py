"""What modules hold that looks like settings: variables, classes' attributes, what functions keep."""

from __future__ import annotations

import enum
import gc
import re
import sys
import threading
import types
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from naavre_ext.executors.class_homes import home_of
from naavre_ext.executors.hidden_state import STATELESS, parts_of
from naavre_ext.executors.plain_settings import Look, as_data

#: What is kept under such a name, the library would find out again.
_CACHES = re.compile("cache|memo(?!ry)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Names:
    """The variables of a module, or a class's attributes, when they were looked at, by the ids of their values.

    What was ``said`` of those that are ``still`` the same is said again; the ``others`` may hold something, some
    of them ``too_much``.
    """

    names: list[str]
    ids: list[int]
    still: list[Any]
    said: dict[str, str]
    others: list[str]
    too_much: set[str] = field(default_factory=set)


class _Known(threading.local):
    """What was seen so far, by package, and by module and class; any thread may import something."""

    def __init__(self) -> None:
        self.looks: dict[str, Look] = {}
        self.names: dict[tuple[str, str], _Names] = {}


_known = _Known()


def settings_of(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """By the names of modules, their settings: a text for each, which is another one once it was changed."""
    by_package: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        by_package[package_named(name)].append(name)
    found = {}
    with _without_collecting():
        for package, modules in by_package.items():
            look = _known.looks.setdefault(package, Look(package, _CACHES))
            with look.round():
                for name in modules:
                    found[name] = _look_at(look, name)
    return found


def package_of_value(value: Any) -> str:
    """The package that a variable's value, or its class, comes from."""
    kind = type(value)
    if issubclass(kind, types.ModuleType):
        return package_named(object.__getattribute__(value, "__dict__").get("__name__"))
    is_code = issubclass(kind, (type, types.FunctionType, types.BuiltinFunctionType))
    home = value.__module__ if is_code else home_of(kind)
    return package_named(home or getattr(value, "__module__", None))  # of Cython's functions


def package_named(module: object) -> str:
    """The package in a module's name; "" where that is none."""
    return module.partition(".")[0] if isinstance(module, str) else ""


def _look_at(look: Look, module: str) -> dict[str, str]:
    """No object is asked anything: it might load what it stands for."""
    variables = _variables(sys.modules.get(module))
    seen = _names(look, module, "", variables)
    found = dict(seen.said)
    for name in seen.others:
        value = variables[name]
        is_own = issubclass(type(value), (type, types.FunctionType)) and value.__module__ == module
        if is_own and issubclass(type(value), type):
            found.update(_attributes(look, module, name, value))
        elif is_own and any(kept := parts_of(value)):
            *parts, contents = kept
            found[name] = repr([*map(look.say, (value, *parts, *contents))])
        else:
            found[name] = _said(look, seen, name, value)
    return found


def _variables(module: Any) -> dict[str, Any]:
    """What the module holds; nothing where the object in its place, as of cffi's libraries, has no variables."""
    try:
        return dict(object.__getattribute__(module, "__dict__"))
    except AttributeError:
        return {}


def _attributes(look: Look, module: str, name: str, kind: type) -> Iterator[tuple[str, str]]:
    attributes = dict(vars(kind))
    seen = _names(look, module, name, attributes)
    for attribute, said in seen.said.items():
        yield f"{name}.{attribute}", said
    for attribute in seen.others:
        yield f"{name}.{attribute}", _said(look, seen, attribute, attributes[attribute])


def _said(look: Look, seen: _Names, name: str, value: Any) -> str:
    if name in seen.too_much:
        return as_data(value)
    said = look.say(value)
    if look.is_too_much:
        seen.too_much.add(name)
    return said


def _names(look: Look, module: str, owner: str, values: dict[str, Any]) -> _Names:
    """What was seen before, if it is the same objects under the same names."""
    seen = _known.names.get((module, owner))
    names, ids = list(values), list(map(id, values.values()))
    if seen is None or seen.ids != ids or seen.names != names:
        seen = _known.names[module, owner] = _sorted_out(look, module, owner, values)
    return seen


def _sorted_out(look: Look, module: str, owner: str, values: dict[str, Any]) -> _Names:
    still, said, others = [], {}, list[str]()
    for name, value in values.items():
        if name.startswith("__") or _CACHES.search(name):
            continue
        is_still, counts = _judged(look, module, owner, value)
        if is_still:
            still.append(value)
            if counts:
                said[name] = look.say(value)
        else:
            others.append(name)
    return _Names(list(values), list(map(id, values.values())), still, said, others)


def _judged(look: Look, module: str, owner: str, value: Any) -> tuple[bool, bool]:
    """Whether the value can't change, and whether it counts, in a module or the class of its that owns it."""
    kind = type(value)
    if owner:
        return (True, False) if issubclass(kind, STATELESS) else (not look.may_change(value), True)
    if issubclass(kind, enum.EnumMeta):
        return True, False
    if issubclass(kind, (type, types.FunctionType)) and value.__module__ == module:
        return False, True
    if issubclass(kind, types.ModuleType):  # parts of the package may be loaded late
        return True, package_of_value(value) != package_named(module)
    return not look.may_change(value), True


@contextmanager
def _without_collecting() -> Iterator[None]:
    """No garbage is looked for in the block: it makes many objects and no garbage, beside all of the library's."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
