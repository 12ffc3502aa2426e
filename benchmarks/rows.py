"""One line of the table: two times, their ratio and what was aimed at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

#: By such a factor a single measurement is beyond doubt.
_FAR = 1.25


@dataclass(frozen=True, slots=True)
class Row:
    """``met`` says whether ``ratio`` reached ``target``.

    ``papermill`` is what papermill's own engine takes for the plain notebook, where that was measured. A row of
    memory is in megabytes. A row without a ``target`` only tells what the machine itself gives.
    """

    name: str
    ours: float
    reference: float
    ratio: float
    target: str
    met: bool
    papermill: float | None = None
    unit: str = "s"

    def cells(self) -> tuple[str, ...]:
        """What the table shows of it, one text for each column."""
        return (
            self.name,
            amount(self.ours, self.unit),
            amount(self.reference, self.unit),
            f"{self.ratio:.2f}",
            self.target,
            ("yes" if self.met else "NO") if self.target else "",
            "" if self.papermill is None else amount(self.papermill, self.unit),
        )


def speed_up(
    name: str,
    ours_s: float,
    reference_s: float,
    *,
    at_least: float,
    papermill: float | None = None,
) -> Row:
    """A row whose ratio is how many times faster we are."""
    ratio = reference_s / ours_s
    return Row(name, ours_s, reference_s, ratio, f"≥ {at_least:g}", ratio >= at_least, papermill)


def cost(
    name: str,
    ours: float,
    reference: float,
    *,
    at_most: float,
    papermill: float | None = None,
    unit: str = "s",
) -> Row:
    """A row whose ratio is how many times as long we take, or as many ``MB``."""
    ratio = ours / reference
    met = ratio <= at_most
    return Row(name, ours, reference, ratio, f"≤ {at_most:g}", met, papermill, unit)


#: Fewer pairs never agree.
_FEWEST = 8


def told(name: str, ours: float, reference: float, *, papermill: float | None = None) -> Row:
    """A row that nothing is asked of; its ratio is the reference by ours."""
    return Row(name, ours, reference, reference / ours, "", True, papermill)


def paired(
    ours: Callable[[], float],
    reference: Callable[[], float],
    *,
    at_least: float = 0.0,
    at_most: float = math.inf,
    most: int = 7,
    is_warm: bool = False,
) -> tuple[float, float]:
    """The pair of times whose ratio is the median one, measured alternately.

    ``at_least`` is asked of reference by ours, ``at_most`` of ours by reference. There are as many pairs as it
    takes for the verdict not to depend on the next two: one that is far off, three that agree, ``most`` at most.
    """
    if not is_warm:
        ours()

    def met(ours_s: float, reference_s: float, slack: float = 1.0) -> bool:
        most_s = min(at_most, 1 / at_least if at_least else math.inf) * reference_s
        return ours_s <= most_s * slack

    pairs: list[tuple[float, float]] = []
    while len(pairs) < most:
        pairs.append((ours(), reference()))
        agreeing = abs(sum(1 if met(*pair) else -1 for pair in pairs))
        is_far = met(*pairs[0], 1 / _FAR) or not met(*pairs[0], _FAR)
        if agreeing > 2 or (len(pairs) == 1 and is_far):
            break
    pairs.sort(key=lambda pair: pair[0] / pair[1])
    return pairs[len(pairs) // 2]


def in_turn(
    ours: Callable[[], float],
    reference: Callable[[], float],
    repeats: int,
    *,
    at_most: float | None = None,
) -> tuple[float, float]:
    """The medians of both, measured in turn, each first as often as the other, so that neither has it better.

    Where ours may take ``at_most`` times the reference, they are measured as often as it takes for the pairs to
    agree on that, but no oftener than ``repeats``.
    """
    spent: tuple[list[float], list[float]] = ([], [])
    for turn in range(2 * repeats):
        which = (turn + turn // 2) % 2
        spent[which].append((ours, reference)[which]())
        if at_most is not None and turn % 2 and _agree(*spent, at_most):
            break
    return median(spent[0]), median(spent[1])


def _agree(ours: Sequence[float], reference: Sequence[float], at_most: float) -> bool:
    """Whether so many more pairs say one thing than the other that chance does so once in a hundred times."""
    votes = [
        1 if one <= at_most * other else -1 for one, other in zip(ours, reference, strict=True)
    ]
    return len(votes) >= _FEWEST and abs(sum(votes)) >= 2.6 * len(votes) ** 0.5


def seconds(action: Callable[[], object]) -> float:
    """How long ``action`` took."""
    start = perf_counter()
    action()
    return perf_counter() - start


def table(rows: Iterable[Row]) -> str:
    """The rows as aligned text with a heading."""
    heading = ("benchmark", "ours", "reference", "ratio", "target", "met", "papermill")
    return aligned([heading, *(row.cells() for row in rows)])


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
