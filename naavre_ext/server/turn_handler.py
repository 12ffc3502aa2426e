"""The route over which a page learns that it is its turn to write a run's outputs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from naavre_ext.server.event_handlers import require_reader, ws_authenticated
from naavre_ext.server.handlers import AUTH_RESOURCE, SETTING

_LONGEST_ID = 200
_WRITTEN = "written"


class TurnSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """``runs/{id}/turn/socket``: stays open for as long as the page would write."""

    auth_resource = AUTH_RESOURCE

    @ws_authenticated  # type: ignore[untyped-decorator]
    async def get(self, run_id: str) -> None:
        """Check who asks, then become a websocket."""
        await require_reader(self)
        document = self.get_argument("document", "")
        if not 0 < len(document) <= _LONGEST_ID:
            raise web.HTTPError(400, "'document' takes the id of a shared document.")
        self._place = (run_id, document)
        await super().get(run_id=run_id)

    def set_default_headers(self) -> None:
        """None: they make no sense for a websocket."""

    def open(self, run_id: str) -> None:
        """Get in line."""
        super().open(run_id)
        self.settings[SETTING].turns.join(self._place, self._tell)

    def on_message(self, message: str | bytes) -> None:
        """``written``: the page has written all, and the run is over."""
        if message == _WRITTEN:
            self.settings[SETTING].turns.finish(self._place, self._tell)

    def on_close(self) -> None:
        """Get out of the line."""
        self.settings[SETTING].turns.leave(self._place, self._tell)
        super().on_close()

    def _tell(self, message: dict[str, Any]) -> None:
        with suppress(WebSocketClosedError):
            self.write_message(message)
