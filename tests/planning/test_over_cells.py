# ruff: noqa: E501  (one row per surprise)
"""Which ``# over`` cells run once per batch, which run whole, and which contradict themselves."""

from __future__ import annotations

import pytest

from naavre_ext.api import prepare_notebook
from naavre_ext.exporters.program import render_program

SETUP = """
import random
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
xs = [1, 2, 3]
frame = pd.DataFrame({'a': [1.0, 2.0]})
seen, total, limit = [], 0, 3
some = {1, 2}
class Model:
    def predict(self, x):
        return x
    def note(self, x):
        self.last = x
model = Model()
"""


def notebook(*sources):
    cells = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for n, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def judged(annotations, source, later="", setup=SETUP):
    """The over split (None when there is none) and the codes of all diagnostics with their severities."""
    names, _, merges = annotations.partition(" -> ")
    head = f"# over: {names}\n" + (f"# merge: {merges}\n" if merges else "")
    prepared = prepare_notebook(notebook(setup, head + source, later))
    found = [(d.code, d.severity) for d in prepared.diagnostics]
    workflow = prepared.workflow
    splits = [] if workflow is None else [s for step in workflow.steps for s in step.splits]
    return (splits[0] if splits else None), found


LEGAL = {
    "vectorised": ("frame -> y", "y = frame['a'] * 2", "print(y)"),
    "with a model": ("frame -> y", "y = model.predict(frame)", "print(y)"),
    "two outputs, one reduced": ("xs -> y, n=sum", "y = [x for x in xs]\nn = len(xs)", "print(y, n)"),
    "temporary names": ("xs -> y", "t = [x for x in xs]\ny = t", "print(y)"),
    "a temporary name that a later cell sets anew": ("xs -> y", "t = [x for x in xs]\ny = t", "t = 1\nprint(y, t)"),
    "a shared list changed by the last line, once": ("xs -> y", "y = [x for x in xs]\nseen.append(len(y))", ""),
    "definitions": ("xs -> y", "def f(x):\n    return x\ny = [f(x) for x in xs]", "print(f(1), y)"),
    "nothing to join": ("xs", "print(xs)", ""),
    "its last line reads what is joined": ("xs -> y", "y = [x for x in xs]\nlen(y)", ""),
    "a copy is changed": ("frame -> f", "f = frame.copy()\nf['b'] = 1", "print(f)"),
    "the over name is set anew and joined": ("frame -> frame", "frame = frame.dropna()", "print(frame)"),
}  # fmt: skip

ERRORS = {
    "an over name that isn't read": ("limit -> y", "y = [x for x in xs]", "NX411"),
    "a number": ("limit -> y", "y = limit + 1", "NX412"),
    "a set": ("some -> y", "y = list(some)", "NX412"),
    "a merge name that isn't set": ("xs -> z", "y = [x for x in xs]", "NX413"),
    "an output that is only changed": ("xs -> seen", "seen.extend(xs)", "NX413"),
    "an output that a later cell needs": ("xs -> y", "y = [x for x in xs]\nn = len(y)", "NX414"),
    "a last line that needs a part": ("xs -> y", "y = [x for x in xs]\nn = len(y)\nn", "NX414"),
    "an over name set anew": (
        "frame -> y",
        "frame = frame.dropna()\ny = frame['a']",
        "NX414",
    ),
    "a running total": ("xs -> total=sum", "total = total + sum(xs)", "NX415"),
    "the over name is changed": ("frame -> y", "frame['b'] = 1\ny = frame['a']", "NX415"),
    "a shared list is changed": ("xs -> y", "seen.append(len(xs))\ny = [x for x in xs]", "NX415"),
    "a shared object is changed": ("xs -> y", "model.last = 1\ny = [x for x in xs]", "NX415"),
}

WHOLE = {
    "a name that may be carried": (
        "xs -> y",
        "if xs[0] > 2:\n    t = 1\ny = [x + t for x in xs]",
        "t = 5",
    ),
    "settings": ("xs -> y", "pd.set_option('display.width', 50)\ny = [x for x in xs]", ""),
    "a figure": ("xs -> y", "plt.plot(xs)\ny = [x for x in xs]", ""),
    "a file": ("xs -> y", "open('out.txt', 'w').write('x')\ny = [x for x in xs]", ""),
    "anything": ("xs -> y", "exec('1')\ny = [x for x in xs]", ""),
    "a seed": ("xs -> y", "random.seed(1)\ny = [x for x in xs]", ""),
    "draws": ("xs -> y", "y = [x + random.random() for x in xs]", "random.seed(1)"),
    "await": ("xs -> y", "import asyncio\nawait asyncio.sleep(0)\ny = [x for x in xs]", ""),
    "a deleted name": ("xs -> y", "y = [x for x in xs]\ndel limit", ""),
}


@pytest.mark.parametrize("row", LEGAL.values(), ids=LEGAL)
def test_cell_runs_once_per_batch(row):
    annotations, source, later = row
    split, found = judged(annotations, source, later)
    assert found == []
    assert split is not None
    assert split.form == "over"


@pytest.mark.parametrize("row", ERRORS.values(), ids=ERRORS)
def test_contradiction_is_refused(row):
    annotations, source, code = row
    split, found = judged(
        annotations, source, "print(frame, n)" if "n = " in source else "print(frame)"
    )
    assert (code, "error") in found
    assert split is None


@pytest.mark.parametrize("row", WHOLE.values(), ids=WHOLE)
def test_cell_runs_whole_with_a_warning(row):
    annotations, source, before = row
    split, found = judged(annotations, source, setup=f"{SETUP}\n{before}")
    assert found == [("NX420", "warning")]
    assert split is None


def test_plan_says_what_is_shared_joined_and_lost():
    split, _ = judged("frame -> y, n=sum", "import math\nt = frame['a'] + limit\ny = t\nn = len(t)")
    assert split.over == ("frame",)
    assert [str(clause) for clause in split.merges] == ["y", "n=sum"]
    assert (split.shared, split.private, split.discarded) == (("limit",), ("math",), ("t",))


def test_loop_of_the_cell_is_not_split_too():
    source = "# split: title\n# over: xs\n# merge: y\ny = []\nfor x in xs:\n    y.append(x)"
    check = prepare_notebook(notebook(SETUP, source))
    assert [(d.code, d.severity) for d in check.diagnostics] == [("NX416", "warning")]
    assert [split.form for split in check.workflow.steps[1].splits] == ["over"]


def test_cell_that_a_workflow_does_not_run_is_refused():
    check = prepare_notebook(
        notebook(SETUP, "# (do not containerize!)\n# over: xs\n# merge: y\ny = [x for x in xs]")
    )
    assert [d.code for d in check.diagnostics] == ["NX417"]


def test_number_of_batches_must_be_known():
    _, found = judged("xs -> y\n# batches: nobody", "y = [x for x in xs]")
    assert ("NX402", "error") in found


def test_printed_program_splits_and_joins(capsys):
    cell = "# over: xs\n# merge: y, n=sum\n# batches: 2\nt = [x * limit for x in xs]\ny = t\nn = len(xs)"
    workflow = prepare_notebook(notebook("xs, limit = [1, 2, 3], 3", cell, "print(y, n)")).workflow
    program = render_program(workflow)
    exec(compile(program, "program", "exec"), {})
    assert capsys.readouterr().out == "[3, 6, 9] 3\n"
    assert "def batch_2(xs):  # reads limit\n" in program
