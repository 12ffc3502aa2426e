"""A run's timeline for a Gantt chart: who worked on what, and what the run's end waited for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from naavre_ext.scheduling.explaining import explain, own_spans
from naavre_ext.scheduling.timeline import StepSpan, timeline_of
from naavre_ext.server.known_events import known_events
from naavre_ext.server.run_views import STATES
from naavre_ext.storage.run_record import RunRecord


def run_timeline(record: RunRecord) -> dict[str, Any]:
    """Steps, rows of spans by worker in the order in which the workers began, and what ``explain`` says."""
    events = known_events(record)
    line = timeline_of(events)
    status = record.summary.status
    explanation = explain(events, record.info.get("workflow"))
    spans = sorted(_spans(line.ran), key=lambda span: (span["start"], span["end"]))
    workers = list(dict.fromkeys(span["worker"] for span in spans))
    return {
        "run_id": record.run_id,
        "state": STATES.get(status, status),
        "slots": line.slots,
        "start": line.start,
        "end": line.end,
        "steps": [_step(step) for step in line.steps],
        "rows": [
            {"worker": worker, "spans": [span for span in spans if span["worker"] == worker]}
            for worker in workers
        ],
        "relocations": [
            {"at": at, "step": step, "reason": reason} for at, step, reason in line.relocations
        ],
        "critical_path": [asdict(part) for part in explanation.critical_path],
        "explanation": explanation.to_json(),
    }


def _step(step: StepSpan) -> dict[str, Any]:
    return {
        "id": step.id,
        "cell_number": step.cell_number,
        "title": step.title,
        "state": step.state,
        "start": step.start,
        "end": step.end,
        "worker": step.worker,
        "batches": len(step.batches),
        "whole": list(step.whole),
        "again": step.again,
        "wasted_s": step.wasted_s,
    }


def _spans(steps: list[StepSpan]) -> list[dict[str, Any]]:
    """When a worker computed something itself: steps but for the time of their batches, and the batches."""
    found: list[dict[str, Any]] = []
    for step in steps:
        about: dict[str, Any] = {
            "step": step.id,
            "split": None,
            "batch": None,
            "items": None,
            "within": "",
        }
        for start, end in own_spans(step):
            if end > start:
                found.append({**about, "worker": step.worker, "start": start, "end": end})
        for batch in (*step.batches, *step.inner):
            about = {"step": step.id, "split": batch.split, "batch": batch.batch}
            about["within"] = batch.within
            time = {"items": batch.items, "start": batch.start, "end": batch.end}
            found.append({**about, **time, "worker": batch.worker})
    return found
