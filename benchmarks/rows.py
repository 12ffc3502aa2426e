"""One line of the table: two times, their ratio and what was aimed at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Row:
    """``met`` says whether ``ratio`` reached ``target``."""

    name: str
    ours_s: float
    reference_s: float
    ratio: float
    target: str
    met: bool


def speed_up(name: str, ours_s: float, reference_s: float, *, at_least: float) -> Row:
    """A row whose ratio is how many times faster we are."""
    ratio = reference_s / ours_s
    return Row(name, ours_s, reference_s, ratio, f"≥ {at_least:g}", ratio >= at_least)


def cost(name: str, ours_s: float, reference_s: float, *, at_most: float) -> Row:
    """A row whose ratio is how many times as long we take."""
    ratio = ours_s / reference_s
    return Row(name, ours_s, reference_s, ratio, f"≤ {at_most:g}", ratio <= at_most)


def in_turn(
    ours: Callable[[], float], reference: Callable[[], float], repeats: int
) -> tuple[float, float]:
    """The medians of both, measured alternately so that a busy moment hits both."""
    pairs = [(ours(), reference()) for _ in range(repeats)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def seconds(action: Callable[[], object]) -> float:
    """How long ``action`` took."""
    start = perf_counter()
    action()
    return perf_counter() - start


def table(rows: Iterable[Row]) -> str:
    """The rows as aligned text with a heading."""
    heading = ("benchmark", "ours", "reference", "ratio", "target", "met")
    lines: list[Sequence[str]] = [heading]
    lines += [
        (
            row.name,
            duration(row.ours_s),
            duration(row.reference_s),
            f"{row.ratio:.2f}",
            row.target,
            "yes" if row.met else "NO",
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


def duration(value_s: float) -> str:
    """A time with a fitting unit."""
    return f"{value_s:.2f} s" if value_s >= 1 else f"{value_s * 1000:.2f} ms"
