"""Ctrl-C: the first one stops the run in an orderly way, the second at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

#: A stopped run is over within this time, orderly or not.
LIMIT_S = 1.8
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_CANCELLED = 130


class StopOnInterrupt:
    """While it is entered, Ctrl-C sets ``event`` and prints 'stopping'.

    A run that hasn't ended ``LIMIT_S`` later is left alone: the process exits with 130. What was
    finished is on disk by then, and files are replaced whole. A cell that runs in this very process
    and thread gets the KeyboardInterrupt itself, as in a kernel. ``advice`` is said at the end.
    """

    def __init__(self, advice: str = "") -> None:
        self.event, self.advice = threading.Event(), advice
        self._before: dict[signal.Signals, Any] = {}
        self._fd = 2

    def __enter__(self) -> StopOnInterrupt:
        with suppress(OSError):  # it has none
            self._fd = sys.stderr.fileno()  # while a cell runs here, the stream is the cell's
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.event.is_set():
            self._exit_now()
        self.event.set()
        self._say("stopping (Ctrl-C again: at once)\n")
        timer = threading.Timer(LIMIT_S, self._exit_now)
        timer.daemon = True
        timer.start()
        if number != signal.SIGINT and signal.getsignal(signal.SIGINT) != self._stop:
            signal.raise_signal(signal.SIGINT)  # for the cell that runs here

    def _exit_now(self) -> None:
        shown_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
        self._say(f"{shown_cursor}stopped\n{self.advice}")
        os._exit(_CANCELLED)

    def _say(self, text: str) -> None:
        """Writes past Python's buffers, whose locks the interrupted code may hold."""
        os.write(self._fd, text.encode())
