"""Tells the events of a run and of its steps, each one numbered and once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from naavre_ext.executors.resuming import FULL_CODE
from naavre_ext.executors.stuck_values import StuckValues
from naavre_ext.executors.tasks import StepReport
from naavre_ext.model import event as events
from naavre_ext.model.event import RunEvent
from naavre_ext.model.workflow import StepId, Workflow


@dataclass(slots=True)
class Progress:
    """What has been told of a step's present attempt."""

    attempt: int = 0
    outputs: int = 0
    messages: int = 0
    started: float = 0.0
    began: float | None = None
    batches: int = 0


class Narrator:
    """Turns what workers tell of steps into events. What an earlier attempt still says is ignored.

    ``hears`` says that workers can say when a step has begun.
    """

    def __init__(self, workflow: Workflow, emit: Callable[[RunEvent], None]) -> None:
        self._emit_event, self._seq = emit, 0
        self._cells = {step.id: step.cell_id for step in workflow.steps}
        self.progress = {step.id: Progress() for step in workflow.steps}
        self.stuck = StuckValues(workflow)
        self.hears = False
        self._told_full = False

    def emit(self, event: RunEvent) -> None:
        """Tell the event, with its number and time."""
        self._emit_event(replace(event, seq=self._seq, at=time.time()))
        self._seq += 1

    def log(self, level: Literal["info", "warning"], text: str, code: str) -> None:
        """Tell the user something, by its code."""
        text = text if text.startswith(code) else f"{code} {text}"
        self.emit(events.MessageLogged(level=level, text=text, code=code))

    def hear(self, message: Mapping[str, Any]) -> None:
        """Tell what a live message says, if it is one of its step's present attempt."""
        progress = self.progress.get(StepId(message["step"]))
        if progress is not None and progress.attempt == message["attempt"]:
            self._tell(message)

    def forget(self, step: StepId, reason: str = "") -> None:
        """What the step has told doesn't count; with a reason, it runs again in the main worker."""
        progress, cell_id = self.progress[step], self._cells[step]
        self.progress[step] = Progress(attempt=progress.attempt + 1)
        if reason:
            self.emit(events.StepRelocated(step=step, cell_id=cell_id, reason=reason))
        if progress.outputs:
            self.emit(events.CellOutputsDiscarded(step=step, cell_id=cell_id))

    def tell_rest(self, report: StepReport) -> None:
        """Tell what the live channel lost: the final report has everything."""
        step, attempt = report.step, self.progress[StepId(report.step)].attempt
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
        progress = self.progress[step]
        if message["kind"] == "began":
            progress.began, self.hears = time.perf_counter(), True
            return
        cell_id = self._cells[step]
        if message["kind"] == "output":
            if message["number"] == progress.outputs:
                progress.outputs += 1
                self.emit(
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
            self.stuck.loop_ran_whole(step, **fields)
            return
        self.emit(_MESSAGE_EVENTS[message["kind"]](step=step, cell_id=cell_id, **fields))

    def _warn_full(self, reason: str) -> None:
        """Say once that the run can't be resumed from here."""
        if not self._told_full:
            self._told_full = True
            text = f"results can't be stored any more ({reason}): from here on the run can't be resumed"
            self.log("warning", text, FULL_CODE)

    def stuck_values(self) -> None:
        """Tell what couldn't be copied, and what that cost."""
        for found in self.stuck.diagnostics():
            self.log("info", found.describe(), found.code)

    def batches(self) -> dict[str, int]:
        """How many batches each step had, of those with some."""
        return {step: p.batches for step, p in self.progress.items() if p.batches}


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
