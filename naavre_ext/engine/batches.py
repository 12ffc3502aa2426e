"""The batches that an engine has under way: what has become of their jobs, and what stops these."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from naavre_ext.engine.protocol import options_from_json
from naavre_ext.engine.run_request import source_of
from naavre_ext.engine.runs import EngineWork
from naavre_ext.model.event import WAITS, MessageLogged, RunEvent, RunStarted
from naavre_ext.model.jobs import Job, JobEnd


def make_batch(request: Mapping[str, Any]) -> Any:
    """The ``naavre_ext.batching.batch.Batch`` that a ``start_batch`` request asks for.

    Raises:
        RefusedError: nothing was run.
    """
    from naavre_ext.batching.beginning import BatchRequest, begin_batch, resume_batch
    from naavre_ext.model.jobs import Row

    options, most = options_from_json(request["options"]), request["max_jobs"]
    source = source_of(request)
    if request["resume"] is not None:
        return resume_batch(request["resume"], options, source, most)
    rows = tuple(
        Row(f"row {number}", row["parameters"], row["output"])
        for number, row in enumerate(request["rows"], start=1)
    )
    return begin_batch(BatchRequest(source, rows, max_jobs=most), options)


class EngineBatch(EngineWork):
    """One batch. Its id is that of its record, a job's is ``BATCH/NUMBER``.

    Its news are ``{job, run}`` when a run has begun, which is 0 for what all jobs share, ``{job, end}``, the
    ``{job, event}`` of one that waits, and at first ``{job: 0, shared}``: the cells that run once.
    """

    def __init__(self, batch: Any) -> None:
        super().__init__(batch.record.batch_id)
        self._batch = batch
        #: The numbers of the jobs that will run.
        self.waiting = tuple(job.number for job in batch.waiting())
        self._cancels = {number: threading.Event() for number in self.waiting}
        self._runs: dict[str, int] = {}

    def stop(self, run_id: str | None = None) -> bool:
        """Have all jobs stop, or the one whose id, or run's record, this is; false where there is none such."""
        if run_id is None or run_id == self.run_id:
            for cancel in (self.cancel, *self._cancels.values()):
                cancel.set()
            return True
        batch, _, number = run_id.rpartition("/")
        job = self._runs.get(run_id, int(number) if batch == self.run_id else -1)
        if job in self._cancels:
            self._cancels[job].set()
        return job in self._cancels

    def work(self) -> dict[str, Any]:
        """Run the jobs; returns how each of them ended. To be called once: then the secrets are forgotten."""
        batch, self._batch = self._batch, None
        result = batch.run(
            self._on_end,
            self._on_shared,
            self.cancel,
            on_event=self._on_event,
            cancels=self._cancels,
        )
        found: dict[str, Any] = result.to_json()
        return found

    def _on_shared(self, cells: tuple[int, ...]) -> None:
        self.tell({"job": 0, "shared": list(cells)})

    def _on_end(self, job: Job, end: JobEnd) -> None:
        self.tell({"job": job.number, "end": end.to_json()})

    def _on_event(self, job: int, event: RunEvent) -> None:
        if isinstance(event, RunStarted):
            self._runs[event.run_id] = job
            self.tell({"job": job, "run": event.run_id})
        elif isinstance(event, MessageLogged) and event.code == WAITS:
            self.tell({"job": job, "event": event.to_json()})
