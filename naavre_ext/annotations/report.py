"""Findings on a cell's lines, before they are located in a notebook."""

from __future__ import annotations

from dataclasses import dataclass

from naavre_ext.model.diagnostic import Diagnostic, Severity
from naavre_ext.model.notebook import Cell

#: Longest quotation of a user's comment in a message.
_QUOTED = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic that lacks its cell; without ``line`` it is about the cell as a whole."""

    line: int | None
    code: str
    severity: Severity
    message: str
    remedy: str = ""

    def at(self, cell: Cell, title: str | None) -> Diagnostic:
        """The finding as a diagnostic of ``cell``."""
        return Diagnostic.at(
            cell,
            self.code,
            self.severity,
            self.message,
            remedy=self.remedy,
            line=self.line,
            title=title,
        )


def near_miss(line: int, comment: str, likely: str) -> Finding:
    """The warning for an ordinary comment that looks like an annotation."""
    return Finding(
        line,
        "NX110",
        "warning",
        f"'{brief(comment.strip())}' isn't an annotation, but looks like one.",
        f"Did you mean '{brief(likely)}'?",
    )


def brief(text: str) -> str:
    """``text``, or its beginning when it is long."""
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 1]}…"
