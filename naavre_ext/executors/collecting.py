"""Takes the final values of a notebook's variables out of a worker."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any

from naavre_ext.executors.packing import Packed, PackingError, pack

#: Names that IPython puts into every namespace.
IPYTHON_NAMES = frozenset({"In", "Out", "get_ipython", "exit", "quit", "open", "display"})

#: Why a variable isn't kept for which there is no room.
TOO_LARGE = "it is too large to be kept"


def user_names(namespace: dict[str, Any]) -> list[str]:
    """The names that the notebook's code bound, sorted; modules aside."""
    return sorted(
        name
        for name, value in namespace.items()
        if not name.startswith("_")
        and name not in IPYTHON_NAMES
        and not issubclass(type(value), types.ModuleType)
    )


def collect_values(
    namespace: dict[str, Any], names: Sequence[str] | None, most_bytes: int | None = None
) -> tuple[dict[str, Packed], dict[str, str]]:
    """Each variable in a pack of its own, and why the others can't be packed (or that they don't exist).

    A variable that would make it more than ``most_bytes`` together is left out.
    """
    room = float("inf") if most_bytes is None else most_bytes
    packed: dict[str, Packed] = {}
    missing: dict[str, str] = {}
    for name in user_names(namespace) if names is None else names:
        if name not in namespace:
            missing[name] = "it isn't defined"
            continue
        try:
            found = pack({name: namespace[name]}, namespace)
        except PackingError as error:
            missing[name] = error.reason
            continue
        if found.nbytes > room:
            missing[name] = TOO_LARGE
            continue
        packed[name] = found
        room -= found.nbytes
    return packed, missing


def collect_live(
    namespace: dict[str, Any], names: Sequence[str], most_bytes: int | None = None
) -> tuple[dict[str, Packed], dict[str, str]]:
    """The same of a group's worker, of those ``names`` that are the user's."""
    live = set(names)
    return collect_values(namespace, [n for n in user_names(namespace) if n in live], most_bytes)
