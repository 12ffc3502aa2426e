"""A client's conversation with the engine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from naavre_ext.engine.protocol import (
    PROTOCOL_VERSION,
    Connection,
    error_from_json,
    result_from_json,
)
from naavre_ext.model.diagnostic import ClusterError
from naavre_ext.model.event import RunEvent, event_from_json
from naavre_ext.model.run import RunResult

_HELLO_TIMEOUT_S = 10.0
_POLL_S = 0.1
# After Ctrl-C: what a cancelled run may take to say how it ended.
_CANCEL_TIMEOUT_S = 5.0

OnEvent = Callable[[RunEvent], None]


class Call:
    """A conversation with the engine at ``socket_path``."""

    def __init__(self, socket_path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_HELLO_TIMEOUT_S)
        try:
            self._socket.connect(str(socket_path))
            self._connection = Connection(self._socket)
            self._ids = 0
            self._check_version(self.ask("hello", v=PROTOCOL_VERSION))
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Call:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, also for a thread that waits for an answer."""
        self._connection.close()

    def request(self, op: str, **fields: Any) -> int:
        """Send a request; its answers carry the number that this returns."""
        self._ids += 1
        try:
            self._connection.send({"op": op, "id": self._ids, **fields})
        except ConnectionError as error:
            raise _died() from error
        return self._ids

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """The answer to a request that the engine answers at once."""
        number = self.request(op, **fields)
        while (answer := self.receive()).get("id") != number:
            pass
        return checked(answer)

    def receive(self, timeout_s: float | None = _HELLO_TIMEOUT_S) -> dict[str, Any]:
        """The next answer, whatever it answers; TimeoutError when there is none."""
        self._socket.settimeout(timeout_s)
        try:
            return self._connection.receive()
        except (EOFError, ConnectionError) as error:
            raise _died() from error

    def wait_for_end(self, timeout_s: float) -> None:
        """Return when the engine's process has ended, and its end of the socket with it."""
        self._socket.settimeout(timeout_s)
        with suppress(EOFError, ConnectionError):
            while True:
                self._connection.receive()

    def _check_version(self, answer: Mapping[str, Any]) -> None:
        if answer.get("v") != PROTOCOL_VERSION:
            raise ClusterError(
                f"NX523 The resident engine speaks version {answer.get('v')} of its protocol and "
                f"this is version {PROTOCOL_VERSION}. Stop it: 'naavre-ext cluster stop'."
            )


class EngineDied(ClusterError):
    """The engine hung up, or was ending when it was called."""


def _died() -> EngineDied:
    return EngineDied(
        "NX522 The resident engine has died. 'naavre-ext cluster start' starts another; "
        "the run's record shows what was finished."
    )


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer. Raises what it says went wrong."""
    if "error" in answer:
        raise error_from_json(answer["error"])
    return answer


def follow_run(
    call: Call, run_id: str, on_event: OnEvent | None, cancel: threading.Event, after: int = 0
) -> RunResult:
    """Hand events on until the run has ended; pass on a wish to cancel it."""
    events = call.request("events", run=run_id, after=after)
    deadline: float | None = None
    while True:
        try:
            if deadline is None and cancel.is_set():
                deadline = time.monotonic() + _CANCEL_TIMEOUT_S
                call.request("cancel", run=run_id)
            answer = call.receive(_POLL_S)
            if answer.get("id") != events:
                continue
            if checked(answer).get("end"):
                break
            if on_event is not None:
                on_event(event_from_json(answer["event"]))
        except KeyboardInterrupt:
            if cancel.is_set():
                raise
            cancel.set()
        except TimeoutError:
            if deadline is not None and time.monotonic() > deadline:
                raise ClusterError(
                    f"NX524 The engine didn't cancel the run within {_CANCEL_TIMEOUT_S:.0f} s. "
                    "'naavre-ext cluster stop' ends it."
                ) from None
    return result_from_json(call.ask("result", run=run_id)["result"])
