"""The planned notebook: an immutable, versioned, JSON-serialisable graph of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, NewType

from naavre_ext.model.annotation import MergeClause
from naavre_ext.model.notebook import CellId
from naavre_ext.model.parameter import Parameter
from naavre_ext.model.plain import plain

StepId = NewType("StepId", str)

#: Bumped when the JSON form changes in a way that an older reader can't take.
WORKFLOW_VERSION = 2

#: ``main``: in the run's main worker, which holds the notebook's live namespace.
#: ``any``: proven safe to run on copies of its inputs, in any worker.
Placement = Literal["main", "any"]

#: A loop, a comprehension by what it makes, or ``over``: a whole cell (``# over``).
SplitForm = Literal["for", "list", "set", "dict", "over"]

#: Why a step waits for another one. ``data``: it needs the variables. ``alias``: it changes an object that these
#: variables stand for too. ``ambient``: settings that its worker takes over. The others are what one of the
#: two does: ``outside`` touches files, processes or the network, ``opaque`` may touch any name,
#: ``unknown`` calls code that can't be seen, ``star-import`` imports names that can't be seen, ``monkeypatch``
#: changes a module, ``history`` uses the output history.
EdgeKind = Literal[
    "data", "alias", "ambient", "outside", "opaque", "unknown", "star-import", "monkeypatch", "history",
]  # fmt: skip

#: Whole columns that a loop sets, by labels that it computes: ``others`` than it reads, or ``new`` ones.
AddedColumns = Literal["others", "new"]


@dataclass(frozen=True, slots=True)
class FilledTable:
    """A table of which a loop sets cells: in the columns ``fills``, of which it reads none; or ``adds`` columns.

    ``reads`` are the columns that it reads, by label, or ``by_position``; ``in_body`` says that iterations do.
    ``apart`` are names that must stand for other tables. With ``entries`` each iteration reads and sets its own:
    by ``position``, ``key`` or ``label``, or a ``row`` or ``column`` of its own. A loop that adds ``new`` columns
    may read any that was there.
    """

    name: str
    fills: tuple[str | int, ...]
    reads: tuple[str | int, ...] = ()
    by_position: bool = False
    in_body: bool = False
    apart: tuple[str, ...] = ()
    entries: str = ""
    adds: AddedColumns | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """One loop of a cell whose iterations run in batches on the workers.

    ``index`` numbers the cell's splittable loops in source order, ``line`` is the loop's line in the cell.
    The names are sorted. ``shared`` are read by the body and shipped to every batch;
    ``reductions`` are changed only by operations that are recorded and replayed in order;
    ``replayed`` are those of them that carry state, so that the merge runs all statements that use them.
    ``private`` are the iteration's own, ``sure`` those of them that every iteration writes.
    ``guarded`` are shared names that code we can't see might change: they are compared before and
    after a batch, as are the items when ``guard_items``. Iterations that ``changes_items`` change their items in
    place, which the batches send back. ``identity_matters`` says that later code changes
    objects in place that a batch could hand back as a copy. ``guard_rng`` says that a global random
    number generator is seeded, so the body must not draw from it. ``eager`` says that the
    user's own code hands all items to workers at once. ``lazy`` says that making the items and
    running the body don't touch each other, so that items may be drawn from an iterator ahead of the iterations.
    ``immutable_items`` says that the merge may change what an item holds, so that no item may be mutable.
    ``continues`` names the step and the split that build the list of items: their batches flow on into this one.
    ``function`` is the function that the loop stands in ("" at module level), whose variables are called
    ``x of f`` here. ``items_apart`` says that an item may be an object that the iterations share, and a
    copy of it be told from that: batches find such items among what they share.
    ``own_rows`` is a table over whose rows the loop goes, changing in each iteration the row of that label.
    ``makes_missing`` says that it looks for files and makes those that aren't there, so that no item may come
    twice, nor any iteration run twice.
    ``asks_files`` says that it asks for files and writes some, all of which is watched: a batch whose worker died
    isn't tried again, as nobody knows which files it has left.
    ``draws`` says that iterations make figures and close them: batches that leave one open don't count, and the
    last iteration is the cell's own, which leaves its figure.
    ``files_apart`` asks for a look whether two batches touch one file that one of them writes.
    ``tables`` are those that it fills while it reads other columns of them, or goes over copies of their rows.
    ``seeds`` are the global random number generators that every iteration seeds first: what the last one leaves of
    them is the notebook's.
    ``instances`` are those of ``replayed`` that stand for objects of classes of the notebook, whose methods the
    merge calls with what can't change.
    """

    index: int
    line: int
    form: SplitForm
    iterable: str
    title: str | None = None
    shared: tuple[str, ...] = ()
    reductions: tuple[str, ...] = ()
    replayed: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    sure: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()
    guard_items: bool = False
    changes_items: bool = False
    guard_rng: bool = False
    identity_matters: bool = False
    lazy: bool = False
    immutable_items: bool = False
    eager: bool = False
    continues: tuple[str, int] | None = None
    batches: int | str = "auto"
    over: tuple[str, ...] = ()
    merges: tuple[MergeClause, ...] = ()
    discarded: tuple[str, ...] = ()
    function: str = ""
    items_apart: bool = False
    own_rows: str = ""
    makes_missing: bool = False
    asks_files: bool = False
    draws: bool = False
    files_apart: bool = False
    tables: tuple[FilledTable, ...] = ()
    seeds: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()

    @property
    def is_call(self) -> bool:
        """Whether it is no loop but a call of a task, which comes about while a cell runs."""
        return self.index < 0


@dataclass(frozen=True, slots=True)
class TaskFunction:
    """A function marked ``# task`` whose calls may run as tasks; ``line`` is the line of its ``def``.

    ``shared`` are the notebook's names that a call may read, the function itself among them. ``guarded`` are those
    that code we can't see might change, as it might change arguments (``guard_arguments``): they are compared
    before and after. ``guard_rng`` is as in a Split. ``when`` is a condition over the function's parameters.
    """

    function: str
    line: int
    resources: Mapping[str, float] = field(default_factory=dict)
    when: str | None = None
    shared: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()
    guard_arguments: bool = False
    guard_rng: bool = False


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A call that may run ahead of its turn, as a task.

    ``statement`` counts the window's statements, ``call`` the calls in it (in the order of ``ast.walk``). With
    ``reuses`` its arguments, which cost something, are evaluated once: nothing before it could change them.
    """

    statement: int
    call: int
    function: str
    reuses: bool = False


@dataclass(frozen=True, slots=True)
class TaskWindow:
    """Statements that follow each other, whose ``calls`` may begin together, before the first statement.

    ``first`` counts all statements of the cell (in the order of ``ast.walk``), ``line`` is where it stands.
    """

    first: int
    count: int
    line: int
    calls: tuple[TaskCall, ...]


@dataclass(frozen=True, slots=True)
class NestedCell:
    """A cell of a called notebook; ``number`` counts from 1. It comes ``after`` those whose variables it needs."""

    number: int
    title: str | None = None
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NestedPlan:
    """A notebook (``path``) that a step calls as ``function``, which gives the ``outputs``."""

    function: str
    path: str
    cells: tuple[NestedCell, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One planned unit: a code cell, or the parameter assignments of a cell.

    ``execution_count`` is the prompt number that a fresh top-to-bottom run gives the cell.
    ``reads`` are the names the step needs from earlier steps, ``writes`` the names it may bind,
    rebind or change in place, ``deletes`` those it may delete. ``bundles`` divide the writes
    into names that may share objects and so travel together. A ``barrier`` runs after everything
    before it and before everything after it. ``reasons`` say in words why the step runs where it runs.
    ``settings_from`` names the latest earlier step that may change ambient settings, which
    a worker has to take over before it runs this step. ``guard_rng`` says that a global random number
    generator may be seeded, so that the step must not draw from it elsewhere than in the main worker.
    ``inner_splits`` are the loops with a ``# split:`` of their own in the cell's functions and blocks, which are
    split wherever they run; their indexes count all loops of the cell.
    ``tasks`` are the functions of the cell whose calls may run as tasks, ``task_windows`` where in the cell such
    calls stand together.
    ``notebooks`` are the graphs of the notebooks that it calls.
    ``touches_outside`` says that the step changes things outside the notebook (files, processes, the
    network), which can't be taken back; ``reads_outside`` that it reads such things. ``lasting`` says in words
    what the step may leave in its process beside variables and settings; "" when analysis knows of nothing.
    With a ``group`` and placement ``any`` it runs in the group's worker; ``live`` are the names it uses whose
    objects never leave that, as no step elsewhere uses them.
    """

    id: StepId
    cell_id: CellId
    cell_number: int
    execution_count: int
    source: str
    title: str | None = None
    kind: Literal["cell", "parameters"] = "cell"
    placement: Placement = "main"
    barrier: bool = False
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    bundles: tuple[tuple[str, ...], ...] = ()
    splits: tuple[Split, ...] = ()
    inner_splits: tuple[Split, ...] = ()
    tasks: tuple[TaskFunction, ...] = ()
    task_windows: tuple[TaskWindow, ...] = ()
    notebooks: tuple[NestedPlan, ...] = ()
    settings_from: StepId | None = None
    writes_settings: bool = False
    guard_rng: bool = False
    touches_outside: bool = False
    reads_outside: bool = False
    lasting: str = ""
    secrets: tuple[str, ...] = ()
    group: str | None = None
    live: tuple[str, ...] = ()
    resources: Mapping[str, float] = field(default_factory=dict)
    replicas: int | None = None
    concurrency: int | None = None
    retries: int | None = None
    timeout_s: float | None = None
    cache: bool = True
    image: str | None = None
    raises_exception: bool = False
    reasons: tuple[str, ...] = ()

    def unsplit(self) -> Step:
        """The same step, none of whose loops runs in batches."""
        return replace(self, splits=(), inner_splits=(), task_windows=())

    def batch_names(self) -> dict[str, int]:
        """The variables that its ``# batches: NAME`` name, each with the line of the loop."""
        splits = (*self.splits, *self.inner_splits)
        return {split.batches: split.line for split in splits if isinstance(split.batches, str)}

    def is_inner(self, split: Split) -> bool:
        """Whether the split is one of the step's ``inner_splits``, whatever its number of batches is."""
        return any(replace(split, batches=inner.batches) == inner for inner in self.inner_splits)


@dataclass(frozen=True, slots=True)
class Edge:
    """``target`` waits for ``source``; ``names`` are the variables handed over, sorted."""

    source: StepId
    target: StepId
    kind: EdgeKind
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workflow:
    """Steps in notebook order, the edges between them, and the run's parameters.

    Every edge points forward in notebook order, so the graph has no cycle.
    """

    steps: tuple[Step, ...]
    edges: tuple[Edge, ...]
    parameters: tuple[Parameter, ...] = ()
    name: str = "notebook"
    version: int = WORKFLOW_VERSION

    def step(self, step_id: StepId) -> Step:
        """The step with this id; raises KeyError when there is none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def to_json(self) -> dict[str, Any]:
        """A JSON object that follows ``workflow.schema.json``."""
        return {part.name: plain(getattr(self, part.name)) for part in fields(Workflow)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Workflow:
        """The workflow that :meth:`to_json` wrote.

        Raises:
            ValueError: the data has another version.
        """
        if data.get("version") != WORKFLOW_VERSION:
            raise ValueError(
                f"workflow version {data.get('version')!r}; this is version {WORKFLOW_VERSION}"
            )
        return cls(
            steps=tuple(_step_from_json(step) for step in data["steps"]),
            edges=tuple(Edge(**{**e, "names": tuple(e["names"])}) for e in data["edges"]),
            parameters=tuple(Parameter(**p) for p in data["parameters"]),
            name=data["name"],
        )


def _step_from_json(data: Mapping[str, Any]) -> Step:
    splits = {
        name: tuple(_split_from_json(split) for split in data.get(name, ()))
        for name in ("splits", "inner_splits")
    }
    bundles = tuple(tuple(bundle) for bundle in data["bundles"])
    tasks = tuple(TaskFunction(**_tuples(task)) for task in data.get("tasks", ()))
    windows = tuple(_window_from_json(window) for window in data.get("task_windows", ()))
    notebooks = tuple(_nested_from_json(nested) for nested in data.get("notebooks", ()))
    own = {
        **splits,
        "bundles": bundles,
        "tasks": tasks,
        "task_windows": windows,
        "notebooks": notebooks,
    }
    return Step(**{**_tuples(data), **own})


def _window_from_json(data: Mapping[str, Any]) -> TaskWindow:
    calls = tuple(TaskCall(**call) for call in data["calls"])
    return TaskWindow(**{**data, "calls": calls})


def _nested_from_json(data: Mapping[str, Any]) -> NestedPlan:
    cells = tuple(NestedCell(**_tuples(cell)) for cell in data["cells"])
    return NestedPlan(**{**_tuples(data), "cells": cells})


def _split_from_json(data: Mapping[str, Any]) -> Split:
    merges = tuple(MergeClause(**clause) for clause in data.get("merges", ()))
    tables = tuple(FilledTable(**_tuples(table)) for table in data.get("tables", ()))
    return Split(**{**_tuples(data), "merges": merges, "tables": tables})


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
