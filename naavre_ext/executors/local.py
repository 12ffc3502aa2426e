"""The reference executor: in this process, sequential, without Ray."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from naavre_ext.executors import ambient
from naavre_ext.executors.ambient_shell import follow
from naavre_ext.executors.base import Later, group_opened
from naavre_ext.executors.collecting import collect_live, collect_values
from naavre_ext.executors.observing import portray_namespace
from naavre_ext.executors.packing import Packed
from naavre_ext.executors.result_environment import hash_probe
from naavre_ext.executors.tasks import BatchReport, BatchTask, RunContext, StepReport, StepTask
from naavre_ext.executors.warning_replay import one_registry
from naavre_ext.executors.worker import Worker
from naavre_ext.model.portrait import NamespacePortrait
from naavre_ext.model.workflow import Step, Workflow
from naavre_ext.scheduling.groups import groups_of

#: Which of the waiting steps runs next.
Chooser = Callable[[Sequence[StepTask]], int]


#: Held by the run whose cells have the process: its folder, streams, settings and generators.
_PROCESS = threading.RLock()

_FOREVER = -1.0

#: Whether this is the code of a cell, whose own runs mustn't wait for the cell to end.
_IN_CELL: ContextVar[bool] = ContextVar("_IN_CELL", default=False)


class LocalExecutor:
    """Runs every step in this process; batches and ``any`` steps run on copies, as on Ray.

    All cells share its settings, so a cell mustn't run after a later one that changes some: they run in notebook
    order. ``choose`` picks the next step among those that could run on Ray, so that tests can try other orders.
    With ``sends_calls``, calls of tasks run on copies as well, where they could begin ahead of their turn. Those
    that are ``alone`` wait with their first step until no other run has the process.
    """

    name = "local"
    shares_files = True

    def __init__(
        self,
        *,
        slots: int = 2,
        choose: Chooser | None = None,
        sends_calls: bool = False,
        alone: bool = False,
    ) -> None:
        self.slots = slots
        self._choose = choose
        self._sends_calls = sends_calls
        self._is_open = self._holds_process = False
        self._context: RunContext | None = None
        self._names: tuple[str, ...] = ()
        self._groups: dict[str, Worker] = {}
        #: Sessions that earlier runs' groups have left.
        self._idle: list[Worker] = []
        self._waiting: list[tuple[StepTask, Sequence[list[Any]], list[list[Any]]]] = []
        self._messages: deque[StepReport | Mapping[str, Any]] = deque()
        if not alone or _IN_CELL.get():
            self._open()

    @property
    def in_order(self) -> bool:
        """Whether each step waits for the one before."""
        return self._choose is None

    def _open(self) -> None:
        """Make the sessions, and have the run begin if it has begun."""
        self._before = (os.getcwd(), list(sys.path), ambient.capture(), sys.argv)
        self._main = Worker(isolated=False)
        self._other = Worker(isolated=False)
        batches = Worker(isolated=False)
        self._pool = _LocalPool(batches, self.slots, self._main, runs_calls=self._sends_calls)
        self._is_open = True
        self._open_groups()
        if self._context is not None:
            self.begin(self._context)

    def _has_process(self, timeout_s: float) -> bool:
        """Whether the sessions are there, if need be after a wait for the process."""
        if not self._is_open:
            self._holds_process = _PROCESS.acquire(timeout=timeout_s)
            if self._holds_process:
                self._open()
        return self._is_open

    def admit(self, workflow: Workflow) -> None:
        """Anything goes: one step or batch runs after the other, and nothing is reserved."""
        self._names = tuple(groups_of(workflow))
        if self._is_open:
            self._open_groups()

    def _open_groups(self) -> None:
        self._idle += self._groups.values()
        self._groups.clear()
        for group in self._names:
            self._groups[group] = self._idle.pop() if self._idle else Worker(isolated=False)

    def begin(self, context: RunContext) -> None:
        """All sessions start afresh in the notebook's folder."""
        self._context = context
        if self._is_open:
            for worker in (self._main, self._other, *self._groups.values(), *self._pool.workers()):
                worker.context = None
                worker.enter(context)

    def start(self, task: StepTask, inputs: Sequence[Any]) -> Sequence[Any]:
        """Queue the step; its exports are boxes that fill when it runs."""
        boxes: list[list[Any]] = [[] for _ in range(task.pack_count)]
        self._waiting.append((task, inputs, boxes))
        return boxes

    def send_ahead(self, task: StepTask, inputs: Sequence[Any], after: str | None) -> None:
        """Nothing to gain: one step runs after the other."""

    def expect_end(self, group: str, names: Sequence[str], most_bytes: int | None = None) -> None:
        """Nothing to gain: no other run waits."""

    def interrupt(self) -> None:
        """No cell runs while a run is told something."""

    def drop(self, step: str) -> None:
        """Forget a queued step."""
        self._waiting = [w for w in self._waiting if w[0].step.id != step]

    def open_group(self, group: str, *, early: bool) -> None:
        """Its session is there already."""
        self._messages.append(group_opened(group))

    def close_group(self, group: str) -> None:
        """It stays until the next run."""

    def end_group(self, group: str) -> None:
        """Its session stays as it is: nothing dies here."""

    def next_report(self, timeout_s: float) -> StepReport | Mapping[str, Any] | None:
        """Run one of the queued steps now; its live messages come before its report."""
        if self._messages:
            return self._messages.popleft()
        if not self._waiting or not self._has_process(timeout_s):
            return None
        chosen = 0 if self._choose is None else self._choose([w[0] for w in self._waiting])
        task, inputs, boxes = self._waiting.pop(chosen)
        worker = self._main
        if task.placement == "any":
            worker = self._groups[task.group] if task.group is not None else self._other
            follow(self._main.session.shell, worker.session.shell)
        packs = [box[0] for box in inputs]
        self._pool.cell = worker
        token = _IN_CELL.set(True)
        try:
            report, exports = worker.run_step(task, packs, self._messages.append, self._pool)
        finally:
            _IN_CELL.reset(token)
        for box, packed in zip(boxes, exports, strict=True):
            box.append(packed.detached())
        self._messages.append(report)
        return self._messages.popleft()

    def place(self, packed: Packed) -> list[Any]:
        """A box that holds the pack."""
        return [packed]

    def hash_probe(self) -> int:
        """This process's."""
        return hash_probe()

    def fetch(self, handle: Any) -> Packed:
        """The pack that the box holds."""
        packed: Packed = handle[0]
        return packed

    def collect(
        self, names: Sequence[str] | None, most_bytes: int | None = None
    ) -> tuple[dict[str, Packed], dict[str, str]]:
        """The main session's values."""
        self._has_process(_FOREVER)
        return collect_values(self._main.session.namespace, names, most_bytes)

    def portray(self, bundles: Sequence[tuple[Sequence[str], Any]]) -> NamespacePortrait:
        """The main session's variables."""
        self._has_process(_FOREVER)
        packs = [(names, box[0]) for names, box in bundles]
        return portray_namespace(self._main.session.namespace, packs)

    def collect_live(
        self, group: str, names: Sequence[str], most_bytes: int | None = None
    ) -> Later:
        """The live values of a group's session."""
        found = collect_live(self._groups[group].session.namespace, names, most_bytes)
        return lambda: found

    def portray_live(self, group: str, names: Sequence[str]) -> NamespacePortrait:
        """The live variables of a group's session."""
        return portray_namespace(self._groups[group].session.namespace, (), names)

    def close(self) -> None:
        """End the sessions; put settings, generators, the folder and the import path back."""
        try:
            if self._is_open:
                self._close()
        finally:
            if self._holds_process:
                self._holds_process = False
                _PROCESS.release()

    def _close(self) -> None:
        others = (*self._groups.values(), *self._idle, *self._pool.workers())
        for worker in (self._main, self._other, *others):
            worker.session.close()
        folder, path, settings, argv = self._before
        ambient.restore(settings)
        os.chdir(folder)
        sys.path[:], sys.argv = path, argv


class _LocalPool:
    """Runs each batch when it is submitted, on copies, in a session of its own.

    ``cell`` is the worker whose cell is split.
    """

    is_concurrent = False

    def __init__(self, worker: Worker, slots: int, main: Worker, *, runs_calls: bool) -> None:
        self.worker, self._main, self.cell = worker, main, main
        self.runs_calls = runs_calls
        self.slots = slots
        self._nested: Worker | None = None
        worker.batch_pool = self.nested

    def nested(self, slots: int) -> _LocalPool:
        """A pool for what a batch splits: its batches run in a session of their own again."""
        if self._nested is None:
            self._nested = Worker(isolated=False)
        if self.worker.context is not None:
            self._nested.enter(self.worker.context)
        pool = _LocalPool(self._nested, slots, self._main, runs_calls=False)
        pool.cell = self.worker
        self._nested.batch_pool = None  # two levels are enough for a reference
        return pool

    def workers(self) -> list[Worker]:
        """The pool's own worker and those of batches in batches."""
        return [self.worker, *([] if self._nested is None else [self._nested])]

    def claiming(self, step: Step) -> _LocalPool:
        return self

    def share(self, packed: Packed) -> Packed:
        return packed.detached()

    def fetch(self, shared: Packed) -> Packed:
        return shared

    def submit(self, task: BatchTask, shared: Packed, items: Packed) -> Any:
        handle = None
        session = self.worker.session
        follow(self._main.session.shell, session.shell)
        self.worker.beside = self.cell.session.namespace
        with one_registry(self.cell.session.namespace, session):
            for done in reversed(self.worker.run_batch(task, shared, items.detached())):
                handle = _Done(*done, handle)
        return handle

    def wait(self, handles: Sequence[Any]) -> Any:
        return handles[0]

    def report(self, handle: Any) -> BatchReport:
        report: BatchReport = handle.report
        return report

    def result(self, handle: Any) -> Packed:
        packed: Packed = handle.packed
        return packed

    def following(self, handle: Any) -> Any:
        return handle.following

    def cancel(self, handles: Sequence[Any]) -> None:
        """Nothing runs in the background."""


class _Done:
    def __init__(self, report: BatchReport, packed: Packed, following: _Done | None) -> None:
        self.report, self.packed, self.following = report, packed.detached(), following
