"""Measures the memory of this process and its children while a block runs."""

from __future__ import annotations

import threading

import psutil


class Watched:
    """The most memory that any process of this test's has had of its own meanwhile, beyond what it began with."""

    def __enter__(self) -> Watched:
        self._over = threading.Event()
        self._least: dict[int, int] = {}
        self._most: dict[int, int] = {}
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.05):
            for process in [me, *me.children(recursive=True)]:
                try:
                    uss = process.memory_full_info().uss
                except psutil.Error:
                    continue
                self._least[process.pid] = min(uss, self._least.get(process.pid, uss))
                self._most[process.pid] = max(uss, self._most.get(process.pid, uss))

    @property
    def grown_mb(self) -> float:
        return max(map(self.grown_of, self._most))

    def grown_of(self, pid: int) -> float:
        """What one of the processes has had at most, in megabytes."""
        return (self._most[pid] - self._least[pid]) / 2**20
