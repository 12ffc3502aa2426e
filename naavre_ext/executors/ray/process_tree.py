"""The processes of a Ray that this process started."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil


def ray_processes(folder: Path) -> list[psutil.Process]:
    """Ray's processes that work in ``folder``: servers, agents and workers.

    What a worker's own code has started isn't Ray's and isn't among them.
    """
    import psutil

    found: list[psutil.Process] = []
    for server in psutil.Process().children():
        if not mentions(server, str(folder)):
            continue
        found.append(server)
        with suppress(psutil.NoSuchProcess):
            found.extend(server.children())
    return found


def mentions(process: psutil.Process, text: str) -> bool:
    """Whether ``text`` is in the command line of a process that still runs."""
    import psutil

    try:
        return any(text in argument for argument in process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill those that still run."""
    import psutil

    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def end(processes: list[psutil.Process], grace_s: float) -> None:
    """Return when all have ended; those that take longer than ``grace_s`` are killed."""
    import psutil

    _, alive = psutil.wait_procs(processes, timeout=grace_s)
    kill(alive)
    psutil.wait_procs(alive, timeout=grace_s)
