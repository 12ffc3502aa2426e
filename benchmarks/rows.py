"""One line of the table: two times, their ratio and what was aimed at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Row:
    """``met`` says whether ``ratio`` reached ``target``.

    ``papermill_s`` is how long papermill's own engine takes for the same notebook, where that was measured. A row
    of memory is in megabytes.
    """

    name: str
    ours: float
    reference: float
    ratio: float
    target: str
    met: bool
    papermill_s: float | None = None
    unit: str = "s"


def speed_up(
    name: str,
    ours_s: float,
    reference_s: float,
    *,
    at_least: float,
    papermill_s: float | None = None,
) -> Row:
    """A row whose ratio is how many times faster we are."""
    ratio = reference_s / ours_s
    return Row(name, ours_s, reference_s, ratio, f"≥ {at_least:g}", ratio >= at_least, papermill_s)


def cost(
    name: str,
    ours: float,
    reference: float,
    *,
    at_most: float,
    papermill_s: float | None = None,
    unit: str = "s",
) -> Row:
    """A row whose ratio is how many times as long we take, or as many ``MB``."""
    ratio = ours / reference
    met = ratio <= at_most
    return Row(name, ours, reference, ratio, f"≤ {at_most:g}", met, papermill_s, unit)


def in_turn(
    ours: Callable[[], float], reference: Callable[[], float], repeats: int
) -> tuple[float, float]:
    """The medians of both, measured in turn, each first as often as the other, so that neither has it better."""
    spent: tuple[list[float], list[float]] = ([], [])
    for turn in range(2 * repeats):
        which = (turn + turn // 2) % 2
        spent[which].append((ours, reference)[which]())
    return median(spent[0]), median(spent[1])


def seconds(action: Callable[[], object]) -> float:
    """How long ``action`` took."""
    start = perf_counter()
    action()
    return perf_counter() - start


def table(rows: Iterable[Row]) -> str:
    """The rows as aligned text with a heading."""
    heading = ("benchmark", "ours", "reference", "ratio", "target", "met", "papermill")
    lines: list[Sequence[str]] = [heading]
    lines += [
        (
            row.name,
            amount(row.ours, row.unit),
            amount(row.reference, row.unit),
            f"{row.ratio:.2f}",
            row.target,
            "yes" if row.met else "NO",
            "" if row.papermill_s is None else duration(row.papermill_s),
        )
        for row in rows
    ]
    return aligned(lines)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines of as many columns as the first, the first column to the left, the others to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        line[0].ljust(widths[0])
        + "".join(
            "  " + text.rjust(width) for text, width in zip(line[1:], widths[1:], strict=True)
        )
        for line in lines
    )


def amount(value: float, unit: str) -> str:
    """A time with a fitting unit, or megabytes."""
    return duration(value) if unit == "s" else f"{value:.0f} {unit}"


def duration(value_s: float) -> str:
    """A time with a fitting unit."""
    return f"{value_s:.2f} s" if value_s >= 1 else f"{value_s * 1000:.2f} ms"
