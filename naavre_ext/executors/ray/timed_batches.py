"""Batches with ``# timeout``: stopped when they have run too long, however long they had to wait before."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import ray
from ray.exceptions import RayError


class Timed(Protocol):
    """A batch with a deadline; ``ref`` is its stream."""

    ref: Any
    deadline: Deadline | None


#: Ray takes no longer times.
_LONGEST_S = 1e8

TimedT = TypeVar("TimedT", bound=Timed)


def first_in_time(handles: Sequence[TimedT]) -> TimedT:
    """The first of the handles whose batch ends, or has to be stopped."""
    deadlines = {handle.ref: handle.deadline for handle in handles if handle.deadline is not None}
    while True:
        left = [s for s in (each.left_s() for each in deadlines.values()) if s is not None]
        done, _ = ray.wait(list(deadlines), num_returns=1, timeout=min([*left, _LONGEST_S]))
        for handle in handles:
            deadline = handle.deadline
            if deadline is not None and handle.ref in done and deadline.advance():
                return handle
        for handle in handles:
            deadline = handle.deadline
            if deadline is not None and deadline.left_s() == 0:
                deadline.stop()
                return handle


class Deadline:
    """Follows a streaming task that first says that it has begun, then gives its result.

    ``result`` is the result's reference, or that of the error in its place, once :meth:`advance` was true.
    """

    def __init__(self, stream: Any, limit_s: float) -> None:
        self.result: Any = None
        self.is_overdue = False
        self._stream, self._limit_s = stream, limit_s
        self._ends_at: float | None = None

    def left_s(self) -> float | None:
        """Seconds until it has to be stopped; None as long as it hasn't begun."""
        return None if self._ends_at is None else max(0.0, self._ends_at - time.monotonic())

    def advance(self) -> bool:
        """Take what is there; whether it was the last."""
        self.result = next(self._stream)
        if self._ends_at is not None:
            return True
        try:
            ray.get(self.result)
        except RayError:
            return True
        self._ends_at = time.monotonic() + self._limit_s
        return False

    def stop(self) -> None:
        """End it by force, which C code and sleep can't escape."""
        self.is_overdue = True
        ray.cancel(self._stream, force=True)
