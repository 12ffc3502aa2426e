"""Routes about sweeps."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.server.asked_run import RunRequest
from naavre_ext.server.bodies import Fields, without_outputs
from naavre_ext.server.errors import RequestError
from naavre_ext.server.handlers import RestHandler
from naavre_ext.server.run_requests import read_run_request
from naavre_ext.server.sweeps import SweepRow, row_outputs

_MOST_ROWS = 1000


class SweepsHandler(RestHandler):
    """``sweeps``: a run for each row of a table of parameters; what all rows share runs once."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Check all rows, then begin."""
        fields = await self.fields()
        rows = [_row(row, n) for n, row in enumerate(fields.items("rows", _MOST_ROWS))]
        outputs = row_outputs(fields.optional_text("output"), rows)
        jobs = fields.count("jobs")
        request = await read_run_request(self, fields, takes_output=False)
        fields.done()
        await self._check(request, rows)
        paths = self.services.paths
        files = [
            None if path is None else await paths.file(path, "output", make_folder=True)
            for path in outputs
        ]
        table = [SweepRow(row, file) for row, file in zip(rows, files, strict=True)]
        self.answer(await self.services.sweeps.start(request, table, jobs), 201)

    async def _check(self, request: RunRequest, rows: list[dict[str, Any]]) -> None:
        found = await self.services.compilers.ask(
            request.kernel,
            "rows",
            notebook=without_outputs(request.document),
            rows=[{**request.parameters, **row} for row in rows],
            path=str(request.file),
        )
        if found["row"] is not None:
            diagnostics = [Diagnostic.from_json(data) for data in found["diagnostics"]]
            message = "\n".join(diagnostic.describe() for diagnostic in diagnostics)
            number = found["row"]
            raise RequestError(
                422,
                f"Row {number + 1}: {message}",
                field=f"rows.{number}",
                diagnostics=diagnostics,
            )


def _row(row: Any, number: int) -> dict[str, Any]:
    if not isinstance(row, dict):
        field = f"rows.{number}"
        raise RequestError(400, f"{field!r} takes a JSON object of parameters.", field=field)
    return row


class SweepHandler(RestHandler):
    """``sweeps/{id}``."""

    @web.authenticated
    @authorized
    async def get(self, sweep_id: str) -> None:
        """The rows with their states, and the runs."""
        file = await self.queried_file()
        self.answer(await self.services.sweeps.describe(sweep_id, file))


class CancelSweepHandler(RestHandler):
    """``sweeps/{id}/cancel``."""

    @web.authenticated
    @authorized
    async def post(self, sweep_id: str) -> None:
        """Have all its rows stop, or one."""
        fields = await self.fields() if self.request.body else Fields({})
        row = fields.index("row")
        fields.done()
        await self.services.sweeps.cancel(sweep_id, row)
        self.answer({}, 202)


class ResumeSweepHandler(RestHandler):
    """``sweeps/{id}/resume``."""

    @web.authenticated
    @authorized
    async def post(self, sweep_id: str) -> None:
        """Run the rows again that didn't end well."""
        fields = await self.fields()
        jobs, anew = fields.count("jobs"), bool(fields.flag("anew"))
        request = await read_run_request(self, fields, takes_output=False)
        fields.done()
        sweeps = self.services.sweeps
        self.answer(await sweeps.resume(sweep_id, request, jobs, anew=anew), 201)
