"""How much memory work takes at most."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

import psutil


def _megabytes(children: bool) -> float:
    """What this process, or with ``children`` all of its tree, has now; shared memory counts once."""
    me = psutil.Process()
    found = 0
    for process in [me, *(me.children(recursive=True) if children else ())]:
        try:
            found += process.memory_full_info().pss
        except psutil.Error:
            continue
    return found / 2**20


def peak_megabytes(action: Callable[[], object], *, children: bool = True) -> float:
    """The most memory while ``action`` runs, beyond what there was before it."""
    gc.collect()
    before = _megabytes(children)
    peak = before
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.05):
            peak = max(peak, _megabytes(children))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        action()
    finally:
        over.set()
        thread.join()
    return peak - before
