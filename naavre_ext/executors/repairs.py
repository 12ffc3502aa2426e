"""Makes good what a run did with values that don't count: has steps run again, elsewhere, or all of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from naavre_ext.executors.run_steps import RunSteps
from naavre_ext.executors.tasks import ErrorReport, StepReport
from naavre_ext.model import event as events
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.workflow import StepId
from naavre_ext.scheduling import facts, groups, guards
from naavre_ext.scheduling.groups import group_at

_StartOver = Literal["surely", "if possible", "if needed"]
#: So many deaths of a group's worker are made good.
_MOST_DEATHS = 3


class Repairs:
    """Knows which steps have to run again when one moved, a group's worker died, or a guard found a change."""

    def __init__(self, run: RunSteps) -> None:
        self._run, self.workflow = run, run.workflow
        self._kin = groups.kin_of(run.workflow)
        #: How often a group's worker died.
        self._deaths: dict[str, int] = {}
        #: Which names a step is known to change unexpectedly.
        self._culprits: dict[StepId, tuple[str, ...]] = {}

    def is_kin(self, step: StepId) -> bool:
        """Whether the step shares live objects with others of its group."""
        return len(self._kin.get(step, ())) > 1

    def move(self, report: StepReport) -> None:
        """Run the step in the main worker, as its report asks."""
        step = StepId(report.step)
        self._culprits[step] = report.changes
        for stuck in report.stuck:
            self._run.narrator.stuck.moved(step, step, stuck)
        self._relocate(step, report.reason, report)

    def move_readers(self, report: StepReport) -> None:
        """Run in the main worker what needs values that couldn't leave it."""
        step = StepId(report.step)
        for name, reason in report.unpackable.items():
            for target in self._run.handover.needing(step, {name}):
                self._relocate(target, f"its input '{name}' can't leave its process: {reason}")
                for stuck in report.stuck:
                    if name in stuck.name.split(", "):
                        self._run.narrator.stuck.moved(step, target, stuck)

    def after_copying(self, report: StepReport) -> None:
        """Run all again: the step was moved when its inputs had changed, and what it made holds copies of them."""
        plan = self._run.handover.steps[StepId(report.step)]
        reason = (
            f"what cell {plan.cell_number} makes holds objects that later cells have gone on with"
        )
        self._run_again(plan.id, (), (plan.id,), reason, start_over="surely", code=guards.CODE)

    def after_stopping(self, step: StepId, group: str) -> None:
        """The step runs again, and before it what was live in the worker that was stopped for it."""
        self._live_again(step, group, f"the worker of group '{group}' was stopped")

    def _live_again(self, step: StepId, group: str, reason: str) -> None:
        lost = groups.lost_with(self.workflow, self._run.state, group, {step})
        again = groups.again_with(self.workflow, self._run.state, {step, *lost})
        self._run_again(step, (), again, reason)

    def _relocate(self, step: StepId, reason: str, report: StepReport | None = None) -> None:
        plan, kin = self._run.handover.steps[step], tuple(self._kin.get(step, (step,)))
        if group_at(plan, self._run.state.placement[step]) is not None:
            text = groups.explain_move(self.workflow, step, kin, reason)
            self._run.narrator.log("warning", text, groups.CODE)
            again = groups.again_with(self.workflow, self._run.state, (step,))
            mistaken = report is not None and bool(report.changes) and plan.barrier
            # Run late, it would have copies of what others in the main worker have gone on with.
            late = report is not None and report.had_copies and self._is_late(step)
            afresh: _StartOver = "surely" if mistaken else "if possible" if late else "if needed"
            self._run_again(step, kin, again, reason, start_over=afresh)
            return
        self._run.forget(step, reason)
        self._run.feed(facts.Relocated(step))

    def _is_late(self, step: StepId) -> bool:
        """Whether a later step has begun in the main worker."""
        state, later = self._run.state, self.workflow.steps[self._run.handover.position[step] + 1 :]
        return any(state.placement[s.id] == "main" and state.has_started(s.id) for s in later)

    # What becomes of a group's live values

    def revive(self, report: StepReport) -> None:
        """The worker of the step's group died: what was live in it is made again, and the step runs again."""
        step = StepId(report.step)
        plan = self._run.handover.steps[step]
        group = str(plan.group)
        assert report.error is not None
        self._deaths[group] = self._deaths.get(group, 0) + 1
        self._run.executor.end_group(group)
        if self._deaths[group] > _MOST_DEATHS:
            self._run.end_step(report)
            return
        self._run.narrator.emit(
            events.StepRetried(
                step=step,
                cell_id=plan.cell_id,
                tries=self._deaths[group],
                reason=report.error.evalue,
            )
        )
        self._live_again(step, group, f"the worker of group '{group}' died")

    def after_losing(self, group: str) -> None:
        """The group has to run again, but its worker is another job's: the run goes on without groups.

        Raises:
            NaavreError: it can't, because of what cells did outside.
        """
        reason = (
            f"cells of group '{group}' have to run again, but its worker is another job's by now"
        )
        verdict = guards.repeat(self.workflow, self._run.state, (), start_over=True)
        if verdict.action == "fail":
            raise NaavreError(
                f"{groups.CODE} {reason[0].upper()}{reason[1:]}, and the run can't start over because a cell "
                "changed things outside the notebook. Run the jobs one at a time (--jobs 1)."
            )
        if self._run.results is not None:
            self._run.results.doubt()
        text = f"{reason}; the run starts over, cell after cell"
        self._run.narrator.log("warning", text, groups.CODE)
        self._run.start_over()

    def _run_again(
        self,
        step: StepId,
        moved: tuple[StepId, ...],
        again: tuple[StepId, ...],
        reason: str,
        *,
        start_over: _StartOver = "if needed",
        code: str = groups.CODE,
    ) -> None:
        """Run steps once more, the ``moved`` ones in the main worker; from the start where that can't be done."""
        afresh = start_over != "if needed"
        verdict = guards.repeat(self.workflow, self._run.state, again, start_over=afresh)
        if verdict.action == "fail" and start_over == "if possible":
            verdict = guards.repeat(self.workflow, self._run.state, again)
        if verdict.action == "rerun":
            self._run.invalidate(moved, again, reason)
            return
        text = f"{reason}; the run starts over, cell after cell"
        if verdict.action == "fail":
            text = f"{reason}, and the run can't start over because a cell changed things outside the notebook"
        if self._run.results is not None:
            self._run.results.doubt()
        self._run.narrator.log("warning", text, code)
        self._start_over_or_fail(verdict, text, StepReport(step, "error", time.time(), 0.0, ""))

    # What a guard found

    def after_changes(self, report: StepReport) -> None:
        """Make good what followed from a change that others missed."""
        step = StepId(report.step)
        if report.error is not None and step not in self._run.graph.may_raise:
            return  # later cells don't count anyway
        changes = report.changes
        verdict = guards.judge(
            self.workflow, self._run.state, step, changes, settings=report.changes_settings
        )
        if not (verdict.readers or verdict.again):
            return
        known = tuple(s for s, names in self._culprits.items() if set(names) & set(changes))
        culprits = known or guards.suspects(self.workflow, self._run.state, step, changes)
        text = guards.explain(self.workflow, culprits, changes, verdict)
        if self._run.results is not None:
            self._run.results.doubt()
        self._run.narrator.log("warning", text, guards.CODE)
        if verdict.action == "rerun":
            stale = f"it used {_listed(changes)} from before an unforeseen change"
            self._run.invalidate(verdict.readers, verdict.again, stale)
        else:
            self._start_over_or_fail(verdict, text, report)

    def _start_over_or_fail(self, verdict: guards.Verdict, text: str, report: StepReport) -> None:
        """What the verdict says, where it isn't enough that some steps run again."""
        if verdict.action == "fail":
            error = ErrorReport.in_words("StaleValueError", text)
            self._run.end_step(replace(report, error=error), is_fatal=True)
        else:
            self._run.start_over()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "settings"
