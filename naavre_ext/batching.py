"""Many jobs of one notebook: what doesn't depend on the differing parameters runs once, the rest for each job."""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.environment import temporarily
from naavre_ext.job_plans import JobPlans, sharing_of
from naavre_ext.model.diagnostic import NaavreError, RefusedError
from naavre_ext.model.event import RunEvent
from naavre_ext.model.jobs import BatchResult, Job, JobEnd, Row
from naavre_ext.model.run import RunOptions, RunResult
from naavre_ext.model.workflow import Workflow
from naavre_ext.planning.job_tables import (
    BATCH,
    COLLISION,
    check_rows,
    output_paths,
    refused,
    varying_names,
)
from naavre_ext.planning.parameters import find_parameters
from naavre_ext.preparing import PLANNING, PreparedNotebook, prepare_notebook
from naavre_ext.running import OpenResults, Run, placed
from naavre_ext.scheduling.groups import jobs_at_once
from naavre_ext.scheduling.sharing import Sharing, in_main_worker
from naavre_ext.storage.batch_store import (
    BatchRecord,
    create_batch,
    digest_of_cells,
    find_batch,
)
from naavre_ext.storage.common_parameters import with_common

if TYPE_CHECKING:
    from naavre_ext.executors.factory import JobExecutors

OnJob = Callable[[Job, JobEnd], None]

#: Of the variables that differ by job, those up to this size are kept unless others are asked for.
LARGEST_KEPT_BYTES = 1 << 20
_SHARED_RUN = "shared.json"
#: The number, before those of all jobs, of the run of what they share.
_FIRST = 0


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


def begin_batch(request: BatchRequest, options: RunOptions) -> Batch:
    """A new batch, whose rows have all been checked.

    Raises:
        RefusedError: with everything that is wrong; nothing was run.
    """
    from naavre_ext.storage.notebook_file import read_notebook

    file = read_notebook(request.source)
    notebook = file.notebook
    paths: Sequence[str | None] = [None] * len(request.rows)
    with PLANNING:
        check_rows(notebook, request.rows)
        if request.output is not None:
            paths = output_paths(request.output, request.rows, find_parameters(notebook))
    jobs = tuple(
        Job(number, dict(row.values), path)
        for number, (row, path) in enumerate(zip(request.rows, paths, strict=True), start=1)
    )
    _make_folders(jobs, notebook.path)
    varying = varying_names([row.values for row in request.rows])
    common = _common(jobs, varying)
    own = {name: value for name, value in jobs[0].parameters.items() if name not in common}
    first = prepare_notebook(with_common(file, common), own)
    sharing = sharing_of(first, varying, len(jobs))
    keep = _kept(first.require_workflow(), sharing, request.keep)
    record = create_batch(
        _root(options, notebook.path), notebook=notebook.path, jobs=jobs, varying=varying, keep=keep,
        keeps_all=request.keep is not None,
    )  # fmt: skip
    return Batch(replace(request, source=file), record, options, request.keep is not None)


def resume_batch(
    batch_id: str, options: RunOptions, source: Any = None, max_jobs: int | None = None
) -> Batch:
    """An earlier batch, to go on with the jobs that didn't end well.

    Raises:
        RefusedError: there is none, or its notebook is no file.
    """
    from naavre_ext.storage.notebook_file import read_notebook

    record = find_batch(_root(options, source), batch_id)
    source = source or record.info["notebook"]
    if source is None:
        raise refused(BATCH, f"Batch {record.batch_id} was no file's.", "Name the notebook.")
    file = read_notebook(source)
    return Batch(
        BatchRequest(file, (), max_jobs=max_jobs), record, options, record.info["keeps_all"]
    )


class Batch:
    """A batch, ready to run. ``record`` is its record on disk."""

    def __init__(
        self, request: BatchRequest, record: BatchRecord, options: RunOptions, keeps_all: bool
    ) -> None:
        self.record, self.max_jobs = record, request.max_jobs
        self._limit = sys.maxsize if keeps_all else LARGEST_KEPT_BYTES
        self._varying = tuple(record.info["varying"])
        self._digest = digest_of_cells([c.source for c in request.source.notebook.code_cells])
        self._source = with_common(request.source, _common(record.jobs, self._varying))
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
                one = _JobRunner(self, executors, sharing, shared, cancel, turns, plans)
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
            _admit(executors, workflow)
        except NaavreError:
            self.record.forget_unless_begun()
            raise
        return executors

    def _run_jobs(
        self,
        waiting: Sequence[Job],
        one: _JobRunner,
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
        return _SharedPart(self, first, sharing, part).run(executors, cancel)

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
        common = _common(self.record.jobs, self._varying)
        return {name: value for name, value in job.parameters.items() if name not in common}

    @property
    def varying(self) -> tuple[str, ...]:
        """The parameters that differ."""
        return self._varying


class _SharedPart:
    """The steps that run once for all jobs, in a run of their own."""

    def __init__(
        self, batch: Batch, prepared: PreparedNotebook, sharing: Sharing, part: Workflow
    ) -> None:
        from naavre_ext.executors.result_environment import environment_key
        from naavre_ext.executors.tasks import ResultPlace

        self.batch, self.prepared, self.sharing, self.part = batch, prepared, sharing, part
        options = batch.options
        basis = environment_key(options.cwd, options.environment, (s.source for s in part.steps))
        self.folder = batch.record.shared
        self.place = ResultPlace(str(self.folder), basis)

    def run(self, executors: JobExecutors, cancel: threading.Event) -> OpenResults:
        """Run them, or take them over from the batch's first attempt; returns where each job finds them."""
        from naavre_ext.executors.reseeding import GENERATORS
        from naavre_ext.executors.resuming import EarlierRun, Results
        from naavre_ext.storage.resumable import fold_outcomes

        in_main = [step.id for step in self.part.steps if step.placement == "main"]
        wanted = frozenset(
            s.id for s in self.part.steps if s.placement == "any" or s.id in in_main[-1:]
        )
        earlier, told = self._earlier(), list[RunEvent]()
        batch = self.batch
        run = Run(replace(batch.options, keep=()), told.append, cancel)
        parameters = _common(batch.record.jobs, batch.varying)
        place = replace(self.place, has_earlier=earlier is not None)
        with executors.open(hands_on=self.sharing.hands_on, job=_FIRST) as executor:
            result = run.planned(
                self.prepared, self.part, executor, None, parameters,
                results=lambda workflow: Results(workflow, place, earlier, wanted=wanted),
            )  # fmt: skip
        (self.folder / _SHARED_RUN).write_text(json.dumps({"run_id": result.run_id}))
        reseed = tuple(name for name in GENERATORS if name not in self.sharing.seeded)
        known = EarlierRun(result.run_id, fold_outcomes(told), reseed)
        placed: dict[Path, list[Any]] = {}

        def open_results(workflow: Workflow) -> Results | None:
            part = self.sharing.part_of(workflow)
            if part.steps != self.part.steps or set(part.edges) != set(self.part.edges):
                return None
            return Results(workflow, self.place, known, part=part, stores=False, placed=placed)

        return open_results

    def _earlier(self) -> Any:
        """What the batch's first attempt has stored, where it did."""
        from naavre_ext.executors.resuming import EarlierRun
        from naavre_ext.storage.resumable import outcomes
        from naavre_ext.storage.run_store import RunStore

        try:
            run_id = json.loads((self.folder / _SHARED_RUN).read_bytes())["run_id"]
            root = self.batch.record.path.parent.parent
            return EarlierRun(run_id, outcomes(RunStore(root).open(run_id)))
        except (OSError, ValueError, KeyError, NaavreError):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            return None


@dataclass(frozen=True, slots=True)
class _JobRunner:
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
            _admit_on(executor, workflow)
            return self.batch.run_one(
                prepared, workflow, executor, job, results, self.cancel, self.turns
            )

    def _end(self, job: Job, result: RunResult) -> JobEnd:
        reason = ""
        if result.failure is not None:
            failure = result.failure
            reason = f"cell {failure['cell_number']}: {failure['ename']}: {failure['evalue']}"
        return JobEnd(job.number, result.status, result.run_id, result.duration_s, reason)


def _common(jobs: Sequence[Job], varying: Sequence[str]) -> dict[str, Any]:
    """The parameters that are the same for all jobs, where others differ."""
    return {n: v for n, v in jobs[0].parameters.items() if varying and n not in varying}


def _kept(workflow: Workflow, sharing: Sharing, keep: tuple[str, ...] | None) -> tuple[str, ...]:
    """The names of the variables that each job keeps."""
    written = dict.fromkeys(name for step in workflow.steps for name in step.writes)
    if keep is None:
        shared = frozenset(sharing.steps)
        own = (s for s in workflow.steps if s.id not in shared)
        return tuple(dict.fromkeys(n for s in own for n in s.writes if not n.startswith("_")))
    unknown = [name for name in keep if name not in written]
    if unknown:
        raise refused(BATCH, f"No cell sets '{unknown[0]}', which --keep names.", "")
    return keep


def _admit(executors: JobExecutors, workflow: Workflow) -> None:
    with executors.open(hands_on=False, job=_FIRST) as executor:
        _admit_on(executor, workflow)


def _admit_on(executor: Any, workflow: Workflow) -> None:
    from naavre_ext.executors.driver import workflow_on

    executor.admit(workflow_on(executor, workflow))


def _make_folders(jobs: Sequence[Job], notebook: str | None) -> None:
    from naavre_ext.storage.notebook_file import check_writable

    folders: dict[Path, str] = {}
    for job in jobs:
        if job.output is not None:
            if notebook is not None and Path(job.output).resolve() == Path(notebook).resolve():
                raise refused(COLLISION, f"Job {job.number} would be written over the notebook itself.",
                              "Put {job} into -o.")  # fmt: skip
            folders.setdefault(Path(job.output).parent, job.output)
    for folder, output in folders.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(BATCH, f"'{folder}' can't be made: {error.strerror}.", "") from None
        check_writable(output)


def _root(options: RunOptions, notebook: Any) -> Path:
    from naavre_ext.storage.run_store import RunStore

    read = getattr(getattr(notebook, "notebook", None), "path", None)
    path = notebook if isinstance(notebook, (str, Path)) else read
    return (RunStore(options.store) if options.store else RunStore.beside(path)).root


def batch_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Rows given in Python."""
    return tuple(Row(f"row {number}", dict(row)) for number, row in enumerate(rows, start=1))
