"""``naavre-ext batch``: runs a notebook for each row of a table of parameters."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naavre_ext.cli.entry import CANCELLED, FAILED, OK
from naavre_ext.cli.inputs import (
    collect_parameters,
    collect_secrets,
    config_option,
    parameter_options,
    read_source,
)
from naavre_ext.cli.interrupt import StopOnInterrupt
from naavre_ext.cli.reporters import write_json_line, write_refusal
from naavre_ext.cli.run_options import How, leave_descriptors, resident_option, run_options
from naavre_ext.exporters.wording import duration_phrase
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.event import WAITS, MessageLogged
from naavre_ext.runner import find_batch_runner

if TYPE_CHECKING:
    from naavre_ext.batching.batch import Batch
    from naavre_ext.model.event import RunEvent
    from naavre_ext.model.jobs import BatchResult, Job, JobEnd, Row
    from naavre_ext.model.run import RunOptions

_MOST_ROWS = 40


@click.command(short_help="Run a notebook for each row of a table of parameters.")
@click.argument("arguments", nargs=-1, metavar="NOTEBOOK")
@click.option(
    "--params",
    "table",
    metavar="TABLE",
    help="A .csv, .tsv, .json or .yaml file with a row per job.",
)
@click.option(
    "--grid",
    "axes",
    multiple=True,
    metavar="NAME=VALUE,VALUE...",
    help="A job for each combination; more axes may follow: --grid param_a=1,2,3 param_b=x,y",
)
@click.option(
    "-o",
    "--output",
    metavar="PATTERN",
    help="Where the executed notebooks go: out/{param_a}-{job}.ipynb",
)
@click.option(
    "--keep",
    metavar="NAME,NAME",
    help="Variables that the batch's table has; default: small ones that differ.",
)
@click.option(
    "--jobs",
    "max_jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most N jobs at once; default: one per CPU.",
)
@click.option(
    "--resume",
    metavar="BATCH",
    help="Run the jobs of BATCH that haven't ended well (an id, or how one starts).",
)
@parameter_options
@config_option
@resident_option
@run_options
@click.option(
    "--json", "as_json", is_flag=True, help="Print a line of JSON per job, then one for the batch."
)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def batch(
    ctx: click.Context,
    /,
    arguments: tuple[str, ...],
    axes: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Run NOTEBOOK once per row of a table or a grid of parameters. Parameters given with -p hold for all jobs.

    What doesn't depend on the parameters that differ runs once for all jobs. A failed job doesn't stop the others.
    """  # fmt: skip
    how = How(**{name: given.pop(name) for name in How.__dataclass_fields__ if name in given})
    notebook, more = _split(arguments)
    what = {name: given.pop(name) for name in _Asked.__dataclass_fields__ if name in given}
    asked = _Asked(notebook, (*axes, *more), **what)
    try:
        source, options = _source(asked, how, values := collect_parameters(**given))
        leave_descriptors(options)
        made = _make(asked, source, options, values)
        run = find_batch_runner(made, source, options, asked.max_jobs)
        with StopOnInterrupt(f"{_how_to_go_on(made.record.batch_id)}\n") as stop:
            told = Told(made, as_json=as_json, quiet=quiet)
            result = run(told.job, told.shared, stop.event, on_event=told.event)
    except NaavreError as error:
        if as_json:
            write_refusal(error)
        raise
    _show(result, as_json=as_json, quiet=quiet)
    ctx.exit(CANCELLED if stop.event.is_set() else OK if result.is_ok else FAILED)


def _split(arguments: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The notebook, and the axes that follow --grid without one of their own."""
    axes = tuple(a for a in arguments if "=" in a and a.partition("=")[0].isidentifier())
    notebooks = [a for a in arguments if a not in axes]
    if len(notebooks) > 1:
        raise click.UsageError(f"one notebook at a time: {', '.join(notebooks)}")
    return (notebooks[0] if notebooks else None), axes


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the jobs are, as the arguments say; ``how`` they run is another matter."""

    notebook: str | None
    axes: tuple[str, ...]
    table: str | None
    output: str | None
    keep: str | None
    max_jobs: int | None
    resume: str | None
    config: str | None


def _source(asked: _Asked, how: How, common: dict[str, Any]) -> tuple[Any, RunOptions]:
    """What to run, None for the notebook of the batch to resume; and how."""
    if asked.resume is None and asked.notebook is None:
        raise click.UsageError("Missing argument 'NOTEBOOK'.")
    if asked.notebook is None and asked.config is not None:
        raise click.UsageError("--config goes with a NOTEBOOK: name that of the batch, too")
    source = None if asked.notebook is None else read_source(asked.notebook, asked.config)
    return source, _options(how, source, common)


def _make(asked: _Asked, source: Any, options: RunOptions, common: dict[str, Any]) -> Batch:
    from naavre_ext.batching.beginning import BatchRequest, begin_batch, resume_batch

    notebook, keep = asked.notebook, asked.keep
    if asked.resume is not None:
        if asked.table or asked.axes or asked.output or common or keep:
            raise click.UsageError(
                "--resume goes on with the batch's own rows and outputs: give no others"
            )
        return resume_batch(asked.resume, options, source, asked.max_jobs)
    assert notebook is not None
    rows = _rows(source, asked.table, asked.axes, common)
    names = tuple(name.strip() for name in keep.split(",") if name.strip()) if keep else None
    pattern = asked.output or f"{os.path.splitext(notebook)[0]}.{{job}}.out.ipynb"
    return begin_batch(BatchRequest(source, rows, pattern, names, asked.max_jobs), options)


def _options(how: How, notebook: Any, common: dict[str, Any]) -> RunOptions:
    secrets: dict[str, str] = {}
    if notebook is not None:
        secrets, missing = collect_secrets(notebook, common)
        for name in missing:
            click.echo(
                f"{name} isn't set in the environment: the notebook's own value is used", err=True
            )
    return how.options(secrets)


def _rows(
    notebook: Any, table: str | None, axes: tuple[str, ...], common: dict[str, Any]
) -> tuple[Row, ...]:
    from naavre_ext.model.jobs import Row
    from naavre_ext.planning.job_tables import read_grid, read_table
    from naavre_ext.planning.parameters import find_parameters
    from naavre_ext.storage.notebook_file import read_notebook

    if bool(table) == bool(axes):
        raise click.UsageError("give either --params TABLE or --grid NAME=VALUE,VALUE")
    parameters = find_parameters(read_notebook(notebook).notebook)
    if table:
        ending = Path(table).suffix.lstrip(".").lower().replace("yml", "yaml")
        if ending not in ("csv", "tsv", "json", "yaml"):
            raise click.UsageError(f"--params takes a .csv, .tsv, .json or .yaml file, not {table}")
        try:
            text = Path(table).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise click.UsageError(f"{table} can't be read: {reason}") from None
        rows = read_table(text, ending, parameters)
    else:
        rows = read_grid(axes, parameters)
    twice = sorted(common.keys() & {name for row in rows for name in row.values})
    if twice:
        raise click.UsageError(f"-p sets {', '.join(twice)} for all jobs, and so do the jobs' rows")
    return tuple(Row(row.place, {**common, **row.values}) for row in rows)


class Told:
    """Says on standard error how it goes; with ``--json``, a line per job on standard output."""

    def __init__(self, batch: Batch, *, as_json: bool, quiet: bool) -> None:
        self.batch, self.as_json, self.quiet = batch, as_json, quiet
        self.total = len(batch.record.jobs)
        self.done = self.total - len(batch.waiting())
        self._waits: set[str] = set()

    def shared(self, cells: Sequence[int]) -> None:
        """These cells run once."""
        if self.quiet or self.as_json:
            return
        before = f", {self.done} of which ended well before" if self.done else ""
        for warning in self.batch.warnings:
            click.echo(f"warning: {warning.describe()}", err=True)
        jobs = "1 job" if self.total == 1 else f"{self.total} jobs"
        click.echo(f"batch {self.batch.record.batch_id}: {jobs}{before}", err=True)
        if outdated := self.batch.outdated:
            click.echo(
                f"the notebook has changed: {outdated} of them ran well, and run again", err=True
            )
        once = ", ".join(map(str, cells))
        click.echo(f"once for all jobs: {'cells ' + once if once else 'nothing'}", err=True)

    def event(self, job: int, event: RunEvent) -> None:
        """A job that waits for what others hold says so; jobs that wait for the same say it once."""
        if not isinstance(event, MessageLogged) or event.code != WAITS or event.text in self._waits:
            return
        self._waits.add(event.text)
        if self.as_json:
            write_json_line({"type": "JobWaits", "number": job, "code": WAITS, "text": event.text})
        elif not self.quiet:
            click.echo(f"{WAITS} job {job}: {event.text.removeprefix(f'{WAITS} ')}", err=True)

    def job(self, job: Job, end: JobEnd) -> None:
        """A job ended."""
        self.done += 1
        if self.as_json:
            write_json_line(
                {
                    "type": "JobEnd",
                    **end.to_json(),
                    "parameters": dict(job.parameters),
                    "output": job.output,
                }
            )
        elif not self.quiet:
            words = f"{self.done}/{self.total} {end.status}: {_in_words(job, self.batch.varying)}"
            click.echo(f"{words}{' - ' + end.reason if end.reason else ''}", err=True)


def _in_words(job: Job, varying: Sequence[str]) -> str:
    own = (f"{n}={job.parameters[n]!r}" for n in varying if n in job.parameters)
    return ", ".join(own) or f"job {job.number}"


def _how_to_go_on(batch_id: str) -> str:
    return f"go on with: naavre-ext batch --resume {batch_id}"


def _show(result: BatchResult, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        write_json_line(result_json(result))
        return
    if not quiet:
        for line in table_lines(result):
            click.echo(line)
    elif not result.is_ok:
        for end in result.ends:
            if end.reason:
                click.echo(f"job {end.number} {end.status}: {end.reason}", err=True)
    sys.stdout.flush()


def result_json(result: BatchResult) -> dict[str, Any]:
    """The last line of ``--json``."""
    return {"type": "Batch", "ok": result.is_ok, **result.to_json()}


def table_lines(result: BatchResult) -> list[str]:
    """A row per job, those that aren't ok at the end again with the reason, then the sum."""
    from naavre_ext.planning.job_tables import varying_names

    names = varying_names([job.parameters for job in result.jobs])
    head = ["job", *names, "status", "time", "notebook"]
    lines = [head]
    for job, end in zip(result.jobs, result.ends, strict=True):
        values = [str(job.parameters.get(name, "")) for name in names]
        path = os.path.relpath(job.output) if job.output and end.run_id else end.run_id or ""
        took = duration_phrase(end.duration_s) if end.run_id else ""
        lines.append(
            [
                str(job.number),
                *(v if len(v) <= 20 else v[:17] + "..." for v in values),
                end.status,
                took,
                path,
            ]
        )
    left = len(lines) - 1 - _MOST_ROWS
    shown = lines if left <= 0 else lines[: _MOST_ROWS + 1]
    widths = [max(len(line[column]) for line in shown) for column in range(len(head))]
    text = [
        "  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)).rstrip() for line in shown
    ]
    if left > 0:
        text.append(f"... and {left} more (naavre_ext.open_batch('{result.batch_id}'))")
    text += [f"job {end.number}: {end.reason}" for end in result.ends if end.reason][:_MOST_ROWS]
    counts: dict[str, int] = {}
    for end in result.ends:
        counts[end.status] = counts.get(end.status, 0) + 1
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    text.append(f"batch {result.batch_id}: {said} after {duration_phrase(result.duration_s)}")
    if not result.is_ok:
        text.append(_how_to_go_on(result.batch_id))
    return text
