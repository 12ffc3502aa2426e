"""Event streams for the tests of what the command line shows."""

from __future__ import annotations

from typing import Any

from naavre_ext.model.event import (
    BatchFinished,
    CellOutputReceived,
    MessageLogged,
    RunEvent,
    RunFinished,
    RunStarted,
    SplitRefused,
    SplitStarted,
    StepFailed,
    StepFinished,
    StepNotRun,
    StepRelocated,
    StepStarted,
)

STEPS = (
    {"id": "s0", "cell_id": "c0", "cell_number": 2, "title": "load items", "placement": "main"},
    {"id": "s1", "cell_id": "c1", "cell_number": 5, "title": "process batches"},
    {"id": "s2", "cell_id": "c2", "cell_number": 6, "title": None, "placement": "any"},
)


def started(**fields: Any) -> RunStarted:
    values = {"run_id": "r1", "notebook": "a.ipynb", "executor": "ray", "slots": 2, "steps": STEPS}
    return RunStarted(**{**values, "at": 100.0, **fields})


def step_started(number: int, at: float = 100.0) -> StepStarted:
    return StepStarted(step=f"s{number}", cell_id=f"c{number}", placement="main", at=at)


def step_finished(number: int, duration_s: float = 1.0, batches: int = 0) -> StepFinished:
    return StepFinished(
        step=f"s{number}",
        cell_id=f"c{number}",
        execution_count=number + 1,
        started_at=100.0,
        duration_s=duration_s,
        worker="w",
        batches=batches,
    )


def step_failed(number: int, **fields: Any) -> StepFailed:
    values: dict[str, Any] = {
        "step": f"s{number}",
        "cell_id": f"c{number}",
        "execution_count": number + 1,
        "started_at": 100.0,
        "duration_s": 0.25,
        "worker": "w",
        "ename": "ValueError",
        "evalue": "bad\nvalue",
        "traceback": ("\x1b[0;31mValueError\x1b[0m  Traceback", "line 3", "ValueError: bad"),
    }
    return StepFailed(**{**values, **fields})


def not_run(number: int) -> StepNotRun:
    return StepNotRun(step=f"s{number}", cell_id=f"c{number}", reason="cell 5 failed")


def split_started(number: int, items: int, batches: int, reason: str = "") -> SplitStarted:
    return SplitStarted(
        step=f"s{number}",
        cell_id=f"c{number}",
        split=0,
        title=None,
        items=items,
        batches=batches,
        reason=reason,
    )


def batch_finished(number: int, batch: int, items: int) -> BatchFinished:
    return BatchFinished(
        step=f"s{number}",
        cell_id=f"c{number}",
        split=0,
        batch=batch,
        items=items,
        started_at=100.0,
        duration_s=0.1,
        worker="w",
    )


def split_refused(number: int) -> SplitRefused:
    reason = "'model' was changed"
    return SplitRefused(step=f"s{number}", cell_id=f"c{number}", split=0, reason=reason)


def relocated(number: int) -> StepRelocated:
    return StepRelocated(step=f"s{number}", cell_id=f"c{number}", reason="'f' can't be pickled")


def output(number: int, text: str, name: str = "stdout") -> CellOutputReceived:
    message = {"output_type": "stream", "name": name, "text": text}
    return CellOutputReceived(step=f"s{number}", cell_id=f"c{number}", number=0, output=message)


def finished(status: Any = "ok", duration_s: float = 3.0) -> RunFinished:
    return RunFinished(status=status, duration_s=duration_s)


def logged(text: str, level: Any = "warning") -> MessageLogged:
    return MessageLogged(level=level, text=text)


GOOD_RUN: tuple[RunEvent, ...] = (
    started(),
    step_started(0),
    output(0, "28 items\n"),
    step_finished(0),
    step_started(1, 101.0),
    split_started(1, 28, 5),
    *(batch_finished(1, batch, 6 if batch < 4 else 4) for batch in range(5)),
    step_finished(1, 2.0, 5),
    step_started(2),
    relocated(2),
    step_finished(2, 0.01),
    logged("a worker was lost; its batch ran again"),
    finished(),
)

FAILED_RUN: tuple[RunEvent, ...] = (
    started(),
    step_started(0),
    step_finished(0),
    step_started(1),
    split_started(1, 28, 5),
    step_failed(1, batch=1, item=7, item_repr="'x.csv'"),
    not_run(2),
    finished("failed", 1.5),
)
