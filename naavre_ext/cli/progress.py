"""Run events → a view of the run: one pure fold that every renderer reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from naavre_ext.exporters.wording import count_phrase, one_line
from naavre_ext.model.event import (
    WAITS,
    BatchFinished,
    BatchRetried,
    BatchReused,
    CellOutputsDiscarded,
    MessageLogged,
    RunEvent,
    RunFinished,
    RunStarted,
    RunStatus,
    SplitRefused,
    SplitStarted,
    StepFailed,
    StepFinished,
    StepNotRun,
    StepRelocated,
    StepRetried,
    StepReused,
    StepStarted,
    TaskFinished,
    counted_steps,
)

StepState = Literal["waiting", "running", "ok", "failed", "not run"]


@dataclass(frozen=True, slots=True)
class SplitView:
    """A loop of a step: how many items and batches there are, and how many are done.

    ``reused`` of these were taken from an earlier run. ``whole`` is the reason why the loop
    runs whole; empty while it runs in batches. ``description`` is what the loop's own progress bar says.
    ``items`` is 0 where nobody can know how many there will be.
    """

    split: int
    items: int
    batches: int
    done: int = 0
    done_items: int = 0
    reused: int = 0
    whole: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """A step and what is known of it. ``notes`` say what went otherwise than planned."""

    id: str
    cell_number: int
    title: str | None = None
    state: StepState = "waiting"
    started_at: float = 0.0
    duration_s: float = 0.0
    splits: tuple[SplitView, ...] = ()
    inner: tuple[SplitView, ...] = ()
    notes: tuple[str, ...] = ()
    failure: StepFailed | None = None
    reused: bool = False
    tasks: int = 0

    @property
    def place(self) -> str:
        """``cell 5 "process batches"``."""
        title = f' "{one_line(self.title)}"' if self.title else ""
        return f"cell {self.cell_number}{title}"

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come from the step."""
        return self.state in ("ok", "failed", "not run")

    def fan_out(self) -> str:
        """``28 items in 5 batches, 3 tasks``; empty when nothing ran in other workers."""
        parts = [
            f"{count_phrase(max(s.items, s.done_items), 'item')} in {count_phrase(s.batches, 'batch', 'batches')}"
            + (f" ({s.reused} of them reused)" if s.reused else "")
            for s in self.splits
            if s.batches and not s.whole
        ]
        if self.inner:
            items, batches = sum(s.done_items for s in self.inner), sum(s.done for s in self.inner)
            parts.append(
                f"in those {count_phrase(items, 'item')} in {count_phrase(batches, 'batch', 'batches')}"
            )
        parts += [count_phrase(self.tasks, "task")] if self.tasks else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class RunView:
    """The run as the events so far tell it. ``messages`` are (level, text)."""

    run_id: str = ""
    notebook: str | None = None
    executor: str = ""
    slots: int = 0
    started_at: float = 0.0
    duration_s: float = 0.0
    status: RunStatus | None = None
    steps: tuple[StepView, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()

    def step(self, step_id: str) -> StepView | None:
        """The step with this id, if the run has it."""
        return next((step for step in self.steps if step.id == step_id), None)

    @property
    def counted(self) -> tuple[StepView, ...]:
        """The steps that are counted: those of the user's cells."""
        own = counted_steps({step.id: step.cell_number for step in self.steps})
        return tuple(step for step in self.steps if step.id in own)

    @property
    def ended_count(self) -> int:
        """How many of them are over."""
        return sum(step.ended for step in self.counted)

    @property
    def failure(self) -> tuple[StepView, StepFailed] | None:
        """The failed step that ended the run, and its failure.

        It is the last one: steps before it may have failed as their cell's tag allows, and what
        ran beyond it doesn't count.
        """
        if self.status != "failed":
            return None
        failed = [(step, step.failure) for step in self.steps if step.failure]
        return failed[-1] if failed else None


def view_run(events: Iterable[RunEvent]) -> RunView:
    """The view after all these events."""
    view = RunView()
    for event in events:
        view = fold(view, event)
    return view


def fold(view: RunView, event: RunEvent) -> RunView:
    """The view after one more event. Events about unknown steps change nothing."""
    match event:
        case RunStarted():
            steps = tuple(
                StepView(s["id"], int(s.get("cell_number") or 0), s.get("title"))
                for s in event.steps
            )
            return RunView(
                event.run_id, event.notebook, event.executor, event.slots, event.at, steps=steps
            )
        case RunFinished():
            return replace(view, status=event.status, duration_s=event.duration_s)
        case MessageLogged() if event.code == WAITS:
            return view  # it is said while it is so
        case MessageLogged():
            return replace(view, messages=(*view.messages, (event.level, event.text)))
    step_id = getattr(event, "step", None)
    return replace(
        view,
        steps=tuple(_fold_step(step, event) if step.id == step_id else step for step in view.steps),
    )


def _fold_step(step: StepView, event: RunEvent) -> StepView:
    match event:
        case StepStarted():
            return replace(
                step,
                state="running",
                started_at=event.at,
                splits=(),
                inner=(),
                tasks=0,
                failure=None,
            )
        case StepRelocated():
            note = f"ran again in the main worker: {event.reason}"
            return replace(
                step, state="waiting", splits=(), inner=(), tasks=0, notes=(*step.notes, note)
            )
        case StepRetried():
            note = f"tried again after {event.reason}"
            return replace(
                step, state="waiting", splits=(), inner=(), tasks=0, notes=(*step.notes, note)
            )
        case BatchRetried() | SplitRefused() | SplitStarted() | BatchFinished() if event.within:
            return _fold_inner(step, event)
        case BatchRetried():
            note = f"batch {event.batch + 1} was tried again: {event.reason}"
            return replace(step, notes=(*step.notes, note))
        case CellOutputsDiscarded():
            return replace(step, splits=(), inner=(), tasks=0)
        case StepFinished():
            return replace(step, state="ok", duration_s=event.duration_s)
        case StepReused():
            return replace(step, state="ok", reused=True)
        case StepFailed():
            return replace(step, state="failed", duration_s=event.duration_s, failure=event)
        case StepNotRun():
            return replace(step, state="not run", failure=None)
        case SplitStarted():
            return replace(step, splits=_with_started(step.splits, event))
        case BatchFinished() | BatchReused():
            return replace(step, splits=tuple(_with_batch(s, event) for s in step.splits))
        case TaskFinished():
            return replace(step, tasks=step.tasks + 1)
        case SplitRefused():
            splits = tuple(
                replace(s, whole=event.reason) if s.split == event.split else s for s in step.splits
            )
            note = f"a loop ran whole: {event.reason}"
            return replace(step, splits=splits, notes=(*step.notes, note))
    return step


def _fold_inner(
    step: StepView, event: BatchRetried | SplitRefused | SplitStarted | BatchFinished
) -> StepView:
    """After an event of a loop that ran in a batch; such a loop may begin often, so each note is told once."""
    note = ""
    match event:
        case SplitStarted():
            return replace(step, inner=_with_started(step.inner, event))
        case BatchFinished():
            return replace(step, inner=tuple(_with_batch(s, event) for s in step.inner))
        case BatchRetried():
            note = f"a batch of a loop in a batch was tried again: {event.reason}"
        case SplitRefused():
            note = f"a loop in a batch ran whole: {event.reason}"
    return step if note in step.notes else replace(step, notes=(*step.notes, note))


def _with_started(splits: tuple[SplitView, ...], event: SplitStarted) -> tuple[SplitView, ...]:
    """``splits`` with one more; a loop that starts again, in a function called twice, adds up."""
    whole = "" if event.batches else event.reason or "it has too little to do"
    new = SplitView(
        event.split, max(0, event.items), event.batches, whole=whole, description=event.description
    )
    old = next((s for s in splits if s.split == event.split), None)
    if old is None:
        return (*splits, new)
    both = replace(
        old,
        items=old.items + new.items,
        batches=old.batches + new.batches,
        whole=new.whole if old.whole else "",
    )
    return tuple(both if s is old else s for s in splits)


def _with_batch(split: SplitView, event: BatchFinished | BatchReused) -> SplitView:
    if split.split != event.split:
        return split
    done = split.done + 1
    return replace(
        split,
        done=done,
        done_items=split.done_items + event.items,
        reused=split.reused + isinstance(event, BatchReused),
        batches=max(split.batches, done),
    )
