"""Questions whether files are there (``os.path.exists``, ``Path.stat``), of which Python tells no audit hook."""

from __future__ import annotations

import functools
import os
import pathlib
from collections.abc import Callable
from typing import Any

#: Gets the path, the descriptor of the folder that it is in (-1 for none), and whether there was no such file.
Tell = Callable[[Any, int, bool], None]

#: Objects and their functions by which all others of Python's ask.
_ASKING = [(os, name) for name in ("stat", "lstat", "access")]
if hasattr(pathlib, "_normal_accessor"):  # Python 3.10
    _ASKING += [(pathlib._normal_accessor, "stat")]
#: As it is while nobody listens.
_LOOK = os.lstat
#: What the os module tells of its functions.
_ABILITIES = (
    os.supports_dir_fd,
    os.supports_fd,
    os.supports_follow_symlinks,
    os.supports_effective_ids,
)


class Listener:
    """Tells of questions between ``start`` and ``stop``, by functions in the place of those that answer."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._before: list[tuple[Any, str, Any, Any]] = []

    def start(self) -> None:
        """From now on."""
        if not self._before:
            for owner, name in _ASKING:
                ask = getattr(owner, name)
                put = _telling(ask, self._tell)
                for able in _ABILITIES:
                    if ask in able:
                        able.add(put)
                self._before.append((owner, name, ask, put))
                setattr(owner, name, put)

    def stop(self) -> None:
        """Until now; a function that somebody else has replaced stays."""
        for owner, name, ask, put in self._before:
            for able in _ABILITIES:
                able.discard(put)
            if getattr(owner, name) is put:
                setattr(owner, name, ask)
        self._before.clear()


def _is_missing(path: Any, folder: int | None) -> bool:
    """Whether there is nothing: access is also denied where there is a file."""
    try:
        _LOOK(path, dir_fd=folder)
    except OSError:
        return True
    return False


def _telling(ask: Callable[..., Any], tell: Tell) -> Callable[..., Any]:
    @functools.wraps(ask)
    def asked(path: Any, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        folder = options.get("dir_fd")
        folder = -1 if folder is None else folder
        try:
            found = ask(path, *args, **options)
        except (FileNotFoundError, NotADirectoryError):
            tell(path, folder, True)
            raise
        tell(path, folder, found is False and _is_missing(path, options.get("dir_fd")))
        return found

    return asked
