"""``naavre-ext verify``: runs the notebook both ways and compares."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from naavre_ext.cli.entry import CANCELLED, FAILED, OK
from naavre_ext.cli.inputs import (
    collect_parameters,
    collect_secrets,
    config_option,
    parameter_options,
    read_source,
    size,
)
from naavre_ext.cli.interrupt import StopOnInterrupt
from naavre_ext.cli.reporters import write_json_line, write_refusal
from naavre_ext.cli.run_options import How, run_options
from naavre_ext.exporters.wording import count_phrase
from naavre_ext.model.diagnostic import NaavreError, RunCancelled

if TYPE_CHECKING:
    from naavre_ext.verification import VerifyReport

_SHOWN = 10


@click.command(short_help="Run a notebook both ways and compare.")
@click.argument("notebook")
@parameter_options
@config_option
@run_options
@click.option("--in-place", is_flag=True, help="Run in the folder itself, not in copies of it.")
@click.option(
    "--copy-limit",
    type=size,
    default="2GiB",
    show_default=True,
    metavar="SIZE",
    help="The largest folder that is copied.",
)
@click.option(
    "--link",
    multiple=True,
    metavar="PATTERN",
    help="Link these paths in the folder instead of copying them; the notebook must only read them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    notebook: str,
    config: str | None,
    in_place: bool,
    copy_limit: int,
    link: tuple[str, ...],
    as_json: bool,
    **given: Any,
) -> None:
    """Run NOTEBOOK in parallel and from top to bottom, and show the first differences and their cause.

    It runs three times, each in fresh processes and in a copy of its folder: twice from top to bottom, so
    that what is never the same (times, unseeded draws) is known, then as a workflow. Exits with 0 when outputs,
    variables and files are equal, with 1 when they differ or the runs from top to bottom don't end alike, with 2
    when nothing was run.
    """
    from naavre_ext.api import verify_notebook
    from naavre_ext.verifying import Isolation

    how = How(**{name: given.pop(name) for name in How.__dataclass_fields__ if name in given})
    values = collect_parameters(**given)
    source = read_source(notebook, config)
    secrets, _ = collect_secrets(source, values)
    try:
        with StopOnInterrupt() as stop:
            report = verify_notebook(
                source,
                parameters=values,
                options=how.options(secrets),
                isolation=Isolation(in_place, copy_limit, link),
                on_phase=_say_phase,
                cancel=stop.event,
            )
    except RunCancelled:
        if as_json:
            write_json_line({"status": "cancelled"})
        ctx.exit(CANCELLED)
    except NaavreError as error:
        if as_json:
            write_refusal(error)
        raise
    if as_json:
        write_json_line(report.to_json())
    else:
        click.echo("\n".join(report_lines(report)))
    ctx.exit(OK if report.equal else FAILED)


def _say_phase(words: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"{words} ...", err=True)


def report_lines(report: VerifyReport) -> list[str]:
    """The verdict, the first differences, their causes, and what can't be compared."""
    compared = (
        f"{count_phrase(report.compared_cells, 'cell')}, "
        f"{count_phrase(report.compared_names, 'variable')} and "
        f"{count_phrase(report.compared_files, 'file')}"
    )
    found = f"{count_phrase(len(report.differences), 'difference')} in {compared}"
    ends = [cause.text for cause in report.causes if cause.kind == "ends"]
    causes = [cause.text for cause in report.causes if cause.kind != "ends"]
    if report.status == "undecided":
        lines = ["undecided: the runs from top to bottom don't end alike", *_indented(ends)]
        lines += [f"{found}, which may come from that:"] if report.differences else []
    elif report.equal:
        lines = [f"equal: {compared} are as in the run from top to bottom"]
    else:
        lines = [f"different: {found}"]
    if report.end:
        lines.append(f"each of the runs {report.end}; what comes after that isn't compared")
    lines += _first([difference.text for difference in report.differences])
    if causes:
        lines += ["why:", *_first(causes)]
    # How it ends is said above where it's undecided.
    unsteady = [entry.text for entry in report.unsteady if not (ends and entry.where == "end")]
    if unsteady:
        lines += ["left out, as it changes from one sequential run to the next:", *_first(unsteady)]
    if report.uncompared:
        lines.append("compared as far as could be looked into:")
        lines += _first([f"{name}: {reason}" for name, reason in report.uncompared.items()])
    if report.folder.get("linked"):
        lines.append(f"not copied, but linked: {', '.join(report.folder['linked'])}")
    return lines


def _first(entries: Sequence[str]) -> list[str]:
    lines = _indented(entries[:_SHOWN])
    more = len(entries) - _SHOWN
    return [*lines, f"  and {more} more (--json has all)"] if more > 0 else lines


def _indented(entries: Sequence[str]) -> list[str]:
    return [f"  {entry}" for entry in entries]
