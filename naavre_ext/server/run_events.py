"""A run's events from its record, as they are written: the websocket's source, also for runs of other processes.

Lines are handed on as they stand, so that 2,000 batches of progress cost the server next to nothing.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from naavre_ext.server.run_views import STATES, failure_of
from naavre_ext.storage.run_log import EVENTS_FILE
from naavre_ext.storage.run_record import RunRecord

#: Between two looks, and so between two frames: 20 a second at most.
_PAUSE_S = 0.05
#: A process that died without a word is looked for less often.
_GONE_PAUSE_S = 0.5
#: So much at most goes into one frame, but for a single event that is larger.
_FRAME_BYTES = 1 << 20

_END_MARK = b'"type": "RunFinished"'


class EventTail:
    """The lines of a record's events from number ``after`` on.

    ``number`` is that of the next one; ``more`` says that there was more than fits into a frame.
    """

    def __init__(self, record: RunRecord, after: int) -> None:
        self._path = record.path / EVENTS_FILE
        self._skip = after
        self._offset = 0
        self.number = 0
        self.ended = self.more = False

    def read(self) -> list[bytes]:
        """Lines that have been written since, as many as fit into a frame; none if there are none."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                return self._take(file)
        except FileNotFoundError:
            return []

    def _take(self, file: Any) -> list[bytes]:
        lines: list[bytes] = []
        size = 0
        for line in file:
            self.more = bool(lines) and size + len(line) > _FRAME_BYTES
            if self.more or not line.endswith(b"\n"):
                break
            self._offset += len(line)
            self.ended = self.ended or _is_end(line)
            if self.number >= self._skip:
                lines.append(_strict(line[:-1]))
                size += len(line)
            self.number += 1
        return lines


async def follow(
    record: RunRecord, after: int, settle: Callable[[], Awaitable[str | None]]
) -> AsyncIterator[bytes]:
    """Frames of JSON until the run has ended, the last with its end.

    ``settle`` returns when all that the run keeps is written, which is after its last event, and says why it broke
    off, if it did.
    """
    tail = EventTail(record, after)
    looked_at = time.monotonic()
    while True:
        lines = tail.read()
        if lines:
            yield events_frame(lines)
        elif tail.ended:
            break
        elif time.monotonic() - looked_at > _GONE_PAUSE_S:
            looked_at = time.monotonic()
            if record.is_abandoned and not (lines := tail.read()) and not tail.ended:
                break
            if lines:
                yield events_frame(lines)
        await asyncio.sleep(0 if tail.more else _PAUSE_S)
    message = await settle()
    status = record.summary.status
    end = {"status": STATES.get(status, status), "failure": failure_of(record, message)}
    yield json.dumps({"end": end}).encode()


def events_frame(lines: list[bytes]) -> bytes:
    """``{"events": [...]}``."""
    return b'{"events": [' + b", ".join(lines) + b"]}"


def _strict(line: bytes) -> bytes:
    """The line without what Python takes for JSON and browsers don't."""
    if b"NaN" not in line and b"Infinity" not in line:
        return line
    return json.dumps(json.loads(line, parse_constant=lambda _: None)).encode()


def _is_end(line: bytes) -> bool:
    # The mark may also stand in an output of a cell.
    return _END_MARK in line and json.loads(line).get("type") == "RunFinished"
