"""The part of a loop that its own cell runs, before (and while) the rest goes to the workers.

A loop that is over in milliseconds isn't worth sending anywhere, and one can't know before trying. So the
cell starts with the first item, as a notebook would; after a moment, if enough is left, all that it has not begun
is handed over.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import repeat, starmap
from typing import Any

from naavre_ext.executors.sources import Source

#: No loop is sent anywhere before it has run this long; longer as long as no item is done, so that a hiccup of
#: the machine isn't taken for a slow item.
_PATIENCE_S = 0.01
_PATIENCE_FIRST_S = 0.015
#: Longer still where a look at what the first item has changed may save sending what wouldn't count.
_PATIENCE_LOOKING_S = 0.25
_LOOK_S = 0.002
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
    """Iterates over a source's items, from the first, until :meth:`hand_over` takes away what isn't begun.

    ``claimed`` items are the cell's own, at most ``limit``; ``over`` says that it has gone through them. With
    ``inline`` the share looks at the clock itself and ends when the rest is worth sending. With ``looks`` it waits
    a while for the first item.
    """

    def __init__(self, source: Source, *, inline: bool, looks: bool = False) -> None:
        self.claimed = 0
        self.over = False
        self.limit: int | None = None
        self._source = source
        self._before = 0
        self._inline = inline
        self._patience_first_s = _PATIENCE_LOOKING_S if looks else _PATIENCE_FIRST_S
        self._closed = False
        self._chunk: Sequence[Any] = ()
        self._left: deque[Any] = deque()
        self._lock = threading.Lock()
        self.started_at = time.time()
        self._started = time.perf_counter()

    def __iter__(self) -> Iterator[Any]:
        __tracebackhide__ = True
        self.started_at, self._started = time.time(), time.perf_counter()
        while self._claim():
            try:
                # Whoever pops an item has it, from whichever end: no other thread comes between.
                yield from starmap(self._left.popleft, repeat(()))
            except IndexError:
                continue
        self.over = True

    def _claim(self) -> bool:
        """Whether there are more items for the cell: those claimed next."""
        __tracebackhide__ = True
        with self._lock:
            self._before = self.claimed
            if self._closed or (self._inline and self.is_worth_sending()):
                return False
            if self.claimed == self.limit:
                return False
            chunk = self._source.step(self._size())
            self._chunk = chunk if isinstance(chunk, (list, tuple, range)) else list(chunk)
            self._left = deque(self._chunk)
            self.claimed = self._source.taken
            return bool(self._left)

    def present(self) -> tuple[int, Any] | None:
        """The item that the cell is at just now, with its position; None when it is at none."""
        with self._lock:
            at = self.claimed - len(self._left) - 1
            return None if at < self._before else (at, self._chunk[at - self._before])

    def wait_for_items(self, count: int, *, at_most_s: float) -> None:
        """Return when the cell has begun so many items more, has gone through all, or the time is over."""
        wanted, deadline = self._begun() + count, time.perf_counter() + at_most_s
        while self._begun() < wanted and not self.over and time.perf_counter() < deadline:
            time.sleep(_LOOK_S)

    def _begun(self) -> int:
        return self.claimed - len(self._left)

    def elapsed_s(self) -> float:
        """Seconds since the cell began with its share."""
        return time.perf_counter() - self._started

    def item_s(self) -> float | None:
        """Seconds an item takes, None as long as the first isn't done."""
        done = max(self._before, self.claimed - len(self._left) - 1)
        return self.elapsed_s() / done if done else None

    def is_worth_sending(self) -> bool:
        """Whether the items not yet begun would keep the cell busy for long."""
        item_s, left = self.item_s(), self._source.left
        patience_s = self._patience_first_s if item_s is None else _PATIENCE_S
        if self.elapsed_s() < patience_s:
            return False
        if item_s is not None and item_s < CHEAPEST_ITEM_S:
            return False
        if left is None:  # as much again is likely, where nobody knows
            return self.elapsed_s() >= WORTH_SENDING_S
        left += len(self._left)
        return left > 0 and (item_s is None or left * item_s >= WORTH_SENDING_S)

    def hand_over(self) -> int:
        """End the share; returns the position of the first item that is not the cell's own.

        What was claimed and isn't begun goes back: the first items may have been the cheap ones.
        """
        with self._lock:
            self._closed = True
            while self._left:
                with suppress(IndexError):  # the cell has just begun the last one
                    self._left.pop()
                    self.claimed -= 1
            self._source.taken = self.claimed
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
                with quick_switches():
                    self._send()
                return

    def stop(self) -> None:
        """Return when the thread has ended, having sent or not."""
        self._over.set()
        self._thread.join()


@contextmanager
def quick_switches() -> Iterator[None]:
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
