"""Where a notebook renames axes in place: tables made in other processes would have axes of their own."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.axes import may_have_axes
from naavre_ext.dataflow.environment import Environment
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.planning.bindings import names_of
from naavre_ext.planning.loops import Loop, Reduction
from naavre_ext.planning.refusal import LoopRefused

REMEDY = "Give the axis its name by rename_axis(), which makes a new table."


def check_axes(
    facts: CellDataflow, reductions: Sequence[Reduction], loop: Loop, environment: Environment
) -> None:
    """Refuse a loop that may make tables of tables around it, if an axis that they share is renamed."""
    if not environment.renames_axes:
        return
    given = sorted({*facts.reads, *names_of(loop.iterable)})
    changed = {name for each in reductions for name in (each.root, *each.replayed)}
    made = sorted(facts.writes | changed)
    tables = [name for name in given if may_have_axes(name, environment)]
    results = [name for name in made if _may_hold_tables(name, environment)]
    for table, result in ((t, r) for r in results for t in tables if t != r):
        raise LoopRefused(
            loop.node.lineno,
            f"tables in '{result}' may share an axis with '{table}', and the notebook renames axes in place "
            "(x.index.name = ...)",
            REMEDY,
            result,
        )


def check_result_axes(function: ast.FunctionDef, shape: str, environment: Environment) -> None:
    """Refuse a task whose result, of this shape, may have an axis of a table that it was given."""
    if environment.renames_axes and not shapes.is_immutable(shape):
        raise LoopRefused(
            function.lineno,
            f"what '{function.name}' returns may share an axis with what it is given, and the notebook renames "
            "axes in place (x.index.name = ...)",
            REMEDY,
        )


def _may_hold_tables(name: str, environment: Environment) -> bool:
    held = shapes.parts(environment.shape(name))
    return may_have_axes(name, environment) and not (held and all(map(shapes.is_immutable, held)))
