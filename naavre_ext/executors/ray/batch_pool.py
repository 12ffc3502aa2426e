"""Batches as Ray tasks: how a worker sends them, and what Ray runs for them in others."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import RayError, RayTaskError

from naavre_ext.executors.packing import Packed
from naavre_ext.executors.pool import ResultLost
from naavre_ext.executors.ray.claim_waits import asks, has
from naavre_ext.executors.ray.deaths import cause_of_death
from naavre_ext.executors.ray.devices import assigned_devices
from naavre_ext.executors.ray.this_process import (
    INLINE_BYTES,
    ready_worker,
    send_to,
    stored_if_large,
)
from naavre_ext.executors.ray.timed_batches import Deadline, first_in_time
from naavre_ext.executors.tasks import BatchReport, BatchTask, ErrorReport, RunContext, Stage
from naavre_ext.model.workflow import Split, Step
from naavre_ext.scheduling.claims import ray_options

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: Larger results stay in the object store, which may move them to disk, until it's their turn to be merged.
_SMALL_BYTES = 2**20

#: Batches that are to be stopped may end by themselves within this time.
_NEARLY_OVER_S = 0.05

#: A batch asks for the cluster's idle CPUs again after this time.
_IDLE_KNOWN_S = 0.5


_Plan = tuple[RunContext, Step, Split, Sequence[tuple[Step, Split, int]]]
_Place = tuple[int, int, int, bool, float | None, int, bool, str, bool]


@lru_cache(maxsize=1)  # most often it is that of the batch before
def _read_plan(pickled: bytes) -> _Plan:
    plan: _Plan = ray.cloudpickle.loads(pickled)
    return plan


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
    """None as soon as the batch begins, in a process that is ready for it, then what :func:`run_batch` gives."""
    context, step, split, _ = _read_plan(plan)
    with _worker_for(context, step) as worker:
        yield None
        yield worker.run_batch(BatchTask(step, split, *place[:5], (), *place[5:]), shared, items)[0]


def _run_batch(
    plan: bytes, place: _Place, shared: Packed, items: Packed, *then_shared: Packed
) -> Any:
    context, step, split, links = _read_plan(plan)
    then = tuple(Stage(*link, given) for link, given in zip(links, then_shared, strict=True))
    with _worker_for(context, step) as worker:
        done = worker.run_batch(BatchTask(step, split, *place[:5], then, *place[5:]), shared, items)
    return done if then else done[0]


@contextmanager
def _worker_for(context: RunContext, step: Step) -> Iterator[Worker]:
    """This process's worker, which has entered the run."""
    if step.resources:
        send_to(context)(has(step))
    with ready_worker(context, step.resources, assigned_devices()) as worker:
        worker.batch_pool = lambda most: RayBatchPool(context, step, most)
        yield worker


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
        self._step = step
        self._done: deque[_Handle] = deque()
        self._has_asked = False

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

    @cached_property
    def _call(self) -> Any:
        call = run_batch if self._step.timeout_s is None else run_timed_batch
        return call.options(**ray_options(self._step.resources))

    def claiming(self, step: Step) -> RayBatchPool:
        """A pool of its own, whose batches claim what the step says."""
        return RayBatchPool(self._context, step, self._most)

    def share(self, packed: Packed) -> Any:
        """Values that all batches get: in the object store, unless they are small."""
        small = packed.nbytes <= INLINE_BYTES
        return packed.detached() if small else ray.put(packed)

    def fetch(self, shared: Any) -> Packed:
        """The values that were shared."""
        packed: Packed = shared if isinstance(shared, Packed) else ray.get(shared)
        return packed

    def submit(self, task: BatchTask, shared: Any, items: Packed) -> _Handle:
        """Start a batch."""
        if self._step.resources and not self._has_asked:
            self._has_asked = True
            send_to(self._context)(asks(self._step))
        key = (str(task.step.id), task.split, len(task.then))
        plan = self._plans.get(key)
        if plan is None:
            links = tuple((stage.step, stage.split, stage.source) for stage in task.then)
            pickled = ray.cloudpickle.dumps((self._context, task.step, task.split, links))
            plan = self._plans[key] = stored_if_large(pickled)
        place = (
            task.batch,
            task.start,
            task.stop,
            task.is_last,
            task.limit_s,
            task.slots,
            task.is_kept,
            task.background,
            task.sends_back,
        )
        if not task.then:
            ref = self._call.remote(plan, place, shared, items)
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
        # The process that has sent a task may crash when that ends while it is cancelled (ray-project/ray#54527):
        # those that are nearly over may end by themselves.
        timed = [handle.ref for handle in handles if handle.deadline is not None]
        left = [*dict.fromkeys(handle.ref for handle in handles if handle.deadline is None)]
        if left:
            _, left = ray.wait(
                left, num_returns=len(left), timeout=_NEARLY_OVER_S, fetch_local=False
            )
        for ref in (*timed, *left):
            ray.cancel(ref, force=True)


def _get_together(handles: Sequence[_Handle]) -> None:
    """Get what batches gave in one go, if it is there; where one's worker died each is got by itself."""
    with suppress(RayError):
        for handle, ended in zip(handles, ray.get([h.ref for h in handles]), strict=True):
            handle.ended = ended
