"""The root command, its subcommands by name, and the mapping from errors to exit codes."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from naavre_ext.model.diagnostic import NaavreError, RefusedError

OK, FAILED, REFUSED, INTERNAL, CANCELLED = 0, 1, 2, 70, 130

#: Command → module and attribute; a module is imported when its command is asked for.
_COMMANDS = {
    "run": "naavre_ext.cli.run:run",
    "batch": "naavre_ext.cli.batch:batch",
    "check": "naavre_ext.cli.check:check",
    "plan": "naavre_ext.cli.plan:plan",
    "verify": "naavre_ext.cli.verify:verify",
    "runs": "naavre_ext.cli.runs:runs",
    "explain": "naavre_ext.cli.explain:explain_run",
    "cluster": "naavre_ext.cli.cluster:cluster",
}


class _LazyGroup(click.Group):
    """A group that imports a command's module when the command is used or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok, 1 the notebook failed, 2 usage or refused, 130 cancelled.",
)
@click.version_option(package_name="naavre-ext", prog_name="naavre-ext")
def root() -> None:
    """Runs annotated Jupyter notebooks in parallel, with the results of the sequential run."""
    try:
        os.getcwd()
    except OSError:
        raise click.UsageError("the current folder is gone; change to another one") from None


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits: 0, 1, 2, 130, or 70 for an error of our own."""
    sys.exit(_exit_code(args))


def _exit_code(args: Sequence[str] | None) -> int:
    _open_streams()
    try:
        code = root.main(
            list(args) if args is not None else None, prog_name="naavre-ext", standalone_mode=False
        )
        sys.stdout.flush()
    except RefusedError as error:
        for diagnostic in error.diagnostics:
            click.echo(diagnostic.describe(), err=True)
        return REFUSED
    except NaavreError as error:
        click.echo(str(error) or type(error).__name__, err=True)
        return REFUSED
    except click.ClickException as error:
        error.show()
        return error.exit_code if isinstance(error, click.UsageError) else REFUSED
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return CANCELLED
    except BrokenPipeError:
        _close_output()
        return FAILED
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            return _report_internal(error)
        _close_output()
        click.echo(f"standard output can't be written: {error.strerror}", err=True)
        return REFUSED
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback for the user
        return _report_internal(error)
    return code if isinstance(code, int) else OK


def _open_streams() -> None:
    """Standard streams that are closed lead nowhere from here on; letters that others can't show are escaped."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, "w" if number else "r", encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, nowhere)
            try:
                os.fstat(number)  # it has become something else's meanwhile
            except OSError:
                os.dup2(nowhere.fileno(), number)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _close_output() -> None:
    """What standard output can't take any more is lost, without an error at the interpreter's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_internal(error: Exception) -> int:
    """Writes the traceback to a file of its own and names it in one line."""
    from importlib.metadata import version  # slow to import, and hardly ever needed

    line = f"internal error: {type(error).__name__}: {' '.join(str(error).split())}"
    try:
        handle, path = tempfile.mkstemp(prefix="naavre-ext-error-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"naavre-ext {version('naavre-ext')}, Python {sys.version}\n\n")
            file.write("".join(traceback.format_exception(error)))
    except OSError as failure:
        line += f" (the traceback can't be written: {failure.strerror})"
    else:
        line += f" (traceback: {path})"
    click.echo(line, err=True)
    return INTERNAL
