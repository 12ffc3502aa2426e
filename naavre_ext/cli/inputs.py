"""What the commands take: parameters as papermill takes them, secrets, sources and run options."""

from __future__ import annotations

import base64
import binascii
import getpass
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from naavre_ext.environment import SECRET_PREFIX, secret_value, secret_variables

Source = str | Mapping[str, Any]
Command = TypeVar("Command", bound=Callable[..., Any])


def duration(text: str) -> float:
    """The seconds of ``90``, ``90s``, ``10m``, ``1h30m``; else a usage error."""
    from naavre_ext.annotations.values import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}: write it as 90, 90s, 10m or 1h30m") from None


def size(text: str) -> int:
    """The bytes of ``500MB`` or ``2GiB``; else a usage error."""
    from naavre_ext.annotations.values import parse_bytes

    try:
        return parse_bytes(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def parameter_options(command: Command) -> Command:
    """Adds papermill's ``-p -r -f -y -b`` to a command, as ``**given`` for collect_parameters."""
    for flags, count, text in (
        (("-b", "--parameters_base64"), 1, "Parameters as YAML in base64."),
        (("-y", "--parameters_yaml"), 1, "Parameters as a YAML string."),
        (("-f", "--parameters_file"), 1, "A YAML file with parameters."),
        (("-r", "--parameters_raw"), 2, "A parameter whose value stays text."),
        (("-p", "--parameters"), 2, "A parameter; numbers, True, False and None are typed."),
    ):
        metavar = "NAME VALUE" if count == 2 else None
        command = click.option(*flags, nargs=count, multiple=True, metavar=metavar, help=text)(
            command
        )
    return command


def config_option(command: Command) -> Command:
    """Adds ``--config`` to a command."""
    return click.option(
        "--config",
        metavar="FILE",
        help="A YAML file that says of cells, by title or number, what annotations would.",
    )(command)


def collect_parameters(
    *,
    parameters: tuple[tuple[str, str], ...] = (),
    parameters_raw: tuple[tuple[str, str], ...] = (),
    parameters_file: tuple[str, ...] = (),
    parameters_yaml: tuple[str, ...] = (),
    parameters_base64: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The values given, in papermill's order of precedence: ``-b``, ``-f``, ``-y``, ``-p``, ``-r``.

    Raises:
        click.UsageError: a file can't be read, or a secret stands on the command line.
        RefusedError: YAML that isn't a mapping of parameters.
    """
    from naavre_ext.planning.parameters import parse_parameter_text, read_parameter_yaml

    values: dict[str, Any] = {}
    for text in parameters_base64:
        values.update(read_parameter_yaml(_from_base64(text)))
    _refuse_secrets(values)
    for path in parameters_file:
        values.update(read_parameter_yaml(_read_text(path)))
    typed = {name: parse_parameter_text(text) for name, text in parameters}
    written = [read_parameter_yaml(text) for text in parameters_yaml]
    for given in (*written, typed, dict(parameters_raw)):
        _refuse_secrets(given)
        values.update(given)
    return values


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise click.UsageError(f"-b is no base64 of UTF-8 text: {error}") from None


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{path} is no UTF-8 text") from None


def _refuse_secrets(values: Mapping[str, Any]) -> None:
    """Other users of the machine can read a command line, and shells remember it."""
    for name in values:
        if name.startswith(SECRET_PREFIX):
            raise click.UsageError(
                f"{name} is a secret, which doesn't belong on the command line. Set "
                f"{secret_variables(name)[0]} in the environment, or leave it out to be asked."
            )


def read_source(notebook: str, config: str | None = None) -> Any:
    """The path itself; for ``-`` the notebook from standard input.

    A workflow's file (``.yaml``) is read, and so is all with settings from the file ``config``.
    """
    from naavre_ext.storage.source_files import SourceFiles, is_workflow

    settings = None if config is None else (os.path.basename(config), _read_text(config))
    workflow = _read_text(notebook) if is_workflow(notebook) else None
    if settings is None and workflow is None:
        return _notebook(notebook)
    return SourceFiles(_notebook(notebook), workflow, settings).read()


def _notebook(notebook: str) -> str | dict[str, Any]:
    """The path itself; for ``-`` the notebook from standard input."""
    if notebook != "-":
        return notebook
    try:
        data = json.load(sys.stdin)
    except ValueError as error:
        raise click.UsageError(f"standard input has no notebook: {error}") from None
    except RecursionError:
        raise click.UsageError("standard input has no notebook: it is nested too deeply") from None
    if not isinstance(data, dict):
        raise click.UsageError("standard input has no notebook: it isn't a JSON object")
    return data


def refuse_to_replace(output: str | None, *sources: str | None) -> None:
    """Returns where the output is none of these files.

    Raises:
        click.UsageError: it is one of them, which would be lost.
    """
    for source in sources:
        if source is not None and output not in (None, "-") and _is_same(str(output), source):
            raise click.UsageError(f"-o {output} would replace {source} itself. Give another name.")


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # one of them isn't there
        return False


def collect_secrets(source: Source, values: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """The secrets' values, and the names of those that nobody gave.

    They come from a parameter file (and are taken out of ``values``), from the environment, or are
    asked for on a terminal.
    """
    from naavre_ext.planning.parameters import find_parameters
    from naavre_ext.storage.notebook_file import read_notebook

    parameters = find_parameters(read_notebook(source).notebook)
    secrets, missing = {}, []
    for name in [parameter.name for parameter in parameters if parameter.kind == "secret"]:
        value = str(values.pop(name)) if name in values else secret_value(name, os.environ)
        if value is None and sys.stdin is not None and sys.stdin.isatty():
            prompt = f"{name} (Enter keeps the notebook's own value): "
            value = getpass.getpass(prompt) or None
        if value is None:
            missing.append(name)
        else:
            secrets[name] = value
    return secrets, missing
