"""Which files code reads and changes, as Python tells its audit hooks (PEP 578), and which it asks for.

Two batches that touch one file, which one of them writes, may do so in another order than the loop would. What C
libraries open by themselves isn't seen, nor what other programs do.
"""

from __future__ import annotations

import importlib
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from naavre_ext.executors.asked_files import Listener

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: What was in the file doesn't matter any more.
_ANEW = os.O_TRUNC | os.O_EXCL
#: Event → how each of its first arguments, which are paths, is touched.
_CHANGING = {
    "os.rename": ("removed", "made"),
    "os.link": ("changed in part", "made"),
    "os.symlink": ("", "made"),
    "os.remove": ("removed",),
    "os.truncate": ("changed in part",),
    "os.utime": ("changed in part",),
}
#: Ways of asking for a file, by whether it was there, and of touching it that leave it as it is.
_ASKED = {False: "missed", True: "found"}
_LOOKING = frozenset({"read", *_ASKED.values()})
#: Events whose argument is a folder whose names are read.
_LISTING = frozenset({"os.listdir", "os.scandir"})
#: Where the code is that reads them to find modules, and what is installed: also in the notebook's folder.
_IMPORTS = ("<frozen importlib", os.path.join(os.path.dirname(importlib.__file__), "metadata", ""))
#: Where Python, libraries and the system keep things of their own.
_ELSEWHERE = ("/dev/", "/proc/", "/sys/", f"{sys.prefix}{os.sep}", f"{sys.base_prefix}{os.sep}")


class Spoilt(BaseException):
    """Raised in code that is about to change a file for good, past its handlers of errors."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Paths of files that were read as others left them, and of those that were changed; one may be both.

    A folder whose names were listed was read: its path ends in a separator. So was a file that was asked for. Of
    those that were changed after that, ``new`` weren't there, and ``there`` were.
    """

    read: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()

    def undo(self, others: Set[str] = frozenset()) -> frozenset[str]:
        """Remove the files that are new, but for those that ``others`` have changed; which are gone."""
        mine = self.new - others
        for path in mine:
            with suppress(OSError):
                os.unlink(path)
        return frozenset(path for path in mine if not os.path.lexists(path))


def together(parts: Iterable[Touched]) -> Touched:
    """What several parts have touched."""
    known = list(parts)
    names = (column.name for column in fields(Touched))
    return Touched(*(frozenset().union(*(getattr(part, n) for part in known)) for n in names))


#: What touched no file.
NO_FILES = Touched()


def with_folders(changed: Set[str]) -> Set[str]:
    """The files, and the folders that list them."""
    return changed | {os.path.join(os.path.dirname(path), "") for path in changed}


@dataclass(eq=False)
class FileWatch:
    """Collects what this process touches from ``start`` to ``stop``; what it has ``made`` it doesn't read.

    What it has asked for first is ``missed`` where it wasn't there, else ``found``.
    """

    read: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)

    def start(self) -> None:
        """From now on."""
        _install()
        _watches.append(self)
        _listener.start()

    def stop(self) -> None:
        """Until now."""
        with suppress(ValueError):
            _watches.remove(self)
        if not _watches:
            _listener.stop()

    def touched(self) -> Touched:
        """What was touched, but for files of Python's and the system's."""
        sets = self.read | self.missed | self.found, self.changed
        asked = self.missed & self.changed, self.found & self.changed
        return Touched(*map(frozenset, (*sets, *asked)))

    def add(self, names: Set[str], how: str) -> None:
        """The file with these names is missed or found, or about to be read, changed in part, made, or removed."""
        new = names - self.made
        if how == "missed":
            self.missed |= new - self.found
        elif how == "found":
            self.found |= new - self.missed
        elif how != "made":
            self.read |= new
        if how not in _LOOKING:
            self.changed |= names
        if how in ("made", "removed"):
            self.made |= names

    def take_over(self, touched: Touched) -> None:
        """What others have touched on behalf of this process counts as its own."""
        self.missed |= touched.new - self.made - self.found
        self.found |= touched.there - self.made - self.missed
        self.read |= touched.read - touched.new - touched.there - self.made
        self.changed |= touched.changed
        self.made |= touched.changed - (touched.read - touched.new)


@dataclass(eq=False)
class RepeatableWatch(FileWatch):
    """Sees to it that what runs can run again: ``spoilt`` is a file that it has read and would change."""

    spoilt: str = ""
    _thread: int = field(default_factory=threading.get_ident)

    def add(self, names: Set[str], how: str) -> None:
        """Raises Spoilt before a file is changed that was read, or is changed in part."""
        known = names - self.missed if how == "changed in part" else with_folders(names) & self.read
        known = known - self.made
        if how not in _LOOKING and known:
            self.spoilt = min(known)
            if threading.get_ident() == self._thread:
                raise Spoilt
        super().add(names, how)

    def take_over(self, touched: Touched) -> None:
        """It is too late to keep others from changing what was read."""
        again = (self.read & with_folders(touched.changed)) - self.made
        self.spoilt = min(again, default=self.spoilt)
        super().take_over(touched)


@dataclass(eq=False)
class SecondWatch(FileWatch):
    """Watches what runs a second time: ``first`` are the files that the first time changed, in vain.

    Of them ``there`` were there before that, and may be found again.
    """

    first: frozenset[str] = frozenset()
    refuse: Callable[[str], None] = lambda path: None
    there: frozenset[str] = frozenset()

    def add(self, names: Set[str], how: str) -> None:
        """Refuses to read what the first time left in a file, or to find or miss one because of it."""
        if how != "made":
            self._refuse(names - self.there if how == "found" else names)
        super().add(names, how)

    def take_over(self, touched: Touched) -> None:
        """The same of what others have read."""
        self._refuse(touched.read - (touched.there & self.there))
        super().take_over(touched)

    def _refuse(self, names: Set[str]) -> None:
        again = (names & with_folders(self.first)) - self.made
        if again:
            self.refuse(min(again))

    def left(self) -> frozenset[str]:
        """The files that are there now as the first time left them."""
        others = self.first - self.made - self.changed
        return frozenset(path for path in others if os.path.lexists(path))


@contextmanager
def watching(wanted: bool) -> Iterator[RepeatableWatch]:
    """A watch over what runs inside; one that sees nothing where it isn't wanted."""
    watch = RepeatableWatch()
    if wanted:
        watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def note(touched: Touched) -> None:
    """What workers touched on behalf of this process counts as its own."""
    for watch in tuple(_watches):
        watch.take_over(touched)


def shown(path: str) -> str:
    """The path as a user would write it."""
    if not path.startswith(os.path.join(os.getcwd(), "")):
        return path
    return os.path.relpath(path) + (os.sep if path.endswith(os.sep) else "")


def _asked(path: Any, folder: int, missing: bool) -> None:
    _add(path, _ASKED[not missing], folder)


_watches: list[FileWatch] = []
_listener = Listener(_asked)
#: Set in a thread that looks a path up, for which it asks by itself.
_looking_up = threading.local()
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
        _add(path, "made" if anew else "changed in part" if writes else "read")
    elif event in _CHANGING:
        folder = args[1] if event == "os.remove" else -1
        for path, how in zip(args, _CHANGING[event], strict=False):
            if how:
                _add(path, how, folder)
    elif event in _LISTING and not sys._getframe(1).f_code.co_filename.startswith(_IMPORTS):
        _add("." if args[0] is None else args[0], "listed")


def _add(path: Any, how: str, folder: int = -1) -> None:
    if not isinstance(path, (str, bytes, os.PathLike)) or getattr(_looking_up, "now", False):
        return
    _looking_up.now = True
    try:
        text = os.fsdecode(path)
        if folder >= 0:  # as shutil.rmtree names files
            with suppress(OSError):
                text = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), text)
        names = _names(text, how)
    finally:
        _looking_up.now = False
    if names:
        for watch in tuple(_watches):
            watch.add(names, "read" if how == "listed" else how)


def _names(path: str, how: str) -> frozenset[str]:
    """The file's path without links, and what its other names share; none where it doesn't count."""
    found = os.path.realpath(path)
    if not _counts(found):
        return frozenset()
    if how == "listed":
        return frozenset({os.path.join(found, "")})
    names = {found}
    if how == "removed" or how in _ASKED.values():  # perhaps the link itself
        names.add(os.path.abspath(path))
    with suppress(OSError):
        status = os.stat(found)
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            names.add(f"file {status.st_ino} of device {status.st_dev}")
    return frozenset(names)


@cache
def _home() -> str:
    with suppress(RuntimeError):
        return os.path.join(Path.home(), ".")
    return "\0"


def _counts(path: str) -> bool:
    """Whether it is no file of Python's, the system's, or in a hidden folder at home."""
    return not path.startswith((*_ELSEWHERE, _home())) and "__pycache__" not in path
