"""The extension as Jupyter Server sees it: configuration, routes, and an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.services.contents.manager import ContentsManager
from traitlets import Bool, Float, Integer, Unicode

from naavre_ext.environment import ray_address
from naavre_ext.server.compilers import Compilers
from naavre_ext.server.contents_paths import ContentsPaths
from naavre_ext.server.engines import Engines
from naavre_ext.server.errors import RequestError
from naavre_ext.server.handlers import SETTING
from naavre_ext.server.kernels import Kernel
from naavre_ext.server.routes import ROUTES
from naavre_ext.server.run_service import RunService
from naavre_ext.server.sweeps import Sweeps
from naavre_ext.server.writing_turns import WritingTurns

_THREADS = 16


class Services:
    """What the handlers share while the server lives."""

    def __init__(self, app: NaavreExtension) -> None:
        self.max_body_bytes: int = app.max_body_bytes
        self.environment: Mapping[str, str] = os.environ
        self.address: str | None = app.address or ray_address(os.environ)
        self.log = app.log
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="naavre-ext")
        assert app.serverapp is not None
        self.paths = ContentsPaths(app.serverapp.contents_manager, follow_links=app.follow_links)
        self.engines = Engines(self._pool, idle_s=app.engine_idle_s, log=app.log)
        self.compilers = Compilers()
        store = os.environ.get("NAAVRE_STORE")
        self.runs = RunService(
            self.engines, self.paths, self._pool, app.log, Path(store) if store else None
        )
        self.in_thread = self.runs.in_thread
        self.sweeps = Sweeps(self.runs)
        self.turns = WritingTurns()
        self._tasks: set[asyncio.Task[None]] = set()

    def warm(self, kernel: Kernel, address: str | None) -> None:
        """Start the kernel's engine in the background; ``status`` tells what came of it."""
        self.in_background(self.engines.get(kernel, address))

    def in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Have the work done; that it fails is only logged."""

        async def do() -> None:
            try:
                await work
            except RequestError as error:
                self.log.info("naavre-ext: %s", error.message)

        task = asyncio.create_task(do())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def on_contents(self, logger: EventLogger, schema_id: str, data: dict[str, Any]) -> None:
        """The contents manager has done something with a file."""
        if data.get("action") == "rename":
            with suppress(RequestError):  # it isn't where notebooks can be run
                old, new = data["source_path"], data["path"]
                await self.runs.rename(await self.paths.file(old), await self.paths.file(new))

    async def close(self) -> None:
        """Cancel the runs, and stop what was started."""
        for task in list(self._tasks):
            task.cancel()
        self.sweeps.close()
        self.runs.close()
        await asyncio.gather(self.engines.close(), self.compilers.close())
        self._pool.shutdown(wait=False)


class NaavreExtension(ExtensionApp):
    """Compiles and runs notebooks for the front end."""

    name = "naavre_ext"
    extension_url = "/naavre-ext"

    address = Unicode(
        "", help="HOST:PORT of the Ray cluster; default: $RAY_ADDRESS, else a local Ray."
    ).tag(config=True)
    engine_idle_s = Float(
        1800.0, help="After so many seconds without a run an engine that was started here ends."
    ).tag(config=True)
    max_body_bytes = Integer(64 << 20, help="No request may be larger.").tag(config=True)
    follow_links = Bool(
        False, help="Allow notebooks behind symbolic links that lead out of the server's root."
    ).tag(config=True)

    services: Services | None = None

    def initialize_settings(self) -> None:
        """Make what the handlers share."""
        self.services = Services(self)
        self.settings[SETTING] = self.services
        assert self.serverapp is not None
        self.serverapp.event_logger.add_listener(
            schema_id=ContentsManager.event_schema_id, listener=self.services.on_contents
        )

    def initialize_handlers(self) -> None:
        """Add the routes."""
        self.handlers.extend(ROUTES)

    async def stop_extension(self) -> None:
        """Leave nothing behind."""
        if self.services is not None:
            with suppress(asyncio.CancelledError):
                await self.services.close()
