"""The server's end of the compiler's process: one question at a time, and none that nobody waits for any more."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from naavre_ext import __version__
from naavre_ext.server.compile_process import LENGTH
from naavre_ext.server.errors import RequestError

_START_TIMEOUT_S = 60.0
_ANSWER_TIMEOUT_S = 60.0
_PROCESS_MODULE = "naavre_ext.server.compile_process"


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


class Compiler:
    """Compiles in a process of ``interpreter``, which is started when it is needed, and again when it died."""

    def __init__(self, interpreter: str = sys.executable) -> None:
        self.interpreter = interpreter
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(
        self,
        operation: str,
        *,
        is_wanted: Callable[[], bool] = lambda: True,
        **fields: Any,
    ) -> dict[str, Any]:
        """The answer to an operation of ``compiling.OPERATIONS``.

        Raises:
            Abandoned: ``is_wanted`` said no when its turn came.
            RequestError: the compiler broke, or took too long.
        """
        async with self._turn:
            if not is_wanted():
                raise Abandoned
            try:
                process = await self._running()
                question = _converse(process, {"op": operation, **fields})
                answer = await asyncio.wait_for(question, _ANSWER_TIMEOUT_S)
            except asyncio.TimeoutError:
                await self._stop()
                message = (
                    f"The compiler took longer than {_ANSWER_TIMEOUT_S:.0f} s for this notebook."
                )
                raise RequestError(503, message) from None
            except (OSError, asyncio.IncompleteReadError) as error:
                await self._stop()
                raise RequestError(500, "The compiler's process died on this notebook.") from error
            except asyncio.CancelledError:
                await self._stop()  # the answer would be taken for the next question's
                raise
        if "error" in answer:
            raise RequestError(500, f"The compiler broke on this notebook: {answer['error']}")
        return dict(answer["answer"])

    async def start(self) -> bool:
        """Have the process ready; false when the interpreter has no naavre-ext of this version."""
        async with self._turn:
            try:
                await self._running()
            except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                await self._stop()
        return self._process is not None

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._stop()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                self.interpreter,
                "-m",
                _PROCESS_MODULE,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the server's
                cwd=os.sep,  # else modules in the server's folder would come first
            )
            greeting = await asyncio.wait_for(_read(self._process), _START_TIMEOUT_S)
            if greeting.get("version") != __version__:
                raise OSError(f"naavre-ext {greeting.get('version')} isn't {__version__}")
        return self._process

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _converse(
    process: asyncio.subprocess.Process, question: Mapping[str, Any]
) -> dict[str, Any]:
    assert process.stdin is not None
    data = json.dumps(question).encode()
    process.stdin.write(LENGTH.pack(len(data)) + data)
    await process.stdin.drain()
    return await _read(process)


async def _read(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    answer: dict[str, Any] = json.loads(await process.stdout.readexactly(length))
    return answer
