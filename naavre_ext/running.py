"""One run of a notebook, from its source to the result; Ray starts while the notebook is planned."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from naavre_ext.environment import temporarily, without_secrets
from naavre_ext.model.diagnostic import Diagnostic, NaavreError, RefusedError
from naavre_ext.model.event import MessageLogged, RunEvent, event_from_json
from naavre_ext.model.notebook import Notebook
from naavre_ext.model.run import RunOptions, RunResult
from naavre_ext.model.workflow import StepId, Workflow
from naavre_ext.preparing import PLANNING, PreparedNotebook, prepare_notebook

if TYPE_CHECKING:
    from naavre_ext.executors.factory import RunsBeside
    from naavre_ext.executors.packing import Packed
    from naavre_ext.executors.resuming import Results
    from naavre_ext.executors.run_values import RunEnd
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
        from naavre_ext.storage.masking import SecretMask
        from naavre_ext.storage.output_recorder import OutputRecorder
        from naavre_ext.storage.run_store import RunStore

        options, path = self.options, prepared.notebook.path
        # Cells of this process may have another working directory by the time that it is written.
        file = None if output is None else os.path.abspath(output)
        store = RunStore(Path(options.store)) if options.store else RunStore.beside(path)
        recorder = OutputRecorder(prepared.node)
        secrets = tuple(options.secrets.values())
        mask = SecretMask(secrets)
        record = store.create(
            path,
            parameters=dict(parameters or {}),
            workflow=workflow.to_json(),
            secrets=secrets,
            labels=options.labels,
            parsing=PLANNING,
        )
        with record as log:
            keep = _Keeping()

            def tell(event: RunEvent) -> None:
                if secrets:
                    event = event_from_json(mask(event.to_json()))
                recorder.apply(event)
                lost = keep.done(lambda: log.append(event))
                if self.on_event is not None:
                    self.on_event(event)
                    if lost:
                        self.on_event(_lost(event, lost))

            results = results or _open_results(log, options, earlier)
            driver = RunDriver(
                workflow,
                executor,
                options,
                run_id=log.run_id,
                emit=tell,
                notebook=path,
                cancel=self.cancel,
                results=results,
                turn=self.turn,
                light=self.light,
            )
            try:
                end = self.end = driver.run()
                if end.status == "ok":
                    log.remove_results()  # nobody will resume it
            finally:
                self.node = recorder.node
                if options.keep_notebook:
                    keep.done(lambda: log.save_notebook(self.node))
                unwritten = "" if file is None else _written(self.node, file, log)
            packs = without_secrets(end.values)
            others: tuple[KeptVariable, ...] = ()
            if self.apart is not None:
                packs, others = self.apart(packs)
            if self.largest_bytes is not None:
                packs = {n: p for n, p in packs.items() if p.nbytes <= self.largest_bytes}
            if packs or others:
                kept = [*(kept_variable(name, pack) for name, pack in packs.items()), *others]
                kept.sort(key=lambda variable: variable.name)
                blob = pickle.dumps(packs, protocol=5)
                keep.done(lambda: log.save_values(blob, kept))
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


class _Keeping:
    """Writes to a run's record until that fails once: the run goes on without."""

    def __init__(self) -> None:
        self._is_lost = False

    def done(self, write: Callable[[], None]) -> str:
        """Write, if the record isn't lost yet; returns why it is, if that happens now."""
        if self._is_lost:
            return ""
        try:
            write()
        except NaavreError as error:
            self._is_lost = True
            return str(error)
        return ""


def _lost(event: RunEvent, reason: str) -> RunEvent:
    text = f"{reason} The run goes on, but it can't be resumed or looked at later."
    return MessageLogged(seq=event.seq, at=event.at, level="warning", text=text, code="NX518")


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
    log: RunLog, options: RunOptions, earlier: Resumable | None
) -> OpenResults | None:
    """Where the run's results go, given the workflow as it will be run; None when none are stored."""
    from naavre_ext.executors.result_environment import environment_key
    from naavre_ext.executors.result_files import take_over
    from naavre_ext.executors.resuming import EarlierRun, Results
    from naavre_ext.executors.tasks import ResultPlace

    folder = log.make_results() if options.store_results else None
    if folder is None:
        return None
    if earlier is not None:
        take_over(earlier.results, folder)

    def open_results(workflow: Workflow) -> Results:
        sources = (step.source for step in workflow.steps)
        basis = environment_key(options.cwd, options.environment, sources)
        place = ResultPlace(str(folder), basis, earlier is not None)
        known = None if earlier is None else EarlierRun(earlier.run_id, earlier.told)
        return Results(workflow, place, known)

    return open_results


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


class LateValues(Mapping[str, Any]):
    """The values in the packs, unpacked when the first is asked for: that may run code of its classes."""

    def __init__(self, packs: Mapping[str, Any]) -> None:
        self._packs = packs
        self._values: dict[str, Any] | None = None

    def _unpacked(self) -> dict[str, Any]:
        if self._values is None:
            self._values = unpacked(self._packs)
        return self._values

    def __getitem__(self, name: str) -> Any:
        return self._unpacked()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._unpacked())

    def __len__(self) -> int:
        return len(self._unpacked())


def kept_variable(name: str, pack: Packed, run_id: str | None = None) -> KeptVariable:
    """What the pack holds, told without unpacking it; the record of ``run_id`` keeps it."""
    from naavre_ext.storage.run_log import KeptVariable

    types = dict(zip(pack.names, pack.types, strict=False))
    return KeptVariable(name, types.get(name, ""), pack.nbytes, run_id)


def unpacked(packs: Mapping[str, Any]) -> dict[str, Any]:
    """The values in the packs, each by its name; those that can't be rebuilt here are left out."""
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
