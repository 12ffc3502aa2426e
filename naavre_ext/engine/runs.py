"""The runs and batches that an engine has under way, and the last ones that ended."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from naavre_ext.engine.protocol import error_to_json, options_from_json, result_to_json
from naavre_ext.engine.run_request import source_of
from naavre_ext.model.event import RunEvent, RunStarted
from naavre_ext.model.run import RunResult

_LOG = logging.getLogger(__name__)

# What ended longer ago than this many runs is forgotten.
_KEPT_RUNS = 20


class EngineWork:
    """Something that an engine has under way: its news so far, and its end."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.cancel = threading.Event()
        self._changed = threading.Condition()
        self._news: list[dict[str, Any]] = []
        self._answer: dict[str, Any] | None = None

    def tell(self, news: dict[str, Any]) -> None:
        """Append ``news``."""
        with self._changed:
            self._news.append(news)
            self._changed.notify_all()

    def finish(self, answer: dict[str, Any]) -> None:
        """Note the end: ``{result}`` or ``{error}``."""
        with self._changed:
            self._answer = answer
            self._changed.notify_all()

    @property
    def is_finished(self) -> bool:
        """Whether it has ended."""
        return self._answer is not None

    def events_after(self, number: int) -> tuple[list[dict[str, Any]], bool]:
        """News from ``number`` on, as soon as there are any, and whether they are the last."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._news) > number or self.is_finished)
            return self._news[number:], self.is_finished

    def answer(self) -> dict[str, Any]:
        """``{result}`` or ``{error}``, once it has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_finished)
            assert self._answer is not None
            return self._answer

    def stop(self, run_id: str | None = None) -> bool:
        """Have it stop, or the part of it with this id; false where it has none such."""
        raise NotImplementedError


class EngineRun(EngineWork):
    """One run. Its news are its events."""

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id)
        #: The id of the run's record, once there is one.
        self.record_id: str | None = None

    def record(self, event: RunEvent) -> None:
        """Append ``event``."""
        if isinstance(event, RunStarted):
            self.record_id = event.run_id
        self.tell(event.to_json())

    def stop(self, run_id: str | None = None) -> bool:
        """Have the run stop, by its own id or its record's."""
        if run_id not in (None, self.run_id, self.record_id):
            return False
        self.cancel.set()
        return True


class RunTable:
    """Starts runs and batches, each in a thread of its own, and finds them by id."""

    def __init__(self, run: Callable[..., RunResult], prepare: Callable[[], None]) -> None:
        self._run = run
        self._prepare = prepare
        self._runs: OrderedDict[str, EngineWork] = OrderedDict()
        self._lock = threading.Lock()
        self._finished = 0
        self._idle_since = time.monotonic()

    def start(self, request: Mapping[str, Any]) -> EngineRun:
        """A new run of what a ``start`` request asks for."""
        run, given = EngineRun(uuid.uuid4().hex), dict(request)

        def work() -> dict[str, Any]:
            result = self._run(
                source_of(given),
                given["output"],
                parameters=given["parameters"],
                options=options_from_json(given["options"]),
                on_event=run.record,
                cancel=run.cancel,
            )
            return result_to_json(result)

        self.begin(run, work, forget=given.clear)
        return run

    def begin(
        self,
        run: EngineWork,
        work: Callable[[], dict[str, Any]],
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        """Have ``work`` done, which returns the result of ``run``. Then what it was asked is to be forgotten."""
        with self._lock:
            self._runs[run.run_id] = run
        threading.Thread(
            target=self._work, args=(run, work, forget), name=f"run-{run.run_id}", daemon=True
        ).start()

    def stop(self, run_id: str) -> None:
        """Have the run, batch or job with this id, which may be its record's, too, stop.

        Raises:
            LookupError: there is none, or none any more.
        """
        with self._lock:
            if any(run.stop(run_id) for run in self._runs.values()):
                return
        raise LookupError(f"this engine knows no run {run_id!r}")

    def find(self, run_id: str) -> EngineWork:
        """The run or batch with this id.

        Raises:
            LookupError: there is none, or none any more.
        """
        with self._lock:
            if run_id in self._runs:
                return self._runs[run_id]
        raise LookupError(f"this engine knows no run {run_id!r}")

    def active(self) -> list[EngineWork]:
        """The runs and batches that haven't ended."""
        with self._lock:
            return [run for run in self._runs.values() if not run.is_finished]

    @property
    def finished_count(self) -> int:
        """How many runs have ended so far."""
        return self._finished

    def idle_s(self) -> float:
        """For how many seconds no run has been under way."""
        return 0.0 if self.active() else time.monotonic() - self._idle_since

    def _work(
        self, run: EngineWork, work: Callable[[], dict[str, Any]], forget: Callable[[], None]
    ) -> None:
        _LOG.info("run %s started", run.run_id)
        try:
            answer: dict[str, Any] = {"result": work()}
        except Exception as error:  # noqa: BLE001 - whatever it is, the client hears of it
            answer = {"error": error_to_json(error)}
            if answer["error"]["kind"] == "internal":
                _LOG.exception("run %s broke", run.run_id)
        # Requests hold secrets: nothing of them outlives the run.
        forget()
        self._end(run, answer)
        self._prepare()

    def _end(self, run: EngineWork, answer: dict[str, Any]) -> None:
        with self._lock:
            self._finished += 1
            self._idle_since = time.monotonic()
            run.finish(answer)
            ended = [run_id for run_id, known in self._runs.items() if known.is_finished]
            for run_id in ended[:-_KEPT_RUNS]:
                del self._runs[run_id]
        _LOG.info("run %s ended: %s", run.run_id, ", ".join(answer))
