"""A run's events folded into spans of time: who worked on what, from when to when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from naavre_ext.model.event import (
    BatchFinished,
    BatchRetried,
    CellOutputsDiscarded,
    RunEvent,
    RunFinished,
    RunStarted,
    SplitRefused,
    SplitStarted,
    StepFailed,
    StepFinished,
    StepRelocated,
    StepReused,
    StepStarted,
    TaskFinished,
)


@dataclass(frozen=True, slots=True)
class Span:
    """What a worker did for a step, as it timed it; times are Unix seconds."""

    step: str
    start: float
    end: float
    worker: str

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class BatchSpan(Span):
    """A batch of a split loop; ``within`` names the batches that the loop ran in, as the events do."""

    split: int
    batch: int
    items: int
    within: str = ""

    @property
    def path(self) -> str:
        """What the batches of loops in this one call it."""
        return f"{self.within}/{self.split}.{self.batch}".lstrip("/")


@dataclass(frozen=True, slots=True)
class TaskSpan(Span):
    """A call of a task."""

    function: str
    level: int


@dataclass(slots=True)
class StepSpan:
    """A step's last attempt. ``whole`` says why loops of it ran whole, ``again`` why it ran more than once,
    ``retried`` why a batch did.

    ``wasted_s`` is what earlier attempts took. ``inner`` are batches of loops that its ``batches`` came to.
    """

    id: str
    cell_number: int
    title: str | None = None
    start: float = 0.0
    end: float = 0.0
    worker: str = ""
    state: str = "waiting"
    submitted: float = 0.0
    batches: list[BatchSpan] = field(default_factory=list)
    inner: list[BatchSpan] = field(default_factory=list)
    tasks: list[TaskSpan] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    again: str = ""
    retried: str = ""
    wasted_s: float = 0.0

    @property
    def place(self) -> str:
        """``cell 5 "work"``."""
        return f"cell {self.cell_number}" + (f' "{self.title}"' if self.title else "")

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(0.0, self.end - self.start)

    @property
    def window(self) -> tuple[float, float] | None:
        """From the start of its first batch to the end of its last one."""
        if not self.batches:
            return None
        return min(b.start for b in self.batches), max(b.end for b in self.batches)


@dataclass(slots=True)
class Timeline:
    """A run. ``end`` is the time of its last event as long as it isn't over."""

    run_id: str = ""
    slots: int = 1
    start: float = 0.0
    end: float = 0.0
    status: str = "interrupted"
    steps: list[StepSpan] = field(default_factory=list)
    relocations: list[tuple[float, str, str]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return max(0.0, self.end - self.start)

    @property
    def ran(self) -> list[StepSpan]:
        """The steps that ran to an end, in notebook order."""
        return [step for step in self.steps if step.state in ("ok", "failed")]


def timeline_of(events: Iterable[RunEvent]) -> Timeline:
    """The spans that the events tell of, those of attempts that don't count left out."""
    line = Timeline()
    steps: dict[str, StepSpan] = {}
    for event in events:
        line.end = max(line.end, event.at)
        if isinstance(event, RunStarted):
            line.run_id, line.slots, line.start = event.run_id, max(1, event.slots), event.at
            line.steps = [
                StepSpan(str(s["id"]), int(s.get("cell_number") or 0), s.get("title"))
                for s in event.steps
            ]
            steps = {step.id: step for step in line.steps}
        elif isinstance(event, RunFinished):
            line.status = event.status
        step = steps.get(str(getattr(event, "step", "")))
        if step is not None:
            _note(line, step, event)
    return line


def _note(line: Timeline, step: StepSpan, event: RunEvent) -> None:
    match event:
        case StepStarted():
            step.submitted, step.state = event.at, "running"
            step.batches, step.inner, step.tasks, step.whole, step.retried = [], [], [], [], ""
        case StepRelocated():
            step.again = event.reason
            if step.state == "running":
                step.wasted_s += event.at - step.submitted
            line.relocations.append((event.at, step.id, event.reason))
        case BatchRetried():
            step.retried = event.reason.partition(" (")[0]
        case CellOutputsDiscarded():
            step.batches, step.inner, step.tasks = [], [], []
        case SplitStarted() if not event.batches and event.reason:
            step.whole.append(event.reason)
        case SplitRefused() if not event.within:
            step.whole.append(event.reason)
        case BatchFinished() if event.worker:
            end = event.started_at + event.duration_s
            batch = BatchSpan(
                step.id, event.started_at, end, event.worker, event.split, event.batch, event.items, event.within
            )  # fmt: skip
            (step.inner if event.within else step.batches).append(batch)
        case TaskFinished():
            end = event.started_at + event.duration_s
            step.tasks.append(
                TaskSpan(step.id, event.started_at, end, event.worker, event.function, event.level)
            )
        case StepFinished() | StepFailed():
            step.state = "ok" if isinstance(event, StepFinished) else "failed"
            step.start, step.worker = event.started_at, event.worker
            step.end = event.started_at + event.duration_s
        case StepReused():
            step.state = "reused"
