"""What is wrong with the names that cells and their annotations use, as diagnostics."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import RAISES_TAG
from naavre_ext.model.workflow import Step
from naavre_ext.planning.annotated_loops import AnnotatedLoop
from naavre_ext.planning.questions import surely_asked
from naavre_ext.planning.units import Unit


def undefined_names(units: Sequence[Unit], dataflow: NotebookDataflow) -> list[Diagnostic]:
    """An error for each name that no earlier cell defines."""
    found: list[Diagnostic] = []
    for unit, node in zip(units, dataflow.cells, strict=True):
        if RAISES_TAG in unit.cell.tags:
            continue
        for name, line in sorted(node.undefined.items(), key=lambda pair: (pair[1], pair[0])):
            found.append(
                Diagnostic.at(
                    unit.cell,
                    "NX302",
                    "error",
                    f"'{name}' is used, but no earlier cell defines it{_hidden(name, unit, units)}.",
                    remedy="Define or import it in an earlier cell of the workflow.",
                    line=line,
                    title=unit.annotations.title,
                )
            )
    return found


def asked_questions(units: Sequence[Unit], dataflow: NotebookDataflow) -> list[Diagnostic]:
    """An error for each question that nobody is there to answer."""
    if any(node.facts.has("monkeypatch") for node in dataflow.cells):
        return []  # 'input' itself may be replaced
    return [
        Diagnostic.at(
            unit.cell,
            "NX304",
            "error",
            f"'{ast.unparse(call.func)}()' asks a question, and nobody is there to answer it in a workflow.",
            remedy="Set the value by an assignment, best to a param_ name (secret_ for a password).",
            line=call.lineno,
            title=unit.annotations.title,
        )
        for unit in units
        if RAISES_TAG not in unit.cell.tags and ("input" in unit.source or "getpass" in unit.source)
        for call in surely_asked(unit.tree.tree, dataflow.environment)
    ]


def _hidden(name: str, unit: Unit, units: Sequence[Unit]) -> str:
    for other in units:
        if (
            other.parameters_only
            and name in other.cell.source
            and other.source != other.cell.source
        ):
            return (
                f" that a workflow runs (cell {other.cell.number} is marked 'do not containerize': "
                "only its imports, its param_, conf_ and secret_ assignments and what these need count)"
            )
    return ""


def read_batch_names(units: Sequence[Unit], dataflow: NotebookDataflow) -> None:
    """Make cells need the variable that their ``# batches: NAME`` names."""
    for position, (unit, node) in enumerate(zip(units, dataflow.cells, strict=True)):
        notes = unit.annotations
        wanted = [
            *([notes.batches] if _splits_something(unit) else []),
            *(n.batches for n in notes.loops),
        ]
        for name in wanted:
            if not isinstance(name, str) or name in node.providers:
                continue
            writers = [p for p in range(position) if name in dataflow.cells[p].facts.writes]
            if writers:
                node.providers[name] = writers[-1]


def unknown_batch_names(
    steps: Sequence[Step], units: Sequence[Unit], dataflow: NotebookDataflow
) -> list[Diagnostic]:
    """An error for each ``# batches: NAME`` whose variable no cell sets."""
    found: list[Diagnostic] = []
    for position, (step, unit) in enumerate(zip(steps, units, strict=True)):
        for split in step.splits[:1]:
            name = split.batches
            if not isinstance(name, str) or name == "auto":
                continue
            known = name in dataflow.cells[position].facts.writes or any(
                name in node.facts.writes for node in dataflow.cells[:position]
            )
            if not known:
                found.append(
                    Diagnostic.at(
                        unit.cell,
                        "NX402",
                        "error",
                        f"'# batches: {name}' names a variable that no earlier cell defines.",
                        remedy="Give a number, 'auto', or a variable such as a param_.",
                        title=step.title,
                    )
                )
    return found


def _splits_something(unit: Unit) -> bool:
    return unit.annotations.split or bool(unit.annotations.over)


def annotations_without_loop(
    units: Sequence[Unit], annotated: Sequence[Sequence[AnnotatedLoop]]
) -> Iterator[Diagnostic]:
    """A ``# split:`` above a statement whose loop isn't of a kind that is split there."""
    for unit, loops in zip(units, annotated, strict=True):
        judged = {id(loop.annotation) for loop in loops}
        for note in () if unit.parameters_only else unit.annotations.loops:
            if id(note) not in judged:
                yield Diagnostic.at(
                    unit.cell,
                    "NX403",
                    "warning",
                    "'# split:' stands above a loop that isn't split in this place; it runs as it is written.",
                    remedy="Write a 'for' loop, a comprehension, or sum(... for ...) there.",
                    line=note.line,
                    title=unit.annotations.title,
                )
