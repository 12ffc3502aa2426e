"""The one change that would have made a run faster by most, with an estimate of how much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from naavre_ext.scheduling.timeline import BatchSpan, StepSpan, Timeline

#: A change that gains a smaller share of the run's time isn't worth a word.
_WORTH = 0.05
#: Batches shorter than this cost more to send than they should.
_SHORT_S = 0.05
#: A worker's first batch may take so long only for what it imports.
_LOADING_S = 5.0
_LOOP = re.compile(r"^\s*(?:for|while)\b|\bfor\b.+\bin\b", re.MULTILINE)
_SPLIT = re.compile(r"^#\s*split\s*:", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to change, in which cell (None: nowhere), and about how many seconds that gains at best."""

    text: str
    gain_s: float = 0.0
    cell_number: int | None = None


def advise(line: Timeline, lost: Mapping[str, float], workflow: Mapping[str, Any] | None) -> Advice:
    """The change that gains most; one without a cell where none gains much."""
    sources = {s["id"]: s for s in (workflow or {}).get("steps", ())}
    found = [a for step in line.ran for a in _of_step(step, line, sources.get(step.id, {}))]
    startup = lost.get("start-up", 0.0)
    if startup > 0.5 and startup >= 2 * _WORTH * line.seconds:
        text = "Start the workers some seconds before: naavre-ext cluster start."
        found.append(Advice(text, round(startup, 3)))
    best = max(found, key=lambda advice: advice.gain_s, default=None)
    if best is not None and best.gain_s >= _WORTH * line.seconds:
        return best
    return Advice("No single change of the notebook would gain much.")


def _of_step(step: StepSpan, line: Timeline, plan: Mapping[str, Any]) -> Iterator[Advice]:
    saved = 1 - 1 / line.slots
    source = str(plan.get("source", ""))
    if step.wasted_s:
        text = f"{step.place} ran more than once ({step.again}): change that."
        yield _advice(text, step.wasted_s, step)
    limited = [_limited(step, line.slots, *found) for found in _limits(plan, line.slots)]
    if step.whole and limited:
        yield _advice(limited[0], _unsplit_s(step) * saved, step)
    elif step.whole:
        text = f"A loop of {step.place} ran whole, because {step.whole[0]}: rewrite that."
        yield _advice(text, _unsplit_s(step) * saved, step)
    elif not step.batches:
        yield _advice(_about_serial(step, source, plan), _alone_s(step, line) * saved, step)
    else:
        yield from _of_batches(step, line.slots, plan)


def _alone_s(step: StepSpan, line: Timeline) -> float:
    """How long the step ran while no other one did, nor a task of it."""
    others = [(task.start, task.end) for task in step.tasks]
    for other in line.ran:
        if other is not step and other.batches:
            others += [(batch.start, batch.end) for batch in other.batches]
        elif other is not step:
            others.append((other.start, other.end))
    alone, at = 0.0, step.start
    for start, end in sorted(others):
        alone += max(0.0, min(start, step.end) - at)
        at = max(at, min(end, step.end))
    return alone + step.end - at


def _about_serial(step: StepSpan, source: str, plan: Mapping[str, Any]) -> str:
    reasons = [r for r in plan.get("reasons", ()) if "not split:" in r]
    if reasons:
        return f"The loop of {step.place} isn't split ({reasons[0]}): rewrite what is in the way."
    if step.tasks:
        return (
            f"{step.place} sends few tasks, or waits for them soon: mark more functions with '# task', or call "
            "them before it uses what others return."
        )
    if _LOOP.search(source) and not _SPLIT.search(source):
        return f"Write '# split: TITLE' on top of {step.place}, if 'naavre-ext check' says that its loop can be."
    return (
        f"{step.place} runs in one piece while nothing else can: divide its work over a loop with "
        "'# split: TITLE', or into cells that don't need one another."
    )


def _of_batches(step: StepSpan, slots: int, plan: Mapping[str, Any]) -> Iterator[Advice]:
    window, source = step.window, str(plan.get("source", ""))
    assert window is not None
    times = [batch.seconds for batch in step.batches]
    length, even = window[1] - window[0], sum(times) / slots
    longest = max(step.batches, key=lambda batch: _longest_item_s(step, batch))
    item_s = _longest_item_s(step, longest)
    shortest = max(even, item_s)  # no way of dividing the items among the workers takes less
    fixed = re.search(r"^#\s*batches\s*:\s*(\S+)", source, re.MULTILINE | re.IGNORECASE)
    is_fixed = fixed is not None and fixed[1].lower() != "auto"
    for limit, written in _limits(plan, slots):
        yield _advice(_limited(step, slots, limit, written), length - shortest, step)
    if step.retried:
        text = f"A batch of {step.place} ran more than once ({step.retried}): change that."
        yield _advice(text, length - shortest, step)
    elif mean(times) < _SHORT_S and len(times) > 2 * slots and is_fixed:
        text = f"{step.place} has {len(times)} batches of {mean(times) * 1000:.0f} ms each: leave out '# batches'."
        yield _advice(text, length - shortest, step)
    elif is_fixed:
        written = f"# batches: {fixed[1] if fixed else 'N'}"
        text = f"The batches of {step.place} don't fill the workers evenly: leave out '{written}'."
        yield _advice(text, length - shortest, step)
    elif 2 * item_s > even and len(times) > 1:
        yield _about_longest(step, longest, length - shortest, length - max(even, item_s / slots))
    own = max(0.0, step.seconds - length)
    text = f"{step.place} spends {own:.1f} s outside of its batches: move that into the loop, or do less of it."
    yield _advice(text, own * (1 - 1 / slots), step)


def _about_longest(step: StepSpan, batch: BatchSpan, sooner_s: float, divided_s: float) -> Advice:
    """What to do about the batch with the longest item: begin with it, or divide it, and what each gains."""
    what = "one item" if batch.items == 1 else f"{batch.items} items"
    took = f"{what} of {step.place} took {batch.seconds:.1f} s (batch {batch.batch + 1})"
    assert step.window is not None
    if batch.start - step.window[0] > _WORTH * step.seconds:
        text = f"{took}, and began late: have the loop begin with what takes longest."
        return _advice(text, sooner_s, step)
    is_first = all(b.worker != batch.worker or b.start >= batch.start for b in step.batches)
    loads = ", if its worker didn't just load libraries" * (is_first and batch.seconds < _LOADING_S)
    return _advice(f"{took}: divide that work further{loads}.", divided_s, step)


def _longest_item_s(step: StepSpan, batch: BatchSpan) -> float:
    """About how long the batch's longest item took: what it took beyond as many usual items."""
    usual_s = median(other.seconds / max(1, other.items) for other in step.batches)
    items = max(1, batch.items)
    return max(batch.seconds / items, batch.seconds - (items - 1) * usual_s)


def _limited(step: StepSpan, slots: int, limit: int, written: str) -> str:
    return f"Of the {slots} workers {step.place} may use {limit} at a time: raise or leave out '{written}'."


def _limits(plan: Mapping[str, Any], slots: int) -> Iterator[tuple[int, str]]:
    """How many batches may run at once by the cell's annotations, where that is fewer than there are workers."""
    many, cpus = plan.get("concurrency"), (plan.get("resources") or {}).get("num_cpus", 1)
    if many is not None and many < slots:
        yield many, f"# concurrency: {many}"
    if cpus > 1:
        yield max(1, int(slots // cpus)), f"# resources: num_cpus={cpus:g}"


def _unsplit_s(step: StepSpan) -> float:
    """The time of the step in which no batch ran."""
    return max(
        0.0, step.seconds - (0.0 if step.window is None else step.window[1] - step.window[0])
    )


def _advice(text: str, gain_s: float, step: StepSpan) -> Advice:
    return Advice(text[:1].upper() + text[1:], round(max(0.0, gain_s), 3), step.cell_number)
