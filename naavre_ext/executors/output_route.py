"""Where the outputs of the code in a worker go: to the driver, or aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from naavre_ext.executors.tasks import ErrorReport
from naavre_ext.model.event import OutputMessage

Sink = Callable[[OutputMessage], None]


class OutputRoute:
    """Takes what a session shows. ``shown`` is all that the running step has shown."""

    def __init__(self) -> None:
        self.shown: list[OutputMessage] = []
        self._sink: Sink | None = None
        self._error: ErrorReport | None = None

    def receive(self, output: OutputMessage) -> None:
        """Note the output, and send it on."""
        if output.get("output_type") == "error" and self._error is not None:
            output = {
                "output_type": "error",
                "ename": self._error.ename,
                "evalue": self._error.evalue,
                "traceback": list(self._error.traceback),
            }
        self.shown.append(output)
        if self._sink is not None:
            self._sink(output)

    def raise_later(self, error: ErrorReport | None) -> None:
        """From here on the cell's error is this one, which a batch raised."""
        self._error = error

    def take_error(self) -> ErrorReport | None:
        """The error that a batch raised, once."""
        error, self._error = self._error, None
        return error

    @contextmanager
    def to(self, send: Callable[[int, OutputMessage], None]) -> Iterator[None]:
        """In the block, a step's outputs are sent with their number."""
        self.shown = []
        self._sink = lambda output: send(len(self.shown) - 1, output)
        try:
            yield
        finally:
            self._sink = None

    @contextmanager
    def aside(self, shown: list[OutputMessage]) -> Iterator[None]:
        """In the block, outputs go to the list only."""
        kept, self.shown = self.shown, shown
        sink, self._sink = self._sink, None
        try:
            yield
        finally:
            self.shown, self._sink = kept, sink
