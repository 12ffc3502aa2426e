"""Sweeps as the front end sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from naavre_ext.model.jobs import Job, JobEnd
from naavre_ext.server.run_views import python_texts
from naavre_ext.storage.batch_store import BatchRecord

#: The number of what all rows share, among those of the jobs.
SHARED = 0
#: How a job ended that has no run.
_STATES = {"ok": "ok", "failed": "failed", "refused": "failed"}

RunSummaries = Callable[[Iterable[str]], dict[str, dict[str, Any]]]


@dataclass(slots=True)
class SweepProgress:
    """What this server knows of a sweep that goes on, by the numbers of its jobs: which ``waiting`` ones will run,
    ``runs`` that have begun, by the id of their record, jobs that were ``stopped``, and ``ends``."""

    waiting: frozenset[int]
    runs: dict[int, str] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)
    ends: dict[int, JobEnd] = field(default_factory=dict)


def sweep_view(
    record: BatchRecord, progress: SweepProgress | None, summaries: RunSummaries
) -> dict[str, Any]:
    """The rows in the table's order with their states, the runs that have begun, and what all rows share.

    ``progress`` is None of a sweep that is over, or that another process works on.
    """
    ends, ids = _known(record, progress)
    shared_id = ids.pop(SHARED, None)
    runs = summaries([*ids.values(), *([shared_id] if shared_id else [])])
    shared = runs.pop(shared_id or "", None)
    goes_on = progress is not None or any(run["state"] == "running" for run in runs.values())
    waiting = progress.waiting - progress.stopped if progress is not None else None
    rows = []
    for job in record.jobs:
        end, run = ends.get(job.number), runs.get(ids.get(job.number, ""))
        is_queued = goes_on and (waiting is None or job.number in waiting)
        rows.append(_row(job, end, run, is_queued=is_queued))
    return {
        "sweep": record.batch_id,
        "rows": rows,
        "runs": [runs[row["run"]] for row in rows if row["run"]],
        "shared": shared,
    }


def _known(
    record: BatchRecord, progress: SweepProgress | None
) -> tuple[dict[int, JobEnd], dict[int, str]]:
    """How jobs ended, and the ids of their runs; of jobs that run again, not those of an earlier attempt."""
    ends = record.ends()
    ids = {n: end.run_id for n, end in ends.items() if end.run_id is not None} | record.begun()
    ends = {n: end for n, end in ends.items() if end.run_id in (None, ids.get(n))}
    if progress is None:
        return ends, ids
    again = progress.waiting
    return (
        {n: end for n, end in ends.items() if n not in again} | progress.ends,
        {n: run_id for n, run_id in ids.items() if n not in again} | progress.runs,
    )


def _row(
    job: Job, end: JobEnd | None, run: Mapping[str, Any] | None, *, is_queued: bool
) -> dict[str, Any]:
    if run is not None:
        state = run["state"]
    elif end is not None:
        state = _STATES.get(end.status, "cancelled")
    else:
        state = "queued" if is_queued else "cancelled"
    return {
        "parameters": dict(job.parameters),
        "parameter_texts": python_texts(job.parameters),
        "state": state,
        "run": None if run is None else run["id"],
        "message": (end.reason or None) if end is not None and state == "failed" else None,
    }
