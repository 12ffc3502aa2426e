"""papermill's books: each cell's outputs, status and times, kept from a run's events."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from papermill.engines import NotebookExecutionManager
from papermill.log import logger

from naavre_ext.model.event import (
    CellOutputReceived,
    MessageLogged,
    RunEvent,
    RunStarted,
    SplitRefused,
    StepEnded,
    StepFailed,
    StepNotRun,
    StepRelocated,
    StepStarted,
)
from naavre_ext.model.workflow import Workflow
from naavre_ext.storage.output_recorder import OutputRecorder


class ObservedNotebook(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's books on a notebook, with the cells' real statuses.

    ``settle`` is called before each save, to have in the notebook what was recorded so far.
    """

    settle: Callable[[], None] | None = None

    def save(self, **kwargs: Any) -> None:
        """Saves the notebook if papermill wants it saved while it runs."""
        if self.settle is not None:
            self.settle()
        super().save(**kwargs)

    def notebook_complete(self, **kwargs: Any) -> None:
        """Closes the books. Cells that didn't run stay pending, unlike in papermill's own."""
        self.end_time = self.now()
        record = self.nb.metadata.papermill
        record["end_time"] = self.end_time.isoformat()
        if self.start_time is not None:
            record["duration"] = (self.end_time - self.start_time).total_seconds()
        self.cleanup_pbar()
        self.save()

    def reset_cell(self, cell: Any) -> None:
        """Makes the cell one that hasn't run."""
        cell.metadata["papermill"] = {
            "exception": None,
            "start_time": None,
            "end_time": None,
            "duration": None,
            "status": self.PENDING,
        }


class Books:
    """Folds a run's events into papermill's books: cells' outputs, statuses and times."""

    def __init__(
        self,
        nb_man: ObservedNotebook,
        recorder: OutputRecorder,
        workflow: Workflow,
        unrun: frozenset[str],
        outlet: Outlet,
    ) -> None:
        self._man = nb_man
        self._recorder = recorder
        self._outlet = outlet
        self.settle()
        cells = nb_man.nb.cells
        for cell in cells:
            if "papermill" not in cell.metadata:
                nb_man.reset_cell(cell)
        self._index = {cell.id: index for index, cell in enumerate(cells)}
        self._step_cells = frozenset(str(step.cell_id) for step in workflow.steps)
        self._may_raise = {str(step.cell_id) for step in workflow.steps if step.raises_exception}
        self._left_alone = self._step_cells | unrun
        self._waiting = set(self._step_cells)
        self._passed = 0
        nb_man.settle = self.settle

    def settle(self) -> None:
        """Puts what was recorded so far into the notebook that papermill saves."""
        self._man.nb = self._recorder.node

    def on_event(self, event: RunEvent) -> None:
        """Takes in the run's next event."""
        self._recorder.apply(event)
        index = self._index.get(getattr(event, "cell_id", ""))
        if index is None:
            self._log(event)
            return
        cell = self._man.nb.cells[index]
        match event:
            case StepStarted():
                self._pass_by(index)
                if cell.metadata.papermill["status"] != self._man.RUNNING:
                    self._man.cell_start(cell, index)
            case CellOutputReceived():
                self._man.autosave_cell()
                self._outlet.write(event.output)
            case StepEnded():
                self._end(event, cell, index)
            case StepNotRun():
                self._man.reset_cell(cell)
            case StepRelocated() | SplitRefused():
                logger.info(f"Cell {index + 1} runs in order: {event.reason}")

    def close(self) -> None:
        """Ends the books: no cell stays running, and text before the first unended cell is done."""
        man, cells = self._man, self._man.nb.cells
        for cell in cells:
            if cell.metadata.papermill["status"] == man.RUNNING:
                man.reset_cell(cell)
        self._waiting = {
            cell.id
            for cell in cells
            if cell.id in self._step_cells and cell.metadata.papermill["status"] != man.COMPLETED
        }
        self._pass_by(len(cells))
        man.nb.metadata["language_info"] = _language_info()

    def _end(self, event: StepEnded, cell: Any, index: int) -> None:
        if isinstance(event, StepFailed) and event.cell_id not in self._may_raise:
            self._man.cell_exception(cell, cell_index=index)
        else:
            self._waiting.discard(event.cell_id)
        self._man.cell_complete(cell, cell_index=index)

    def _pass_by(self, end: int) -> None:
        """Completes the cells before ``end`` that no step runs: text, and code that is empty."""
        cells = self._man.nb.cells
        while self._passed < end and cells[self._passed].id not in self._waiting:
            cell, index = cells[self._passed], self._passed
            if cell.id not in self._left_alone:
                self._man.cell_start(cell, index)
                self._man.cell_complete(cell, cell_index=index)
            self._passed += 1

    def _log(self, event: RunEvent) -> None:
        if isinstance(event, MessageLogged):
            log = logger.warning if event.level == "warning" else logger.info
            log(event.text)
        elif isinstance(event, RunStarted):
            logger.info(f"Executing notebook with naavre-ext: run {event.run_id}")


def _language_info() -> dict[str, Any]:
    """What a kernel of this Python says of its language, for those who render the notebook."""
    return {
        "codemirror_mode": {"name": "ipython", "version": sys.version_info.major},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": f"ipython{sys.version_info.major}",
        "version": platform.python_version(),
    }


class Outlet:
    """``--log-output``, ``--stdout-file`` and ``--stderr-file``: outputs as they arrive."""

    def __init__(
        self, log_output: bool, stdout_file: TextIO | None, stderr_file: TextIO | None
    ) -> None:
        self._log_output = log_output
        self._files = {"stdout": stdout_file, "stderr": stderr_file}

    def write(self, output: Mapping[str, Any]) -> None:
        """Logs the output's text, and writes a stream's text to its file."""
        if output.get("output_type") == "stream":
            text, name = _joined(output.get("text")), output.get("name", "stdout")
            if self._log_output:
                (logger.warning if name == "stderr" else logger.info)(text)
            file = self._files.get(name)
            if file is not None:
                file.write(text)
                file.flush()
        elif self._log_output and "text/plain" in (output.get("data") or {}):
            logger.info(_joined(output["data"]["text/plain"]))


def _joined(text: Any) -> str:
    return "".join(text) if isinstance(text, (list, tuple)) else str(text or "")
