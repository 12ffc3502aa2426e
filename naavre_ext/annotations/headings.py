"""What a cell is called by its first comment, as NaaVRE calls it: ``# Load the data``."""

from __future__ import annotations

import ast
import keyword
import re
import warnings

from naavre_ext.annotations.comments import likely_annotation, read_annotation
from naavre_ext.annotations.layout import read_layout
from naavre_ext.annotations.places import is_task

#: Longer comments are sentences about the cell, not names of it.
_LONGEST = 60
_HEADING = re.compile(r"\s*#+\s*(?P<text>\w.*?)[\s:.#]*")
_FOR_TOOLS = re.compile(
    r"(noqa|type: |pylint|flake8|fmt: |isort|mypy: |ruff: |coding[:=]|In ?\[|TODO|FIXME)", re.I
)
#: What names with dashes and slashes are to Python.
_NAME_PARTS = (ast.Expr, ast.Name, ast.Load, ast.BinOp, ast.Sub, ast.Div, ast.Constant)


def cell_heading(source: str) -> str | None:
    """The comment that the cell begins with, where it is a name: short, and neither an annotation nor code."""
    first = read_layout(source).first.comments
    match = _HEADING.fullmatch(first[0].text) if first else None
    if match is None or len(match["text"]) > _LONGEST:
        return None
    line, text = first[0].text, str(match["text"])
    said = read_annotation(line) or likely_annotation(line) or is_task(line)
    code = _is_code(line.lstrip().lstrip("#").strip())
    return None if said or code or _FOR_TOOLS.match(text) else text


def _is_code(text: str) -> bool:
    """Whether it is a statement that was switched off, or begins one; ``print`` and ``read-in`` are names."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        begins = text.split(maxsplit=1)[0] if text.endswith(":") else ""
        return begins in keyword.kwlist or text.endswith(("(", "[", "{", ",", "\\"))
    named = text[:1].isalpha() and all(
        isinstance(node, _NAME_PARTS) for part in body for node in ast.walk(part)
    )
    return not named
