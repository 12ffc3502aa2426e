"""Routes about runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from naavre_ext.server.errors import RequestError
from naavre_ext.server.handlers import RestHandler
from naavre_ext.server.run_requests import read_run_request
from naavre_ext.server.run_results import copy_notebook, default_copy, variables_of
from naavre_ext.server.run_timeline import run_timeline
from naavre_ext.server.run_views import failure_of
from naavre_ext.storage.run_record import RunRecord


class RunsHandler(RestHandler):
    """``runs``: the list, and a new one."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The runs, newest first."""
        self.answer({"runs": await self.services.runs.list(await self.queried_file())})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Start a run; the answer comes when it has begun."""
        fields = await self.fields()
        request = await read_run_request(self, fields)
        fields.done()
        self.answer({"run": await self.services.runs.start(request)}, 201)


class RecordHandler(RestHandler):
    """A handler for one run, whose record is that beside the notebook of the query, if that names one."""

    async def record(self, run_id: str, path: str | None = None) -> RunRecord:
        """The run's record."""
        file = await self.file_of(path) if path else await self.queried_file()
        return await self.services.in_thread(self.services.runs.record, run_id, file)


class RunHandler(RecordHandler):
    """``runs/{id}``: all about one run, and its end."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """The run, its workflow, parameters and failure."""
        record = await self.record(run_id)
        message = self.services.runs.end_message(run_id)
        self.answer(
            {
                "run": await self.services.runs.summarise(record),
                "workflow": record.info.get("workflow"),
                "failure": await self.services.in_thread(failure_of, record, message),
                "parameters": record.info.get("parameters") or {},
            }
        )

    @web.authenticated
    @authorized
    async def delete(self, run_id: str) -> None:
        """Remove the run and all that it kept."""
        await self.services.runs.delete(await self.record(run_id))
        self.set_status(204)
        self.finish()


class CancelHandler(RecordHandler):
    """``runs/{id}/cancel``."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        """Have the run stop."""
        await self.services.runs.cancel(await self.record(run_id))
        self.answer({}, 202)


class ResumeHandler(RecordHandler):
    """``runs/{id}/resume``."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        """Start a run that takes over what the earlier one stored."""
        fields = await self.fields()
        request = await read_run_request(self, fields, resume=run_id)
        fields.done()
        runs = self.services.runs
        record = await self.services.in_thread(runs.record, run_id, request.file)
        state = (await runs.summarise(record))["state"]
        if state in ("running", "ok"):
            raise RequestError(409, f"Run {run_id} {_WHY_NOT_RESUMED[state]}.")
        self.answer({"run": await runs.start(request)}, 201)


_WHY_NOT_RESUMED = {"running": "still goes on", "ok": "ended well: there is nothing to resume"}


class TimelineHandler(RecordHandler):
    """``runs/{id}/timeline``."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """Who worked on what and when, and what would help."""
        record = await self.record(run_id)
        self.answer(await self.services.in_thread(run_timeline, record))


class NotebookHandler(RecordHandler):
    """``runs/{id}/notebook``: the executed notebook."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """Where it can be opened, if it can."""
        record = await self.record(run_id)
        notebook, labels = record.info.get("notebook"), record.info.get("labels") or {}
        places = [labels.get("output"), notebook and str(default_copy(record, Path(notebook)))]
        for place in places:
            if place and Path(place).is_file() and (path := self.services.paths.path_of(place)):
                self.answer({"path": path})
                return
        raise RequestError(404, f"Run {run_id} has no executed notebook that can be opened.")

    @web.authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        """Write it where it can be opened."""
        fields = await self.fields()
        path, output = fields.text("path"), fields.optional_text("output")
        fields.done()
        record = await self.record(run_id, path)
        target = (
            await self.file_of(output, "output")
            if output is not None
            else default_copy(record, await self.file_of(path))
        )
        work = partial(copy_notebook, record, target, is_default=output is None)
        await self.services.in_thread(work)
        self.answer({"path": self.services.paths.path_of(target)}, 201)


class VariablesHandler(RecordHandler):
    """``runs/{id}/variables``."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """The variables that were kept, and code that loads them into a kernel."""
        given = self.get_argument("names", None)
        names = None if given is None else [name for name in given.split(",") if name]
        record = await self.record(run_id)
        self.answer(await self.services.in_thread(variables_of, record, names))
