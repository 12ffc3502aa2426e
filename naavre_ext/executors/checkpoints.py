"""The main worker's whole state as one pack, and back: variables, settings, generators, warnings shown.

One pack, so that what is one object stays one object, also between variables and settings. What can't be packed
(an open file, a figure, a running task) makes that there is no checkpoint, never one that lacks something.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import types
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from naavre_ext.executors import ambient
from naavre_ext.executors.least_sizes import least_bytes
from naavre_ext.executors.observing import HISTORY
from naavre_ext.executors.packing import Packed, PackingError, pack, unpack
from naavre_ext.executors.packing_classes import forget_classes
from naavre_ext.executors.warning_replay import REGISTRY

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: Names of the pack's own parts, which no variable can have.
_SETTINGS, _WARNINGS, _ORDER = " settings", " warnings", " order"


class NoCheckpoint(Exception):
    """The worker's state can't be stored; the message says why."""


class Surroundings:
    """What the process had before the run's first cell, which no checkpoint needs to hold."""

    def __init__(self, worker: Worker) -> None:
        self.names = dict(worker.session.namespace)
        self.settings = worker.settings.now(rng=False)
        self.threads = set(threading.enumerate())


def is_tidy(worker: Worker) -> bool:
    """Whether nothing is left in the process that :meth:`Worker.enter` couldn't put back."""
    if worker.session.has_tasks() or any(_is_notebooks(t) for t in threading.enumerate()):
        return False
    if worker.endings.has_functions:
        return False
    return not worker.settings.now(rng=False).unshippable_changes(ambient.pristine())


def pack_namespace(worker: Worker, before: Surroundings, budget_s: float) -> Packed:
    """All that a later cell may find in the main worker. Its buffers are the live arrays' own memory.

    Raises:
        NoCheckpoint: why it can't be packed.
        PackingTooSlow: it takes more of the thread's time than that.
    """
    namespace = worker.session.namespace
    if has_open_figures():
        raise NoCheckpoint("a figure is open")
    if worker.session.has_tasks():
        raise NoCheckpoint("an asynchronous task is still running")
    mine = set(threading.enumerate()) - before.threads
    if any(_is_notebooks(thread) for thread in mine):
        raise NoCheckpoint("a thread is still running")
    settings = worker.settings.now(rng=True)
    stuck = settings.unshippable_changes(before.settings)
    if stuck:
        raise NoCheckpoint(f"the notebook changed {', '.join(stuck)}")
    names = [n for n in namespace if _is_variable(n, namespace, before)]
    values = {name: _storable(namespace[name]) for name in names}
    values[_SETTINGS], values[_WARNINGS] = settings, _warnings_shown(namespace)
    values[_ORDER] = names
    try:
        return pack(values, namespace, budget_s=budget_s)
    except PackingError as error:
        name = error.name if not error.name.startswith(" ") else "settings"
        raise NoCheckpoint(f"'{name}' can't be stored: {error.reason}") from None


def least_size(worker: Worker, before: Surroundings) -> int:
    """About how many bytes the pack would have at least."""
    namespace = worker.session.namespace
    return least_bytes(namespace[n] for n in list(namespace) if _is_variable(n, namespace, before))


def restore_namespace(worker: Worker, packed: Packed) -> None:
    """Make a fresh worker the one that was packed.

    Raises:
        PackingError: something can't be rebuilt here.
    """
    namespace = worker.session.namespace
    forget_classes()
    values = unpack(packed, namespace, writable=True)
    settings, shown, order = values.pop(_SETTINGS), values.pop(_WARNINGS), values.pop(_ORDER)
    for name in order:
        value = values[name]
        namespace[name] = value.made() if isinstance(value, _ClosedFile) else value
    ambient.restore(settings, shell=worker.session.shell)
    _mark_shown(shown, namespace)
    worker.settings.taken_over()


@dataclass(frozen=True, slots=True)
class _ClosedFile:
    """A file that a cell has closed, as ``with open(...) as file`` leaves it: only its attributes are left."""

    name: Any
    mode: str
    encoding: str | None

    def made(self) -> Any:
        """A closed file with these attributes."""
        binary = "b" in self.mode
        kind = ("r" if "r" in self.mode else "w") + ("+" * ("+" in self.mode)) + ("b" * binary)
        file: Any = open(os.devnull, kind, encoding=None if binary else self.encoding)  # noqa: SIM115
        raw = file.raw if binary else file.buffer.raw
        raw.name = self.name
        if not binary:
            file.mode = self.mode
        file.close()
        return file


def _storable(value: Any) -> Any:
    """The value, or what stands for it."""
    kinds = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter)
    if not issubclass(type(value), kinds) or not value.closed or not hasattr(value, "mode"):
        return value
    return _ClosedFile(value.name, value.mode, getattr(value, "encoding", None))


def has_open_figures() -> bool:
    """Whether pyplot has figures that a later cell would draw on."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return bool(pyplot is not None and pyplot.get_fignums())


def _is_variable(name: str, namespace: dict[str, Any], before: Surroundings) -> bool:
    if name in before.names and namespace[name] is before.names[name]:
        return False
    if name.startswith("__"):
        return name != REGISTRY and not name.startswith("__naavre")
    return not HISTORY.fullmatch(name)


def _is_notebooks(thread: threading.Thread) -> bool:
    """Whether a cell may have started the thread, and not a library for itself."""
    target = getattr(thread, "_target", None)
    return getattr(target, "__module__", None) == "__main__"


def _warnings_shown(namespace: dict[str, Any]) -> dict[str, dict[Any, Any]]:
    """What each module has warned of, by the module's name ("" the notebook): Python shows it once per place."""
    version = _filters_version()
    found = {}
    for name, variables in [("", namespace), *_modules()]:
        registry = variables.get(REGISTRY)
        if isinstance(registry, dict) and registry.get("version") == version and len(registry) > 1:
            found[name] = {key: value for key, value in registry.items() if key != "version"}
    return found


def _mark_shown(shown: dict[str, dict[Any, Any]], namespace: dict[str, Any]) -> None:
    version = _filters_version() if shown else None
    for name, entries in shown.items():
        module = sys.modules.get(name)
        if not name:
            namespace[REGISTRY] = {"version": version, **entries}
        elif isinstance(module, types.ModuleType):
            vars(module)[REGISTRY] = {"version": version, **entries}


def _modules() -> list[tuple[str, dict[str, Any]]]:
    return [
        (n, vars(m))
        for n, m in list(sys.modules.items())
        if isinstance(m, types.ModuleType) and n != "__main__"
    ]


def _filters_version() -> int | None:
    """The number that Python raises when a filter changes, which makes it forget what it has shown."""
    registry: dict[Any, Any] = {}
    module: Any = warnings
    show, module._showwarnmsg = module._showwarnmsg, lambda message: None
    try:
        warnings.warn_explicit("", _Probe, "", 0, registry=registry)
    except _Probe:
        pass  # filters may make errors of warnings
    finally:
        module._showwarnmsg = show
    return registry.get("version")


class _Probe(Warning):
    """A warning that is asked for and not to be seen."""
