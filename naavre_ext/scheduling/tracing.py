"""A run as a trace for Perfetto and Chrome's ``about:tracing``: one row for each worker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from naavre_ext.model.event import RunEvent
from naavre_ext.scheduling.timeline import BatchSpan, StepSpan, TaskSpan, Timeline, timeline_of


def chrome_trace(events: Iterable[RunEvent]) -> dict[str, Any]:
    """The trace in the Trace Event Format, as a JSON object; times are microseconds since the run began.

    Steps, batches and tasks are complete events (``X``), with an arrow (``s``, ``f``) from a step to each of its
    batches in another worker. What had to run again is an instant (``i``).
    """
    line = timeline_of(events)
    rows = _Rows(line)
    found = rows.names()
    number = 0
    for step in line.ran:
        found.append(rows.step(step))
        found += [rows.task(step, task) for task in step.tasks]
        found += [rows.batch(step, batch) for batch in step.inner]
        for batch in step.batches:
            found.append(rows.batch(step, batch))
            if batch.worker != step.worker:
                number += 1
                found += rows.arrow(step, batch, number)
    spans = {step.id: step for step in line.steps}
    for at, step_id, reason in line.relocations:
        step = spans[step_id]
        found.append(
            {**rows.place(step.worker), "ph": "i", "s": "t", "name": f"{step.place} runs again",
             "cat": "relocated", "ts": rows.time(at), "args": {"reason": reason}}
        )  # fmt: skip
    about = {"run": line.run_id, "status": line.status, "slots": line.slots}
    return {"traceEvents": found, "displayTimeUnit": "ms", "otherData": about}


class _Rows:
    """Numbers hosts and workers, in the order in which they had something to do."""

    def __init__(self, line: Timeline) -> None:
        self._start = line.start
        spans: list[StepSpan | BatchSpan | TaskSpan] = []
        for step in line.ran:
            spans += [step, *step.batches, *step.inner, *step.tasks]
        main = {step.worker for step in line.ran}
        labels = dict.fromkeys(span.worker for span in sorted(spans, key=lambda span: span.start))
        self._workers = {label: number for number, label in enumerate(labels, 1)}
        hosts = dict.fromkeys(_host(label) for label in labels)
        self._hosts = {host: number for number, host in enumerate(hosts, 1)}
        self._runs_steps = main

    def names(self) -> list[dict[str, Any]]:
        """What the rows are called."""
        found = [
            {
                "ph": "M",
                "name": "process_name",
                "pid": number,
                "tid": 0,
                "args": {"name": host or "worker"},
            }
            for host, number in self._hosts.items()
        ]
        for label in self._workers:
            kind = "steps" if label in self._runs_steps else "batches"
            name = f"{label or 'worker'} ({kind})"
            found.append(
                {**self.place(label), "ph": "M", "name": "thread_name", "args": {"name": name}}
            )
        return found

    def place(self, worker: str) -> dict[str, Any]:
        return {"pid": self._hosts.get(_host(worker), 1), "tid": self._workers.get(worker, 0)}

    def time(self, at: float) -> float:
        """Microseconds since the run began."""
        return round(max(0.0, at - self._start) * 1e6, 1)

    def step(self, step: StepSpan) -> dict[str, Any]:
        args = {"step": step.id, "state": step.state, "batches": len(step.batches)}
        return self._complete(step, step.place, "step", args)

    def batch(self, step: StepSpan, batch: BatchSpan) -> dict[str, Any]:
        args = {"step": step.id, "split": batch.split, "items": batch.items}
        name = f"{step.place} batch {batch.batch + 1}"
        if batch.within:
            args = {**args, "within": batch.within}
            outer = batch.within.rpartition("/")[2].partition(".")[2]
            name = f"{step.place} batch {int(outer) + 1}, inner batch {batch.batch + 1}"
        return self._complete(batch, name, "batch", args)

    def task(self, step: StepSpan, task: TaskSpan) -> dict[str, Any]:
        args = {"step": step.id, "level": task.level}
        return self._complete(task, f"{step.place} {task.function}()", "task", args)

    def _complete(
        self, span: StepSpan | BatchSpan | TaskSpan, name: str, kind: str, args: dict[str, Any]
    ) -> dict[str, Any]:
        times = {"ts": self.time(span.start), "dur": round(span.seconds * 1e6, 1)}
        return {
            **self.place(span.worker),
            "ph": "X",
            "name": name,
            "cat": kind,
            **times,
            "args": args,
        }

    def arrow(self, step: StepSpan, batch: BatchSpan, number: int) -> list[dict[str, Any]]:
        common = {"name": "batch", "cat": "batch", "id": number}
        sent = min(step.start, batch.start)
        return [
            {**common, **self.place(step.worker), "ph": "s", "ts": self.time(sent)},
            {
                **common,
                **self.place(batch.worker),
                "ph": "f",
                "bp": "e",
                "ts": self.time(batch.start),
            },
        ]


def _host(worker: str) -> str:
    return worker.rpartition(":")[0]
