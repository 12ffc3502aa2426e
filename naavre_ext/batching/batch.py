"""A batch while it runs: what all jobs share first, then the jobs, as many at once as there is room for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.batching.job_runner import JobRunner, OnJobEvent, Stops
from naavre_ext.batching.shared_part import FIRST, SharedPart
from naavre_ext.batching.shared_values import SharedValues
from naavre_ext.environment import temporarily
from naavre_ext.job_plans import JobPlans, sharing_of
from naavre_ext.model.diagnostic import Diagnostic, NaavreError
from naavre_ext.model.event import RunEvent, RunStarted
from naavre_ext.model.jobs import BatchResult, Job, JobEnd
from naavre_ext.model.run import RunOptions
from naavre_ext.preparing import PreparedNotebook, prepare_notebook
from naavre_ext.running import OpenResults, admit, placed
from naavre_ext.scheduling.groups import jobs_at_once
from naavre_ext.scheduling.sharing import Sharing
from naavre_ext.storage.batch_store import BatchRecord, digest_of_code
from naavre_ext.storage.common_parameters import common_parameters, with_common

if TYPE_CHECKING:
    from naavre_ext.executors.factory import JobExecutors
    from naavre_ext.storage.notebook_file import NotebookFile

OnJob = Callable[[Job, JobEnd], None]

#: Of the variables that differ by job, those up to this size are kept unless others are asked for.
LARGEST_KEPT_BYTES = 1 << 20


class Batch:
    """A batch, ready to run. ``record`` is its record on disk, ``jobs`` are all its jobs."""

    def __init__(
        self,
        file: NotebookFile,
        record: BatchRecord,
        jobs: Sequence[Job],
        options: RunOptions,
        most_at_once: int | None,
    ) -> None:
        self.record, self.jobs = record, tuple(jobs)
        #: What is to be said of the notebook with the first job's parameters.
        self.warnings: tuple[Diagnostic, ...] = ()
        #: The parameters that differ.
        self.varying = tuple(record.info["varying"])
        self._most_at_once = most_at_once
        self._limit = sys.maxsize if record.info["keeps_all"] else LARGEST_KEPT_BYTES
        self._digest = digest_of_code(
            file.notebook, Path(placed(options, file.notebook).cwd or ".")
        )
        self._common = common_parameters(self.jobs, self.varying)
        self._source = with_common(file, self._common)
        labels = {
            **options.labels,
            "sweep": record.batch_id,
            "sweep_row": None,
            "sweep_rows": len(jobs),
        }
        keep = tuple(record.info["keep"])
        self._keeps_shared = options.keep is None
        self._options = replace(options, keep=keep, store_results=False, resume=None, labels=labels)
        self._telling = threading.Lock()

    def waiting(self) -> tuple[Job, ...]:
        """The jobs that haven't ended well yet."""
        ended = self._ended_well()
        return tuple(job for job in self.jobs if job.number not in ended)

    @property
    def outdated(self) -> int:
        """How many of the waiting jobs had ended well before the notebook was changed."""
        return self.record.outdated(self._digest)

    def run(
        self,
        on_job: OnJob | None = None,
        on_shared: Callable[[tuple[int, ...]], None] | None = None,
        cancel: threading.Event | None = None,
        *,
        on_event: OnJobEvent | None = None,
        cancels: Mapping[int, threading.Event] | None = None,
    ) -> BatchResult:
        """Run the jobs that wait; returns when all have ended, in whatever way.

        ``on_shared`` is told at first which cells run once for all. ``cancel`` stops all jobs, ``cancels`` stop
        single ones, by their numbers. All else is told in the thread where it happens.

        Raises:
            RefusedError, ClusterError: nothing was run.
        """
        from naavre_ext.storage.resumable import hash_seed_of

        clock = time.perf_counter()
        stops = Stops(cancel or threading.Event(), cancels or {})
        first = prepare_notebook(self._source, self._own(self.jobs[0]))
        workflow = first.require_workflow()
        waiting, ends = self.waiting(), self._ended_well()
        sharing = sharing_of(first, self.varying, len(self.jobs)) if waiting else Sharing()
        numbers = {step.id: step.cell_number for step in workflow.steps}
        once = tuple(dict.fromkeys(numbers[step] for step in sharing.steps))

        def hear(job: int, event: RunEvent) -> None:
            if isinstance(event, RunStarted):
                self.record.note_begun(job, event.run_id)
            if on_event is not None:
                on_event(job, event)

        self._options = placed(self._options, first.notebook)
        with ExitStack() as stack:
            if waiting:
                stack.enter_context(temporarily(hash_seed_of(self.record.shared)))
                executors = self._executors(stack, len(waiting), first)
                if on_shared is not None:
                    on_shared(once)
                executors.expect([job.number for job in waiting], workflow)
                part = SharedPart(
                    self.record, self._options, first, sharing, keeps=self._keeps_shared
                )
                shared = part.run(self._common, executors, partial(hear, FIRST), stops.all)
                if part.values is not None:
                    keep = (*self.record.info["keep"], *part.values.digests)
                    self._options = replace(self._options, keep=keep)
                in_groups = jobs_at_once(workflow)
                at_once = self._at_once(max(executors.slots, in_groups))
                one = self._runner(
                    executors, sharing, (shared, part.values), stops, at_once, first, hear
                )
                # One more makes ready, or writes its notebook, while the others have their turn; but not where a
                # job that has its turn may wait, for a group's worker, for one that hasn't. Nor where it might
                # overtake the one before: jobs that run one at a time do so in the table's order.
                ahead = 0 if in_groups or at_once == 1 else 1
                crowded = len(waiting) - executors.slots if at_once >= executors.slots else 0
                ends |= self._run_jobs(waiting, one, at_once + ahead, max(0, crowded), on_job)
        return BatchResult(
            self.record.batch_id,
            self.jobs,
            tuple(ends[job.number] for job in self.jobs),
            time.perf_counter() - clock,
            once,
            {n: why for step, why in sharing.reasons.items() if (n := numbers[step]) not in once},
        )

    def _ended_well(self) -> dict[int, JobEnd]:
        return {n: e for n, e in self.record.ends(self._digest).items() if e.status == "ok"}

    def _own(self, job: Job) -> dict[str, Any]:
        """Those of the job's parameters that the source hasn't got already."""
        return {name: value for name, value in job.parameters.items() if name not in self._common}

    def _executors(self, stack: ExitStack, jobs: int, first: PreparedNotebook) -> JobExecutors:
        """What runs the jobs, whose claims can be met; else nothing stays of a batch that never began."""
        from naavre_ext.executors.factory import JobExecutors

        try:
            executors = stack.enter_context(JobExecutors(self._options, jobs))
            with executors.open(hands_on=False, job=FIRST) as executor:
                admit(executor, first, first.require_workflow())
        except NaavreError:
            self.record.forget_unless_begun()
            raise
        return executors

    def _runner(
        self,
        executors: JobExecutors,
        sharing: Sharing,
        shared: tuple[OpenResults | None, SharedValues | None],
        stops: Stops,
        at_once: int,
        first: PreparedNotebook,
        on_event: OnJobEvent,
    ) -> JobRunner:
        return JobRunner(
            options=self._options,
            labels=self._options.labels,
            largest_bytes=self._limit,
            executors=executors,
            sharing=sharing,
            shared=shared[0],
            values=shared[1],
            stops=stops,
            turns=threading.BoundedSemaphore(at_once),
            plans=JobPlans(self._source, self.varying, first),
            on_event=on_event,
        )

    def _run_jobs(
        self,
        waiting: Sequence[Job],
        one: JobRunner,
        threads: int,
        crowded: int,
        on_job: OnJob | None,
    ) -> dict[int, JobEnd]:
        """All jobs' ends; beside the first ``crowded`` ones there are others enough to keep all workers busy."""
        in_crowd = frozenset(job.number for job in waiting[:crowded])

        def work(job: Job) -> JobEnd:
            end = one.run(job, self._own(job), in_crowd=job.number in in_crowd)
            with self._telling:
                if end.status != "not run":
                    self.record.append(end, self._digest)
                if on_job is not None:
                    on_job(job, end)
            return end

        with ThreadPoolExecutor(threads, thread_name_prefix="naavre-job") as pool:
            try:
                return {end.number: end for end in pool.map(work, waiting)}
            except BaseException:
                one.stops.set()  # the others don't go on without anybody who waits for them
                raise

    def _at_once(self, slots: int) -> int:
        return 1 if self._options.executor == "local" else max(1, self._most_at_once or slots)
