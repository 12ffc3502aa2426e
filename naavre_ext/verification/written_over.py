"""Texts that write over themselves (progress bars) as they look in the end, without their times and rates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_STEP = re.compile(r"\x1b\[A|\x1b\[[0-9;]*[A-Za-z]|[\r\n]")
#: ``[00:01<00:02, 12.3it/s`` of tqdm's bars, also in widgets.
_RATES = re.compile(
    r"\[(\d+ days?, )?[\d:.]+((<|&lt;)(\?|(\d+ days?, )?[\d:.]+))?,"
    r"[ \u2007]*(\?|[\d.]+(e[+-]?\d+)?[kMGTPE]?)[^\s,\]]*"
)
#: The bar itself is as long as the times beside it leave room for.
_FILLING = re.compile(r"\|[▏▎▍▌▋▊▉█#\d ]*\|(?= *[\d.]+[kMGTPE]?(/|it))")


def with_bars_last(outputs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A cell's outputs; standard error that writes over itself comes last, as it looks in the end.

    How often a bar is drawn, and between which printed lines, depends on the time that things take.
    """
    plain = [dict(output) for output in outputs]
    errors = [o for o in plain if o.get("output_type") == "stream" and o.get("name") == "stderr"]
    if not any("\r" in output["text"] for output in errors):
        return plain
    text = final_text("".join(output["text"] for output in errors))
    others = [output for output in plain if output not in errors]
    return [*others, *([{**errors[0], "text": text}] if text else [])]


def without_rates(text: str) -> str:
    """The text without the times and rates of tqdm's bars."""
    return _FILLING.sub("|…|", _RATES.sub("[…", text))


def final_text(text: str) -> str:
    """What a terminal shows of the text in the end, without blank lines and tqdm's times and rates."""
    lines = [""]
    row = column = position = 0
    for match in [*_STEP.finditer(text), None]:
        end = len(text) if match is None else match.start()
        piece, line = text[position:end], lines[row]
        if piece:
            lines[row] = line[:column].ljust(column) + piece + line[column + len(piece) :]
            column += len(piece)
        if match is None:
            break
        position = match.end()
        if match.group() == "\r":
            column = 0
        elif match.group() == "\n":
            row, column = row + 1, 0
            if row == len(lines):
                lines.append("")
        elif match.group() == "\x1b[A":
            row = max(row - 1, 0)
    shown = (without_rates(line.rstrip()) for line in lines)
    return "".join(f"{line}\n" for line in shown if line)
