"""``naavre-ext verify``: runs the notebook both ways and compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from naavre_ext.verification import VerifyReport

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
        write_json_line(report.to_json())
    else:
        click.echo("\n".join(report_lines(report)))
    ctx.exit(OK if report.equal else FAILED)


def report_lines(report: VerifyReport) -> list[str]:
    """The verdict, the first differences, and what two sequential runs don't agree on either."""
    compared = f"{count_phrase(report.compared_cells, 'cell')} and " + count_phrase(
        report.compared_names, "variable"
    )
    if report.equal:
        lines = [f"equal: {compared} are as in the run from top to bottom"]
    else:
        found = count_phrase(len(report.differences), "difference")
        lines = [f"different: {found} in {compared}", *_first(report.differences)]
    if report.unsteady:
        lines.append("left out, as it changes from one sequential run to the next:")
        lines += _first(report.unsteady)
    return lines


def _first(entries: tuple[str, ...]) -> list[str]:
    lines = [f"  {entry}" for entry in entries[:_SHOWN]]
    more = len(entries) - _SHOWN
    return [*lines, f"  and {more} more (--json has all)"] if more > 0 else lines
