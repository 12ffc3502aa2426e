"""``naavre-ext run``: runs a notebook, shows how it goes, and writes the executed notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from naavre_ext.cli.entry import CANCELLED, FAILED, OK
from naavre_ext.cli.inputs import (
    Source,
    collect_parameters,
    collect_secrets,
    config_option,
    parameter_options,
    read_source,
)
from naavre_ext.cli.interrupt import StopOnInterrupt
from naavre_ext.cli.output_log import OutputLog
from naavre_ext.cli.reporters import (
    JsonReporter,
    PlainReporter,
    Reporter,
    write_json_line,
    write_refusal,
)
from naavre_ext.cli.run_options import How, leave_descriptors, resident_option, run_options
from naavre_ext.cli.summary import failure_lines, strip_ansi, summary_lines
from naavre_ext.executors.locked_folder import LockedFolder
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.run import RunOptions, RunResult
from naavre_ext.runner import find_runner

_EXIT_CODES = {"ok": OK, "failed": FAILED, "cancelled": CANCELLED}


@click.command(short_help="Run a notebook.")
@click.argument("notebook", required=False)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="The executed notebook; default: NAME.out.ipynb beside NOTEBOOK. '-': standard output.",
)
@parameter_options
@resident_option
@run_options
@click.option(
    "--resume",
    metavar="RUN",
    help="Take over what is still valid of RUN, which failed or broke off (an id, how one starts, or 'latest').",
)
@click.option(
    "--store-results/--no-store-results",
    envvar="NAAVRE_STORE_RESULTS",
    default=True,
    help="Store results of costly steps and batches, so that the run can be resumed (the default).",
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")
@click.option("--log-output", is_flag=True, help="Print the cells' outputs, too.")
@click.option(
    "--progress-bar/--no-progress-bar",
    default=True,
    help="Draw progress on a terminal (the default) or print a line per step.",
)
@click.pass_context
def run(
    ctx: click.Context,
    /,
    notebook: str | None,
    output: str | None,
    resume: str | None,
    store_results: bool,
    config: str | None,
    as_json: bool,
    quiet: bool,
    log_output: bool,
    progress_bar: bool,
    **given: Any,
) -> None:
    """Run NOTEBOOK ('-': standard input) and write the executed notebook to OUT.

    Secrets (secret_x) come from the environment, as NAAVRE_SECRET_X, secret_x or SECRET_X, or are
    asked for on a terminal.
    """
    notebook = notebook or _notebook_of(resume, given["store"])
    output = output or default_output(notebook)
    if as_json and output == "-":
        raise click.UsageError("--json and the notebook can't both go to standard output: give -o")
    how = How(**{name: given.pop(name) for name in How.__dataclass_fields__})
    values = collect_parameters(**given)
    try:
        reporter, result = _run(
            read_source(notebook, config),
            output,
            values,
            lambda secrets: replace(
                how.options(secrets), resume=resume, store_results=store_results
            ),
            lambda: _reporter(as_json, quiet, log_output, progress_bar, output == "-"),
        )
    except NaavreError as error:
        if as_json:
            write_refusal(error)
        raise
    if as_json:
        write_json_line(result_json(result))
    can_resume = store_results and notebook != "-"
    _show_end(reporter, result, output, quiet=quiet or as_json, can_resume=can_resume)
    ctx.exit(_EXIT_CODES[result.status])


def _notebook_of(resume: str | None, store: str | None) -> str:
    """The notebook of the run to resume, where none is named."""
    from naavre_ext.storage.run_store import RunStore

    if resume is None:
        raise click.UsageError("Missing argument 'NOTEBOOK'.")
    record = (RunStore(store) if store else RunStore.beside(None)).open(resume)
    notebook: str | None = record.info.get("notebook")
    if notebook is None:
        raise click.UsageError(f"run {record.run_id} was no file's: name the NOTEBOOK")
    return os.path.relpath(notebook)


def default_output(notebook: str) -> str:
    """``dir/name.out.ipynb`` for ``dir/name.ipynb``; ``-`` for standard input."""
    if notebook == "-":
        return "-"
    path = Path(notebook)
    stem = path.stem if path.suffix.lower() in (".ipynb", ".yaml", ".yml") else path.name
    return str(path.parent / f"{stem}.out.ipynb")  # "." has no name


def result_json(result: RunResult) -> dict[str, Any]:
    """The last line of ``--json``."""
    return {
        "type": "Result",
        "run_id": result.run_id,
        "status": result.status,
        "duration_s": result.duration_s,
        "failure": dict(result.failure) if result.failure else None,
        "diagnostics": [diagnostic.to_json() for diagnostic in result.diagnostics],
        "batches": dict(result.batches),
        "output_path": result.output_path,
    }


def _reporter(
    as_json: bool, quiet: bool, log_output: bool, progress_bar: bool, stdout_taken: bool
) -> Reporter:
    """The way to show progress that suits the options and where standard error goes."""
    log = OutputLog(_stream_writer(as_json or stdout_taken)) if log_output else None
    if as_json:
        return JsonReporter(log)
    if quiet:
        return Reporter(log)
    if not (progress_bar and sys.stderr.isatty()):
        return PlainReporter(log, sys.stderr)
    from rich.console import Console

    from naavre_ext.cli.live import LiveReporter

    console = Console(stderr=True)
    return LiveReporter(console, log_output=log_output, stdout_is_free=not stdout_taken)


def _stream_writer(stdout_taken: bool) -> Callable[[str, str], None]:
    """Writes cells' outputs to the streams they were written to."""

    def write(name: str, text: str) -> None:
        stream = sys.stderr if name == "stderr" or stdout_taken else sys.stdout
        stream.write(text if stream.isatty() else strip_ansi(text))
        stream.flush()

    return write


def _run(
    source: Source,
    output: str,
    values: dict[str, Any],
    make_options: Callable[[Mapping[str, str]], RunOptions],
    make_reporter: Callable[[], Reporter],
) -> tuple[Reporter, RunResult]:
    secrets, missing = collect_secrets(source, values)
    for name in missing:
        click.echo(
            f"{name} isn't set in the environment: the notebook's own value is used", err=True
        )
    options = make_options(secrets)
    leave_descriptors(options)
    run_notebook = find_runner(options, values)
    target = Path(output)
    with LockedFolder("naavre-run-") if output == "-" else nullcontext() as folder:
        if folder is not None:
            target = folder / "notebook.ipynb"
        with StopOnInterrupt() as stop, make_reporter() as reporter:
            result = run_notebook(
                source,
                target,
                parameters=values,
                options=options,
                on_event=reporter.on_event,
                cancel=stop.event,
            )
            if stop.event.is_set() or _is_interrupted(result):
                result = replace(result, status="cancelled")
        if output == "-":
            sys.stdout.buffer.write(target.read_bytes())
            sys.stdout.flush()
    return reporter, result


def _is_interrupted(result: RunResult) -> bool:
    """Whether Ctrl-C hit a cell that ran in this process."""
    return result.failure is not None and result.failure["ename"] == "KeyboardInterrupt"


def _show_end(
    reporter: Reporter, result: RunResult, output: str, *, quiet: bool, can_resume: bool
) -> None:
    """The failure on standard error, then the summary, and how to go on."""
    if result.status == "failed":
        _show_failure(reporter, result.failure)
    if quiet:
        return
    path = None if output == "-" else os.path.relpath(result.output_path or output)
    lines = summary_lines(reporter.view, result.status, result.duration_s, path)
    for line in lines:
        click.echo(line, err=output == "-")
    for diagnostic in result.diagnostics:
        if diagnostic.severity == "warning":
            click.echo(f"  {diagnostic.describe()}", err=output == "-")
    if can_resume and result.run_id and result.status != "ok":
        click.echo(
            f"go on with: the same command and --resume {result.run_id}; only what is missing runs",
            err=output == "-",
        )


def _show_failure(reporter: Reporter, failure: Mapping[str, Any] | None) -> None:
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    found = reporter.view.failure
    if found:
        lines = failure_lines(*found, colour=colour)
    else:
        failure = failure or {}
        head = f"cell {failure.get('cell_number', '?')} failed:"
        text = "\n".join(failure.get("traceback") or ())
        text = text or f"{failure.get('ename', 'error')}: {failure.get('evalue', '')}"
        lines = [head, *(text if colour else strip_ansi(text)).splitlines()]
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()
