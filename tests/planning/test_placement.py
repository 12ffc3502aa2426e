"""Which cells may run in any worker. NumPy 2.4, pandas 3.1, Matplotlib 3.11, scikit-learn 1.9."""

from __future__ import annotations

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell
from naavre_ext.planning.placement import Placed, place

SETUP = """
import time, random
import numpy as np, pandas as pd
import matplotlib.pyplot as plt
def slow(x):
    time.sleep(1)
    return 2 * x
def keep(x):
    time.sleep(1)
    return x
a = [1]
rows = [[1]]
"""
#: A costly cell that nothing depends on, so that the others have something to run beside.
OTHER = "other = slow(3)"


def place_last(*sources: str, after: str = "") -> Placed:
    """The placement of the last of the cells (before ``after``)."""
    texts = [SETUP, OTHER, *sources, *([after] if after else [])]
    dataflow = analyse([parse_cell(text) for text in texts])
    placements = place(dataflow, [str(n) for n in range(len(texts))])
    return placements.steps[1 + len(sources)]


ANYWHERE = [
    "y = slow(1)",
    "y = [slow(x) for x in range(9)]",
    "y = np.linalg.svd(np.ones((9, 9)))",
    "df = pd.DataFrame({'a': [1]})\ndf['b'] = df['a'] * 2\nmeans = df.groupby('a').mean()",
    "total = 0\nfor x in range(9):\n    total += slow(x)",
    "seen = []\nfor x in a:\n    seen.append(slow(x))",
    "print(slow(1))",
    "y = slow(a)",
    "r = np.random.default_rng(1).normal(size=9)\ny = slow(r)",
    "y = np.random.rand(9).sum() + slow(1)",
    "y = slow(pd.read_csv('a.csv'))",
    "y = slow(open('a.txt').read())",
]

MAIN = [
    ("y = 1", "takes no time"),
    ("a.append(slow(1))", "changes 'a' in place"),
    ("b = a\nb.append(slow(1))", "changes 'a' in place"),
    ("plt.plot([slow(1)])", "draws figures"),
    ("y = slow(pd.read_csv('https://a/b.csv'))", "reads files or the network"),
    ("with open('a.csv') as f:\n    y = slow(f.read())", "leaves a file object"),
    ("open('a', 'w').write(str(slow(1)))", "changes files"),
    ("import mystery\ny = mystery.f(slow(1))", "can't be seen"),
    ("%matplotlib inline\nslow(1)", "changes settings"),
    ("%%time\nslow(1)", "%%time"),
    ("class A: pass\ny = slow(1)", "defines a class"),
    ("exec('y = slow(1)')", "may touch any name"),
    ("y = slow(1)\ndel a", "deletes names"),
    ("y = slow(1)\nnp.random.seed(1)", "seeds a random number generator"),
    ("_\nslow(1)", "output history"),
    ("y = slow(input())", "process-wide state"),
]


@pytest.mark.parametrize("source", ANYWHERE)
def test_cell_may_run_in_any_worker(source: str) -> None:
    placed = place_last(source)
    assert (placed.placement, placed.reasons) == ("any", ())


@pytest.mark.parametrize(("source", "reason"), MAIN, ids=[row[0] for row in MAIN])
def test_cell_stays_in_the_main_worker(source: str, reason: str) -> None:
    placed = place_last(source)
    assert placed.placement == "main"
    assert any(reason in text for text in placed.reasons), placed.reasons


def test_draws_stay_in_order_once_a_generator_is_seeded() -> None:
    placed = place_last("np.random.seed(1)", "y = np.random.rand(9).sum() + slow(1)")
    assert placed.placement == "main"


def test_what_shares_objects_that_change_later_stays() -> None:
    assert place_last("kept = [keep(r) for r in rows]").placement == "any"
    placed = place_last("kept = [keep(r) for r in rows]", after="rows[0].append(2)")
    assert any("changed later" in text for text in placed.reasons)


def test_what_shares_objects_stays_where_identity_is_compared() -> None:
    placed = place_last("kept = [keep(r) for r in rows]", after="print(kept[0] is rows[0])")
    assert any("compares identities" in text for text in placed.reasons)


def test_a_live_iterator_stays() -> None:
    placed = place_last("it = iter(a)", "y = slow(next(it))")
    assert placed.placement == "main"


def test_nothing_leaves_the_main_worker_when_modules_are_patched() -> None:
    assert place_last("y = slow(1)", after="np.sin = np.cos").placement == "main"


def test_a_chain_has_nothing_to_run_beside() -> None:
    texts = [SETUP, "x = slow(1)", "y = slow(x)", "z = slow(y)"]
    dataflow = analyse([parse_cell(text) for text in texts])
    placements = place(dataflow, [str(n) for n in range(len(texts))])
    assert {step.placement for step in placements.steps} == {"main"}
