"""``naavre-ext verify``: runs the notebook both ways and compares."""

from __future__ import annotations

from typing import Any

import click

from naavre_ext.cli.entry import FAILED, OK
from naavre_ext.cli.inputs import (
    collect_parameters,
    collect_secrets,
    parameter_options,
    read_source,
)
from naavre_ext.cli.reporters import write_json_line
from naavre_ext.cli.run_options import How, run_options
from naavre_ext.exporters.wording import count_phrase

_SHOWN = 10


@click.command(short_help="Run a notebook both ways and compare.")
@click.argument("notebook")
@parameter_options
@run_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(ctx: click.Context, /, notebook: str, as_json: bool, **given: Any) -> None:
    """Run NOTEBOOK in parallel and from top to bottom, and show the first differences.

    Exits with 0 when variables and outputs are equal, else with 1.
    """
    from naavre_ext.api import verify_notebook

    how = How(**{name: given.pop(name) for name in How.__dataclass_fields__})
    values = collect_parameters(**given)
    source = read_source(notebook)
    secrets, _ = collect_secrets(source, values)
    report = verify_notebook(source, parameters=values, options=how.options(secrets))
    if as_json:
        write_json_line({"equal": report.equal, "differences": list(report.differences)})
    elif report.equal:
        click.echo("equal: variables and outputs are those of the run from top to bottom")
    else:
        click.echo(f"different: {count_phrase(len(report.differences), 'difference')}")
        for difference in report.differences[:_SHOWN]:
            click.echo(f"  {difference}")
        if len(report.differences) > _SHOWN:
            click.echo(f"  and {len(report.differences) - _SHOWN} more (--json has all)")
    ctx.exit(OK if report.equal else FAILED)
