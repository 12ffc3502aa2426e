"""The reading side of a run's record, which copes with a run that goes on or broke off."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from naavre_ext.model.diagnostic import Diagnostic, NaavreError, RefusedError
from naavre_ext.model.event import RunEvent, event_from_json
from naavre_ext.storage.process_identity import is_gone
from naavre_ext.storage.run_log import (
    ABANDONED_FILE,
    EVENTS_FILE,
    INFO_FILE,
    NOTEBOOK_FILE,
    VALUES_FILE,
    VARIABLES_FILE,
    KeptVariable,
)

StoredStatus = Literal["ok", "failed", "cancelled", "running", "interrupted"]

_TAIL_BYTES = 1 << 16
_TALLIED = {
    "StepFinished": "ok",
    "StepReused": "ok",
    "StepFailed": "failed",
    "StepNotRun": "not run",
}


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run in a list. ``started_at`` is Unix time in seconds.

    ``interrupted`` means that the run's process ended, or let go of the run, without saying how the
    run ended. ``counts`` are the run's own, or the steps so far when it has not finished.
    """

    id: str
    notebook: str | None
    started_at: float
    status: StoredStatus
    duration_s: float
    counts: Mapping[str, int] = field(default_factory=dict)


class RunRecord:
    """A stored run, finished or not; ``info`` is what ``run.json`` says."""

    def __init__(self, path: Path, info: Mapping[str, Any]) -> None:
        self.path = path
        self.run_id = path.name
        self.info = info

    @property
    def summary(self) -> RunSummary:
        """The run as a list shows it, as of now."""
        return summarise(self.path, self.info)

    @property
    def is_abandoned(self) -> bool:
        """Whether the run's process ended, or let go of the run, perhaps after having said how the run ended."""
        return is_abandoned(self.path, self.info)

    def events(self) -> Iterator[RunEvent]:
        """The run's events so far, in order; a last line that was cut off is left out.

        Raises:
            NaavreError: a whole line isn't an event that this version knows.
        """
        for number, line in enumerate(_whole_lines(self.path), 1):
            try:
                yield event_from_json(json.loads(line))
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                file = self.path / EVENTS_FILE
                raise NaavreError(f"'{file}', line {number} is no event: {error}.") from error

    @property
    def notebook_file(self) -> Path | None:
        """The executed notebook, where the record keeps it."""
        file = self.path / NOTEBOOK_FILE
        return file if file.is_file() else None

    def variables(self) -> tuple[KeptVariable, ...]:
        """The variables whose final values are kept, by name; none where that isn't known."""
        try:
            listed = json.loads((self.path / VARIABLES_FILE).read_bytes())
            kept = [KeptVariable(**found) for found in listed]
        except (OSError, ValueError, TypeError):
            return ()
        return tuple(
            v for v in kept if v.run is None or (self._beside(v.run) / VALUES_FILE).exists()
        )

    def elsewhere(self) -> Mapping[str, RunRecord]:
        """The variables that other records keep, and these."""
        return {v.name: RunRecord(self._beside(v.run), {}) for v in self.variables() if v.run}

    def _beside(self, run_id: str) -> Path:
        return self.path.parent / run_id

    def load_values(self) -> bytes:
        """What :meth:`RunLog.save_values` kept, without the values of other records.

        Raises:
            RefusedError: nothing was kept.
        """
        try:
            return (self.path / VALUES_FILE).read_bytes()
        except OSError:
            message = f"Run {self.run_id} kept no values."
            raise RefusedError([Diagnostic("NX018", "error", message, "Run it again.")]) from None


def read_info(path: Path) -> dict[str, Any] | None:
    """What ``run.json`` says; None when there is none, or when it is no record of a run."""
    try:
        file = path / INFO_FILE
        return dict(_parsed_info(file, os.stat(file).st_mtime_ns))
    except (OSError, ValueError, TypeError, KeyError):
        return None


@lru_cache(maxsize=16)
def _parsed_info(file: Path, _mtime_ns: int) -> Mapping[str, Any]:
    """What the file says, remembered for who looks at the latest runs again and again."""
    info: dict[str, Any] = json.loads(file.read_bytes())
    float(info["started_at"])
    return info


def is_abandoned(path: Path, info: Mapping[str, Any]) -> bool:
    """Whether nobody writes the record in this folder any more, as far as can be told."""
    return (path / ABANDONED_FILE).exists() or is_gone(info.get("process") or {})


def summarise(path: Path, info: Mapping[str, Any]) -> RunSummary:
    """The run in this folder as a list shows it, as of now."""
    started_at = float(info["started_at"])
    end = _end_event(path)
    gone = end is None and is_abandoned(path, info)
    end = end or _end_event(path)  # it may have ended between the two looks
    notebook = info.get("notebook")
    if end is not None:
        duration_s, counts = end["duration_s"], end.get("counts", {})
        return RunSummary(path.name, notebook, started_at, end["status"], duration_s, counts)
    counts, last_at = _tally(path)
    until = (last_at or started_at) if gone else time.time()
    status: StoredStatus = "interrupted" if gone else "running"
    return RunSummary(path.name, notebook, started_at, status, max(0.0, until - started_at), counts)


def _end_event(path: Path) -> dict[str, Any] | None:
    """The run's ``RunFinished``, in JSON; None when the log doesn't have it."""
    try:
        with open(path / EVENTS_FILE, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            tail = file.read()
    except OSError:
        return None
    for line in reversed(tail.split(b"\n")[:-1]):
        event = _parse(line)
        if event.get("type") == "RunFinished":
            return event
    return None


def _tally(path: Path) -> tuple[dict[str, int], float | None]:
    """How many steps ended in which way, and when the last event happened."""
    counts: dict[str, int] = {}
    last_at = None
    for line in _whole_lines(path):
        event = _parse(line)
        last_at = event.get("at", last_at)
        if event.get("type") in _TALLIED:
            name = _TALLIED[event["type"]]
            counts[name] = counts.get(name, 0) + 1
    return counts, last_at


def _whole_lines(path: Path) -> Iterator[bytes]:
    try:
        with open(path / EVENTS_FILE, "rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))
    except FileNotFoundError:
        return


def _parse(line: bytes) -> dict[str, Any]:
    """A line's JSON object; empty when it isn't one."""
    try:
        data = json.loads(line)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
