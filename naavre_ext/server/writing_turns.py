"""Who writes a run's outputs into a notebook that several pages have open together: one page at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tell = Callable[[dict[str, Any]], None]
#: A run, and the document that the pages share.
Place = tuple[str, str]


class WritingTurns:
    """Of the pages that follow one run in one shared document, the one that came first has the turn.

    It keeps the turn until it goes away; then the next one has it. Once a page says that all is written, the
    others are told so, and nobody has a turn any more.
    """

    def __init__(self) -> None:
        self._lines: dict[Place, list[Tell]] = {}

    def join(self, place: Place, tell: Tell) -> None:
        """Get in line; ``tell`` hears when it is its turn, and whether another page had it before."""
        line = self._lines.setdefault(place, [])
        line.append(tell)
        if len(line) == 1:
            tell({"turn": True, "handed_over": False})

    def leave(self, place: Place, tell: Tell) -> None:
        """Get out of the line, also of the first place."""
        line = self._lines.get(place, [])
        if tell not in line:
            return
        was_first = line[0] == tell
        line.remove(tell)
        if not line:
            del self._lines[place]
        elif was_first:
            line[0]({"turn": True, "handed_over": True})

    def finish(self, place: Place, tell: Tell) -> None:
        """All is written, says the page whose turn it is."""
        line = self._lines.get(place, [])
        if line and line[0] == tell:
            del self._lines[place]
            for other in line[1:]:
                other({"written": True})
