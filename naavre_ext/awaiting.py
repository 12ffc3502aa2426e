"""Runs that are awaited: each in a thread of its own, first come first served, stopped when their task is."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

#: So many runs are under way at once; the others wait. Each has a main worker, a process.
MOST_AT_ONCE = max(4, 2 * (os.cpu_count() or 1))

# Not asyncio's own threads: whoever else uses them would wait for runs.
_threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="naavre-run")


async def await_run(run: Callable[[threading.Event], Result]) -> Result:
    """What ``run`` returns; it is given an event that is set when the awaiting task is cancelled.

    A cancelled task ends when its run has: nothing goes on behind its back.
    """
    cancel = threading.Event()
    future = _threads.submit(contextvars.copy_context().run, run, cancel)
    waiting = asyncio.wrap_future(future)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        cancel.set()
        if not future.cancel():
            await asyncio.wait([waiting])
            if not waiting.cancelled():
                waiting.exception()  # nobody else asks for it
        raise
