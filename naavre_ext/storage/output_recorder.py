"""A run's events folded into its notebook: outputs, prompt numbers, and how each cell ended."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from nbformat import NotebookNode, from_dict

from naavre_ext.model.event import (
    WIDGET_STATE,
    CellOutputReceived,
    CellOutputsDiscarded,
    OutputMessage,
    RunEvent,
    RunFinished,
    RunStarted,
    StepEnded,
    StepFailed,
    StepFinished,
    StepNotRun,
    StepReused,
)
from naavre_ext.storage.displays import Displays
from naavre_ext.storage.widget_states import WidgetStates, hide_closed

#: The metadata keys that a run writes, of a cell and of the notebook.
CELL_KEY, NOTEBOOK_KEY = "naavre", "naavre_run"

_JSON_MIME = re.compile(r"application/(.*\+)?json")


@dataclass(slots=True)
class _CellRecord:
    """A cell and what its outputs still wait for.

    ``open_text`` holds the pieces of the last output while that is a stream; ``clear_waits``
    says that the next output takes the place of all before it.
    """

    node: NotebookNode
    open_text: list[str] = field(default_factory=list)
    clear_waits: bool = False

    def close_stream(self) -> None:
        if self.open_text:
            self.node.outputs[-1]["text"] = "".join(self.open_text)
            self.open_text = []


class OutputRecorder:
    """Folds a run's events into a copy of the notebook that was run.

    Equal events give equal notebooks. Only what events say is recorded: a cell of which nothing
    was heard after the run began has neither outputs nor a status. Events about cells that the
    notebook doesn't have are left out. How a cell ended is in its ``metadata.naavre``, how the run
    ended in the notebook's ``metadata.naavre_run``. Of a notebook-only cell, whose parameter
    assignments alone run, the outputs stay, but for an error of this run.
    """

    def __init__(self, node: NotebookNode) -> None:
        self._node: NotebookNode = from_dict(node)  # which copies it, faster than deepcopy
        self._cells = {
            cell.id: _CellRecord(cell) for cell in self._node.cells if cell.cell_type == "code"
        }
        self._displays = Displays(self._cells)
        self._widgets = WidgetStates(self._node.metadata)
        self._parameter_cells: set[str] = set()
        self._run_id = ""
        self._handlers: dict[type[RunEvent], Callable[[Any], None]] = {
            RunStarted: self._start,
            CellOutputReceived: self._receive,
            CellOutputsDiscarded: self._discard,
            StepFinished: self._finish,
            StepReused: self._reuse,
            StepFailed: self._fail,
            StepNotRun: self._leave_out,
            RunFinished: self._end,
        }

    @property
    def node(self) -> NotebookNode:
        """The notebook as the events so far leave it; valid at any time."""
        for record in self._cells.values():
            record.close_stream()
        self._widgets.save(self._node.metadata)
        return self._node

    def apply(self, event: RunEvent) -> None:
        """Takes in the run's next event."""
        handler = self._handlers.get(type(event))
        if handler is not None and getattr(event, "cell_id", None) in (None, *self._cells):
            handler(event)

    def _start(self, event: RunStarted) -> None:
        self._run_id = event.run_id
        self._node.metadata.pop(NOTEBOOK_KEY, None)
        for step in event.steps:
            record = self._cells.get(step["cell_id"])
            if record is None:
                continue
            before = record.node.metadata.pop(CELL_KEY, None)
            if step.get("kind") != "parameters":
                record.node.outputs, record.node.execution_count = [], None
                continue
            self._parameter_cells.add(record.node.id)
            failed = isinstance(before, Mapping) and before.get("status") == "failed"
            if failed and record.node.outputs and _is_error(record.node.outputs[-1]):
                record.node.outputs.pop()  # an earlier run's, not the cell's own
        left = [output for record in self._cells.values() for output in record.node.outputs]
        self._widgets.begin(left)

    def _receive(self, event: CellOutputReceived) -> None:
        record = self._cells[event.cell_id]
        message = event.output
        kind = message.get("output_type")
        if event.cell_id in self._parameter_cells and kind != "error":
            return
        if kind == "clear_output":
            if message.get("wait"):
                record.clear_waits = True
            else:
                self._clear(record)
        elif kind == "stream":
            self._write_stream(record, str(message.get("name", "stdout")), "".join(message["text"]))
        elif kind in ("display_data", "execute_result", "update_display_data"):
            self._show(record, message)
        elif kind == "error":
            self._append(record, _error(message))
        elif kind == WIDGET_STATE:
            self._widgets.receive(event.cell_id, message)

    def _write_stream(self, record: _CellRecord, name: str, text: str) -> None:
        outputs = record.node.outputs
        goes_on = outputs and outputs[-1].output_type == "stream" and outputs[-1].name == name
        if not goes_on or record.clear_waits:
            self._append(record, {"output_type": "stream", "name": name, "text": ""})
        if not record.open_text:
            record.open_text.append(record.node.outputs[-1].text)
        record.open_text.append(text)

    def _show(self, record: _CellRecord, message: OutputMessage) -> None:
        data = _valid_data(message.get("data") or {})
        metadata = dict(message.get("metadata") or {})
        display_id = (message.get("transient") or {}).get("display_id") or ""
        if display_id:
            self._displays.write(record.node.id, display_id, data, metadata)
        if message["output_type"] == "update_display_data":
            return
        output = {"output_type": message["output_type"], "data": data, "metadata": metadata}
        if message["output_type"] == "execute_result":
            output["execution_count"] = message.get("execution_count")
        node = self._append(record, output)
        if display_id:
            self._displays.add(record.node.id, display_id, node)

    def _append(self, record: _CellRecord, output: Mapping[str, Any]) -> NotebookNode:
        if record.clear_waits:
            self._clear(record)
        record.close_stream()
        node: NotebookNode = from_dict(copy.deepcopy(dict(output)))
        record.node.outputs.append(node)
        return node

    def _clear(self, record: _CellRecord) -> None:
        record.node.outputs, record.open_text, record.clear_waits = [], [], False
        self._displays.clear(record.node.id)

    def _discard(self, event: CellOutputsDiscarded) -> None:
        if event.cell_id not in self._parameter_cells:
            self._forget(self._cells[event.cell_id])

    def _forget(self, record: _CellRecord) -> None:
        """Undoes all that the cell wrote, in other cells' displays too, and told of widgets."""
        self._clear(record)
        self._widgets.forget(record.node.id)
        self._displays.forget(record.node.id)

    def _finish(self, event: StepFinished) -> None:
        self._set_status(event, "ok", batches=event.batches)

    def _reuse(self, event: StepReused) -> None:
        self._set_status(event, "ok", reused_from=event.source)

    def _fail(self, event: StepFailed) -> None:
        record = self._cells[event.cell_id]
        record.close_stream()
        outputs = record.node.outputs
        shown = [] if record.clear_waits else outputs
        if not any(_is_error(output, event.ename, event.evalue) for output in shown):
            traceback = list(event.traceback)
            error = {"ename": event.ename, "evalue": event.evalue, "traceback": traceback}
            self._append(record, _error(error))
        where = {"batch": event.batch, "item": event.item, "item_repr": event.item_repr}
        known = {key: value for key, value in where.items() if value is not None}
        self._set_status(event, "failed", **known)

    def _leave_out(self, event: StepNotRun) -> None:
        record = self._cells[event.cell_id]
        if event.cell_id not in self._parameter_cells:
            self._forget(record)
            record.node.execution_count = None
        status = {"step": event.step, "status": "not run", "reason": event.reason}
        record.node.metadata[CELL_KEY] = status

    def _set_status(self, event: StepEnded, status: str, **more: Any) -> None:
        cell = self._cells[event.cell_id].node
        if event.cell_id not in self._parameter_cells:
            cell.execution_count = event.execution_count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = event.execution_count
        cell.metadata[CELL_KEY] = {
            "step": event.step,
            "status": status,
            "started_at": datetime.fromtimestamp(event.started_at, timezone.utc).isoformat(),
            "duration_s": event.duration_s,
            "worker": event.worker,
            **more,
        }

    def _end(self, event: RunFinished) -> None:
        closed = self._widgets.closed()
        for record in self._cells.values():
            hide_closed(record.node.outputs, closed)
        self._node.metadata[NOTEBOOK_KEY] = {
            "run_id": self._run_id,
            "status": event.status,
            "duration_s": event.duration_s,
        }


def _is_error(output: Mapping[str, Any], ename: str | None = None, evalue: str = "") -> bool:
    """Whether ``output`` is an error, and this one if a name is given."""
    if output.get("output_type") != "error":
        return False
    return ename is None or (output.get("ename"), output.get("evalue")) == (ename, evalue)


def _error(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "output_type": "error",
        "ename": message.get("ename", ""),
        "evalue": message.get("evalue", ""),
        "traceback": list(message.get("traceback") or ()),
    }


def _valid_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` with text for each type that isn't JSON, as the notebook format wants it."""
    return {mime: _valid_content(mime, content) for mime, content in data.items()}


def _valid_content(mime: str, content: Any) -> Any:
    if isinstance(content, str) or _JSON_MIME.fullmatch(mime):
        return content
    if isinstance(content, (list, tuple)) and all(isinstance(part, str) for part in content):
        return "".join(content)
    return json.dumps(content)
