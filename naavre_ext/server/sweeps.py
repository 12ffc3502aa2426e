"""Parameter sweeps: a batch for each, whose jobs are the table's rows. What all rows share runs once."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from naavre_ext.engine import EngineClient
from naavre_ext.engine.held import HeldBatch, JobNews
from naavre_ext.model.diagnostic import NaavreError, RefusedError
from naavre_ext.server.asked_run import RunRequest
from naavre_ext.server.errors import RequestError, as_request_error
from naavre_ext.server.run_service import RunService
from naavre_ext.server.sweep_views import SHARED, SweepProgress, sweep_view
from naavre_ext.storage.batch_store import BatchRecord, find_batch
from naavre_ext.storage.run_store import RunStore

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_UNSAFE = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True, slots=True)
class SweepRow:
    """The parameters of one row, and where its executed notebook goes."""

    parameters: Mapping[str, Any]
    output: Path | None = None


@dataclass(slots=True)
class _Live:
    """A sweep that goes on, what has become of its rows, and when it is ``over``."""

    held: HeldBatch
    file: Path
    progress: SweepProgress
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def goes_on(self) -> bool:
        """Whether some row hasn't ended; once all have, it is over in a moment."""
        return bool(self.progress.waiting - self.progress.ends.keys())


@dataclass(frozen=True, slots=True)
class _HeldJob:
    """The run of one job; without it, of what all share, nothing can go on."""

    batch: HeldBatch
    number: int

    def cancel(self) -> None:
        """Have the run stop."""
        self.batch.cancel(self.number or None)

    def close(self) -> None:
        """It ends with its batch."""


class Sweeps:
    """Starts sweeps, and finds them again by the id of their batch, also those of other processes."""

    def __init__(self, runs: RunService) -> None:
        self._runs = runs
        self._live: dict[str, _Live] = {}

    async def start(
        self, request: RunRequest, rows: Sequence[SweepRow], jobs: int | None
    ) -> dict[str, Any]:
        """A new sweep, which has begun; ``jobs`` run at once (None: one for each slot).

        Raises:
            RequestError: nothing was run.
        """
        return await self._begin(request, rows, jobs, None)

    async def resume(
        self, sweep_id: str, request: RunRequest, jobs: int | None, *, anew: bool
    ) -> dict[str, Any]:
        """The sweep, whose rows that didn't end well are run again; what all rows share isn't, where it is stored.

        After an edit of the notebook all rows run again, which ``anew`` has to allow.

        Raises:
            RequestError: nothing was run.
        """
        live = self._live.get(sweep_id)
        if live is not None and live.goes_on:
            raise RequestError(409, f"Sweep {sweep_id} still goes on.")
        if live is not None:  # its last row has just ended
            await live.over.wait()
        _, record = await self._runs.in_thread(self._found, sweep_id, request.file)
        if not anew:
            await self._runs.in_thread(_refuse_outdated, record, request)
        return await self._begin(request, (), jobs, sweep_id)

    async def describe(self, sweep_id: str, file: Path | None) -> dict[str, Any]:
        """The sweep's rows and runs.

        Raises:
            RequestError: there is no such sweep.
        """
        live = self._live.get(sweep_id)
        progress = None if live is None else live.progress
        place = file if live is None else live.file

        def described() -> dict[str, Any]:
            store, record = self._found(sweep_id, place)
            return sweep_view(record, progress, partial(self._runs.summaries, store))

        return await self._runs.in_thread(described)

    async def cancel(self, sweep_id: str, row: int | None = None) -> None:
        """Have all its rows stop, or this one, counted from 0.

        Raises:
            RequestError: there is no such sweep or row under way.
        """
        live = self._live.get(sweep_id)
        if live is None or not live.goes_on:
            raise RequestError(404, f"There is no sweep {sweep_id!r} under way.")
        waiting = live.held.waiting
        if row is not None and row + 1 not in waiting:
            raise RequestError(404, f"There is no row {row} under way.")
        live.progress.stopped.update(waiting if row is None else [row + 1])
        with suppress(OSError, NaavreError):  # it may have ended meanwhile
            await self._runs.in_thread(live.held.cancel, None if row is None else row + 1)

    def close(self) -> None:
        """Let go of all sweeps; those that aren't detached end with that."""
        for live in list(self._live.values()):
            live.held.close()

    async def _begin(
        self, request: RunRequest, rows: Sequence[SweepRow], jobs: int | None, resume: str | None
    ) -> dict[str, Any]:
        hold = partial(self._hold, rows=rows, jobs=jobs, resume=resume)
        held = await self._runs.begin(request, hold)
        live = _Live(held, request.file, SweepProgress(frozenset(held.waiting)))
        self._live[held.batch_id] = live
        threading.Thread(
            target=self._follow,
            args=(live, asyncio.get_running_loop()),
            name=f"naavre-ext-{held.batch_id}",
            daemon=True,
        ).start()
        return await self.describe(held.batch_id, request.file)

    def _hold(
        self,
        engine: EngineClient,
        request: RunRequest,
        rows: Sequence[SweepRow],
        jobs: int | None,
        resume: str | None,
    ) -> HeldBatch:
        asked = [
            {
                "parameters": request.typed({**request.parameters, **row.parameters}),
                "output": None if row.output is None else str(row.output),
            }
            for row in rows
        ]
        return engine.hold_batch(
            dict(request.document),
            asked,
            resume=resume,
            max_jobs=jobs,
            options=request.engine_options(self._runs.store(request.file).root),
            detached=request.detached,
        )

    def _follow(self, live: _Live, loop: asyncio.AbstractEventLoop) -> None:
        """Take note of what becomes of the rows until all have ended."""
        problem = None
        try:
            for news in live.held.news():
                loop.call_soon_threadsafe(self._take, live, news)
        except (OSError, NaavreError) as error:
            problem = str(error)
        except RuntimeError:  # the server's loop has ended before
            return
        live.held.close()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._end, live, problem)

    def _take(self, live: _Live, news: JobNews) -> None:
        runs = live.progress.runs
        if news.run_id is not None:
            runs[news.number] = news.run_id
            self._runs.adopt(news.run_id, _HeldJob(live.held, news.number))
        if news.end is not None:
            live.progress.ends[news.number] = news.end
            if news.number in runs:
                self._runs.let_go(runs[news.number])
        if news.number != SHARED and SHARED in runs:
            self._runs.let_go(runs[SHARED])  # jobs follow when it has ended

    def _end(self, live: _Live, problem: str | None) -> None:
        for run_id in live.progress.runs.values():
            self._runs.let_go(run_id, problem if self._runs.is_held(run_id) else None)
        self._live.pop(live.held.batch_id, None)
        live.over.set()

    def _found(self, sweep_id: str, file: Path | None) -> tuple[RunStore, BatchRecord]:
        for store in self._runs.stores(file):
            with suppress(RefusedError):
                return store, find_batch(store.root, sweep_id)
        raise RequestError(404, f"There is no sweep {sweep_id!r}.")


def _refuse_outdated(record: BatchRecord, request: RunRequest) -> None:
    """Raises a RequestError where an edit would have rows run again that ended well."""
    try:
        outdated = record.outdated(request.digest())
    except RefusedError as error:
        raise as_request_error(error) from None
    if outdated:
        message = (
            f"The notebook was edited since; rows that ended well would run again: {outdated}."
        )
        raise RequestError(409, message, field="anew", remedy="'anew' allows that.")


def row_outputs(template: str | None, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """The contents path of each row's output; ``{param_a}`` is the row's value, ``{row}`` its number from 1.

    Raises:
        RequestError: a name is unknown, or two rows would share an output.
    """
    if template is None:
        return [None] * len(rows)
    found: list[str | None] = [
        _PLACEHOLDER.sub(lambda match, n=number, r=row: _value(match[1], n, r), template)  # type: ignore[misc]
        for number, row in enumerate(rows, 1)
    ]
    if len(set(found)) < len(found):
        message = "Two rows would write one output; use {row} or the parameters in it."
        raise RequestError(400, message, field="output")
    return found


def _value(name: str, number: int, row: Mapping[str, Any]) -> str:
    if name != "row" and name not in row:
        raise RequestError(400, f"A row has no {name!r}.", field="output")
    return str(number) if name == "row" else _UNSAFE.sub("_", str(row[name])).lstrip(".")
