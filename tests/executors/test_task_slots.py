"""The idle slots of a step that calls tasks."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from naavre_ext.executors.task_slots import OwnTaskSlots, TaskSlots


def test_as_many_are_taken_as_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own = OwnTaskSlots(2)
    other = TaskSlots(own.folder)
    assert [own.take(), other.take(), own.take()] == [True, True, False]
    own.give()
    assert [other.take(), other.take()] == [True, False]
    own.remove()
    assert not own.folder.exists()
    assert not other.take()


def test_what_dead_owners_left_is_removed_when_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a cell that computes, each entry of the temporary folder costs a thread milliseconds to look at."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "naavre-tasks-left"
    left.mkdir()
    (left / "idle").write_text("1")
    an_hour_ago = time.time() - 3600
    os.utime(left, (an_hour_ago, an_hour_ago))
    own = OwnTaskSlots(1)
    assert own.take()
    assert left.exists()
    own.remove()
    assert not list(tmp_path.iterdir())
