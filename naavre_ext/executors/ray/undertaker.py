"""Cleans up after a process that was killed while it had a Ray of its own.

Ray's servers die with their parent by themselves, but its agents take 20 s to notice and nobody
removes the folder. Run as a script with the folder; acts when its standard input ends. Standard
library only, so that it starts in milliseconds and costs next to nothing while it waits.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_WAIT_S = 2.0


class Undertaker:
    """A process that outlives this one by moments and leaves nothing of ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """End it, with nothing left to do."""
        assert self._process.stdin is not None
        self._process.kill()
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_WAIT_S)


def processes_started_in(folder: str) -> list[int]:
    """Processes of this user that were given ``folder``, or have a file of it open."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _uses(entry, folder)]


def _uses(entry: Path, folder: str) -> bool:
    # Gone, or another user's.
    with suppress(OSError):
        if f"RAY_TMPDIR={folder}".encode() in (entry / "environ").read_bytes().split(b"\0"):
            return True
        # Those of Ray's processes that set their title overwrite their environment with it.
        for descriptor in os.listdir(entry / "fd"):
            with suppress(OSError):
                if os.readlink(entry / "fd" / descriptor).startswith(f"{folder}/"):
                    return True
    return False


def main(folder: str) -> None:
    """Wait for the end of standard input, then kill Ray's processes and delete the folder."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    sys.stdin.buffer.read()
    deadline = time.monotonic() + _WAIT_S
    # A process that is just dying may still write a file.
    while (pids := processes_started_in(folder)) or os.path.exists(folder):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)


if __name__ == "__main__":
    main(sys.argv[1])
