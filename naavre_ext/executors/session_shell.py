"""A notebook kernel's IPython shell without the kernel around it."""

from __future__ import annotations

import functools
import os
import sys
import types
from typing import Any

import comm
from ipykernel.compiler import XCachingCompiler, get_file_name
from ipykernel.eventloops import enable_gui
from ipykernel.kernelbase import Kernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import UsageError
from traitlets.config import Config

from naavre_ext.executors.session_messages import CapturingSession
from naavre_ext.executors.session_widgets import WidgetFrontEnd

#: Where the inline backend shows figures; libraries look at the environment variable.
INLINE_BACKEND = "module://matplotlib_inline.backend_inline"

#: ``Output`` widgets name it when they want the outputs of the cell that runs.
_PARENT = {"header": {"msg_id": "cell"}}


@functools.lru_cache(maxsize=4096)  # all cells of a run are named in each worker, and for each job
def _file_name(raw_code: str, _given: str | None) -> str:
    name: str = get_file_name(raw_code)
    return name.replace(f"ipykernel_{os.getpid()}", "ipykernel_1")


class _CellCompiler(XCachingCompiler):  # type: ignore[misc]  # ipykernel isn't checked
    """Names a cell's code alike in all processes, so that a function's traceback leads to its cell."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """The file name that the kernel would give, but for the number of its process."""
        return _file_name(raw_code, os.environ.get("IPYKERNEL_CELL_NAME"))


class KernelStandIn:
    """The few things that shell and libraries ask of ``get_ipython().kernel``.

    Input fails as in a kernel whose client can't be asked.
    """

    _allow_stdin = False
    raw_input = Kernel.raw_input
    getpass = Kernel.getpass
    eventloop: Any = None

    def __init__(self, session: CapturingSession, front_end: WidgetFrontEnd) -> None:
        self.session, self.front_end = session, front_end

    @property
    def comm_manager(self) -> Any:
        """What widgets register with."""
        return comm.get_comm_manager()

    def get_parent(self) -> dict[str, Any]:
        """The request that outputs belong to, which is the same for all cells."""
        return _PARENT


class _NotebookShell(ZMQInteractiveShell):  # type: ignore[misc]  # ipykernel isn't checked
    """Passes its own kernel on where ipykernel would look for an application's."""

    def enable_gui(self, gui: Any = None) -> None:
        """Notes the GUI event loop, as ipykernel does."""
        try:
            enable_gui(gui, kernel=self.kernel)
        except ValueError as error:
            raise UsageError(str(error)) from error
        self.active_eventloop = gui

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        """The error to show, without the frames by which a split loop gets its items."""
        kind, error, trace = super()._get_exc_info(exc_tuple)
        return kind, error, without_hidden_frames(trace)

    def init_sys_modules(self) -> None:
        """Leaves ``__main__`` alone: it is the notebook's only while a cell runs."""


# Libraries recognise a notebook by the name of this class.
for _name in ("__name__", "__qualname__", "__module__", "__doc__"):
    setattr(_NotebookShell, _name, getattr(ZMQInteractiveShell, _name))


def without_hidden_frames(trace: types.TracebackType | None) -> types.TracebackType | None:
    """The traceback without those frames of ours that ask to be hidden; IPython would count them."""
    while trace is not None and _is_hidden(trace.tb_frame):
        trace = trace.tb_next
    place = trace
    while place is not None:
        while place.tb_next is not None and _is_hidden(place.tb_next.tb_frame):
            place.tb_next = place.tb_next.tb_next
        place = place.tb_next
    return trace


def _is_hidden(frame: types.FrameType) -> bool:
    ours = str(frame.f_globals.get("__name__", "")).startswith("naavre_ext.")
    return ours and bool(frame.f_locals.get("__tracebackhide__"))


def make_shell(session: CapturingSession, front_end: WidgetFrontEnd) -> Any:
    """A shell as a kernel has it, with nothing of the user's own IPython set-up."""
    config = Config()
    config.HistoryManager.enabled = False
    # tqdm, plotly and others take this section as the sign of a notebook.
    config.IPKernelApp.connection_file = ""
    shell = _NotebookShell(
        config=config, kernel=KernelStandIn(session, front_end), compiler_class=_CellCompiler
    )
    shell.parent_header = _PARENT
    for part in (shell.displayhook, shell.display_pub):
        part.session = session
        part.pub_socket = None
    shell.displayhook.topic = b"execute_result"
    shell.display_pub.topic = b"display_data"
    return shell


_PRINTERS = ("singleton_printers", "type_printers", "deferred_printers")


def printers(shell: Any) -> dict[str, list[dict[Any, Any]]]:
    """By format, the functions with which the shell shows objects."""
    formatters = shell.display_formatter.formatters
    return {
        name: [dict(getattr(formatter, kind)) for kind in _PRINTERS]
        for name, formatter in formatters.items()
    }


def restore_printers(shell: Any, known: dict[str, list[dict[Any, Any]]]) -> None:
    """Makes the shell show objects as it did when its printers were ``known``.

    Those of figures stay: they are set up once in a process, when the inline backend is loaded.
    """
    for name, formatter in shell.display_formatter.formatters.items():
        for kind, functions in zip(_PRINTERS, known.get(name, ()), strict=False):
            present = getattr(formatter, kind)
            if present == functions:
                continue
            figures = {key: show for key, show in present.items() if _is_of_figures(key)}
            present.clear()
            present.update({**functions, **figures})


def _is_of_figures(key: Any) -> bool:
    home = key[0] if isinstance(key, tuple) else getattr(key, "__module__", "")
    return str(home).startswith("matplotlib")


def user_module(shell: Any) -> types.ModuleType:
    """The module that cells see as ``__main__``."""
    module: types.ModuleType = shell.user_module
    return module


def set_inline_backend() -> None:
    """Makes matplotlib show figures in the cell's output, whether it is loaded already or not."""
    if not os.environ.get("MPLBACKEND"):
        os.environ["MPLBACKEND"] = INLINE_BACKEND
    parameters = getattr(sys.modules.get("matplotlib"), "rcParams", None)
    # Looked at without matplotlib's own look-up, which would choose a backend here and now.
    if parameters is not None and not isinstance(dict.get(parameters, "backend"), str):
        parameters["backend"] = os.environ["MPLBACKEND"]
