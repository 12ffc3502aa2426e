"""Which jobs of a batch have their turn: as many at once as there are places for, in the order of the table."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_POLL_S = 0.1


class JobTurns:
    """So many ``places`` for ``jobs``, which get them in this order; each is to be told of when it is over."""

    def __init__(self, places: int, jobs: Sequence[int]) -> None:
        self._changed = threading.Condition()
        self._free, self._to_come = places, dict.fromkeys(jobs)

    @contextmanager
    def of(self, job: int, stop: threading.Event) -> Iterator[None]:
        """In the block the job has a place; whoever is stopped needs none."""
        has_place = self._taken(job, stop)
        try:
            yield
        finally:
            with self._changed:
                self._free += has_place
                self._changed.notify_all()

    def over(self, job: int) -> None:
        """Nobody waits any more for the job to have its turn."""
        with self._changed:
            self._to_come.pop(job, None)
            self._changed.notify_all()

    def _taken(self, job: int, stop: threading.Event) -> bool:
        with self._changed:
            while not stop.is_set():
                if self._free and next(iter(self._to_come), None) == job:
                    self._free -= 1
                    self.over(job)
                    return True
                self._changed.wait(_POLL_S)
        return False
