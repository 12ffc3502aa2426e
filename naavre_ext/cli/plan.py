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
@click.option("-o", "--output", metavar="FILE", help="Write it to FILE. '-': standard output.")
@parameter_options
def plan(notebook: str, format_name: str, as_json: bool, output: str | None, **given: Any) -> None:
    """Show the workflow that NOTEBOOK becomes, without running it."""
    from naavre_ext.api import check_notebook
    from naavre_ext.exporters import RENDERERS
    from naavre_ext.model.diagnostic import RefusedError

    values = collect_parameters(**given)
    workflow, diagnostics = check_notebook(read_source(notebook), parameters=values)
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]
    if workflow is None or errors:
        raise RefusedError(errors or diagnostics)
    text = RENDERERS["json" if as_json else format_name](workflow)
    if output in (None, "-"):
        click.echo(text, nl=False)
        return
    try:
        Path(str(output)).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output} can't be written: {error.strerror}") from None
