"""Loops in functions that batches call: split again where slots are left over."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from naavre_ext.executors import local
from naavre_ext.executors.batch_sizes import FixedSizes, GuidedSizes
from naavre_ext.executors.flight import _slots_each
from naavre_ext.model.run import RunOptions

sys.path.insert(0, str(Path(__file__).parent.parent / "equivalence"))
from both_ways import assert_same, run_in_order, run_with

pytestmark = pytest.mark.filterwarnings("default")

CELLS = [
    """
import os
def inner(x):
    # split: inner
    # batches: 3
    return [x * y for y in range(5)]
def total(x):
    s = 0.0
    # split: total
    # batches: 2
    for y in range(6):
        s += 0.1 * x * y
        print(x, y)
    return s
""",
    """# split: outer
# batches: 2
out = []
for x in range(2):
    out.append((inner(x), total(x)))
""",
    "print(out)",
]


@pytest.mark.parametrize(
    ("items", "batches", "slots", "each"),
    [(2, 2, 4, 2), (2, 1, 4, 4), (5, 5, 4, 1), (3, 3, 8, 2), (0, 3, 8, 1), (None, 1, 8, 1)],
)
def test_few_batches_share_the_slots(items, batches, slots, each):
    sizes = FixedSizes(items or 0, batches, slots)
    assert _slots_each(items, sizes, slots) == each


def test_guided_batches_share_the_slots_only_where_items_are_few():
    assert _slots_each(2, GuidedSizes(8, 1.0), 8) == 4
    assert _slots_each(100, GuidedSizes(8, 1.0), 8) == 1


@pytest.mark.parametrize(
    ("slots", "expected"), [(4, {"outer": 2, "inner": 6, "total": 4}), (2, {"outer": 2})]
)
def test_loops_are_split_at_both_levels_while_slots_are_left(
    slots, expected, monkeypatch, tmp_path
):
    sent: dict[str, int] = {}
    submit = local._LocalPool.submit

    def counted(pool, task, *parts):
        sent[task.split.title] = sent.get(task.split.title, 0) + 1
        return submit(pool, task, *parts)

    monkeypatch.setattr(local._LocalPool, "submit", counted)
    sequential = run_in_order(CELLS, str(tmp_path))
    executor = local.LocalExecutor(slots=slots)
    try:
        run = run_with(executor, CELLS, RunOptions(cwd=str(tmp_path), keep=None))
    finally:
        executor.close()
    assert_same(sequential, run.ending, CELLS)
    assert sent == expected


SETUP = "def f(x, y):\n    return 0.1 * x * y\nxs = [3, 1, 2]"
#: A loop in a loop's body, and whether batches split it again.
IN_THE_BODY = {
    "at top level": (
        True,
        SETUP,
        """# split: outer
# batches: 2
out, total = [], 0.0
for x in xs:
    row = []
    # split: inner
    # batches: 3
    for y in range(6):
        row.append(f(x, y))
        print(x, y)
    total += sum(row)
    # split: again
    # batches: 2
    squares = {z: z * x for z in row}
    out.append((x, row, squares))
""",
        "print(out, repr(total), x, y, row, squares)",
    ),
    "in a function": (
        True,
        SETUP
        + """
def table(k):
    out = []
    # split: outer
    # batches: 2
    for x in xs:
        row = 0.5
        # split: inner
        # batches: 3
        for y in range(6):
            row += f(x, y) * k
            print(x, y)
        out.append((x, row))
    return out, y
""",
        "made = table(2)",
        "print(made)",
    ),
    "what the outer loop collects": (
        False,
        SETUP,
        """# split: outer
# batches: 2
out = []
for x in xs:
    # split: inner
    # batches: 3
    for y in range(6):
        out.append(f(x, y))
""",
        "print(out, x, y)",
    ),
    "an error inside": (
        True,
        SETUP,
        """# split: outer
# batches: 2
out = []
for x in xs:
    row = []
    # split: inner
    # batches: 3
    for y in range(6):
        print(x, y)
        row.append(1 / (x * y - 10))
    out.append(row)
""",
    ),
}


@pytest.mark.parametrize(
    ("again", "cells"), [(row[0], row[1:]) for row in IN_THE_BODY.values()], ids=IN_THE_BODY
)
def test_loops_in_the_body_are_split_again_in_a_batch(again, cells, monkeypatch, tmp_path):
    sent = set()
    submit = local._LocalPool.submit

    def noted(pool, task, *parts):
        sent.add(task.split.title)
        return submit(pool, task, *parts)

    monkeypatch.setattr(local._LocalPool, "submit", noted)
    sequential = run_in_order(cells, str(tmp_path))
    executor = local.LocalExecutor(slots=6)
    try:
        run = run_with(executor, cells, RunOptions(cwd=str(tmp_path), keep=None))
    finally:
        executor.close()
    assert_same(sequential, run.ending, cells, identity=False)
    assert ("inner" in sent) == again


def test_loop_of_a_function_isnt_taken_for_the_cells_own_loop(tmp_path):
    cell = (
        "n = 2\nparts = 3\ndef f(k):\n    # split: inner\n    # batches: parts\n"
        "    return [k * y for y in range(4)]\n"
        "# split: own\n# batches: n\nown = [x + 100 for x in range(4)]\nprint(f(2), own)"
    )
    sequential = run_in_order([cell], str(tmp_path))
    executor = local.LocalExecutor(slots=2)
    try:
        run = run_with(executor, [cell], RunOptions(cwd=str(tmp_path), keep=None))
    finally:
        executor.close()
    assert_same(sequential, run.ending, [cell])
    assert run.fanned_out == 2


@pytest.mark.parametrize(
    ("head", "options", "most"),
    [
        ("", RunOptions(keep=None), 8),
        ("# concurrency: 4\n", RunOptions(keep=None), 2),
        ("", RunOptions(keep=None, max_parallelism=4), 2),
        ("# concurrency: 2\n", RunOptions(keep=None), 0),
    ],
)
def test_batches_share_what_may_run_at_once(head, options, most, monkeypatch, tmp_path):
    """Two batches at a time, with a part each of the limit for the loops that they come to."""
    waiting: set[object] = set()
    reached = [0]
    submit, report = local._LocalPool.submit, local._LocalPool.report

    def counted(pool, task, *parts):
        handle = submit(pool, task, *parts)
        if task.split.title == "inner":
            waiting.add(handle)
            reached.append(len(waiting))
        return handle

    def taken(pool, handle):
        waiting.discard(handle)
        return report(pool, handle)

    monkeypatch.setattr(local._LocalPool, "submit", counted)
    monkeypatch.setattr(local._LocalPool, "report", taken)
    outer = f"# split: outer\n# batches: 2\n{head}out = [inner(x) for x in range(2)]"
    inner = (
        "def inner(x):\n    # split: inner\n    # batches: 8\n    return [x * y for y in range(8)]"
    )
    executor = local.LocalExecutor(slots=8)
    try:
        run = run_with(executor, [inner, outer], replace(options, cwd=str(tmp_path)))
    finally:
        executor.close()
    assert max(reached) == most
    assert run.fanned_out_within == (2 if most else 0)
