"""What a batch tells of an iteration that raised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from naavre_ext.executors.batch_inputs import Cursor
from naavre_ext.executors.cell_outcome import CellError
from naavre_ext.executors.guarding_steps import is_suspicious
from naavre_ext.executors.over_batches import range_text
from naavre_ext.executors.tasks import BatchTask, ErrorReport, Violation
from naavre_ext.model.event import WIDGET_STATE, OutputMessage


def error_of(
    error: CellError | None, task: BatchTask, cursor: Cursor, outputs: list[OutputMessage]
) -> ErrorReport:
    """The error that an iteration raised, whose own outputs are removed from the ``outputs``.

    Raises:
        Violation: it needn't be the error that the notebook's own loop raises.
    """
    raised = error.exception if error is not None else None
    if isinstance(raised, Violation):
        raise Violation(str(raised))
    if (raised is not None and not isinstance(raised, Exception)) or isinstance(
        raised, StopIteration
    ):
        raise Violation(f"{type(raised).__name__} concerns the whole cell")
    last = len(outputs)
    while last and outputs[last - 1].get("output_type") in ("error", WIDGET_STATE):
        last -= 1
    outputs[last:] = [output for output in outputs[last:] if output.get("output_type") != "error"]
    assert error is not None
    report = ErrorReport(error.ename, error.evalue, tuple(error.traceback))
    if is_suspicious(report) or any(table.adds == "new" for table in task.split.tables):
        raise Violation(f"{error.ename} on copies of its inputs: {error.evalue}")
    return at_item(report, task, cursor)


def at_item(error: ErrorReport, task: BatchTask, cursor: Cursor) -> ErrorReport:
    """The error with the batch and the item where it was raised."""
    over = task.split.over
    return replace(
        error,
        batch=task.batch,
        item=None if over else task.start + max(cursor.position, 0),
        item_repr=range_text(task) if over else item_text(cursor.current),
    )


def item_text(item: Any) -> str:
    """A short text that tells which item it was."""
    try:
        shown = repr(item)
    except Exception:  # noqa: BLE001  (a user's __repr__ may raise anything)
        shown = f"<{type(item).__name__}>"
    return shown if len(shown) <= 200 else shown[:197] + "..."
