"""What C code and child processes write to file descriptors 1 and 2 while a cell runs."""

from __future__ import annotations

import codecs
import ctypes
import functools
import io
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from naavre_ext.executors.session_streams import OutputBuffer

_NAMES = {1: "stdout", 2: "stderr"}

#: A cell's end waits for its last output, but not for ever.
_DRAIN_S = 1.0


#: Whether descriptors 1 and 2 are the cells' in this process.
_lent = False


def lend_descriptors() -> None:
    """Leave descriptors 1 and 2 to the cells that run in this process, which is nobody else's.

    ``sys.stdout`` and ``sys.stderr`` lead where they did, by other descriptors.
    """
    global _lent
    streams = {name: getattr(sys, name) for name in _NAMES.values()}
    if all(_is_at(stream, fd) for stream, fd in zip(streams.values(), _NAMES, strict=True)):
        for fd, name in _NAMES.items():
            before = streams[name]
            before.flush()
            again = open(os.dup(fd), "w", encoding=before.encoding, errors=before.errors)  # noqa: SIM115
            again.reconfigure(line_buffering=before.line_buffering)
            setattr(sys, name, again)
        _lent = True


def are_lent() -> bool:
    """Whether cells in this process have its descriptors 1 and 2."""
    return _lent


def _is_at(stream: Any, fd: int) -> bool:
    try:
        return isinstance(stream, io.TextIOWrapper) and stream.fileno() == fd
    except (OSError, ValueError):
        return False


class DescriptorCapture:
    """Copies what is written to descriptors 1 and 2 into an output buffer."""

    def __init__(self, buffer: OutputBuffer) -> None:
        self._buffer = buffer
        self._writers: dict[int, int] = {}
        self._drained = threading.Condition()
        readers = {}
        for fd, name in _NAMES.items():
            reader, writer = os.pipe()
            self._writers[fd] = writer
            readers[reader] = (name, codecs.getincrementaldecoder("utf-8")("replace"))
        self._readers = readers
        threading.Thread(target=self._read, name="naavre-ext cell fds", daemon=True).start()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Captures while the block runs, and has delivered everything when it is left."""
        originals = {fd: os.dup(fd) for fd in _NAMES}
        try:
            for fd, writer in self._writers.items():
                os.dup2(writer, fd)
            yield
        finally:
            _flush_c_streams()
            for fd, original in originals.items():
                os.dup2(original, fd)
                os.close(original)
            self._drain()

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select(list(self._readers), [], [])
            with self._drained:
                for reader in ready:
                    name, decoder = self._readers[reader]
                    self._buffer.write(name, decoder.decode(os.read(reader, 65536)))
                self._drained.notify_all()

    def _drain(self) -> None:
        with self._drained:
            self._drained.wait_for(self._is_empty, timeout=_DRAIN_S)

    def _is_empty(self) -> bool:
        return not select.select(list(self._readers), [], [], 0)[0]


def _flush_c_streams() -> None:
    """Writes out what C's stdio holds back, as Python knows nothing of it."""
    flush = _fflush()
    if flush is not None:
        flush(None)


@functools.cache
def _fflush() -> Callable[[None], int] | None:
    """The C library's; None where there is none to be found."""
    try:
        found: Callable[[None], int] = ctypes.CDLL(None).fflush
    except (OSError, AttributeError, TypeError):
        return None
    return found
