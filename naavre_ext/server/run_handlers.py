"""Routes about runs."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth import decorator
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from naavre_ext.environment import merge_options
from naavre_ext.model.run import RunOptions
from naavre_ext.server.bodies import Fields, document_of
from naavre_ext.server.errors import RequestError
from naavre_ext.server.handlers import AUTH_RESOURCE, SETTING, RestHandler
from naavre_ext.server.kernels import kernel_of
from naavre_ext.server.run_events import EventTail, events_frame, follow
from naavre_ext.server.run_service import RunRequest
from naavre_ext.server.run_views import failure_of

#: The options of a run that a notebook's metadata and the environment may set, too.
_SHARED_OPTIONS = ("address", "eager", "guards", "max_parallelism")


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
        fields = self.fields()
        request = await self.run_request(fields)
        fields.done()
        self.answer({"run": await self.services.runs.start(request)}, 201)

    async def run_request(self, fields: Fields) -> RunRequest:
        """What the body asks for."""
        return await read_run_request(self, fields)


async def read_run_request(handler: RestHandler, fields: Fields, **more: Any) -> RunRequest:
    """The run that a body asks for; ``more`` are options that it doesn't have."""
    file, document = await handler.file_of(fields.text("path")), document_of(fields)
    if not file.is_file():
        raise RequestError(404, "The notebook has no file yet: save it.", field="path")
    parameters, secrets = fields.optional_mapping("parameters"), fields.texts("secrets")
    output, name = fields.optional_text("output"), fields.optional_text("kernel_name")
    options = fields.fields("options")
    detached = options.flag("detached", False)
    chosen = _options(handler, options, document)
    return RunRequest(
        file=file,
        document=document,
        kernel=await handler.kernel(name or kernel_of(document), file),
        parameters=parameters,
        secrets=secrets,
        options=RunOptions(**{**chosen, **more}),
        output=None if output is None else await handler.file_of(output, "output"),
        detached=detached,
    )


def _options(handler: RestHandler, options: Fields, document: dict[str, Any]) -> dict[str, Any]:
    """The run's options: the body's win over the environment's, and those over the notebook's own."""
    given = {
        "address": options.optional_text("address"),
        "max_parallelism": options.count("max_parallelism"),
        "eager": options.flag("eager", False) or None,
        "guards": options.flag("guards", True) and None,
    }
    store_results = options.flag("cache", True)
    options.done()
    metadata = document["metadata"].get("naavre")
    if isinstance(metadata, dict):
        metadata = {name: metadata[name] for name in _SHARED_OPTIONS if name in metadata}
    try:
        merged = merge_options(metadata, handler.services.environment, given)
    except ValueError as error:
        raise RequestError(400, f"{error}.", field="options") from None
    merged.setdefault("address", handler.services.address)
    return {
        **{name: merged[name] for name in _SHARED_OPTIONS if name in merged},
        "store_results": store_results,
    }


class RunHandler(RestHandler):
    """``runs/{id}``: all about one run."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """The run, its workflow, parameters and failure."""
        file = await self.queried_file()
        record = self.services.runs.record(run_id, file)
        self.answer(
            {
                "run": await self.services.runs.summary(run_id, file),
                "workflow": record.info.get("workflow"),
                "failure": failure_of(record),
                "parameters": record.info.get("parameters") or {},
            }
        )


class CancelHandler(RestHandler):
    """``runs/{id}/cancel``."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        """Have the run stop."""
        record = self.services.runs.record(run_id, await self.queried_file())
        await self.services.runs.cancel(record)
        self.answer({}, 202)


class EventsHandler(RestHandler):
    """``runs/{id}/events``: the events so far."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """Events from a number on, as many as fit into an answer."""
        record = self.services.runs.record(run_id, await self.queried_file())
        tail = EventTail(record, event_number(self))
        lines = tail.read()
        ended = not tail.more and (tail.ended or record.is_abandoned)
        frame = json.loads(events_frame(lines))
        self.answer({**frame, "next": tail.number, "ended": ended})


def event_number(handler: Any) -> int:
    """The query's ``after``: the number of the first event that is wanted."""
    text = handler.get_argument("after", "0")
    if not text.isdecimal() or len(text) > 12:
        raise RequestError(400, "'after' takes a whole number from 0.", field="after")
    return int(text)


# Jupyter Server 2.13 and later wants to see it; the check is made in any case.
_ws_authenticated = getattr(decorator, "ws_authenticated", lambda method: method)


class EventsSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """``runs/{id}/events/socket``: the events as they happen, from a number on."""

    auth_resource = AUTH_RESOURCE
    _task: asyncio.Task[None] | None = None

    @_ws_authenticated  # type: ignore[untyped-decorator]
    async def get(self, run_id: str) -> None:
        """Check who asks and for what, then become a websocket."""
        user = self.current_user
        if user is None or not await ensure_async(
            self.authorizer.is_authorized(self, user, "read", AUTH_RESOURCE)
        ):
            raise web.HTTPError(403)
        services = self.settings[SETTING]
        path = self.get_argument("path", "")
        file = await services.paths.file(path) if path else None
        self._record = services.runs.record(run_id, file)
        self._after = event_number(self)
        await super().get(run_id=run_id)

    def set_default_headers(self) -> None:
        """None: they make no sense for a websocket."""

    def open(self, run_id: str) -> None:
        """Begin to send; pings and closing are read meanwhile."""
        super().open(run_id)
        self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        with suppress(WebSocketClosedError):
            async for frame in follow(self._record, self._after):
                await self.write_message(frame.decode())
            self.close()

    def on_message(self, message: str | bytes) -> None:
        """Nothing is expected."""

    def on_close(self) -> None:
        """Stop sending."""
        if self._task is not None:
            self._task.cancel()
        super().on_close()
