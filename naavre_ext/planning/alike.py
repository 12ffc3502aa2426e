"""Whether two notebooks are planned alike: all that differs is which plain values injected cells assign.

A plan tells numbers from texts, but not one number from another: what a literal says counts only where it stands
in a call, and an injected cell has assignments only.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from functools import lru_cache

from naavre_ext.model.notebook import INJECTED_TAG, Cell, Notebook
from naavre_ext.model.workflow import Workflow
from naavre_ext.planning.lasting import names_own_values

#: Texts in which nobody could see a magic, a comment or an escape.
_PLAIN_TEXT = re.compile(r"[\w ./:,=+-]*", re.ASCII)


def planned_alike(one: Notebook, other: Notebook) -> bool:
    """Whether the plan of the one is the other's as well, but for the sources of injected cells."""
    return (
        len(one.cells) == len(other.cells)
        and replace(one, cells=()) == replace(other, cells=())
        and all(map(_alike, one.cells, other.cells))
    )


def _alike(one: Cell, other: Cell) -> bool:
    if one == other:
        return True
    injected = INJECTED_TAG in one.tags and replace(one, source=other.source) == other
    pattern = _pattern(one.source) if injected else None
    return pattern is not None and pattern == _pattern(other.source)


@lru_cache(maxsize=64)
def _pattern(source: str) -> tuple[tuple[str, type], ...] | None:
    """The names that the cell assigns plain values to, with their types; None where it does anything else."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if names_own_values(source):
        return None
    found = []
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)) if type(
                value
            ) in (int, float) or _is_plain_text(value):
                found.append((name, type(value)))
            case _:
                return None
    return tuple(found)


def _is_plain_text(value: object) -> bool:
    return isinstance(value, str) and _PLAIN_TEXT.fullmatch(value) is not None


def with_sources(workflow: Workflow, notebook: Notebook) -> Workflow:
    """The plan of a notebook that is planned alike, with this notebook's injected cells."""
    sources = {c.id: c.source for c in notebook.code_cells if INJECTED_TAG in c.tags}
    steps = (
        replace(step, source=sources[step.cell_id]) if step.cell_id in sources else step
        for step in workflow.steps
    )
    return replace(workflow, steps=tuple(steps))
