"""Runs the jobs of a batch, one after the other in each of several threads, and tells how each ended."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from naavre_ext.batching.shared_part import SHARED_JOB
from naavre_ext.job_plans import JobPlans
from naavre_ext.model.diagnostic import NaavreError, RefusedError
from naavre_ext.model.jobs import Job, JobEnd
from naavre_ext.model.run import RunResult
from naavre_ext.model.workflow import Workflow
from naavre_ext.running import OpenResults
from naavre_ext.scheduling.sharing import Sharing, in_main_worker

if TYPE_CHECKING:
    from naavre_ext.batching.batch import Batch
    from naavre_ext.executors.factory import JobExecutors


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Runs one job after the other in each of several threads."""

    batch: Batch
    executors: JobExecutors
    sharing: Sharing
    shared: OpenResults | None
    cancel: threading.Event
    turns: threading.BoundedSemaphore
    plans: JobPlans

    def run(self, job: Job, *, in_crowd: bool) -> JobEnd:
        """How the job ended; ``in_crowd`` says that other jobs keep the other workers busy."""
        if self.cancel.is_set():
            self.executors.leave(job.number)
            return JobEnd(job.number, "not run", reason="the batch was stopped")
        try:
            return self._end(job, self._run(job, in_crowd))
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

    def _run(self, job: Job, in_crowd: bool) -> RunResult:
        prepared, mine = self.plans.of(self.batch.own_parameters(job))
        workflow = prepared.require_workflow()
        results = self.shared if set(self.sharing.steps) <= set(mine.steps) else None
        if in_crowd:
            workflow = in_main_worker(workflow, mine)
        with self.executors.open(
            hands_on=mine.hands_on, job=job.number, common=mine.in_workers
        ) as executor:
            admit_on(executor, workflow)
            return self.batch.run_one(
                prepared, workflow, executor, job, results, self.cancel, self.turns
            )

    def _end(self, job: Job, result: RunResult) -> JobEnd:
        reason = ""
        if result.failure is not None:
            failure = result.failure
            reason = f"cell {failure['cell_number']}: {failure['ename']}: {failure['evalue']}"
        return JobEnd(job.number, result.status, result.run_id, result.duration_s, reason)


def admit(executors: JobExecutors, workflow: Workflow) -> None:
    """Refuse the batch where a claim of its workflow can't be met."""
    with executors.open(hands_on=False, job=SHARED_JOB) as executor:
        admit_on(executor, workflow)


def admit_on(executor: Any, workflow: Workflow) -> None:
    """Refuse the workflow where the executor can't meet a claim of it."""
    from naavre_ext.executors.driver import workflow_on

    executor.admit(workflow_on(executor, workflow))
