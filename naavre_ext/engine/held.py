"""Runs and batches in the engine that last as long as somebody holds them, whoever hears the runs' events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from naavre_ext.engine.conversation import Call, checked
from naavre_ext.engine.protocol import result_from_json
from naavre_ext.model.event import RunEvent, event_from_json
from naavre_ext.model.jobs import JobEnd
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
        return result_from_json(_awaited(self._call, number)["result"])

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


@dataclass(frozen=True, slots=True)
class JobNews:
    """Of the job with this number, 0 for what all share, one of these.

    The id of its run's record, how it ended, that it waits, or the numbers of the cells that run once.
    """

    number: int
    run_id: str | None = None
    end: JobEnd | None = None
    event: RunEvent | None = None
    shared: tuple[int, ...] | None = None


class HeldBatch:
    """A batch that has begun: a run of it has a record. It is stopped when it is closed, unless it is detached.

    ``waiting`` are the numbers of the jobs that will run.

    Raises:
        RefusedError, ClusterError: nothing was run.
    """

    def __init__(self, socket_path: Path, request: Mapping[str, Any], *, detached: bool) -> None:
        self._socket_path = socket_path
        self._call = Call(socket_path)
        try:
            begun = _awaited(
                self._call, self._call.request("start_batch", **request, detached=detached)
            )
            self.batch_id: str = begun["run"]
            self.waiting: tuple[int, ...] = tuple(begun["jobs"])
            self._events = self._call.request("events", run=self.batch_id, after=0)
            self._news, self._early = self._until_end(), list[JobNews]()
            for news in self._news:
                self._early.append(news)
                if news.shared is None:
                    break  # a run has a record
        except BaseException:
            self._call.close()
            raise

    def news(self) -> Iterator[JobNews]:
        """What becomes of the jobs, until all have ended. To be called once.

        Raises:
            ClusterError: the engine died, or this was closed.
            NaavreError: the batch broke.
        """
        yield from self._early
        yield from self._news

    def result(self) -> dict[str, Any]:
        """What ``BatchResult.to_json`` gave, once all jobs have ended."""
        number = self._call.request("result", run=self.batch_id)
        found: dict[str, Any] = _awaited(self._call, number)["result"]
        return found

    def cancel(self, number: int | None = None) -> None:
        """Have all jobs stop, or this one."""
        job = self.batch_id if number is None else f"{self.batch_id}/{number}"
        with Call(self._socket_path) as call:
            call.ask("cancel", run=job)

    def close(self) -> None:
        """Let go of the batch, also while somebody waits for news."""
        self._call.close()

    def _until_end(self) -> Iterator[JobNews]:
        while (news := self._next()) is not None:
            yield news
        self.result()

    def _next(self) -> JobNews | None:
        answer = _awaited(self._call, self._events)
        if answer.get("end"):
            return None
        match answer["event"]:
            case {"job": number, "end": end}:
                return JobNews(number, end=JobEnd(**end))
            case {"job": number, "event": event}:
                return JobNews(number, event=event_from_json(event))
            case {"job": number, "shared": cells}:
                return JobNews(number, shared=tuple(cells))
            case told:
                return JobNews(told["job"], told["run"])


def _awaited(call: Call, number: int) -> dict[str, Any]:
    """The next answer to this request, however long it takes."""
    while (answer := call.receive(None)).get("id") != number:
        pass
    return checked(answer)
