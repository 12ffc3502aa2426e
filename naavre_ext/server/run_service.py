"""The runs that this server started, and all that lie in the records beside its notebooks."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from naavre_ext.engine import EngineClient
from naavre_ext.engine.held import HeldRun
from naavre_ext.model.diagnostic import NaavreError, RefusedError
from naavre_ext.server.asked_run import RunRequest
from naavre_ext.server.contents_paths import ContentsPaths
from naavre_ext.server.engines import Engines
from naavre_ext.server.errors import RequestError, as_request_error
from naavre_ext.server.run_views import run_summary
from naavre_ext.storage.run_record import RunRecord
from naavre_ext.storage.run_store import RunStore

Result = TypeVar("Result")


class Stoppable(Protocol):
    """A run that somebody holds."""

    def cancel(self) -> None:
        """Have the run stop."""

    def close(self) -> None:
        """Let go of it."""


class RunService:
    """Starts runs in the engines, and finds them again by the id of their record."""

    def __init__(
        self,
        engines: Engines,
        paths: ContentsPaths,
        pool: Executor,
        log: logging.Logger,
        store: Path | None = None,
    ) -> None:
        self.engines = engines
        self._paths = paths
        self._pool = pool
        self._log = log
        self._store = store
        self._held: dict[str, Stoppable] = {}
        self._ends: dict[str, asyncio.Future[None]] = {}
        self._errors: dict[str, str] = {}
        self._summaries: dict[Path, dict[str, Any]] = {}
        #: The notebook of each record that was looked at, which stays.
        self._notebooks: dict[Path, str | None] = {}
        self._stores: dict[Path, RunStore] = {}

    async def in_thread(self, work: Callable[..., Result], *args: Any) -> Result:
        """What ``work`` returns, computed outside of the server's event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)

    async def start(self, request: RunRequest) -> dict[str, Any]:
        """The summary of a new run, which has begun.

        Raises:
            RequestError: nothing was run.
        """
        held = await self.begin(request, self._hold)
        self.adopt(held.run_id, held)
        threading.Thread(
            target=self._await_end,
            args=(held, asyncio.get_running_loop()),
            name=f"naavre-ext-{held.run_id}",
            daemon=True,
        ).start()
        record = await self.in_thread(self.record, held.run_id, request.file)
        return await self.summarise(record)

    async def begin(
        self, request: RunRequest, hold: Callable[[EngineClient, RunRequest], Result]
    ) -> Result:
        """What the kernel's engine makes of the request.

        Raises:
            RequestError: nothing was run.
        """
        engine = await self.engines.get(request.kernel, request.options.address)
        try:
            return await self.in_thread(hold, engine, request)
        except NaavreError as error:
            raise as_request_error(error) from None
        except OSError as error:
            raise RequestError(
                503, f"The engine can't be reached: {error}. Try it again."
            ) from None

    def adopt(self, run_id: str, held: Stoppable) -> None:
        """A run that was started here goes on until :meth:`let_go`."""
        self._held[run_id] = held
        self._ends[run_id] = asyncio.get_running_loop().create_future()

    def let_go(self, run_id: str, error: str | None = None) -> None:
        """A run that was started here has ended; ``error`` says why it broke off, if it did."""
        self._held.pop(run_id, None)
        if error is not None:
            self._errors[run_id] = error
        end = self._ends.pop(run_id, None)
        if end is not None and not end.done():
            end.set_result(None)

    async def list(self, file: Path | None) -> list[dict[str, Any]]:
        """The runs of a notebook, or all beside the notebooks that this server has met, newest first."""

        def found() -> list[dict[str, Any]]:
            wanted = None if file is None else os.path.abspath(file)
            summaries = [found for store in self.stores(file) for found in self._all(store, wanted)]
            return sorted(summaries, key=lambda run: (run["started_at"], run["id"]), reverse=True)

        return await self.in_thread(found)

    def _all(self, store: RunStore, notebook: str | None) -> Iterator[dict[str, Any]]:
        """The runs of a store, or those of one notebook. Records of runs that are over are read once."""
        for path in store.folders():
            record = None
            if path not in self._notebooks:
                record = store.read(path)
                if record is None:
                    continue
                self._notebooks[path] = record.info.get("notebook")
            if notebook is not None and self._notebooks[path] != notebook:
                continue
            known = self._summaries.get(path)
            if known is None and (record := record or store.read(path)) is not None:
                known = self._summary(record)
            if known is not None:
                yield known

    async def summarise(self, record: RunRecord) -> dict[str, Any]:
        """The run as a list shows it."""
        return await self.in_thread(self._summary, record)

    def record(self, run_id: str, file: Path | None) -> RunRecord:
        """The run's record.

        Raises:
            RequestError: there is no such run.
        """
        for store in self.stores(file):
            try:
                record = store.open(run_id)
            except RefusedError:
                continue
            if record.run_id == run_id:
                return record
        raise RequestError(404, f"There is no run {run_id!r}.")

    def summaries(self, store: RunStore, run_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The runs of a store that there are, as a list shows them, by their ids; for a thread."""
        found = {}
        for run_id in run_ids:
            known = self._summaries.get(store.root / "runs" / run_id)
            if known is not None:
                found[run_id] = known
            elif (record := store.find(run_id)) is not None:
                found[run_id] = self._summary(record)
        return found

    def stores(self, file: Path | None) -> tuple[RunStore, ...]:
        """The store of the notebook in ``file``, or all that this server has met."""
        return (self.store(file),) if file is not None else tuple(self._stores.values())

    def store(self, file: Path) -> RunStore:
        """Where the runs of the notebook in ``file`` are kept."""
        store = RunStore(self._store) if self._store is not None else RunStore.beside(file)
        return self._stores.setdefault(store.root, store)

    async def rename(self, old: Path, new: Path) -> None:
        """Has the runs of a notebook go with it to another name in its folder."""
        store = self.store(old)
        if self.store(new).root == store.root:
            for record in await self.in_thread(store.rename_notebook, old, new):
                self._forget(record.path)

    def _forget(self, path: Path) -> None:
        self._summaries.pop(path, None)
        self._notebooks.pop(path, None)

    async def cancel(self, record: RunRecord) -> None:
        """Have the run stop.

        Raises:
            RequestError: it isn't running, or can't be reached from here.
        """
        if record.summary.status != "running":
            raise RequestError(409, f"Run {record.run_id} is over.")
        held = self._held.get(record.run_id)
        if held is None:
            if not await self.engines.cancel(record.run_id):
                raise RequestError(
                    409, f"Run {record.run_id} was started elsewhere: stop it there."
                )
            return
        try:
            await self.in_thread(held.cancel)
        except (OSError, NaavreError):
            raise RequestError(409, f"Run {record.run_id} is over: its engine is gone.") from None

    def is_held(self, run_id: str) -> bool:
        """Whether the run was started here and goes on."""
        return run_id in self._held

    async def wait_for_end(self, run_id: str) -> None:
        """Return when a run that was started here has ended."""
        end = self._ends.get(run_id)
        if end is not None:
            await asyncio.shield(end)

    async def delete(self, record: RunRecord) -> None:
        """Remove the run and all that it kept.

        Raises:
            RequestError: it still runs, or can't be removed.
        """
        store = RunStore(record.path.parent.parent)
        try:
            await self.in_thread(store.delete, record.run_id)
            self._forget(record.path)
        except RefusedError as error:
            raise RequestError(409, str(error), diagnostics=error.diagnostics) from None

    async def settle(self, run_id: str) -> str | None:
        """Return when all is written that a run keeps; say why it broke off, if it did."""
        await self.wait_for_end(run_id)
        return self.end_message(run_id)

    def end_message(self, run_id: str) -> str | None:
        """Why a run that was started here broke off, if it did."""
        return self._errors.get(run_id)

    def close(self) -> None:
        """Let go of all runs; those that aren't detached end with that."""
        for held in list(self._held.values()):
            held.close()

    def _hold(self, engine: EngineClient, request: RunRequest) -> HeldRun:
        return engine.hold(
            dict(request.document),
            request.output,
            parameters=request.typed(request.parameters),
            options=request.engine_options(self.store(request.file).root),
            detached=request.detached,
        )

    def _await_end(self, held: HeldRun, loop: asyncio.AbstractEventLoop) -> None:
        """Hold the run until it has ended."""
        problem = None
        try:
            with held:
                held.wait()
        except (OSError, NaavreError) as error:
            problem = str(error)
            self._log.warning("naavre-ext: run %s broke off: %s", held.run_id, error)
        with suppress(RuntimeError):  # the server's loop may have ended before
            loop.call_soon_threadsafe(self.let_go, held.run_id, problem)

    def _summary(self, record: RunRecord) -> dict[str, Any]:
        """The summary; that of a run that is over is remembered, as its events may be many."""
        if record.path in self._summaries:
            return self._summaries[record.path]
        summary = self._read_summary(record)
        if summary["state"] != "running":
            self._summaries[record.path] = summary
        return summary

    def _read_summary(self, record: RunRecord) -> dict[str, Any]:
        notebook = record.info.get("notebook")
        output = (record.info.get("labels") or {}).get("output")
        held = self.is_held(record.run_id)
        summary = run_summary(
            record,
            None if notebook is None else self._paths.path_of(notebook),
            None if output is None else self._paths.path_of(output),
        )
        # After its last event the run still writes what it keeps.
        return {**summary, "state": "running", "speedup": None} if held else summary
