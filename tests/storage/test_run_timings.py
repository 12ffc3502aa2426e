"""How long cells took, read back from run records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from naavre_ext.model.check import CellTiming, SplitTiming
from naavre_ext.model.event import (
    BatchFinished,
    RunEvent,
    RunStarted,
    SplitRefused,
    SplitStarted,
    StepFailed,
    StepFinished,
    StepRelocated,
)
from naavre_ext.model.notebook import CellId
from naavre_ext.model.workflow import Step, StepId, Workflow
from naavre_ext.storage.run_store import RunStore
from naavre_ext.storage.run_timings import cell_timings


def workflow(**sources: str) -> Workflow:
    steps = (
        Step(StepId(cell), CellId(cell), number, number, source)
        for number, (cell, source) in enumerate(sources.items(), 1)
    )
    return Workflow(tuple(steps), ())


def ended(cell: str, duration_s: float) -> StepFinished:
    return StepFinished(
        step=cell, cell_id=cell, execution_count=1, started_at=1.0, duration_s=duration_s, worker="w"
    )  # fmt: skip


def began(slots: int = 2) -> RunStarted:
    return RunStarted(run_id="r", notebook="n", executor="ray", slots=slots)


def batch(cell: str, number: int, duration_s: float, worker: str) -> BatchFinished:
    return BatchFinished(
        step=cell, cell_id=cell, split=0, batch=number, items=2, started_at=1.0,
        duration_s=duration_s, worker=worker,
    )  # fmt: skip


def split(cell: str, batches: int, reason: str = "") -> SplitStarted:
    return SplitStarted(
        step=cell, cell_id=cell, split=0, title=None, items=4, batches=batches, reason=reason
    )


class Runs:
    """The runs of one notebook."""

    def __init__(self, folder: Path) -> None:
        self.notebook = str(folder / "n.ipynb")
        self.store = RunStore.beside(self.notebook)
        self.count = 0

    def add(self, flow: Workflow, events: Sequence[RunEvent], notebook: str | None = None) -> str:
        """Keeps a run and gives its id, later than that of the one before."""
        with self.store.create(notebook or self.notebook, workflow=flow.to_json()) as log:
            for event in events:
                log.append(event)
        self.count += 1
        later = log.path.with_name(f"20300101-{self.count:06}-aaaa")
        return log.path.rename(later).name

    def timings(self, flow: Workflow) -> dict[CellId, CellTiming]:
        return cell_timings(flow, self.store.of_notebook(self.notebook))


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_the_latest_run_with_the_same_source_counts(runs: Runs) -> None:
    old = runs.add(workflow(a="x = 1", b="y = 1"), [began(2), ended("a", 1.0), ended("b", 2.0)])
    new = runs.add(workflow(a="x = 1", b="y = 2"), [began(4), ended("a", 3.0), ended("b", 4.0)])
    assert runs.timings(workflow(a="x = 1", b="y = 1", c="z = 1")) == {
        "a": CellTiming(new, 3.0, 4),
        "b": CellTiming(old, 2.0, 2),
    }


def test_a_cell_that_failed_has_no_time(runs: Runs) -> None:
    failed = StepFailed(
        step="a", cell_id="a", execution_count=1, started_at=1.0, duration_s=9.0,
        worker="w", ename="E", evalue="",
    )  # fmt: skip
    runs.add(workflow(a="x = 1"), [began(), failed])
    assert runs.timings(workflow(a="x = 1")) == {}


def test_other_notebooks_runs_don_t_count(runs: Runs) -> None:
    runs.add(workflow(a="x = 1"), [began(), ended("a", 1.0)], notebook="other.ipynb")
    assert runs.timings(workflow(a="x = 1")) == {}


def test_a_cell_that_moved_is_known_by_its_source(runs: Runs) -> None:
    runs.add(workflow(a="x = 1"), [began(), ended("a", 1.0)])
    assert runs.timings(workflow(b="x = 1"))[CellId("b")].duration_s == 1.0
    assert (
        runs.timings(workflow(b="x = 1", c="x = 1")) == {}
    )  # which of the two it was can't be told


def test_splits_are_summed_up(runs: Runs) -> None:
    events: list[Any] = [
        began(), split("a", 3), batch("a", 0, 9.0, "gone"),
        StepRelocated(step="a", cell_id="a", reason="r"),
        split("a", 2), batch("a", 0, 1.0, "w1"), batch("a", 1, 2.0, "w2"), ended("a", 2.5),
        split("b", 0, "there is nothing to divide"), ended("b", 1.0),
        split("c", 2), SplitRefused(step="c", cell_id="c", split=0, reason="no"), ended("c", 1.0),
    ]  # fmt: skip
    flow = workflow(a="x", b="y", c="z")
    runs.add(flow, events)
    splits = {cell: timing.splits for cell, timing in runs.timings(flow).items()}
    assert splits == {
        "a": (SplitTiming(0, 4, 2, 3.0, 2),),
        "b": (SplitTiming(0, 4, 0, 0.0, 0, "there is nothing to divide"),),
        "c": (SplitTiming(0, 4, 2, 0.0, 0, "no"),),
    }


def test_records_that_can_t_be_read_are_passed_over(runs: Runs) -> None:
    flow = workflow(a="x = 1")
    old = runs.add(flow, [began(), ended("a", 1.0)])
    new = runs.add(flow, [began(), ended("a", 2.0)])
    (runs.store.root / "runs" / new / "events.jsonl").write_text('{"v": 99}\n')
    assert runs.timings(flow) == {"a": CellTiming(old, 1.0, 2)}
    (runs.store.root / "runs" / old / "run.json").write_text("[]")
    assert runs.timings(flow) == {}
