"""``--log-output``: cells' outputs as text on the terminal while they arrive."""

from __future__ import annotations

from collections.abc import Callable

from naavre_ext.model.event import CellOutputReceived


class OutputLog:
    """Passes outputs on as (stream name, text), whole lines at a time."""

    def __init__(self, write: Callable[[str, str], None]) -> None:
        self._write = write
        self._open: dict[tuple[str, str], str] = {}

    def write(self, event: CellOutputReceived) -> None:
        """Shows the output's text; of rich output its plain form. Errors are shown at the end."""
        output = event.output
        if output.get("output_type") == "stream":
            self._add(event.step, str(output.get("name", "stdout")), _joined(output.get("text")))
        elif output.get("output_type") in ("display_data", "execute_result"):
            text = _joined((output.get("data") or {}).get("text/plain"))
            if text:
                self._add(event.step, "stdout", text.rstrip("\n") + "\n")

    def flush(self) -> None:
        """Shows the lines that have no end yet."""
        for (_, name), text in self._open.items():
            if text:
                self._write(name, text + "\n")
        self._open.clear()

    def _add(self, step: str, name: str, text: str) -> None:
        lines, newline, rest = (self._open.pop((step, name), "") + text).rpartition("\n")
        if newline:
            shown = [_last_state(line) for line in lines.split("\n")]
            self._write(name, "\n".join(shown) + "\n")
        if rest:
            self._open[step, name] = _last_state(rest)


def _last_state(line: str) -> str:
    """What a line that is written over (a progress bar) shows in the end."""
    return line.rstrip("\r").rpartition("\r")[2] + "\r" * line.endswith("\r")


def _joined(text: object) -> str:
    if isinstance(text, (list, tuple)):
        return "".join(map(str, text))
    return "" if text is None else str(text)
