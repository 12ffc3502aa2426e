"""Runs a notebook both ways, cell after cell and as a workflow, and shows where they differ."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from naavre_ext.executors.comparing import difference
from naavre_ext.model.workflow import Edge, Step, Workflow

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """Whether both ways agree. ``unsteady`` differs between two sequential runs already."""

    equal: bool
    differences: tuple[str, ...] = ()
    unsteady: tuple[str, ...] = ()
    compared_cells: int = 0
    compared_names: int = 0
    workflow_s: float = 0.0
    sequential_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """A JSON object with every field."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Observed:
    """What one run showed and left: the executed document, its status and its variables."""

    node: Any
    status: str
    failure: Mapping[str, Any] | None
    values: Mapping[str, Any]
    duration_s: float


def sequential(workflow: Workflow) -> Workflow:
    """The same cells one after the other in the main worker, nothing split: what a notebook does."""
    steps = [_whole(step) for step in workflow.steps]
    edges = tuple(
        Edge(before.id, after.id, "opaque") for before, after in itertools.pairwise(steps)
    )
    return replace(workflow, steps=tuple(steps), edges=edges)


def _whole(step: Step) -> Step:
    return replace(
        step, placement="main", barrier=True, splits=(), settings_from=None, writes_settings=False
    )


def compare(first: Observed, again: Observed, parallel: Observed) -> VerifyReport:
    """The report on two sequential runs and a workflow run of the same notebook."""
    unsteady_cells = _cells(first, again)
    unsteady_names = _names(first, again)
    cells = {k: v for k, v in _cells(first, parallel).items() if k not in unsteady_cells}
    names = {k: v for k, v in _names(first, parallel).items() if k not in unsteady_names}
    differences = [*cells.values(), *(f"variable {name}: {text}" for name, text in names.items())]
    if _end(first) != _end(parallel):
        differences.insert(
            0, f"sequentially the run {_end(first)}, as a workflow it {_end(parallel)}"
        )
    return VerifyReport(
        equal=not differences,
        differences=tuple(differences),
        unsteady=(*unsteady_cells.values(), *(f"variable {name}" for name in unsteady_names)),
        compared_cells=len(parallel.node.cells),
        compared_names=len(set(first.values) & set(parallel.values)),
        workflow_s=parallel.duration_s,
        sequential_s=first.duration_s,
    )


def _end(observed: Observed) -> str:
    if observed.failure is None:
        return f"ends {observed.status}"
    failure = observed.failure
    return f"fails in cell {failure['cell_number']} with {failure['ename']}: {failure['evalue']}"


def _cells(one: Observed, other: Observed) -> dict[int, str]:
    """Cells whose outputs differ, by index, with the first difference in words."""
    found: dict[int, str] = {}
    for index, (left, right) in enumerate(zip(one.node.cells, other.node.cells, strict=True)):
        if left.cell_type != "code":
            continue
        mine, theirs = scrubbed(left.outputs), scrubbed(right.outputs)
        if mine != theirs:
            found[index] = f"cell {index + 1}: " + _first_output(mine, theirs)
    return found


def _first_output(mine: list[Any], theirs: list[Any]) -> str:
    for number, (left, right) in enumerate(zip(mine, theirs, strict=False)):
        if left != right:
            return (
                f"output {number + 1} is {_short(right)} as a workflow, {_short(left)} sequentially"
            )
    return f"{len(theirs)} outputs as a workflow, {len(mine)} sequentially"


def _short(output: Any) -> str:
    text = output.get("text") or output.get("evalue") or output.get("data") or output
    shown = repr(text)
    return shown if len(shown) <= 100 else shown[:97] + "..."


def scrubbed(outputs: Any) -> list[Any]:
    """Outputs without what differs in any two runs: addresses, and ANSI colours of tracebacks."""
    return [_scrub(output) for output in outputs]


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub("0x", value)
    if isinstance(value, Mapping):
        return {k: _scrub(v) for k, v in value.items() if k != "traceback"}
    if isinstance(value, (list, tuple)):
        return [_scrub(item) for item in value]
    return value


def _names(one: Observed, other: Observed) -> dict[str, str]:
    """Variables that differ, with the first difference in words."""
    found: dict[str, str] = {}
    for name in sorted(set(one.values) | set(other.values)):
        if name not in other.values or name not in one.values:
            where = "as a workflow" if name not in other.values else "sequentially"
            found[name] = f"it isn't there {where}"
            continue
        text = difference(other.values[name], one.values[name])
        if text:
            found[name] = f"{text} (workflow, then sequential)"
    return found
