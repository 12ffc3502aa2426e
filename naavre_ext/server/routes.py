"""Every route below the server's base URL, and who answers it."""

from __future__ import annotations

from naavre_ext.server import (
    description,
    event_handlers,
    notebook_handlers,
    run_handlers,
    sweep_handlers,
    turn_handler,
)
from naavre_ext.storage.ids import ID

_RUN = rf"/naavre-ext/runs/({ID})"
_SWEEP = rf"/naavre-ext/sweeps/(batch-{ID})"

ROUTES = [
    (r"/naavre-ext/openapi.yaml", description.DescriptionHandler),
    (r"/naavre-ext/annotation-keys", notebook_handlers.AnnotationKeysHandler),
    (r"/naavre-ext/annotate", notebook_handlers.AnnotateHandler),
    (r"/naavre-ext/compile", notebook_handlers.CompileHandler),
    (r"/naavre-ext/export", notebook_handlers.ExportHandler),
    (r"/naavre-ext/status", notebook_handlers.StatusHandler),
    (r"/naavre-ext/warm", notebook_handlers.WarmHandler),
    (r"/naavre-ext/runs", run_handlers.RunsHandler),
    (_RUN, run_handlers.RunHandler),
    (_RUN + "/cancel", run_handlers.CancelHandler),
    (_RUN + "/resume", run_handlers.ResumeHandler),
    (_RUN + "/timeline", run_handlers.TimelineHandler),
    (_RUN + "/notebook", run_handlers.NotebookHandler),
    (_RUN + "/variables", run_handlers.VariablesHandler),
    (_RUN + "/events", event_handlers.EventsHandler),
    (_RUN + "/events/socket", event_handlers.EventsSocket),
    (_RUN + "/turn/socket", turn_handler.TurnSocket),
    (r"/naavre-ext/sweeps", sweep_handlers.SweepsHandler),
    (_SWEEP, sweep_handlers.SweepHandler),
    (_SWEEP + "/cancel", sweep_handlers.CancelSweepHandler),
    (_SWEEP + "/resume", sweep_handlers.ResumeSweepHandler),
]
