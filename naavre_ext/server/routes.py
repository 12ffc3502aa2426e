"""Every route below the server's base URL, and who answers it."""

from __future__ import annotations

from naavre_ext.server.notebook_handlers import (
    AnnotateHandler,
    AnnotationKeysHandler,
    CompileHandler,
    StatusHandler,
    WarmHandler,
)
from naavre_ext.server.run_handlers import (
    CancelHandler,
    EventsHandler,
    EventsSocket,
    RunHandler,
    RunsHandler,
)

_RUN = r"/naavre-ext/runs/([0-9a-z-]{1,40})"

ROUTES = [
    (r"/naavre-ext/annotation-keys", AnnotationKeysHandler),
    (r"/naavre-ext/annotate", AnnotateHandler),
    (r"/naavre-ext/compile", CompileHandler),
    (r"/naavre-ext/status", StatusHandler),
    (r"/naavre-ext/warm", WarmHandler),
    (r"/naavre-ext/runs", RunsHandler),
    (_RUN, RunHandler),
    (_RUN + "/cancel", CancelHandler),
    (_RUN + "/events", EventsHandler),
    (_RUN + "/events/socket", EventsSocket),
]
