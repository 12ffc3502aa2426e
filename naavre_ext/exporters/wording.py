"""How steps, edges and splits are put into words, the same in every format and in ``check``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from naavre_ext.model.parameter import Parameter
from naavre_ext.model.workflow import Edge, EdgeKind, Split, Step
from naavre_ext.planning.summary import HELD, MAIN_ORDER, PlanSummary

_EDGE_WORDS: dict[EdgeKind, str] = {
    "data": "",
    "alias": "same object",
    "ambient": "settings",
    "outside": "outside world",
    "opaque": "whole namespace",
    "unknown": "code that can't be seen",
    "star-import": "names that can't be seen",
    "monkeypatch": "changed module",
    "history": "output history",
}


def one_line(text: str) -> str:
    """``text`` on one line, without the characters that a terminal obeys."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable() or char == " ")


def step_title(step: Step) -> str:
    """The step's title on one line; without one, ``parameters`` or the first line of code."""
    if step.title and step.title.strip():
        return one_line(step.title)
    if step.kind == "parameters":
        return "parameters"
    lines = (line.strip() for line in step.source.splitlines())
    code = next((line for line in lines if line and not line.startswith("#")), "")
    return one_line(code) or "(no code)"


def step_place(step: Step) -> str:
    """``cell 5``, or ``cell 5 "process batches"`` when the user gave it a title."""
    if step.title and step.title.strip():
        return f'cell {step.cell_number} "{one_line(step.title)}"'
    return f"cell {step.cell_number}"


def batches_phrase(batches: int | str) -> str:
    """How many batches a split makes: ``at most 5 batches``, ``batches sized while running``."""
    if batches == "auto":
        return "batches sized while running"
    if batches == 1:
        return "at most 1 batch"
    return f"at most {batches} batches"


def batches_factor(split: Split) -> str:
    """``×5``, ``×param_n``, or ``×N`` when the number is found while running."""
    return "×N" if split.batches == "auto" else f"×{split.batches}"


def split_phrase(split: Split) -> str:
    """One sentence: which loop is split over which items, and what its body uses.

    ``line 3: the loop over items, at most 5 batches; shared: f; merged in order: out``
    """
    if split.form == "over":
        return over_phrase(split.iterable, split.batches, split.shared, map(str, split.merges))
    loop = "loop" if split.form == "for" else f"{split.form} comprehension"
    title = f' "{one_line(split.title)}"' if split.title else ""
    if split.function:
        title += f" of {split.function}()"
    parts = [
        f"line {split.line}: the {loop}{title} over {one_line(split.iterable)}, "
        + batches_phrase(split.batches)
    ]
    if split.shared:
        parts.append("shared: " + ", ".join(split.shared))
    if split.reductions:
        parts.append("merged in order: " + ", ".join(split.reductions))
    return "; ".join(parts)


def over_phrase(
    inputs: str, batches: int | str, shared: Sequence[str], merges: Iterable[str]
) -> str:
    """``the whole cell over frame, at most 5 batches; each batch gets model; joined in order: y, total=sum``."""
    parts = [f"the whole cell over {inputs}, {batches_phrase(batches)}"]
    if shared:
        parts.append("each batch gets " + ", ".join(shared))
    joined = ", ".join(merges)
    parts.append(f"joined in order: {joined}" if joined else "nothing is joined")
    return "; ".join(parts)


def placement_phrase(step: Step) -> str:
    """Where the step runs."""
    if step.group:
        place = f"in the worker of group {one_line(step.group)}"
    elif step.placement == "any":
        place = "in any worker, in parallel with other steps"
    else:
        place = "in the main worker"
    if step.barrier:
        return f"{place}, after everything before it"
    held = ", after everything before it (but with --eager)"  # as it changes things outside
    return place + held * step.touches_outside


def edge_label(edge: Edge) -> str:
    """The variables that the edge carries; for other reasons to wait, the reason."""
    names = ", ".join(edge.names)
    word = _EDGE_WORDS[edge.kind]
    if not word:
        return names
    return f"{word}: {names}" if names else word


def summary_lines(summary: PlanSummary) -> list[str]:
    """Two lines: how much may run in parallel, and how many edges there are of which kind.

    ``12 steps, 3 of them in any worker; 1 loop split; longest chain 9 steps, 5 by data alone``
    ``edges: 14 data, 2 same object, 4 main-worker order``
    """
    words = {"data": "data", MAIN_ORDER: "main-worker order", HELD: "effects held back"}
    chain = f"longest chain {count_phrase(summary.longest_chain, 'step')}"
    parts = [
        f"{count_phrase(summary.steps, 'step')}, {summary.steps_anywhere} of them in any worker",
        f"{count_phrase(summary.splits, 'loop')} split",
        f"{chain}, {summary.longest_data_chain} by data alone",
    ]
    edges = [
        f"{count} {words.get(kind) or _EDGE_WORDS[cast(EdgeKind, kind)]}"
        for kind, count in summary.edges.items()
    ]
    return ["; ".join(parts), "edges: " + (", ".join(edges) or "none")]


def parameter_phrase(parameter: Parameter) -> str:
    """``param_n = 28 (int)``, ``conf_path = root / 'a' (computed)``; a secret is named without a value."""
    if parameter.kind == "secret":
        return f"{parameter.name} (secret)"
    if parameter.default is None and parameter.source not in ("", "None"):
        return f"{parameter.name} = {parameter.source} (computed)"
    return f"{parameter.name} = {parameter.default!r} ({parameter.type_name})"


def count_phrase(number: int, noun: str, plural: str | None = None) -> str:
    """``1 step``, ``3 steps``, ``2 batches``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def names_phrase(names: Sequence[str]) -> str:
    """The names, comma-separated; ``nothing`` when there are none."""
    return ", ".join(names) or "nothing"


def duration_phrase(seconds: float) -> str:
    """``0.4 s``, ``12.3 s``, ``2 min 05 s``, ``1 h 02 min``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def cells_phrase(numbers: Iterable[int], every: Sequence[int]) -> str:
    """``cell 3``, ``cells 3 and 5``, ``cells 1-7 and 9``: three and more in a row as a range.

    ``every`` has the numbers of all cells that run, in order: what lies between two of them doesn't count.
    """
    place = {number: index for index, number in enumerate(every)}
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and place[number] == place[runs[-1][-1]] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts: list[str] = []
    for run in runs:
        parts += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(number) for number in run]
    word = "cell" if parts == [str(runs[0][0])] else "cells"
    return f"{word} " + " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
