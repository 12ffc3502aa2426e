"""What the tables say of a dotted path: exactly, or by an entry that ends in ``*``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

from naavre_ext.dataflow import tables

T = TypeVar("T")


@lru_cache(maxsize=4096)
def function_effects(path: str) -> str | None:
    """The effects of a library function: "" when it has none, None when nobody knows.

    A private one that the tables don't name may do anything, and patch its own library.
    """
    parts = path.split(".")
    if path not in tables.FUNCTION_EFFECTS and any(map(_is_private, parts)):
        return "monkeypatch unknown"
    owner = ".".join(parts[:2])
    effects = tables.LAST_PART_EFFECTS.get(f"{owner}.*.{parts[-1]}")
    if effects is None:
        effects = lookup(tables.FUNCTION_EFFECTS, path)
    if effects is not None:
        return effects
    prefixes = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    if prefixes & tables.PURE_MODULES:
        return ""
    if parts[0] in tables.FIGURE_MODULES:
        return "figure"
    return None


def _is_private(name: str) -> bool:
    is_special = name.startswith("__") and name not in ("__dict__", "__setattr__", "__delattr__")
    return name.startswith("_") and not is_special


def lookup(table: Mapping[str, T], path: str) -> T | None:
    """The table's entry for a dotted path: exact, else the longest ``prefix*`` that fits."""
    if path in table:
        return table[path]
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[: length - 1])
        stem = f"{prefix}." if prefix else ""
        last = parts[length - 1]
        for cut in range(len(last), -1, -1):
            entry = table.get(f"{stem}{last[:cut]}*")
            if entry is not None:
                return entry
    return None


def matches(path: str, names: frozenset[str]) -> bool:
    """Whether the path is one of the names, or fits one that ends in ``*``."""
    return lookup(dict.fromkeys(names, "x"), path) is not None
