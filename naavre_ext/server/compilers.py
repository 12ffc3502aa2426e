"""A compiler for each interpreter that has this version of naavre-ext; for the others the server's own."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

from naavre_ext.server.compiler import Compiler
from naavre_ext.server.kernels import Kernel

#: An interpreter without naavre-ext is tried again after so many seconds.
_TRIED_AGAIN_S = 30.0


class Compilers:
    """Asks the compiler of a notebook's interpreter."""

    def __init__(self) -> None:
        self._compilers: dict[str, Compiler] = {}
        self._unfit_since: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def ask(
        self,
        kernel: Kernel,
        operation: str,
        *,
        is_wanted: Callable[[], bool] = lambda: True,
        **fields: Any,
    ) -> dict[str, Any]:
        """As :meth:`Compiler.ask`.

        Where the interpreter has no naavre-ext of this version, the server's compiles, which then can't know
        what ``from module import *`` binds.
        """
        compiler, is_foreign = await self._of(kernel)
        return await compiler.ask(
            operation, is_wanted=is_wanted, star_imports=not is_foreign, **fields
        )

    async def start(self, kernel: Kernel) -> None:
        """Have the compiler ready."""
        await self._of(kernel)

    async def close(self) -> None:
        """End their processes."""
        await asyncio.gather(*(compiler.close() for compiler in self._compilers.values()))

    async def _of(self, kernel: Kernel) -> tuple[Compiler, bool]:
        interpreter = kernel.interpreter or sys.executable
        async with self._locks.setdefault(interpreter, asyncio.Lock()):
            if interpreter not in self._compilers and not self._is_unfit(interpreter):
                compiler = Compiler(interpreter)
                if await compiler.start():
                    self._compilers[interpreter] = compiler
                else:
                    self._unfit_since[interpreter] = time.monotonic()
        if interpreter in self._compilers:
            return self._compilers[interpreter], kernel.interpreter is None
        return self._compilers.setdefault(sys.executable, Compiler()), True

    def _is_unfit(self, interpreter: str) -> bool:
        """Whether it was found lately not to do: naavre-ext may be installed there any time."""
        since = self._unfit_since.get(interpreter)
        return since is not None and time.monotonic() - since < _TRIED_AGAIN_S
