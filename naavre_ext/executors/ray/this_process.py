"""The one Worker of a Ray process, made ready for each task that the process gets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from naavre_ext.executors.ray.channel import ChannelEndpoint, ChannelSender
from naavre_ext.executors.tasks import RunContext
from naavre_ext.executors.worker import Worker
from naavre_ext.scheduling.claims import Claim

_worker: Worker | None = None
_sender: tuple[ChannelEndpoint, ChannelSender] | None = None


#: The variable that Ray sets before each task where it isn't set, and what the last task left there.
_THREADS = "OMP_NUM_THREADS"
_threads_left: str | None = None


def this_worker(num_cpus: float = 1) -> Worker:
    """The one Worker of this process: notebook functions keep its namespace as their globals for ever."""
    global _worker
    if _worker is None:
        # Ray limits BLAS to the claim's CPUs; what a cell imports gets what the notebook's kernel would have.
        if "numpy" not in sys.modules and os.environ.get(_THREADS) == str(max(1, int(num_cpus))):
            del os.environ[_THREADS]
        _worker = Worker(isolated=True, capture_fds=True)
    elif _threads_left is None:
        os.environ.pop(_THREADS, None)
    return _worker


@contextmanager
def ready_worker(context: RunContext, claim: Claim, devices: Mapping[str, str]) -> Iterator[Worker]:
    """This process's Worker, made ready for a task with this claim."""
    global _threads_left
    worker = this_worker(claim.get("num_cpus", 1))
    worker.give_devices(devices)
    worker.enter(context)
    try:
        yield worker
    finally:
        _threads_left = os.environ.get(_THREADS)


def send_to(context: RunContext) -> Any:
    """What sends live messages to the run's driver."""
    global _sender
    if context.channel is None:
        return lambda message: None
    if _sender is None or _sender[0] != context.channel:
        if _sender is not None:
            _sender[1].close(wait=False)  # that run is over, or goes on without this worker
        _sender = (context.channel, ChannelSender(context.channel))
    return _sender[1].send
