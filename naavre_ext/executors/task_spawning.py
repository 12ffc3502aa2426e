"""Has calls begin ahead of their turn in other workers, when it is worth it and a worker is idle.

While a window's first call runs, the others lie on offer. Another thread looks at them from time to time: the
oldest, which in a recursion is the largest, is sent away once it has lain there for a while, if a slot is idle. A
call that comes to its turn and is still on offer just runs; so does one that was sent and that nobody has begun.
So what is cheap is over before anyone looks, and whoever waits waits for something that runs.

Windows are opened at a few levels only, and a few at a time: below, a function runs as it was written.
"""

from __future__ import annotations

import inspect
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FunctionType
from typing import TYPE_CHECKING, Any

from naavre_ext.executors import task_hook
from naavre_ext.executors.inner_events import told
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.share import quick_switches
from naavre_ext.executors.task_offers import Offered, OpenWindow
from naavre_ext.executors.task_results import CallResults
from naavre_ext.executors.task_sending import CallSender
from naavre_ext.executors.task_slots import OwnTaskSlots, TaskSlots
from naavre_ext.model.workflow import Step
from naavre_ext.scheduling.claims import at_once

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

Tell = Callable[[Mapping[str, Any]], None]

#: A call lies on offer for so long before it is sent: what is over sooner isn't worth it.
_PATIENCE_S = 0.05
_BEAT_S = 0.01
_LONGEST_BEAT_S = 0.05
#: Windows within windows that are opened.
_LEVELS = 8
#: Windows that are opened between two beats: enough for any that matter, too few to cost anything.
_WINDOWS_A_BEAT = 64


class TaskSpawner:
    """The calls of tasks that one worker makes while a step (or a task) runs in it.

    ``level`` counts the tasks around. ``forced`` sends every call at once, to a pool
    that runs it while it is sent. ``results`` is where those that were sent come back.
    """

    def __init__(
        self,
        worker: Worker,
        pool: BatchPool,
        step: Step,
        tell: Tell,
        slots: TaskSlots,
        level: int = 0,
        *,
        forced: bool = False,
    ) -> None:
        assert worker.context is not None
        self.worker, self._step, self._slots, self._forced = worker, step, slots, forced
        self._tasks = worker.context.tasks
        self._sender = CallSender(worker, pool, step, slots, level)
        self.results = CallResults(self._sender, self._tasks, tell)
        self._thread = threading.get_ident()
        self._windows: list[OpenWindow] = []
        self._offers: deque[Offered] = deque()
        self._left = _WINDOWS_A_BEAT
        self._over = threading.Event()
        self._beat: threading.Thread | None = None

    # What the code of windows calls

    def open(self, _place: Any, up: int = 1) -> OpenWindow | task_hook.NoWindow:
        """A window for the statements of the calling frame."""
        if threading.get_ident() != self._thread:
            return task_hook.NO_WINDOW
        window = OpenWindow(self, sys._getframe(up))
        self._windows.append(window)
        self._left -= 1
        if self._left <= 0 or len(self._windows) >= _LEVELS:
            task_hook.show(False)
        return window

    def offer(
        self,
        window: OpenWindow,
        function: Any,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> Offered | None:
        """The call on offer; None where it has to run in its turn."""
        if not isinstance(function, FunctionType):
            return None
        name = function.__name__
        known = self._tasks.get(name)
        namespace = self.worker.session.namespace
        if known is None:
            return None
        if namespace.get(name) is not function or self._sender.gave_up(name):
            return None
        task = known[1]
        if task.resources and self._step.resources:
            return None  # whoever holds a claim must not wait for another one
        is_eager = self._forced or bool(task.resources)
        if task.when is not None:
            if not _holds(task.when, function, args, keywords):
                return None
            is_eager = True
        offered = Offered(window, name, args, keywords, is_eager=is_eager)
        if is_eager and (self._forced or task.resources or self._slots.take()):
            offered.claim()
            self._sender.send(offered, task)
        else:
            self._offers.append(offered)
            if self._beat is None and not self._forced:
                self._beat = threading.Thread(target=self._watch, name="naavre-tasks", daemon=True)
                self._beat.start()
        return offered

    def forget(self, offered: Offered) -> None:
        """The call runs where it stands."""
        with suppress(IndexError):
            if self._offers[-1] is offered:
                self._offers.pop()

    def end(self, window: OpenWindow) -> None:
        """The window's statements are over."""
        while self._windows and self._windows[-1] is not window:
            self._drop(self._windows.pop())
        if self._windows:
            self._drop(self._windows.pop())
        self._show()

    def _drop(self, window: OpenWindow) -> None:
        for offered in window.calls.values():
            if offered.claim():
                self.forget(offered)
            else:
                self.results.abandon(offered)
        window.calls.clear()

    def _show(self) -> None:
        may_open = self._left > 0 and len(self._windows) < _LEVELS and not self._over.is_set()
        task_hook.show(self if may_open else False)

    # Another thread looks what is worth sending

    def _watch(self) -> None:
        pause = _BEAT_S
        while not self._over.wait(pause):
            sent = False
            self._left = _WINDOWS_A_BEAT
            self._show()
            while self._send_oldest():
                sent = True
            pause = _BEAT_S if sent else min(_LONGEST_BEAT_S, pause * 1.2)

    def _send_oldest(self) -> bool:
        """Whether the oldest call on offer was worth sending, and is sent."""
        while self._offers and not self._offers[0].ticket:
            with suppress(IndexError):
                self._offers.popleft()
        try:
            oldest = self._offers[0]
        except IndexError:
            return False
        if not oldest.is_eager and time.perf_counter() - oldest.at < _PATIENCE_S:
            return False
        with quick_switches():
            if not self._slots.take():
                return False
            if not oldest.claim():
                self._slots.give()
                return True
            self._sender.send(oldest, self._tasks[oldest.function][1])
            return True

    # The beginning and the end

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """In the block, windows are opened by this spawner."""
        before = task_hook.shown()
        self._show()
        try:
            yield
        finally:
            self._over.set()
            if self._beat is not None:
                self._beat.join()
            while self._windows:
                self._drop(self._windows.pop())
            task_hook.show(before)


@contextmanager
def spawning(worker: Worker, pool: BatchPool, step: Step, tell: Tell) -> Iterator[None]:
    """In the block, a step's calls of tasks begin in other workers, where some are idle."""
    context = worker.context
    limits = (step.concurrency, None if context is None else context.max_parallelism)
    most = at_once(pool.slots, *limits)
    forced = not pool.is_concurrent and pool.runs_calls
    if most < 2 or not (pool.is_concurrent or forced):
        yield
        return
    slots = OwnTaskSlots(most - 1)
    try:
        with TaskSpawner(worker, pool, step, tell, slots, forced=forced).at_work():
            yield
    finally:
        slots.remove()


@contextmanager
def spawning_in_task(worker: Worker, step: Step, slots: TaskSlots, level: int) -> Iterator[None]:
    """In the block, so do the calls that a task makes, down to as many levels as there are slots."""
    context = worker.context
    most = 0 if context is None else context.slots
    pool = None if worker.batch_pool is None else worker.batch_pool(most)
    alone = context is None or not context.one_machine or not slots.folder.is_dir()
    if pool is None or not pool.is_concurrent or level >= most or alone:
        yield
        return
    with TaskSpawner(worker, pool, step, told, slots, level).at_work():
        yield


def _holds(when: str, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    """Whether the annotation's condition is true for these arguments."""
    try:
        bound = inspect.signature(function).bind(*args, **keywords)
        bound.apply_defaults()
        return bool(eval(when, function.__globals__, dict(bound.arguments)))
    except Exception:  # noqa: BLE001  (a call that fails does so where it stands)
        return False
