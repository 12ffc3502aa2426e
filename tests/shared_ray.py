"""One local Ray for all test files of a process, and main workers that their runs hand on to one another.

Starting a Ray takes several seconds of a processor, and a main worker more than one: more than most tests.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

#: Which of Ray's logs tell of a process's end.
_LOGS = ("raylet.out", "raylet.err", "worker-*.err", "worker-*.out", "python-core-worker-*.log")


class SharedRay:
    """Two CPUs, and two GPUs and four telescopes that are there in name only. Started when it is asked for."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._mains: Any = None

    def handle(self) -> Any:
        """A hold on it, for as long as the tests last."""
        if self._handle is None:
            from naavre_ext.executors.ray import cluster
            from naavre_ext.executors.ray.main_workers import MainWorkers

            resources = {"num_gpus": 2, "telescope": 4}
            self._handle = cluster.connect(None, num_cpus=2, resources=resources)
            self._mains = MainWorkers()
        return self._handle

    def executor(self, *, fresh: bool = False) -> Any:
        """A run's executor. Its main worker is one that another run left tidy, unless it is to be ``fresh``."""
        from naavre_ext.executors.ray.executor import RayExecutor

        handle = self.handle()
        return RayExecutor(handle.again(), None if fresh else self._mains)

    def warm(self) -> None:
        """Returns once each CPU has a process that needs no second to start: what is over sooner gets no help."""
        import ray

        from naavre_ext.executors.ray.workers import warm_up

        slots = self.handle().slots
        while len(set(ray.get([warm_up.remote(0.3) for _ in range(slots)]))) < slots:
            pass

    def close(self) -> None:
        """End it; it may be asked for again."""
        if self._handle is not None:
            self._mains.close()
            self._handle.close()
            self._handle = self._mains = None


def last_words(files: int = 8, lines: int = 15) -> str:
    """The last lines of the logs of this process's Ray that were written to last; "" where there is none."""
    ray = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return ""
    from naavre_ext.executors.ray.ray_internals import logs_folder

    folder = logs_folder()
    found = [] if folder is None else [file for name in _LOGS for file in folder.glob(name)]
    found.sort(key=lambda file: file.stat().st_mtime)
    return "\n".join(f"--- {file.name}\n{_tail(file, lines)}" for file in found[-files:])


def _tail(file: Path, lines: int) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])
