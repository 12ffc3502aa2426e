"""Parameter sweeps: one run for each row of a table, as many at once as the engine has slots."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from naavre_ext.server.errors import RequestError
from naavre_ext.server.run_service import RunRequest, RunService

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_UNSAFE = re.compile(r"[^\w.+-]+")


@dataclass(slots=True)
class SweepRow:
    """One row: queued until it has a run, or a ``problem`` that kept it from being run."""

    parameters: Mapping[str, Any]
    output: Path | None = None
    run_id: str | None = None
    problem: str | None = None
    is_cancelled: bool = False

    @property
    def is_queued(self) -> bool:
        """Whether it will be run."""
        return self.run_id is None and self.problem is None and not self.is_cancelled


@dataclass(slots=True)
class Sweep:
    """The rows of a table, in its order, which belong to the notebook in ``file``."""

    id: str
    file: Path
    rows: list[SweepRow] = field(default_factory=list)


class Sweeps:
    """The sweeps that this server started. Of earlier ones the runs are left, which carry the sweep's id."""

    def __init__(self, runs: RunService) -> None:
        self._runs = runs
        self._sweeps: dict[str, Sweep] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(
        self, request: RunRequest, rows: Sequence[SweepRow], jobs: int | None
    ) -> dict[str, Any]:
        """A new sweep, whose first row has begun; ``jobs`` run at once (None: one for each slot).

        Raises:
            RequestError: the first row can't be run.
        """
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        sweep = Sweep(f"sweep-{stamp}-{secrets.token_hex(2)}", request.file, list(rows))
        first = await self._start_row(sweep, 0, request)
        self._sweeps[sweep.id] = sweep
        at_once = max(1, jobs or first.get("slots") or 1)
        task = asyncio.create_task(self._work(sweep, request, at_once))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await self.describe(sweep.id, request.file)

    async def describe(self, sweep_id: str, file: Path | None) -> dict[str, Any]:
        """The sweep's rows and runs.

        Raises:
            RequestError: there is no such sweep.
        """
        sweep = self._sweeps.get(sweep_id)
        if sweep is None:
            return await self._from_records(sweep_id, file)
        runs = {run["id"]: run for run in await self._runs.list(sweep.file)}
        rows = [_row_json(row, runs.get(row.run_id or "")) for row in sweep.rows]
        started = [run for row in sweep.rows if (run := runs.get(row.run_id or ""))]
        return {"sweep": sweep_id, "rows": rows, "runs": started}

    async def cancel(self, sweep_id: str) -> None:
        """Have all its runs stop, and no more begin.

        Raises:
            RequestError: there is no such sweep.
        """
        sweep = self._sweeps.get(sweep_id)
        if sweep is None:
            raise RequestError(404, f"There is no sweep {sweep_id!r} under way.")
        for row in sweep.rows:
            row.is_cancelled = row.is_queued
        for row in sweep.rows:
            await self._cancel_row(sweep, row)

    async def _cancel_row(self, sweep: Sweep, row: SweepRow) -> None:
        if row.run_id is not None and self._runs.is_held(row.run_id):
            with suppress(RequestError):  # it may have ended meanwhile
                await self._runs.cancel(self._runs.record(row.run_id, sweep.file))

    def close(self) -> None:
        """Begin no more runs."""
        for task in list(self._tasks):
            task.cancel()

    async def _work(self, sweep: Sweep, request: RunRequest, at_once: int) -> None:
        """Start the queued rows as others end."""
        places = asyncio.Semaphore(at_once)

        async def work(number: int) -> None:
            row = sweep.rows[number]
            async with places:
                if row.is_queued:
                    try:
                        await self._start_row(sweep, number, request)
                    except RequestError as error:
                        row.problem = error.message
                    if row.is_cancelled:  # while it was being started
                        await self._cancel_row(sweep, row)
                if row.run_id is not None:
                    await self._runs.wait_for_end(row.run_id)

        await asyncio.gather(*(work(number) for number in range(len(sweep.rows))))

    async def _start_row(self, sweep: Sweep, number: int, request: RunRequest) -> dict[str, Any]:
        row = sweep.rows[number]
        run = await self._runs.start(
            replace(
                request,
                parameters=dict(row.parameters),
                output=row.output,
                sweep=sweep.id,
                sweep_row=number,
            )
        )
        row.run_id = run["id"]
        return run

    async def _from_records(self, sweep_id: str, file: Path | None) -> dict[str, Any]:
        runs = [run for run in await self._runs.list(file) if run["sweep"] == sweep_id]
        if not runs:
            raise RequestError(404, f"There is no sweep {sweep_id!r}.")
        runs.sort(key=lambda run: run["sweep_row"])
        rows = [_row_json(SweepRow(run["parameters"], run_id=run["id"]), run) for run in runs]
        return {"sweep": sweep_id, "rows": rows, "runs": runs}


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


def _row_json(row: SweepRow, run: dict[str, Any] | None) -> dict[str, Any]:
    waiting = "cancelled" if row.is_cancelled else "failed" if row.problem else "queued"
    return {
        "parameters": dict(row.parameters),
        "state": run["state"] if run is not None else waiting,
        "run": row.run_id,
        "message": row.problem,
    }
