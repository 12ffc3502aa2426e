"""What Ray runs of steps: the actors of main workers and of groups, and tasks for steps anywhere."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import ray

from naavre_ext.executors.checkpoints import is_tidy
from naavre_ext.executors.collecting import collect_live, collect_values
from naavre_ext.executors.observing import portray_namespace
from naavre_ext.executors.packing import Packed
from naavre_ext.executors.ray.batch_pool import RayBatchPool
from naavre_ext.executors.ray.devices import assigned_devices
from naavre_ext.executors.ray.group_calls import Ended, Own, handed_back
from naavre_ext.executors.ray.leave_taking import Place
from naavre_ext.executors.ray.this_process import read_context, ready_worker, send_to, this_worker
from naavre_ext.executors.rehearsal import rehearse
from naavre_ext.executors.reseeding import reseed
from naavre_ext.executors.result_environment import hash_probe
from naavre_ext.executors.tasks import StepTask
from naavre_ext.model.portrait import NamespacePortrait
from naavre_ext.scheduling.claims import NOTHING


def _run_step(
    pickled: bytes, task: StepTask, inputs: Sequence[Packed], devices: Mapping[str, str]
) -> Any:
    context = read_context(pickled)
    with ready_worker(context, task.step.resources, devices) as worker:
        pool = RayBatchPool(context, task.step)
        report, packs = worker.run_step(task, inputs, send_to(context), pool)
    return (report, *packs) if packs else report


def _get_ready() -> None:
    """Have this process's first run find all that it needs."""
    worker = this_worker()
    ray.put(None)  # whereupon Ray loads NumPy and other libraries
    rehearse(worker)


class _MainWorker:
    """Holds a run's live namespace, or a group's live values. It runs one step at a time and is never restarted.

    Ray starts it, and reserves what it claims, once ``_turn`` is there.
    """

    def __init__(self, _turn: Any = None) -> None:
        self._devices = assigned_devices()
        self._ended = Ended()
        _get_ready()

    def ready(self) -> str:
        """The worker's label."""
        return this_worker().label

    def hash_probe(self) -> int:
        """How this process hashes a certain text."""
        return hash_probe()

    def tidy(self) -> bool:
        """Whether another run may begin here; the generators go on from where no other job's do."""
        reseed()
        worker = this_worker()
        if not is_tidy(worker):
            return False
        worker.let_go()
        return True

    def place(self) -> Place:
        """Where the process is."""
        return ray.get_runtime_context().get_node_id(), os.getpid()

    def leave(self) -> bool:
        """Let go of what the run has left; False where more of it waits for the interpreter's own end."""
        worker = this_worker()
        if worker.endings.are_left():
            return False
        worker.let_go()
        return True

    def run_step(self, context: bytes, task: StepTask, _reserved: Any, *inputs: Packed) -> Any:
        """The step's report, then its exports. Ray calls this once what the step claims is reserved."""
        return _run_step(context, task, inputs, self._devices)

    def run_in_group(
        self, context: bytes, task: StepTask, number: int, after: int | None, *inputs: Packed | Own
    ) -> Any:
        """The same of a group's step; handed back unless the call ``after`` came just before, and as foreseen."""
        ended, self._ended = self._ended, Ended()
        if after is not None and ended.number != after:
            return handed_back(task)
        result = _run_step(context, task, ended.inputs(inputs), self._devices)
        report, *packs = result if isinstance(result, tuple) else (result,)
        if report.is_plain:
            self._ended = Ended(number, packs)
        return result

    def enter_ahead(self, context: bytes, after: int | None) -> None:
        """Make the process ready for another run, if the call ``after`` came last, and ended as foreseen.

        None: if there was none, or the last one didn't.
        """
        if self._ended.number == after:
            with ready_worker(read_context(context), NOTHING, self._devices):
                pass

    def collect(
        self, names: Sequence[str] | None, most_bytes: int | None, *, tidies: bool
    ) -> tuple[Mapping[str, Packed], Mapping[str, str], bool]:
        """The values of the notebook's variables; and, where the run is over then, what :meth:`tidy` says."""
        worker = this_worker()
        packed, missing = collect_values(worker.session.namespace, names, most_bytes)
        is_over = worker.context is not None and not worker.context.observe
        return packed, missing, tidies and is_over and self.tidy()

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
def run_anywhere(context: bytes, task: StepTask, *inputs: Packed) -> Any:
    """The step's report, then its exports."""
    return _run_step(context, task, inputs, assigned_devices())


@ray.remote(num_cpus=1)  # type: ignore[untyped-decorator]
def warm_up(hold_s: float) -> int:
    """Make this process ready for its first task. Holding on for a moment spreads the calls over workers."""
    _get_ready()
    time.sleep(hold_s)
    return os.getpid()


@ray.remote(num_cpus=1)  # type: ignore[untyped-decorator]
def enter_run(context: bytes) -> None:
    """Make this process ready for the run's batches, before there are any."""
    with ready_worker(read_context(context), NOTHING, assigned_devices()) as worker:
        worker.threads.find()
