"""What a run prints as it goes on: plain lines, JSON or nothing; ``live`` has the terminal."""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import TextIO

from naavre_ext.cli.output_log import OutputLog
from naavre_ext.cli.progress import RunView, fold
from naavre_ext.cli.summary import step_line
from naavre_ext.exporters.wording import one_line
from naavre_ext.model.diagnostic import NaavreError, RefusedError
from naavre_ext.model.event import (
    WAITS,
    CellOutputReceived,
    MessageLogged,
    RunEvent,
    StepEnded,
)


class Reporter:
    """Folds the events into ``view`` and, with a log, shows cells' outputs; otherwise silent."""

    def __init__(self, log: OutputLog | None = None) -> None:
        self.view = RunView()
        self._log = log

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._log:
            self._log.flush()

    def on_event(self, event: RunEvent) -> None:
        """Takes in the run's next event."""
        self.view = fold(self.view, event)
        if self._log and isinstance(event, CellOutputReceived):
            self._log.write(event)
        self.show(event)

    def show(self, event: RunEvent) -> None:
        """Prints what the event calls for; the view has it already."""

    def line(self, event: RunEvent) -> str:
        """What is said at once: that a step is over, or that the run waits for what others hold; else ""."""
        if isinstance(event, MessageLogged) and event.code == WAITS:
            return one_line(event.text)
        step = self.view.step(event.step) if isinstance(event, StepEnded) else None
        return "" if step is None else step_line(self.view, step)


class PlainReporter(Reporter):
    """One line for each step that is over, and for what the run waits for."""

    def __init__(self, log: OutputLog | None, stream: TextIO) -> None:
        super().__init__(log)
        self._stream = stream

    def show(self, event: RunEvent) -> None:
        """Prints the event's line, if it has one."""
        if line := self.line(event):
            print(line, file=self._stream, flush=True)


class JsonReporter(Reporter):
    """Each event as one line of JSON on standard output."""

    def show(self, event: RunEvent) -> None:
        """Prints the event."""
        write_json_line(event.to_json())


def write_json_line(data: object) -> None:
    """Writes one line of JSON to standard output, at once."""
    sys.stdout.write(json.dumps(data, default=repr) + "\n")
    sys.stdout.flush()


def write_refusal(error: NaavreError) -> None:
    """Writes why nothing was run as a line of JSON."""
    diagnostics = error.diagnostics if isinstance(error, RefusedError) else ()
    write_json_line(
        {
            "type": "Result",
            "status": "refused",
            "message": str(error),
            "diagnostics": [diagnostic.to_json() for diagnostic in diagnostics],
        }
    )
