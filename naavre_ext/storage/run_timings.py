"""How long cells took in earlier runs, from the run records."""

from __future__ import annotations

import contextlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from naavre_ext.model.check import CellTiming, SplitTiming
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.event import (
    BatchFinished,
    RunEvent,
    RunStarted,
    SplitRefused,
    SplitStarted,
    StepFinished,
    StepRelocated,
)
from naavre_ext.model.notebook import CellId
from naavre_ext.model.workflow import Step, Workflow
from naavre_ext.storage.run_log import EVENTS_FILE
from naavre_ext.storage.run_record import RunRecord

#: No more of a notebook's runs are looked at, the latest first.
_RUNS = 10


def cell_timings(workflow: Workflow, records: Iterable[RunRecord]) -> dict[CellId, CellTiming]:
    """For each cell, its time in the latest run in which it ended well and had the same source.

    ``records`` come the latest first. Records that can't be read are passed over.
    """
    found: dict[CellId, CellTiming] = {}
    for record in islice(records, _RUNS):
        missing = [step for step in workflow.steps if step.cell_id not in found]
        if not missing:
            break
        same = _same_cells(record.info, missing)
        if same:
            with contextlib.suppress(NaavreError, OSError):
                timings = _timings_in(record)
                found |= {same[step]: timing for step, timing in timings.items() if step in same}
    return found


def _same_cells(info: Mapping[str, Any], wanted: Sequence[Step]) -> dict[str, CellId]:
    """The record's steps that had the same source: in the same cell, or in the only one that has it now."""
    steps = (info.get("workflow") or {}).get("steps", ())
    texts = Counter(step.source for step in wanted)
    by_cell = {(step.cell_id, step.source): step.cell_id for step in wanted}
    by_text = {step.source: step.cell_id for step in wanted if texts[step.source] == 1}
    same = {}
    for step in steps:
        text = step.get("source")
        cell = by_cell.get((step.get("cell_id"), text)) or by_text.get(text)
        if cell is not None:
            same[step["id"]] = cell
    return same


def _timings_in(record: RunRecord) -> Mapping[str, CellTiming]:
    """The times of the record's steps, which are read again only when there are more."""
    status = os.stat(record.path / EVENTS_FILE)
    return _remembered(record.path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4 * _RUNS)
def _remembered(path: Path, _size: int, _mtime_ns: int) -> Mapping[str, CellTiming]:
    record = RunRecord(path, {})
    return _timings(record.run_id, record.events())


def _timings(run_id: str, events: Iterable[RunEvent]) -> dict[str, CellTiming]:
    """For each step that ended well, its time."""
    slots = 1
    splits: defaultdict[str, dict[int, _SplitTally]] = defaultdict(dict)
    found: dict[str, CellTiming] = {}
    for event in events:
        if isinstance(event, RunStarted):
            slots = event.slots
        step = str(getattr(event, "step", ""))
        if isinstance(event, StepRelocated):  # it starts anew
            splits[step].clear()
        elif getattr(event, "within", ""):
            continue  # the loop's cell is told how long its own batches took
        elif isinstance(event, SplitStarted):
            splits[step][event.split] = _SplitTally(event)
        elif isinstance(event, BatchFinished) and event.split in splits[step]:
            splits[step][event.split].add(event)
        elif isinstance(event, SplitRefused) and event.split in splits[step]:
            splits[step][event.split].reason = event.reason
        elif isinstance(event, StepFinished):
            told = tuple(tally.timing() for _, tally in sorted(splits[step].items()))
            found[step] = CellTiming(run_id, event.duration_s, slots, told)
    return found


class _SplitTally:
    """Sums up what the events say of one split."""

    def __init__(self, started: SplitStarted) -> None:
        self.started, self.reason = started, started.reason
        self.work_s = 0.0
        self.workers: set[str] = set()

    def add(self, batch: BatchFinished) -> None:
        self.work_s += batch.duration_s
        self.workers.add(batch.worker)

    def timing(self) -> SplitTiming:
        begun = self.started
        return SplitTiming(
            begun.split, begun.items, begun.batches, self.work_s, len(self.workers), self.reason
        )
