"""Tries steps again that failed, and ends those that take too long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from naavre_ext.executors.repairs import Repairs
from naavre_ext.executors.run_steps import RunSteps
from naavre_ext.executors.tasks import ErrorReport, StepReport
from naavre_ext.model.workflow import Step, StepId
from naavre_ext.scheduling.groups import group_at

#: How long the first worker may take until it can say that a step has begun.
_START_S = 30.0


class StepAttempts:
    """Looks after the time limits and retries of a run's steps."""

    def __init__(self, run: RunSteps, repairs: Repairs) -> None:
        self._run, self._repairs = run, repairs
        self._limits = {
            step.id: min(limits)
            for step in run.workflow.steps
            if (limits := list(_limits_s(step, run.options.timeout_s)))
        }

    def check_timeouts(self) -> None:
        """End the steps that take longer than they may."""
        now = time.perf_counter()
        for step, limit in self._limits.items():
            if self._run.state.states[step] != "running" or self._run.status is not None:
                continue
            progress = self._run.narrator.progress[step]
            # A step may wait for what it claims, or for its worker. Where no worker can say that it has begun,
            # time counts from when there should be one.
            unheard = None if self._run.narrator.hears else progress.started + _START_S
            since = progress.began or unheard
            if since is not None and now - since > limit:
                self._run.executor.drop(step)
                took_s = now - since
                self.time_out(StepReport(step, "error", time.time() - took_s, took_s, ""), limit)

    def limit_s(self, step: StepId) -> float | None:
        """How long the step may take; None: as long as it likes."""
        return self._limits.get(step)

    def time_out(self, report: StepReport, limit_s: float) -> None:
        """The step took too long. In the main worker that is the end, as the step can't be stopped alone."""
        text = f"A cell timed out while it was being executed, after {limit_s:g} seconds."
        error = ErrorReport.in_words("CellTimeoutError", text)
        step = StepId(report.step)
        plan, in_main = self._run.handover.steps[step], self._run.state.placement[step] == "main"
        group = group_at(plan, self._run.state.placement[step])
        why_final = (
            "it may have changed live objects of its group"
            if group and self._repairs.is_kin(step)
            else ""
        )
        undone = not in_main and not why_final
        report = replace(
            report, status="error", error=error, is_undone=undone, changes=(), why_final=why_final
        )
        if group is not None:
            self._run.executor.end_group(group)
        if group is not None and self._may_repeat(report):
            self._run.count_retry(step, f"{error.ename}: {error.evalue}")
            self._repairs.after_stopping(step, group)
        elif group is not None or not self.try_again(report):
            self._run.end_step(report, is_fatal=in_main)  # the group's cells before it are done

    def try_again(self, report: StepReport) -> bool:
        """Whether the failed step is tried again, from the same inputs."""
        error = report.error
        if error is None or not self._may_repeat(report):
            return False
        self._run.repeat(StepId(report.step), f"{error.ename}: {error.evalue}")
        return True

    def _may_repeat(self, report: StepReport) -> bool:
        step = StepId(report.step)
        plan, error = self._run.handover.steps[step], report.error
        if error is None or not self._run.retries_left(plan):
            return False
        if plan.splits and error.batch is not None:
            return False  # batches are tried again as batches
        if not report.is_undone:
            if report.why_final:
                text = f"cell {plan.cell_number} isn't tried again: {report.why_final}."
                self._run.narrator.log("warning", text, "NX516")
            return False
        return True


def _limits_s(step: Step, of_run: float | None) -> Iterator[float]:
    """The step's limits; the batches of a split are looked after by the one who sent them."""
    if step.timeout_s is not None and not step.splits:
        yield step.timeout_s
    if of_run is not None:
        yield of_run
