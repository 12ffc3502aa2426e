"""The options that say how to run, shared by ``run`` and ``verify``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from naavre_ext.cli.inputs import duration
from naavre_ext.environment import ray_address
from naavre_ext.model.run import ExecutorName, RunOptions

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class How:
    """The options as given on the command line."""

    address: str | None
    cwd: str | None
    executor: ExecutorName
    timeout_s: float | None
    max_parallelism: int | None
    store: str | None
    guards: str
    eager: bool
    resident: bool = False

    def options(self, secrets: Mapping[str, str]) -> RunOptions:
        """The run's options; the cells see this process's environment."""
        return RunOptions(
            executor=self.executor,
            address=self.address or ray_address(os.environ),
            resident=self.resident,
            cwd=os.path.abspath(self.cwd) if self.cwd else None,
            store=self.store,
            timeout_s=self.timeout_s,
            max_parallelism=self.max_parallelism,
            environment=dict(os.environ),
            secrets=secrets,
            guards=self.guards == "on",
            eager=self.eager,
        )


def leave_descriptors(options: RunOptions) -> None:
    """Leave descriptors 1 and 2 to the cells, where these run in this process: child processes write there."""
    if options.executor == "local":
        from naavre_ext.executors.session_fds import lend_descriptors

        lend_descriptors()


#: Whether the run is one for the resident engine; ``verify`` has its own processes.
resident_option = click.option(
    "--resident/--no-resident",
    envvar="NAAVRE_RESIDENT",
    default=True,
    help="Use the resident engine where one runs (the default).",
)


def run_options(command: Command) -> Command:
    """Adds the options to a command, which gets the fields of :class:`How` as keywords."""
    for option in (
        click.option("--store", envvar="NAAVRE_STORE", metavar="DIR", help="Where runs are kept."),
        click.option(
            "--eager/--no-eager",
            envvar="NAAVRE_EAGER",
            default=False,
            help="Start cells that write files and the like before earlier cells, which may fail, are over.",
        ),
        click.option(
            "--guards",
            envvar="NAAVRE_GUARDS",
            type=click.Choice(["on", "off"], case_sensitive=False),
            default="on",
            show_default=True,
            help="Check while running that cells change only what they are expected to.",
        ),
        click.option(
            "--max-parallelism",
            envvar="NAAVRE_MAX_PARALLELISM",
            type=click.IntRange(min=1),
            metavar="N",
            help="At most this many workers.",
        ),
        click.option(
            "--timeout",
            "--execution-timeout",
            "timeout_s",
            type=duration,
            metavar="TIME",
            help="Limit for each cell: 90 (seconds), 10m, 1h30m.",
        ),
        click.option(
            "--executor",
            envvar="NAAVRE_EXECUTOR",
            type=click.Choice(["ray", "local"]),
            default="ray",
            show_default=True,
            help="local runs everything in this process, one step after the other.",
        ),
        click.option(
            "--cwd",
            type=click.Path(exists=True, file_okay=False),
            help="The cells' working folder; default: the notebook's.",
        ),
        click.option(
            "--address",
            metavar="HOST:PORT",
            help="A Ray cluster; default: $RAY_ADDRESS, else a local Ray.",
        ),
    ):
        command = option(command)
    return command
