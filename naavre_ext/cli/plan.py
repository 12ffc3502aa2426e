"""``naavre-ext plan``: what would run where, and what would wait for what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from naavre_ext.cli.inputs import (
    collect_parameters,
    config_option,
    parameter_options,
    read_source,
    refuse_to_replace,
)

_ENDINGS = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".mmd": "mermaid", ".svg": "svg"}


def _yaml(workflow: Any) -> str:
    from naavre_ext.storage.workflow_file import workflow_yaml

    return workflow_yaml(workflow)


@click.command(short_help="Show the workflow that a notebook becomes.")
@click.argument("notebook")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json", "yaml", "mermaid", "svg"]),
    help="Default: text; for -o FILE.yaml a workflow that can be run, for .json, .mmd and .svg these.",
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
@config_option
def plan(
    notebook: str,
    config: str | None,
    format_name: str | None,
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
    refuse_to_replace(output, notebook, config)
    values = collect_parameters(**given)
    workflow, diagnostics = check_notebook(read_source(notebook, config), parameters=values)
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]
    if workflow is None or errors:
        raise RefusedError(errors or diagnostics)
    if code:
        numbers = [step.cell_number for step in workflow.steps]
        if cell_number is not None and cell_number not in numbers:
            raise click.UsageError(f"there is no cell {cell_number} that runs; there are {numbers}")
        text = render_program(workflow, cell_number)
    else:
        wanted = (
            "json" if as_json else format_name or _ENDINGS.get(Path(output or "").suffix, "text")
        )
        text = _yaml(workflow) if wanted == "yaml" else RENDERERS[wanted](workflow)
    if output in (None, "-"):
        click.echo(text, nl=False)
        return
    try:
        Path(str(output)).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output} can't be written: {error.strerror}") from None
