"""Begins a run where an earlier one of the same notebook has come to."""

from __future__ import annotations

import threading

from naavre_ext.executors.result_files import ResultUnusable
from naavre_ext.executors.resuming import REUSE_CODE, Offer, Results, explain_reuse, retold
from naavre_ext.executors.run_steps import POLL_S, RunSteps
from naavre_ext.executors.tasks import StepReport
from naavre_ext.model.event import StepReused
from naavre_ext.scheduling.reuse import Reuse


def take_over(run: RunSteps, results: Results | None, cancel: threading.Event) -> None:
    """Begin where the earlier run has come to, if there is one."""
    if results is None or results.earlier is None:
        return
    earlier = results.earlier
    offer = results.offer(run.executor.hash_probe())
    reuse = offer.choose()
    while not _restore(run, offer, reuse, cancel):
        run.begin_executor()  # a fresh main worker
        reuse = offer.choose()
    if cancel.is_set():
        return
    run.begin_with(reuse)
    for text in explain_reuse(run.workflow, earlier, offer, reuse, results.unkeepable):
        run.narrator.log("info", text, REUSE_CODE)
    for step in reuse.steps:
        for event in retold(run.handover.steps[step], earlier):
            run.narrator.emit(event)
            if isinstance(event, StepReused):
                results.take_over(step, event.source)


def _restore(run: RunSteps, offer: Offer, reuse: Reuse, cancel: threading.Event) -> bool:
    """Whether all that is to be reused is in place; else something was withdrawn from the offer."""
    try:
        packs = dict(offer.placed(reuse, run.executor.place))
    except ResultUnusable:
        return False
    task, made = offer.restoring(reuse), []
    if task is not None:
        made = list(run.executor.start(task, []))
        report = None
        while not isinstance(report, StepReport) and not cancel.is_set():
            report = run.executor.next_report(POLL_S)
        if isinstance(report, StepReport) and (report.status != "ok" or report.unpackable):
            offer.withdraw(task.step.id)
            return False
    run.handover.resume(reuse, packs, made)
    return True
