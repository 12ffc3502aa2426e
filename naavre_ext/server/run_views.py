"""Run records as the front end sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from naavre_ext.model.event import (
    BatchFinished,
    BatchReused,
    RunEvent,
    RunStarted,
    StepEnded,
    StepFailed,
    StepNotRun,
    StepRelocated,
    counted_steps,
)
from naavre_ext.scheduling.explaining import speed_up
from naavre_ext.scheduling.timeline import timeline_of
from naavre_ext.server.known_events import known_events
from naavre_ext.storage.run_record import RunRecord

#: What the record's words for a run's state are here.
STATES = {"interrupted": "killed"}
_FAILURE_PLACE = ("step", "cell_id", "execution_count", "batch", "item", "item_repr")


def run_summary(record: RunRecord, path: str | None, output: str | None) -> dict[str, Any]:
    """The run as a list shows it. ``path`` and ``output`` are contents paths."""
    summary, labels = record.summary, record.info.get("labels") or {}
    events = known_events(record)
    started = next((event for event in events if isinstance(event, RunStarted)), None)
    own = counted_steps({s["id"]: s["cell_number"] for s in started.steps} if started else {})
    over = summary.status != "running"
    parameters = dict(record.info.get("parameters") or {})
    return {
        "id": record.run_id,
        "path": path,
        "state": STATES.get(summary.status, summary.status),
        "started_at": summary.started_at,
        "duration_s": summary.duration_s,
        "parameters": parameters,
        "parameter_texts": python_texts(parameters),
        "executor": started.executor if started else None,
        "slots": started.slots if started else None,
        "steps_total": len(own),
        "steps_done": len(_steps_done(events, _may_raise(record.info)) & own),
        "speedup": speed_up(timeline_of(events)) if over and started else None,
        "batches": sum(
            isinstance(event, (BatchFinished, BatchReused)) and not getattr(event, "within", "")
            for event in events
        ),
        "sweep": labels.get("sweep"),
        "sweep_row": labels.get("sweep_row"),
        "sweep_rows": labels.get("sweep_rows"),
        "source_digests": labels.get("source_digests") or _planned_digests(record.info),
        "output": output,
    }


def python_texts(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The values as Python writes them: JSON in a browser has no 1.0."""
    return {name: repr(value) for name, value in parameters.items()}


def failure_of(record: RunRecord, message: str | None = None) -> dict[str, Any] | None:
    """The failure that ended the run; None when nothing failed. ``message`` says why it broke off, if it did."""
    failed = [event for event in known_events(record) if isinstance(event, StepFailed)]
    if not failed:
        if message is None:
            return None
        nowhere = dict.fromkeys(("cell_number", *_FAILURE_PLACE))
        return {**nowhere, "ename": "RunKilled", "evalue": message, "traceback": []}
    last = failed[-1].to_json()
    numbers = {step.get("id"): step.get("cell_number") for step in _planned_steps(record.info)}
    wanted = (*_FAILURE_PLACE, "ename", "evalue", "traceback")
    return {"cell_number": numbers.get(last["step"]), **{name: last[name] for name in wanted}}


def source_digests(document: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, str]:
    """The digest of each code cell's source, but for the ``hidden`` cells: they hold secrets."""
    found = {}
    for cell in document.get("cells", ()):
        if isinstance(cell, Mapping) and cell.get("cell_type") == "code" and "id" in cell:
            source = cell.get("source", "")
            text = "".join(source) if isinstance(source, list) else str(source)
            if str(cell["id"]) not in hidden:
                found[str(cell["id"])] = _digest(text)
    return found


def _steps_done(events: Iterable[RunEvent], may_raise: Collection[str]) -> set[str]:
    """The steps that have ended well, or with an error that their cells' tags allow."""
    done: set[str] = set()
    for event in events:
        has_failed = isinstance(event, StepFailed) and event.step not in may_raise
        if isinstance(event, StepEnded) and not has_failed:
            done.add(event.step)
        elif isinstance(event, (StepRelocated, StepNotRun)):
            done.discard(event.step)
    return done


def _may_raise(info: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(step["id"] for step in _planned_steps(info) if step.get("raises_exception"))


def _planned_steps(info: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The steps of the run's workflow, in JSON."""
    steps: Sequence[Mapping[str, Any]] = (info.get("workflow") or {}).get("steps", ())
    return steps


def _planned_digests(info: Mapping[str, Any]) -> dict[str, str]:
    """Of a run that something else started, the digests of what was planned.

    Of cells that only set parameters the plan has these alone, so nothing can be said of the cell.
    """
    return {
        step["cell_id"]: _digest(step["source"])
        for step in _planned_steps(info)
        if step.get("source") and step.get("kind") != "parameters"
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
