"""Runs notebook cells as a Jupyter kernel does, and catches all they show."""

from __future__ import annotations

import asyncio
import atexit
import builtins
import contextlib
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from naavre_ext.dataflow.source import transform
from naavre_ext.executors.cell_outcome import CellOutcome, outcome_of
from naavre_ext.executors.kernel_paths import kernel_argv, kernel_path, own_path
from naavre_ext.executors.raised_signals import SIGNALS, raise_signals
from naavre_ext.executors.session_fds import DescriptorCapture, are_lent
from naavre_ext.executors.session_messages import CapturingSession
from naavre_ext.executors.session_process import (
    as_running,
    become_shell,
    cancelling,
    forget_modules_in,
    forget_notebook_bars,
    forget_plots,
    has_waiting_tasks,
    interrupt_thread,
    interruptible,
    modules_in,
    own_event_loop,
    process_restored,
    take_process,
    when_loaded,
)
from naavre_ext.executors.session_rewriting import Rewriter, Transform
from naavre_ext.executors.session_shell import (
    INLINE_BACKEND,
    make_shell,
    printers,
    restore_printers,
    set_inline_backend,
    user_module,
)
from naavre_ext.executors.session_streams import CellStream, OutputBuffer
from naavre_ext.executors.session_widgets import WidgetFrontEnd
from naavre_ext.executors.warning_replay import WARNING, warn_again
from naavre_ext.model.event import OutputMessage

#: What the last cells have given, as texts without anything at first.
_LAST_RESULTS = ("_", "__", "___")
#: What a module has of itself, which a reset deletes as well.
_OF_A_MODULE = ("__doc__", "__package__", "__loader__", "__spec__")
#: Names without which what objects do at their end may fail.
_OF_EVERY_NAMESPACE = frozenset({"__name__", "__builtin__", "__builtins__"})


class CellSession:
    """One IPython interpreter for one process: runs cells, catches all they show.

    Outputs go to ``on_message`` while a cell runs, possibly from another thread, never two at
    once. With ``capture_fds`` that includes what C code and child processes write; only for a
    process of its own, as descriptors 1 and 2 belong to all threads.
    """

    def __init__(
        self, on_message: Callable[[OutputMessage], None], *, capture_fds: bool = False
    ) -> None:
        self._on_message = on_message
        self._errors: list[OutputMessage] = []
        self._buffer = OutputBuffer(self._deliver)
        self._loop = asyncio.new_event_loop()
        self._devnull = open(os.devnull)  # noqa: SIM115  (open as long as the session)
        self._fds = DescriptorCapture(self._buffer) if capture_fds or are_lent() else None
        self._thread_id: int | None = None
        self._streams = {
            "stdin": self._devnull,
            "stdout": CellStream("stdout", self._buffer, 1),
            "stderr": CellStream("stderr", self._buffer, 2),
        }
        #: Those that the next cell finds: the notebook may have put others in their place.
        self._streams_now: dict[str, Any] = dict(self._streams)
        with process_restored():
            set_inline_backend()
            self._front_end = WidgetFrontEnd(self._buffer.send, self._buffer.flush)
            self.shell = make_shell(CapturingSession(self._buffer.send), self._front_end)
        self._compiler_flags = self.shell.compile.flags
        self._module = user_module(self.shell)
        self.namespace: dict[str, Any] = self.shell.user_ns
        self._of_module = {name: self.namespace.get(name) for name in _OF_A_MODULE}
        self._modules_before = frozenset(sys.modules)
        self._printers = printers(self.shell)
        self._folders: tuple[str, ...] = ()
        self._is_new = True

    def run(
        self,
        source: str,
        *,
        execution_count: int,
        transform: Transform | None = None,
        store_history: bool = True,
        silent: bool = False,
    ) -> CellOutcome:
        """How the cell ended, with its error if it raised one.

        ``transform`` changes the syntax tree of the cell and of the code that ``%%time`` and its
        like run; whatever it raises is raised here, and the cell isn't run.
        """
        shell = self.shell
        self._is_new = False
        self._number_prompts(execution_count)
        shell.exit_now = False
        self._errors.clear()
        rewriter = Rewriter(transform, self._buffer) if transform is not None else None
        with self._running(rewriter):
            result = self._execute(source, store_history=store_history, silent=silent)
        if rewriter is not None and rewriter.raised is not None:
            raise rewriter.raised
        return outcome_of(shell, result, self._errors, execution_count)

    def emit(self, output: OutputMessage) -> None:
        """Deliver an output as the running cell's own, after all it has written so far."""
        self._buffer.send(output)

    def know(self, sources: Mapping[int, str]) -> None:
        """Makes tracebacks show the code of these cells (by execution count), wherever they ran."""
        for number, source in sorted(sources.items(), reverse=True):
            plain = not any(sign in source for sign in "%!?")
            code = source if plain else transform(source)
            self.shell.compile.cache(code, number, raw_code=source)

    def own_modules(self) -> Mapping[str, Any]:
        """The loaded modules of the notebook's folder, by name."""
        return modules_in(self._folders, self._modules_before)

    def find_figures(self) -> None:
        """Have figures reach this session's cells although another session's cell was the first to draw."""
        when_loaded("matplotlib_inline.backend_inline", self._show_figures_inline)

    def flush(self) -> None:
        """Deliver the text that the running cell has written so far."""
        self._buffer.flush()

    def owns_streams(self) -> bool:
        """Whether what is printed now reaches this session, not a replacement of the notebook's own."""
        return all(getattr(sys, name) is self._streams[name] for name in ("stdout", "stderr"))

    def show(self, output: OutputMessage) -> None:
        """Show again what code elsewhere showed, as if the running cell did so now.

        So ``%%capture`` and a replaced ``sys.stdout`` catch it, and neighbouring texts become one.
        """
        kind = output["output_type"]
        publisher = self.shell.display_pub
        if kind == "stream":
            getattr(sys, output["name"]).write(output["text"])
        elif kind == WARNING:
            warn_again(output, self.namespace)
        elif kind == SIGNALS:
            raise_signals(output["names"])
        elif kind == "clear_output":
            publisher.clear_output(wait=output.get("wait", False))
        elif kind in ("display_data", "update_display_data"):
            publisher.publish(
                data=output.get("data", {}),
                metadata=output.get("metadata", {}),
                transient=output.get("transient"),
                update=kind == "update_display_data",
            )
        else:
            self.emit(output)

    def has_tasks(self) -> bool:
        """Whether cells have left asynchronous tasks that aren't done."""
        return bool(asyncio.all_tasks(self._loop))

    def interrupt(self) -> None:
        """Raises KeyboardInterrupt in the running cell, if one is running; for another thread."""
        if self._thread_id is not None:
            interrupt_thread(self._thread_id)

    def reset(self, *, cwd: str | Path | None) -> None:
        """Makes the session like a fresh kernel in folder ``cwd``.

        The namespace is empty (and the same dict), prompts start again, figures are closed, modules
        of this and the last folder are read anew.
        """
        folders = () if cwd is None else (str(cwd),)
        if cwd is not None:
            os.chdir(cwd)  # before all else: the last folder may be gone
        self._streams_now = dict(self._streams)
        with process_restored():
            take_process(self.shell, self._module, self._streams)
            when_loaded("matplotlib.pyplot", forget_plots)
            self.shell.ast_transformers.clear()
            if (
                not self._is_new
            ):  # else there is nothing to clear, and looking for garbage takes long
                self.shell.reset(new_session=True)
            self.namespace.update(self._of_module)
            for name in _LAST_RESULTS:  # a reset deletes them
                setattr(self.shell.displayhook, name, "")
                self.namespace[name] = ""
            self.shell.compile.flags = self._compiler_flags  # without a cell's __future__ imports
            self.shell.payload_manager.clear_payload()
            restore_printers(self.shell, self._printers)
            self._front_end.forget()
        forget_modules_in((*self._folders, *folders), self._modules_before)
        forget_notebook_bars()
        sys.path[:], sys.argv = kernel_path(sys.path), kernel_argv()
        self._folders = folders
        self._is_new = False

    def adopt_process(self) -> None:
        """Has libraries find a notebook's shell also when they are imported while no cell runs.

        As when a value that needs them arrives: pandas, say, decides then how wide frames are shown.
        A thread or process pool of a cell finds the notebook's ``__main__`` also when the cell is over.
        And modules are found as in a kernel, not as by a worker of Ray's. Only for a process of its own.
        """
        become_shell(self.shell)
        sys.path[:] = own_path(sys.path, os.environ)
        sys.modules["__main__"] = self._module
        builtins.__dict__["get_ipython"] = self.shell.get_ipython

    def let_go(self) -> None:
        """Lets go of all that cells have made, as a kernel does that ends: open files are written and closed.

        Functions, classes and modules go last, as what ends may need them.
        """
        names = [name for name in self.namespace if name not in _OF_EVERY_NAMESPACE]
        for name in sorted(names, key=self._is_code):
            self.namespace.pop(name, None)
        self.shell.history_manager.output_hist.clear()
        self.shell.last_execution_result = self.shell._last_traceback = None

    def _is_code(self, name: str) -> bool:
        kind = type(self.namespace.get(name))  # an object may not want to tell its class
        return issubclass(kind, (type, types.FunctionType, types.ModuleType))

    def close(self) -> None:
        """Ends the session; it can't run cells any more."""
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._front_end.forget()
        self.let_go()
        with own_event_loop():
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        self._devnull.close()
        # IPython would keep the shell, and all that the notebook has made, until the process ends.
        atexit.unregister(self.shell.atexit_operations)

    @contextlib.contextmanager
    def _running(self, rewriter: Rewriter | None) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(process_restored())
            take_process(self.shell, self._module, self._streams_now)
            self.find_figures()
            stack.callback(self._keep_streams)
            stack.enter_context(own_event_loop())
            stack.enter_context(interruptible())
            stack.callback(self._front_end.settle)
            self._buffer.open()
            stack.callback(self._buffer.close)
            if self._fds is not None:
                stack.enter_context(self._fds.active())
            if rewriter is not None:
                stack.enter_context(rewriter.among(self.shell.ast_transformers))
            self._thread_id = threading.get_ident()
            try:
                yield
            finally:
                self._thread_id = None

    def _keep_streams(self) -> None:
        """Let the next cell find the streams as this one leaves them."""
        self._streams_now = {name: getattr(sys, name) for name in self._streams}

    def _execute(self, source: str, *, store_history: bool, silent: bool) -> Any:
        """IPython's result; the two ways through IPython are those that ipykernel takes.

        Cells that don't await run in this thread's own context, so that settings kept in context
        variables (decimal, NumPy) last, with the event loop marked as running.
        """
        shell = self.shell
        shell._last_traceback = None
        keep = {"store_history": store_history, "silent": silent}
        if "await" in source or "async" in source:  # else there is no need to look closer
            try:
                transformed, failure = shell.transform_cell(source), None
            except Exception:  # noqa: BLE001  (input transformers may be the user's)
                transformed, failure = source, sys.exc_info()
            arguments = {"transformed_cell": transformed, "preprocessing_exc_tuple": failure}
            if shell.should_run_async(source, **arguments):
                return self._loop.run_until_complete(self._await_cell(source, **arguments, **keep))
        with as_running(self._loop):
            result = shell.run_cell(source, **keep)
        if has_waiting_tasks(self._loop):
            self._loop.run_until_complete(asyncio.sleep(0))
        return result

    async def _await_cell(self, source: str, *, silent: bool, **arguments: Any) -> Any:
        shell = self.shell
        result = None
        task = asyncio.ensure_future(shell.run_cell_async(source, silent=silent, **arguments))
        with cancelling(self._loop, task):
            try:
                result = await task
            finally:
                shell.events.trigger("post_execute")
                if not silent:
                    shell.events.trigger("post_run_cell", result)
        return result

    def _number_prompts(self, execution_count: int) -> None:
        """Makes the next cell number ``execution_count``, whichever cells ran here before."""
        self.shell.execution_count = execution_count
        history = self.shell.history_manager
        for inputs in (history.input_hist_parsed, history.input_hist_raw):
            del inputs[execution_count:]
            inputs.extend([""] * (execution_count - len(inputs)))

    def _deliver(self, output: OutputMessage) -> None:
        if self._front_end.catches(output):
            return
        if output["output_type"] == "error":
            self._errors.append(output)
        self._on_message(output)

    def _show_figures_inline(self, backend: Any) -> None:
        """Set the shell up as the backend does for the one that comes first, unless that was this one."""
        parameters = getattr(sys.modules.get("matplotlib"), "rcParams", {})
        is_ours = dict.get(parameters, "backend") in ("inline", INLINE_BACKEND)
        if not is_ours or backend.flush_figures in self.shell.events.callbacks["post_execute"]:
            return
        from IPython.core.pylabtools import select_figure_formats
        from matplotlib_inline.backend_inline import configure_inline_support
        from matplotlib_inline.config import InlineBackend

        configure_inline_support(self.shell, "inline")
        settings = InlineBackend.instance()
        select_figure_formats(self.shell, settings.figure_formats, **settings.print_figure_kwargs)
