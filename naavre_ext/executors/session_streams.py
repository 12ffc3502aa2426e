"""What a cell writes to stdout and stderr, as stream messages in the order it was written."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from naavre_ext.model.event import WIDGET_STATE, OutputMessage
from naavre_ext.model.widget_state import later_state

#: Text is held back for this long, so that many small writes make one message.
HOLD_S = 0.05

#: Held text is sent when there is this much of it.
HOLD_CHARACTERS = 8192


#: Those whose cells run in this process, the innermost last: a cell may wait for code of another session.
_open_ones: list[OutputBuffer] = []


class OutputBuffer:
    """Passes a cell's messages on in order, joining small writes to one stream.

    Safe to use from several threads. What is written while no cell runs is dropped: a kernel's
    client doesn't see it either. Where a process has several sessions, a stream of any of them is the stream of
    the cell that runs: a handler of ``logging`` keeps the one that it was given.
    """

    def __init__(self, deliver: Callable[[OutputMessage], None]) -> None:
        self._deliver = deliver
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._flusher: threading.Thread | None = None
        self._pieces: list[str] = []
        self._characters = 0
        self._name = "stdout"
        self._widgets: dict[str, OutputMessage] = {}
        self._sent_at = 0.0
        self._open = False
        self._delivering = False

    def open(self) -> None:
        """From here on, output belongs to a cell."""
        with self._lock:
            self._open = True
            _open_ones.append(self)

    def close(self) -> None:
        """Sends what is held; until the next :meth:`open` everything is dropped."""
        with self._lock:
            self.flush()
            self._end()

    def drop(self) -> None:
        """Forgets what is held, and drops what comes until the next :meth:`open`."""
        with self._lock:
            self._pieces.clear()
            self._characters = 0
            self._widgets.clear()
            self._end()

    def _end(self) -> None:
        self._open = False
        if self in _open_ones:
            _open_ones.remove(self)

    def write(self, name: str, text: str) -> None:
        """Adds text to the stream ``name``."""
        running = _open_ones[-1:]
        if running not in ([], [self]):
            running[0].write(name, text)
            return
        with self._lock:
            if self._delivering:
                # What the receiver itself prints must not come back to it.
                getattr(sys, f"__{name}__").write(text)
                return
            if not self._open or not text:
                return
            if name != self._name:
                self.flush()
                self._name = name
            self._pieces.append(text)
            self._characters += len(text)
            if self._characters >= HOLD_CHARACTERS or ("\n" in text and self._held_long_enough()):
                self.flush()
            elif not self._wake.is_set():
                self._wake_flusher()

    def hint(self) -> None:
        """The user flushed a stream: sends what is held unless something was sent just now."""
        with self._lock:
            if self._pieces and self._held_long_enough():
                self.flush()

    def flush(self) -> None:
        """Sends what is held."""
        with self._lock:
            if self._pieces:
                text = "".join(self._pieces)
                self._pieces.clear()
                self._characters = 0
                self._sent_at = time.monotonic()
                self._hand_over({"output_type": "stream", "name": self._name, "text": text})
            while self._widgets:
                self._hand_over(self._widgets.pop(next(iter(self._widgets))))

    def send(self, output: OutputMessage) -> None:
        """Passes ``output`` on, after all that came before it; of a widget's states, when several can be one."""
        with self._lock:
            if not self._open:
                return
            if output["output_type"] == WIDGET_STATE:
                model_id = output["model_id"]
                self._widgets[model_id] = later_state(self._widgets.get(model_id, {}), output)
                if not self._wake.is_set():
                    self._wake_flusher()
            else:
                self.flush()
                self._hand_over(output)

    def _hand_over(self, output: OutputMessage) -> None:
        self._delivering = True
        try:
            self._deliver(output)
        finally:
            self._delivering = False

    def _held_long_enough(self) -> bool:
        return time.monotonic() - self._sent_at >= HOLD_S

    def _wake_flusher(self) -> None:
        """Sees to it that held text is sent soon even if the cell writes no more."""
        self._wake.set()
        if self._flusher is None or not self._flusher.is_alive():
            self._flusher = threading.Thread(
                target=self._flush_late, name="naavre-ext cell output", daemon=True
            )
            self._flusher.start()

    def _flush_late(self) -> None:
        while self._wake.wait():
            time.sleep(2 * HOLD_S)
            self._wake.clear()
            self.flush()


class CellStream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a cell; pickles as the receiving process's own."""

    encoding = "UTF-8"
    errors = None

    def __init__(self, name: str, buffer: OutputBuffer, fd: int) -> None:
        super().__init__()
        self.name = name
        self._buffer = buffer
        self._fd = fd

    def write(self, text: str) -> int:
        """The number of characters written."""
        __tracebackhide__ = True  # so that a traceback shows the notebook's own line
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._buffer.write(self.name, text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Writes each of ``lines``."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Shows soon what was written."""
        self._buffer.hint()

    def isatty(self) -> bool:
        """False, as in a kernel."""
        return False

    def writable(self) -> bool:
        """True."""
        return True

    def fileno(self) -> int:
        """The process's own descriptor: what is written to it isn't part of the cell's output."""
        os.fstat(self._fd)
        return self._fd

    def close(self) -> None:
        """Nothing: the stream outlives a cell that closes it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _own_stream, (self.name,)


# What a notebook prints of its streams, and the messages of errors, name a kernel's class.
CellStream.__name__ = CellStream.__qualname__ = "OutStream"
CellStream.__module__ = "ipykernel.iostream"


def _own_stream(name: str) -> Any:
    return getattr(sys, name)
