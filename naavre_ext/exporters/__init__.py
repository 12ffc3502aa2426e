"""Workflow → text: pure functions, one module per format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from naavre_ext.exporters.json import render_json
from naavre_ext.exporters.mermaid import render_mermaid
from naavre_ext.exporters.program import render_program
from naavre_ext.exporters.svg import render_svg
from naavre_ext.exporters.text import render_text
from naavre_ext.model.workflow import Workflow

#: Renderers by the name that ``naavre-ext plan --format`` takes.
RENDERERS: Mapping[str, Callable[[Workflow], str]] = {
    "text": render_text,
    "json": render_json,
    "mermaid": render_mermaid,
    "svg": render_svg,
}

__all__ = [
    "RENDERERS",
    "render_json",
    "render_mermaid",
    "render_program",
    "render_svg",
    "render_text",
]
