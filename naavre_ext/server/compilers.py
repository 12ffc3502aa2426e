"""A compiler for each interpreter that has this version of naavre-ext; for the others the server's own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from naavre_ext.server.compiler import Compiler
from naavre_ext.server.kernels import Kernel


class Compilers:
    """Asks the compiler of a notebook's interpreter."""

    def __init__(self) -> None:
        self._compilers: dict[str, Compiler] = {}
        self._unfit: set[str] = set()
        self._lock = asyncio.Lock()

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
        async with self._lock:
            if interpreter not in self._unfit and interpreter not in self._compilers:
                compiler = Compiler(interpreter)
                if await compiler.start():
                    self._compilers[interpreter] = compiler
                else:
                    self._unfit.add(interpreter)
            if interpreter in self._unfit:
                own = self._compilers.setdefault(sys.executable, Compiler())
                return own, kernel.interpreter is not None
            return self._compilers[interpreter], kernel.interpreter is None
