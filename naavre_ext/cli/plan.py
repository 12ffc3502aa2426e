"""``naavre-ext plan``: what would run where, and what would wait for what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from naavre_ext.cli.inputs import collect_parameters, parameter_options, read_source


@click.command(short_help="Show the workflow that a notebook becomes.")
@click.argument("notebook")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json", "mermaid", "svg"]),
    default="text",
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--code",
    is_flag=True,
    help="Print the program that the notebook becomes: of each split loop the splitter, the batch function and "
    "the merger. It runs by itself.",
)
@click.option("--cell", "cell_number", type=int, metavar="N", help="With --code: only cell N.")
@click.option("-o", "--output", metavar="FILE", help="Write it to FILE. '-': standard output.")
@parameter_options
def plan(
    notebook: str,
    format_name: str,
    as_json: bool,
    code: bool,
    cell_number: int | None,
    output: str | None,
    **given: Any,
) -> None:
    """Show the workflow that NOTEBOOK becomes, without running it."""
    from naavre_ext.api import check_notebook
    from naavre_ext.exporters import RENDERERS, render_program
    from naavre_ext.model.diagnostic import RefusedError

    if cell_number is not None and not code:
        raise click.UsageError("--cell N belongs to --code")
    values = collect_parameters(**given)
    workflow, diagnostics = check_notebook(read_source(notebook), parameters=values)
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]
    if workflow is None or errors:
        raise RefusedError(errors or diagnostics)
    if code:
        numbers = [step.cell_number for step in workflow.steps]
        if cell_number is not None and cell_number not in numbers:
            raise click.UsageError(f"there is no cell {cell_number} that runs; there are {numbers}")
        text = render_program(workflow, cell_number)
    else:
        text = RENDERERS["json" if as_json else format_name](workflow)
    if output in (None, "-"):
        click.echo(text, nl=False)
        return
    try:
        Path(str(output)).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output} can't be written: {error.strerror}") from None
