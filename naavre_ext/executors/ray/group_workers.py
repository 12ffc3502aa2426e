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

from naavre_ext.executors.ray.leave_taking import end_workers
from naavre_ext.executors.ray.turns import Turn

#: Numbers of jobs that have none begin here.
_WITHOUT = 2**32

#: So long workers may take to start.
_START_S = 60.0

#: Gets a worker and, where its last call ended as foreseen, that call's number.
Give = Callable[[Any, int | None], None]
#: Gets a worker that will be free, and the number of the call that it ends with.
Foresee = Callable[[Any, int], None]
Make = Callable[[], Any]


@dataclass(slots=True)
class _Job:
    """``wants`` are the groups that it hasn't had yet; ``asks`` those it waits for, and what is told then."""

    wants: set[str]
    asks: dict[str, tuple[Make, Give, Foresee]] = field(default_factory=dict)


class GroupWorkers:
    """The workers. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count(_WITHOUT)
        self._jobs: dict[int, _Job] = {}
        self._room: dict[str, int] = {}
        #: Groups of one worker, which the next job will have from the one that promised it.
        self._promised: dict[str, tuple[Any, int]] = {}
        self._single: set[str] = set()
        #: Workers with the number of their last call, and those that do something that nobody wants.
        self._ended: dict[Any, int | None] = {}
        self._spoilt: set[Any] = set()
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
            self._make_room(replicas)
            for group, count in replicas.items():
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
            self._make_room(replicas)
            return number

    def _make_room(self, replicas: Mapping[str, int]) -> None:
        for group, count in replicas.items():
            if self._room.setdefault(group, count) == count == 1:
                self._single.add(group)

    def ask(
        self, job: int, group: str, make: Make, give: Give, foresee: Foresee = lambda *_: None
    ) -> None:
        """Have ``give`` called, when it is the job's turn, with one of the group's workers.

        And before that ``foresee``, where it is known which worker that will be, after which call of another job.
        """
        with self._lock:
            self._jobs[job].asks[group] = make, give, foresee
            self._jobs[job].wants.add(group)
            self._serve(group)
            self._foretell(group)

    def is_single(self, group: str) -> bool:
        """Whether the group has one worker, which all jobs have in turn."""
        with self._lock:
            return group in self._single

    def promise(self, group: str, worker: Any, number: int) -> None:
        """The job that has the worker will give it back after that call, if it ends as foreseen."""
        with self._lock:
            if group in self._single:
                self._promised[group] = worker, number
                self._foretell(group)

    def give_back(self, group: str, worker: Any, ended: int | None = None) -> None:
        """The job needs the worker no longer, whose last call had this number if it ended as foreseen.

        None instead of the worker: it is gone.
        """
        with self._lock:
            self._promised.pop(group, None)
            self._room[group] += 1
            if worker in self._spoilt:
                self._end(worker)
            elif worker is not None:
                self._ended[worker] = ended
                self._idle.setdefault(group, []).append(worker)
            self._serve(group)

    def spoil(self, worker: Any) -> None:
        """No job may have the worker any more: it may do for long what nobody wants."""
        with self._lock:
            idle = [group for group, workers in self._idle.items() if worker in workers]
            for group in idle:
                self._idle[group].remove(worker)
                self._end(worker)
            if not idle:
                self._spoilt.add(worker)

    def _end(self, worker: Any) -> None:
        self._spoilt.discard(worker)
        self._ended.pop(worker, None)
        ray.kill(worker)

    def leave(self, job: int) -> None:
        """The job is over, or will never begin."""
        with self._lock:
            left = self._jobs.pop(job, None)
            for group in sorted(left.wants if left is not None else ()):
                self._serve(group)
                self._foretell(group)

    def _serve(self, group: str) -> None:
        for number in () if self._is_starting else sorted(self._jobs):
            job = self._jobs[number]
            if group not in job.wants:
                continue
            ahead = sum(group in self._jobs[n].wants for n in self._jobs if n < number)
            if self._room[group] <= ahead:
                return
            if group in job.asks:
                make, give, _ = job.asks.pop(group)
                job.wants.discard(group)
                self._room[group] -= 1
                waiting = self._idle.get(group)
                worker = waiting.pop() if waiting else make()
                give(worker, self._ended.pop(worker, None))

    def _foretell(self, group: str) -> None:
        """Tell the job that is served next in the group what it will be given, if it asks and that is known."""
        wanting = [number for number in sorted(self._jobs) if group in self._jobs[number].wants]
        if group in self._promised and wanting and group in self._jobs[wanting[0]].asks:
            _, _, foresee = self._jobs[wanting[0]].asks[group]
            foresee(*self._promised.pop(group))

    def close(self) -> None:
        """End them all."""
        with self._lock:
            idle, self._idle = self._idle, {}
            turn, self._turn = self._turn, None
        end_workers([worker for workers in idle.values() for worker in workers])
        if turn is not None:
            ray.kill(turn[0])


def until_ready(workers: Sequence[Any]) -> None:
    """Returns when all of the workers have started, or it takes too long."""
    refs = [worker.ready.remote() for worker in workers]
    with suppress(RayError):
        ray.wait(refs, num_returns=len(refs), timeout=_START_S, fetch_local=False)
