"""Runs one step in a worker, in the main one's namespace or on copies, and reports how it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.executors import ambient
from naavre_ext.executors.checkpoints import restore_namespace
from naavre_ext.executors.group_checks import why_not_kept
from naavre_ext.executors.guarding_steps import (
    MainGuard,
    changed_inputs,
    in_words,
    is_suspicious,
    numbers_in,
    shows_numbered,
)
from naavre_ext.executors.hidden_state import ClassState, hidden_state, is_kept
from naavre_ext.executors.names_asked import noting_names, why_not_used
from naavre_ext.executors.names_bound import why_bound
from naavre_ext.executors.packing import Packed, PackingError, is_immutable
from naavre_ext.executors.packing_classes import taking_classes
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.raised_signals import SIGNALS
from naavre_ext.executors.reseeding import reseed
from naavre_ext.executors.result_files import ResultUnusable, read_result
from naavre_ext.executors.step_cells import StepCell
from naavre_ext.executors.step_values import bind, export, holds_any_of, shares_inputs
from naavre_ext.executors.tasks import (
    NOTHING,
    ErrorReport,
    ReportStatus,
    StepReport,
    StepTask,
    Stuck,
    Violation,
)
from naavre_ext.executors.undoing import Undo
from naavre_ext.model.event import OutputMessage

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

Send = Callable[[Mapping[str, Any]], None]
#: No more is kept in a group's worker for the step that was sent there ahead.
_MOST_KEPT_BYTES = 1 << 20


class StepRun:
    """One attempt at a step. ``send`` takes live messages; it must not raise."""

    def __init__(
        self,
        worker: Worker,
        task: StepTask,
        inputs: Sequence[Packed],
        send: Send,
        pool: BatchPool | None,
    ) -> None:
        self._worker, self._task, self._inputs, self._send = worker, task, inputs, send
        self._tags = {"step": str(task.step.id), "attempt": task.attempt}
        self._messages: list[Mapping[str, Any]] = []
        self._telling = threading.Lock()
        self._stuck: list[Stuck] = []
        self._cell = StepCell(worker, task, self._tell, pool)

    def _tell(self, message: Mapping[str, Any]) -> None:
        with self._telling:  # a split also tells from its watching thread
            self._messages.append({**message, **self._tags, "number": len(self._messages)})
            self._send(self._messages[-1])

    def _tell_output(self, number: int, output: OutputMessage) -> None:
        self._send({"kind": "output", **self._tags, "number": number, "output": output})

    def run(self) -> tuple[StepReport, list[Packed]]:
        """The step's report and one pack per export bundle (then the settings, where asked for)."""
        worker, task = self._worker, self._task
        started_at, clock = time.time(), time.perf_counter()
        worker.settings.leave_split()
        worker.threads.as_kernel()
        with worker.outputs.to(self._tell_output):
            if worker.context is None or worker.context.tells_starts:
                self._send({"kind": "began", **self._tags})
            body = self._run_anywhere if task.placement == "any" else self._run_in_main
            with taking_classes() if task.placement == "any" else nullcontext():
                end = self._stored_end() or body()
        outputs = worker.outputs.shown
        if task.is_common and not end.is_reused:
            worker.common.keep(
                task, end.packs if end.is_as_foreseen else None, outputs, worker.session.namespace
            )
        unkept = self._keep(end, time.perf_counter() - clock)
        report = StepReport(
            step=str(task.step.id),
            status=end.status,
            started_at=started_at,
            duration_s=time.perf_counter() - clock,
            worker=worker.label,
            outputs=tuple(outputs),
            messages=tuple(self._messages),
            error=end.error,
            reason=end.reason,
            unpackable=end.unpackable,
            changes=end.changes,
            changes_settings=end.changes_settings,
            stuck=tuple(self._stuck),
            observed=self._cell.observed,
            is_undone=end.is_undone,
            why_final=end.why_final,
            unkept=unkept,
            is_reused=end.is_reused,
            reused_from=end.reused_from,
            had_copies=end.had_copies,
            is_plain=task.group is not None and end.is_as_foreseen and _are_small(end.packs),
        )
        return report, end.packs

    def _stored_end(self) -> _StepEnd | None:
        """How the step ended in an earlier run, if its result is there and it would be given the same values."""
        worker, task, inputs = self._worker, self._task, self._inputs
        if task.checkpoint:
            return self._restore()
        if task.is_common and (end := worker.common.find(task, inputs, worker.session.namespace)):
            for output in end.outputs:
                worker.outputs.receive(output)
            return _StepEnd("ok", None, "", list(end.packs), is_reused=True, reused_from=end.run_id)
        found = worker.keeper.find_anywhere(task, inputs) if worker.keeper is not None else None
        if found is None:
            return None
        packs, outputs = found
        for output in outputs:
            worker.outputs.receive(output)
        return _StepEnd("ok", None, "", list(packs), is_reused=True)

    def _restore(self) -> _StepEnd:
        """Take over what an earlier run's main worker held, instead of running the step."""
        worker, task = self._worker, self._task
        count = task.pack_count
        try:
            _, packed = read_result(Path(str(task.checkpoint)))
            restore_namespace(worker, packed)
            reseed(task.reseed)
            if worker.context is not None:
                worker.session.know(
                    worker.context.sources
                )  # of functions that were defined elsewhere
            packs, unpackable = export(worker, task, self._stuck)
        except (ResultUnusable, PackingError) as error:
            return _StepEnd("relocate", None, str(error), [NOTHING] * count)
        return _StepEnd("ok", None, "", packs, unpackable)

    def _keep(self, end: _StepEnd, seconds: float) -> str:
        """Store the step's result if that is worth it; returns why it couldn't be."""
        worker, task = self._worker, self._task
        keeper, unkept = worker.keeper, ""
        if keeper is None or task.checkpoint or end.is_reused:
            return ""
        if end.status == "error":
            keeper.flush()  # the run may end here
        elif end.status == "ok" and task.placement == "any":
            keeper.keep_anywhere(
                task, self._inputs, (end.packs, tuple(worker.outputs.shown)), seconds
            )
        elif end.status == "ok":
            unkept = keeper.keep_main(task, seconds)
        if keeper.full:
            self._tell({"kind": "not-stored", "reason": keeper.full})
        return unkept

    def _run_in_main(self) -> _StepEnd:
        worker, task, inputs = self._worker, self._task, self._inputs
        namespace = worker.session.namespace
        worker.settings.in_main()
        undo = Undo(worker, task) if task.is_repeatable else None
        kept = {name: namespace[name] for name in task.restore if name in namespace}
        own = worker.settings.now(rng=False) if task.visiting else None
        if own is not None and not task.with_settings:
            worker.settings.take(ambient.pristine())
        bind(worker, task, inputs, writable=True)
        earlier = {n: namespace[n] for n in task.restore if n in namespace}
        guard = MainGuard(worker, task, inputs[len(task.binds) + task.with_settings :])
        outcome = self._cell.run()
        namespace.update({n: v for n, v in task.secrets.items() if n in namespace})
        error = self._cell.error(outcome)
        why_final = ""
        if error is not None and undo is not None:
            why_final = undo.take_back()
            if not why_final:
                nothing = [NOTHING] * task.pack_count
                return _StepEnd("error", error, "", nothing, is_undone=True)
        changes, changes_settings = guard.changes()
        worker.settings.take(own)
        if task.step.writes_settings and worker.guards:
            worker.settings.known(renew=True)
        packs, unpackable = export(worker, task, self._stuck)
        had_copies = holds_any_of(worker, task, earlier)
        for name in task.restore:
            namespace.pop(name, None)
        namespace.update(kept)
        return _StepEnd(
            "ok" if outcome.ok else "error",
            error,
            "",
            packs,
            unpackable,
            changes,
            changes_settings,
            why_final=why_final,
            had_copies=had_copies,
        )

    def _run_anywhere(self) -> _StepEnd:
        worker, task, inputs = self._worker, self._task, self._inputs
        namespace = worker.session.namespace
        nothing = [NOTHING] * task.pack_count
        for name in task.fresh:
            namespace.pop(name, None)
        known, guards = worker.names(), worker.guards or task.group is not None
        if sum(packed.has_nans for packed in inputs) > 1:
            reason = "two of its inputs hold NaN objects, which may be one: numpy.nan always is"
            return _StepEnd("relocate", None, reason, nothing)
        try:
            given, taken = bind(worker, task, inputs, writable=False)
            plain = worker.received.look_at(given if guards else {}, numbers_in(inputs))
            worker.received.drop()
            hidden, classes = hidden_state(namespace), ClassState(namespace)
            used = None if "import" in task.step.source else given.values()
            before = worker.settings.before_step(taken, used, task.step.guard_rng)
            warned: list[OutputMessage] = []
            bound = dict(namespace)
            with worker.noting(warned.append, warned.append), noting_names(namespace) as asked:
                outcome = self._cell.run()
            reason = worker.settings.violation(before, task.step.guard_rng)
            reason = reason or why_not_used(asked)
            if not reason and any("text" in message for message in warned):
                reason = "it warns, which a notebook shows once per place"
            if not reason and any(message["output_type"] == SIGNALS for message in warned):
                reason = "it raises signals of decimal arithmetic, which later cells can see"
            if not reason and shows_numbered(worker.outputs.shown):
                reason = "it shows a diagram, which libraries number within their process"
            expected = {*task.step.writes, *task.step.deletes}
            reason = reason or why_bound(bound, namespace, expected)
            if not reason and not is_kept(hidden, namespace):
                classes.restore()
                reason = "a function or class of the notebook changed its own state"
            changed = changed_inputs(task, inputs, plain, namespace) if guards else ()
            reason = reason or in_words(changed)
            if not reason and guards and task.group is None:
                worker.received.keep(inputs, given, plain)
            error = self._cell.error(outcome)
            if error is not None and is_suspicious(error):
                reason = reason or f"{error.ename} on copies of its inputs: {error.evalue}"
            packs = nothing
            if outcome.ok and not reason and task.group is not None:
                reason = why_not_kept(task, namespace, known, given)
            elif outcome.ok and not reason and shares_inputs(worker, task, given):
                reason = "what it makes holds objects of its inputs, which would become copies"
            if outcome.ok and not reason:
                packs, unpackable = export(worker, task, self._stuck)
                for name, why in list(unpackable.items())[:1]:
                    reason = f"'{name}' can't leave its process: {why}"
        except PackingError as failure:
            self._stuck.append(Stuck.of(failure))
            return _StepEnd("relocate", None, str(failure), nothing)
        except Violation as failure:
            return _StepEnd("relocate", None, str(failure), nothing)
        finally:
            for name in worker.names() - known - set(task.live):
                namespace.pop(name, None)
        if reason:
            had_copies = not all(map(is_immutable, given.values()))
            return _StepEnd(
                "relocate", None, reason, nothing, changes=changed, had_copies=had_copies
            )
        status: ReportStatus = "ok" if outcome.ok else "error"
        keeps = task.group is not None and (task.live or task.step.barrier)
        why_final = "it may have changed live objects of its group" if keeps else ""
        is_undone = not outcome.ok and not why_final
        return _StepEnd(status, error, "", packs, is_undone=is_undone, why_final=why_final)


@dataclass(frozen=True, slots=True)
class _StepEnd:
    """How a step ended, as :class:`StepReport` tells it, and its packs."""

    status: ReportStatus
    error: ErrorReport | None
    reason: str
    packs: list[Packed]
    unpackable: dict[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    changes_settings: bool = False
    is_undone: bool = False
    why_final: str = ""
    is_reused: bool = False
    reused_from: str = ""
    had_copies: bool = False

    @property
    def is_as_foreseen(self) -> bool:
        """Whether the step ended well and nothing of the kind that others have to know of came up."""
        unforeseen = self.unpackable or self.changes or self.changes_settings or self.had_copies
        return self.status == "ok" and not unforeseen


def _are_small(packs: Sequence[Packed]) -> bool:
    """Whether the packs are few bytes, and none that arrays of the worker's share."""
    return not any(p.buffers for p in packs) and sum(p.nbytes for p in packs) <= _MOST_KEPT_BYTES
