"""The one Worker of a Ray process, made ready for each task that the process gets."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import ray

from naavre_ext.executors.ray.run_channel import RunSender
from naavre_ext.executors.tasks import RunContext
from naavre_ext.executors.worker import Worker
from naavre_ext.scheduling.claims import Claim

#: What is smaller goes to a worker with its task: the object store takes longer.
INLINE_BYTES = 2**15

_worker: Worker | None = None
_sender = RunSender()


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


def sendable(context: RunContext) -> Any:
    """The context as tasks get it, read again with :func:`read_context`."""
    return stored_if_large(pickle.dumps(context, protocol=5))


def stored_if_large(pickled: bytes) -> Any:
    """The pickle as a task's argument: itself where it is small, else where it is in the object store."""
    return pickled if len(pickled) <= INLINE_BYTES else ray.put(pickled)


@lru_cache(maxsize=2)  # most often it is that of the task before
def read_context(pickled: bytes) -> RunContext:
    """The context of a task."""
    context: RunContext = pickle.loads(pickled)
    return context


def send_to(context: RunContext) -> Callable[[Mapping[str, Any]], None]:
    """What sends live messages to the run's driver."""
    if context.channel is None:
        return lambda message: None
    return _sender.to(context.channel)
