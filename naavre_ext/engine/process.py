"""The engine as a process: its own session, log and end."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from naavre_ext.engine.batches import make_batch
from naavre_ext.engine.server import EngineServer
from naavre_ext.environment import startup_key
from naavre_ext.model.diagnostic import ClusterError
from naavre_ext.model.run import RunResult

_LOG = logging.getLogger(__name__)


class Cluster(Protocol):
    """What the engine holds while it lives."""

    def describe(self) -> Mapping[str, Any]:
        """``address``, ``slots`` and ``resources``."""

    def prepare(self) -> None:
        """Make workers ready for the next run."""

    def close(self) -> None:
        """Stop what was started."""


@dataclass(frozen=True, slots=True)
class EngineArguments:
    """The command line of ``python -m naavre_ext.engine``."""

    socket: Path
    log: Path
    address: str | None
    num_cpus: int | None
    idle_s: float
    owner: Mapping[str, Any] | None = None


def parse_arguments(arguments: Sequence[str]) -> EngineArguments:
    """What the command line asks for; ends the process where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m naavre_ext.engine")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--address")
    parser.add_argument("--num-cpus", type=int)
    parser.add_argument("--idle-s", type=float, required=True)
    parser.add_argument("--owner", type=json.loads)
    return EngineArguments(**vars(parser.parse_args(arguments)))


def run_engine(
    arguments: EngineArguments,
    *,
    run: Callable[..., RunResult],
    connect: Callable[[str | None, int | None], Cluster],
    batch: Callable[[Mapping[str, Any]], Any] = make_batch,
) -> None:
    """Serve until stopped or idle; nothing that was started is left then.

    Tells on standard output, in one line of JSON, whether it serves or why not.
    """
    startup = startup_key(os.environ)  # before Ray adds to it
    report = _detach_output(arguments.log)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        cluster = connect(arguments.address, arguments.num_cpus)
    except ClusterError as error:
        report({"ok": False, "error": str(error)})
        return
    try:
        server = EngineServer(
            arguments.socket,
            run=run,
            batch=batch,
            prepare=cluster.prepare,
            describe=lambda: {
                "log": str(arguments.log),
                "startup": startup,
                **cluster.describe(),
            },
            idle_s=arguments.idle_s,
            owner=arguments.owner,
        )
        signal.signal(signal.SIGTERM, lambda *_: server.stop())
        report({"ok": True})
        _LOG.info("serving %s", arguments.socket)
        cluster.prepare()
        server.serve()
    finally:
        cluster.close()
        _LOG.info("ended")


def leave_parent() -> None:
    """Go on in a process that nobody waits for; this one ends. Call it before any thread.

    A keeper stays as its parent: Ray ends a driver whose parent is process 1 at once when the
    raylet dies, and the engine shall live on and start another.
    """
    if os.fork() > 0:
        os._exit(0)
    engine = os.fork()
    if engine > 0:
        # The starter waits for the end of our standard output, too.
        os.closerange(0, 3)
        os.waitpid(engine, 0)
        os._exit(0)


def _detach_output(log: Path) -> Callable[[dict[str, Any]], None]:
    """Send all that is printed to ``log``; return the way to tell the starter how it went."""
    starter = os.dup(1)
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.close(descriptor)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")

    def report(message: dict[str, Any]) -> None:
        with os.fdopen(starter, "w") as stream:
            stream.write(json.dumps(message) + "\n")

    return report
