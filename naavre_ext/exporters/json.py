"""Workflow → JSON text that follows ``workflow.schema.json``."""

from __future__ import annotations

import json

from naavre_ext.model.workflow import Workflow


def render_json(workflow: Workflow) -> str:
    """The workflow as indented JSON; equal workflows give equal bytes."""
    return json.dumps(workflow.to_json(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
