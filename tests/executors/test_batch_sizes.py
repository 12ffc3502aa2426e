"""Batches are as many as asked for, or as long as is worth it; a batch that takes too long is cut anew."""

from __future__ import annotations

import heapq
import random
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naavre_ext.executors.batch_sizes import (
    LONGEST_BATCH_S,
    SEND_S,
    SHORTEST_BATCH_S,
    BatchSizes,
    FixedSizes,
    GuidedSizes,
    VectorSizes,
)
from naavre_ext.model import event as events

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))
from both_ways import run_as_workflow


@given(st.integers(0, 500), st.integers(1, 60))
def test_fixed_sizes_make_at_most_so_many_batches(count: int, batches: int) -> None:
    size = FixedSizes(count, batches, slots=2).next(count)
    assert -(-count // size) <= batches


def test_very_many_short_batches_go_out_together() -> None:
    sizes, left, sent = FixedSizes(100_000, 100_000, slots=2), 100_000, 0
    while left:
        size = min(left, sizes.next(left))
        left, sent = left - size, sent + 1
        sizes.observe(size, 0.0005)
    assert 16 * sizes.window < sent < 4000


@pytest.mark.parametrize(("batches", "batch_s"), [(200, 0.0001), (100_000, 0.2)])
def test_few_or_long_batches_go_out_alone(batches: int, batch_s: float) -> None:
    sizes, left = FixedSizes(100_000, batches, slots=2), 100_000
    for _ in range(50):
        assert sizes.next(left) == 100_000 // batches
        left -= sizes.size
        sizes.observe(sizes.size, batch_s)


def test_nothing_known_means_one_item() -> None:
    assert GuidedSizes(2, None).next(1000) == 1


@pytest.mark.parametrize(
    ("item_s", "left", "size"),
    [
        (0.001, 100_000, int(LONGEST_BATCH_S / 0.001)),  # long at first
        (0.001, 2000, 500),  # a quarter of what is left, for two slots
        (0.001, 100, int(SHORTEST_BATCH_S / 0.001)),  # not shorter than what sending is worth
        (10.0, 100, 1),
        (0.001, None, int(LONGEST_BATCH_S / 0.001)),
    ],
)
def test_a_batch_gets_its_share_of_the_time_that_is_left(
    item_s: float, left: int | None, size: int
) -> None:
    sizes = GuidedSizes(2, None)
    sizes.observe(1000, 1000 * item_s)
    assert sizes.next(left) == pytest.approx(size, abs=1)


def test_later_batches_count_more() -> None:
    sizes = GuidedSizes(2, 0.001)
    for _ in range(20):
        sizes.observe(100, 1.0)
    assert sizes.next(100_000) == pytest.approx(LONGEST_BATCH_S / 0.01, rel=0.01)


def makespan(
    items: Sequence[float], sizes: BatchSizes, slots: int, handling_s: float = 0.0
) -> float:
    """When the last of these items is done, in a model of workers that lose 4 ms between batches.

    One process sends the batches, one after the other. Beside its items, handling each takes a worker so long.
    """
    waiting: deque[tuple[range, float | None]] = deque()
    running: list[tuple[float, int, float, range, int]] = []
    begun, now, started, sender_s = 0, 0.0, 0, 0.0

    while True:
        while len(waiting) + len(running) < sizes.window and begun < len(items):
            size = min(sizes.next(len(items) - begun), len(items) - begun)
            waiting.append((range(begun, begun + size), sizes.limit_s(size)))
            begun += size
        while waiting and len(running) < slots:
            (batch, limit_s), taken_s, done = waiting.popleft(), 0.0, 0
            for item in batch:
                if done and limit_s is not None and taken_s > limit_s:
                    break
                taken_s, done = taken_s + items[item], done + 1
            started += 1
            sender_s = max(sender_s, now) + SEND_S
            ends_s = max(now, sender_s) + 0.004 + handling_s + taken_s
            heapq.heappush(running, (ends_s, started, taken_s, batch, done))
        if not running:
            return now
        now, _, taken_s, batch, done = heapq.heappop(running)
        sizes.observe(done, handling_s + taken_s, handling_s)
        rest = batch[done:]
        while rest:  # right behind it, as long as what is left of all allows
            part = rest[: sizes.next(len(rest) + len(items) - begun)]
            waiting.append((part, sizes.limit_s(len(part))))
            rest = rest[len(part) :]


def drawn(count: int, draw: str, *arguments: float) -> list[float]:
    generator = random.Random(7)
    return [getattr(generator, draw)(*arguments) for _ in range(count)]


#: The items' seconds; then the least part of the ideal speed that 2 and 16 slots must reach.
LOADS = {
    "equal items": ([0.01] * 2000, 0.98, 0.9),
    "a great many small ones": ([0.0001] * 100_000, 0.98, 0.82),
    "one in a hundred is slow": (([0.001] * 37 + [0.3] + [0.001] * 62) * 60, 0.98, 0.78),
    "the cheap ones come first": ([i * 1e-5 for i in range(2000)], 0.97, 0.88),
    "the cheap ones come last": ([i * 1e-5 for i in range(2000, 0, -1)], 0.97, 0.9),
    "a costly stretch in the middle": (
        [0.001] * 5000 + [0.05] * 200 + [0.001] * 5000, 0.9, 0.85),
    "of all sizes": (drawn(2000, "lognormvariate", -5.0, 1.5), 0.97, 0.8),
    "exponential": (drawn(2000, "expovariate", 100.0), 0.97, 0.88),
}  # fmt: skip


@pytest.mark.parametrize("slots", [2, 16])
@pytest.mark.parametrize("load", LOADS)
def test_workers_are_kept_busy_whatever_the_items_take(load: str, slots: int) -> None:
    items, *least = LOADS[load]
    ideal_s = max(sum(items) / slots, max(items))
    guess_s = max(1e-7, sum(items[:20]) / 20)
    reached = ideal_s / makespan(items, GuidedSizes(slots, guess_s), slots)
    assert reached >= least[slots > 2]


@pytest.mark.parametrize(("handling_s", "least"), [(0.1, 0.86), (0.3, 0.75), (1.0, 0.7)])
def test_batches_are_longer_where_each_has_its_price(handling_s: float, least: float) -> None:
    """Where what all batches share is large, say: it is unpacked, and looked at afterwards, for each."""
    items = [0.0005] * 40_000  # ten seconds for each slot
    assert 10.0 / makespan(items, GuidedSizes(2, 0.0005), 2, handling_s) > least


def test_one_sender_keeps_a_thousand_slots_busy() -> None:
    items, slots = [0.1] * 600_000, 1000  # a minute of work for each slot
    assert sum(items) / slots / makespan(items, GuidedSizes(slots, 0.1), slots) > 0.9


@pytest.mark.parametrize(
    ("slots", "slot_s", "at_least"), [(16, 20, 0.93), (64, 20, 0.94), (1000, 60, 0.8)]
)
def test_one_sender_keeps_slots_busy_with_batches_of_100_ms_that_were_asked_for(
    slots: int, slot_s: float, at_least: float
) -> None:
    items = [0.1] * int(slots * slot_s / 0.1)
    sizes = FixedSizes(len(items), len(items), slots)
    assert sum(items) / slots / makespan(items, sizes, slots) > at_least


def test_batches_of_100_ms_go_out_alone_where_sending_them_takes_no_longer() -> None:
    sizes, left = FixedSizes(10_000, 10_000, slots=32), 10_000
    while left:
        assert sizes.next(left) == 1
        sizes.observe(1, 0.1)
        left -= 1


def test_a_batch_gives_back_what_it_has_not_begun_when_others_may_be_idle() -> None:
    sizes = GuidedSizes(2, 0.01)
    assert sizes.limit_s(50) == pytest.approx(1.0)
    assert sizes.limit_s(1) == pytest.approx(2 * SHORTEST_BATCH_S)
    assert sizes.limit_s(10_000) == 2 * LONGEST_BATCH_S
    assert GuidedSizes(2, 0.01, timeout_s=0.5).limit_s(10_000) == 0.25
    costly = GuidedSizes(2, 0.01, timeout_s=0.5)
    costly.observe(10, 5.1, handling_s=5.0)
    assert costly.limit_s(10_000) == 0.25
    assert FixedSizes(100, 4, slots=2).limit_s(25) is None


def test_a_guess_gives_no_slot_less_than_two_batches() -> None:
    sizes = GuidedSizes(16, 1e-6)
    assert sizes.next(3200) == 100
    sizes.observe(100, 0.0001)
    assert sizes.next(3200) > 100


def test_a_batch_that_takes_long_gives_back_what_it_has_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("naavre_ext.executors.batch_sizes.LIMIT_S", 0.02)
    run = run_as_workflow(
        (
            "import time",
            "# split: part\nout = []\nfor i in range(200):\n"
            "    time.sleep(0.002 if i < 110 else 0.015)\n    out.append(i)\n    print(i)\nlast = i",
        )
    )
    assert run.ending.variables["out"] == list(range(200))
    assert run.ending.variables["last"] == 199
    assert "".join(o["text"] for o in run.ending.outputs[1]) == "".join(
        f"{i}\n" for i in range(200)
    )
    finished = run.of(events.BatchFinished)
    assert sum(batch.items for batch in finished) == 200
    assert len(finished) > 20


def test_vectorised_cells_begin_with_small_batches():
    sizes = VectorSizes(6400, slots=2)
    assert [sizes.next(6400), sizes.next(6300)] == [100, 100]


@given(
    st.integers(1, 10_000_000),
    st.integers(1, 64),
    st.floats(1e-9, 10.0),
    st.floats(0.0, 0.5),
)
def test_vectorised_cells_leave_no_worker_without_a_batch(count, slots, item_s, price_s):
    sizes, left, batches = VectorSizes(count, slots), count, 0
    while left and batches < 1000:
        size = min(left, sizes.next(left))
        assert size <= -(-left // slots)
        seconds = price_s + size * item_s
        assert batches == 0 or size == 1 or size * item_s <= LONGEST_BATCH_S
        left, batches = left - size, batches + 1
        sizes.observe(size, seconds)
    assert batches >= min(count, slots)
