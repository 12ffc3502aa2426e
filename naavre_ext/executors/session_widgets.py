"""The widgets of a session's cells: what they tell their front end, and what that does for ``Output`` widgets."""

from __future__ import annotations

import base64
import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from comm.base_comm import BaseComm
from IPython.core.interactiveshell import InteractiveShell

from naavre_ext.executors.session_messages import json_safe
from naavre_ext.model.event import WIDGET_STATE, OutputMessage

_TARGET = "jupyter.widget"
#: By it an ``Output`` widget names the cell whose outputs it wants.
_PARENT = "msg_id"
_KEPT = {
    "stream": ("output_type", "name", "text"),
    "display_data": ("output_type", "data", "metadata"),
    "error": ("output_type", "ename", "evalue", "traceback"),
}


class CellComm(BaseComm):
    """A widget's connection to its front end: that of the session whose cell runs."""

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        """Tells the front end of the widget, if the message is about one."""
        # Looked for each time: a connection that knew it would lead from a library's objects to all of ours.
        shell = InteractiveShell._instance
        front_end = getattr(getattr(shell, "kernel", None), "front_end", None)
        if front_end is not None:
            front_end.receive(self, msg_type, data or {}, buffers or (), keys.get("target_name"))


@dataclass(slots=True)
class _Outlet:
    """An ``Output`` widget, which shows what cells show while it is open."""

    connection: BaseComm
    outputs: list[dict[str, Any]] = field(default_factory=list)
    clear_waits: bool = False
    #: Whether the widget itself doesn't know yet what it shows.
    is_ahead: bool = False

    def take(self, output: OutputMessage) -> None:
        kind = output["output_type"]
        if kind == "clear_output" and output.get("wait"):
            self.clear_waits = True
            return
        if kind == "clear_output" or self.clear_waits:
            self.outputs, self.clear_waits = [], False
        if kind in _KEPT:
            self._append({name: output[name] for name in _KEPT[kind] if name in output})
        self.is_ahead = True

    def _append(self, output: dict[str, Any]) -> None:
        last = self.outputs[-1] if self.outputs else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            self.outputs[-1] = {**last, "text": last["text"] + output["text"]}
        else:
            self.outputs.append(output)


class WidgetFrontEnd:
    """The part of a notebook's page that widgets need: ``deliver`` gets what they are like, as outputs.

    ``Output`` widgets get what is shown while they are open.
    """

    def __init__(self, deliver: Callable[[OutputMessage], None], flush: Callable[[], None]) -> None:
        self._deliver, self._flush = deliver, flush
        self._known: set[str] = set()
        self._outlets: dict[str, _Outlet] = {}
        self._open: list[_Outlet] = []

    def receive(
        self,
        connection: BaseComm,
        kind: str,
        data: Mapping[str, Any],
        buffers: Sequence[Any],
        target: str | None = None,
    ) -> None:
        """Takes in a message of a widget's."""
        model_id = connection.comm_id
        if kind == "comm_open" and target == _TARGET:
            self._known.add(model_id)
            if data.get("state", {}).get("_model_name") == "OutputModel":
                self._outlets[model_id] = _Outlet(connection)
        if model_id not in self._known:
            return
        if kind == "comm_close":
            self._known.discard(model_id)
            self._outlets.pop(model_id, None)
            self._deliver({"output_type": WIDGET_STATE, "model_id": model_id, "closed": True})
        elif isinstance(data.get("state"), Mapping):
            self._update(model_id, dict(data["state"]), data.get("buffer_paths") or (), buffers)

    def catches(self, output: OutputMessage) -> bool:
        """Whether an ``Output`` widget shows this instead of the cell."""
        if not self._open or output["output_type"] not in (*_KEPT, "clear_output"):
            return False
        outlet = self._open[-1]
        outlet.take(output)
        self._tell(outlet.connection.comm_id, {"outputs": list(outlet.outputs)})
        return True

    def settle(self) -> None:
        """Lets ``Output`` widgets know what they show, as a page does once a cell has run."""
        for outlet in [*self._outlets.values()]:
            if outlet.is_ahead:
                outlet.is_ahead = False
                state = {"outputs": list(outlet.outputs)}
                data = {"method": "update", "state": state, "buffer_paths": []}
                # What observers of the notebook raise, a kernel only logs.
                with contextlib.suppress(Exception):
                    outlet.connection.handle_msg({"content": {"data": data}, "buffers": []})

    def forget(self) -> None:
        """Closes the session's widgets, which ipywidgets would keep as long as the process."""
        known, self._known = self._known, set()
        kept = getattr(sys.modules.get("ipywidgets.widgets.widget"), "_instances", {})
        for widget in [kept[model_id] for model_id in known & kept.keys()]:
            with contextlib.suppress(Exception):  # closing runs the notebook's own code
                widget.close()
        self._outlets.clear()
        self._open.clear()

    def _update(
        self, model_id: str, state: dict[str, Any], paths: Sequence[Any], buffers: Sequence[Any]
    ) -> None:
        outlet = self._outlets.get(model_id)
        if outlet is not None:
            if "outputs" in state:
                outlet.outputs = [dict(output) for output in state["outputs"]]
            if state.get(_PARENT):
                self._flush()
                self._open.append(outlet)
            elif _PARENT in state and outlet in self._open:
                self._flush()
                self._open.remove(outlet)
            if _PARENT in state:
                state[_PARENT] = ""  # it is of no use outside
        self._tell(model_id, state, paths, buffers)

    def _tell(
        self,
        model_id: str,
        state: Mapping[str, Any],
        paths: Sequence[Any] = (),
        buffers: Sequence[Any] = (),
    ) -> None:
        told = [
            {"path": list(path), "encoding": "base64", "data": base64.b64encode(part).decode()}
            for path, part in zip(paths, buffers, strict=False)
        ]
        message = {"output_type": WIDGET_STATE, "model_id": model_id, "state": json_safe(state)}
        self._deliver({**message, "buffers": told} if told else message)
