"""The part of a loop that its own cell runs, before (and while) the rest goes to the workers.

A loop that is over in milliseconds isn't worth sending anywhere, and one can't know before trying. So the
cell starts with the first item, as a notebook would; after a moment, if enough is left, all that it has not begun
is handed over.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import length_hint
from typing import Any

from naavre_ext.executors.sources import Source

#: No loop is sent anywhere before it has run this long; longer as long as no item is done, so that a hiccup of
#: the machine isn't taken for a slow item.
_PATIENCE_S = 0.01
_PATIENCE_FIRST_S = 0.015
#: What is expected to be over sooner than this is not worth sending.
WORTH_SENDING_S = 0.2
#: Recording what an item does and doing it again in the merge takes some microseconds: cheaper items stay here.
CHEAPEST_ITEM_S = 1e-5
#: Items are claimed in chunks of about this time, so that claiming costs nothing.
_CHUNK_S = 0.002
_LARGEST_CHUNK = 4096
#: Python's threads change places after 5 ms otherwise.
_SWITCH_S = 0.0005


class OwnShare:
    """Iterates over a source's items, from the first, until :meth:`hand_over` takes the rest away.

    ``claimed`` items are the cell's own, at most ``limit``; ``over`` says that it has gone through them. With
    ``inline`` the share looks at the clock itself and ends when the rest is worth sending.
    """

    def __init__(self, source: Source, *, inline: bool) -> None:
        self.claimed = 0
        self.over = False
        self.limit: int | None = None
        self._source = source
        self._done = 0
        self._inline = inline
        self._closed = False
        self._chunk: Any = ()
        self._left: Iterator[Any] = iter(())
        self._lock = threading.Lock()
        self.started_at = time.time()
        self._started = time.perf_counter()

    def __iter__(self) -> Iterator[Any]:
        __tracebackhide__ = True
        self.started_at, self._started = time.time(), time.perf_counter()
        while True:
            with self._lock:
                if self._closed or (self._inline and self.is_worth_sending()):
                    self.over = True
                    return
                if self.claimed == self.limit:
                    self.over = True
                    return
                chunk = self._source.step(self._size())
                self.claimed = self._source.taken
            if not len(chunk):
                self.over = True
                return
            # A list's iterator knows how many are left, and so where an error happened.
            self._chunk = chunk if isinstance(chunk, (list, tuple, range)) else list(chunk)
            self._left = iter(self._chunk)
            yield from self._left
            self._done = self.claimed

    def present(self) -> tuple[int, Any] | None:
        """The item that the cell is at just now, with its position; None when it is at none."""
        if self._done == self.claimed:
            return None
        left = length_hint(self._left)
        return self.claimed - left - 1, self._chunk[len(self._chunk) - left - 1]

    def elapsed_s(self) -> float:
        """Seconds since the cell began with its share."""
        return time.perf_counter() - self._started

    def item_s(self) -> float | None:
        """Seconds an item takes, None as long as the first isn't done."""
        done = self._done
        return self.elapsed_s() / done if done else None

    def is_worth_sending(self) -> bool:
        """Whether the items not yet claimed would keep the cell busy for long."""
        item_s, left = self.item_s(), self._source.left
        patience_s = _PATIENCE_FIRST_S if item_s is None else _PATIENCE_S
        if self.elapsed_s() < patience_s:
            return False
        if item_s is not None and item_s < CHEAPEST_ITEM_S:
            return False
        if left is None:  # as much again is likely, where nobody knows
            return self.elapsed_s() >= WORTH_SENDING_S
        return left > 0 and (item_s is None or left * item_s >= WORTH_SENDING_S)

    def hand_over(self) -> int:
        """End the share; returns the position of the first item that is not the cell's own."""
        with self._lock:
            self._closed = True
            return self.claimed

    def _size(self) -> int:
        item_s = self.item_s()
        if item_s is None:
            return 1
        most = (
            _LARGEST_CHUNK if self.limit is None else min(_LARGEST_CHUNK, self.limit - self.claimed)
        )
        return max(1, min(most, int(_CHUNK_S / max(item_s, 1e-9))))


class Watch:
    """Watches a share from another thread and calls ``send`` once when its rest is worth sending."""

    def __init__(self, share: OwnShare, send: Callable[[], None]) -> None:
        self._share, self._send = share, send
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="naavre-split", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        for pause_s in _pauses():
            if self._over.wait(pause_s):
                return
            if self._share.is_worth_sending():
                with _quick_switches():
                    self._send()
                return

    def stop(self) -> None:
        """Return when the thread has ended, having sent or not."""
        self._over.set()
        self._thread.join()


@contextmanager
def _quick_switches() -> Iterator[None]:
    """In the block a thread that computes gives way soon: sending waits for it again and again."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    quick = sys.getswitchinterval()
    try:
        yield
    finally:
        if sys.getswitchinterval() == quick:  # it wasn't set meanwhile
            sys.setswitchinterval(before)


def _pauses() -> Iterator[float]:
    """Seconds between the looks at a share: just when patience may end, then longer and longer."""
    yield _PATIENCE_S
    pause_s = _PATIENCE_FIRST_S - _PATIENCE_S
    while True:
        yield pause_s
        pause_s = min(0.25, pause_s * 1.5)
