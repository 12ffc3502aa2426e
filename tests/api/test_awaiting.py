"""Awaited runs: in order, at most so many at once, stopped with their task, and no others kept waiting."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import Any
from unittest.mock import Mock

import nbformat
import pytest

from naavre_ext import awaiting, compile_notebook
from naavre_ext.awaiting import MOST_AT_ONCE, await_run
from naavre_ext.executors.ray import cluster, spare_workers
from naavre_ext.model.run import RunOptions


def test_results_come_in_the_order_asked_for_and_begin_in_it():
    begun: list[int] = []
    lock = threading.Lock()
    at_once, most = 0, 0

    def work(number: int) -> int:
        nonlocal at_once, most
        with lock:
            begun.append(number)
            at_once += 1
            most = max(most, at_once)
        threading.Event().wait(0.002)
        with lock:
            at_once -= 1
        return number

    async def main() -> list[int]:
        return await asyncio.gather(*(await_run(lambda _, n=n: work(n)) for n in range(40)))

    assert asyncio.run(main()) == list(range(40))
    assert begun[:MOST_AT_ONCE] == sorted(begun[:MOST_AT_ONCE])
    assert most <= MOST_AT_ONCE


def test_a_cancelled_task_stops_its_run_and_no_other():
    ended: list[str] = []
    started, release = threading.Event(), threading.Event()

    def stopped(cancel: threading.Event) -> None:
        started.set()
        cancel.wait(240)
        ended.append("stopped" if cancel.is_set() else "ran on")

    def other(cancel: threading.Event) -> str:
        release.wait(240)
        return "stopped" if cancel.is_set() else "ran on"

    async def main() -> str:
        one, two = asyncio.create_task(await_run(stopped)), asyncio.create_task(await_run(other))
        await asyncio.to_thread(started.wait)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        assert ended == ["stopped"]  # it has ended when its task has
        release.set()
        return await two

    assert asyncio.run(main()) == "ran on"


def test_runs_that_wait_are_never_begun_once_cancelled():
    release = threading.Event()
    begun: list[int] = []

    async def main() -> None:
        busy = [
            asyncio.create_task(await_run(lambda _: release.wait(240))) for _ in range(MOST_AT_ONCE)
        ]
        await asyncio.sleep(0)
        waiting = asyncio.create_task(await_run(lambda _: begun.append(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        # The threads of asyncio are free, though all of ours are taken.
        assert await asyncio.to_thread(lambda: 7) == 7
        release.set()
        await asyncio.gather(*busy)

    asyncio.run(main())
    assert begun == []


def test_an_error_of_the_run_is_the_awaiters():
    def fails(_: threading.Event) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(await_run(fails))
    assert awaiting.MOST_AT_ONCE >= 4


def test_a_run_that_waits_for_ray_is_left_at_once(monkeypatch):
    starting: Future[Any] = Future()
    monkeypatch.setattr(cluster, "start_in_background", lambda address: starting)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("a = 1")])
    workflow = compile_notebook(notebook)

    async def main() -> None:
        options = RunOptions(keep=None, executor="ray")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(workflow.run(options=options), 0.1)

    asyncio.run(main())
    monkeypatch.setattr(spare_workers, "start_main", lambda: None)
    handle = Mock()
    starting.set_result(handle)
    handle.close.assert_called_once_with(waits=False)
