"""How much memory work takes at most."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil


def _processes() -> list[psutil.Process]:
    me = psutil.Process()
    return [me, *me.children(recursive=True)]


def _megabytes() -> float:
    """What this process and all of its tree have now; shared memory counts once."""
    return sum(filter(None, map(_own_megabytes, _processes())))


def _own_megabytes(process: psutil.Process) -> float | None:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:
        return None


@contextmanager
def _watching(look: Callable[[], None]) -> Iterator[None]:
    """In the block, ``look`` is called twenty times a second."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def peak_megabytes(action: Callable[[], object]) -> float:
    """The most memory of this process and its tree while ``action`` runs, beyond what there was before it."""
    gc.collect()
    before = peak = _megabytes()

    def look() -> None:
        nonlocal peak
        peak = max(peak, _megabytes())

    with _watching(look):
        action()
    return peak - before


DRIVER, MAIN_WORKER = "the driver", "the main worker"


def peaks_by_process(action: Callable[[], object]) -> dict[str, float]:
    """The most memory of the driver, and of a main worker, while ``action`` runs."""
    gc.collect()
    peaks = {DRIVER: 0.0, MAIN_WORKER: 0.0}
    driver, *_ = _processes()

    def look() -> None:
        for process in _processes():
            name = DRIVER if process == driver else MAIN_WORKER
            if name == MAIN_WORKER and "_MainWorker" not in _title(process):
                continue
            peaks[name] = max(peaks[name], _own_megabytes(process) or 0.0)

    with _watching(look):
        action()
    return peaks


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
