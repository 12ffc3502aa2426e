"""Sends a call of a task to another worker, with what it reads beside its arguments as that is now."""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Mapping
from dataclasses import replace
from types import FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from naavre_ext.executors import task_hook
from naavre_ext.executors.guarding import PlainContainers, changed_since
from naavre_ext.executors.packing import (
    Packed,
    PackingError,
    is_immutable,
    pack,
    shares_objects,
    unpack,
)
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.task_calls import CallPlace, arguments_of, call_split
from naavre_ext.executors.task_offers import Offered, Sent
from naavre_ext.executors.task_slots import TaskSlots
from naavre_ext.executors.tasks import KEEPS, SETTINGS, TOKEN, BatchTask, values_of
from naavre_ext.model.workflow import Step, TaskFunction

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: What the notebook knows by name only.
_NAMED = (FunctionType, ModuleType, type)
#: A task is no task any more in this process once so many of its results couldn't be used.
_FAILURES = 2


class CallSender:
    """Sends calls, from whichever thread. ``level`` counts the tasks around them.

    ``pools`` are where the calls of each function run.
    """

    def __init__(
        self, worker: Worker, pool: BatchPool, step: Step, slots: TaskSlots, level: int
    ) -> None:
        assert worker.context is not None
        self.worker, self.pool, self.slots, self.level = worker, pool, slots, level
        self.pools: dict[str, BatchPool] = {}
        self._step = step
        self._one_machine = worker.context.one_machine
        self._thread = threading.get_ident()
        self._failures: dict[str, int] = {}
        self._number = 0
        self._shared: dict[str, Sent] = {}
        #: None until a call is on offer for the first time, which most steps never come to.
        self._settings: Packed | None = None
        self._sending = threading.Lock()

    def gave_up(self, function: str) -> bool:
        """Whether sending this function's calls is of no use, as far as the thread that makes them can tell."""
        if self._failures.get(function, 0) >= _FAILURES:
            return True
        settings = self._settings or self.renew_settings()
        return not settings.names

    def failed(self, function: str) -> None:
        """A result couldn't be used."""
        self._failures[function] = self._failures.get(function, 0) + 1

    def may_take_back(self, task: TaskFunction) -> bool:
        """Whether a call that nobody has begun can still run where it stands."""
        return not task.resources and self.pool.is_concurrent and self._one_machine

    def send(self, offered: Offered, task: TaskFunction) -> None:
        """Send the call, or note why it can't be."""
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
        place = CallPlace(
            folder=str(self.slots.folder),
            call=sent.name if self.may_take_back(task) else "",
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
        read = [
            value
            for value in values_of(task.shared, namespace).values()
            if not isinstance(value, _NAMED) and not is_immutable(value)
        ]
        own = [value for value in given.values() if not is_immutable(value)]
        if read and own and shares_objects(own, read):
            raise PackingError("", "an argument is an object of a variable that the function reads")

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
        if task.function not in self.pools:
            self.pools[task.function] = self.pool.claiming(step)
        return self.pools[task.function], step

    def _share(self, sent: Sent, task: TaskFunction, pool: BatchPool) -> None:
        """Note what the call reads beside its arguments, as it is now; equal values are sent once."""
        namespace = self.worker.session.namespace
        if threading.get_ident() == self._thread:
            self.renew_settings()
        assert self._settings is not None
        if not self._settings.names:
            raise PackingError("", "settings that stay in their process were changed")
        values = values_of(task.shared, namespace)
        sent.read, sent.settings = pack(values, namespace), self._settings
        known = self._shared.get(task.function)
        if known is not None and self._is_same(known, sent, values, pool):
            sent.shared = known.shared
            return
        (settings,) = unpack(sent.settings, namespace, writable=True).values()
        own = {KEEPS: {}, TOKEN: uuid.uuid4().hex, SETTINGS: settings}
        sent.shared = pool.share(pack({**values, **own}, namespace))
        self._shared[task.function] = sent

    def _is_same(self, known: Sent, sent: Sent, values: Mapping[str, Any], pool: BatchPool) -> bool:
        """Whether another call was given the same already."""
        if known.settings != sent.settings:
            return False
        if not sent.read.buffers:
            return bool(known.read.data == sent.read.data)
        return not changed_since(pool.fetch(known.shared), values, self.worker.session.namespace)

    def renew_settings(self) -> Packed:
        """This thread's settings, with which calls are sent from now on: others may have some of their own.

        Nothing, where they can't leave the process.
        """
        self._settings = self.worker.settings.packed()
        return self._settings


def _headroom(frame: FrameType) -> int:
    """How many more frames the notebook could have on top of this one."""
    depth, at = 0, frame
    while at.f_back is not None:
        depth, at = depth + 1, at.f_back
    return sys.getrecursionlimit() - depth
