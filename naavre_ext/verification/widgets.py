"""Widgets as part of the outputs that show them, without their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from naavre_ext.storage.widget_states import WIDGET_VIEW, saved_models
from naavre_ext.verification.written_over import without_rates

_REFERENCE = "IPY_MODEL_"


def outputs_with_widgets(node: Any) -> dict[str, list[dict[str, Any]]]:
    """The outputs of the notebook's code cells, by the cells' ids; in those of widgets is what these are like."""
    models = saved_models(node.metadata)
    return {
        cell.id: [_whole(output, models) for output in cell.outputs]
        for cell in node.cells
        if cell.cell_type == "code"
    }


def _whole(output: Mapping[str, Any], models: Mapping[str, Any]) -> dict[str, Any]:
    data = output.get("data") or {}
    view = data.get(WIDGET_VIEW)
    if not isinstance(view, Mapping) or "model_id" not in view:
        return dict(output)
    widget = _widget(str(view["model_id"]), models, ())
    return {**output, "data": {**data, WIDGET_VIEW: {**view, "model_id": "", "widget": widget}}}


def _widget(model_id: str, models: Mapping[str, Any], around: tuple[str, ...]) -> Any:
    """The widget's model with those that it names inside; None where it isn't known."""
    if model_id in around:
        return f"the widget {around[::-1].index(model_id) + 1} around"
    if model_id not in models:
        return None
    return _resolved(models[model_id], models, (*around, model_id))


def _resolved(value: Any, models: Mapping[str, Any], around: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _resolved(each, models, around) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, models, around) for each in value]
    if isinstance(value, str) and value.startswith(_REFERENCE):
        return _widget(value.removeprefix(_REFERENCE), models, around)
    return without_rates(value) if isinstance(value, str) else value
