"""How workers that hold a run's values end: as a notebook's kernel does, and not in the midst of anything."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import psutil
import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

#: So long a Jupyter server waits for a kernel that was asked to end.
GRACE_S = 5.0
#: So long a cell has that was interrupted: a run that is stopped is over within two seconds.
INTERRUPTED_S = 1.0

#: A process: its node and its number there.
Place = tuple[str, int]

#: What tells where workers are, as soon as they have started. (Ray's head would know, but may be gone.)
_places: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def note_place(worker: Any) -> Any:
    """The worker, which will be used: where it is can be asked for later, when it is busy."""
    if worker not in _places:
        _places[worker] = worker.place.remote()
    return worker


def interrupt_workers(workers: Sequence[Any]) -> None:
    """Have the cells that run in these workers raise KeyboardInterrupt.

    A worker whose place isn't known yet, as it is starting or the machine is busy, is interrupted once it is.
    """
    for worker in workers:
        if worker in _places:
            _places[worker].future().add_done_callback(partial(_interrupt_at, _here()))


def _interrupt_at(here: str, place: Future[Place]) -> None:
    if place.exception() is not None:  # the worker has ended, or couldn't start
        return
    node, pid = place.result()
    if node == here:
        _interrupt(pid)
    else:
        _interrupt_there.options(scheduling_strategy=_on(node)).remote(pid)


def end_workers(workers: Sequence[Any], grace_s: float = GRACE_S) -> None:
    """Return when these workers, which run nothing, have ended.

    Those that take longer, or haven't started yet, are killed.
    """
    deadline = time.monotonic() + grace_s
    known = _known(workers)
    asked = {worker.leave.remote(): worker for worker in known}
    answered, _ = ray.wait([*asked], num_returns=len(asked), timeout=grace_s) if asked else ([], [])
    going = []
    for ref in answered:
        with suppress(RayError):
            if not ray.get(ref):
                asked[ref].__ray_terminate__.remote()
                going.append(known[asked[ref]])
    _wait_until_gone(going, deadline)
    for worker in workers:
        ray.kill(worker)


def _known(workers: Sequence[Any]) -> dict[Any, Place]:
    """Where those of the workers are that have started."""
    found = {}
    for worker in workers:
        ref = _places.get(worker)
        if ref is not None and ray.wait([ref], timeout=0)[0]:
            with suppress(RayError):
                found[worker] = ray.get(ref)
    return found


def _here() -> str:
    return str(ray.get_runtime_context().get_node_id())


def _on(node: str) -> NodeAffinitySchedulingStrategy:
    return NodeAffinitySchedulingStrategy(node, soft=False)


def _wait_until_gone(places: Sequence[Place], deadline: float) -> None:
    waits = [
        _wait_there.options(scheduling_strategy=_on(node)).remote(pid)
        for node, pid in places
        if node != _here()
    ]
    for node, pid in places:
        if node == _here():
            _wait_for(pid, deadline - time.monotonic())
    if waits:
        left_s = max(0.0, deadline - time.monotonic())
        ray.wait(waits, num_returns=len(waits), timeout=left_s, fetch_local=False)


def _wait_for(pid: int, most_s: float) -> None:
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        psutil.Process(pid).wait(max(0.0, most_s))


def _interrupt(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)


@ray.remote(num_cpus=0)  # type: ignore[untyped-decorator]
def _wait_there(pid: int) -> None:
    _wait_for(pid, GRACE_S)


@ray.remote(num_cpus=0)  # type: ignore[untyped-decorator]
def _interrupt_there(pid: int) -> None:
    _interrupt(pid)
