"""Tells when packages load modules, by a finder before all others that leaves the work to them (PEP 451)."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Protocol, cast


class Listener(Protocol):
    """What is told before and after the code of a package's modules runs, while none of its others is running."""

    def begin(self, module: str) -> None:
        """The module's code is about to run, for the first time or anew."""

    def end(self, module: str) -> None:
        """That code has run, and so has that of all modules that it loaded."""


def tell_imports(wanted: Callable[[str], bool], listener: Listener) -> None:
    """From now on, tell the listener of the packages that are ``wanted``, by their names."""
    sys.meta_path.insert(0, _Finder(wanted, listener))


class _Finder(MetaPathFinder):
    def __init__(self, wanted: Callable[[str], bool], listener: Listener) -> None:
        self._wanted, self._listener = wanted, listener
        self._running: Counter[str] = Counter()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not self._wanted(fullname.partition(".")[0]):
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None
            if finder is not self and find is not None:
                spec = find(fullname, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = cast(Loader, _Loader(spec.loader, self._run))
                return spec
        return None

    def _run(self, loader: Any, module: ModuleType) -> None:
        name = module.__name__
        package = name.partition(".")[0]
        if not self._running[package]:
            self._listener.begin(name)
        self._running[package] += 1
        try:
            loader.exec_module(module)
        finally:
            self._running[package] -= 1
            if not self._running[package]:
                self._listener.end(name)


class _Loader:
    """Stands for a module's loader until its code runs, which finds the real one in its place."""

    def __init__(self, loader: Any, run: Callable[[Any, ModuleType], None]) -> None:
        self._loader, self._run = loader, run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._run(self._loader, module)
