"""Records of runs, written as runs write them, so that browser tests need no Ray."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

from naavre_ext.api import prepare_notebook
from naavre_ext.cli.inputs import read_source
from naavre_ext.model.event import (
    BatchFinished,
    CellOutputReceived,
    RunEvent,
    RunFinished,
    RunStarted,
    RunStatus,
    SplitStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)
from naavre_ext.storage.run_store import RunStore


class RecordedRun:
    """A run of a notebook that this process seems to do; ``start`` is the time it is said to have begun."""

    def __init__(self, notebook: Path, start: float, slots: int = 2, **more: Any) -> None:
        self.workflow = prepare_notebook(read_source(str(notebook))).workflow
        assert self.workflow is not None
        store = RunStore(notebook.parent / ".naavre")
        self.log = store.create(str(notebook), workflow=self.workflow.to_json(), **more)
        self.start = start
        self._numbers = itertools.count()
        steps = tuple(
            {"id": s.id, "cell_id": s.cell_id, "cell_number": s.cell_number, "title": s.title}
            | {"placement": s.placement}
            for s in self.workflow.steps
        )
        started = RunStarted(
            run_id=self.id, notebook=str(notebook), executor="ray", slots=slots, steps=steps
        )
        self.tell(started, 0.0)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.log.run_id

    def tell(self, event: RunEvent, at: float | None = None) -> float:
        """Writes an event, ``at`` seconds after the start (None: now); its Unix time."""
        moment = time.time() if at is None else self.start + at
        values = {name: getattr(event, name) for name in type(event).__dataclass_fields__}
        self.log.append(type(event)(**{**values, "seq": next(self._numbers), "at": moment}))
        return moment

    def begin(self, step: str, at: float | None = None) -> None:
        """The step starts."""
        self.tell(StepStarted(step=step, cell_id=step, placement="main"), at)

    def split(self, step: str, items: int, batches: int, at: float | None = None) -> None:
        """The step's loop is cut into batches."""
        self.tell(
            SplitStarted(
                step=step, cell_id=step, split=0, title=None, items=items, batches=batches
            ),
            at,
        )

    def batch(self, step: str, number: int, begin: float, end: float, worker: str) -> None:
        """A batch was computed in that time."""
        self.tell(
            BatchFinished(
                step=step, cell_id=step, split=0, batch=number, items=1,
                started_at=self.start + begin, duration_s=end - begin, worker=worker,
            ),
            end,
        )  # fmt: skip

    def write(self, step: str, text: str, at: float) -> None:
        """The cell prints."""
        output = {"output_type": "stream", "name": "stdout", "text": text}
        self.tell(CellOutputReceived(step=step, cell_id=step, number=0, output=output), at)

    def finish(self, step: str, begin: float, end: float, batches: int = 0) -> None:
        """The step ends well."""
        self.tell(
            StepFinished(
                step=step, cell_id=step, execution_count=1, started_at=self.start + begin,
                duration_s=end - begin, worker="main", batches=batches,
            ),
            end,
        )  # fmt: skip

    def fail(self, step: str, begin: float, end: float, batch: int) -> None:
        """An item of the step's loop raises."""
        self.tell(
            StepFailed(
                step=step, cell_id=step, execution_count=1, started_at=self.start + begin,
                duration_s=end - begin, worker="w1", ename="ValueError", evalue="no such genome",
                traceback=("ValueError: no such genome",), batch=batch, item=7, item_repr="'ACGT'",
            ),
            end,
        )  # fmt: skip

    def end(self, status: RunStatus, at: float) -> None:
        """The run is over."""
        self.tell(RunFinished(status=status, duration_s=at), at)
