"""A batch that was made here and that the engine runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from naavre_ext.engine.client import EngineClient
from naavre_ext.engine.held import HeldBatch
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.event import RunEvent
from naavre_ext.model.jobs import BatchResult, Job, JobEnd
from naavre_ext.model.run import RunOptions

if TYPE_CHECKING:
    from naavre_ext.batching.batch import Batch

_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class BatchInEngine:
    """The batch, whose record the engine goes on with: to it all jobs are those that haven't ended yet."""

    engine: EngineClient
    batch: Batch
    source: str | Mapping[str, Any] | None
    options: RunOptions
    max_jobs: int | None

    def run(
        self,
        on_job: Callable[[Job, JobEnd], None],
        on_shared: Callable[[tuple[int, ...]], None],
        cancel: threading.Event,
        *,
        on_event: Callable[[int, RunEvent], None],
    ) -> BatchResult:
        """As ``Batch.run``; all is told in this thread.

        Raises:
            RefusedError, ClusterError: nothing was run, or the engine is gone.
        """
        batch, record = self.batch, self.batch.record
        options = replace(self.options, store=os.fspath(record.path.parent.parent))
        source = self.source or record.info["notebook"]
        jobs, over = {job.number: job for job in batch.jobs}, threading.Event()
        with closing(
            self.engine.hold_batch(
                source, (), resume=record.batch_id, max_jobs=self.max_jobs, options=options
            )
        ) as held:
            threading.Thread(target=_stop, args=(held, cancel, over), daemon=True).start()
            try:
                for news in held.news():
                    if news.end is not None:
                        on_job(jobs[news.number], news.end)
                    elif news.shared is not None:
                        on_shared(news.shared)
                    elif news.event is not None:
                        on_event(news.number, news.event)
            finally:
                over.set()
            return BatchResult.from_json(held.result(), batch.jobs)


def _stop(held: HeldBatch, cancel: threading.Event, over: threading.Event) -> None:
    """Have the batch stop when that is wanted, until it is over."""
    while not over.is_set():
        if cancel.wait(_POLL_S):
            with suppress(OSError, NaavreError):  # it has ended meanwhile, or the engine has
                held.cancel()
            return
