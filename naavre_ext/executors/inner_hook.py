"""What the code of a split loop in a function calls: a light module that every process can import.

A function travels: to other workers, and (by a user's own pickling) to processes that know nothing of a run. Where
no run's worker is at work in this thread, its loops run plainly.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from naavre_ext.executors.inner_events import Tell


class Handle(Protocol):
    """A loop that is running. ``items`` are for the loop itself, ``log`` is for its merge."""

    @property
    def items(self) -> Any:
        """What the loop itself goes over."""
        ...

    @property
    def log(self) -> Any:
        """What its merge does."""
        ...

    def more(self) -> bool:
        """Whether the loop has to go on: to merge ``log``, then to run ``items``."""
        ...

    def join(self, own: Any, rest: Any) -> Any:
        """A comprehension's value."""
        ...

    def close(self) -> None:
        """The loop is over, well or not."""
        ...


class Splitter(Protocol):
    """Splits the loops that run in one worker."""

    def begin(self, cell: str, index: int, iterable: Any) -> Handle | None:
        """The loop's handle; None where it isn't worth splitting."""
        ...

    def close(self) -> None:
        """Stop what still runs."""
        ...


class Plain:
    """A loop that runs as it stands."""

    __slots__ = ("_turns", "items", "log")

    def __init__(self, iterable: Any) -> None:
        self.items, self.log, self._turns = iterable, (), 0

    def more(self) -> bool:
        """True the first time."""
        self._turns += 1
        return self._turns == 1

    def join(self, own: Any, rest: Any) -> Any:
        """What the loop itself has made."""
        return own

    def close(self) -> None:
        """Nothing is left."""


class _Active(threading.local):
    """Who splits loops in this thread, and the process in which that is so: a forked one has no workers."""

    def __init__(self) -> None:
        self.splitters: list[tuple[int, Splitter]] = []


_active = _Active()


@contextmanager
def splitting_in_batch(worker: Any, step: Any, slots: int, tell: Tell) -> Iterator[None]:
    """In the block, a batch that may use several slots splits the loops that it comes to, and tells of them."""
    splitter = worker.batch_splitter(step, slots, tell) if slots > 1 else None
    if splitter is None:
        yield
        return
    try:
        with splitting(splitter):
            yield
    finally:
        splitter.close()


@contextmanager
def splitting(splitter: Splitter) -> Iterator[None]:
    """In the block, loops that run in this thread are split by ``splitter``."""
    _active.splitters.append((os.getpid(), splitter))
    try:
        yield
    finally:
        _active.splitters.pop()


def begin(place: tuple[str, str, int, bytes], iterable: Any) -> Handle:
    """The handle of the loop that begins; the calling frame is the loop's."""
    __tracebackhide__ = True
    if _active.splitters:
        process, splitter = _active.splitters[-1]
        if process == os.getpid():
            handle = splitter.begin(place[1], place[2], iterable)
            if handle is not None:
                return handle
    return Plain(iterable)
