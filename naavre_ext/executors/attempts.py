"""How often a batch was tried, and whether it is tried again."""

from __future__ import annotations

from dataclasses import dataclass

from naavre_ext.executors.tasks import BatchReport, ErrorReport
from naavre_ext.model.workflow import Split, Step

#: A batch whose worker or node died is tried again so many times, whatever ``# retries`` says.
DEATHS_FORGIVEN = 3


@dataclass(slots=True)
class Attempts:
    """The attempts of one batch that came to nothing."""

    failures: int = 0
    deaths: int = 0

    @property
    def count(self) -> int:
        """How many there were."""
        return self.failures + self.deaths

    def again(self, report: BatchReport, retries: int | None) -> bool:
        """Whether to try once more after this report, which is one more attempt that came to nothing."""
        if report.lost:
            self.deaths += 1
            return self.deaths <= DEATHS_FORGIVEN
        self.failures += 1
        return self.failures <= (retries or 0)


def is_overdue(report: BatchReport, timeout_s: float | None) -> bool:
    """Whether the batch took longer than it may, be it that it was stopped or that it couldn't be."""
    return report.overdue or (timeout_s is not None and report.duration_s > timeout_s)


def final_error(
    report: BatchReport, step: Step, split: Split, start: int, items: int, attempts: Attempts
) -> ErrorReport | None:
    """The error that the cell ends with: the batch's own, or where and how often the batch was stopped or died."""
    if not (report.lost or report.overdue):
        return report.error
    assert report.error is not None
    which = "item" if items == 1 else "items"
    span = f"{start + 1}" if items == 1 else f"{start + 1} to {start + items}"
    where = f"batch {report.batch + 1} ({which} {span})"
    loop = f"of the loop in line {split.line} of cell {step.cell_number}"
    if report.lost:
        ename = "WorkerLost"
        text = (
            f"a worker process died {_times(attempts.deaths)} while running {where} {loop} "
            f"({report.error.evalue}). Memory may have run out, or a library crashed."
        )
    else:
        ename = "CellTimeoutError"
        text = (
            f"{where} {loop} timed out {_times(attempts.failures)} while it was being executed, "
            f"after {step.timeout_s:g} seconds."
        )
    line = step.source.splitlines()[split.line - 1].strip()
    traceback = (f"Cell {step.cell_number}, line {split.line}\n    {line}", f"{ename}: {text}")
    return ErrorReport(ename, text, traceback, batch=report.batch, item=start)


def reason_in_words(report: BatchReport) -> str:
    """Why an attempt came to nothing, in a few words."""
    error = report.error
    if error is None or report.overdue:
        return "it took too long"
    if report.lost:
        return f"its worker died ({error.evalue})"
    return f"{error.ename}: {error.evalue}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
