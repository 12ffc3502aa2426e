from __future__ import annotations

from typing import Any

import pytest

from naavre_ext.cli import main

STATUS = {"pid": 7, "uptime_s": 125.0, "resources": {"CPU": 2.0, "node:__internal_head__": 1.0}}


def outcome(*args: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["cluster", *args])
    return int(caught.value.code or 0)


def test_start_and_status_tell_of_the_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []
    monkeypatch.setenv("RAY_ADDRESS", "far:1")
    monkeypatch.setattr(
        "naavre_ext.engine.client.start_engine", lambda *args: asked.append(args) or STATUS
    )
    monkeypatch.setattr("naavre_ext.engine.client.engine_status", lambda address: STATUS)
    assert outcome("start", "--num-cpus", "2") == 0
    assert outcome("status", "--address", "near:1") == 0
    assert asked == [("far:1", 2)]
    text = "the engine is running\n  pid: 7\n  uptime: 2 min 05 s\n  resources: CPU=2\n"
    assert capsys.readouterr().out == text * 2


def test_status_and_stop_without_an_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("naavre_ext.engine.client.engine_status", lambda address: None)
    monkeypatch.setattr("naavre_ext.engine.client.stop_engine", lambda address: False)
    assert outcome("status") == 1
    assert outcome("stop") == 0
    assert capsys.readouterr().out == "no engine is running\n" * 2
