"""Objects that a library keeps under a name, such as ``scipy.stats.norm``: each process has the one of its own.

A copy would be another one, for which ``names[best]`` and ``best is stats.norm`` don't hold.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from naavre_ext.executors.packing_instances import is_users


class _Known(NamedTuple):
    """What the module of a type had when it was looked through: of so many names these for objects of the type."""

    module: Mapping[str, Any]
    size: int
    names: Mapping[int, str]


_known: dict[type, _Known] = {}


def name_of(obj: Any) -> str | None:
    """The public name that the object has in the module of its class; None where it has none."""
    kind = type(obj)
    known = _known.get(kind)
    if known is None or known.size != len(known.module):
        known = _known[kind] = _look_for(kind)
    name = known.names.get(id(obj)) if known.names else None
    return name if name is not None and known.module.get(name) is obj else None


def find_named(kind: type, name: str) -> Any:
    """The object of the type that this process has under the name. Raises TypeError where that is another one."""
    found = getattr(importlib.import_module(kind.__module__), name)
    if type(found) is not kind:
        raise TypeError(f"{kind.__module__}.{name} is no {kind.__qualname__} here")
    return found


def _look_for(kind: type) -> _Known:
    home = kind.__module__
    is_known = isinstance(home, str) and home != "builtins" and home in sys.modules
    module = vars(sys.modules[home]) if is_known and not is_users(kind) else {}
    names = {
        id(value): name
        for name, value in module.copy().items()
        if type(value) is kind and not name.startswith("_")
    }
    return _Known(module, len(module), names)
