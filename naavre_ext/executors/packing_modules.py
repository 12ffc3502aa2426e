"""Which modules another process can import, and which of their parts are loaded here."""

from __future__ import annotations

import sys
import types
from functools import lru_cache
from typing import Any


def is_importable(name: str) -> bool:
    """Whether a fresh process with this ``sys.path`` finds a module of that name."""
    return name in sys.builtin_module_names or _has_finder(name, tuple(sys.path))


@lru_cache(maxsize=4096)
def _has_finder(name: str, _path: tuple[str, ...]) -> bool:
    parent, _, _ = name.rpartition(".")
    search = None
    if parent:
        package = sys.modules.get(parent)
        search = getattr(package, "__path__", None)
        if search is None:
            # Such as os.path: an attribute that its parent puts into sys.modules itself.
            return package is not None and is_importable(parent)
        if not is_importable(parent):
            return False
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        if find_spec is not None and find_spec(name, search) is not None:
            return True
    # Such as six.moves: made by its parent, which imports it again in another process.
    return bool(parent) and is_importable(parent)


def found_by_name(function: types.FunctionType) -> Any:
    """What its module has now under its qualified name; None where it has nothing."""
    found: Any = sys.modules.get(function.__module__ or "")
    for part in function.__qualname__.split("."):
        found = getattr(found, part, None)
    return found


def loaded_submodules(package: types.ModuleType) -> tuple[str, ...]:
    """Names of the loaded modules that public attributes of ``package`` lead to, sorted."""
    if not hasattr(package, "__path__"):
        return ()
    prefix = f"{package.__name__}."
    return tuple(
        name
        for name in sorted(sys.modules)
        if name.startswith(prefix) and _is_reachable(package, name.removeprefix(prefix))
    )


def _is_reachable(package: types.ModuleType, path: str) -> bool:
    found: object = package
    for part in path.split("."):
        if part.startswith("_"):
            return False
        found = vars(found).get(part) if isinstance(found, types.ModuleType) else None
    return isinstance(found, types.ModuleType)
