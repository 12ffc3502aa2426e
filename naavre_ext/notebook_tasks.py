"""``notebook_task``: another notebook as a function, which runs its cells in a namespace of its own.

In plain Jupyter the cells run one after the other where the function is called; so they do in a workflow, in
whichever worker that is.
"""

from __future__ import annotations

import ast
import builtins
import copy
import linecache
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from naavre_ext.dataflow.nested import AskedNotebook
from naavre_ext.executors.inner_events import told_here
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.planning.nested_notebooks import (
    NestedNotebook,
    RunCell,
    asked_in,
    inside,
    nest_notebook,
)
from naavre_ext.planning.parameters import check_values
from naavre_ext.storage.notebook_file import read_notebook

#: Called notebooks may call notebooks, so many levels deep.
MOST_LEVELS = 8
_running = threading.local()


@dataclass(frozen=True)
class NotebookTask:
    """A callable that runs another notebook: parameters in by their names, variables out.

    One output gives its value, several give a tuple. What is given is copied, so that the other notebook can't
    change it. An error in a cell is raised here, with the lines of that notebook.
    """

    path: str
    outputs: tuple[str, ...]
    notebook: NestedNotebook

    def __call__(self, **values: Any) -> Any:
        """Run the notebook with these parameters, and give its outputs."""
        __tracebackhide__ = True
        wrong = check_values(self.notebook.notebook, values)
        if wrong:
            raise RefusedError(inside(d, self.path) for d in wrong)
        with _level(self.path):
            return _run(self.notebook, copy.deepcopy(values))

    def __repr__(self) -> str:
        return f"notebook_task({self.path!r}, outputs={list(self.outputs)!r})"


def notebook_task(path: str | os.PathLike[str], outputs: str | Sequence[str]) -> NotebookTask:
    """A function that runs the notebook ``path`` from top to bottom, and gives its variables ``outputs``.

    Its keyword arguments are the notebook's parameters: ``param_*`` names and those of a cell tagged
    ``parameters``. Relative paths, also those in that notebook, start at the calling notebook's folder.

    Raises:
        RefusedError: the notebook can't be read or called, or has no such variable.
    """
    names = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    asked = AskedNotebook(os.fspath(path), names)
    return NotebookTask(asked.path, names, _read(asked, Path.cwd()))


def load_nested(
    asked: AskedNotebook, folder: Path, around: tuple[Path, ...] = ()
) -> NestedNotebook:
    """The notebook, with those that it calls itself; ``around`` are the files of its callers.

    Raises:
        RefusedError: one of them can't be called.
    """
    file = (folder / asked.path).resolve()
    if file in around:
        text = f"'{asked.path}' calls itself, directly or through others."
        remedy = "Put what repeats into a function."
        raise RefusedError([Diagnostic("NX605", "error", text, remedy)])
    if len(around) > MOST_LEVELS:
        raise RefusedError([_too_deep(asked.path)])
    nested = _read(asked, folder)
    inner = {}
    for cell, node, other in asked_in(nested.notebook):
        try:
            inner[other] = load_nested(other, folder, (*around, file))
        except RefusedError as error:
            placed = [
                replace(d, cell_id=cell.id, cell_number=cell.number, line=node.lineno)
                for d in error.diagnostics
            ]
            raise RefusedError(inside(d, asked.path) for d in placed) from None
    return replace(nested, inner=inner)


def _read(asked: AskedNotebook, folder: Path) -> NestedNotebook:
    try:
        notebook = read_notebook(str(folder / asked.path)).notebook
    except RefusedError as error:
        raise RefusedError(inside(d, asked.path) for d in error.diagnostics) from None
    return nest_notebook(notebook, asked)


def _too_deep(path: str) -> Diagnostic:
    text = (
        f"'{path}' is called by notebooks that call notebooks, more than {MOST_LEVELS} levels deep."
    )
    return Diagnostic("NX606", "error", text, "Call it from a notebook further out.")


@contextmanager
def _level(path: str) -> Iterator[None]:
    """In the block a notebook runs, in the present thread."""
    around: tuple[str, ...] = getattr(_running, "paths", ())
    file = str(Path(path).resolve())
    if file in around:
        text = f"'{path}' calls itself, directly or through others."
        raise RefusedError(
            [Diagnostic("NX605", "error", text, "Put what repeats into a function.")]
        )
    if len(around) >= MOST_LEVELS:
        raise RefusedError([_too_deep(path)])
    _running.paths = (*around, file)
    try:
        yield
    finally:
        _running.paths = around


def _run(nested: NestedNotebook, values: dict[str, Any]) -> Any:
    __tracebackhide__ = True
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    if "IPython" in sys.modules:
        from IPython.display import display

        namespace["display"] = display
    for run in nested.cells:
        started_at, clock = time.time(), time.perf_counter()
        code = _code(nested.asked.path, run)
        try:
            exec(code, namespace)
        except Exception as error:
            if not run.may_fail:
                if sys.version_info >= (3, 11):
                    error.add_note(f"in cell {run.cell.number} of '{nested.asked.path}'")
                raise
        namespace.update({name: values[name] for name in run.names if name in values})
        told_here(
            {
                "kind": "notebook-cell",
                "notebook": nested.asked.path,
                "cell": run.cell.number,
                "started_at": started_at,
                "duration_s": time.perf_counter() - clock,
            }
        )
    found = tuple(_output(nested, namespace, name) for name in nested.asked.outputs)
    return found[0] if len(found) == 1 else found


def _output(nested: NestedNotebook, namespace: dict[str, Any], name: str) -> Any:
    __tracebackhide__ = True
    if name not in namespace:
        raise NameError(f"name {name!r} is not defined at the end of '{nested.asked.path}'")
    return namespace[name]


@lru_cache(maxsize=1024)
def _code(path: str, run: RunCell) -> CodeType:
    """The cell's code, which tracebacks show with the notebook's lines."""
    name = f"<{path}, cell {run.cell.number}>"
    linecache.cache[name] = (len(run.source), None, run.source.splitlines(keepends=True), name)
    return compile(ast.parse(run.source), name, "exec", dont_inherit=True)
