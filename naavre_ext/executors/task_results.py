"""Takes what has come of a call that was sent, if it counts; else the call runs where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from naavre_ext.executors.guarding import can_change, changed_since
from naavre_ext.executors.origins import finder
from naavre_ext.executors.packing import PackingError, pack, unpack
from naavre_ext.executors.pool import ResultLost
from naavre_ext.executors.task_calls import CallRaised
from naavre_ext.executors.task_offers import Offered, Sent
from naavre_ext.executors.task_sending import CallSender
from naavre_ext.executors.tasks import BatchReport, values_of
from naavre_ext.model.workflow import Step, TaskFunction

Tell = Callable[[Mapping[str, Any]], None]


class CallResults:
    """The results of the calls that one sender has sent."""

    def __init__(
        self, sender: CallSender, tasks: Mapping[str, tuple[Step, TaskFunction]], tell: Tell
    ) -> None:
        self._sender, self._tasks, self._tell = sender, tasks, tell
        self._worker, self._slots = sender.worker, sender.slots

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
                self._sender.failed(offered.function)
            self._tell_discarded(offered, reason)
            return False
        for message in report.messages:
            self._tell(message)
        self._tell(
            {
                "kind": "task",
                "function": offered.function,
                "task": sent.number,
                "level": self._sender.level + 1,
                "started_at": report.started_at,
                "duration_s": report.duration_s,
                "worker": report.worker,
            }
        )
        return True

    def abandon(self, offered: Offered) -> None:
        """Nobody comes for the call any more."""
        sent, task = offered.sent, self._tasks[offered.function][1]
        if sent is None:
            return
        sent.is_ready.wait()
        if sent.refusal or self._is_taken_back(sent, task):
            return
        self._sender.pools[task.function].cancel([sent.handle])
        if not task.resources and self._sender.pool.is_concurrent:
            self._slots.give()

    def _is_taken_back(self, sent: Sent, task: TaskFunction) -> bool:
        """Whether nobody has begun the call, so that it runs where it stands."""
        if not self._sender.may_take_back(task) or not self._slots.claim(sent.name):
            return False
        self._slots.give()
        return True

    def _wait(self, sent: Sent, task: TaskFunction) -> BatchReport:
        pool = self._sender.pools[task.function]
        if self._sender.pool.is_concurrent:
            self._slots.give()  # while this process waits
            try:
                pool.wait([sent.handle])
            finally:
                self._slots.resume()
                if not task.resources:
                    self._slots.give()  # the call's
        return pool.report(sent.handle)

    def _why_not(self, offered: Offered, sent: Sent, report: BatchReport) -> str:
        """Why the call runs again where it stands; "" when it needn't."""
        if report.violation:
            return report.violation
        if report.error is not None:
            what = "its worker died" if report.lost else f"{report.error.ename} ended it"
            return f"{what}, and it runs again where it was called"
        if self._sender.renew_settings() != sent.settings:
            return "settings were changed meanwhile"
        task = self._tasks[offered.function][1]
        if self._worker.guards or task.guard_arguments or task.guarded:
            return self._changed(sent, task)
        return ""

    def _changed(self, sent: Sent, task: TaskFunction) -> str:
        """What was changed since the call was sent, by what ran before its turn."""
        namespace, pool = self._worker.session.namespace, self._sender.pools[task.function]
        assert sent.plain is not None
        others = any(map(can_change, sent.plain.others().values()))
        if sent.plain.changed() or (
            others and changed_since(pool.fetch(sent.kept), {"items": sent.items}, namespace)
        ):
            return "an argument was changed meanwhile"
        values = values_of(task.shared, namespace)
        if not any(map(can_change, values.values())):
            return ""
        if not sent.read.buffers and pack(values, namespace).data == sent.read.data:
            return ""
        for name in changed_since(pool.fetch(sent.shared), values, namespace):
            return f"'{name}' was changed meanwhile"
        return ""

    def _take_value(self, offered: Offered, sent: Sent, report: BatchReport) -> str:
        pool, namespace = self._sender.pools[offered.function], self._worker.session.namespace
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
            self._worker.session.show(output)
        offered.window.value = value
        return ""

    def _tell_discarded(self, offered: Offered, reason: str) -> None:
        number = 0 if offered.sent is None else offered.sent.number
        self._tell(
            {
                "kind": "task-discarded",
                "function": offered.function,
                "task": number,
                "level": self._sender.level + 1,
                "reason": reason,
            }
        )
