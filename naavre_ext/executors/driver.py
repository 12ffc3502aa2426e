"""Drives one run: feeds the scheduler with what happened, carries out its commands, tells the events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from naavre_ext.executors.base import Executor
from naavre_ext.executors.handover import Handover
from naavre_ext.executors.narrator import Narrator
from naavre_ext.executors.repairs import Repairs
from naavre_ext.executors.resuming import Results
from naavre_ext.executors.run_steps import POLL_S, RunSteps
from naavre_ext.executors.run_turn import Turn
from naavre_ext.executors.run_values import RunEnd
from naavre_ext.executors.step_attempts import StepAttempts
from naavre_ext.executors.taking_over import take_over
from naavre_ext.executors.tasks import StepReport
from naavre_ext.model import event as events
from naavre_ext.model.event import RunEvent, RunStatus, counted_steps
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import Step, StepId, Workflow
from naavre_ext.scheduling import facts


class RunDriver:
    """One run of a workflow on an executor, which the caller closes.

    Its own steps, but for the first ones that are ``light``, run within ``turn``: so several runs can make ready
    while others run.
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
        light: Collection[StepId] = (),
    ) -> None:
        workflow = workflow_on(executor, workflow)
        executor.admit(workflow)
        found = results(workflow) if results is not None and executor.shares_files else None
        if found is not None:
            workflow = _without_storing(workflow, found.private)
        self.workflow, self.executor, self.options = workflow, executor, options
        self.run_id, self.notebook, self._results = run_id, notebook, found
        self._cancel = cancel or threading.Event()
        self._turn = Turn(turn or nullcontext(), light)
        self._narrator = Narrator(workflow, emit)
        self._steps = RunSteps(
            workflow, executor, options, self._narrator, found, run_id, self._turn.come
        )
        self._repairs = Repairs(self._steps)
        self._attempts = StepAttempts(self._steps, self._repairs)

    @property
    def handover(self) -> Handover:
        """Where the values are."""
        return self._steps.handover

    def run(self) -> RunEnd:
        """Run to the end; every cell's fate has been told when this returns."""
        clock = time.perf_counter()
        steps, narrator = self._steps, self._narrator
        steps.begin_executor()
        narrator.emit(
            events.RunStarted(
                run_id=self.run_id,
                notebook=self.notebook,
                executor=self.executor.name,
                slots=self.executor.slots,
                steps=tuple(_step_summary(step) for step in self.workflow.steps),
            )
        )
        take_over(steps, self._results, self._cancel)
        with self._turn:
            status = self._run_steps()
        clock += self._turn.waited_s  # which is nobody's work
        end = RunEnd(status, time.perf_counter() - clock, steps.failure(), narrator.batches())
        if status == "ok" and self.options.keep != ():
            steps.values.collect(end, steps.handover)
        if status == "ok" and self.options.observe:
            end.portrait = steps.values.portray(steps.handover)
        end.observations = steps.observations
        end.duration_s = time.perf_counter() - clock
        narrator.stuck_values()
        own = counted_steps({step.id: step.cell_number for step in self.workflow.steps})
        counts = [state for step, state in steps.state.states.items() if step in own]
        narrator.emit(
            events.RunFinished(
                status=end.status,
                duration_s=end.duration_s,
                counts={name: counts.count(name) for name in ("done", "failed", "not run")},
            )
        )
        return end

    def _run_steps(self) -> RunStatus:
        self._steps.feed(facts.Began())
        while self._steps.status is None:
            self._take(self.executor.next_report(POLL_S))
            if self._cancel.is_set() and self._steps.status is None:
                self.executor.interrupt()
                self._steps.feed(facts.Stopped())
            self._attempts.check_timeouts()
        return self._steps.status

    def _take(self, happened: StepReport | Mapping[str, Any] | None) -> None:
        if isinstance(happened, StepReport):
            self._take_report(happened)
        elif happened is None:
            return
        elif happened["kind"] == "group-opened":
            self._steps.feed(facts.GroupOpened(happened["group"]))
        elif happened["kind"] == "group-gone":
            self._repairs.after_losing(happened["group"])
        elif happened["kind"] == "waits":
            self._narrator.log("info", str(happened["reason"]), events.WAITS)
        else:
            self._narrator.hear(happened)

    def _take_report(self, report: StepReport) -> None:
        step, steps, attempts = StepId(report.step), self._steps, self._attempts
        if steps.state.states[step] != "running":
            return
        if report.status == "relocate":
            self._repairs.move(report)
            return
        if report.lost:
            self._repairs.revive(report)
            return
        self._narrator.tell_rest(report)
        limit_s = attempts.limit_s(step)
        if limit_s is not None and report.duration_s > limit_s:  # it couldn't be stopped
            attempts.time_out(report, limit_s)
            return
        if report.error is not None and attempts.try_again(report):
            return
        if report.changes or report.changes_settings:
            self._repairs.after_changes(report)
            if steps.state.states[step] != "running":
                return
        if report.had_copies:
            self._repairs.after_copying(report)
            return
        self._repairs.move_readers(report)
        steps.end_step(report)


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


def _step_summary(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "cell_id": step.cell_id,
        "cell_number": step.cell_number,
        "title": step.title,
        "placement": step.placement,
        "kind": step.kind,
    }
