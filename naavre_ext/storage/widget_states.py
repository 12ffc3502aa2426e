"""What a run's widgets are like, as the metadata of its notebook keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nbformat import from_dict

from naavre_ext.model.event import OutputMessage
from naavre_ext.model.widget_state import later_state

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE_MIME = "application/vnd.jupyter.widget-state+json"
_MODEL = ("_model_name", "_model_module", "_model_module_version")

#: Of a widget, by the cells that told of it: what each of them told, in order of time.
_Told = list[tuple[str, OutputMessage]]


class WidgetStates:
    """Folds what cells tell of widgets; what a cell told can be forgotten again.

    The format is that of https://ipywidgets.readthedocs.io (widget state, version 2.0), as papermill writes it.
    """

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self._told: dict[str, _Told] = {}
        self._before: dict[str, Any] = metadata.get("widgets", {})

    def begin(self, outputs: Iterable[Mapping[str, Any]]) -> None:
        """Forgets the widgets that the notebook had, unless ``outputs``, which stay, show one."""
        if not any(WIDGET_VIEW in (output.get("data") or {}) for output in outputs):
            self._before = {}

    def receive(self, cell_id: str, message: OutputMessage) -> None:
        """Takes in what the cell told of a widget."""
        told = self._told.setdefault(str(message["model_id"]), [])
        before = told.pop()[1] if told and told[-1][0] == cell_id else {}
        told.append((cell_id, later_state(before, message)))

    def forget(self, cell_id: str) -> None:
        """Undoes all that the cell told."""
        for model_id, told in [*self._told.items()]:
            told[:] = [entry for entry in told if entry[0] != cell_id]
            if not told:
                del self._told[model_id]

    def closed(self) -> frozenset[str]:
        """The widgets that are gone."""
        return frozenset(m for m, told in self._told.items() if told[-1][1].get("closed"))

    def save(self, metadata: Any) -> None:
        """Has the notebook's ``metadata`` tell of the widgets."""
        models = {m: model for m, told in self._told.items() if (model := _model(told))}
        kept = saved_models({"widgets": self._before})
        saved = {"version_major": 2, "version_minor": 0, "state": {**kept, **models}}
        widgets = {**self._before, **({WIDGET_STATE_MIME: saved} if models else {})}
        if widgets:
            metadata["widgets"] = from_dict(widgets)
        else:
            metadata.pop("widgets", None)


def saved_models(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """The widgets that a notebook's ``metadata`` has, by their ids."""
    models: Mapping[str, Any] = (
        metadata.get("widgets", {}).get(WIDGET_STATE_MIME, {}).get("state", {})
    )
    return models


def _model(told: _Told) -> dict[str, Any]:
    """The widget as a notebook keeps it; empty for one that is gone, or of which its beginning isn't known."""
    message: OutputMessage = {}
    for _, each in told:
        message = later_state(message, each)
    state = message.get("state", {})
    if message.get("closed") or not all(key in state for key in _MODEL):
        return {}
    model = {key.removeprefix("_"): state[key] for key in _MODEL}
    buffers = message.get("buffers")
    return {**model, "state": dict(state), **({"buffers": buffers} if buffers else {})}


def hide_closed(outputs: Iterable[Any], closed: frozenset[str]) -> None:
    """Marks outputs that show a widget which is gone as a page does: they show nothing."""
    for output in outputs if closed else ():
        view = (output.get("data") or {}).get(WIDGET_VIEW)
        if isinstance(view, dict) and view.get("model_id") in closed:
            view["model_id"] = ""
