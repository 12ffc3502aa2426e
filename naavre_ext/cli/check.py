"""``naavre-ext check``: what was understood of each cell, and what is wrong with the notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from naavre_ext.cli.entry import OK, REFUSED
from naavre_ext.cli.inputs import collect_parameters, parameter_options, read_source
from naavre_ext.cli.reporters import write_json_line
from naavre_ext.exporters.wording import (
    count_phrase,
    names_phrase,
    parameter_phrase,
    placement_phrase,
    split_phrase,
    step_place,
)
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.workflow import Step, Workflow


@click.command(short_help="Say what was understood of a notebook, and what is wrong.")
@click.argument("notebook")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@parameter_options
@click.pass_context
def check(ctx: click.Context, /, notebook: str, as_json: bool, **given: Any) -> None:
    """Say whether NOTEBOOK can be run, and for each cell what was inferred.

    Exits with 0 when it can be run, else with 2.
    """
    from naavre_ext.api import check_notebook

    source = read_source(notebook)
    workflow, diagnostics = check_notebook(source, parameters=collect_parameters(**given))
    if as_json:
        write_json_line(check_json(workflow, diagnostics))
    else:
        click.echo("\n".join(check_lines(notebook, workflow, diagnostics)))
    ctx.exit(OK if is_runnable(workflow, diagnostics) else REFUSED)


def is_runnable(workflow: Workflow | None, diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether a run would start."""
    return workflow is not None and not any(d.severity == "error" for d in diagnostics)


def check_json(workflow: Workflow | None, diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """What ``check --json`` prints."""
    return {
        "runnable": is_runnable(workflow, diagnostics),
        "diagnostics": [diagnostic.to_json() for diagnostic in diagnostics],
        "workflow": workflow.to_json() if workflow else None,
    }


def check_lines(
    name: str, workflow: Workflow | None, diagnostics: Sequence[Diagnostic]
) -> list[str]:
    """The verdict, errors and warnings, then a paragraph for each cell with its own remarks."""
    ordered = [d for level in ("error", "warning") for d in diagnostics if d.severity == level]
    infos = [d for d in diagnostics if d.severity == "info"]
    numbers = {step.cell_number for step in workflow.steps} if workflow else set()
    ordered += [d for d in infos if d.cell_number not in numbers]
    lines = [f"{name}: {_verdict(workflow, diagnostics)}"]
    lines += [f"{diagnostic.severity}: {diagnostic.describe()}" for diagnostic in ordered]
    if workflow is None:
        return lines
    lines += [f"parameter {parameter_phrase(parameter)}" for parameter in workflow.parameters]
    told: set[int] = set()
    for step in workflow.steps:
        own = [d for d in infos if d.cell_number == step.cell_number]
        lines += ["", *_step_lines(step, () if step.cell_number in told else own)]
        told.add(step.cell_number)
    return lines


def _verdict(workflow: Workflow | None, diagnostics: Sequence[Diagnostic]) -> str:
    verdict = "can be run" if is_runnable(workflow, diagnostics) else "can't be run"
    for level in ("error", "warning"):
        count = sum(diagnostic.severity == level for diagnostic in diagnostics)
        verdict += f"; {count_phrase(count, level)}" if count else ""
    return verdict


def _step_lines(step: Step, infos: Sequence[Diagnostic]) -> list[str]:
    kind = " (its parameters only)" if step.kind == "parameters" else ""
    lines = [
        f"{step_place(step)}{kind}",
        f"  reads {names_phrase(step.reads)}; writes {names_phrase(step.writes)}",
        f"  runs {placement_phrase(step)}" + (": " + "; ".join(step.reasons)) * bool(step.reasons),
    ]
    lines += [f"  splits {split_phrase(split)}" for split in step.splits]
    return lines + [f"  {diagnostic.describe()}" for diagnostic in infos]
