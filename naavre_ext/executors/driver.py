"""Drives one run: feeds the scheduler with what happened, carries out its commands, tells the events."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from naavre_ext.executors.base import Executor
from naavre_ext.executors.collecting import TOO_LARGE
from naavre_ext.executors.handover import Handover
from naavre_ext.executors.packing import Packed
from naavre_ext.executors.result_files import ResultUnusable
from naavre_ext.executors.resuming import (
    FULL_CODE,
    REUSE_CODE,
    Offer,
    Results,
    explain_reuse,
    retold,
)
from naavre_ext.executors.stuck_values import StuckValues
from naavre_ext.executors.tasks import (
    ErrorReport,
    ResultPlace,
    RunContext,
    StepReport,
    StepTask,
)
from naavre_ext.model import event as events
from naavre_ext.model.event import RunEvent, RunStatus
from naavre_ext.model.portrait import NamespacePortrait, StepObservation
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import Step, StepId, Workflow
from naavre_ext.scheduling import facts, groups, guards, machine
from naavre_ext.scheduling.groups import group_at
from naavre_ext.scheduling.reuse import Reuse

#: How often a quiet run looks whether it was stopped or a cell takes too long.
_POLL_S = 0.1
#: How long the first worker may take until it can say that a step has begun.
_START_S = 30.0
_StartOver = Literal["surely", "if possible", "if needed"]
#: So many deaths of a group's worker are made good.
_MOST_DEATHS = 3


@dataclass(slots=True)
class _Progress:
    """What has been told of a step's present attempt."""

    attempt: int = 0
    outputs: int = 0
    messages: int = 0
    started: float = 0.0
    began: float | None = None
    batches: int = 0


@dataclass(slots=True)
class _LiveEnd:
    """What was taken along of a group's live values when the run needed its worker no longer."""

    values: dict[str, Packed] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    portrait: NamespacePortrait = field(default_factory=NamespacePortrait)


@dataclass(slots=True)
class RunEnd:
    """How a run ended. ``values`` are the packs of the kept variables, ``missing`` why others are not kept.

    ``observations`` and ``portrait`` are there when the options ask to observe.
    """

    status: RunStatus
    duration_s: float
    failure: Mapping[str, Any] | None = None
    batches: dict[str, int] = field(default_factory=dict)
    values: dict[str, Packed] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    observations: dict[StepId, StepObservation] = field(default_factory=dict)
    portrait: NamespacePortrait = field(default_factory=NamespacePortrait)


class RunDriver:
    """One run of a workflow on an executor, which the caller closes.

    Its own steps run within ``turn``, so that several runs can make ready while others run.
    """

    def __init__(
        self,
        workflow: Workflow,
        executor: Executor,
        options: RunOptions,
        *,
        run_id: str,
        emit: Callable[[RunEvent], None],
        notebook: str | None = None,
        cancel: threading.Event | None = None,
        results: Callable[[Workflow], Results | None] | None = None,
        turn: AbstractContextManager[Any] | None = None,
    ) -> None:
        workflow = workflow_on(executor, workflow)
        executor.admit(workflow)
        self._results = results(workflow) if results is not None and executor.shares_files else None
        if self._results is not None:
            workflow = _without_storing(workflow, self._results.private)
        self.workflow, self.executor, self.options = workflow, executor, options
        self.run_id, self.notebook = run_id, notebook
        self._emit_event = emit
        self._cancel = cancel or threading.Event()
        self._turn = turn or nullcontext()
        self._graph = machine.graph_of(workflow, options.max_parallelism, eager=options.eager)
        self._state = machine.initial(workflow)
        self._handover = Handover(workflow, guards=options.guards)
        self._restarts = 0
        self._kin = groups.kin_of(workflow)
        self._left: dict[str, _LiveEnd] = {}
        #: How often a group's worker died.
        self._deaths: dict[str, int] = {}
        #: Which names a step is known to change unexpectedly.
        self._culprits: dict[StepId, tuple[str, ...]] = {}
        self._progress = {step.id: _Progress() for step in workflow.steps}
        self._failures: dict[StepId, StepReport] = {}
        #: How often a step was tried again, and its task and inputs for the next attempt.
        self._retries: dict[StepId, int] = {}
        self._repeats: dict[StepId, tuple[StepTask, list[Any]]] = {}
        self._hears = False
        self._stuck = StuckValues(workflow)
        self._observations: dict[StepId, StepObservation] = {}
        self._seq = 0
        self._status: RunStatus | None = None
        self._told_full = False

    def run(self) -> RunEnd:
        """Run to the end; every cell's fate has been told when this returns."""
        clock = time.perf_counter()
        self.executor.begin(self._context())
        self._emit(
            events.RunStarted(
                run_id=self.run_id,
                notebook=self.notebook,
                executor=self.executor.name,
                slots=self.executor.slots,
                steps=tuple(_step_summary(step) for step in self.workflow.steps),
            )
        )
        self._take_over()
        waiting = time.perf_counter()
        with self._turn:
            clock += time.perf_counter() - waiting  # which is nobody's work
            status = self._run_steps()
        end = RunEnd(status, time.perf_counter() - clock, self._failure(), self._batches())
        if status == "ok" and self.options.keep != ():
            self._collect(end)
        if status == "ok" and self.options.observe:
            end.portrait = self._portray()
        end.observations = self._observations
        end.duration_s = time.perf_counter() - clock
        for found in self._stuck.diagnostics():
            text = found.describe()
            self._emit(events.MessageLogged(level="info", text=text, code=found.code))
        counts = list(self._state.states.values())
        self._emit(
            events.RunFinished(
                status=end.status,
                duration_s=end.duration_s,
                counts={name: counts.count(name) for name in ("done", "failed", "not run")},
            )
        )
        return end

    def _run_steps(self) -> RunStatus:
        self._feed(facts.Began())
        while self._status is None:
            self._take(self.executor.next_report(_POLL_S))
            if self._cancel.is_set() and self._status is None:
                self._feed(facts.Stopped())
            self._check_timeouts()
        return self._status

    def _context(self) -> RunContext:
        return RunContext(
            run_id=self.run_id,
            cwd=self.options.cwd,
            environment=self.options.environment,
            slots=self.executor.slots,
            max_parallelism=self.options.max_parallelism,
            is_parallel=not self._restarts
            and any(
                s.splits or s.inner_splits or s.task_windows or s.placement == "any"
                for s in self.workflow.steps
            ),
            sources={step.execution_count: step.source for step in self.workflow.steps},
            guards=self.options.guards and not self._restarts,
            attempt=self._restarts,
            observe=self.options.observe,
            scramble=self.options.scramble,
            inner={
                (str(step.cell_id), split.index): (step, split)
                for step in self.workflow.steps
                if not self._restarts
                for split in step.inner_splits
            },
            tasks={
                task.function: (step, task)
                for step in self.workflow.steps
                if not self._restarts
                for task in step.tasks
            },
            one_machine=self.executor.shares_files,
            results=self._result_place(),
        )

    def _result_place(self) -> ResultPlace | None:
        """Where workers store results."""
        stores = self._results is not None and self._results.stores and not self._restarts
        return self._results.place if self._results is not None and stores else None

    # What an earlier run has stored

    def _take_over(self) -> None:
        """Begin where the earlier run has come to, if there is one."""
        if self._results is None or self._results.earlier is None:
            return
        earlier = self._results.earlier
        offer = self._results.offer(self.executor.hash_probe())
        reuse = offer.choose()
        while not self._restore(offer, reuse):
            self.executor.begin(self._context())  # a fresh main worker
            reuse = offer.choose()
        if self._cancel.is_set():
            return
        self._state = machine.initial(self.workflow, reuse)
        for text in explain_reuse(self.workflow, earlier, offer, reuse, self._results.unkeepable):
            self._emit(events.MessageLogged(level="info", text=text, code=REUSE_CODE))
        for step in reuse.steps:
            for event in retold(self._handover.steps[step], earlier):
                self._emit(event)

    def _restore(self, offer: Offer, reuse: Reuse) -> bool:
        """Whether all that is to be reused is in place; else something was withdrawn from the offer."""
        try:
            packs = dict(offer.placed(reuse, self.executor.place))
        except ResultUnusable:
            return False
        task, made = offer.restoring(reuse), []
        if task is not None:
            made = list(self.executor.start(task, []))
            report = None
            while not isinstance(report, StepReport) and not self._cancel.is_set():
                report = self.executor.next_report(_POLL_S)
            if isinstance(report, StepReport) and (report.status != "ok" or report.unpackable):
                offer.withdraw(task.step.id)
                return False
        self._handover.resume(reuse, packs, made)
        return True

    def _emit(self, event: RunEvent) -> None:
        self._emit_event(replace(event, seq=self._seq, at=time.time()))
        self._seq += 1

    # The scheduler

    def _feed(self, fact: facts.Fact) -> None:
        self._state, commands = machine.advance(self._graph, self._state, fact)
        for command in commands:
            if isinstance(command, facts.StartStep):
                self._start(command)
            elif isinstance(command, facts.OpenGroup):
                self.executor.open_group(command.group)
            elif isinstance(command, facts.CloseGroup):
                self._close_group(command.group)
            elif isinstance(command, facts.DropStep):
                self._drop(command)
            else:
                self._status = command.status

    def _start(self, command: facts.StartStep) -> None:
        progress = self._progress[command.step]
        self._handover.placement = dict(self._state.placement)
        repeat = self._repeats.pop(command.step, None)
        task, inputs = repeat or self._handover.task(
            command.step, command.placement, progress.attempt
        )
        secrets = {n: v for n, v in self.options.secrets.items() if n in task.step.secrets}
        left = self._retries_left(task.step)
        task = replace(task, secrets=secrets, attempt=progress.attempt, is_repeatable=left > 0)
        if left:
            self._repeats[command.step] = task, inputs
        if self._restarts:
            task = replace(task, step=task.step.unsplit())
        elif self._results is not None:
            states, placement = self._state.states, self._state.placement
            covers = [s for s in states if states[s] == "done" and placement[s] == "main"]
            in_main = self._handover.in_main()
            keep = self._results.keeping(command.step, (*covers, command.step), in_main)
            task = replace(task, keep=keep)
        progress.started = time.perf_counter()
        self._emit(
            events.StepStarted(
                step=command.step, cell_id=task.step.cell_id, placement=command.placement
            )
        )
        self._handover.started(task, self.executor.start(task, inputs))

    def _retries_left(self, step: Step) -> int:
        return (step.retries or 0) - self._retries.get(step.id, 0)

    def _drop(self, command: facts.DropStep) -> None:
        self.executor.drop(command.step)
        self._progress[command.step].attempt += 1  # whatever it still says is ignored
        self._failures.pop(command.step, None)
        cell_id = self._handover.steps[command.step].cell_id
        self._emit(events.StepNotRun(step=command.step, cell_id=cell_id, reason=command.reason))

    def _check_timeouts(self) -> None:
        now = time.perf_counter()
        for step, state in list(self._state.states.items()):
            limit, progress = self._limit_s(step), self._progress[step]
            if state != "running" or limit is None or self._status is not None:
                continue
            # A step may wait for what it claims, or for its worker. Where no worker can say that it has begun,
            # time counts from when there should be one.
            unheard = None if self._hears else progress.started + _START_S
            since = progress.began or unheard
            if since is not None and now - since > limit:
                self.executor.drop(step)
                took_s = now - since
                self._time_out(StepReport(step, "error", time.time() - took_s, took_s, ""), limit)

    def _limit_s(self, step: StepId) -> float | None:
        """How long the step may take; the batches of a split are looked after by the one who sent them."""
        plan = self._handover.steps[step]
        own = None if plan.splits else plan.timeout_s
        limits = [limit for limit in (own, self.options.timeout_s) if limit is not None]
        return min(limits, default=None)

    def _time_out(self, report: StepReport, limit_s: float) -> None:
        """The step took too long. In the main worker that is the end, as the step can't be stopped alone."""
        text = f"A cell timed out while it was being executed, after {limit_s:g} seconds."
        error = ErrorReport("CellTimeoutError", text, (f"CellTimeoutError: {text}",))
        step = StepId(report.step)
        plan, in_main = self._handover.steps[step], self._state.placement[step] == "main"
        group = group_at(plan, self._state.placement[step])
        why_final = (
            "it may have changed live objects of its group" if group and step in self._kin else ""
        )
        undone = not in_main and not why_final
        report = replace(
            report, status="error", error=error, is_undone=undone, changes=(), why_final=why_final
        )
        if group is not None:
            self.executor.end_group(group)
            lost = groups.lost_with(self.workflow, self._state, group)
            again = groups.again_with(self.workflow, self._state, lost)
            if again:
                self._run_again(step, (), again, f"the worker of group '{group}' was stopped")
        if self._state.states[step] == "running" and not self._try_again(report):
            self._end_step(report, is_fatal=in_main)

    # What happened

    def _take(self, happened: StepReport | Mapping[str, Any] | None) -> None:
        if happened is None:
            return
        if not isinstance(happened, StepReport) and happened["kind"] == "group-opened":
            self._feed(facts.GroupOpened(happened["group"]))
            return
        if not isinstance(happened, StepReport):
            if happened["kind"] == "waits":
                text = str(happened["reason"])
                self._emit(events.MessageLogged(level="info", text=text, code="NX525"))
                return
            progress = self._progress.get(StepId(happened["step"]))
            if progress is not None and progress.attempt == happened["attempt"]:
                self._tell(happened)
            return
        step = StepId(happened.step)
        if self._state.states[step] != "running":
            return
        if happened.status == "relocate":
            self._culprits[step] = happened.changes
            for stuck in happened.stuck:
                self._stuck.moved(step, step, stuck)
            self._relocate(step, happened.reason, happened)
            return
        if happened.lost:
            self._revive(step, happened)
            return
        self._tell_rest(happened)
        limit_s = self._limit_s(step)
        if limit_s is not None and happened.duration_s > limit_s:  # it couldn't be stopped
            self._time_out(happened, limit_s)
            return
        if happened.error is not None and self._try_again(happened):
            return
        if happened.changes or happened.changes_settings:
            self._repair(step, happened)
            if self._state.states[step] != "running":
                return
        for name, reason in happened.unpackable.items():
            for target in self._handover.needing(step, {name}):
                self._relocate(target, f"its input '{name}' can't leave its process: {reason}")
                for stuck in happened.stuck:
                    if name in stuck.name.split(", "):
                        self._stuck.moved(step, target, stuck)
        self._end_step(happened)

    def _try_again(self, report: StepReport) -> bool:
        """Whether the failed step is tried again, from the same inputs."""
        step = StepId(report.step)
        plan, error = self._handover.steps[step], report.error
        if error is None or not self._retries_left(plan):
            return False
        if plan.splits and error.batch is not None:
            return False  # batches are tried again as batches
        if not report.is_undone:
            if report.why_final:
                text = f"cell {plan.cell_number} isn't tried again: {report.why_final}."
                self._emit(events.MessageLogged(level="warning", text=text, code="NX516"))
            return False
        repeat = self._repeats[step]
        self._retries[step] = self._retries.get(step, 0) + 1
        self._emit(
            events.StepRetried(
                step=step,
                cell_id=plan.cell_id,
                tries=self._retries[step],
                reason=f"{error.ename}: {error.evalue}",
            )
        )
        self._forget(step)
        self._repeats[step] = repeat
        self._feed(facts.Retried(step))
        return True

    def _relocate(self, step: StepId, reason: str, report: StepReport | None = None) -> None:
        plan, kin = self._handover.steps[step], tuple(self._kin.get(step, (step,)))
        if group_at(plan, self._state.placement[step]) is not None:
            text = groups.explain_move(self.workflow, step, kin, reason)
            self._emit(events.MessageLogged(level="warning", text=text, code=groups.CODE))
            again = groups.again_with(self.workflow, self._state, (step,))
            mistaken = report is not None and bool(report.changes) and plan.barrier
            # Run late, it would have copies of what others in the main worker have gone on with.
            late = report is not None and report.had_copies and self._is_late(step)
            afresh: _StartOver = "surely" if mistaken else "if possible" if late else "if needed"
            self._run_again(step, kin, again, reason, start_over=afresh)
            return
        self._forget(step, reason)
        self._feed(facts.Relocated(step))

    def _is_late(self, step: StepId) -> bool:
        """Whether a later step has begun in the main worker."""
        state, later = self._state, self.workflow.steps[self._handover.position[step] + 1 :]
        return any(state.placement[s.id] == "main" and state.has_started(s.id) for s in later)

    # What becomes of a group's live values

    def _revive(self, step: StepId, report: StepReport) -> None:
        """The worker of the step's group died: what was live in it is made again, and the step runs again."""
        plan = self._handover.steps[step]
        group = str(plan.group)
        assert report.error is not None
        self._deaths[group] = self._deaths.get(group, 0) + 1
        self.executor.end_group(group)
        if self._deaths[group] > _MOST_DEATHS:
            self._end_step(report)
            return
        self._emit(
            events.StepRetried(
                step=step,
                cell_id=plan.cell_id,
                tries=self._deaths[group],
                reason=report.error.evalue,
            )
        )
        lost = groups.lost_with(self.workflow, self._state, group, {step})
        again = groups.again_with(self.workflow, self._state, {step, *lost})
        self._run_again(step, (), again, f"the worker of group '{group}' died")

    def _run_again(
        self,
        step: StepId,
        moved: tuple[StepId, ...],
        again: tuple[StepId, ...],
        reason: str,
        *,
        start_over: _StartOver = "if needed",
    ) -> None:
        """Run steps once more, the ``moved`` ones in the main worker; from the start where that can't be done."""
        afresh = start_over != "if needed"
        verdict = guards.repeat(self.workflow, self._state, again, start_over=afresh)
        if verdict.action == "fail" and start_over == "if possible":
            verdict = guards.repeat(self.workflow, self._state, again)
        if verdict.action == "rerun":
            self._invalidate(moved, again, reason)
            return
        text = f"{reason}; the run starts over, cell after cell"
        if verdict.action == "fail":
            text = f"{reason}, and the run can't start over because a cell changed things outside the notebook"
        if self._results is not None:
            self._results.doubt()
        self._emit(events.MessageLogged(level="warning", text=text, code=groups.CODE))
        self._start_over_or_fail(verdict, text, StepReport(step, "error", time.time(), 0.0, ""))

    def _forget(self, step: StepId, reason: str = "") -> None:
        """What the step has done or told doesn't count; with a reason, it runs again in the main worker."""
        progress = self._progress[step]
        cell_id = self._handover.steps[step].cell_id
        self._progress[step] = _Progress(attempt=progress.attempt + 1)
        self._repeats.pop(step, None)
        if reason:
            self._emit(events.StepRelocated(step=step, cell_id=cell_id, reason=reason))
        if progress.outputs:
            self._emit(events.CellOutputsDiscarded(step=step, cell_id=cell_id))

    # What a guard found

    def _repair(self, step: StepId, report: StepReport) -> None:
        """Make good what followed from a change that others missed."""
        if report.error is not None and step not in self._graph.may_raise:
            return  # later cells don't count anyway
        changes = report.changes
        verdict = guards.judge(
            self.workflow, self._state, step, changes, settings=report.changes_settings
        )
        if not (verdict.readers or verdict.again):
            return
        known = tuple(s for s, names in self._culprits.items() if set(names) & set(changes))
        culprits = known or guards.suspects(self.workflow, self._state, step, changes)
        text = guards.explain(self.workflow, culprits, changes, verdict)
        if self._results is not None:
            self._results.doubt()
        self._emit(events.MessageLogged(level="warning", text=text, code=guards.CODE))
        if verdict.action == "rerun":
            stale = f"it used {_listed(changes)} from before an unforeseen change"
            self._invalidate(verdict.readers, verdict.again, stale)
        else:
            self._start_over_or_fail(verdict, text, report)

    def _invalidate(
        self, moved: tuple[StepId, ...], again: tuple[StepId, ...], reason: str
    ) -> None:
        """Have started steps run again, and the ``moved`` ones in the main worker, for that reason."""
        for other in dict.fromkeys((*moved, *again)):
            self.executor.drop(other)
            self._forget(other, reason if other in moved else "")
        self._feed(facts.Invalidated(moved, again))

    def _start_over_or_fail(self, verdict: guards.Verdict, text: str, report: StepReport) -> None:
        """What the verdict says, where it isn't enough that some steps run again."""
        if verdict.action == "fail":
            error = ErrorReport("StaleValueError", text, (f"StaleValueError: {text}",))
            self._end_step(replace(report, error=error), is_fatal=True)
        else:
            self._start_over()

    def _start_over(self) -> None:
        self._restarts += 1
        for step in self._progress:
            self.executor.drop(step)
            self._forget(step)
        self._failures.clear()
        self._left.clear()
        self._handover = Handover(self.workflow, guards=False)
        self.executor.begin(self._context())
        self._feed(facts.StartedOver())

    def _tell_rest(self, report: StepReport) -> None:
        """Tell what the live channel lost: the final report has everything."""
        step, attempt = report.step, self._progress[StepId(report.step)].attempt
        for message in report.messages:
            self._tell(message)
        for number, output in enumerate(report.outputs):
            self._tell(
                {
                    "kind": "output",
                    "step": step,
                    "attempt": attempt,
                    "number": number,
                    "output": output,
                }
            )

    def _tell(self, message: Mapping[str, Any]) -> None:
        """Emit the event of a live message that is the next one not yet told."""
        step = StepId(message["step"])
        progress = self._progress[step]
        if message["kind"] == "began":
            progress.began, self._hears = time.perf_counter(), True
            return
        cell_id = self._handover.steps[step].cell_id
        if message["kind"] == "output":
            if message["number"] == progress.outputs:
                progress.outputs += 1
                self._emit(
                    events.CellOutputReceived(
                        step=step,
                        cell_id=cell_id,
                        number=message["number"],
                        output=message["output"],
                    )
                )
            return
        if message["number"] != progress.messages:
            return
        progress.messages += 1
        fields = {
            k: v for k, v in message.items() if k not in ("kind", "step", "attempt", "number")
        }
        if message["kind"] == "batch" and "within" not in message:
            progress.batches += 1
        if message["kind"] == "not-stored":
            self._warn_full(message["reason"])
            return
        if message["kind"] == "stuck":
            self._stuck.loop_ran_whole(step, **fields)
            return
        self._emit(_MESSAGE_EVENTS[message["kind"]](step=step, cell_id=cell_id, **fields))

    def _warn_full(self, reason: str) -> None:
        """Say once that the run can't be resumed from here."""
        if not self._told_full:
            self._told_full = True
            text = f"results can't be stored any more ({reason}): from here on the run can't be resumed"
            self._emit(events.MessageLogged(level="warning", text=text, code=FULL_CODE))

    def _end_step(self, report: StepReport, *, is_fatal: bool = False) -> None:
        step = StepId(report.step)
        plan, progress = self._handover.steps[step], self._progress[step]
        if report.observed is not None:
            self._observations[step] = report.observed
        common: dict[str, Any] = {
            "step": step,
            "cell_id": plan.cell_id,
            "execution_count": plan.execution_count,
            "started_at": report.started_at,
            "duration_s": report.duration_s,
            "worker": report.worker,
        }
        earlier = None if self._results is None else self._results.earlier
        source = report.reused_from or (earlier.run_id if earlier is not None else "")
        if report.is_reused and source:
            self._emit(events.StepReused(**common, source=source))
            self._feed(facts.Succeeded(step))
            return
        if report.error is None:
            self._emit(
                events.StepFinished(**common, batches=progress.batches, unkept=report.unkept)
            )
            self._feed(facts.Succeeded(step))
            return
        error = report.error
        self._failures[step] = report
        self._emit(
            events.StepFailed(
                **common,
                ename=error.ename,
                evalue=error.evalue,
                traceback=error.traceback,
                batch=error.batch,
                item=error.item,
                item_repr=error.item_repr,
            )
        )
        self._feed(facts.Failed(step, is_fatal))

    # The end

    def _failure(self) -> Mapping[str, Any] | None:
        position = self._state.failed_at
        if position is None:
            return None
        step = self.workflow.steps[position]
        error = self._failures[step.id].error
        assert error is not None
        return {
            "cell_id": step.cell_id,
            "cell_number": step.cell_number,
            "execution_count": step.execution_count,
            "ename": error.ename,
            "evalue": error.evalue,
            "traceback": error.traceback,
            "batch": error.batch,
            "item": error.item,
            "item_repr": error.item_repr,
        }

    def _batches(self) -> dict[str, int]:
        return {step: p.batches for step, p in self._progress.items() if p.batches}

    def _portray(self) -> NamespacePortrait:
        found = self.executor.portray(self._handover.bundles_outside_main())
        for left in self._left.values():
            variables = {**found.variables, **left.portrait.variables}
            found = NamespacePortrait(variables, (*found.shared, *left.portrait.shared))
        return found

    def _close_group(self, group: str) -> None:
        """Take along what is wanted of a group's live values, and let go of its worker."""
        names = self._handover.live_names().get(group, [])
        wanted, most = self.options.keep, self.options.keep_most_bytes
        mine = names if wanted is None else [name for name in wanted if name in names]
        left = self._left[group] = _LiveEnd()
        if mine and self._state.failed_at is None:
            left.values, left.missing = self.executor.collect_live(group, mine, most)
        if self.options.observe and names:
            left.portrait = self.executor.portray_live(group, names)
        self.executor.close_group(group)

    def _collect(self, end: RunEnd) -> None:
        wanted = self.options.keep
        outside = self._handover.outside_main()
        elsewhere = set(outside).union(*self._handover.live_names().values())
        inside = None if wanted is None else [name for name in wanted if name not in elsewhere]
        most = self.options.keep_most_bytes
        end.values, end.missing = self.executor.collect(inside, most)
        room = math.inf if most is None else most - sum(p.nbytes for p in end.values.values())
        for name, found in self._left_and_outside(outside, end.missing):
            if found.nbytes <= room:
                end.values[name] = found
                room -= found.nbytes
            else:
                end.missing[name] = TOO_LARGE

    def _left_and_outside(
        self, outside: Mapping[str, Any], missing: dict[str, str]
    ) -> Iterator[tuple[str, Packed]]:
        """The wanted values of groups, and of steps that ran elsewhere; notes which groups' are ``missing``."""
        for left in self._left.values():
            missing.update(left.missing)
            yield from left.values.items()
        wanted = self.options.keep
        for name, handle in outside.items():
            if wanted is None or name in wanted:
                yield name, self.executor.fetch(handle)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "settings"


def workflow_on(executor: Executor, workflow: Workflow) -> Workflow:
    """The workflow as the executor runs it: workers on several machines may see other files."""
    if executor.shares_files:
        return workflow
    steps = (
        replace(step, placement="main") if step.reads_outside else step for step in workflow.steps
    )
    return replace(workflow, steps=tuple(steps))


def _without_storing(workflow: Workflow, private: frozenset[StepId]) -> Workflow:
    """The workflow in which nothing of the private steps is stored."""
    steps = (replace(s, cache=False) if s.id in private else s for s in workflow.steps)
    return replace(workflow, steps=tuple(steps))


def _step_summary(step: Any) -> dict[str, Any]:
    return {
        "id": step.id,
        "cell_id": step.cell_id,
        "cell_number": step.cell_number,
        "title": step.title,
        "placement": step.placement,
        "kind": step.kind,
    }


_MESSAGE_EVENTS: dict[str, Callable[..., RunEvent]] = {
    "split": events.SplitStarted,
    "batch": events.BatchFinished,
    "batch-retried": events.BatchRetried,
    "batch-reused": events.BatchReused,
    "split-refused": events.SplitRefused,
    "task": events.TaskFinished,
    "task-discarded": events.TaskDiscarded,
    "notebook-cell": events.NotebookCellFinished,
}
