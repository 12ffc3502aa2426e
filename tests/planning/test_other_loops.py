"""Calls over items that aren't split: the plan says so, and what it says to write instead is split."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))

from both_ways import notebook

from naavre_ext.api import prepare_notebook

SETUP = """
import numpy as np
from itertools import starmap
xs, ys, pairs = range(5), range(5), [(1, 2), (3, 4)]
def f(x, y=1):
    total = 0
    for i in range(100):
        total += i * x
    return total + y
"""


def plan(line: str):
    prepared = prepare_notebook(notebook([SETUP, f"# split: part\nr = {line}"]))
    splits = prepared.require_workflow().steps[1].splits
    return [d for d in prepared.diagnostics if d.code == "NX401"], splits


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("any(f(x) > 2 for x in xs)", "any() stops at the first that is true"),
        ("all(f(x) for x in xs)", "all() stops at the first that is false"),
        ("list(map(f, xs, ys))", "map() takes several iterables at once"),
        ("sum(map(lambda x, y: f(x) + y, xs, ys))", "map() takes several iterables at once"),
        ("list(starmap(f, pairs))", "starmap() isn't split"),
        ("list(filter(f, xs))", "filter() isn't split"),
        ("np.fromiter((f(x) for x in xs), dtype=float)", "fromiter() takes the items one by one"),
    ],
)
def test_what_is_said_of_a_call_helps(line: str, reason: str) -> None:
    (found,), splits = plan(line)
    assert not splits
    assert reason in found.message
    written = re.match(r"Write (.*?)(, if it may .*)?\.$", found.remedy)
    assert written is not None
    found_again, splits = plan(written[1].replace("dtype=...", "dtype=float"))
    assert not found_again
    assert len(splits) == 1


@pytest.mark.parametrize("line", ["any(x for x in xs)", "list(map(str, xs, ys))", "any(xs)"])
def test_nothing_is_said_of_what_costs_nothing(line: str) -> None:
    assert not plan(line)[0]
