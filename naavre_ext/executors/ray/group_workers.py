"""Workers of groups that several jobs use in turn: ``# replicas: N`` of each.

A job has a group's worker for itself from its first step there to its last. Jobs are served in the order
of their numbers, and a worker is kept back for an earlier job that will still ask for one: so the first of them
gets all that it needs, and no two wait for each other.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayError

from naavre_ext.executors.ray.turns import Turn

#: Numbers of jobs that have none begin here.
_WITHOUT = 2**32

#: So long workers may take to start.
_START_S = 60.0

Give = Callable[[Any], None]
Make = Callable[[], Any]


@dataclass(slots=True)
class _Job:
    """``wants`` are the groups that it hasn't had yet; ``asks`` those it waits for, and what is told then."""

    wants: set[str]
    asks: dict[str, tuple[Make, Give]] = field(default_factory=dict)


class GroupWorkers:
    """The workers. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count(_WITHOUT)
        self._jobs: dict[int, _Job] = {}
        self._room: dict[str, int] = {}
        self._idle: dict[str, list[Any]] = {}
        self._turn: tuple[Any, Any] | None = None
        self._is_starting = False

    def turn(self) -> Any:
        """What is there once these workers may hold what they claim, which others might wait for."""
        with self._lock:
            if self._turn is None:
                turn = Turn.remote()
                self._turn = turn, turn.come.remote()
            return self._turn[1]

    def expect(
        self,
        jobs: Sequence[int],
        replicas: Mapping[str, int],
        make: Callable[[str], Any],
        wait: Callable[[Sequence[Any]], None],
    ) -> None:
        """The jobs with these numbers will use these groups, or leave: have their workers started.

        The first one is served when all are there, for which one has to ``wait``: so none that comes late puts the
        pipeline out of step.
        """
        with self._lock:
            self._jobs.update({number: _Job(set(replicas)) for number in jobs})
            for group, count in replicas.items():
                self._room.setdefault(group, count)
                self._idle[group] = [make(group) for _ in range(min(count, len(jobs)))]
            workers = [worker for idle in self._idle.values() for worker in idle]
            self._is_starting = bool(workers)
        threading.Thread(target=self._begin, args=(workers, wait), daemon=True).start()

    def _begin(self, workers: Sequence[Any], wait: Callable[[Sequence[Any]], None]) -> None:
        try:
            wait(workers)
        finally:
            with self._lock:
                self._is_starting = False
                for group in sorted(self._room):
                    self._serve(group)

    def are_starting(self) -> bool:
        """Whether the first job waits until all that were started are there."""
        with self._lock:
            return self._is_starting

    def join(self, job: int | None, replicas: Mapping[str, int]) -> int:
        """A job begins that uses these groups; returns its number. One without a number comes last."""
        with self._lock:
            number = next(self._numbers) if job is None else job
            self._jobs.setdefault(number, _Job(set(replicas)))
            for group, count in replicas.items():
                self._room.setdefault(group, count)
            return number

    def ask(self, job: int, group: str, make: Make, give: Give) -> None:
        """Have ``give`` called, when it is the job's turn, with one of the group's workers."""
        with self._lock:
            self._jobs[job].asks[group] = make, give
            self._jobs[job].wants.add(group)
            self._serve(group)

    def give_back(self, group: str, worker: Any) -> None:
        """The job needs the worker no longer; None: it is gone."""
        with self._lock:
            self._room[group] += 1
            if worker is not None:
                self._idle.setdefault(group, []).append(worker)
            self._serve(group)

    def leave(self, job: int) -> None:
        """The job is over, or will never begin."""
        with self._lock:
            left = self._jobs.pop(job, None)
            for group in sorted(left.wants if left is not None else ()):
                self._serve(group)

    def _serve(self, group: str) -> None:
        for number in () if self._is_starting else sorted(self._jobs):
            job = self._jobs[number]
            if group not in job.wants:
                continue
            ahead = sum(group in self._jobs[n].wants for n in self._jobs if n < number)
            if self._room[group] <= ahead:
                return
            if group in job.asks:
                make, give = job.asks.pop(group)
                job.wants.discard(group)
                self._room[group] -= 1
                waiting = self._idle.get(group)
                give(waiting.pop() if waiting else make())

    def close(self) -> None:
        """End them all."""
        with self._lock:
            idle, self._idle = self._idle, {}
            turn, self._turn = self._turn, None
        for workers in idle.values():
            for worker in workers:
                ray.kill(worker)
        if turn is not None:
            ray.kill(turn[0])


def until_ready(workers: Sequence[Any]) -> None:
    """Returns when all of the workers have started, or it takes too long."""
    refs = [worker.ready.remote() for worker in workers]
    with suppress(RayError):
        ray.wait(refs, num_returns=len(refs), timeout=_START_S, fetch_local=False)
