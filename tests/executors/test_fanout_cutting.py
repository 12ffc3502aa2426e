"""Batches are cut as promised, and only what Python itself iterates is taken apart beforehand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naavre_ext.executors.items import materialise
from naavre_ext.planning.cutting import cut


@given(st.integers(0, 500), st.integers(1, 60))
def test_batches_are_contiguous_and_at_most_as_many_as_asked_for(count, batches):
    bounds = cut(count, batches)
    assert 1 <= len(bounds) <= batches
    assert [start for start, _ in bounds] == [0, *(stop for _, stop in bounds[:-1])]
    assert bounds[-1][1] == count
    sizes = {stop - start for start, stop in bounds[:-1]}
    assert len(sizes) <= 1


@pytest.mark.parametrize(
    ("iterable", "items"),
    [
        ([1, 2], [1, 2]),
        (range(3), [0, 1, 2]),
        ("ab", ["a", "b"]),
        ({"k": 1}.items(), [("k", 1)]),
        (zip([1, 2], "ab", strict=False), [(1, "a"), (2, "b")]),
        (enumerate("ab", 3), [(3, "a"), (4, "b")]),
        (reversed([1, 2]), [2, 1]),
        (iter([1, 2]), [1, 2]),
        (itertools.combinations("abc", 2), [("a", "b"), ("a", "c"), ("b", "c")]),
        (np.arange(2), [0, 1]),
    ],
)
def test_what_python_iterates_is_materialised(iterable, items):
    found, reason = materialise(iterable)
    assert list(found) == items
    assert not reason


class Own(list):
    def __iter__(self):
        raise AssertionError("user's code must run between the iterations")


@pytest.mark.parametrize(
    "iterable",
    [
        (i for i in [1]),
        map(str, [1]),
        filter(None, [1]),
        itertools.count(),
        itertools.cycle([1]),
        Own([1]),
        enumerate(Own([1]).copy() for _ in [1]),
        zip([1], (i for i in [1]), strict=False),
        5,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_run_code_comes_one_by_one(iterable):
    found, reason = materialise(iterable)
    assert found is None
    assert reason.startswith("its items come one by one from a")
