"""Routes to a run's events: what there is so far, and as they happen."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from functools import partial
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth import decorator
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from naavre_ext.server.errors import RequestError
from naavre_ext.server.handlers import AUTH_RESOURCE, SETTING, RestHandler
from naavre_ext.server.run_events import EventTail, events_frame, follow


class EventsHandler(RestHandler):
    """``runs/{id}/events``: the events so far."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """Events from a number on, as many as fit into an answer."""
        after, file = event_number(self), await self.queried_file()
        record = await self.services.in_thread(self.services.runs.record, run_id, file)
        tail = EventTail(record, after)
        lines = tail.read()
        is_over = (tail.ended or record.is_abandoned) and not self.services.runs.is_held(run_id)
        frame = json.loads(events_frame(lines))
        self.answer({**frame, "next": tail.number, "ended": is_over and not tail.more})


def event_number(handler: Any) -> int:
    """The query's ``after``: the number of the first event that is wanted."""
    text = handler.get_argument("after", "0")
    if not text.isdecimal() or len(text) > 12:
        raise RequestError(400, "'after' takes a whole number from 0.", field="after")
    return int(text)


# Jupyter Server 2.13 and later wants to see it; the check is made in any case.
ws_authenticated = getattr(decorator, "ws_authenticated", lambda method: method)


async def require_reader(handler: Any) -> None:
    """Refuse whoever may not read of runs."""
    user = handler.current_user
    if user is None or not await ensure_async(
        handler.authorizer.is_authorized(handler, user, "read", AUTH_RESOURCE)
    ):
        raise web.HTTPError(403)


class EventsSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """``runs/{id}/events/socket``: the events as they happen, from a number on."""

    auth_resource = AUTH_RESOURCE
    _task: asyncio.Task[None] | None = None

    @ws_authenticated  # type: ignore[untyped-decorator]
    async def get(self, run_id: str) -> None:
        """Check who asks and for what, then become a websocket."""
        await require_reader(self)
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
            settle = partial(self.settings[SETTING].runs.settle, self._record.run_id)
            async for frame in follow(self._record, self._after, settle):
                await self.write_message(frame.decode())
            self.close()

    def on_message(self, message: str | bytes) -> None:
        """Nothing is expected."""

    def on_close(self) -> None:
        """Stop sending."""
        if self._task is not None:
            self._task.cancel()
        super().on_close()
