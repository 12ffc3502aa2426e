"""Calls of steps in the workers of groups, some of which are sent there before it is their turn.

From a worker to the driver and back takes some milliseconds. So while a worker runs one step, the next one is in
its queue already. The worker begins it only if the step before ended as foreseen (``StepReport.is_plain``); else
it hands it back, unseen. What was sent ahead counts only once the scheduler starts that step: with the same task
and inputs, in the same worker, just after that call. Else it was in vain, as such steps change nothing outside.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from naavre_ext.executors.packing import Packed
from naavre_ext.executors.tasks import NOTHING, StepReport, StepTask

#: Calls of all runs in this process have different numbers, as they may share workers.
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Own:
    """Stands for an input that the worker has just exported itself: the pack with this index."""

    index: int


@dataclass(slots=True)
class Ended:
    """In a worker: its last call's number and packs, where that ended as foreseen."""

    number: int | None = None
    packs: Sequence[Packed] = ()

    def inputs(self, inputs: Sequence[Packed | Own]) -> list[Packed]:
        """The inputs of the call after that one."""
        return [self.packs[i.index] if isinstance(i, Own) else i for i in inputs]


def handed_back(task: StepTask) -> Any:
    """What a worker returns for a call that it doesn't begin."""
    return (None, *[NOTHING] * task.pack_count) if task.pack_count else None


@dataclass(slots=True)
class Call:
    """One call, ``after`` another one where it was sent ahead. ``refs`` are of its report and its exports.

    A ``foreseen`` one went to a worker that was another run's. ``told`` are its messages before it counted.
    """

    worker: Any
    number: int
    after: int | None
    task: StepTask
    inputs: tuple[Any, ...]
    refs: list[Any]
    foreseen: bool = False
    told: list[Mapping[str, Any]] = field(default_factory=list)

    def runs(self, worker: Any, after: int | None) -> bool:
        """Whether the worker has begun it, whose last call that counts had that number and ended as foreseen."""
        return self.worker is worker and after is not None and self.after == after

    def is_for(self, task: StepTask, inputs: Sequence[Any]) -> bool:
        """Whether it is just the call that the scheduler would make now."""
        return self.task == task and self.inputs == tuple(inputs)


class GroupCalls:
    """One run's calls. Only :meth:`foresee` and :meth:`give` may be called from other threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._context: Any = None
        #: By group, the last call that counts, and its number once it has ended as foreseen; or another run's.
        self._last: dict[str, Call] = {}
        self._ended: dict[str, int | None] = {}
        #: Calls that don't count yet, by step; and by group what is sent as soon as its worker is foreseen.
        self._ahead: dict[str, Call] = {}
        self._waiting: dict[str, tuple[StepTask, Sequence[Any]]] = {}
        self._foreseen: dict[str, tuple[Any, int]] = {}

    def begin(self, context: Any) -> None:
        """The run, or what it does over again, has this context."""
        with self._lock:
            self._context = context
            self._last.clear()
            self._ended.clear()

    def start(self, worker: Any, task: StepTask, inputs: Sequence[Any]) -> Call | None:
        """The call that runs the step, which may have been sent already.

        None: another one has been begun, which may have changed what is live in the worker.
        """
        group = str(task.group)
        with self._lock:
            self._waiting.pop(group, None)
            call = self._ahead.pop(str(task.step.id), None)
            after = self._ended.pop(group, None)
            if call is not None and call.runs(worker, after):
                if not call.is_for(task, inputs):
                    return None
            else:
                call = self._send(worker, None, task, inputs, inputs)
            self._last[group] = call
            return call

    def send_after(self, task: StepTask, inputs: Sequence[Any]) -> None:
        """Send the step to where its group's last call runs."""
        with self._lock:
            last = self._last[str(task.group)]
            own = {ref: Own(index) for index, ref in enumerate(last.refs[1:])}
            given = [own.get(handle, handle) for handle in inputs]
            call = self._send(last.worker, last.number, task, inputs, given)
            self._ahead[str(task.step.id)] = call

    def send_when_foreseen(self, task: StepTask, inputs: Sequence[Any]) -> None:
        """Send the step as soon as it is known which worker the run will be given."""
        with self._lock:
            self._waiting[str(task.group)] = task, inputs
            self._send_foreseen(str(task.group))

    def foresee(self, group: str, worker: Any, after: int) -> None:
        """The run will be given this worker, probably when that call of another run's has ended."""
        with self._lock:
            self._foreseen[group] = worker, after
            if group in self._waiting:
                self._send_foreseen(group)
            else:
                self.enter(worker, after)

    def enter(self, worker: Any, after: int | None) -> None:
        """Have the worker get ready for the run after that call; None: as it ran none that ended as foreseen."""
        worker.enter_ahead.remote(self._context, after)

    def give(self, group: str, worker: Any, ended: int | None, *, early: bool) -> None:
        """The run has this worker, whose last call had that number and ended as foreseen; None: it didn't.

        It gets ready for the run where that has it ``early``, and has sent nothing there.
        """
        with self._lock:
            self._foreseen.pop(group, None)
            self._ended[group] = ended
            if early and all(call.worker is not worker for call in self._ahead.values()):
                self.enter(worker, ended)

    def note(self, group: str, report: StepReport) -> None:
        """A step of the group has ended."""
        with self._lock:
            last = self._last.get(group)
            is_last = last is not None and str(last.task.step.id) == report.step
            self._ended[group] = last.number if last and is_last and report.is_plain else None

    def hear(self, message: Mapping[str, Any]) -> bool:
        """Whether the message is from a call that doesn't count yet; it is kept for when it does."""
        with self._lock:
            call = self._ahead.get(str(message.get("step")))
            if call is None or call.task.attempt != message.get("attempt"):
                return False
            call.told.append(message)
            return True

    def last(self, group: str) -> Call | None:
        """The group's last call that counts."""
        return self._last.get(group)

    def ended(self, group: str) -> int | None:
        """The number of the group's last call, if that has ended as foreseen."""
        return self._ended.get(group)

    def forget(self, step: str | None = None) -> list[Call]:
        """Nothing that was sent ahead counts (of this step); returns the calls that may keep workers busy."""
        with self._lock:
            steps = list(self._ahead) if step is None else [step]
            gone = [call for s in steps if (call := self._ahead.pop(s, None)) is not None]
            for group, (task, _) in list(self._waiting.items()):
                if step is None or task.step.id == step:
                    del self._waiting[group]
            return [call for call in gone if call.foreseen or self._may_run(call)]

    def _may_run(self, call: Call) -> bool:
        """Whether the worker may begin it, or has: the call before runs as yet, or ended as foreseen."""
        return self._ended.get(str(call.task.group), call.after) == call.after

    def _send_foreseen(self, group: str) -> None:
        if group in self._waiting and group in self._foreseen:
            worker, after = self._foreseen.pop(group)
            task, inputs = self._waiting[group]
            call = self._send(worker, after, task, inputs, inputs)
            call.foreseen = True
            self._ahead[str(task.step.id)] = call

    def _send(
        self,
        worker: Any,
        after: int | None,
        task: StepTask,
        inputs: Sequence[Any],
        given: Sequence[Any],
    ) -> Call:
        number = next(_numbers)
        run = worker.run_in_group.options(num_returns=1 + task.pack_count)
        refs = run.remote(self._context, task, number, after, *given)
        return Call(
            worker, number, after, task, tuple(inputs), refs if isinstance(refs, list) else [refs]
        )
