"""The runs of a batch's jobs, one after the other in each of several threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from naavre_ext.batching.shared_values import SharedValues
from naavre_ext.job_plans import JobPlans
from naavre_ext.model.diagnostic import NaavreError, RefusedError
from naavre_ext.model.event import RunEvent
from naavre_ext.model.jobs import Job, JobEnd
from naavre_ext.model.run import RunOptions, RunResult
from naavre_ext.running import OpenResults, Run, admit
from naavre_ext.scheduling.sharing import DIFFERS, Sharing, in_main_worker

if TYPE_CHECKING:
    from naavre_ext.executors.factory import JobExecutors

#: Gets the number of the job, 0 for what all share, with each event of its run.
OnJobEvent = Callable[[int, RunEvent], None]
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Stops:
    """What stops a batch: ``all`` of it, or single ``jobs`` by their numbers."""

    all: threading.Event
    jobs: Mapping[int, threading.Event]

    def of(self, job: int) -> threading.Event:
        """What stops this job's run."""
        return self.jobs.get(job, self.all)

    def asked(self, job: int) -> bool:
        """Whether this job is to be stopped."""
        return self.all.is_set() or self.of(job).is_set()

    def set(self) -> None:
        """Stop all."""
        for stop in (self.all, *self.jobs.values()):
            stop.set()


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Runs jobs with these ``options``, whose runs know by ``labels`` what they belong to.

    Variables of more than ``largest_bytes`` aren't kept. ``shared`` is where jobs find what ``sharing`` says that
    all share, ``values`` tell which variables its record keeps. As many have their turn as ``turns`` has places.
    """

    options: RunOptions
    labels: Mapping[str, Any]
    largest_bytes: int
    executors: JobExecutors
    sharing: Sharing
    shared: OpenResults | None
    values: SharedValues | None
    stops: Stops
    turns: threading.BoundedSemaphore
    plans: JobPlans
    on_event: OnJobEvent

    def run(self, job: Job, own: Mapping[str, Any], *, in_crowd: bool) -> JobEnd:
        """How the job with ``own`` parameters ended; ``in_crowd`` says that others keep the other workers busy."""
        if self.stops.asked(job.number):
            self.executors.leave(job.number)
            return JobEnd(job.number, "not run", reason="it was stopped")
        try:
            return _end(job, self._run(job, own, in_crowd))
        except RefusedError as error:
            return JobEnd(job.number, "refused", reason=str(error))
        except NaavreError as error:
            return JobEnd(job.number, "failed", reason=str(error))
        except Exception as error:  # noqa: BLE001  (a mistake of ours must not take the other jobs along)
            reason = (
                f"{type(error).__name__}: {error} (a mistake of naavre-ext's, please report it)"
            )
            return JobEnd(job.number, "failed", reason=reason)
        finally:
            self.executors.leave(job.number)

    def _run(self, job: Job, own: Mapping[str, Any], in_crowd: bool) -> RunResult:
        prepared, mine = self.plans.of(own)
        workflow = prepared.require_workflow()
        results = self.shared if set(self.sharing.steps) <= set(mine.steps) else None
        if in_crowd:
            workflow = in_main_worker(workflow, mine)
        with self.executors.open(
            hands_on=mine.hands_on, job=job.number, common=mine.in_workers
        ) as executor:
            admit(executor, prepared, workflow)
            stop = self.stops.of(job.number)
            run = Run(self._options_of(job), partial(self.on_event, job.number), stop)
            run.largest_bytes, run.turn = self.largest_bytes, _turn(self.turns, stop)
            run.apart = None if self.values is None else self.values.apart
            run.light = frozenset(s for s, why in mine.reasons.items() if why == DIFFERS)
            return run.planned(
                prepared, workflow, executor, job.output, job.parameters, results=results
            )

    def _options_of(self, job: Job) -> RunOptions:
        output = None if job.output is None else os.path.abspath(job.output)
        labels = {**self.labels, "sweep_row": job.number - 1, "output": output}
        return replace(self.options, labels=labels)


@contextmanager
def _turn(turns: threading.BoundedSemaphore, stop: threading.Event) -> Iterator[None]:
    """A place among those whose steps run; whoever is stopped needs none."""
    has_place = False
    while not has_place and not stop.is_set():
        has_place = turns.acquire(timeout=_POLL_S)
    try:
        yield
    finally:
        if has_place:
            turns.release()


def _end(job: Job, result: RunResult) -> JobEnd:
    reason = ""
    if result.failure is not None:
        failure = result.failure
        reason = f"cell {failure['cell_number']}: {failure['ename']}: {failure['evalue']}"
    return JobEnd(job.number, result.status, result.run_id, result.duration_s, reason)
