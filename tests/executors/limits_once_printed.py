"""Time limits of steps that count once these have printed, which may take its time on a busy machine."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from naavre_ext.executors.step_attempts import StepAttempts
from naavre_ext.model.event import CellOutputReceived, RunEvent, StepRetried


def limits_once_printed(monkeypatch: pytest.MonkeyPatch) -> Callable[[RunEvent], None]:
    """No step is ended before an output of this attempt has arrived. What is to be given the run's events."""
    printed = threading.Event()
    check = StepAttempts.check_timeouts

    def check_once_printed(self: StepAttempts) -> None:
        if printed.is_set():
            check(self)

    def note(event: RunEvent) -> None:
        if isinstance(event, CellOutputReceived):
            printed.set()
        elif isinstance(event, StepRetried):
            printed.clear()

    monkeypatch.setattr(StepAttempts, "check_timeouts", check_once_printed)
    return note
