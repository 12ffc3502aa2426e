"""The resident engines that this server's notebooks use: one for each interpreter and cluster."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from naavre_ext import __version__
from naavre_ext.engine import EngineClient
from naavre_ext.engine.asking import answer
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.server.errors import RequestError
from naavre_ext.server.kernels import Kernel, Problem
from naavre_ext.storage.process_identity import this_process

_ASK_TIMEOUT_S = 120.0

Result = TypeVar("Result")


class Engines:
    """Finds, starts and stops engines. Those that were started here are stopped with the server."""

    def __init__(self, pool: Executor, *, idle_s: float, log: logging.Logger) -> None:
        self._pool = pool
        self._idle_s = idle_s
        self._log = log
        self._clients: dict[tuple[str, str | None], EngineClient] = {}
        self._started: dict[str, EngineClient] = {}
        self._locks: dict[tuple[str, str | None], asyncio.Lock] = {}

    async def status(self, kernel: Kernel, address: str | None) -> dict[str, Any] | None:
        """``state`` (none, starting or ready) and what the engine says of itself; None without an interpreter.

        Raises:
            RequestError: the interpreter lacks what is needed, or the cluster can't be reached.
        """
        if kernel.interpreter is None:
            return None
        none: dict[str, Any] = {
            "state": "none",
            "slots": None,
            "resources": {},
            "runs_active": 0,
            "address": None,
        }
        if self._lock(kernel, address).locked():
            return {**none, "state": "starting"}
        client = await self._find(kernel, address)
        if client is None:
            return none
        try:
            told = await self._in_thread(client.status)
        except (OSError, NaavreError):
            return none
        return {"state": "ready", **{name: told.get(name) for name in none if name != "state"}}

    async def get(self, kernel: Kernel, address: str | None) -> EngineClient:
        """The engine of the kernel's interpreter, which is started where none runs.

        Raises:
            RequestError: 503, it can't be had; the message says what to do.
        """
        async with self._lock(kernel, address):
            client = await self._find(kernel, address)
            if client is not None:
                return client
            self._log.info("naavre-ext: starting an engine for %s", kernel.interpreter)
            found = await self._ask(kernel, address, start=True)
            if found is None:
                raise RequestError(503, "The engine ended as soon as it was started. Try it again.")
            return found

    async def cancel(self, run_id: str) -> bool:
        """Have a run that another process started stop; false when no engine that is known has it."""
        for client in list(self._clients.values()):
            with suppress(OSError, NaavreError):
                await self._in_thread(client.cancel, run_id)
                return True
        return False

    async def close(self) -> None:
        """Stop the engines that were started here, but for those that others use."""
        await asyncio.gather(*(self._in_thread(_stop, c) for c in self._started.values()))

    async def _find(self, kernel: Kernel, address: str | None) -> EngineClient | None:
        known = self._clients.get((str(kernel.interpreter), address))
        if known is not None and not kernel.is_own and await self._in_thread(_answers, known):
            return known  # to ask the interpreter again takes longer
        return await self._ask(kernel, address, start=False)

    async def _ask(
        self, kernel: Kernel, address: str | None, *, start: bool
    ) -> EngineClient | None:
        """The engine's client, or None where none runs."""
        if kernel.problem is not None:
            raise _unavailable(kernel.problem)
        if kernel.is_own:
            told = await self._in_thread(
                answer, address, start=start, idle_s=self._idle_s, owner=this_process()
            )
        else:
            told = await self._in_thread(_ask_interpreter, kernel, address, start, self._idle_s)
        problem = _problem(kernel, told)
        if problem is not None:
            raise _unavailable(problem)
        if told["socket"] is None:
            self._clients.pop((str(kernel.interpreter), address), None)
            return None
        client = EngineClient(Path(told["socket"]))
        self._clients[str(kernel.interpreter), address] = client
        if told["started"]:
            self._started[told["socket"]] = client
        return client

    def _lock(self, kernel: Kernel, address: str | None) -> asyncio.Lock:
        return self._locks.setdefault((str(kernel.interpreter), address), asyncio.Lock())

    async def _in_thread(self, work: Callable[..., Result], *args: Any, **named: Any) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(*args, **named))


def _unavailable(problem: Problem) -> RequestError:
    return RequestError(503, problem.message, remedy=problem.remedy)


def _ask_interpreter(
    kernel: Kernel, address: str | None, start: bool, idle_s: float
) -> dict[str, Any]:
    """What another interpreter says of its engine; ``error`` when it can't say anything."""
    command = [str(kernel.interpreter), "-m", "naavre_ext.engine.asking", "--idle-s", str(idle_s)]
    command += ["--owner", json.dumps(this_process())]
    command += ["--address", address] if address is not None else []
    command += ["--start"] if start else []
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ASK_TIMEOUT_S,
            env=dict(kernel.environment),
            cwd=os.sep,  # else modules in the server's folder would come first
            check=False,
        )
        told: dict[str, Any] = json.loads(done.stdout)
        return told
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {"version": None}


def _problem(kernel: Kernel, told: Mapping[str, Any]) -> Problem | None:
    """What keeps the kernel's interpreter from running notebooks, by what it said of itself."""
    install = f"Install it: {kernel.interpreter} -m pip install"
    place = f"The kernel '{kernel.name}' runs {kernel.interpreter}, which has"
    if told["version"] is None:
        return Problem(f"{place} no naavre-ext.", f"{install} naavre-ext=={__version__}")
    if told["version"] != __version__:
        message = f"{place} naavre-ext {told['version']}; this server has {__version__}."
        return Problem(message, f"{install} naavre-ext=={__version__}")
    if not told["ray"]:
        return Problem(f"{place} no Ray.", f"{install} ray")
    return Problem(told["error"], "") if told.get("error") else None


def _answers(client: EngineClient) -> bool:
    try:
        client.status()
    except (OSError, NaavreError):
        return False
    return True


def _stop(client: EngineClient) -> None:
    """Have an engine stop that nobody uses. One whose runs go on ends after them, as its owner is gone then."""
    with suppress(OSError, NaavreError):
        if client.status()["runs_active"] == 0:
            client.stop(wait=False)
