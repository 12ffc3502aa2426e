"""``naavre-ext check``: what was understood of each cell, and what is wrong with the notebook."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click

from naavre_ext.cli.entry import OK, REFUSED
from naavre_ext.cli.inputs import collect_parameters, config_option, parameter_options, read_source
from naavre_ext.cli.reporters import write_json_line
from naavre_ext.exporters.cell_text import cell_lines
from naavre_ext.exporters.wording import count_phrase, parameter_phrase
from naavre_ext.model.check import CellCheck
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.workflow import Workflow


@click.command(short_help="Say what was understood of a notebook, and what is wrong.")
@click.argument("notebook")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--store",
    envvar="NAAVRE_STORE",
    metavar="DIR",
    help="Where earlier runs are kept, whose times it uses; default: .naavre beside NOTEBOOK.",
)
@parameter_options
@config_option
@click.pass_context
def check(
    ctx: click.Context,
    /,
    notebook: str,
    as_json: bool,
    store: str | None,
    config: str | None,
    **given: Any,
) -> None:
    """Say whether NOTEBOOK can be run, and for each cell what was inferred.

    Why it waits, what runs beside it, why its loops can't be split, what could be. Exits with 0 when the
    notebook can be run, else with 2.
    """
    from naavre_ext.api import check_cells, prepare_notebook

    workflow: Workflow | None = None
    cells: tuple[CellCheck, ...] = ()
    try:
        prepared = prepare_notebook(read_source(notebook, config), collect_parameters(**given))
        workflow, diagnostics = prepared.workflow, prepared.diagnostics
        if workflow is not None:
            cells = check_cells(prepared, store=store)
    except RefusedError as error:
        diagnostics = error.diagnostics
    if as_json:
        write_json_line(check_json(workflow, diagnostics, cells))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo("\n".join(check_lines(notebook, workflow, diagnostics, cells, width)))
    ctx.exit(OK if is_runnable(workflow, diagnostics) else REFUSED)


def is_runnable(workflow: Workflow | None, diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether a run would start."""
    return workflow is not None and not any(d.severity == "error" for d in diagnostics)


def check_json(
    workflow: Workflow | None, diagnostics: Sequence[Diagnostic], cells: Sequence[CellCheck] = ()
) -> dict[str, Any]:
    """What ``check --json`` prints."""
    return {
        "runnable": is_runnable(workflow, diagnostics),
        "diagnostics": [diagnostic.to_json() for diagnostic in diagnostics],
        "workflow": workflow.to_json() if workflow else None,
        "cells": [cell.to_json() for cell in cells],
    }


def check_lines(
    name: str,
    workflow: Workflow | None,
    diagnostics: Sequence[Diagnostic],
    cells: Sequence[CellCheck],
    width: int | None,
) -> list[str]:
    """The verdict, errors and warnings, then a paragraph for each cell with its own remarks."""
    ordered = [d for level in ("error", "warning") for d in diagnostics if d.severity == level]
    infos = [d for d in diagnostics if d.severity == "info"]
    numbers = [cell.cell_number for cell in cells]
    ordered += [d for d in infos if d.cell_number not in numbers]
    lines = [f"{name}: {_verdict(workflow, diagnostics)}"]
    lines += [f"{diagnostic.severity}: {diagnostic.describe()}" for diagnostic in ordered]
    if workflow is None:
        return lines
    lines += [f"parameter {parameter_phrase(parameter)}" for parameter in workflow.parameters]
    told: set[int] = set()
    for cell in cells:
        own = [d for d in infos if d.cell_number == cell.cell_number]
        lines += ["", *cell_lines(cell, list(dict.fromkeys(numbers)), width)]
        if cell.cell_number not in told:
            lines += [f"  {diagnostic.describe()}" for diagnostic in own]
        told.add(cell.cell_number)
    return lines


def _verdict(workflow: Workflow | None, diagnostics: Sequence[Diagnostic]) -> str:
    verdict = "can be run" if is_runnable(workflow, diagnostics) else "can't be run"
    for level in ("error", "warning"):
        count = sum(diagnostic.severity == level for diagnostic in diagnostics)
        verdict += f"; {count_phrase(count, level)}" if count else ""
    return verdict
