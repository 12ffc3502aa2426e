"""Where a surface's run happens: in the resident engine where one may be used, else here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from naavre_ext.model.run import RunOptions, RunResult

if TYPE_CHECKING:
    from naavre_ext.batching.batch import Batch
    from naavre_ext.engine.client import EngineClient
    from naavre_ext.model.jobs import BatchResult


def find_runner(
    options: RunOptions, parameters: Mapping[str, Any] | None = None
) -> Callable[..., RunResult]:
    """A function like ``api.run_notebook``: a running engine's, if it takes such a run, or ours."""
    engine = _engine_for(options)
    if engine is not None and engine.accepts(parameters, options):
        return engine.run
    from naavre_ext.api import run_notebook

    return run_notebook


def find_batch_runner(
    batch: Batch, source: Any, options: RunOptions, max_jobs: int | None = None
) -> Callable[..., BatchResult]:
    """A function like ``batch.run``; the batch was made from the ``source``, or is resumed where there is none."""
    engine = _engine_for(options)
    if engine is None or not all(engine.accepts(job.parameters, options) for job in batch.jobs):
        return batch.run
    from naavre_ext.engine.batch_client import BatchInEngine

    return BatchInEngine(engine, batch, source, options, max_jobs).run


def _engine_for(options: RunOptions) -> EngineClient | None:
    """The engine that runs, if its workers are what a Ray of the run's own would start."""
    if not options.resident or options.executor != "ray":
        return None
    from naavre_ext.engine.client import find_engine

    engine = find_engine(options.address)
    return engine if engine is not None and engine.started_as(options) else None
