"""The pipeline on one screen: read, parse, plan, run, record, write."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from naavre_ext.annotations import parse_annotations
from naavre_ext.environment import SECRET_PREFIX
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.event import RunEvent, event_from_json
from naavre_ext.model.notebook import Notebook
from naavre_ext.model.run import RunOptions, RunResult
from naavre_ext.model.workflow import Workflow
from naavre_ext.planning.parameters import (
    find_parameters,
    inject_parameters,
    nested_parameter_bindings,
)
from naavre_ext.planning.planner import plan
from naavre_ext.verification import Observed, VerifyReport, compare, sequential

if TYPE_CHECKING:
    from naavre_ext.storage.run_record import RunRecord

OnEvent = Callable[[RunEvent], None]


@dataclass(frozen=True)
class PreparedNotebook:
    """A notebook with its parameters injected, and its plan.

    ``node`` is the nbformat document that a run fills with outputs. ``workflow`` is None when an error
    diagnostic forbids to run it.
    """

    node: Any
    notebook: Notebook
    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]

    def require_workflow(self) -> Workflow:
        """The workflow. Raises :class:`RefusedError` with all errors when there is none."""
        if self.workflow is None:
            raise RefusedError(d for d in self.diagnostics if d.severity == "error")
        return self.workflow


@dataclass(frozen=True)
class CompiledNotebook(Workflow):
    """The workflow of a notebook, which can be run many times with other parameters each time.

    ``diagnostics`` are the compiler's warnings and remarks.
    """

    source: Any = field(default=None, repr=False, compare=False)
    diagnostics: tuple[Diagnostic, ...] = field(default=(), repr=False, compare=False)

    async def run(self, *, options: RunOptions | None = None, **parameters: Any) -> RunResult:
        """The result of one run with these parameters; many may run at once.

        Raises:
            RefusedError: a parameter is unknown or has the wrong type.
            NotebookFailed: a cell raised.
        """
        chosen = options or RunOptions(keep=None)
        run = asyncio.to_thread(run_notebook, self.source, parameters=parameters, options=chosen)
        return raise_failure(await run)


def prepare_notebook(source: Any, parameters: Mapping[str, Any] | None = None) -> PreparedNotebook:
    """Read and plan a notebook: a path, an nbformat node or a mapping.

    Raises:
        RefusedError: it isn't a Python notebook that can be read.
    """
    from naavre_ext.storage.notebook_file import apply_injection, read_notebook

    file = read_notebook(source)
    notebook, found = inject_parameters(file.notebook, dict(parameters or {}))
    node = apply_injection(file.node, file.notebook, notebook)
    diagnostics = list(found)
    annotations = {}
    for cell in notebook.cells:
        parsed = parse_annotations(cell)
        annotations[cell.id] = parsed.annotations
        diagnostics += parsed.diagnostics
        if not parsed.annotations.containerize:
            diagnostics += _nested_parameters(cell)
    planned = plan(notebook, annotations, find_parameters(file.notebook))
    diagnostics += planned.diagnostics
    refused = any(diagnostic.severity == "error" for diagnostic in diagnostics)
    return PreparedNotebook(
        node, notebook, None if refused else planned.workflow, tuple(diagnostics)
    )


def _nested_parameters(cell: Any) -> list[Diagnostic]:
    return [
        Diagnostic.at(
            cell,
            "NX208",
            "error",
            f"'{name}' is set inside a block of a cell that a workflow doesn't run.",
            remedy="Set it by a plain assignment of its own, or drop '(do not containerize!)'.",
            line=line,
        )
        for name, line in nested_parameter_bindings(cell.source)
    ]


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
    run = _Run(options, on_event, cancel)
    return run.notebook(source, output, parameters)


class _Run:
    """One run from source to result; keeps what :func:`verify_notebook` needs to look at."""

    def __init__(
        self,
        options: RunOptions,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        reshape: Callable[[Workflow], Workflow] = lambda workflow: workflow,
    ) -> None:
        self.options, self.on_event, self.cancel, self.reshape = options, on_event, cancel, reshape
        self.node: Any = None

    def notebook(
        self, source: Any, output: str | Path | None, parameters: Mapping[str, Any] | None
    ) -> RunResult:
        """Read, plan and run; Ray starts meanwhile."""
        from naavre_ext.executors.factory import begin_executor
        from naavre_ext.storage.notebook_file import check_writable

        with ExitStack() as stack:
            starting = begin_executor(self.options)
            stack.callback(starting.abandon)
            prepared = prepare_notebook(source, parameters)
            workflow = self.reshape(prepared.require_workflow())
            options = _placed(self.options, prepared.notebook)
            if output is not None:
                check_writable(output)
            executor = stack.enter_context(starting)
            return self._execute(prepared, workflow, executor, options, output, parameters)

    def _execute(
        self,
        prepared: PreparedNotebook,
        workflow: Workflow,
        executor: Any,
        options: RunOptions,
        output: str | Path | None,
        parameters: Mapping[str, Any] | None,
    ) -> RunResult:
        from naavre_ext.executors.driver import RunDriver
        from naavre_ext.storage.masking import SecretMask
        from naavre_ext.storage.notebook_file import write_notebook
        from naavre_ext.storage.output_recorder import OutputRecorder
        from naavre_ext.storage.run_store import RunStore

        path = prepared.notebook.path
        store = RunStore(Path(options.store)) if options.store else RunStore.beside(path)
        recorder = OutputRecorder(prepared.node)
        self.node = recorder.node
        secrets = tuple(options.secrets.values())
        mask = SecretMask(secrets)
        with store.create(
            path, parameters=dict(parameters or {}), workflow=workflow.to_json(), secrets=secrets
        ) as log:

            def tell(event: RunEvent) -> None:
                if secrets:
                    event = event_from_json(mask(event.to_json()))
                recorder.apply(event)
                log.append(event)
                if self.on_event is not None:
                    self.on_event(event)

            driver = RunDriver(
                workflow,
                executor,
                options,
                run_id=log.run_id,
                emit=tell,
                notebook=path,
                cancel=self.cancel,
            )
            try:
                end = driver.run()
            finally:
                if output is not None:
                    write_notebook(recorder.node, output)
            packs = {n: p for n, p in end.values.items() if not n.startswith(SECRET_PREFIX)}
            if packs:
                log.save_values(pickle.dumps(packs, protocol=5))
        return RunResult(
            run_id=log.run_id,
            status=end.status,
            duration_s=end.duration_s,
            values=_unpacked(packs),
            failure=end.failure,
            diagnostics=prepared.diagnostics,
            batches=end.batches,
            output_path=None if output is None else str(output),
        )


def verify_notebook(
    source: Any,
    *,
    parameters: Mapping[str, Any] | None = None,
    options: RunOptions | None = None,
    on_event: OnEvent | None = None,
) -> VerifyReport:
    """Whether the notebook gives the same outputs and variables as a workflow as it gives sequentially.

    It runs three times, each in a fresh process: sequentially twice, so that what differs by itself (times,
    unseeded draws) is known, then as a workflow.

    Raises:
        RefusedError, ClusterError: nothing was run.
    """
    chosen = replace(options or RunOptions(), keep=None)

    def observe(reshape: Callable[[Workflow], Workflow]) -> Observed:
        run = _Run(chosen, on_event, None, reshape)
        result = run.notebook(source, None, parameters)
        return Observed(run.node, result.status, result.failure, result.values, result.duration_s)

    with ExitStack() as stack:
        if chosen.executor == "ray":
            from naavre_ext.executors.factory import hold_cluster

            stack.enter_context(hold_cluster(chosen))  # one Ray for all three runs
        first, again = observe(sequential), observe(sequential)
        return compare(first, again, observe(lambda workflow: workflow))


def _placed(options: RunOptions, notebook: Notebook) -> RunOptions:
    """The options with the folder that cells see as theirs: the notebook's, unless another is given."""
    folder = options.cwd or (Path(notebook.path).parent if notebook.path else Path.cwd())
    resolved = Path(folder).resolve()
    if not resolved.is_dir():
        diagnostic = Diagnostic(
            "NX501", "error", f"the working folder {resolved} doesn't exist.", "Give another --cwd."
        )
        raise RefusedError([diagnostic])
    return replace(options, cwd=str(resolved))


def _unpacked(packs: Mapping[str, Any]) -> dict[str, Any]:
    from naavre_ext.executors.packing import PackingError, unpack

    namespace: dict[str, Any] = {"__name__": "__main__"}
    for name in sorted(packs):
        try:
            value = unpack(packs[name], namespace, writable=True)[name]
        except PackingError:
            continue
        if not isinstance(value, ModuleType):
            namespace[name] = value
    del namespace["__name__"]
    namespace.pop("__builtins__", None)
    return namespace


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
            self._values = _unpacked(pickle.loads(self.record.load_values()))
        return self._values

    def __getitem__(self, name: str) -> Any:
        """The final value of variable ``name``; KeyError when it wasn't kept."""
        return self.values[name]


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
