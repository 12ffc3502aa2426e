"""How a cell ended, as Jupyter shows it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from naavre_ext.model.event import OutputMessage


@dataclass(frozen=True, slots=True)
class CellError:
    """What a cell raised, as Jupyter shows it; ``line`` is the cell's own line, where known.

    ``exception`` is the live object, None when an output couldn't be displayed. It isn't pickled.
    """

    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()
    exception: BaseException | None = field(default=None, compare=False)
    line: int | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.ename, self.evalue, self.traceback, None, self.line)


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """How a cell ended. ``exit_requested`` says that it called ``exit()`` or ``quit()``.

    A kernel ends after such a cell.
    """

    ok: bool
    error: CellError | None = None
    exit_requested: bool = False


def outcome_of(
    shell: Any, result: Any, shown_errors: Sequence[OutputMessage], execution_count: int
) -> CellOutcome:
    """How the cell with IPython's ``result`` ended; ``shown_errors`` are those that it showed."""
    shell.payload_manager.clear_payload()
    exit_requested = bool(shell.exit_now)
    error = result.error_before_exec or result.error_in_exec
    undisplayed = bool(getattr(shell, "_last_traceback_during_displayhook", False))
    if result.success and not undisplayed:
        return CellOutcome(True, exit_requested=exit_requested)
    shown = shown_errors[-1] if shown_errors else {}
    return CellOutcome(
        False,
        CellError(
            ename=shown.get("ename") or type(error).__name__,
            evalue=shown["evalue"] if shown else str(error),
            traceback=tuple(shell._last_traceback or shown.get("traceback", ())),
            exception=error,
            line=_line_of(shell, error, execution_count),
        ),
        exit_requested,
    )


def _line_of(shell: Any, error: BaseException | None, execution_count: int) -> int | None:
    """The line of the cell that the error passed through last; for a syntax error, its line."""
    names = getattr(shell.compile, "_filename_map", {})
    if isinstance(error, SyntaxError) and names.get(error.filename) == execution_count:
        return error.lineno
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__ if error else None)
        if names.get(frame.f_code.co_filename) == execution_count
    ]
    return lines[-1] if lines else None
