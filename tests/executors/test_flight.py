"""However many batches there are, few are under way, and few wait to be merged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from naavre_ext import compile_notebook
from naavre_ext.executors.batch_sizes import BatchSizes, FixedSizes, GuidedSizes
from naavre_ext.executors.flight import _AHEAD, Flight
from naavre_ext.executors.packing import Packed, pack
from naavre_ext.executors.sources import Sliced
from naavre_ext.executors.tasks import BatchReport, BatchTask


class CountingPool:
    """Ends the batches at once, the first ``slow`` of them only when no others are under way."""

    def __init__(self, slow: int) -> None:
        self.slow, self.ended, self.most = slow, 0, 0
        self.sent: list[BatchTask] = []

    def submit(self, task: BatchTask, shared: Any, items: Packed) -> int:
        self.sent.append(task)
        self.most = max(self.most, len(self.sent) - self.ended)
        return task.batch

    def wait(self, batches: list[int]) -> int:
        self.ended += 1
        return next((batch for batch in batches if batch >= self.slow), batches[0])

    def report(self, batch: int) -> BatchReport:
        task = self.sent[batch]
        return BatchReport(batch, 0.0, 0.1, "", done=task.stop - task.start)

    def result(self, batch: int) -> Packed:
        return pack({"log": [], "leaks": {}, "batch": batch}, {})


def flight_of(items: Any, sizes: BatchSizes, pool: Any, slots: int) -> Flight:
    loop = "# split: part\nout = []\nfor i in items:\n    out.append(i)"
    cells = [nbformat.v4.new_code_cell(source) for source in ("items = []", loop)]
    workflow = compile_notebook(nbformat.v4.new_notebook(cells=cells))
    step = workflow.steps[-1]
    fan_out: Any = SimpleNamespace(
        worker=SimpleNamespace(background=""),
        step=step, pool=pool, limit=None, slots=slots, namespace={}, variables={},
        keeps_batches=False, tell=lambda _: None, show_done=lambda *_: None,
    )  # fmt: skip
    return Flight(fan_out, step.splits[0], Sliced(items), sizes, None)


@pytest.mark.parametrize("slow", [0, 1])
@pytest.mark.parametrize("slots", [2, 1000])
@pytest.mark.parametrize("is_fixed", [True, False])
def test_few_batches_are_under_way_or_wait(slow: int, slots: int, is_fixed: bool) -> None:
    items = range(200_000)
    sizes = FixedSizes(len(items), 4000, slots) if is_fixed else GuidedSizes(slots, 0.01)
    pool = CountingPool(slow)
    merged, most_ahead = 0, 0
    for report, record in flight_of(items, sizes, pool, slots).results():
        assert record["batch"] == report.batch
        merged += report.done
        most_ahead = max(most_ahead, len(pool.sent) - report.batch - 1)
    assert merged == len(items)
    assert pool.most <= sizes.window <= max(16, slots + min(64, 3 * slots))
    assert most_ahead <= _AHEAD * sizes.window


class HastyPool(CountingPool):
    """Ends each batch after its first item, and hands back the last one that it was sent."""

    def report(self, batch: int) -> BatchReport:
        return BatchReport(batch, 0.0, 0.1, "", done=1)

    def result(self, batch: int) -> Packed:
        task = self.sent[batch]
        last = object()
        origin = (task.stop - task.start - 1, ())
        return pack(
            {"log": [last], "leaks": {}}, {}, persistent=lambda o: origin if o is last else None
        )


def test_a_result_may_be_an_item_that_the_batch_was_sent_and_has_not_begun() -> None:
    items = [[n] for n in range(12)]
    pool = HastyPool(0)
    flight = flight_of(items, FixedSizes(len(items), 3, 2), pool, 2)
    found = [record["log"][0] for _, record in flight.results()]
    assert len(found) == len(items)
    assert all(any(one is item for item in items) for one in found)
    assert found[0] is items[pool.sent[0].stop - 1]
