"""naavre-ext: annotated Jupyter notebooks as parallel workflows on Ray, with the sequential results.

Importing this package stays light: Jupyter Server does it at start-up.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naavre_ext.api import (
        check_cells,
        check_notebook,
        compile_notebook,
        open_batch,
        open_run,
        run_batch,
        run_notebook,
        run_workflow,
        verify_notebook,
    )
    from naavre_ext.model.check import CellCheck
    from naavre_ext.model.diagnostic import (
        ClusterError,
        Diagnostic,
        NaavreError,
        NotebookFailed,
        RefusedError,
        RunCancelled,
    )
    from naavre_ext.model.event import RunEvent
    from naavre_ext.model.run import RunOptions, RunResult
    from naavre_ext.model.workflow import Workflow
    from naavre_ext.notebook_tasks import notebook_task

__version__ = "0.1.0"

_HOMES = {
    "api": (
        "check_cells", "check_notebook", "compile_notebook", "open_batch", "open_run", "run_batch",
        "run_notebook", "run_workflow", "verify_notebook",
    ),
    "model.diagnostic": (
        "ClusterError", "Diagnostic", "NaavreError", "NotebookFailed", "RefusedError", "RunCancelled",
    ),
    "model.check": ("CellCheck",),
    "model.event": ("RunEvent",),
    "model.run": ("RunOptions", "RunResult"),
    "model.workflow": ("Workflow",),
    "notebook_tasks": ("notebook_task",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "CellCheck",
    "ClusterError",
    "Diagnostic",
    "NaavreError",
    "NotebookFailed",
    "RefusedError",
    "RunCancelled",
    "RunEvent",
    "RunOptions",
    "RunResult",
    "Workflow",
    "__version__",
    "check_cells",
    "check_notebook",
    "compile_notebook",
    "notebook_task",
    "open_batch",
    "open_run",
    "run_batch",
    "run_notebook",
    "run_workflow",
    "verify_notebook",
]


def __getattr__(name: str) -> Any:
    """Public names, imported when they are first used."""
    if name in _HOME_OF:
        return getattr(import_module(f"naavre_ext.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module 'naavre_ext' has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Where Jupyter Server finds the extension."""
    extension = import_module("naavre_ext.server.app").NaavreExtension
    return [{"module": "naavre_ext", "app": extension}]
