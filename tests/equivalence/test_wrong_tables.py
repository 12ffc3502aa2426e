"""Where the tables are wrong, guards find it while running: the workflow still ends as the notebook does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from both_ways import (
    RandomOrder,
    WorkflowRun,
    assert_same,
    run_as_workflow,
    run_both,
    run_in_order,
    run_with,
)
from wrong_tables import wronglib as wronglib

from naavre_ext.executors import step_values
from naavre_ext.executors.base import group_gone, group_opened
from naavre_ext.executors.local import LocalExecutor
from naavre_ext.executors.packing import unpack
from naavre_ext.executors.tasks import StepTask
from naavre_ext.model import event as events
from naavre_ext.model.diagnostic import NaavreError
from naavre_ext.model.run import RunOptions

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("wronglib")]

LIST = ("import wronglib", "xs = [1.0, 2.0, 3.0]")
#: Large enough to be kept for the next cell that reads it elsewhere.
LONG = ("import wronglib", "xs = [float(i) for i in range(20_000)]")
ARRAY = ("import wronglib\nimport numpy as np", "xs = np.array([1.0, 2.0, 3.0])")
FRAME = (
    "import wronglib\nimport pandas as pd",
    "df = pd.DataFrame({'a': [1, 2]})\ndf['b'] = [0.5, 1.5]\ndf['c'] = df['a'] * 2",
)


def main_first(tasks: Sequence[StepTask]) -> int:
    return next((n for n, task in enumerate(tasks) if task.placement == "main"), 0)


def main_last(tasks: Sequence[StepTask]) -> int:
    return next((n for n, task in enumerate(tasks) if task.placement == "any"), 0)


@dataclass(frozen=True)
class Row:
    """A notebook with something that the tables deny, and what the run says about it.

    ``says`` are parts of the warning, ``moved`` the cells (from 1) that run again in the main worker. In an
    ``isolated`` row cells needn't run in processes of their own to see no more than they should.
    """

    cells: tuple[str, ...]
    says: tuple[str, ...] = ()
    moved: tuple[int, ...] = ()
    choose: Callable[[Sequence[StepTask]], int] = main_last
    isolated: bool = True


#: A cell that deletes a name stays in the main worker.
MAIN = "q = 0\ndel q\n"

TABLE = {
    "a later reader elsewhere has used the value from before": Row(
        (*LIST, "a = wronglib.total(xs)", f"{MAIN}b = wronglib.bump(xs)", "c = wronglib.total(xs)",
         "d = wronglib.total([c, *xs])", "print(a, b, c, d)"),
        ("cell 4 changes 'xs' in place", "xs = copy.deepcopy(xs)"), (5, 6),
    ),
    "of an array": Row(
        (*ARRAY, "a = wronglib.total(xs)", f"{MAIN}b = wronglib.bump(xs)", "c = wronglib.total(xs)",
         "d = wronglib.total(xs)", "print(a, b, c, d)"),
        ("cell 4 changes 'xs' in place",), (5, 6),
    ),
    "and so has what follows from it": Row(
        (*LIST, "a = wronglib.total(xs)", f"{MAIN}b = wronglib.bump(xs)", "c = wronglib.total(xs)",
         "d = wronglib.total([c])", "e = wronglib.total([a])", "print(a, b, c, d, e)"),
        ("cell 4 changes 'xs' in place",), (5,),
    ),
    "a reader failed on the value from before": Row(
        (*LIST, "a = wronglib.total(xs)", f"{MAIN}b = wronglib.bump(xs)",
         "c = 1 / (wronglib.total(xs) - 6)", "d = wronglib.total([a])", "print(a, b, c, d)"),
        ("cell 4 changes 'xs' in place",), (5,),
    ),
    "the change is one among several cells": Row(
        (*LIST, "a = wronglib.total(xs)", f"{MAIN}b = wronglib.bump(xs)", f"{MAIN}e = len(xs)",
         f"{MAIN}f = 1", "c = wronglib.total(xs)", "d = wronglib.total(xs)", "print(a, b, c, d)"),
        ("cell 4 or cell 5 changes 'xs' in place",), (7, 8),
    ),
    "the change comes through a name that isn't known to be the same": Row(
        (*LIST, "a = wronglib.total(xs)", f"{MAIN}ys = wronglib.keep(xs)", f"{MAIN}ys[1] = 50.0",
         "c = wronglib.total(xs)", "d = wronglib.total(xs)", "print(a, xs, ys, c, d)"),
        ("'xs' in place",), (6, 7),
    ),
    "a cell elsewhere changes its copy": Row(
        (*LIST, "a = wronglib.total(xs)", "b = wronglib.bump(xs)", "c = wronglib.total(xs)", "print(a, b, c, xs)"),
        ("cell 4 changes 'xs' in place",), (4, 5),
    ),
    "a cell elsewhere changes its copy of an array": Row(
        (*ARRAY, "a = wronglib.total(xs)", "b = wronglib.bump(xs)", "c = wronglib.total(xs)",
         "print(a, b, c, xs)"),
        ("cell 4 changes 'xs' in place",), (4, 5),
    ),
    "a cell elsewhere changes its copy of a long list that another one has read": Row(
        (*LONG, "a = wronglib.total(xs)", "b = wronglib.bump(xs)", "c = wronglib.total(xs)",
         "print(a, b, c, xs[0])"),
        ("cell 4 changes 'xs' in place",), (4, 5),
    ),
    "a frame gets a column": Row(
        (*FRAME, "a = wronglib.read_frame(df)", f"{MAIN}b = wronglib.bump_frame(df)",
         "c = wronglib.read_frame(df)", "d = wronglib.read_frame(df)", "print(a, b, c, d)"),
        ("cell 4 changes 'df' in place",), (5, 6),
    ),
    "a frame's index gets a name": Row(
        (*FRAME, "a = wronglib.relabel(df)", "b = df.index.name", "print(a, b)", "c = wronglib.read_frame(df)"),
        ("cell 3 changes 'df' in place", "starts over"), (3,),
    ),
    "looking at a frame is no change": Row(
        (*FRAME, "a = wronglib.read_frame(df)", f"{MAIN}b = wronglib.read_frame(df)",
         "c = wronglib.read_frame(df)", "d = wronglib.read_frame(df)", "print(a, b, c, d)"),
    ),
    "two results are one object": Row(
        (*LIST, "one = [1]\na = wronglib.keep(one)\nb = wronglib.wrap(one)", "c = wronglib.total(xs)",
         "a.append(3)", "print(b, c)"),
        ("'b' can't leave its worker: it shares an object with 'a'", "copy.deepcopy"), (3,),
    ),
    "settings change": Row(
        (*ARRAY, "a = wronglib.show(1)", f"{MAIN}b = wronglib.round_off()", "c = wronglib.show(1)",
         "d = wronglib.show(2)", "print(a, c, d)"),
        ("cell 4 changes settings",), (5, 6), isolated=False,
    ),
    "a later main cell has used the value from before": Row(
        (*LIST, "a = wronglib.total(xs)", "b = wronglib.bump(xs)", f"{MAIN}c = wronglib.total(xs)",
         "d = wronglib.total([c])", "print(a, b, c, d, xs)"),
        ("cell 4 changes 'xs' in place", "the run starts over, cell after cell"), (4,), main_first,
    ),
    "a later main cell has used an alias of it": Row(
        (*LIST, "a = wronglib.total(xs)", f"{MAIN}ys = wronglib.keep(xs)", "b = wronglib.bump(xs)",
         f"{MAIN}c = wronglib.total(ys)", "d = wronglib.total([c])", "print(a, b, c, d, xs)"),
        ("cell 5 changes 'xs', 'ys' in place", "the run starts over"), (5,), main_first,
    ),
    "a later main cell has used something else": Row(
        (*LIST, "zs = [1]", "a = wronglib.total(xs)", "b = wronglib.bump(xs)", f"{MAIN}c = wronglib.total(zs)",
         "d = wronglib.total([c])", "print(a, b, c, d, xs)"),
        (), (5,), main_first,
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_wrong_tables_don_t_change_the_result(row, wronglib):
    expected = run_in_order(row.cells, str(wronglib))
    run = run_as_workflow(row.cells, choose=row.choose, cwd=str(wronglib))
    assert_same(expected, run.ending, row.cells)
    warnings = " ".join(e.text for e in run.of(events.MessageLogged))
    assert all(part in warnings for part in row.says), warnings
    assert bool(warnings) == bool(row.says), warnings
    moved = [event.step for event in run.of(events.StepRelocated)]
    assert moved == [f"cell-{number - 1}" for number in row.moved]


@pytest.mark.parametrize("row", [row for row in TABLE.values() if row.isolated])
def test_nor_in_any_order(row, wronglib):
    run_both(row.cells, orders=4, cwd=str(wronglib))


STALE = TABLE["a later reader elsewhere has used the value from before"].cells
LATE = TABLE["a later main cell has used the value from before"].cells


def test_a_run_that_can_t_start_over_fails_and_says_why(wronglib):
    cells = (*LIST, "open('out.txt', 'w').write('once')", *LATE[2:])
    run = run_as_workflow(cells, choose=main_first, cwd=str(wronglib))
    assert run.end.status == "failed"
    assert run.ending.failed_cell == 4
    name, text = run.ending.error
    assert name == "StaleValueError"
    for part in (
        "cell 5 changes 'xs' in place",
        "cell 3 changed things outside",
        "copy.deepcopy(xs)",
    ):
        assert part in text


#: A table's cells are lists, which its copy holds as well; a cell has changed one when that is found out.
HELD = (
    "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2], 'l': [[1], [2]]})\n"
    "def slow(x): return (sum(range(9999)), x)[1]",
    "new = slow(df.copy())",
    "other = slow(len(df))",
    "df['l'].iloc[0].append(9)",
    "print(new, other)",
)


def test_what_was_made_late_of_copies_is_made_again():
    run = run_as_workflow(HELD, choose=main_first)
    assert_same(run_in_order(HELD, None), run.ending, HELD)
    (warning,) = [event.text for event in run.of(events.MessageLogged)]
    assert "what cell 2 makes holds objects that later cells have gone on with" in warning
    assert "the run starts over" in warning


def test_where_that_can_t_be_the_run_fails_and_says_why(tmp_path):
    cells = (HELD[0], "open('out.txt', 'w').write('once')", *HELD[1:])
    run = run_as_workflow(cells, choose=main_first, cwd=str(tmp_path))
    assert run.end.status == "failed"
    name, text = run.ending.error
    assert name == "StaleValueError"
    assert "cell 3 makes holds objects" in text
    assert "can't start over because a cell changed things outside" in text


#: Group h has run, and its worker is given back, before cell 4 changes what cell 5 has read.
GIVEN_BACK = (
    *LIST, "a = wronglib.total(xs)", f"{MAIN}b = wronglib.bump(xs)", "c = wronglib.total(xs)",
    "# group: h\nd = wronglib.total([c])", "print(a, b, c, d)",
)  # fmt: skip


class _OthersAreServed(LocalExecutor):
    """A group's worker is another job's as soon as the group is closed."""

    closed: frozenset[str] = frozenset()

    def open_group(self, group: str, *, early: bool) -> None:
        gone = group in self.closed
        self._messages.append(group_gone(group) if gone else group_opened(group))

    def close_group(self, group: str) -> None:
        self.closed |= {group}


def run_beside_others(cells: Sequence[str], folder: str) -> WorkflowRun:
    options = RunOptions(executor="local", cwd=folder, keep=None)
    executor = _OthersAreServed(choose=main_last)
    try:
        return run_with(executor, cells, options)
    finally:
        executor.close()


def test_group_that_runs_again_when_its_worker_is_another_job_s_starts_the_run_over(wronglib):
    expected = run_in_order(GIVEN_BACK, str(wronglib))
    run = run_beside_others(GIVEN_BACK, str(wronglib))
    assert_same(expected, run.ending, GIVEN_BACK)
    (text,) = [e.text for e in run.of(events.MessageLogged) if e.code == "NX526"]
    assert "group 'h' have to run again" in text
    assert "the run starts over" in text


def test_it_fails_where_a_cell_changed_things_outside(wronglib):
    cells = (*LIST, "open('out.txt', 'w').write('once')", *GIVEN_BACK[2:])
    with pytest.raises(NaavreError, match=r"NX526 Cells of group 'h'.*outside.*--jobs 1"):
        run_beside_others(cells, str(wronglib))


def test_guards_can_be_switched_off(wronglib):
    options = RunOptions(executor="local", guards=False)
    run = run_as_workflow(STALE, cwd=str(wronglib), options=options)
    assert run.ending.variables["c"] == 6.0
    assert not run.of(events.StepRelocated)


def test_batches_may_not_change_what_they_share(wronglib):
    cells = (
        *LIST,
        "# split: work\n# batches: 3\nout = []\nfor i in range(6):\n    out.append(wronglib.bump(xs) + i)",
        "print(out, xs)",
    )
    (run,) = run_both(cells, orders=1, cwd=str(wronglib))
    (refused,) = run.of(events.SplitRefused)
    assert "'xs' was changed in place" in refused.reason


def test_batches_may_not_change_their_items(wronglib):
    cells = (
        "import wronglib",
        "rows = [[float(i)] for i in range(6)]",
        "# split: work\n# batches: 3\nout = []\nfor row in rows:\n    out.append(wronglib.bump(row))",
        "print(out, rows)",
    )
    (run,) = run_both(cells, orders=1, cwd=str(wronglib))
    (refused,) = run.of(events.SplitRefused)
    assert "an item was changed in place" in refused.reason


@pytest.mark.parametrize("seed", range(6))
def test_several_wrong_cells_at_once(wronglib, seed):
    cells = (
        *LIST, "ys = wronglib.keep(xs)", "a = wronglib.bump(xs)", f"{MAIN}b = wronglib.bump(ys)",
        "c = wronglib.total(xs)", "d = wronglib.bump(ys)", f"{MAIN}e = wronglib.total(xs)",
        "f = wronglib.total([a, b, c, d, e])", "print(a, b, c, d, e, f, xs, ys)",
    )  # fmt: skip
    run = run_as_workflow(cells, choose=RandomOrder(seed).chooser(), cwd=str(wronglib))
    assert_same(run_in_order(cells, str(wronglib)), run.ending, cells)


def test_long_list_is_made_once_for_cells_that_leave_it_as_it_is(wronglib, monkeypatch):
    made: list[str] = []

    def unpacked(packed, *rest, **how):
        made.extend(packed.names)
        return unpack(packed, *rest, **how)

    monkeypatch.setattr(step_values, "unpack", unpacked)
    readers = (f"{name} = wronglib.total(xs)" for name in "abc")
    run_both((*LONG, *readers, "print(a, b, c)"), orders=1, cwd=str(wronglib))
    assert made.count("xs") == 1
