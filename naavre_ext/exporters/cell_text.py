"""A cell's check → words for a terminal: what it needs, why it waits, what its loops allow."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Iterable, Iterator, Sequence

from naavre_ext.exporters.wording import (
    batches_phrase,
    cells_phrase,
    count_phrase,
    duration_phrase,
    one_line,
    over_phrase,
)
from naavre_ext.model.check import (
    Cause,
    CellCheck,
    CellTiming,
    LoopCheck,
    NameChange,
    Suggestion,
    Wait,
)

_INDENT = 10
#: A cell's time is told from here on.
_TOLD_S = 0.1
#: Of what may be a long list, so many names are told.
_NAMES = 8


def cell_lines(check: CellCheck, every: Sequence[int], width: int | None = None) -> list[str]:
    """The cell's paragraph, wrapped to ``width`` columns; ``every`` has the numbers of all cells that run."""
    title = f' "{one_line(check.title)}"' if check.title and check.title.strip() else ""
    only = " (its parameters only)" if check.kind == "parameters" else ""
    lines = [f"cell {check.cell_number}{title}{only}"]
    for heading, text in _paragraphs(check, every):
        lines += _wrapped(heading, text, width)
    return lines


def _paragraphs(check: CellCheck, every: Sequence[int]) -> Iterator[tuple[str, str]]:
    if check.reads:
        yield "reads", _reads_phrase(check)
    if check.writes:
        yield "writes", ", ".join(check.writes)
    for text in _change_phrases(check.changes):
        yield "changes", text
    if check.deletes:
        yield "deletes", ", ".join(check.deletes)
    for text in _wait_phrases(check, every):
        yield "waits", text
    yield "runs", _run_phrase(check, every)
    for limit in check.limits:
        yield "limit", limit
    for loop in check.loops:
        if loop.split:
            yield "splits", _split_phrase(loop)
        elif loop.reason and (loop.costly or any(s.kind == "rewrite" for s in check.suggestions)):
            yield "loop", _whole_phrase(loop)
    for suggestion in check.suggestions:
        if suggestion.kind != "rewrite":  # said with its loop
            yield "hint", _suggestion_phrase(suggestion)
    if check.timing is not None:
        for split in check.timing.splits:
            if split.reason:
                yield "loop", f"ran whole in the last run: {split.reason}"
        if check.timing.duration_s >= _TOLD_S:
            yield "took", _timing_phrase(check.timing)


def _timing_phrase(timing: CellTiming) -> str:
    """``6.4 s in the last run, 16 batches on 2 workers``."""
    parts = [f"{duration_phrase(timing.duration_s)} in the last run"]
    parts += [
        f"{count_phrase(split.batches, 'batch', 'batches')} on {count_phrase(split.workers, 'worker')}"
        for split in timing.splits
        if split.workers
    ]
    return ", ".join(parts)


def _wrapped(heading: str, text: str, width: int | None) -> list[str]:
    line = f"  {heading:<{_INDENT - 2}}{text}"
    if width is None:
        return [line]
    return textwrap.wrap(
        line,
        max(width, 2 * _INDENT),
        subsequent_indent=" " * _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _reads_phrase(check: CellCheck) -> str:
    """``grid from cell 5; np, plt from cell 3``: the nearest cell first."""
    names: dict[int, list[str]] = {}
    for read in check.reads:
        names.setdefault(read.cell.cell_number, []).append(read.name)
    return "; ".join(f"{', '.join(names[n])} from cell {n}" for n in sorted(names, reverse=True))


def _change_phrases(changes: Iterable[NameChange]) -> Iterator[str]:
    """One phrase for all names that one place in the cell changes."""
    groups: dict[str, list[str]] = {}
    for change in changes:
        through = f", through {change.through}" if change.through else ""
        line = f" (line {change.line})" if change.line else ""
        groups.setdefault(f"in place{through}: {change.how}{line}", []).append(change.name)
    for how, names in groups.items():
        yield f"{_some(names)} {how}"


def _some(names: Sequence[str]) -> str:
    """The names, or the first of them and how many more there are."""
    if len(names) <= _NAMES + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMES])} and {len(names) - _NAMES} more names"


def _cause_phrase(cause: Cause) -> str:
    """``it reads files (pandas.read_csv, line 2)``."""
    line = f", line {cause.line}" if cause.line else ""
    return f"{cause.text} ({cause.what}{line})" if cause.what else cause.text


def _wait_phrases(check: CellCheck, every: Sequence[int]) -> Iterator[str]:
    """One phrase for each reason but the names that it reads, which are said already."""
    read = {read.name for read in check.reads}
    groups: dict[str, list[int]] = {}
    for wait in check.waits:
        reason = _wait_reason(wait, read)
        if reason:
            groups.setdefault(reason, []).append(wait.cell.cell_number)
    for reason, numbers in groups.items():
        yield f"for {cells_phrase(numbers, every)}, {reason}"


def _wait_reason(wait: Wait, read: Container[str]) -> str:
    names = [name for name in wait.names if name not in read]
    if wait.kind == "data":
        return f"whose {_some(names)} it may need" if names else ""
    if wait.kind == "alias":
        verb = "stands" if len(names) == 1 else "stand"
        return f"as it changes an object that {_some(names)} {verb} for too" if names else ""
    if wait.kind == "main-order":
        return ""  # said where it runs
    if wait.kind == "held":
        what = _cause_phrase(wait.cause) if wait.cause else "it changes things outside"
        return f"as that may still fail, and {what}; with --eager it doesn't wait"
    if wait.cause is None:
        return "whose effects must come first"
    cause = _cause_phrase(wait.cause)
    if wait.kind == "ambient":
        return "whose settings it takes over" + cause.removeprefix(wait.cause.text)
    return f"which {cause.removeprefix('it ')}" if wait.by_other else f"as {cause}"


def _run_phrase(check: CellCheck, every: Sequence[int]) -> str:
    if check.group:
        place = f"in the worker of group {one_line(check.group)}"
    else:
        place = "in any worker" if check.placement == "any" else "in the main worker"
    after = [w.cell.cell_number for w in check.waits if w.kind == "main-order"]
    if after:
        place += f", after {cells_phrase(after, every)}"
    if check.barrier:
        place += ", after everything before it"
    if check.beside:
        beside = cells_phrase((ref.cell_number for ref in check.beside), every)
        place += f", while {beside} may run too"
    reasons = "; ".join(map(_cause_phrase, check.reasons))
    return f"{place}: {reasons}" if reasons else place


def _loop_name(loop: LoopCheck) -> str:
    form = "loop" if loop.form == "for" else f"{loop.form} comprehension"
    return f"the {form} over {one_line(loop.iterable)} (line {loop.line})"


def _split_phrase(loop: LoopCheck) -> str:
    if loop.form == "over":
        return over_phrase(loop.iterable, loop.batches or "auto", loop.shared, loop.merges)
    parts = [f"{_loop_name(loop)}, {batches_phrase(loop.batches or 'auto')}"]
    if loop.shared:
        parts.append("each batch gets " + ", ".join(loop.shared))
    if loop.reductions:
        parts.append("merged in order: " + ", ".join(loop.reductions))
    if loop.replayed:
        parts.append("carried on by the merge: " + ", ".join(loop.replayed))
    if loop.flow:
        parts.append(loop.flow)
    return "; ".join(parts)


def _whole_phrase(loop: LoopCheck) -> str:
    line = f" (line {loop.reason_line})" if loop.reason_line not in (None, loop.line) else ""
    return f"{_loop_name(loop)} can't be split: {loop.reason}{line}. {loop.remedy}"


def _suggestion_phrase(suggestion: Suggestion) -> str:
    text = f"line {suggestion.line}: {suggestion.text}"
    if suggestion.took_s is None:
        return text
    if suggestion.estimate_s is None:
        return f"{text} (took {duration_phrase(suggestion.took_s)} in the last run)"
    return (
        f"{text}. The cell took {duration_phrase(suggestion.took_s)} in the last run; if that is the loop's "
        f"time, about {duration_phrase(suggestion.estimate_s)} with {suggestion.workers} workers (an estimate)"
    )
