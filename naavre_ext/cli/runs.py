"""``naavre-ext runs``: the runs that were kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from naavre_ext.cli.inputs import refuse_to_replace
from naavre_ext.cli.progress import view_run
from naavre_ext.cli.reporters import write_json_line
from naavre_ext.cli.summary import failure_lines, summary_lines
from naavre_ext.exporters.wording import count_phrase, duration_phrase

if TYPE_CHECKING:
    from naavre_ext.storage.run_store import RunRecord, RunStore, RunSummary

Command = TypeVar("Command", bound=Callable[..., Any])


def place_of_runs(command: Command) -> Command:
    """Adds the notebook or folder whose runs are meant."""
    command = click.argument("notebook", required=False)(command)
    return click.option(
        "--store",
        envvar="NAAVRE_STORE",
        metavar="DIR",
        help="Where the runs are kept; default: .naavre beside NOTEBOOK, or in this folder.",
    )(command)


@click.group(short_help="List, show, trace and delete runs.")
def runs() -> None:
    """List, show, trace and delete the runs that were kept."""


@runs.command("list")
@place_of_runs
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_runs(notebook: str | None, store: str | None, as_json: bool) -> None:
    """List the runs of NOTEBOOK, or all of this folder, newest first."""
    found = open_store(notebook, store).list()
    if notebook is not None:
        path = str(Path(notebook).absolute())
        found = tuple(run for run in found if run.notebook in (None, path))
    if as_json:
        write_json_line([asdict(run) for run in found])
        return
    if not found:
        click.echo("no runs")
    for run in found:
        click.echo(_run_line(run))


@runs.command()
@click.argument("run_id", metavar="RUN")
@place_of_runs
@click.option("--json", "as_json", is_flag=True, help="Print the run and its events as JSON.")
def show(run_id: str, notebook: str | None, store: str | None, as_json: bool) -> None:
    """Show what happened in RUN (an id, how one starts, or 'latest')."""
    record = open_run(run_id, notebook, store)
    if as_json:
        info = {key: value for key, value in record.info.items() if key != "workflow"}
        events = [event.to_json() for event in record.events()]
        write_json_line({**info, "summary": asdict(record.summary), "events": events})
        return
    summary = record.summary
    click.echo(_run_line(summary))
    view = view_run(record.events())
    for step in view.steps:
        took = f" in {duration_phrase(step.duration_s)}" if step.state in ("ok", "failed") else ""
        click.echo(f"  {step.place}: {step.state}{took}")
    for line in summary_lines(view, summary.status, summary.duration_s, None):
        click.echo(line)
    if view.failure:
        click.echo("\n".join(failure_lines(*view.failure, colour=False)))


@runs.command()
@click.argument("run_id", metavar="RUN")
@place_of_runs
@click.option("-o", "--output", metavar="FILE", default="-", help="Default: standard output.")
def trace(run_id: str, notebook: str | None, store: str | None, output: str) -> None:
    """Write a trace of RUN for Perfetto (ui.perfetto.dev) or Chrome's about:tracing."""
    from naavre_ext.scheduling.tracing import chrome_trace

    record = open_run(run_id, notebook, store)
    refuse_to_replace(output, notebook, record.info.get("notebook"))
    found = chrome_trace(record.events())
    try:
        with click.open_file(output, "w", encoding="utf-8") as file:
            json.dump(found, file)
            file.write("\n")
    except OSError as error:
        raise click.ClickException(f"'{output}' can't be written: {error.strerror}") from None


@runs.command()
@click.argument("run_id", metavar="RUN")
@place_of_runs
def delete(run_id: str, notebook: str | None, store: str | None) -> None:
    """Delete RUN (an id, how one starts, or 'latest') and all that it kept."""
    full_id = open_run(run_id, notebook, store).run_id
    open_store(notebook, store).delete(full_id)
    click.echo(f"deleted {full_id}")


def open_store(notebook: str | None, store: str | None) -> RunStore:
    """The runs in ``store``, or beside ``notebook`` or in this folder."""
    from naavre_ext.storage.run_store import RunStore

    if store is not None:
        return RunStore(store)
    return RunStore.beside(notebook)


def open_run(run_id: str, notebook: str | None, store: str | None) -> RunRecord:
    """The run that is meant by ``run_id`` there."""
    return open_store(notebook, store).open(run_id, notebook)


def _run_line(run: RunSummary) -> str:
    """``20260102-030405-abcd  2026-01-02 03:04:05  ok  1.2 s  12 steps ok  study.ipynb``."""
    started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started_at))
    name = Path(run.notebook).name if run.notebook else "-"
    parts = [run.id, started, f"{run.status:<11}", f"{duration_phrase(run.duration_s):>12}", name]
    return "  ".join([*parts, _counts_phrase(run.counts)]).rstrip()


def _counts_phrase(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count_phrase(n, 'step')} {state}" for state, n in counts.items() if n)
