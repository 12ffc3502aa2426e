"""Why a run took as long as it did, and what would help most: ``(events, workflow) → Explanation``."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from naavre_ext.model.event import RunEvent
from naavre_ext.scheduling.advising import Advice, advise
from naavre_ext.scheduling.timeline import BatchSpan, StepSpan, Timeline, timeline_of


@dataclass(frozen=True, slots=True)
class PathPart:
    """A step on the critical path, and how long the run's end waited for it."""

    place: str
    seconds: float
    batches: int
    tasks: int = 0


@dataclass(frozen=True, slots=True)
class BatchTimes:
    """The distribution of a split cell's batch times, in seconds."""

    place: str
    batches: int
    workers: int
    least: float
    median: float
    most: float
    total: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """``work_s`` is all computing; ``speed_up`` is that over the run's time, ``efficiency`` that over its slots.

    ``lost`` tells for each cause how much of the run's time, in seconds, the idle slots amount to.
    """

    run_id: str
    status: str
    slots: int
    seconds: float
    work_s: float
    speed_up: float
    efficiency: float
    lost: Mapping[str, float]
    critical_path: tuple[PathPart, ...]
    batch_times: tuple[BatchTimes, ...]
    advice: Advice

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


#: The causes of idle slots, in words, in the order in which they are told.
CAUSES = {
    "serial": "one cell at a time could run",
    "long batch": "the last batches of a loop were waited for",
    "hand-over": "batches were packed, sent and merged",
    "between": "a cell was waited for to be handed to its worker",
    "start-up": "the workers started",
}


def explain(events: Iterable[RunEvent], workflow: Mapping[str, Any] | None = None) -> Explanation:
    """What the events of a run say of its speed. ``workflow`` is the plan, in JSON, where it is known."""
    line = timeline_of(events)
    spans = _busy_spans(line)
    work_s = sum(end - start for start, end in spans)
    seconds = line.seconds or 1e-9
    lost = _lost(line, spans)
    return Explanation(
        run_id=line.run_id,
        status=line.status,
        slots=line.slots,
        seconds=round(line.seconds, 3),
        work_s=round(work_s, 3),
        speed_up=speed_up(line),
        efficiency=round(min(1.0, work_s / (seconds * line.slots)), 3),
        lost={cause: round(lost.get(cause, 0.0), 3) for cause in CAUSES},
        critical_path=_critical_path(line, workflow),
        batch_times=tuple(_all_batch_times(line)),
        advice=advise(line, lost, workflow),
    )


def speed_up(line: Timeline) -> float:
    """All computing over the run's time: how many times as fast as one worker it was."""
    work_s = sum(end - start for start, end in _busy_spans(line))
    return round(work_s / (line.seconds or 1e-9), 2)


def _busy_spans(line: Timeline) -> list[tuple[float, float]]:
    """When somebody computed: the batches, the tasks, and the steps but for the time that their batches took."""
    spans = []
    for step in line.ran:
        for batch in (*step.batches, *step.inner):
            spans += own_parts(batch, step)
        spans += [(task.start, task.end) for task in step.tasks]
        spans += own_spans(step)
    return [(start, end) for start, end in spans if end > start]


def own_parts(batch: BatchSpan, step: StepSpan) -> list[tuple[float, float]]:
    """When a batch itself computed, as long as none of the batches did that it was waiting for."""
    parts, start = [], batch.start
    inner = [other for other in step.inner if other.within == batch.path]
    for other in sorted(inner, key=lambda span: span.start):
        parts.append((start, other.start))
        start = max(start, other.end)
    return [(left, right) for left, right in [*parts, (start, batch.end)] if left < right]


def own_spans(step: StepSpan) -> list[tuple[float, float]]:
    """When the step itself computed: before its batches and after them."""
    if step.window is None:
        return [(step.start, step.end)]
    start, end = step.window
    return [(step.start, min(start, step.end)), (max(end, step.start), step.end)]


def _lost(line: Timeline, spans: Sequence[tuple[float, float]]) -> dict[str, float]:
    """For each cause the idle slots' share of the run's time: a sweep over all moments when something changes."""
    lost: dict[str, float] = {}
    windows = [
        (*step.window, max(batch.start for batch in step.batches))
        for step in line.ran
        if step.window is not None
    ]
    edges = {line.start, line.end, *(t for span in spans for t in span)}
    edges |= {batch.start for step in line.ran for batch in step.batches}
    moments = sorted(t for t in edges if line.start <= t <= line.end)
    starts, ends = sorted(start for start, _ in spans), sorted(end for _, end in spans)
    first = starts[0] if starts else line.end
    for left, right in pairwise(moments):
        middle = (left + right) / 2
        active = bisect_right(starts, middle) - bisect_right(ends, middle)
        idle = line.slots - min(active, line.slots)
        last_start = next((last for start, end, last in windows if start <= middle < end), None)
        cause = "start-up" if middle < first else _cause(last_start, active, middle)
        lost[cause] = lost.get(cause, 0.0) + (right - left) * idle / line.slots
    return lost


def _cause(last_start: float | None, active: int, now: float) -> str:
    """Why slots idle ``now``; ``last_start`` is that of the batches of the loop that is at work, if one is."""
    if last_start is None:
        return "serial" if active else "between"
    return "long batch" if active and last_start <= now else "hand-over"


def _critical_path(line: Timeline, workflow: Mapping[str, Any] | None) -> tuple[PathPart, ...]:
    """From the step that ended last back to the first: each time the one that ended last of those waited for."""
    before = _waited_for(line, workflow)
    spans = {step.id: step for step in line.ran}
    path: list[StepSpan] = []
    step = max(line.ran, key=lambda s: s.end, default=None)
    while step is not None:
        path.append(step)
        earlier = [spans[s] for s in before[step.id] if s in spans and spans[s].start < step.start]
        step = max(earlier, key=lambda s: s.end, default=None)
    return tuple(
        PathPart(s.place, round(s.seconds, 3), len(s.batches), len(s.tasks)) for s in reversed(path)
    )


def _waited_for(line: Timeline, workflow: Mapping[str, Any] | None) -> dict[str, set[str]]:
    """For each step those that had to end first: by the plan, and in one worker the one before."""
    found: dict[str, set[str]] = {step.id: set() for step in line.steps}
    for edge in (workflow or {}).get("edges", ()):
        if edge.get("target") in found:
            found[edge["target"]].add(edge["source"])
    latest: dict[str, str] = {}
    for step in sorted(line.ran, key=lambda s: s.start):
        if step.worker in latest:
            found[step.id].add(latest[step.worker])
        latest[step.worker] = step.id
    return found


def _all_batch_times(line: Timeline) -> Iterator[BatchTimes]:
    for step in line.ran:
        if step.batches:
            yield _batch_times(step.place, step.batches)
        if step.inner:
            yield _batch_times(f"{step.place}, loops in its batches", step.inner)


def _batch_times(place: str, batches: Sequence[BatchSpan]) -> BatchTimes:
    times = sorted(batch.seconds for batch in batches)
    return BatchTimes(
        place,
        len(times),
        len({batch.worker for batch in batches}),
        round(times[0], 3),
        round(median(times), 3),
        round(times[-1], 3),
        round(sum(times), 3),
    )
