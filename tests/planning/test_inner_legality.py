# ruff: noqa: E501  (one row per surprise)
"""Which loops with a ``# split:`` of their own may be split, in functions and blocks."""

from __future__ import annotations

import nbformat
import pytest

from naavre_ext.annotations import parse_annotations
from naavre_ext.api import prepare_notebook
from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell
from naavre_ext.model.notebook import Cell, CellId
from naavre_ext.model.workflow import Split
from naavre_ext.planning.annotated_loops import annotated_loops
from naavre_ext.planning.placement import place
from naavre_ext.planning.refusal import Refusal

SETUP = """
K, LOG, STORE = 3, [], {}
def cost(x):
    return K * x
"""


def verdict(source: str) -> Split | Refusal:
    """The verdict on the only annotated loop of a cell that follows the set-up."""
    texts = [SETUP, source]
    dataflow = analyse([parse_cell(text) for text in texts])
    seeded = place(dataflow, ["a", "b"]).rng_seeded
    cells = [Cell(CellId(str(n)), n, "code", text) for n, text in enumerate(texts)]
    notes = [parse_annotations(cell).annotations for cell in cells]
    ((loop,),) = [found for found in annotated_loops(notes, dataflow, seeded, {}) if found]
    return loop.verdict


def function(loop: str, before: str = "out = []", head: str = "def f(xs, k):") -> str:
    lines = [before, "# split: a", *loop.split("\n"), "return out"]
    return "\n".join([head, *(f"    {line}" for line in lines)])


LEGAL = {
    "list": (function("for x in xs:\n    out.append(cost(x) * k)"), ("cost", "k of f"), ("out of f",)),
    "sum": (function("for x in xs:\n    out += cost(x)", "out = 0.0"), ("cost",), ("out of f",)),
    "returned": (function("return [cost(x) for x in xs]", "out = 1"), ("cost",), ()),
    "two at once": (function("for x in xs:\n    out.append(x)\n    n += k", "out, n = [], 0"), ("k of f",), ("n of f", "out of f")),
    "best so far": (function("for x in xs:\n    y = cost(x)\n    if y > out:\n        out = y", "out = -1"), ("cost",), ("out of f",)),
    "self is read": (function("for x in xs:\n    out.append(self.k * x)", head="def f(self, xs):"), ("self of f",), ("out of f",)),
    "local function": (function("for x in xs:\n    out.append(g(x))", "out = []\n    g = lambda v: v + k"), ("g of f", "k of f"), ("out of f",)),
    "block": ("for k in range(3):\n    # split: a\n    ys = [cost(x) for x in range(k)]", ("cost",), ()),
}  # fmt: skip


@pytest.mark.parametrize(("source", "shared", "reductions"), LEGAL.values(), ids=LEGAL)
def test_legal_loop(source, shared, reductions):
    split = verdict(source)
    assert isinstance(split, Split), split
    assert set(shared) <= set(split.shared)
    assert split.reductions == reductions


WHOLE = {
    "return": (function("for x in xs:\n    if x:\n        return x"), "'return' ends it early"),
    "break": (function("for x in xs:\n    break"), "'break' ends it early"),
    "figures": ("import matplotlib.pyplot as plt\n" + function("for x in xs:\n    plt.plot(x)\n    plt.close()"), "draws on figures"),
    "yield": (function("for x in xs:\n    yield x"), "'yield' hands out"),
    "await": (function("for x in xs:\n    await x", head="async def f(xs):"), "it awaits"),
    "parameter": (function("for x in xs:\n    acc.append(x)", head="def f(acc, xs):"), "others see"),
    "parameter under another name": (function("for x in xs:\n    out.append(x)", "out = k"), "others see"),
    "global": (function("for x in xs:\n    LOG.append(x)"), "others see"),
    "global under another name": (function("for x in xs:\n    out.append(x)", "out = LOG"), "others see"),
    "handed out before": (function("for x in xs:\n    out.append(x)", "out = []\n    STORE['o'] = out"), "others see"),
    "attribute": (function("for x in xs:\n    self.out.append(x)", head="def f(self, xs):"), "others may see 'self'"),
    "carried": (function("for x in xs:\n    n = cost(n) + x\n    out.append(cost(n))", "out, n = [], 0"), "'n'"),
    "closure that counts": (
        function("for x in xs:\n    out.append(tick())", "out, n = [], 0\n    def tick():\n        nonlocal n\n        n += 1\n        return n"),
        "n",
    ),
    "locals": (function("for x in xs:\n    y = x", "out = locals()"), "'locals' looks at"),
    "super": (function("for x in xs:\n    out.append(super().f(x))", head="def f(self, xs):"), "'super' looks at"),
    "global statement": (function("for x in xs:\n    K = x", "global K\n    out = []"), "'K'"),
    "item changed": (function("for x in xs:\n    x.append(1)"), "an item"),
    "generator": (function("for x in xs:\n    out.append(x)", "out = []\n    yield out"), "of a generator"),
    "class body": ("class A:\n    # split: a\n    ys = [x for x in range(3)]", "class body"),
    "magic": ("%%timeit\nif K:\n    # split: a\n    ys = [x for x in range(3)]", "%%timeit"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "reason"), WHOLE.values(), ids=WHOLE)
def test_loop_that_runs_whole_says_why(source, reason):
    refusal = verdict(source)
    assert isinstance(refusal, Refusal), refusal
    assert reason in refusal.reason
    assert "naavre" not in refusal.reason + refusal.remedy + (refusal.variable or "")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def f(xs):\n    # split: a\n    return any(x > 3 for x in xs)", 3),
        ("def f(xs):\n    # split: a\n    return Parallel()(delayed(abs)(x) for x in xs)", 3),
        ("def f(xs):\n    # split: a\n    return [x for x in xs]", None),
    ],
)
def test_annotation_above_a_loop_of_another_kind_is_told(source, line):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    told = [found.line for found in prepare_notebook(book).diagnostics if found.code == "NX403"]
    assert told == ([] if line is None else [line])
