"""State that functions and classes of the notebook keep in themselves: defaults, closures, attributes, caches.

Code that changes it needs the notebook's own objects; a copy elsewhere would count for itself.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from typing import Any

from naavre_ext.executors.packing import (
    Packed,
    PackingError,
    fingerprint,
    is_immutable,
    pack,
    unpack,
)
from naavre_ext.executors.packing_classes import met_classes

_CACHED = type(functools.lru_cache(lambda: None))
#: What in a class keeps nothing beside its code.
STATELESS = (
    types.FunctionType,
    types.MemberDescriptorType,
    types.GetSetDescriptorType,
    property,
    staticmethod,
    classmethod,
)


def hidden_state(namespace: dict[str, Any]) -> dict[str, Any]:
    """A value per name that stays equal as long as its function or class keeps its state."""
    found: dict[str, Any] = {}
    for name, value in list(namespace.items()):
        if issubclass(type(value), _CACHED):
            found[name] = value.cache_info()
        elif issubclass(type(value), types.FunctionType) and value.__globals__ is namespace:
            _note(found, name, kept_by(value), namespace)
    for kind in _classes_of(namespace):
        _note(found, f"class {id(kind)}", _kept_by_class(kind), namespace)
    return found


def is_kept(before: Mapping[str, Any], namespace: dict[str, Any]) -> bool:
    """Whether all that is there since then still has its state of ``before``."""
    now = hidden_state(namespace)
    return all(now.get(name) == state for name, state in before.items())


def _classes_of(namespace: dict[str, Any]) -> dict[type, None]:
    """The notebook's classes: those with a name, and those that others have as attributes or objects are of."""
    named = (v for v in namespace.values() if issubclass(type(v), type))
    return dict.fromkeys(k for k in (*named, *met_classes()) if k.__module__ == "__main__")


def keeps_state(value: Any) -> bool:
    """Whether ``value`` is a function with changeable objects in its defaults, closure or attributes."""
    if not issubclass(type(value), types.FunctionType) or value.__module__ != "__main__":
        return False
    *parts, contents = parts_of(value)
    return not all(map(is_immutable, (*(part for part in parts if part), *contents)))


class ClassState:
    """The attributes of the notebook's classes at a moment, to be put back.

    A process has one class of each kind, whatever namespace it is used from.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._attributes: list[tuple[type, dict[str, Any]]] = []
        self._contents: list[tuple[type, Packed]] = []
        for kind in _classes_of(namespace):
            kept = dict(attributes_of(kind))
            self._attributes.append((kind, kept))
            changeable = {n: v for n, v in kept.items() if not is_immutable(v)}
            if changeable:
                try:
                    self._contents.append((kind, pack(changeable, namespace)))
                except PackingError:
                    continue

    def restore(self) -> None:
        """Put all attributes back."""
        for kind, kept in self._attributes:
            for name in set(attributes_of(kind)) - set(kept):
                delattr(kind, name)
            for name, value in kept.items():
                if vars(kind).get(name) is not value:
                    setattr(kind, name, value)
        for kind, packed in self._contents:
            for name, value in unpack(packed, self._namespace, writable=True).items():
                setattr(kind, name, value)


def attributes_of(kind: type) -> dict[str, Any]:
    """What a class keeps in attributes. No object is asked anything: it might load what it stands for."""
    return {
        name: value
        for name, value in vars(kind).items()
        if not name.startswith("__") and not issubclass(type(value), STATELESS)
    }


def _note(found: dict[str, Any], name: str, parts: list[Any], namespace: dict[str, Any]) -> None:
    if parts:
        try:
            found[name] = fingerprint(parts, namespace)
        except PackingError:
            found[name] = None


def kept_by(function: types.FunctionType) -> list[Any]:
    """Of what a function keeps beside its code, what is there."""
    return [part for part in parts_of(function) if part]


def parts_of(function: types.FunctionType) -> tuple[Any, ...]:
    """What a function keeps beside its code: defaults, attributes, and the contents of its closure."""
    contents = []
    for cell in function.__closure__ or ():
        try:
            contents.append(cell.cell_contents)
        except ValueError:
            contents.append(None)
    return function.__defaults__, function.__kwdefaults__, function.__dict__, contents


def _kept_by_class(kind: type) -> list[Any]:
    parts: list[Any] = []
    for value in vars(kind).values():
        if issubclass(type(value), types.FunctionType):
            parts += [part for part in (value.__defaults__, value.__kwdefaults__) if part]
    return [*parts, *attributes_of(kind).items()]
