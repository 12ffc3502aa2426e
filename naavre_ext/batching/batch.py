"""A batch of jobs, ready to run: what they share is run first, then each job, several at once."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from naavre_ext.batching.job_runner import JobRunner, admit
from naavre_ext.batching.shared_part import SharedPart
from naavre_ext.environment import temporarily
from naavre_ext.job_plans import JobPlans, sharing_of
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.jobs import BatchResult, Job, JobEnd, Row
from naavre_ext.model.run import RunOptions, RunResult
from naavre_ext.model.workflow import Workflow
from naavre_ext.preparing import PreparedNotebook, prepare_notebook
from naavre_ext.running import OpenResults, Run, placed
from naavre_ext.scheduling.groups import jobs_at_once
from naavre_ext.scheduling.sharing import Sharing
from naavre_ext.storage.batch_store import (
    BatchRecord,
    digest_of_cells,
)
from naavre_ext.storage.common_parameters import common_parameters, with_common

if TYPE_CHECKING:
    from naavre_ext.executors.factory import JobExecutors

OnJob = Callable[[Job, JobEnd], None]

#: Of the variables that differ by job, those up to this size are kept unless others are asked for.
LARGEST_KEPT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What to run: a row per job. ``output`` is a pattern with ``{param_a}`` and ``{job}`` in it.

    ``keep`` are the variables whose final values the batch's table has; None: small ones of cells that run for
    each job. At most ``max_jobs`` run at once (None: as many as the cluster has CPUs).
    """

    source: Any
    rows: Sequence[Row]
    output: str | None = None
    keep: tuple[str, ...] | None = None
    max_jobs: int | None = None


class Batch:
    """A batch, ready to run. ``record`` is its record on disk."""

    def __init__(
        self, request: BatchRequest, record: BatchRecord, options: RunOptions, keeps_all: bool
    ) -> None:
        self.record, self.max_jobs = record, request.max_jobs
        self._limit = sys.maxsize if keeps_all else LARGEST_KEPT_BYTES
        self._varying = tuple(record.info["varying"])
        self._digest = digest_of_cells([c.source for c in request.source.notebook.code_cells])
        self._source = with_common(request.source, common_parameters(record.jobs, self._varying))
        keep = tuple(record.info["keep"])
        self._options = replace(options, keep=keep, store_results=False, resume=None)
        self._telling = threading.Lock()

    def run(
        self,
        on_job: OnJob | None = None,
        on_shared: Callable[[Sharing, Workflow], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> BatchResult:
        """Run the jobs that haven't ended well yet; returns when all have ended, in whatever way.

        Raises:
            RefusedError, ClusterError: nothing was run.
        """
        from naavre_ext.storage.resumable import hash_seed_of

        clock = time.perf_counter()
        cancel = cancel or threading.Event()
        jobs = self.record.jobs
        first = prepare_notebook(self._source, self.own_parameters(jobs[0]))
        workflow = first.require_workflow()
        digest = self._digest
        ends = {n: e for n, e in self.record.ends(digest).items() if e.status == "ok"}
        waiting = [job for job in jobs if job.number not in ends]
        sharing = sharing_of(first, self._varying, len(jobs)) if waiting else Sharing()
        self._options = placed(self._options, first.notebook)
        with ExitStack() as stack:
            if waiting:
                stack.enter_context(temporarily(hash_seed_of(self.record.shared)))
                executors = self._executors(stack, len(waiting), workflow)
                if on_shared is not None:
                    on_shared(sharing, workflow)
                executors.expect([job.number for job in waiting], workflow)
                shared = self._run_shared(first, sharing, executors, cancel)
                in_groups = jobs_at_once(workflow)
                at_once = self._at_once(max(executors.slots, in_groups))
                # One more makes ready, or writes its notebook, while the others have their turn; but not where a
                # job that has its turn may wait, for a group's worker, for one that hasn't.
                ahead = 0 if in_groups or self._options.executor == "local" else 1
                turns = threading.BoundedSemaphore(at_once)
                crowded = len(waiting) - executors.slots if at_once >= executors.slots else 0
                plans = JobPlans(self.source, self._varying, first)
                one = JobRunner(self, executors, sharing, shared, cancel, turns, plans)
                for job, end in self._run_jobs(
                    waiting, one, at_once + ahead, max(0, crowded), digest, on_job
                ):
                    ends[job.number] = end
        numbers = {step.id: step.cell_number for step in workflow.steps}
        return BatchResult(
            self.record.batch_id,
            jobs,
            tuple(ends[job.number] for job in jobs),
            time.perf_counter() - clock,
            tuple(numbers[step] for step in sharing.steps),
            {numbers[step]: reason for step, reason in sharing.reasons.items()},
        )

    def _executors(self, stack: ExitStack, jobs: int, workflow: Workflow) -> JobExecutors:
        """What runs the jobs, whose claims can be met; else nothing stays of a batch that never began."""
        from naavre_ext.executors.factory import JobExecutors

        try:
            executors = stack.enter_context(JobExecutors(self._options, jobs))
            admit(executors, workflow)
        except NaavreError:
            self.record.forget_unless_begun()
            raise
        return executors

    def _run_jobs(
        self,
        waiting: Sequence[Job],
        one: JobRunner,
        threads: int,
        crowded: int,
        digest: str,
        on_job: OnJob | None,
    ) -> list[tuple[Job, JobEnd]]:
        """All jobs' ends; beside the first ``crowded`` ones there are others enough to keep all workers busy."""
        in_crowd = frozenset(job.number for job in waiting[:crowded])

        def work(job: Job) -> tuple[Job, JobEnd]:
            end = one.run(job, in_crowd=job.number in in_crowd)
            with self._telling:
                if end.status != "not run":
                    self.record.append(end, digest)
                if on_job is not None:
                    on_job(job, end)
            return job, end

        with ThreadPoolExecutor(threads, thread_name_prefix="naavre-job") as pool:
            try:
                return list(pool.map(work, waiting))
            except BaseException:
                one.cancel.set()  # the others don't go on without anybody who waits for them
                raise

    def _at_once(self, slots: int) -> int:
        return 1 if self._options.executor == "local" else max(1, self.max_jobs or slots)

    def run_one(
        self,
        prepared: PreparedNotebook,
        workflow: Workflow,
        executor: Any,
        job: Job,
        results: OpenResults | None,
        cancel: threading.Event,
        turns: threading.BoundedSemaphore,
    ) -> RunResult:
        """One job's run; its values go to its record only."""
        run = Run(self._options, None, cancel)
        run.largest_bytes, run.turn = self._limit, turns
        return run.planned(
            prepared, workflow, executor, job.output, job.parameters, results=results
        )

    def _run_shared(
        self,
        first: PreparedNotebook,
        sharing: Sharing,
        executors: JobExecutors,
        cancel: threading.Event,
    ) -> OpenResults | None:
        """Run what all jobs share; returns where they find it, None where there is nothing to share."""
        part = sharing.part_of(first.require_workflow())
        if not part.steps:
            return None
        return SharedPart(self, first, sharing, part).run(executors, cancel)

    @property
    def options(self) -> RunOptions:
        """The options of each job's run."""
        return self._options

    @property
    def source(self) -> Any:
        """The notebook."""
        return self._source

    def own_parameters(self, job: Job) -> dict[str, Any]:
        """Those of the job's parameters that the source hasn't got already."""
        common = common_parameters(self.record.jobs, self._varying)
        return {name: value for name, value in job.parameters.items() if name not in common}

    @property
    def varying(self) -> tuple[str, ...]:
        """The parameters that differ."""
        return self._varying
