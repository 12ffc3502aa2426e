"""Runs a notebook's cells one after the other in a plain session, and as a workflow, and compares."""

from __future__ import annotations

import contextlib
import copy
import gc
import hashlib
import os
import random
import re
import resource
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import nbformat
from IPython.core.displayhook import DisplayHook
from traitlets.utils import warnings as deprecations

from naavre_ext.api import PreparedNotebook, prepare_notebook
from naavre_ext.executors import ambient, ambient_shell
from naavre_ext.executors.collecting import user_names
from naavre_ext.executors.driver import RunDriver
from naavre_ext.executors.local import LocalExecutor
from naavre_ext.executors.packing import PackingError, unpack
from naavre_ext.executors.packing_classes import forget_classes
from naavre_ext.executors.portraits import differences
from naavre_ext.executors.run_values import RunEnd
from naavre_ext.executors.session import CellSession
from naavre_ext.executors.tasks import StepTask
from naavre_ext.model import event as events
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import Workflow
from naavre_ext.planning.parameters import workflow_sources
from naavre_ext.storage.output_recorder import OutputRecorder
from naavre_ext.verification.widgets import outputs_with_widgets
from naavre_ext.verification.written_over import with_bars_last

Cell = str | tuple[str, tuple[str, ...]]

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_TIMES = re.compile(r"^(CPU times|Wall time): .*", re.MULTILINE)
_ENDLESS = re.compile("KeyboardInterrupt|MemoryError")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Ending:
    """What can be seen of a run: outputs per cell, final variables, and the error if there is one."""

    outputs: list[list[dict[str, Any]]]
    variables: dict[str, Any]
    failed_cell: int | None = None
    error: tuple[str, str] | None = None


@dataclass
class WorkflowRun:
    """A run as a workflow, with what it did on the way."""

    ending: Ending
    end: RunEnd
    workflow: Workflow
    told: list[events.RunEvent] = field(default_factory=list)

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.told if isinstance(event, kind)]

    @property
    def grouped(self) -> int:
        """How many steps ended in the worker of their group."""
        inside = {step.id for step in self.workflow.steps if step.group}
        last = {event.step: event.placement for event in self.of(events.StepStarted)}
        ended = {event.step for event in self.of(events.StepFinished)}
        return sum(last[step] == "any" for step in inside & ended)

    @property
    def fanned_out(self) -> int:
        """How many splits of cells ran in batches to the end; those within a batch are counted apart."""
        return self._split_loops(within=False)

    @property
    def fanned_out_within(self) -> int:
        """How many times a batch ran a loop in batches of its own to the end."""
        return self._split_loops(within=True)

    def _split_loops(self, *, within: bool) -> int:
        started = [event for event in self.of(events.SplitStarted) if event.batches]
        refused = self.of(events.SplitRefused)
        return sum(bool(e.within) == within for e in started) - sum(
            bool(e.within) == within for e in refused
        )


def notebook(cells: Sequence[Cell]) -> Any:
    """An nbformat notebook of code cells; a cell may be a source with tags."""
    made = []
    for number, cell in enumerate(cells):
        source, tags = (cell, ()) if isinstance(cell, str) else cell
        fields = {"cell_type": "code", "id": f"cell-{number}", "metadata": {"tags": list(tags)}}
        made.append({**fields, "source": source, "execution_count": None, "outputs": []})
    return nbformat.from_dict({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


#: The session that references run in, reset for each, and what its cells showed.
_reference: list[CellSession] = []
_shown: list[Any] = []
_NOT_RUN = "do not containerize"


#: A notebook that goes over what it doubles takes all memory well before it takes long.
_MOST_BYTES = 1 << 30


class Endless(Exception):
    """A notebook doesn't end in time by itself, or takes more and more memory."""


@contextlib.contextmanager
def _memory_limited() -> Iterator[None]:
    """Within it a MemoryError is raised once the process has taken about a GiB more."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as pages:
        now = int(pages.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + _MOST_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def run_in_order(
    cells: Sequence[Cell], cwd: str | None = None, limit_s: float | None = None
) -> Ending:
    """The reference: plain cells in a fresh session, stopping at the first error.

    With ``limit_s`` :class:`Endless` is raised when they take longer than that, or more than a GiB.
    """
    book = notebook(cells)
    forget_classes()  # those of other notebooks would be watched in all runs to come
    with _process_kept(), contextlib.nullcontext() if limit_s is None else _memory_limited():
        if not _reference:
            _reference.append(CellSession(_shown.append))
        shown, session = _shown, _reference[0]
        session.reset(cwd=cwd)
        ending = Ending([[] for _ in cells], {})
        count = 0
        kept = workflow_sources([(c.source, _NOT_RUN not in c.source) for c in book.cells])
        recorder = OutputRecorder(book)
        stop = threading.Timer(limit_s or 0.0, session.interrupt)
        if limit_s is not None:
            stop.start()
        for number, (cell, source) in enumerate(zip(book.cells, kept, strict=True)):
            if not cell.source.strip() or "skip-execution" in cell.metadata.tags:
                continue
            count += 1
            if _NOT_RUN in cell.source:  # only its parameters and imports belong to the workflow
                session.run(source, execution_count=count)
                continue
            shown.clear()
            outcome = session.run(source, execution_count=count)
            for place, output in enumerate(shown):
                recorder.apply(
                    events.CellOutputReceived(
                        step=cell.id, cell_id=cell.id, number=place, output=output
                    )
                )
            if not outcome.ok and "raises-exception" not in cell.metadata.tags:
                assert outcome.error is not None
                ending.failed_cell = number
                ending.error = (outcome.error.ename, outcome.error.evalue)
                break
        stop.cancel()
        if limit_s is not None and ending.error is not None and _ENDLESS.search(ending.error[0]):
            raise Endless
        ending.outputs = _outputs(recorder.node)
        ending.variables = _variables(session.namespace)
        return ending


_local: list[LocalExecutor] = []


def run_as_workflow(
    cells: Sequence[Cell],
    *,
    choose: Callable[[Sequence[StepTask]], int] | None = None,
    cwd: str | None = None,
    options: RunOptions | None = None,
    prepared: PreparedNotebook | None = None,
) -> WorkflowRun:
    """The cells run by the local executor, kept open from one call to the next."""
    if not _local:
        _local.append(LocalExecutor(sends_calls=True))
    executor = _local[0]
    executor._choose = choose
    executor._waiting.clear()
    executor._messages.clear()
    with _process_kept():
        options = replace(options or RunOptions(executor="local"), cwd=cwd, keep=())
        namespace = executor._main.session.namespace
        return run_with(executor, cells, options, namespace, prepared=prepared)


def run_with(
    executor: Any,
    cells: Sequence[Cell],
    options: RunOptions,
    namespace: dict[str, Any] | None = None,
    *,
    cancel: threading.Event | None = None,
    on_event: Callable[[events.RunEvent], None] | None = None,
    prepared: PreparedNotebook | None = None,
) -> WorkflowRun:
    """The cells run by an executor. Without its ``namespace``, variables are those it collects."""
    prepared = prepared or prepare_notebook(notebook(cells))
    workflow = prepared.require_workflow()
    recorder = OutputRecorder(copy.deepcopy(prepared.node))
    told: list[events.RunEvent] = []

    def tell(event: events.RunEvent) -> None:
        told.append(event)
        recorder.apply(event)
        if on_event is not None:
            on_event(event)

    driver = RunDriver(workflow, executor, options, run_id="r", emit=tell, cancel=cancel)
    end = driver.run()
    ending = Ending([], {})
    if end.failure is not None:
        ending.failed_cell = end.failure["cell_number"] - 1
        ending.error = (end.failure["ename"], end.failure["evalue"])
    if namespace is None:
        namespace = {"__name__": "__main__"}
        for name in sorted(end.values):
            try:
                namespace.update(unpack(end.values[name], namespace, writable=True))
            except PackingError as error:
                end.missing[name] = error.reason
        ending.variables = _variables(namespace)
    elif end.status == "ok":
        _fetch_rest(executor, driver, namespace)
        ending.variables = _variables(namespace)
    ending.outputs = _outputs(recorder.node)
    return WorkflowRun(ending, end, workflow, told)


def _fetch_rest(executor: Any, driver: RunDriver, namespace: dict[str, Any]) -> None:
    """Bind what the main worker never took, pack by pack, so that objects stay shared."""
    by_pack: dict[int, tuple[Any, list[str]]] = {}
    for name, handle in driver.handover.outside_main().items():
        by_pack.setdefault(id(handle), (handle, []))[1].append(name)
    for handle, names in by_pack.values():
        values = unpack(executor.fetch(handle), namespace, writable=True)
        namespace.update({name: values[name] for name in names if name in values})
    for group, live in driver.handover.live_names().items():
        found = executor._groups[group].session.namespace
        namespace.update({name: found[name] for name in live if name in found})


@dataclass(frozen=True)
class RandomOrder:
    """Picks any of the steps that may run next, always the same ones for one seed."""

    seed: int

    def chooser(self) -> Callable[[Sequence[StepTask]], int]:
        dice = random.Random(self.seed)
        return lambda tasks: dice.randrange(len(tasks))


class Picking:
    """Picks one of the steps that may run next, and counts the orders that there would have been."""

    def __init__(self, pick: Callable[[Sequence[StepTask]], int]) -> None:
        self.pick, self.orders = pick, 1

    def __call__(self, tasks: Sequence[StepTask]) -> int:
        self.orders *= len(tasks)
        return self.pick(tasks)


def run_both(
    cells: Sequence[Cell], *, orders: int = 2, cwd: str | None = None, tracebacks: bool = True
) -> list[WorkflowRun]:
    """Assert that the workflow ends as the notebook does, in several legal orders; returns its runs.

    They are at most ``orders``, and fewer where there are no more: steps as they could start, the last of these
    first, then any.
    """
    expected = run_in_order(cells, cwd)
    prepared = prepare_notebook(notebook(cells))
    first, last = Picking(lambda tasks: 0), Picking(lambda tasks: len(tasks) - 1)
    runs: list[WorkflowRun] = []
    for number in range(orders):
        if runs and number >= first.orders:
            break
        choose = (first, last)[number] if number < 2 else RandomOrder(number).chooser()
        run = run_as_workflow(cells, choose=choose, cwd=cwd, prepared=prepared)
        assert_same(without_parts(expected, run), run.ending, cells, tracebacks=tracebacks)
        _assert_later_cells_not_run(run)
        runs.append(run)
    return runs


def without_parts(expected: Ending, run: WorkflowRun) -> Ending:
    """The ending without the names that batches of an ``# over`` cell had for themselves: they are unset there."""
    own = {n for step in run.workflow.steps for split in step.splits for n in split.discarded}
    unset = own - set(run.ending.variables)
    kept = {name: value for name, value in expected.variables.items() if name not in unset}
    return replace(expected, variables=kept)


def assert_same(
    expected: Ending,
    found: Ending,
    cells: Sequence[Cell] = (),
    *,
    tracebacks: bool = True,
    identity: bool = True,
) -> None:
    """Assert that two runs ended alike; variables count only where no cell failed."""
    texts = []
    if (expected.failed_cell, expected.error) != (found.failed_cell, found.error):
        texts.append(
            f"ended with {found.error} in cell {found.failed_cell}, "
            f"not with {expected.error} in cell {expected.failed_cell}"
        )
    for number, (one, two) in enumerate(zip(expected.outputs, found.outputs, strict=True)):
        if not tracebacks:
            one, two = _without_tracebacks(one), _without_tracebacks(two)
        if one != two:
            texts.append(f"outputs of cell {number}: {_pretty(one)}\n  became {_pretty(two)}")
    if expected.failed_cell is None:
        texts += differences(expected.variables, found.variables, sharing=identity)
    source = "\n# ---\n".join(cell if isinstance(cell, str) else cell[0] for cell in cells)
    assert not texts, "\n".join(texts) + "\n=== notebook ===\n" + source


def _assert_later_cells_not_run(run: WorkflowRun) -> None:
    failed = run.ending.failed_cell
    if failed is None:
        return
    state = {}
    for event in run.told:
        if isinstance(event, (events.StepFinished, events.StepFailed, events.StepNotRun)):
            state[event.cell_id] = type(event).__name__
    for step in run.workflow.steps:
        place = step.cell_number - 1
        wanted = ("StepFinished", "StepFailed", "StepNotRun")[
            (place > failed) - (place < failed) + 1
        ]
        if wanted == "StepFinished" and step.raises_exception:
            continue
        assert state[step.cell_id] == wanted


def _pretty(outputs: Sequence[Any]) -> str:
    return "\n    ".join(str(output) for output in outputs) or "nothing"


def _without_tracebacks(outputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in output.items() if k != "traceback"} for output in outputs]


def _variables(namespace: dict[str, Any]) -> dict[str, Any]:
    return {name: namespace[name] for name in user_names(namespace)}


def _outputs(node: Any) -> list[list[dict[str, Any]]]:
    """Per cell its outputs as plain dicts, without addresses, and streams of one name joined."""
    found = []
    for shown in outputs_with_widgets(node).values():
        outputs: list[dict[str, Any]] = []
        for output in with_bars_last(copy.deepcopy(shown)):
            plain = _scrubbed(dict(output))
            plain.pop("transient", None)
            last = outputs[-1] if outputs else {}
            if (
                plain["output_type"] == "stream" == last.get("output_type")
                and plain["name"] == last["name"]
            ):
                last["text"] += plain["text"]
            else:
                outputs.append(plain)
        found.append(outputs)
    return found


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        text = _TIMES.sub(r"\1", _ADDRESS.sub("0x…", _ANSI.sub("", value)))
        return text if len(text) < 5000 else hashlib.sha256(text.encode()).hexdigest()
    if isinstance(value, dict):
        return {key: _scrubbed(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(each) for each in value]
    return value


@contextlib.contextmanager
def _process_kept() -> Iterator[None]:
    """Leaves the process's settings and generators as they were; notebooks start from the same."""
    folder = os.getcwd()
    with ambient.restored(rng=True), warnings.catch_warnings(), _cheap_resets():
        warnings.showwarning = _show_warning
        # As in any Python: what other tests left open warns when it is collected, in whatever cell runs then.
        warnings.simplefilter("ignore", ResourceWarning)
        backend = ambient_shell._inline_backend()
        for session in (*_reference, *(executor._main.session for executor in _local)):
            ambient_shell.write_inline(None, session.shell)
            # Any session may have loaded it; %config reaches it in those shells only that know of it.
            if backend is not None and backend not in session.shell.configurables:
                session.shell.configurables.append(backend)
        deprecations._deprecations_shown.clear()  # traitlets tells each only once in a process
        random.seed(0)
        try:
            yield
        finally:
            os.chdir(folder)


@contextlib.contextmanager
def _cheap_resets() -> Iterator[None]:
    """Sessions that are reset leave old garbage alone.

    IPython collects all of it at every reset, of which a notebook has four: a third of a second each once
    SciPy and the like are loaded.
    """
    flush, collect = DisplayHook.flush, gc.collect

    def flush_quickly(hook: DisplayHook) -> None:
        gc.collect = lambda *_: collect(1)
        try:
            flush(hook)
        finally:
            gc.collect = collect

    DisplayHook.flush = flush_quickly
    try:
        yield
    finally:
        DisplayHook.flush = flush


def _show_warning(message: Any, category: Any, filename: str, lineno: int, *_: Any) -> None:
    """Show a warning as a kernel does, where pytest would keep it for itself."""
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))
