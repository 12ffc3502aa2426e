"""Why a loop can't be split."""

from __future__ import annotations

from dataclasses import dataclass

#: Stands for the loop's items in the facts of its body.
ITEMS = "__naavre_items__"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a loop has to run whole: the reason, its line, and the rewrite that would work.

    ``variable`` is the name that stands in the way, where it is one.
    """

    line: int
    reason: str
    remedy: str
    variable: str | None = None


class LoopRefused(Exception):
    """Raised by a check; ``refusal`` says why."""

    def __init__(self, line: int, reason: str, remedy: str, variable: str | None = None) -> None:
        self.refusal = Refusal(line, reason, remedy, variable)
