"""What a notebook leaves to the end of its process: there a kernel closes files and waits for threads."""

from __future__ import annotations

import atexit
import multiprocessing
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from naavre_ext.executors.packing_instances import is_installed

_IMPORTING = "<frozen importlib._bootstrap>"


class Endings:
    """Knows what code has left to the end of this process since this was made.

    ``has_functions`` says that code of the user's has left functions (``atexit``).
    """

    def __init__(self) -> None:
        self._threads = frozenset(threading.enumerate())
        self._register = atexit.register
        self.has_functions = self._has_some = False
        atexit.register = self._note  # type: ignore[assignment]

    def are_left(self) -> bool:
        """Whether threads, processes or functions wait for the interpreter's own end."""
        return self._has_some or self._has_threads() or bool(multiprocessing.active_children())

    def _has_threads(self) -> bool:
        here = threading.current_thread()
        others = (t for t in threading.enumerate() if t is not here and t not in self._threads)
        return any(not thread.daemon for thread in others)

    def _note(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)
        is_users = not is_installed(caller.f_code.co_filename)
        self.has_functions = self.has_functions or is_users
        # What a library has done when it is imported is only for itself.
        self._has_some = self._has_some or is_users or not _is_of_an_import(caller)
        return self._register(function, *args, **kwargs)


def _is_of_an_import(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            return True
        frame = frame.f_back
    return False
