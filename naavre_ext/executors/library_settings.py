"""What libraries that analysis doesn't know were told since they were imported: each process has its own.

A call of any name may do that (``lib.prefer_metric()``), and a function that others run may go by it. What looks
like a setting counts: numbers, texts, functions, generators of random numbers, and containers and objects of the
library's own that hold such, in a module's variables, its classes' attributes and what its functions keep.
Caches don't count, nor what extension modules keep out of Python's sight.
"""

from __future__ import annotations

import functools
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from naavre_ext.dataflow.table_lookup import function_effects
from naavre_ext.executors.imports import tell_imports
from naavre_ext.executors.library_memories import is_memory, may_be_told
from naavre_ext.executors.loggers import settle_loggers, told_loggers
from naavre_ext.executors.module_settings import package_named, package_of_value, settings_of

#: For each module, what it was told: a setting's name, and what it is now (None: it is gone).
Told = Mapping[str, Mapping[str, str | None]]

#: What runs the cells, and what that loads: it keeps what is each process's own.
_ENGINES = frozenset(
    {"__main__", "__mp_main__", "naavre_ext", "ray", "IPython", "ipykernel", "jupyter_client", "jupyter_core",
     "traitlets", "zmq", "tornado", "pygments", "wcwidth", "comm", "debugpy", "prompt_toolkit",
     "matplotlib_inline", "charset_normalizer", "urllib3", "certifi", "idna", "google"}
)  # fmt: skip
#: What is missing, and how a look says None and False.
_UNSET = (None, "builtins.NoneType None", "builtins.bool False")


class _Watch:
    """Notes what modules held when they had been imported, and what was changed since by other code."""

    def __init__(self) -> None:
        self._fresh: dict[str, dict[str, str]] = {}
        self._told: defaultdict[str, set[str]] = defaultdict(set)
        #: By package that is being imported, its loggers that were told something before.
        self._loggers: dict[str, frozenset[str]] = {}
        #: The packages that were found to be told something.
        self.found: set[str] = set()

    def begin(self, module: str) -> None:
        """What was changed so far, was told; what the module itself was told, is forgotten."""
        self._fresh.pop(module, None)
        self._told.pop(module, None)
        package = package_named(module)
        self._loggers[package] = told_loggers(package)
        known = self._fresh.keys() & _modules_of({package})
        for name, settings in settings_of(known).items():
            self._told[name] |= self.told(name, settings).keys()

    def end(self, module: str) -> None:
        """What the package's modules have changed just now, as parts register themselves, wasn't told."""
        package = package_named(module)
        settle_loggers(package, self._loggers.pop(package, frozenset()))
        self._fresh.update(settings_of(_modules_of({package})))

    def told(self, name: str, now: Mapping[str, str | None]) -> dict[str, str | None]:
        """What a module was told that has these settings; nothing where it was imported before anybody watched."""
        fresh = self._fresh.get(name)
        if fresh is None:
            return {}
        changed = {key for key in now.keys() | fresh.keys() if now.get(key) != fresh.get(key)}
        told = {key for key in changed if not _is_for_itself(name, key, fresh, now)}
        return {key: now.get(key) for key in sorted(told | self._told[name])}

    def fresh(self, name: str, key: str) -> str | None:
        """What a setting was when the module had been imported."""
        return self._fresh.get(name, {}).get(key)


_watch: _Watch | None = None


def watch_libraries() -> None:
    """From now on, notes what libraries that analysis doesn't know hold when they have been imported.

    Those that are loaded by now count as if they had just been.
    """
    global _watch
    if _watch is None:
        _watch = _Watch()
        for package in {package_named(name) for name in list(sys.modules)}:
            if _is_unseen(package):
                _watch.end(package)
        tell_imports(_is_unseen, _watch)


def told_libraries(namespace: Mapping[str, Any], *, but: Collection[str] = ()) -> Told:
    """What the libraries that these variables come from were told since they were imported.

    Modules with the names in ``but`` are looked at otherwise.
    """
    if _watch is None:
        return {}
    names = _modules_of(packages_of(list(namespace.values())))
    now = settings_of([name for name in names if name not in but])
    told = {name: _watch.told(name, settings) for name, settings in now.items()}
    told = {name: settings for name, settings in told.items() if settings}
    _watch.found |= {package_named(name) for name in told}
    return told


def told_since(before: Told, after: Told) -> str:
    """The first setting that a library was told ``after`` and not ``before``, but for its first use; or ""."""
    for name, settings in after.items():
        known = before.get(name, {})
        for key, value in settings.items():
            if value != known.get(key) and (key in known or not _is_set_late(name, key)):
                return f"{name}.{key}"
    return ""


def forget_told() -> None:
    """Makes the process fresh: libraries that were found to be told something are imported anew next time.

    But not those with extension modules, most of which can be loaded only once.
    """
    while _watch is not None and _watch.found:
        package = _watch.found.pop()
        modules = [name for name in list(sys.modules) if package_named(name) == package]
        if all(_is_python(sys.modules[name]) for name in modules):
            for name in modules:
                del sys.modules[name]


def _is_python(module: Any) -> bool:
    return str(getattr(module, "__file__", "")).endswith(".py")


def unlike_here(told: Told) -> str:
    """The first setting that a library, loaded here, wasn't told as well; "" when there is none."""
    here = settings_of([name for name in told if name in sys.modules])
    for name, now in here.items():
        for key, value in told[name].items():
            if now.get(key) != value:
                return f"{name}.{key}"
    return ""


@functools.cache
def _is_unseen(root: str) -> bool:
    """Whether analysis knows nothing of a library's functions."""
    return (
        bool(root)
        and root not in sys.stdlib_module_names
        and root not in _ENGINES
        and function_effects(f"{root}.x") is None
    )


def packages_of(values: Iterable[Any]) -> set[str]:
    """The packages that the values, or their classes, come from."""
    return {package_of_value(value) for value in values}


def _is_for_itself(
    name: str, key: str, fresh: Mapping[str, str | None], now: Mapping[str, str | None]
) -> bool:
    """Whether the change is the library's own affair, such as a part of it that was loaded late."""
    part = (now.get(key) or "").partition(" ")[2]
    is_part = key not in fresh and package_named(part) == package_named(name)
    return is_part or is_memory(f"{name}.{key}")


def _is_set_late(name: str, key: str) -> bool:
    """Whether the library waits with a setting until it is needed."""
    return _watch is None or _watch.fresh(name, key) in _UNSET


def _modules_of(roots: set[str]) -> list[str]:
    wanted = {root for root in roots if _is_unseen(root)}
    return (
        sorted(n for n in list(sys.modules) if n.partition(".")[0] in wanted and may_be_told(n))
        if wanted
        else []
    )
