"""How workers that held a run's values end: as a notebook's kernel does, and not in the midst of anything."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psutil
import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from naavre_ext.executors.worker import Worker

#: So long a Jupyter server waits for a kernel that was asked to end.
GRACE_S = 5.0

#: A process that has to end by itself: its node and its number there.
Place = tuple[str, int]


def take_leave(worker: Worker) -> Place | None:
    """Where the worker's process is, if something is left in it that only its own end brings about."""
    if worker.endings.are_left():
        return ray.get_runtime_context().get_node_id(), os.getpid()
    worker.let_go()
    return None


def end_workers(workers: Sequence[Any]) -> None:
    """Return when these workers, which run nothing, have ended: what takes longer than a kernel may is killed."""
    deadline = time.monotonic() + GRACE_S
    asked = {worker.leave.remote(): worker for worker in workers}
    answered, _ = ray.wait([*asked], num_returns=len(asked), timeout=GRACE_S) if asked else ([], [])
    going = []
    for ref in answered:
        with suppress(RayError):
            place = ray.get(ref)
            if place is not None:
                asked[ref].__ray_terminate__.remote()
                going.append(place)
    _wait_until_gone(going, deadline)
    for worker in workers:
        ray.kill(worker)


def _wait_until_gone(places: Sequence[Place], deadline: float) -> None:
    here = ray.get_runtime_context().get_node_id() if places else ""
    waits = [
        _wait_there.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
        ).remote(pid)
        for node, pid in places
        if node != here
    ]
    for node, pid in places:
        if node == here:
            _wait_for(pid, deadline - time.monotonic())
    if waits:
        left_s = max(0.0, deadline - time.monotonic())
        ray.wait(waits, num_returns=len(waits), timeout=left_s, fetch_local=False)


def _wait_for(pid: int, most_s: float) -> None:
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        psutil.Process(pid).wait(max(0.0, most_s))


@ray.remote(num_cpus=0)  # type: ignore[untyped-decorator]
def _wait_there(pid: int) -> None:
    _wait_for(pid, GRACE_S)
