"""The events of records as lists, timelines and failures are made from: read once, and read on as they grow."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from naavre_ext.model.event import RunEvent, event_from_json
from naavre_ext.storage.run_log import EVENTS_FILE
from naavre_ext.storage.run_record import RunRecord

#: So many records are remembered: those that are looked at again and again while their runs go on.
_RECORDS = 16


def known_events(record: RunRecord) -> tuple[RunEvent, ...]:
    """The events so far, up to the first that this version doesn't know; outputs are left out of them."""
    return _growing(record.path / EVENTS_FILE).read()


class _GrowingEvents:
    """The events of one file, to which lines are only added."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        self._offset = 0
        self._events: list[RunEvent] = []
        self._is_known = True

    def read(self) -> tuple[RunEvent, ...]:
        with self._lock:
            if self._is_known:
                self._take(self._new_lines())
            return tuple(self._events)

    def _new_lines(self) -> bytes:
        try:
            with open(self._file, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return b""
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return whole

    def _take(self, lines: bytes) -> None:
        try:
            for data in _parsed(lines):
                self._events.append(event_from_json(_without_output(data)))
        except (ValueError, TypeError, AttributeError, KeyError):
            self._is_known = False


@lru_cache(maxsize=_RECORDS)
def _growing(file: Path) -> _GrowingEvents:
    return _GrowingEvents(file)


def _parsed(lines: bytes) -> Any:
    """The lines' JSON. All at once is several times as fast as one by one, which is needed where one is broken."""
    try:
        return json.loads(b"[" + lines.rstrip(b"\n").replace(b"\n", b",") + b"]")
    except ValueError:
        return (json.loads(line) for line in lines.splitlines())


def _without_output(data: dict[str, Any]) -> dict[str, Any]:
    """The event's fields; what a cell wrote may be large."""
    return {**data, "output": {}} if data.get("type") == "CellOutputReceived" else data
