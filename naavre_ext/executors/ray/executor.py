"""Runs steps on Ray: one actor holds the notebook's namespace, everything else is tasks."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import ray
from ray.exceptions import RayError, RayTaskError

from naavre_ext.executors.base import Later, group_gone, group_opened
from naavre_ext.executors.packing import Packed
from naavre_ext.executors.ray import workers
from naavre_ext.executors.ray.cluster import ClusterHandle
from naavre_ext.executors.ray.cluster_watch import ClusterWatch
from naavre_ext.executors.ray.deaths import lost_report, not_begun
from naavre_ext.executors.ray.group_workers import GroupWorkers
from naavre_ext.executors.ray.leave_taking import (
    GRACE_S,
    INTERRUPTED_S,
    end_workers,
    interrupt_workers,
    note_place,
)
from naavre_ext.executors.ray.main_workers import MainWorkers
from naavre_ext.executors.ray.run_channel import RunChannel
from naavre_ext.executors.ray.run_groups import RunGroups
from naavre_ext.executors.ray.run_waits import RunWaits
from naavre_ext.executors.ray.spare_workers import start_main, take_main, warm_workers
from naavre_ext.executors.ray.this_process import sendable
from naavre_ext.executors.tasks import RunContext, StepReport, StepTask
from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.model.portrait import NamespacePortrait
from naavre_ext.model.workflow import StepId, Workflow
from naavre_ext.scheduling.claims import ClaimPlan, ray_options

#: How main workers hash a certain text, which no process changes its mind about.
_probes: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
#: So many workers enter a run before its first batches come.
_MOST_READY = 64


class RayExecutor:
    """One run's hold on a cluster. ``handle`` is closed with it.

    The main worker is taken from ``mains`` and handed on to them, where they are given; so are workers of groups,
    in which the ``common`` steps are the same for all jobs. ``leave`` is called when the run's own workers have
    ended, before it lets go of the cluster.
    """

    name = "ray"
    in_order = False

    def __init__(
        self,
        handle: ClusterHandle,
        mains: MainWorkers | None = None,
        groups: GroupWorkers | None = None,
        job: int | None = None,
        common: Collection[StepId] = (),
        leave: Callable[[], None] = lambda: None,
    ) -> None:
        self._leave = leave
        self._handle, self._mains, self._common = handle, mains, frozenset(common)
        self._groups = RunGroups(groups, job, self._its_turn)
        self.slots = handle.slots
        self.shares_files = len({node["NodeManagerHostname"] for node in handle.nodes}) == 1
        self._claims = ClaimPlan()
        self._main: Any = None
        #: Whether the main worker does what nobody wants any more.
        self._is_busy = False
        #: By their reports, the groups of cells that were interrupted; None in the main worker.
        self._interrupted: dict[Any, str | None] = {}
        #: Whether the main worker was found ready for another run, when this one was over.
        self._is_tidy = False
        self._waits = RunWaits(self._groups.wait_for_claims)
        self._happened: queue.SimpleQueue[Any] = queue.SimpleQueue()
        #: Messages of steps that were sent ahead, which come before all that has happened since.
        self._told: deque[Mapping[str, Any]] = deque()
        self._channel = RunChannel(self._happened.put, host=handle.node_ip)
        self._watch = ClusterWatch(handle.is_lost)
        self._context: Any = None
        self._admitted: Workflow | None = None
        self._has_splits = False
        self._running: dict[str, Any] = {}
        #: What was asked last of groups' workers that may be given back before it is there.
        self._leaving: dict[str, Any] = {}

    def admit(self, workflow: Workflow) -> None:
        """Compare what the steps claim with what the cluster's nodes have."""
        if workflow is self._admitted:
            return
        nodes = [node["Resources"] for node in self._handle.nodes]
        self._claims = self._groups.plan(workflow, nodes)
        if self._claims.refused:
            raise RefusedError(self._claims.refused)
        self._has_splits = any(step.splits for step in workflow.steps)
        stained = {s.group for s in workflow.steps if s.group and (s.barrier or s.lasting)}
        self._groups.admit(self._claims, stained)
        self._admitted = workflow

    def begin(self, context: RunContext) -> None:
        """Fix what all workers of the run have to know; a second time, with a fresh main worker."""
        if self._context is not None:
            ray.kill(self._main)
            self._mains = None
            self._groups.spoil()
            self._groups.leave()
        waiting = None if self._mains is None or self._claims.main else self._mains.take()
        claim = self._claims.main
        self._main = waiting or take_main(claim, self._its_turn() if claim else None)
        note_place(self._main)
        self._is_busy = False
        self._waits.begin(self._claims)
        if context.is_parallel:
            self._groups.begin()
            self._waits.for_groups()
        slots = {str(step): count for step, count in self._claims.slots.items()}
        told = replace(context, channel=self._channel.endpoint, step_slots=slots)
        self._context = sendable(told)
        self._groups.calls.begin(self._context)
        if context.is_parallel:
            warm_workers(self._handle)  # cold ones start while the first cells run
            if self._has_splits:
                for _ in range(min(self.slots, _MOST_READY)):
                    workers.enter_run.remote(self._context)

    def start(self, task: StepTask, inputs: Sequence[Any]) -> Sequence[Any]:
        """Hand the step to the main actor or to any worker; returns its exports' references."""
        returns = 1 + task.pack_count
        claim = {} if task.step.splits else task.step.resources  # batches claim for themselves
        if task.placement == "main":
            call = self._main.run_step.options(num_returns=returns)
            refs = call.remote(self._context, task, self._waits.reserve(task.step), *inputs)
        elif task.group is not None:
            started = self._groups.start(self._in_group(task), inputs)
            if started is None:
                return self._not_begun(task)
            refs = started.refs
            self._told.extend(started.told)
        else:
            call = workers.run_anywhere.options(num_returns=returns, **ray_options(claim))
            refs = call.remote(self._context, task, *inputs)
        report, *exports = refs if isinstance(refs, list) else [refs]
        step = str(task.step.id)
        self._running[step] = (report, task.placement, task.group)
        self._waits.sent(task)
        report.future().add_done_callback(lambda future: self._ended(step, report, future))
        return exports

    def _in_group(self, task: StepTask) -> StepTask:
        return replace(task, is_common=task.step.id in self._common)

    def send_ahead(self, task: StepTask, inputs: Sequence[Any], after: str | None) -> None:
        """Put the step into the queue of its group's worker, if it is known which one the run will have."""
        calls, task = self._groups.calls, self._in_group(task)
        if after is not None:
            calls.send_after(task, inputs)
        else:
            calls.send_when_foreseen(task, inputs)

    def expect_end(self, group: str, names: Sequence[str], most_bytes: int | None = None) -> None:
        """The job that waits for the group's worker may send its first step there."""
        self._groups.expect_end(group, names, most_bytes)

    def _not_begun(self, task: StepTask) -> Sequence[Any]:
        """Report the step as lost: with its group's worker, which may be another run's by now."""
        step, ref = str(task.step.id), object()
        self._running[step] = (ref, task.placement, task.group)
        self._happened.put((step, ref, not_begun(step)))
        return [None] * task.pack_count

    def open_group(self, group: str, *, early: bool) -> None:
        """Its worker is started already, or other jobs use it, too, and it comes when it is this one's turn."""
        tell = partial(self._happened.put, group_opened(group))
        gone = partial(self._happened.put, group_gone(group))
        self._groups.open(group, tell, gone, early=early)

    def close_group(self, group: str) -> None:
        """Other jobs may use its worker now."""
        leaving = self._leaving.pop(group, None)
        if leaving is not None and self._groups.ends_with(group):
            ray.wait([leaving])
        self._groups.close(group)

    def end_group(self, group: str) -> None:
        """End its worker, if it lives."""
        self._groups.end(group)

    def expect(self, jobs: Sequence[int]) -> None:
        """These jobs will run the admitted workflow, and share the workers of its groups."""
        self._groups.expect(jobs)

    def _its_turn(self) -> Any:
        """What is there once the main worker may hold what it claims; None where nobody could wait for it."""
        return self._waits.its_turn(self._claims)

    def _ended(self, step: str, report: Any, future: Any) -> None:
        error = future.exception()
        if isinstance(error, RayError) and not isinstance(error, RayTaskError):
            in_group = self._running.get(step, (None, "", None))[2] is not None
            self._happened.put((step, report, lost_report(step, error, in_group=in_group)))
        else:
            outcome = error if error is not None else future.result()
            self._happened.put((step, report, outcome or not_begun(step)))

    def interrupt(self) -> None:
        """Interrupt the cells that run in the main worker and in those of groups."""
        self._interrupted = {
            report: group
            for report, placement, group in self._running.values()
            if (placement == "main" or group is not None) and isinstance(report, ray.ObjectRef)
        }
        groups = self._interrupted.values()
        interrupt_workers([self._groups.worker(g) if g is not None else self._main for g in groups])

    def _await_interrupted(self) -> None:
        """Give the cells that were interrupted a moment for what they do then."""
        reports = [*self._interrupted]
        ended, _ = ray.wait(reports, num_returns=len(reports), timeout=INTERRUPTED_S)
        for group in (self._interrupted[report] for report in ended):
            if group is None:
                self._is_busy = False
            else:
                self._groups.calm(group)

    def drop(self, step: str) -> None:
        """Cancel a task by force; a step in the main worker or a group's just goes on, until that is ended."""
        self._waits.release(step)
        self._waits.over(step)
        self._groups.forget_ahead(step)
        report, placement, group = self._running.pop(step, (None, None, None))
        if placement == "main":
            self._mains, self._is_busy = None, True  # it may go on for long
        elif group is not None:
            self._groups.stain(group)
        elif report is not None:
            ray.cancel(report, force=True)

    def next_report(self, timeout_s: float) -> StepReport | Mapping[str, Any] | None:
        """The next message or report, in the order of arrival.

        Raises:
            ClusterError: the local Ray has died, and nothing can happen any more.
        """
        try:
            happened = self._told.popleft() if self._told else self._happened.get(timeout=timeout_s)
        except queue.Empty:
            self._watch.look()
            text = self._waits.to_tell()
            return {"kind": "waits", "reason": text} if text else None
        if isinstance(happened, Mapping):
            is_kept = self._groups.calls.hear(happened) or self._waits.hear(happened)
            return None if is_kept else happened
        step, ref, outcome = happened
        self._waits.over(step)
        if self._running.get(step, (None,))[0] is not ref:
            return None
        group = self._running.pop(step)[2]
        self._waits.release(step)
        if group is not None and isinstance(outcome, StepReport):
            self._groups.note(group, outcome)
        if isinstance(outcome, BaseException):
            raise outcome
        report: StepReport = outcome
        return report

    def place(self, packed: Packed) -> Any:
        """A reference to the pack in the object store."""
        return ray.put(packed)

    def hash_probe(self) -> int:
        """The main worker's."""
        if self._main not in _probes:  # jobs hand their main workers on
            _probes[self._main] = int(ray.get(self._main.hash_probe.remote()))
        return _probes[self._main]

    def fetch(self, handle: Any) -> Packed:
        """The pack behind a reference."""
        packed: Packed = ray.get(handle)
        return packed

    def collect(
        self, names: Sequence[str] | None, most_bytes: int | None = None
    ) -> tuple[dict[str, Packed], dict[str, str]]:
        """The main worker's values, of which nothing else is wanted then unless the run is observed."""
        ref = self._main.collect.remote(names, most_bytes, tidies=self._mains is not None)
        packed, missing, self._is_tidy = ray.get(ref)
        return dict(packed), dict(missing)

    def collect_live(
        self, group: str, names: Sequence[str], most_bytes: int | None = None
    ) -> Later:
        """The live values of a group's worker, if it still lives: it takes them before what another job wants."""
        ref = self._groups.collect_live(group, names, most_bytes)
        self._leaving[group] = ref

        def collect() -> tuple[dict[str, Packed], dict[str, str]]:
            try:
                packed, missing = ray.get(ref)
            except RayError:
                return {}, dict.fromkeys(names, "the worker of its group is gone")
            return dict(packed), dict(missing)

        return collect

    def portray_live(self, group: str, names: Sequence[str]) -> NamespacePortrait:
        """The live variables of a group's worker."""
        found: NamespacePortrait = ray.get(self._groups.worker(group).portray_live.remote(names))
        return found

    def portray(self, bundles: Sequence[tuple[Sequence[str], Any]]) -> NamespacePortrait:
        """The main worker's variables."""
        names = [names for names, _ in bundles]
        found: NamespacePortrait = ray.get(
            self._main.portray.remote(names, *(handle for _, handle in bundles))
        )
        return found

    def close(self) -> None:
        """End the run's workers and let go of the cluster."""
        try:
            self._end()
            if self._handle.is_shared and self._mains is None:
                start_main()  # for the next run
        finally:
            self._leave()
            self._handle.close()

    def _end(self) -> None:
        self._channel.close()
        for step in list(self._running):
            self.drop(step)
        if self._interrupted:
            self._await_interrupted()
        leaving = self._groups.leave()
        if self._is_busy:
            ray.kill(self._main)
        elif self._main is not None and not self._hand_on():
            leaving.append(self._main)
        end_workers(leaving, INTERRUPTED_S if self._interrupted else GRACE_S)
        self._waits.close()

    def _hand_on(self) -> bool:
        if self._mains is None or self._claims.main:
            return False
        return self._mains.hand_on(self._main, is_tidy=self._is_tidy)
