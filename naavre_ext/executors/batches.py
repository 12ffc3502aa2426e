"""Runs one batch of a split in a worker and reports what became of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.batch_results import RESULTS
from naavre_ext.executors.batch_run import BatchRun, Ended
from naavre_ext.executors.inner_events import telling
from naavre_ext.executors.items_back import CHANGES
from naavre_ext.executors.packing import Packed, PackingError
from naavre_ext.executors.packing_classes import taking_classes
from naavre_ext.executors.tasks import BatchReport, BatchTask, Stuck, Violation
from naavre_ext.executors.touched_files import RepeatableWatch, shown, watching
from naavre_ext.model.event import OutputMessage

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker


def run_batch(
    worker: Worker, task: BatchTask, shared: Packed, items: Packed | list[Any]
) -> tuple[BatchReport, Packed, dict[str, Any] | None]:
    """The batch's report and its pack: the recorded ``log`` (or ``elements``) and ``leaks``.

    With them its parts of the lists that next loops go over, as they would get there.
    """
    started_at, clock = time.time(), time.perf_counter()
    outputs: list[OutputMessage] = []
    ended = Ended()
    violation, stuck = "", None
    messages: list[Mapping[str, Any]] = []
    watch = RepeatableWatch()
    try:
        told = telling(messages.append, worker.label)
        with told, taking_classes(), watching(task.split.files_apart) as watch:
            ended = BatchRun(worker, task, outputs, messages.append).run(shared, items)
    except Violation as reason:
        violation = str(reason)
    except PackingError as failure:
        stuck = Stuck.of(failure)
        violation = f"'{failure.name}' can't be copied: {failure.reason}"
        if failure.name in {*RESULTS, CHANGES}:
            stuck = Stuck.of(failure, "what an iteration hands back")
            violation = f"what an iteration hands back can't be copied: {failure.reason}"
    if watch.spoilt:
        ended = Ended()
        violation = (
            f"an iteration would change the file '{shown(watch.spoilt)}', which was read before"
        )
    duration_s = time.perf_counter() - clock
    report = BatchReport(
        batch=task.batch,
        started_at=started_at,
        duration_s=duration_s,
        handling_s=0.0 if ended.computed_s is None else duration_s - ended.computed_s,
        worker=worker.label,
        outputs=tuple(outputs),
        error=ended.error,
        violation=violation,
        stuck=stuck,
        done=ended.done,
        messages=tuple(messages),
        touched=watch.touched(),
    )
    return report, ended.packed, ended.lists
