"""One run of a notebook, from its source to the result; Ray starts while the notebook is planned."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.environment import temporarily, without_secrets
from naavre_ext.kept_values import LateValues
from naavre_ext.model.diagnostic import Diagnostic, NaavreError, RefusedError
from naavre_ext.model.event import RunEvent
from naavre_ext.model.notebook import Notebook
from naavre_ext.model.run import RunOptions, RunResult
from naavre_ext.model.workflow import StepId, Workflow
from naavre_ext.preparing import PLANNING, PreparedNotebook, prepare_notebook

if TYPE_CHECKING:
    from naavre_ext.executors.factory import RunsBeside
    from naavre_ext.executors.packing import Packed
    from naavre_ext.executors.resuming import Results
    from naavre_ext.executors.run_values import RunEnd
    from naavre_ext.run_recording import RunRecording
    from naavre_ext.storage.resumable import Resumable
    from naavre_ext.storage.run_log import KeptVariable, RunLog

OnEvent = Callable[[RunEvent], None]
OpenResults = Callable[[Workflow], "Results | None"]
#: Of a run's values those that its own record is to keep, and the others.
SetApart = Callable[[Mapping[str, "Packed"]], "tuple[dict[str, Packed], tuple[KeptVariable, ...]]"]


class Run:
    """One run. ``reshape`` may change the plan; ``node`` is the executed document, ``end`` how it ended.

    With ``largest_bytes`` only variables up to this size are kept, and only in the run's record. ``apart`` sets
    those apart that the record of another run keeps. Within ``turn`` its steps run, but for the first ones that
    are ``light``. Runs ``beside`` it share the workers of its groups with it. One that is to ``give_up`` raises
    CancelledError when ``cancel`` is set while Ray is starting; others begin, and end as cancelled.
    """

    def __init__(
        self,
        options: RunOptions,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        reshape: Callable[[Workflow], Workflow] = lambda workflow: workflow,
    ) -> None:
        self.options, self.on_event, self.cancel, self.reshape = options, on_event, cancel, reshape
        self.largest_bytes: int | None = None
        self.apart: SetApart | None = None
        self.turn: AbstractContextManager[Any] | None = None
        self.light: frozenset[StepId] = frozenset()
        self.beside: RunsBeside | None = None
        self.give_up = False
        self.node: Any = None
        self.end: RunEnd | None = None

    def notebook(
        self, source: Any, output: str | Path | None, parameters: Mapping[str, Any] | None
    ) -> RunResult:
        """Read, plan and run; Ray starts meanwhile."""
        from naavre_ext.executors.factory import begin_executor
        from naavre_ext.storage.notebook_file import check_writable
        from naavre_ext.storage.resumable import find_resumable

        with ExitStack() as stack:
            earlier = find_resumable(self.options, source)
            if earlier is not None:
                parameters = {**earlier.parameters, **(parameters or {})}
                stack.enter_context(temporarily(earlier.variables))
            starting = begin_executor(
                self.options, self.beside, self.cancel if self.give_up else None
            )
            stack.callback(starting.abandon)
            prepared = prepare_notebook(source, parameters, self.options.notebook)
            workflow = self.reshape(prepared.require_workflow())
            options = placed(self.options, prepared.notebook)
            if output is not None:
                check_writable(output)
            executor = stack.enter_context(starting)
            admit(executor, prepared, workflow)
            self.options = options
            return self.planned(prepared, workflow, executor, output, parameters, earlier)

    def planned(
        self,
        prepared: PreparedNotebook,
        workflow: Workflow,
        executor: Any,
        output: str | Path | None,
        parameters: Mapping[str, Any] | None,
        earlier: Resumable | None = None,
        results: OpenResults | None = None,
    ) -> RunResult:
        """Run the workflow on an executor that admits it; the options name the folder.

        ``results`` gives other places for results than a folder of the run.
        """
        from naavre_ext.executors.driver import RunDriver
        from naavre_ext.run_recording import RunRecording
        from naavre_ext.storage.run_store import RunStore

        options, path = self.options, prepared.notebook.path
        # Cells of this process may have another working directory by the time that it is written.
        file = None if output is None else os.path.abspath(output)
        store = RunStore(Path(options.store)) if options.store else RunStore.beside(path)
        secrets = tuple(options.secrets.values())
        record = store.create(
            path,
            parameters=dict(parameters or {}),
            workflow=workflow.to_json(),
            secrets=secrets,
            labels=options.labels,
            parsing=PLANNING,
        )
        with record as log:
            recording = RunRecording(log, prepared.node, secrets, self.on_event)
            driver = RunDriver(
                workflow,
                executor,
                options,
                run_id=log.run_id,
                emit=recording.tell,
                notebook=path,
                cancel=self.cancel,
                results=results or _open_results(log, options, earlier, prepared),
                turn=self.turn,
                light=self.light,
            )
            try:
                end = self.end = driver.run()
                if end.status == "ok":
                    log.remove_results()  # nobody will resume it
            finally:
                self.node = recording.node
                if options.keep_notebook:
                    recording.save_notebook()
                unwritten = "" if file is None else _written(self.node, file, log)
            packs = self._keep_values(end, recording)
        if unwritten:
            raise NaavreError(unwritten)
        return RunResult(
            run_id=log.run_id,
            status=end.status,
            duration_s=end.duration_s,
            values=LateValues(packs) if self.largest_bytes is None else {},
            failure=end.failure,
            diagnostics=prepared.diagnostics,
            batches=end.batches,
            output_path=None if output is None else str(output),
        )

    def _keep_values(self, end: RunEnd, recording: RunRecording) -> Mapping[str, Packed]:
        """Those of the values that this run keeps, which its record has then."""
        packs: Mapping[str, Packed] = without_secrets(end.values)
        others: tuple[KeptVariable, ...] = ()
        if self.apart is not None:
            packs, others = self.apart(packs)
        if self.largest_bytes is not None:
            packs = {n: p for n, p in packs.items() if p.nbytes <= self.largest_bytes}
        recording.save_values(packs, others)
        return packs


def _written(node: Any, file: str, log: RunLog) -> str:
    """Write the executed notebook; why that can't be done, and where it is instead, else ""."""
    from naavre_ext.storage.notebook_file import write_notebook

    try:
        write_notebook(node, file)
    except RefusedError as refused:
        try:
            log.save_notebook(node)
        except NaavreError:
            return str(refused)
        return f"{refused} The run is over, and the executed notebook is '{log.notebook_path}'."
    return ""


def admit(executor: Any, prepared: PreparedNotebook, workflow: Workflow) -> None:
    """Return when the executor can run the workflow of what was prepared.

    Raises:
        RefusedError: it can't; what a file says of a cell has the file's line.
        ClusterError: it can't be reached.
    """
    from naavre_ext.executors.driver import workflow_on

    try:
        executor.admit(workflow_on(executor, workflow))
    except RefusedError as error:
        raise RefusedError(prepared.places.placed(error.diagnostics)) from None


def _open_results(
    log: RunLog, options: RunOptions, earlier: Resumable | None, prepared: PreparedNotebook
) -> OpenResults | None:
    """Where the run's results go, given the workflow as it will be run; None when none are stored."""
    from naavre_ext.executors.result_files import take_over
    from naavre_ext.executors.resuming import EarlierRun, Results
    from naavre_ext.executors.tasks import ResultPlace

    folder = log.make_results() if options.store_results else None
    if folder is None:
        return None
    if earlier is not None:
        take_over(earlier.results, folder)

    def open_results(workflow: Workflow) -> Results:
        basis = environment_of(options, workflow)
        place = ResultPlace(str(folder), basis, earlier is not None)
        known = None if earlier is None else EarlierRun(earlier.run_id, earlier.told)
        return Results(workflow, place, known, inconstant=inconstant_in(prepared))

    return open_results


def environment_of(options: RunOptions, workflow: Workflow) -> str:
    """Stands for what, outside the notebook, decides the results of the workflow's cells."""
    from naavre_ext.executors.result_environment import environment_key
    from naavre_ext.storage.own_code import own_files

    sources = [step.source for step in workflow.steps]
    environ = os.environ if options.environment is None else options.environment
    places = [Path(place) for place in environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    own = own_files("\n".join(sources), Path(options.cwd or "."), places)
    return environment_key(
        options.cwd, options.environment, sources, own.modules, own.scripts, own.called
    )


def inconstant_in(prepared: PreparedNotebook) -> frozenset[StepId] | None:
    """The steps that may do something else each time they run; None where nobody knows."""
    from naavre_ext.scheduling.background import inconstant_steps

    if prepared.basis is None:
        return None
    return inconstant_steps(prepared.require_workflow(), prepared.basis)


def placed(options: RunOptions, notebook: Notebook) -> RunOptions:
    """The options with the folder that cells see as theirs: the notebook's, unless another is given."""
    folder = options.cwd or (Path(notebook.path).parent if notebook.path else Path.cwd())
    resolved = Path(folder).resolve()
    if not resolved.is_dir():
        diagnostic = Diagnostic(
            "NX501", "error", f"the working folder {resolved} doesn't exist.", "Give another --cwd."
        )
        raise RefusedError([diagnostic])
    return replace(options, cwd=str(resolved))
