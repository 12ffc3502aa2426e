"""The engine class that papermill finds, and what it takes from papermill and the environment."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO

from papermill.engines import Engine
from papermill.exceptions import PapermillException
from papermill.log import logger

from naavre_ext.annotations import parse_annotations
from naavre_ext.environment import SECRET_PREFIX, merge_options, secret_value, secret_variables
from naavre_ext.model.diagnostic import ClusterError, RefusedError
from naavre_ext.model.notebook import SKIP_TAG, Notebook
from naavre_ext.model.run import RunOptions, RunResult
from naavre_ext.model.workflow import Workflow
from naavre_ext.papermill_engine.books import Books, ObservedNotebook, Outlet
from naavre_ext.runner import find_runner
from naavre_ext.storage.output_recorder import OutputRecorder
from naavre_ext.storage.run_store import RunStore


class NotebookRefused(PapermillException):  # type: ignore[misc]
    """The notebook or the options were refused before anything ran; the text says why."""


class RunFailed(PapermillException):  # type: ignore[misc]
    """The run ended without a cell at fault: no cluster, or a machine lost for good."""


class NaavreEngine(Engine):  # type: ignore[misc]
    """Runs the notebook as ``naavre-ext run`` does, with the results of the sequential run.

    Options are taken from the notebook's metadata ``naavre``, from ``NAAVRE_*`` and
    ``RAY_ADDRESS`` in the environment, and from keyword arguments of
    ``papermill.execute_notebook``; the later win.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        **kwargs: Any,
    ) -> Any:
        """The executed notebook; papermill itself raises for the errors in it."""
        _refuse_secrets(nb)
        outputs = {cell.get("id"): (cell.outputs, cell.execution_count) for cell in _code_cells(nb)}
        books = ObservedNotebook(
            nb,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )
        books.notebook_start()
        try:
            cls.execute_managed_notebook(
                books, kernel_name, log_output=log_output, earlier_outputs=outputs, **kwargs
            )
        finally:
            books.notebook_complete()
        return books.nb

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: ObservedNotebook,
        kernel_name: str,
        *,
        log_output: bool = False,
        stdout_file: TextIO | None = None,
        stderr_file: TextIO | None = None,
        execution_timeout: float | None = None,
        timeout: float | None = None,
        input_path: Any = None,
        earlier_outputs: Mapping[str, tuple[Any, Any]] | None = None,
        **given: Any,
    ) -> None:
        """Runs the notebook in ``nb_man`` and leaves the executed one there.

        Raises:
            NotebookRefused: nothing was run.
            RunFailed: the run ended without a cell at fault.
            KeyboardInterrupt: the run was stopped.
        """
        for name in ("start_timeout", "startup_timeout"):
            given.pop(name, None)
        _check_kernel(kernel_name, nb_man.nb)
        outlet = Outlet(log_output, stdout_file, stderr_file)
        limit = execution_timeout or timeout
        options = _options(nb_man.nb.metadata.get("naavre"), given)
        if isinstance(input_path, str) and os.path.isfile(input_path):
            options.setdefault("store", str(RunStore.beside(input_path).root))
        with _refusals_as_papermill_errors():
            result = _run(nb_man, options, limit, outlet, earlier_outputs or {})
        _raise_for_end(result, nb_man)


@contextmanager
def _refusals_as_papermill_errors() -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        raise NotebookRefused(str(error)) from None
    except ClusterError as error:
        raise RunFailed(str(error)) from None


def _options(metadata: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return merge_options(metadata, os.environ, given)
    except ValueError as error:
        raise NotebookRefused(str(error)) from None


def _run(
    nb_man: ObservedNotebook,
    options: dict[str, Any],
    limit: float | None,
    outlet: Outlet,
    earlier_outputs: Mapping[str, tuple[Any, Any]],
) -> RunResult:
    from naavre_ext.api import prepare_notebook

    prepared = prepare_notebook(nb_man.nb, None)
    workflow = prepared.require_workflow()
    for diagnostic in prepared.diagnostics:
        if diagnostic.severity == "warning":
            logger.warning(diagnostic.describe())
    unrun = _notebook_only_cells(prepared.notebook, workflow)
    for cell in _code_cells(prepared.node):
        if cell.id in unrun and cell.id in earlier_outputs:
            cell.outputs, cell.execution_count = earlier_outputs[cell.id]
    run_options = RunOptions(
        **options,
        cwd=os.getcwd(),
        timeout_s=limit if limit and limit > 0 else None,
        environment=dict(os.environ),
        secrets=_secrets(workflow),
    )
    books = Books(nb_man, OutputRecorder(prepared.node), workflow, unrun, outlet)
    try:
        with _cancel_on_interrupt() as cancel:
            result: RunResult = find_runner(run_options)(
                prepared.node,
                None,
                parameters=None,
                options=run_options,
                on_event=books.on_event,
                cancel=cancel,
            )
    finally:
        books.settle()
    books.close()
    return result


def _code_cells(node: Any) -> list[Any]:
    return [cell for cell in node.cells if cell.cell_type == "code"]


def _notebook_only_cells(notebook: Notebook, workflow: Workflow) -> frozenset[str]:
    """The code cells that no workflow runs; their outputs and statuses stay as they are."""
    planned = {step.cell_id for step in workflow.steps if step.kind == "cell"}
    return frozenset(
        str(cell.id)
        for cell in notebook.code_cells
        if cell.id not in planned
        and SKIP_TAG not in cell.tags
        and not parse_annotations(cell).annotations.containerize
    )


def _refuse_secrets(nb: Any) -> None:
    """papermill writes parameters into the notebook, where a secret must never be."""
    for name in nb.metadata.get("papermill", {}).get("parameters") or {}:
        if name.startswith(SECRET_PREFIX):
            raise NotebookRefused(
                f"{name} is a secret; papermill would store it in the notebook. Set "
                f"{secret_variables(name)[0]} in the environment instead."
            )


def _secrets(workflow: Workflow) -> dict[str, str]:
    names = [p.name for p in workflow.parameters if p.kind == "secret"]
    found = {name: secret_value(name, os.environ) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _check_kernel(kernel_name: str, nb: Any) -> None:
    """Cells run in this Python; another kernel is refused when asked for, or of another language.

    Raises:
        NotebookRefused: as said, or the kernel given with ``--kernel`` doesn't exist.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    try:
        spec = manager.get_kernel_spec(kernel_name)
    except NoSuchKernel:
        if kernel_name != nb.metadata.get("kernelspec", {}).get("name"):
            known = ", ".join(sorted(manager.find_kernel_specs())) or "none"
            raise NotebookRefused(
                f"There is no kernel named {kernel_name!r}; there are: {known}. Name one of them, or none."
            ) from None
        logger.info(f"There is no kernel {kernel_name!r} here: cells run in this Python")
        return
    if spec.language.lower() not in ("", "python"):
        raise NotebookRefused(
            f"The kernel {kernel_name!r} runs {spec.language}; the engine 'naavre' runs Python."
        )


def _raise_for_end(result: RunResult, nb_man: ObservedNotebook) -> None:
    """Raises for what papermill can't see in the cells: a stopped run, a lost machine."""
    if result.status == "cancelled":
        raise KeyboardInterrupt
    statuses = [cell.metadata.papermill["status"] for cell in nb_man.nb.cells]
    if result.status == "failed" and nb_man.FAILED not in statuses:
        failure = result.failure or {}
        name, text = failure.get("ename", "the run failed"), failure.get("evalue", "")
        raise RunFailed(f"{name}: {text}" if text else name)


@contextmanager
def _cancel_on_interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second raises."""
    cancel = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)
