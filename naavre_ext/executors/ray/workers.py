"""The Ray side of workers: the main worker's actor, and tasks for steps and batches."""

from __future__ import annotations

import math
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from naavre_ext.executors.checkpoints import is_tidy
from naavre_ext.executors.collecting import collect_live, collect_values
from naavre_ext.executors.observing import portray_namespace
from naavre_ext.executors.packing import Packed
from naavre_ext.executors.pool import ResultLost
from naavre_ext.executors.ray.channel import ChannelEndpoint, ChannelSender
from naavre_ext.executors.ray.deaths import cause_of_death
from naavre_ext.executors.ray.devices import assigned_devices
from naavre_ext.executors.ray.ray_internals import logs_folder
from naavre_ext.executors.ray.timed_batches import Deadline, first_in_time
from naavre_ext.executors.reseeding import reseed
from naavre_ext.executors.result_environment import hash_probe
from naavre_ext.executors.tasks import (
    BatchReport,
    BatchTask,
    ErrorReport,
    RunContext,
    Stage,
    StepReport,
    StepTask,
)
from naavre_ext.executors.worker import Worker
from naavre_ext.model.portrait import NamespacePortrait
from naavre_ext.model.workflow import Split, Step
from naavre_ext.scheduling.claims import NOTHING, Claim, ray_options

#: Larger results stay in the object store, which may move them to disk, until it's their turn to be merged.
_SMALL_BYTES = 2**20

#: What is smaller goes to a worker with its task: the object store takes longer.
_INLINE_BYTES = 2**15

#: A batch asks for the cluster's idle CPUs again after this time.
_IDLE_KNOWN_S = 0.5

_worker: Worker | None = None
_sender: tuple[ChannelEndpoint, ChannelSender] | None = None


#: The variable that Ray sets before each task where it isn't set, and what the last task left there.
_THREADS = "OMP_NUM_THREADS"
_threads_left: str | None = None


def this_worker(num_cpus: float = 1) -> Worker:
    """The one Worker of this process: notebook functions keep its namespace as their globals for ever."""
    global _worker
    if _worker is None:
        # Ray limits BLAS to the claim's CPUs; what a cell imports gets what the notebook's kernel would have.
        if "numpy" not in sys.modules and os.environ.get(_THREADS) == str(max(1, int(num_cpus))):
            del os.environ[_THREADS]
        _worker = Worker(isolated=True, capture_fds=True)
    elif _threads_left is None:
        os.environ.pop(_THREADS, None)
    return _worker


@contextmanager
def _ready_worker(
    context: RunContext, claim: Claim, devices: Mapping[str, str]
) -> Iterator[Worker]:
    """This process's Worker, made ready for a task with this claim."""
    global _threads_left
    worker = this_worker(claim.get("num_cpus", 1))
    worker.give_devices(devices)
    worker.enter(context)
    try:
        yield worker
    finally:
        _threads_left = os.environ.get(_THREADS)


def _send_to(context: RunContext) -> Any:
    """What sends live messages to the run's driver."""
    global _sender
    if context.channel is None:
        return lambda message: None
    if _sender is None or _sender[0] != context.channel:
        if _sender is not None:
            _sender[1].close(wait=False)  # that run is over, or goes on without this worker
        _sender = (context.channel, ChannelSender(context.channel))
    return _sender[1].send


def _run_step(
    context: RunContext, task: StepTask, inputs: Sequence[Packed], devices: Mapping[str, str]
) -> Any:
    with _ready_worker(context, task.step.resources, devices) as worker:
        pool = RayBatchPool(context, task.step)
        report, packs = worker.run_step(task, inputs, _send_to(context), pool)
    return (report, *packs) if packs else report


class _MainWorker:
    """Holds a run's live namespace, or a group's live values. It runs one step at a time and is never restarted.

    Ray starts it, and reserves what it claims, once ``_turn`` is there.
    """

    def __init__(self, _turn: Any = None) -> None:
        self._devices = assigned_devices()
        this_worker()

    def ready(self) -> str:
        """The worker's label."""
        return this_worker().label

    def hash_probe(self) -> int:
        """How this process hashes a certain text."""
        return hash_probe()

    def tidy(self) -> bool:
        """Whether another run may begin here; the generators go on from where no other job's do."""
        reseed()
        return is_tidy(this_worker())

    def run_step(self, context: RunContext, task: StepTask, _reserved: Any, *inputs: Packed) -> Any:
        """The step's report, then its exports. Ray calls this once what the step claims is reserved."""
        return _run_step(context, task, inputs, self._devices)

    def collect(
        self, names: Sequence[str] | None, most_bytes: int | None
    ) -> tuple[Mapping[str, Packed], Mapping[str, str]]:
        """The values of the notebook's variables."""
        return collect_values(this_worker().session.namespace, names, most_bytes)

    def collect_live(
        self, names: Sequence[str], most_bytes: int | None
    ) -> tuple[Mapping[str, Packed], Mapping[str, str]]:
        """The values of the user's variables among these."""
        return collect_live(this_worker().session.namespace, names, most_bytes)

    def portray_live(self, names: Sequence[str]) -> NamespacePortrait:
        """The user's variables among these."""
        return portray_namespace(this_worker().session.namespace, (), names)

    def portray(self, names: Sequence[Sequence[str]], *packs: Packed) -> NamespacePortrait:
        """The notebook's variables, with those in the packs."""
        bundles = zip(names, packs, strict=True)
        return portray_namespace(this_worker().session.namespace, bundles)


MainWorker: Any = ray.remote(num_cpus=0)(_MainWorker)


@ray.remote(num_cpus=1)  # type: ignore[untyped-decorator]
def run_anywhere(context: RunContext, task: StepTask, *inputs: Packed) -> Any:
    """The step's report, then its exports."""
    return _run_step(context, task, inputs, assigned_devices())


_Plan = tuple[RunContext, Step, Split, Sequence[tuple[Step, Split, int]]]
_Place = tuple[int, int, int, bool, float | None, int, bool]
_last_plan: tuple[bytes, _Plan] | None = None


def _read_plan(pickled: bytes) -> _Plan:
    """The plan, which most often is that of the batch before."""
    global _last_plan
    if _last_plan is None or _last_plan[0] != pickled:
        _last_plan = pickled, ray.cloudpickle.loads(pickled)
    return _last_plan[1]


# Deaths are for the one who sent the batch to count: Ray would try again without a word.
@ray.remote(num_cpus=1, max_retries=0)  # type: ignore[untyped-decorator]
def run_batch(
    plan: bytes, place: _Place, shared: Packed, items: Packed, *then_shared: Packed
) -> Any:
    """A batch's report and its recorded operations, then those of the loops that go on with it.

    ``place`` are the batch's own fields of its task.
    """
    return _run_batch(plan, place, shared, items, *then_shared)


@ray.remote(num_cpus=1, max_retries=0, num_returns="streaming")  # type: ignore[untyped-decorator]
def run_timed_batch(
    plan: bytes, place: _Place, shared: Packed, items: Packed
) -> Iterator[tuple[BatchReport, Packed] | None]:
    """None as soon as the batch begins, then what :func:`run_batch` gives."""
    yield None
    yield _run_batch(plan, place, shared, items)


def _run_batch(
    plan: bytes, place: _Place, shared: Packed, items: Packed, *then_shared: Packed
) -> Any:
    context, step, split, links = _read_plan(plan)
    then = tuple(Stage(*link, given) for link, given in zip(links, then_shared, strict=True))
    with _ready_worker(context, step.resources, assigned_devices()) as worker:
        worker.batch_pool = lambda most: RayBatchPool(context, step, most)
        done = worker.run_batch(
            BatchTask(step, split, *place[:-2], then, *place[-2:]), shared, items
        )
    return done if then else done[0]


@ray.remote(num_cpus=1)  # type: ignore[untyped-decorator]
def warm_up(hold_s: float) -> int:
    """Make this process ready for its first task. Holding on for a moment spreads the calls over workers."""
    this_worker()
    time.sleep(hold_s)
    return os.getpid()


@ray.remote(num_cpus=1)  # type: ignore[untyped-decorator]
def enter_run(context: RunContext) -> None:
    """Make this process ready for the run's batches, before there are any."""
    with _ready_worker(context, NOTHING, assigned_devices()) as worker:
        worker.threads.find()


@dataclass(eq=False)
class _Handle:
    """A batch under way; ``packed`` is there once it is reported, unless it is large.

    ``ended`` is what it gave, between the wait for it and the report.
    """

    task: BatchTask
    ref: Any
    ended: tuple[BatchReport, Packed] | None = None
    packed: Packed | None = None
    following: _Handle | None = None
    deadline: Deadline | None = None


class RayBatchPool:
    """Sends batches as Ray tasks from the worker that runs the cell: values never pass the driver.

    What all batches of a split need is put into the object store once, so that a batch costs little more than a
    bare task. A batch has a pool of its own for the loops in functions that it comes to: for ``most`` batches
    at once.
    """

    is_concurrent = True
    runs_calls = True

    def __init__(self, context: RunContext, step: Step, most: int | None = None) -> None:
        self._slots = context.step_slots.get(step.id, context.slots)
        self._most = most
        self._asked_at = -math.inf
        self._idle = 0
        self._context = context
        self._plans: dict[tuple[str, Split, int], Any] = {}
        call = run_batch if step.timeout_s is None else run_timed_batch
        self._run_batch = call.options(**ray_options(step.resources))
        self._done: deque[_Handle] = deque()

    @property
    def slots(self) -> int:
        """How many batches can run at once.

        In a batch it is what the batch may use, as far as it is idle: its own slot is free while it waits.
        """
        if self._most is None:
            return self._slots
        if time.monotonic() - self._asked_at > _IDLE_KNOWN_S:
            self._asked_at = time.monotonic()
            self._idle = int(ray.available_resources().get("CPU", 0))
        return max(1, min(self._most, 1 + self._idle))

    def claiming(self, step: Step) -> RayBatchPool:
        """A pool of its own, whose batches claim what the step says."""
        return RayBatchPool(self._context, step, self._most)

    def share(self, packed: Packed) -> Any:
        """Values that all batches get: in the object store, unless they are small."""
        small = packed.nbytes <= _INLINE_BYTES
        return packed.detached() if small else ray.put(packed)

    def fetch(self, shared: Any) -> Packed:
        """The values that were shared."""
        packed: Packed = shared if isinstance(shared, Packed) else ray.get(shared)
        return packed

    def submit(self, task: BatchTask, shared: Any, items: Packed) -> _Handle:
        """Start a batch."""
        key = (str(task.step.id), task.split, len(task.then))
        plan = self._plans.get(key)
        if plan is None:
            links = tuple((stage.step, stage.split, stage.source) for stage in task.then)
            pickled = ray.cloudpickle.dumps((self._context, task.step, task.split, links))
            small = len(pickled) <= _INLINE_BYTES
            plan = self._plans[key] = pickled if small else ray.put(pickled)
        place = (
            task.batch,
            task.start,
            task.stop,
            task.is_last,
            task.limit_s,
            task.slots,
            task.is_kept,
        )
        if not task.then:
            ref = self._run_batch.remote(plan, place, shared, items)
            limit_s = task.step.timeout_s
            return _Handle(task, ref, deadline=Deadline(ref, limit_s) if limit_s else None)
        claim = ray_options(task.step.resources)
        call = run_batch.options(num_returns=1 + len(task.then), **claim)
        refs = call.remote(plan, place, shared, items, *(stage.shared for stage in task.then))
        handle = None
        for ref in reversed(refs):
            handle = _Handle(task, ref, following=handle)
        assert handle is not None
        return handle

    def wait(self, handles: Sequence[_Handle]) -> _Handle:
        """One of the handles that is done."""
        wanted = {handle.ref: handle for handle in handles}
        while self._done:
            handle = self._done.popleft()
            if handle.ref in wanted:
                return handle
        timed = [handle for handle in handles if handle.deadline is not None]
        if timed:
            return first_in_time(timed)
        done, others = ray.wait(list(wanted), num_returns=1)
        if others:  # take along what has ended meanwhile: each wait costs a round trip
            done += ray.wait(others, num_returns=len(others), timeout=0)[0]
        first, *rest = [wanted[ref] for ref in done]
        self._done.extend(rest)
        if rest:
            _get_together([first, *rest])
        return first

    def report(self, handle: _Handle) -> BatchReport:
        """The batch's report; one that says so when its worker died or was stopped."""
        number, deadline = handle.task.batch, handle.deadline
        if deadline is not None and deadline.is_overdue:
            return BatchReport(number, 0.0, 0.0, "", error=ErrorReport("", ""), overdue=True)
        try:
            report: BatchReport
            ended, handle.ended = handle.ended, None
            report, packed = ended or ray.get(deadline.result if deadline else handle.ref)
            if packed.nbytes <= _SMALL_BYTES:
                handle.packed = packed
        except RayTaskError:
            raise
        except RayError as error:
            cause = ErrorReport("WorkerLost", cause_of_death(error))
            return BatchReport(number, 0.0, 0.0, "", error=cause, lost=True)
        return report

    def result(self, handle: _Handle) -> Packed:
        """The batch's pack: a window on the object store."""
        if handle.packed is not None:
            return handle.packed
        try:
            packed: Packed = ray.get(handle.deadline.result if handle.deadline else handle.ref)[1]
        except RayError as error:
            raise ResultLost(cause_of_death(error)) from None
        return packed

    def following(self, handle: _Handle) -> _Handle | None:
        """The batch that went on with this one's elements, in the same task."""
        return handle.following

    def cancel(self, handles: Sequence[_Handle]) -> None:
        """Stop the batches, by force: Ray can't interrupt C code or sleep otherwise."""
        for handle in handles:
            ray.cancel(handle.ref, force=True)


def _get_together(handles: Sequence[_Handle]) -> None:
    """Get what batches gave in one go, if it is there; where one's worker died each is got by itself."""
    with suppress(RayError):
        for handle, ended in zip(handles, ray.get([h.ref for h in handles]), strict=True):
            handle.ended = ended


def lost_worker(error: BaseException) -> tuple[str, str, tuple[str, ...]]:
    """Name, text and traceback for a worker that died."""
    text = (
        f"a worker process died while running this cell ({cause_of_death(error, logs_folder())}). "
        "Memory may have run out, or a library crashed."
    )
    return "WorkerLost", text, (f"WorkerLost: {text}",)


def lost_report(step: str, error: BaseException, *, in_group: bool) -> StepReport:
    """The report of a step whose worker died."""
    cause = ErrorReport(*lost_worker(error))
    return StepReport(step, "error", 0.0, 0.0, "", error=cause, lost=in_group)
