"""Workflow → JSON text that follows ``workflow.schema.json``, with the summary."""

from __future__ import annotations

import json

from naavre_ext.model.workflow import Workflow
from naavre_ext.planning.summary import summarise_plan


def render_json(workflow: Workflow) -> str:
    """The workflow as indented JSON; equal workflows give equal bytes."""
    data = {**workflow.to_json(), "summary": summarise_plan(workflow).to_json()}
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
