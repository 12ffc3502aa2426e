"""Whether the process that wrote something is still the one that runs."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any


def this_process() -> dict[str, Any]:
    """Host, pid and start of this process, JSON-safe: together they name it for ever."""
    pid = os.getpid()
    return {"host": socket.gethostname(), "pid": pid, "started": _own_mark(pid)}


def is_gone(process: Mapping[str, Any]) -> bool:
    """Whether the process that :func:`this_process` described is known to have ended.

    Of a process on another host nothing is known.
    """
    if process.get("host") != socket.gethostname():
        return False
    mark = _start_mark(int(process.get("pid", 0)))
    return mark is None or mark != process.get("started")


@lru_cache(maxsize=1)
def _own_mark(pid: int) -> str | None:
    return _start_mark(pid)  # which stays, and is asked for by each run


def _start_mark(pid: int) -> str | None:
    """A text that no other process with this pid has had; None when there is no such process."""
    if Path("/proc/self/stat").exists():
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None
