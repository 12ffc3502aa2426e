"""What a run comes to, in words: the closing summary, a failure as Jupyter shows it."""

from __future__ import annotations

import re

from naavre_ext.cli.progress import RunView, StepView
from naavre_ext.exporters.wording import count_phrase, duration_phrase, one_line
from naavre_ext.model.event import StepFailed

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_STATUS = {"ok": "ok", "failed": "failed", "cancelled": "cancelled"}


def step_line(view: RunView, step: StepView) -> str:
    """One line for a step that is over: ``[3/12] cell 5 "work": done in 1.2 s, ...``."""
    total = len(view.counted)
    head = f"[{view.ended_count:>{len(str(total))}}/{total}] {step.place}: "
    if step.failure:
        error = one_line(f"{step.failure.ename}: {step.failure.evalue}")[:120]
        return f"{head}failed after {duration_phrase(step.duration_s)}: {error}"
    if step.reused:
        return f"{head}reused"
    fan_out = step.fan_out()
    return f"{head}done in {duration_phrase(step.duration_s)}" + (f", {fan_out}" * bool(fan_out))


def summary_lines(view: RunView, status: str, duration_s: float, output: str | None) -> list[str]:
    """The closing summary: status, time, what fanned out, warnings, run id, executed notebook."""
    done = sum(step.state == "ok" for step in view.counted)
    steps = count_phrase(len(view.counted), "step")
    of = steps if done == len(view.counted) else f"{done} of {steps}"
    lines = [f"{_STATUS.get(status, status)}: {of} in {duration_phrase(duration_s)}"]
    for step in view.steps:
        fan_out = step.fan_out()
        lines += [f"  {step.place}: {fan_out}"] if fan_out else []
        lines += [
            f"  {step.place}: {count_phrase(s.items, 'item') + ' ' if s.items else ''}in one piece: {s.whole}"
            for s in step.splits
            if s.whole and not step.notes
        ]
        lines += [f"  {step.place} {note}" for note in step.notes]
    lines += [
        f"  {'warning: ' if level == 'warning' else ''}{one_line(text)}"
        for level, text in view.messages
    ]
    if output:
        lines.append(f"notebook: {output}")
    if view.run_id:
        lines.append(f"run:      {view.run_id}")
    return lines


def failure_lines(step: StepView, failure: StepFailed, *, colour: bool) -> list[str]:
    """The cell, and in a split the batch and item, and the traceback as Jupyter shows it."""
    where = step.place
    if failure.batch is not None:
        where += f", batch {failure.batch + 1}"
    if failure.item is not None:
        where += f", item {failure.item + 1}"
    if failure.item_repr is not None:
        where += f" ({one_line(failure.item_repr)})"
    traceback = "\n".join(failure.traceback) or f"{failure.ename}: {failure.evalue}"
    text = traceback if colour else strip_ansi(traceback)
    return [f"{where} failed:", *text.splitlines()]


def strip_ansi(text: str) -> str:
    """``text`` without terminal control sequences."""
    return _ANSI.sub("", text)
