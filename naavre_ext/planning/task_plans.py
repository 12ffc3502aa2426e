"""The verdicts on all functions marked ``# task``, and the windows in cells and tasks where they are called."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.source import TRANSPARENT_MAGICS, CellSource
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.annotation import Annotations, TaskAnnotation
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.notebook import Cell
from naavre_ext.model.workflow import Step, TaskFunction, TaskWindow
from naavre_ext.planning.function_scope import FlatFunction, flatten
from naavre_ext.planning.refusal import Refusal
from naavre_ext.planning.task_functions import judge_task
from naavre_ext.planning.task_windows import Surroundings, find_windows


@dataclass(frozen=True, slots=True)
class MarkedFunction:
    """A function below its annotation, as a task or with the reason why it isn't one."""

    annotation: TaskAnnotation
    verdict: TaskFunction | Refusal


@dataclass(frozen=True, slots=True)
class CellTasks:
    """The marked functions of one cell, and where calls of tasks stand together in it."""

    functions: tuple[MarkedFunction, ...] = ()
    windows: tuple[TaskWindow, ...] = ()

    @property
    def tasks(self) -> tuple[TaskFunction, ...]:
        """Those functions whose calls may run as tasks."""
        return tuple(f.verdict for f in self.functions if isinstance(f.verdict, TaskFunction))


def plan_tasks(
    notes: Sequence[Annotations],
    notebook: NotebookDataflow,
    rng_seeded: Sequence[str | None],
) -> tuple[CellTasks, ...]:
    """What is to be known of tasks, for each cell."""
    if not any(note.tasks for note in notes):
        return tuple(CellTasks() for _ in notes)
    judged = [
        tuple(
            MarkedFunction(task, judge_task(task, cell.source.tree, notebook, rng_seeded))
            for task in note.tasks
        )
        for note, cell in zip(notes, notebook.cells, strict=True)
    ]
    tasks = {t.function: t for found in judged for t in CellTasks(found).tasks}
    flat = _flat_functions(judged, notebook, tasks)
    whole = notebook
    if flat:
        sources = [cell.source for cell in notebook.cells]
        trees = [CellSource(f.tree) for _, f in flat.values()]
        whole = analyse([*sources, *trees], notebook.environment.files)
    order = {key: len(notebook.cells) + number for number, key in enumerate(flat)}

    def windows(position: int) -> tuple[TaskWindow, ...]:
        source = notebook.cells[position].source
        if not tasks or (source.magic is not None and source.magic not in TRANSPARENT_MAGICS):
            return ()
        tree = source.tree
        own = Surroundings(notebook, position, tasks, lambda node: node)
        found = [] if notes[position].over else [*find_windows(tree, tree.body, own)]
        for key, (function, flattened) in flat.items():
            if key[0] == position:
                copies = flattened.copies
                around = Surroundings(
                    whole,
                    order[key],
                    tasks,
                    lambda node, c=copies: c.get(id(node)),  # type: ignore[misc]
                )
                found += find_windows(tree, function.body, around)
        return tuple(found)

    return tuple(CellTasks(judged[n], windows(n)) for n in range(len(notebook.cells)))


def with_tasks(step: Step, found: CellTasks) -> Step:
    """The step with its cell's tasks; one that may fail calls them as ordinary functions."""
    windows = () if step.raises_exception else found.windows
    reasons = tuple(
        f"line {f.annotation.line}: '{f.annotation.function}' is no task: {f.verdict.reason}"
        for f in found.functions
        if isinstance(f.verdict, Refusal)
    )
    return replace(step, tasks=found.tasks, task_windows=windows, reasons=(*step.reasons, *reasons))


def refused_tasks(cell: Cell, title: str | None, found: CellTasks) -> Iterator[Diagnostic]:
    """A warning for each marked function whose calls run in their callers."""
    for function in found.functions:
        if isinstance(function.verdict, Refusal):
            name, refusal = function.annotation.function, function.verdict
            yield Diagnostic.at(
                cell,
                "NX404",
                "warning",
                f"'{name}' is no task, and runs in its callers: {refusal.reason}.",
                remedy=refusal.remedy,
                line=refusal.line,
                title=title,
            )


def _flat_functions(
    judged: Sequence[Sequence[MarkedFunction]],
    notebook: NotebookDataflow,
    tasks: Mapping[str, TaskFunction],
) -> dict[tuple[int, str], tuple[ast.FunctionDef, FlatFunction]]:
    """The bodies of the tasks as the code of cells, by their cell's position and their name."""
    found: dict[tuple[int, str], tuple[ast.FunctionDef, FlatFunction]] = {}
    for position, marked in enumerate(judged):
        for one in marked:
            if not isinstance(one.verdict, TaskFunction) or one.verdict.function not in tasks:
                continue
            node = next(
                part
                for part in walk(notebook.cells[position].source.tree)
                if isinstance(part, ast.FunctionDef) and part.lineno == one.annotation.line
            )
            number = 10_000 + len(found)  # other numbers than those of functions with split loops
            found[position, node.name] = node, flatten((node,), number)
    return found
