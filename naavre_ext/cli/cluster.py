"""``naavre-ext cluster``: the resident engine, which keeps Ray and its workers ready."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from naavre_ext.cli.entry import FAILED
from naavre_ext.cli.reporters import write_json_line
from naavre_ext.environment import ray_address
from naavre_ext.exporters.wording import duration_phrase

Command = TypeVar("Command", bound=Callable[..., Any])


def _address_option(command: Command) -> Command:
    return click.option(
        "--address", metavar="HOST:PORT", help="A Ray cluster; default: $RAY_ADDRESS, else local."
    )(command)


@click.group(short_help="Start, look at and stop the resident engine.")
def cluster() -> None:
    """Start, look at and stop the resident engine, which keeps Ray and its workers ready."""


@cluster.command()
@_address_option
@click.option("--num-cpus", type=click.IntRange(min=1), help="CPUs of a local Ray.")
def start(address: str | None, num_cpus: int | None) -> None:
    """Start the resident engine, unless it runs; later runs begin at once."""
    from naavre_ext.engine.client import start_engine

    found = start_engine(address or ray_address(os.environ), num_cpus)
    click.echo("\n".join(_status_lines(found)))


@cluster.command()
@_address_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def status(ctx: click.Context, /, address: str | None, as_json: bool) -> None:
    """Say whether the resident engine runs, and what it does; exits with 1 when it doesn't."""
    from naavre_ext.engine.client import engine_status

    found = engine_status(address or ray_address(os.environ))
    if as_json:
        write_json_line({"running": found is not None, **(found or {})})
    elif found is None:
        click.echo("no engine is running")
    else:
        click.echo("\n".join(_status_lines(found)))
    ctx.exit(0 if found is not None else FAILED)


def _status_lines(found: Mapping[str, Any]) -> list[str]:
    return [
        "the engine is running",
        *(
            f"  {key.removesuffix('_s')}: {_shown(key, value)}"
            for key, value in found.items()
            if key != "startup"
        ),
    ]


def _shown(key: str, value: Any) -> str:
    """A value of the status for people: durations with units, resources without Ray's own marks."""
    if key.endswith("_s") and isinstance(value, (int, float)):
        return duration_phrase(value)
    if isinstance(value, Mapping):
        own = {name: number for name, number in value.items() if not name.startswith("node:")}
        return ", ".join(f"{name}={number:g}" for name, number in sorted(own.items()))
    return str(value)


@cluster.command()
@_address_option
def stop(address: str | None) -> None:
    """Stop the resident engine and, with it, the Ray that it started."""
    from naavre_ext.engine.client import stop_engine

    stopped = stop_engine(address or ray_address(os.environ))
    click.echo("the engine is stopped" if stopped else "no engine is running")
