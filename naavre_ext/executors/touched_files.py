"""Which files code reads and changes, as Python tells its audit hooks (PEP 578): opened, renamed, removed.

Two batches that touch one file, which one of them writes, may do so in another order than the loop would. What C
libraries open by themselves isn't seen, nor what other programs do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: What was in the file doesn't matter any more.
_ANEW = os.O_TRUNC | os.O_EXCL
#: Events whose first arguments, so many, are paths that change.
_CHANGING = {
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
    "os.remove": 1,
    "os.truncate": 1,
}
#: Where Python, libraries and the system keep things of their own.
_ELSEWHERE = ("/dev/", "/proc/", "/sys/", f"{sys.prefix}{os.sep}", f"{sys.base_prefix}{os.sep}")


@dataclass(frozen=True, slots=True)
class Touched:
    """Paths of files that were read, and of those that were changed; a file that was changed in part is both."""

    read: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def met_by(self, read: Set[str], changed: Set[str]) -> frozenset[str]:
        """The files that it and others touched, and one of them changed; as quick as this one's are few."""
        return (self.changed & changed) | (self.changed & read) | (self.read & changed)


#: What touched no file.
NO_FILES = Touched()


@dataclass(eq=False)
class FileWatch:
    """Collects what this process touches from ``start`` to ``stop``."""

    read: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)

    def start(self) -> None:
        """From now on."""
        _install()
        _watches.append(self)

    def stop(self) -> None:
        """Until now."""
        with suppress(ValueError):
            _watches.remove(self)

    def touched(self) -> Touched:
        """What was touched, but for files of Python's and the system's."""
        return Touched(_resolved(self.read), _resolved(self.changed))


@contextmanager
def watching(wanted: bool) -> Iterator[FileWatch]:
    """A watch over what runs inside; one that sees nothing where it isn't wanted."""
    watch = FileWatch()
    if wanted:
        watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def note(touched: Touched) -> None:
    """What workers touched on behalf of this process counts as its own."""
    for watch in _watches:
        watch.read |= touched.read
        watch.changed |= touched.changed


_watches: list[FileWatch] = []
_is_installed = False


def _install() -> None:
    """An audit hook stays as long as its process."""
    global _is_installed
    if not _is_installed:
        _is_installed = True
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watches:
        return
    if event == "open":
        path, _, flags = args
        writes = isinstance(flags, int) and bool(flags & _WRITING)
        anew = writes and bool(flags & _ANEW)
        _add(path, reads=not anew, changes=writes)
    elif event in _CHANGING:
        for path in args[: _CHANGING[event]]:
            _add(path, reads=True, changes=True)


def _add(path: Any, *, reads: bool, changes: bool) -> None:
    if isinstance(path, (str, bytes, os.PathLike)):
        found = os.path.abspath(os.fsdecode(path))
        for watch in tuple(_watches):
            if reads:
                watch.read.add(found)
            if changes:
                watch.changed.add(found)


def _resolved(paths: set[str]) -> frozenset[str]:
    return frozenset(path for path in map(os.path.realpath, paths) if _counts(path))


def _counts(path: str) -> bool:
    if path.startswith(_ELSEWHERE) or "__pycache__" in path:
        return False
    try:
        below = Path(path).relative_to(Path.home())
    except (ValueError, RuntimeError):
        return True
    return not below.parts[:1] or not below.parts[0].startswith(".")
