"""The runs that an engine has under way, and the last ones that ended."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from naavre_ext.engine.protocol import error_to_json, options_from_json, result_to_json
from naavre_ext.model.event import RunEvent, RunStarted
from naavre_ext.model.run import RunResult

_LOG = logging.getLogger(__name__)

# What ended longer ago than this many runs is forgotten.
_KEPT_RUNS = 20


class EngineRun:
    """One run: its events so far, and its end."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        #: The id of the run's record, once there is one.
        self.record_id: str | None = None
        self.cancel = threading.Event()
        self._changed = threading.Condition()
        self._events: list[dict[str, Any]] = []
        self._answer: dict[str, Any] | None = None

    def record(self, event: RunEvent) -> None:
        """Append ``event``."""
        with self._changed:
            if isinstance(event, RunStarted):
                self.record_id = event.run_id
            self._events.append(event.to_json())
            self._changed.notify_all()

    def finish(self, answer: dict[str, Any]) -> None:
        """Note the end: ``{result}`` or ``{error}``."""
        with self._changed:
            self._answer = answer
            self._changed.notify_all()

    @property
    def is_finished(self) -> bool:
        """Whether the run has ended."""
        return self._answer is not None

    def events_after(self, number: int) -> tuple[list[dict[str, Any]], bool]:
        """Events from ``number`` on, as soon as there are any, and whether they are the last."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._events) > number or self.is_finished)
            return self._events[number:], self.is_finished

    def answer(self) -> dict[str, Any]:
        """``{result}`` or ``{error}``, once the run has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_finished)
            assert self._answer is not None
            return self._answer


class RunTable:
    """Starts runs, each in a thread of its own, and finds them by id."""

    def __init__(self, run: Callable[..., RunResult], prepare: Callable[[], None]) -> None:
        self._run = run
        self._prepare = prepare
        self._runs: OrderedDict[str, EngineRun] = OrderedDict()
        self._lock = threading.Lock()
        self._finished = 0
        self._idle_since = time.monotonic()

    def start(self, request: Mapping[str, Any]) -> EngineRun:
        """A new run of what a ``start`` request asks for."""
        run = EngineRun(uuid.uuid4().hex)
        with self._lock:
            self._runs[run.run_id] = run
        threading.Thread(
            target=self._work, args=(run, dict(request)), name=f"run-{run.run_id}", daemon=True
        ).start()
        return run

    def find(self, run_id: str) -> EngineRun:
        """The run with this id, which may be its record's, too.

        Raises:
            LookupError: there is none, or none any more.
        """
        with self._lock:
            for run in self._runs.values():
                if run_id in (run.run_id, run.record_id):
                    return run
        raise LookupError(f"this engine knows no run {run_id!r}")

    def active(self) -> list[EngineRun]:
        """The runs that haven't ended."""
        with self._lock:
            return [run for run in self._runs.values() if not run.is_finished]

    @property
    def finished_count(self) -> int:
        """How many runs have ended so far."""
        return self._finished

    def idle_s(self) -> float:
        """For how many seconds no run has been under way."""
        return 0.0 if self.active() else time.monotonic() - self._idle_since

    def _work(self, run: EngineRun, request: dict[str, Any]) -> None:
        _LOG.info("run %s started", run.run_id)
        try:
            result = self._run(
                request["source"],
                request["output"],
                parameters=request["parameters"],
                options=options_from_json(request["options"]),
                on_event=run.record,
                cancel=run.cancel,
            )
            answer: dict[str, Any] = {"result": result_to_json(result)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the client hears of it
            answer = {"error": error_to_json(error)}
            if answer["error"]["kind"] == "internal":
                _LOG.exception("run %s broke", run.run_id)
        # Requests hold secrets: nothing of them outlives the run.
        request.clear()
        self._end(run, answer)
        self._prepare()

    def _end(self, run: EngineRun, answer: dict[str, Any]) -> None:
        with self._lock:
            self._finished += 1
            self._idle_since = time.monotonic()
            run.finish(answer)
            ended = [run_id for run_id, known in self._runs.items() if known.is_finished]
            for run_id in ended[:-_KEPT_RUNS]:
                del self._runs[run_id]
        _LOG.info("run %s ended: %s", run.run_id, ", ".join(answer))
