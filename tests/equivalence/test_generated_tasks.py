"""Random programs of tasks end as they do top to bottom, with every call sent that may begin ahead."""

from __future__ import annotations

import os
import textwrap

import pytest
from both_ways import run_both
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

#: NAAVRE_HYPOTHESIS=deep looks for hours, from NAAVRE_HYPOTHESIS_SEED on, and makes what it finds small.
_DEEP = os.environ.get("NAAVRE_HYPOTHESIS") == "deep"
_FIRST_SEED = int(os.environ.get("NAAVRE_HYPOTHESIS_SEED", "0"))
_SHARDS = range(_FIRST_SEED, _FIRST_SEED + (10 if _DEEP else 1))
#: Each takes more than a second, as its tasks run in batches of their own.
_PROGRAMS = 500 if _DEEP else 12

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(36_000 if _DEEP else 600),
]

FUNCTIONS = """
import random
RATE, TABLE, SEEN = 2, {"k": [1, 2]}, []
def grow(xs):
    xs.append(len(xs))
    return xs
def tick():
    global RATE
    RATE += 1
    return RATE
class Box:
    def __init__(self, xs):
        self.xs = xs
    def put(self, x):
        self.xs.append(x)
        return self
# task
def total(xs, k=1):
    return sum(xs) * k
# task
def rated(x):
    return x * RATE + len(TABLE["k"])
# task
def same(xs):
    return xs
# task
def longer(xs):
    ys = [*xs, len(xs)]
    return ys
# task
def held(box):
    return len(box.xs)
# task
def looked(key):
    return TABLE.get(key, [0])
# task
def said(x):
    print("said", x)
    return x
# task
def fails(x):
    print("tries", x)
    return 6 // (x % 3)
# task
def noted(x):
    SEEN.append(x)
    return len(SEEN)
# task
def emptied(xs):
    while len(xs) > 1:
        xs.pop()
    return list(xs)
# task
def tree(n):
    if n < 2:
        return [n]
    below = tree(n - 1)
    beside = tree(n - 2)
    return below + beside
# task
def both(xs, x):
    a = total(xs)
    ys = longer(xs)
    b = total(ys) + rated(x)
    ys.append(a)
    c = total(ys) + total(xs)
    return [a, b, c]
"""

names = st.sampled_from(["xs", "ys", "zs"])
numbers = st.sampled_from(["a", "b", "c", "1", "4", "a + 1", "len(xs)", "xs[0]", "RATE"])
lists = st.one_of(names, st.sampled_from(["xs[1:]", "ys + zs", "[a, b]", "list(xs)", "box.xs"]))
int_calls = st.one_of(
    st.builds("total({})".format, lists),
    st.builds("total({}, k={})".format, lists, numbers),
    st.builds("rated({})".format, numbers),
    st.builds("said({})".format, numbers),
    st.builds("fails({})".format, numbers),
    st.builds("noted({})".format, numbers),
    st.just("held(box)"),
    st.just("held(box.put(3))"),
    st.just("tick()"),
    st.builds("total(grow({}))".format, names),
)
list_calls = st.one_of(
    st.builds("same({})".format, names),
    st.builds("longer({})".format, lists),
    st.builds("both({}, {})".format, lists, numbers),
    st.builds("emptied({})".format, names),
    st.builds("tree({})".format, st.sampled_from(["3", "4", "a % 4"])),
    st.builds("longer(same({}))".format, names),
    st.just("looked('k')"),
)
statements = st.one_of(
    st.builds("{} = {}".format, st.sampled_from("abc"), int_calls),
    st.builds("{} = {} + {}".format, st.sampled_from("abc"), int_calls, int_calls),
    st.builds("{} = {}".format, names, list_calls),
    st.builds("xs, ys = {}, {}".format, list_calls, list_calls),
    st.builds("print({}, {}, [{}])".format, int_calls, list_calls, int_calls),
    st.builds("{}.append({})".format, names, numbers),
    st.builds("{} = {}".format, names, names),
    st.sampled_from(
        ["RATE = 5", "TABLE['k'].append(1)", "zs = list(xs)", "box = Box(ys)", "box.put(a)", "a += 1",
         "xs[0] = b", "xs is ys and print('one')", "SEEN.clear()"]
    ),
)  # fmt: skip
blocks = st.lists(statements, min_size=2, max_size=5)


def _tried(block: list[str]) -> str:
    body = textwrap.indent("\n".join(block), "    ")
    return f"try:\n{body}\nexcept (ZeroDivisionError, IndexError) as error:\n    print(error)"


def _repeated(block: list[str]) -> str:
    return "for a in (1, 2):\n" + textwrap.indent("\n".join(block), "    ")


cells = st.lists(
    st.one_of(
        blocks.map("\n".join),
        blocks.map(_tried),
        blocks.map(_repeated),
    ),
    min_size=1,
    max_size=3,
)


def notebook_of(made: list[str]) -> list[str]:
    first = "xs, ys, zs, a, b, c = [1, 2], [3], [4, 5], 1, 2, 3\nbox = Box([1])"
    last = "print(xs, ys, zs, a, b, c, box.xs, RATE, TABLE, SEEN, xs is ys, ys is zs)"
    return [FUNCTIONS.strip(), f"{first}\n{made[0]}", *made[1:], last]


@pytest.mark.parametrize("shard", _SHARDS)
def test_random_tasks_end_as_top_to_bottom(shard: int) -> None:
    phases = [Phase.generate, Phase.shrink] if _DEEP else [Phase.generate]

    @seed(shard)
    @settings(
        deadline=None,
        max_examples=_PROGRAMS,
        phases=phases,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cells)
    def check(made: list[str]) -> None:
        run_both(notebook_of(made), orders=1)

    check()
