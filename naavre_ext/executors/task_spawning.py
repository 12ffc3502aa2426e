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
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from naavre_ext.executors import task_hook
from naavre_ext.executors.guarding import PlainContainers, can_change, changed_since
from naavre_ext.executors.inner_events import told
from naavre_ext.executors.origins import finder
from naavre_ext.executors.packing import (
    Packed,
    PackingError,
    is_immutable,
    pack,
    shares_objects,
    unpack,
)
from naavre_ext.executors.pool import BatchPool, ResultLost
from naavre_ext.executors.task_calls import CallPlace, CallRaised, Item, arguments_of, call_split
from naavre_ext.executors.task_slots import OwnTaskSlots, TaskSlots
from naavre_ext.executors.tasks import KEEPS, SETTINGS, TOKEN, BatchReport, BatchTask
from naavre_ext.model.workflow import Step, TaskFunction
from naavre_ext.scheduling.claims import at_once

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

Tell = Callable[[Mapping[str, Any]], None]

#: A call lies on offer for so long before it is sent: what is over sooner isn't worth it.
_PATIENCE_S = 0.05
_BEAT_S = 0.01
_LONGEST_BEAT_S = 0.05
#: What the notebook knows by name only.
_NAMED = (FunctionType, ModuleType, type)
#: Windows within windows that are opened.
_LEVELS = 8
#: Windows that are opened between two beats: enough for any that matter, too few to cost anything.
_WINDOWS_A_BEAT = 64
#: A task is no task any more in this process once so many of its results couldn't be used.
_FAILURES = 2


class Offered:
    """A call on offer. ``ticket`` has one entry, for whoever runs or sends the call."""

    __slots__ = ("args", "at", "function", "is_eager", "keywords", "sent", "ticket", "window")

    def __init__(
        self,
        window: OpenWindow,
        function: str,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        *,
        is_eager: bool,
    ) -> None:
        self.window, self.function = window, function
        self.args, self.keywords = args, keywords
        self.at = time.perf_counter()
        self.is_eager = is_eager
        self.ticket = [True]
        self.sent: Sent | None = None

    def claim(self) -> bool:
        """Whether the call is now the caller's to run or to send."""
        try:
            self.ticket.pop()
        except IndexError:
            return False
        return True


class Sent:
    """A call on its way. ``refusal`` says why it couldn't be sent; ``is_ready`` when one of the two is known."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = uuid.uuid4().hex
        self.is_ready = threading.Event()
        self.refusal = ""
        self.items: list[Item] = []
        self.handle: Any = None
        self.kept: Any = None
        self.plain: PlainContainers | None = None
        self.shared: Any = None
        #: What it reads beside its arguments, and the settings, as they were then.
        self.read: Packed
        self.settings: Packed


class OpenWindow:
    """The statements that run now, with the calls in them that lie on offer."""

    __slots__ = ("args", "calls", "frame", "keywords", "spawner", "value")

    def __init__(self, spawner: TaskSpawner, frame: FrameType) -> None:
        self.spawner, self.frame = spawner, frame
        self.calls: dict[int, Offered] = {}
        self.value: Any = None
        self.args: tuple[Any, ...] | None = None
        self.keywords: Mapping[str, Any] = {}

    def add(
        self, number: int, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]
    ) -> None:
        """Offer a call."""
        offered = self.spawner.offer(self, function, args, keywords)
        if offered is not None:
            self.calls[number] = offered

    def take(self, number: int) -> bool:
        """Whether the call has run already, with its result in ``value``."""
        __tracebackhide__ = True
        self.value, self.args, self.keywords = None, None, {}
        offered = self.calls.pop(number, None)
        if offered is None:
            return False
        if offered.claim():
            self.spawner.forget(offered)
        elif self.spawner.collect(offered):
            return True
        self.args, self.keywords = offered.args, offered.keywords
        return False

    def close(self) -> None:
        """What is still under way isn't needed."""
        self.spawner.end(self)
        self.value = self.args = self.frame = None  # type: ignore[assignment]

    def __enter__(self) -> None:
        """The statements begin."""

    def __exit__(self, *_error: object) -> None:
        """They are over, well or not."""
        self.close()


class TaskSpawner:
    """The calls of tasks that one worker makes while a step (or a task) runs in it.

    ``level`` counts the tasks around. ``forced`` sends every call at once, to a pool
    that runs it while it is sent.
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
        self.worker, self._pool, self._step, self._tell = worker, pool, step, tell
        self.slots, self.level, self._forced = slots, level, forced
        self._tasks = worker.context.tasks
        self._thread = threading.get_ident()
        self._windows: list[OpenWindow] = []
        self._offers: deque[Offered] = deque()
        self._left = _WINDOWS_A_BEAT
        self._failures: dict[str, int] = {}
        self._number = 0
        self._pools: dict[str, BatchPool] = {}
        self._shared: dict[str, Sent] = {}
        self._settings = self._present_settings()
        self._sending = threading.Lock()
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
        if namespace.get(name) is not function or self._failures.get(name, 0) >= _FAILURES:
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
        if is_eager and (self._forced or task.resources or self.slots.take()):
            offered.claim()
            self._send(offered, task)
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
                self._abandon(offered)
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
        if not self.slots.take():
            return False
        if not oldest.claim():
            self.slots.give()
            return True
        self._send(oldest, self._tasks[oldest.function][1])
        return True

    # Sending, in whichever thread

    def _send(self, offered: Offered, task: TaskFunction) -> None:
        with self._sending:
            self._number += 1
            sent = offered.sent = Sent(self._number)
            try:
                self._submit(offered, sent, task)
            except PackingError as error:
                sent.refusal = f"what it needs can't be copied: {error.reason}"
            except Exception as error:  # noqa: BLE001  (in the other thread nobody would see it)
                sent.refusal = f"it can't be sent: {error}"
            if sent.refusal:
                self._failures[offered.function] = _FAILURES
                if not task.resources:
                    self.slots.give()
            sent.is_ready.set()

    def _submit(self, offered: Offered, sent: Sent, task: TaskFunction) -> None:
        namespace = self.worker.session.namespace
        may_take_back = not task.resources and self._pool.is_concurrent and self._one_machine
        place = CallPlace(
            folder=str(self.slots.folder),
            call=sent.name if may_take_back else "",
            level=self.level + 1,
            headroom=_headroom(offered.window.frame),
        )
        item = (offered.function, offered.args, offered.keywords, place)
        sent.items = [item]
        pool, step = self._pool_for(task)
        self._share(sent, task, pool)
        given = arguments_of(sent.items)
        self._check_apart(given, task)
        sent.plain = PlainContainers(given)
        packed = pack({"items": sent.items}, namespace)
        sent.kept = pool.share(packed)
        batch = BatchTask(step, call_split(task), sent.number, 0, 1, True)
        shown = task_hook.shown()
        task_hook.show(False)  # a pool may run it here and now
        try:
            sent.handle = pool.submit(batch, sent.shared, sent.kept)
        finally:
            task_hook.show(shown)

    def _check_apart(self, given: Mapping[str, Any], task: TaskFunction) -> None:
        """Raises PackingError where an argument is an object that the task reads as a variable, too."""
        namespace = self.worker.session.namespace
        read = [namespace[name] for name in task.shared if name in namespace]
        read = [
            value for value in read if not isinstance(value, _NAMED) and not is_immutable(value)
        ]
        own = [value for value in given.values() if not is_immutable(value)]
        if read and own and shares_objects(own, read):
            raise PackingError("", "an argument is an object of a variable that the function reads")

    @property
    def _one_machine(self) -> bool:
        return self.worker.context is not None and self.worker.context.one_machine

    def _pool_for(self, task: TaskFunction) -> tuple[BatchPool, Step]:
        """Where calls of the task run, and the step that they are a part of there."""
        step = replace(
            self._step,
            resources=dict(task.resources),
            timeout_s=None,
            retries=None,
            splits=(),
            inner_splits=(),
        )
        if task.function not in self._pools:
            self._pools[task.function] = self._pool.claiming(step)
        return self._pools[task.function], step

    def _share(self, sent: Sent, task: TaskFunction, pool: BatchPool) -> None:
        """Note what the call reads beside its arguments, as it is now; equal values are sent once."""
        namespace = self.worker.session.namespace
        if threading.get_ident() == self._thread:
            self._settings = self._present_settings()
        values = {name: namespace[name] for name in task.shared if name in namespace}
        sent.read, sent.settings = pack(values, namespace), self._settings
        known = self._shared.get(task.function)
        if known is not None and self._is_same(known, sent, values, pool):
            sent.shared = known.shared
            return
        settings = unpack(sent.settings, namespace, writable=True)
        own = {KEEPS: {}, TOKEN: uuid.uuid4().hex, **settings}
        sent.shared = pool.share(pack({**values, **own}, namespace))
        self._shared[task.function] = sent

    def _is_same(self, known: Sent, sent: Sent, values: Mapping[str, Any], pool: BatchPool) -> bool:
        """Whether another call was given the same already."""
        if known.settings != sent.settings:
            return False
        if not sent.read.buffers:
            return bool(known.read.data == sent.read.data)
        return not changed_since(pool.fetch(known.shared), values, self.worker.session.namespace)

    def _present_settings(self) -> Packed:
        """The settings of the thread that runs the notebook's code: others may have some of their own."""
        return pack({SETTINGS: self.worker.settings.shippable()}, self.worker.session.namespace)

    # Taking what has come of a call

    def collect(self, offered: Offered) -> bool:
        """Whether the call that was sent has a result that counts; it is in the window's ``value``."""
        __tracebackhide__ = True
        sent, task = offered.sent, self._tasks[offered.function][1]
        while sent is None:  # the other thread has claimed it just now
            time.sleep(0)
            sent = offered.sent
        sent.is_ready.wait()
        if sent.refusal:
            self._tell_discarded(offered, sent.refusal)
            return False
        if self._is_taken_back(sent, task):
            return False
        report = self._wait(sent, task)
        reason = self._why_not(offered, sent, report)
        if not reason:
            reason = self._take_value(offered, sent, report)
        if reason:
            if report.violation:
                count = self._failures.get(offered.function, 0)
                self._failures[offered.function] = count + 1
            self._tell_discarded(offered, reason)
            return False
        for message in report.messages:
            self._tell(message)
        self._tell(
            {
                "kind": "task",
                "function": offered.function,
                "task": sent.number,
                "level": self.level + 1,
                "started_at": report.started_at,
                "duration_s": report.duration_s,
                "worker": report.worker,
            }
        )
        return True

    def _is_taken_back(self, sent: Sent, task: TaskFunction) -> bool:
        """Whether nobody has begun the call, so that it runs where it stands."""
        if task.resources or not self._pool.is_concurrent or not self._one_machine:
            return False
        if not self.slots.claim(sent.name):
            return False
        self.slots.give()
        return True

    def _wait(self, sent: Sent, task: TaskFunction) -> BatchReport:
        pool = self._pools[task.function]
        if self._pool.is_concurrent:
            self.slots.give()  # while this process waits
            try:
                pool.wait([sent.handle])
            finally:
                self.slots.resume()
                if not task.resources:
                    self.slots.give()  # the call's
        return pool.report(sent.handle)

    def _why_not(self, offered: Offered, sent: Sent, report: BatchReport) -> str:
        """Why the call runs again where it stands; "" when it needn't."""
        if report.violation:
            return report.violation
        if report.error is not None:
            what = "its worker died" if report.lost else f"{report.error.ename} ended it"
            return f"{what}, and it runs again where it was called"
        self._settings = self._present_settings()
        if self._settings != sent.settings:
            return "settings were changed meanwhile"
        task = self._tasks[offered.function][1]
        if self.worker.guards or task.guard_arguments or task.guarded:
            return self._changed(sent, task)
        return ""

    def _changed(self, sent: Sent, task: TaskFunction) -> str:
        """What was changed since the call was sent, by what ran before its turn."""
        namespace, pool = self.worker.session.namespace, self._pools[task.function]
        assert sent.plain is not None
        others = any(map(can_change, sent.plain.others().values()))
        if sent.plain.changed() or (
            others and changed_since(pool.fetch(sent.kept), {"items": sent.items}, namespace)
        ):
            return "an argument was changed meanwhile"
        values = {name: namespace[name] for name in task.shared if name in namespace}
        if not any(map(can_change, values.values())):
            return ""
        if not sent.read.buffers and pack(values, namespace).data == sent.read.data:
            return ""
        for name in changed_since(pool.fetch(sent.shared), values, namespace):
            return f"'{name}' was changed meanwhile"
        return ""

    def _take_value(self, offered: Offered, sent: Sent, report: BatchReport) -> str:
        pool, namespace = self._pools[offered.function], self.worker.session.namespace
        try:
            packed = pool.result(sent.handle)
            find = finder(namespace, sent.items, 0)
            found = unpack(packed, namespace, writable=True, resolve=find)
        except ResultLost as lost:
            return f"its result was lost: {lost}"
        except PackingError as error:
            return f"its result can't be copied: {error.reason}"
        (value,) = found["elements"]
        if type(value) is CallRaised:
            return f"it raised {value.ename}, and runs again where it was called"
        for output in report.outputs:
            self.worker.session.show(output)
        offered.window.value = value
        return ""

    def _tell_discarded(self, offered: Offered, reason: str) -> None:
        number = 0 if offered.sent is None else offered.sent.number
        self._tell(
            {
                "kind": "task-discarded",
                "function": offered.function,
                "task": number,
                "level": self.level + 1,
                "reason": reason,
            }
        )

    def _abandon(self, offered: Offered) -> None:
        """Nobody comes for the call any more."""
        sent, task = offered.sent, self._tasks[offered.function][1]
        if sent is None:
            return
        sent.is_ready.wait()
        if sent.refusal or self._is_taken_back(sent, task):
            return
        self._pools[task.function].cancel([sent.handle])
        if not task.resources and self._pool.is_concurrent:
            self.slots.give()

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


def _headroom(frame: FrameType) -> int:
    """How many more frames the notebook could have on top of this one."""
    depth, at = 0, frame
    while at.f_back is not None:
        depth, at = depth + 1, at.f_back
    return sys.getrecursionlimit() - depth


def _holds(when: str, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    """Whether the annotation's condition is true for these arguments."""
    try:
        bound = inspect.signature(function).bind(*args, **keywords)
        bound.apply_defaults()
        return bool(eval(when, function.__globals__, dict(bound.arguments)))
    except Exception:  # noqa: BLE001  (a call that fails does so where it stands)
        return False
