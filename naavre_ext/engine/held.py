"""A run in the engine that lasts as long as somebody holds it, without listening to its events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from naavre_ext.engine.conversation import Call, checked
from naavre_ext.engine.protocol import result_from_json
from naavre_ext.model.run import RunResult


class HeldRun:
    """A run that has begun; its record is being written. It is cancelled when it is closed, unless it is detached.

    Raises:
        RefusedError, ClusterError: nothing was run.
    """

    def __init__(self, socket_path: Path, request: Mapping[str, Any], *, detached: bool) -> None:
        self._socket_path = socket_path
        self._call = Call(socket_path)
        try:
            self._engine_id: str = self._call.ask("start", **request, detached=detached)["run"]
            self.run_id = self._await_record()
        except BaseException:
            self._call.close()
            raise

    def wait(self) -> RunResult:
        """How the run ended, once it has.

        Raises:
            ClusterError: the engine died, or this was closed.
            NaavreError: the run broke.
        """
        number = self._call.request("result", run=self._engine_id)
        while (answer := self._call.receive(None)).get("id") != number:
            pass
        return result_from_json(checked(answer)["result"])

    def cancel(self) -> None:
        """Have the run stop."""
        with Call(self._socket_path) as call:
            call.ask("cancel", run=self._engine_id)

    def close(self) -> None:
        """Let go of the run, also while somebody waits for it."""
        self._call.close()

    def __enter__(self) -> HeldRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _await_record(self) -> str:
        """The id of the run's record, which its first event carries."""
        # Over a connection of its own, which ends here: nobody shall have to send us the other events.
        with Call(self._socket_path) as call:
            events = call.request("events", run=self._engine_id, after=0)
            while not (answer := call.receive(None)).get("end"):
                event = checked(answer).get("event", {}) if answer.get("id") == events else {}
                if event.get("type") == "RunStarted":
                    return str(event["run_id"])
        return self.wait().run_id
