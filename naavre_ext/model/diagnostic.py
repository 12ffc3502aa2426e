"""Located, coded messages about a user's notebook, and the errors that carry them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from naavre_ext.model.notebook import Cell, CellId

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong, where, why, and what to do about it.

    ``code`` is stable (``NX`` and three digits). ``line`` counts from 1 within the cell.
    """

    code: str
    severity: Severity
    message: str
    remedy: str = ""
    cell_id: CellId | None = None
    cell_number: int | None = None
    line: int | None = None
    title: str | None = None

    @classmethod
    def at(
        cls,
        cell: Cell,
        code: str,
        severity: Severity,
        message: str,
        *,
        remedy: str = "",
        line: int | None = None,
        title: str | None = None,
    ) -> Diagnostic:
        """A diagnostic located at ``cell``."""
        return cls(code, severity, message, remedy, cell.id, cell.number, line, title)

    def describe(self) -> str:
        """One line: code, place, message, remedy."""
        place = ""
        if self.cell_number is not None:
            place = f" cell {self.cell_number}"
            if self.title:
                place += f' ("{self.title}")'
            if self.line is not None:
                place += f", line {self.line}"
            place += ":"
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{self.code}{place} {self.message}{remedy}"

    def to_json(self) -> dict[str, Any]:
        """A JSON object with every field."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "remedy": self.remedy,
            "cell_id": self.cell_id,
            "cell_number": self.cell_number,
            "line": self.line,
            "title": self.title,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Diagnostic:
        """The diagnostic that :meth:`to_json` wrote."""
        return cls(**data)


class NaavreError(Exception):
    """Root of every error that naavre-ext raises on purpose; all of them pickle.

    NaavreError
     ├─ RefusedError        the input can't be run; nothing was executed (exit code 2)
     ├─ ClusterError        Ray can't be reached or started (exit code 2)
     ├─ NotebookFailed      a cell of the notebook raised (exit code 1)
     ├─ RunCancelled        stopped by the user (exit code 130)
     └─ WorkerLost          a worker died for good (exit code 1)
    """


class RefusedError(NaavreError):
    """The notebook or the request was refused before anything ran."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.describe() for d in self.diagnostics))

    def __reduce__(self) -> tuple[type[RefusedError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


class ClusterError(NaavreError):
    """Ray can't be started or reached."""


class RunCancelled(NaavreError):
    """The run was stopped before it ended."""


class WorkerLost(NaavreError):
    """A worker process died and its work can't be done again by itself."""


class NotebookFailed(NaavreError):
    """A cell raised. ``traceback`` has the notebook's own lines, as Jupyter shows them."""

    def __init__(
        self, cell_number: int, ename: str, evalue: str, traceback: tuple[str, ...] = ()
    ) -> None:
        self.cell_number = cell_number
        self.ename = ename
        self.evalue = evalue
        self.traceback = traceback
        super().__init__(f"cell {cell_number}: {ename}: {evalue}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.cell_number, self.ename, self.evalue, self.traceback)
