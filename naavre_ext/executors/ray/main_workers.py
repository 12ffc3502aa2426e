"""Main workers that the jobs of a batch hand on to one another: a process costs more than many a job."""

from __future__ import annotations

import threading
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError

_TIDY_TIMEOUT_S = 5.0


class MainWorkers:
    """Those that wait for the next job. May be used from several threads."""

    def __init__(self) -> None:
        self._waiting: list[Any] = []
        self._lock = threading.Lock()

    def take(self) -> Any:
        """One that waits, as fresh as a new one once it is told of its run; None where there is none."""
        with self._lock:
            return self._waiting.pop() if self._waiting else None

    def hand_on(self, main: Any, *, is_tidy: bool) -> bool:
        """Whether the worker is kept: it runs nothing, and a job has left nothing in it that stays.

        It is asked unless it is known that it ``is_tidy``.
        """
        try:
            if not is_tidy and not ray.get(main.tidy.remote(), timeout=_TIDY_TIMEOUT_S):
                return False
        except (RayError, GetTimeoutError):
            return False
        with self._lock:
            self._waiting.append(main)
        return True

    def close(self) -> None:
        """End them all."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for main in waiting:
            ray.kill(main)
