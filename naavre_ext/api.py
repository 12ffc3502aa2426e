"""The pipeline on one screen: read, parse, plan, run, record, write."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.awaiting import await_run
from naavre_ext.executors.factory import RunsBeside
from naavre_ext.kept_values import unpacked
from naavre_ext.model.check import CellCheck
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.run import RunOptions, RunResult
from naavre_ext.model.workflow import Workflow
from naavre_ext.opened_batch import OpenedBatch, open_batch
from naavre_ext.preparing import PreparedNotebook, prepare_notebook
from naavre_ext.running import OnEvent, Run
from naavre_ext.verification import VerifyReport

if TYPE_CHECKING:
    from naavre_ext.model.jobs import BatchResult, Job, JobEnd
    from naavre_ext.storage.run_record import RunRecord
    from naavre_ext.verifying import Isolation

__all__ = [
    "CellCheck",
    "CompiledNotebook",
    "OpenedBatch",
    "OpenedRun",
    "VerifyReport",
    "check_cells",
    "check_notebook",
    "compile_notebook",
    "open_batch",
    "open_run",
    "prepare_notebook",
    "raise_failure",
    "run_batch",
    "run_notebook",
    "run_workflow",
    "verify_notebook",
]


@dataclass(frozen=True)
class CompiledNotebook(Workflow):
    """The workflow of a notebook, which can be run many times with other parameters each time.

    ``diagnostics`` are the compiler's warnings and remarks.
    """

    source: Any = field(default=None, repr=False, compare=False)
    diagnostics: tuple[Diagnostic, ...] = field(default=(), repr=False, compare=False)
    _beside: RunsBeside = field(default_factory=RunsBeside, init=False, repr=False, compare=False)

    async def run(self, *, options: RunOptions | None = None, **parameters: Any) -> RunResult:
        """The result of one run with these parameters; many may run at once, in the order of their start.

        Runs that overlap share the workers of groups, ``# replicas`` of each.

        Cancelling the task that awaits it stops the run; the task ends when the run has. A run that waits for Ray
        to start is left at once.

        Raises:
            RefusedError: a parameter is unknown or has the wrong type.
            NotebookFailed: a cell raised.
        """
        chosen = options or RunOptions(keep=None)

        def run(cancel: threading.Event) -> RunResult:
            one = Run(chosen, None, cancel)
            one.beside, one.give_up = self._beside, True
            return one.notebook(self.source, None, parameters)

        return raise_failure(await await_run(run))


def compile_notebook(
    source: Any, *, parameters: Mapping[str, Any] | None = None
) -> CompiledNotebook:
    """The compiled notebook; nothing of it is executed.

    Raises:
        RefusedError: with every error diagnostic.
    """
    prepared = prepare_notebook(source, parameters)
    workflow = prepared.require_workflow()
    planned = {part.name: getattr(workflow, part.name) for part in fields(Workflow)}
    return CompiledNotebook(**planned, source=source, diagnostics=prepared.diagnostics)


def check_notebook(
    source: Any, *, parameters: Mapping[str, Any] | None = None
) -> tuple[Workflow | None, tuple[Diagnostic, ...]]:
    """The workflow (None when it is refused) and all diagnostics."""
    try:
        prepared = prepare_notebook(source, parameters)
    except RefusedError as error:
        return None, error.diagnostics
    return prepared.workflow, prepared.diagnostics


def check_cells(
    source: Any,
    *,
    parameters: Mapping[str, Any] | None = None,
    store: str | Path | None = None,
    workers: int | None = None,
) -> tuple[CellCheck, ...]:
    """What was understood of each cell: what it needs and changes, why it waits, what its loops allow.

    ``source`` may be a prepared notebook too. Suggestions use the times of earlier runs of the notebook, kept in
    ``store`` or beside it; they estimate for ``workers`` workers (default: as many as that run had).
    Nothing is executed.

    Raises:
        RefusedError: with every error diagnostic.
    """
    from naavre_ext.planning import cell_checks
    from naavre_ext.storage.run_store import RunStore
    from naavre_ext.storage.run_timings import cell_timings

    is_prepared = isinstance(source, PreparedNotebook)
    prepared = source if is_prepared else prepare_notebook(source, parameters)
    workflow, basis = prepared.require_workflow(), prepared.basis
    assert basis is not None
    path = prepared.notebook.path
    runs = RunStore(Path(store)) if store else RunStore.beside(path)
    timings = cell_timings(workflow, () if path is None else runs.of_notebook(path))
    return cell_checks.check_cells(workflow, basis, timings, workers)


def run_workflow(
    compiled: CompiledNotebook | Any,
    output: str | Path | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    options: RunOptions | None = None,
    on_event: OnEvent | None = None,
) -> RunResult:
    """Run a compiled notebook (or anything that can be compiled); its values are kept by default.

    Raises:
        RefusedError, ClusterError: nothing was run.
        NotebookFailed: a cell raised; the executed notebook is written all the same.
    """
    source = compiled.source if isinstance(compiled, CompiledNotebook) else compiled
    options = options or RunOptions(keep=None)
    return raise_failure(
        run_notebook(source, output, parameters=parameters, options=options, on_event=on_event)
    )


def run_notebook(
    source: Any,
    output: str | Path | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    options: RunOptions | None = None,
    on_event: OnEvent | None = None,
    cancel: threading.Event | None = None,
    environment: Mapping[str, str] | None = None,
) -> RunResult:
    """Run a notebook as a workflow and write it, executed, to ``output``.

    A cell's failure and a cancellation are in the result, not raised.

    Raises:
        RefusedError, ClusterError: before anything ran.
    """
    options = options or RunOptions()
    if environment is not None:
        options = replace(options, environment=environment)
    run = Run(options, on_event, cancel)
    return run.notebook(source, output, parameters)


def run_batch(
    source: Any,
    rows: Sequence[Mapping[str, Any]],
    output: str | None = None,
    *,
    keep: Sequence[str] | None = None,
    max_jobs: int | None = None,
    options: RunOptions | None = None,
    on_job: Callable[[Job, JobEnd], None] | None = None,
    cancel: threading.Event | None = None,
) -> BatchResult:
    """Run a notebook once per row of parameters; ``open_batch(result.batch_id)`` is the table of what came out.

    Each job ends as a run of its own would. What doesn't depend on the parameters that differ runs once for all.
    ``output`` is a pattern for the executed notebooks, ``"out/{param_a}-{job}.ipynb"``. A failed job doesn't stop
    the others. ``keep`` are the variables that the table has (None: small ones of cells that run for each job).

    Raises:
        RefusedError, ClusterError: nothing was run.
    """
    from naavre_ext.batching.beginning import BatchRequest, batch_rows, begin_batch

    kept = None if keep is None else tuple(keep)
    request = BatchRequest(source, batch_rows(rows), output, kept, max_jobs)
    return begin_batch(request, options or RunOptions()).run(on_job, None, cancel)


def verify_notebook(
    source: Any,
    *,
    parameters: Mapping[str, Any] | None = None,
    options: RunOptions | None = None,
    isolation: Isolation | None = None,
    on_event: OnEvent | None = None,
    on_phase: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
) -> VerifyReport:
    """Whether the notebook gives the same outputs and variables as a workflow as it gives sequentially.

    It runs three times, each in fresh processes and in a copy of its folder: sequentially twice, so that what
    differs by itself (times, unseeded draws) is known, then as a workflow. Outputs, variables, files and errors
    are compared.

    Raises:
        RefusedError, ClusterError: nothing was run.
        RunCancelled: ``cancel`` was set.
    """
    from naavre_ext.verifying import verify

    return verify(
        source,
        parameters=parameters,
        options=options,
        isolation=isolation,
        on_event=on_event,
        on_phase=on_phase,
        cancel=cancel,
    )


def raise_failure(result: RunResult) -> RunResult:
    """The result of a run that ended well.

    Raises:
        NotebookFailed: a cell raised.
        RunCancelled: the run was stopped.
    """
    from naavre_ext.model.diagnostic import NotebookFailed, RunCancelled

    if result.failure is not None:
        failure = result.failure
        raise NotebookFailed(
            failure["cell_number"],
            failure["ename"],
            failure["evalue"],
            tuple(failure["traceback"]),
        )
    if result.status == "cancelled":
        raise RunCancelled(f"run {result.run_id} was stopped")
    return result


class OpenedRun:
    """An earlier run: ``run["x"]`` is the final value of ``x``, ``run.record`` what else is known of it."""

    def __init__(self, record: RunRecord) -> None:
        self.record = record
        self._values: dict[str, Any] | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        """All kept variables. Raises :class:`RefusedError` when the run kept none."""
        if self._values is None:
            self._values = unpacked(_packs_of(self.record))
        return self._values

    def __getitem__(self, name: str) -> Any:
        """The final value of variable ``name``; KeyError when it wasn't kept."""
        return self.values[name]


def _packs_of(record: RunRecord) -> dict[str, Any]:
    """All values that the run kept, also those that it shares with others."""
    packs: dict[str, Any] = pickle.loads(record.load_values())
    opened: dict[str, Any] = {}
    for name, other in record.elsewhere().items():
        if other.run_id not in opened:
            opened[other.run_id] = pickle.loads(other.load_values())
        packs[name] = opened[other.run_id][name]
    return packs


def open_run(
    run_id: str, *, notebook: str | Path | None = None, store: str | Path | None = None
) -> OpenedRun:
    """An earlier run, by its id or the start of it, of the notebooks in this folder (or beside ``notebook``).

    Raises:
        RefusedError: no such run.
    """
    from naavre_ext.storage.run_store import RunStore

    beside = None if notebook is None else str(notebook)
    runs = RunStore(Path(store)) if store else RunStore.beside(beside)
    return OpenedRun(runs.open(run_id))
