"""Events of records are read on as they grow, up to what this version doesn't know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from naavre_ext.model.event import CellOutputReceived, MessageLogged
from naavre_ext.server.known_events import known_events
from naavre_ext.storage.run_log import EVENTS_FILE
from naavre_ext.storage.run_record import RunRecord


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    return RunRecord(tmp_path, {})


def write(record: RunRecord, text: str) -> None:
    with open(record.path / EVENTS_FILE, "a") as file:
        file.write(text)


def line(text: str) -> str:
    return json.dumps(MessageLogged(level="info", text=text, code="").to_json()) + "\n"


def texts(record: RunRecord) -> list[str]:
    return [event.text for event in known_events(record) if isinstance(event, MessageLogged)]


def test_lines_are_taken_when_they_are_whole(record: RunRecord) -> None:
    assert known_events(record) == ()
    write(record, line("one") + line("two\nlines")[:-5])
    assert texts(record) == ["one"]
    write(record, line("two\nlines")[-5:])
    assert texts(record) == ["one", "two\nlines"]


@pytest.mark.parametrize("odd", ['{"v": 1, "type": "FromTheFuture"}', "no JSON"])
def test_nothing_is_taken_after_an_unknown_line(record: RunRecord, odd: str) -> None:
    write(record, line("one") + odd + "\n" + line("two"))
    assert texts(record) == ["one"]
    write(record, line("three"))
    assert texts(record) == ["one"]


def test_outputs_are_left_out(record: RunRecord) -> None:
    event = CellOutputReceived(
        step="a", cell_id="c", number=0, output={"output_type": "stream", "text": "much"}
    )
    write(record, json.dumps(event.to_json()) + "\n")
    (found,) = known_events(record)
    assert isinstance(found, CellOutputReceived)
    assert found.output == {}
