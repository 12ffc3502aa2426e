"""Loops that make the files that they don't find: no item twice, and no iteration a second time."""

from __future__ import annotations

import pytest
from both_ways import run_as_workflow

from naavre_ext.executors.items import are_distinct
from naavre_ext.model import event as events

#: Code that analysis doesn't see writes the file.
_MAKER = "def make(path):\n    open(path, 'w').write(path)\n"
_LOOP = """\
# split: make
# batches: 3
for path in {items}:
    if not os.path.exists(path):
        print('making', path)
        maker.make(path)
    else:
        print('there', path)
"""


def run(folder, items: str, more: str = ""):
    cells = (
        f"open('maker.py', 'w').write({_MAKER!r})\nimport os, sys\nsys.path.insert(0, os.getcwd())",
        "import maker",
        _LOOP.format(items=items) + more,
    )
    return run_as_workflow(cells, cwd=str(folder))


def batches(run) -> list[int]:
    return [event.batches for event in run.of(events.SplitStarted)]


def test_items_that_differ_are_divided(tmp_path):
    done = run(tmp_path, "['a', 'b', 'c']")
    assert done.end.status == "ok"
    assert batches(done) == [3]


def test_an_item_that_comes_twice_keeps_the_loop_whole(tmp_path):
    done = run(tmp_path, "['a', 'b', 'a']")
    assert done.end.status == "ok"
    assert batches(done) == [0]


def test_a_loop_that_cannot_run_again_fails_and_says_why(tmp_path):
    done = run(tmp_path, "['a', 'b', 'c']", "    left = (k for k in path)\n")
    assert done.end.status == "failed"
    assert done.ending.error is not None
    ename, evalue = done.ending.error[:2]
    assert ename == "CannotRepeat"
    assert "a generator" in evalue
    assert "Find what is missing" in evalue


@pytest.mark.parametrize(
    ("items", "numbered", "expected"),
    [
        (range(3), False, True),
        (["a", "b"], False, True),
        (["a", "a"], False, False),
        ([[1], [2]], False, False),
        ([(0, "a"), (1, "a")], False, True),
        ([(0, "a"), (1, "a")], True, False),
        ([], False, True),
    ],
)
def test_items_that_surely_differ(items, numbered, expected):
    assert are_distinct(items, numbered=numbered) is expected
