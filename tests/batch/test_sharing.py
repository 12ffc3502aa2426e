# ruff: noqa: E501
"""Which cells run once for all jobs, and why others don't."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))

from both_ways import notebook

from naavre_ext.preparing import prepare_notebook
from naavre_ext.scheduling.sharing import find_sharing, in_main_worker

IMPORTS = "import random, time, datetime, uuid\nimport numpy as np"
BURN = "def burn(n):\n    return sum(i * i for i in range(n))"

#: Name, the cells after an import and "param_x = 1", which of them (from 1) are shared, and a reason that is given.
ROWS = [
    ("what doesn't need the parameter", ["a = 1", "b = param_x", "c = a"], [1], "it needs param_x"),
    ("what needs it through a function", ["def f():\n    return param_x", "g = f()"], [1], "needs param_x"),
    ("work before and behind the parameter", [BURN, "a = burn(9)", "b = a + param_x", "c = burn(a)"], [1, 2], ""),
    ("the main worker after the first that differs", ["x = [1]", "x.append(param_x)", "y = {}", "y['a'] = 1"], [1], "it comes after cell"),
    ("a seeded generator", ["np.random.seed(1)", "a = np.random.rand(3)"], [1, 2], ""),
    ("a generator of another library is seeded", ["np.random.seed(1)", "a = random.random()"], [1], "'random.random' draws without a seed"),
    ("no seed", ["a = np.random.rand(3)"], [], "'numpy.random.rand' draws without a seed"),
    ("a generator of one's own", ["r = np.random.default_rng(1)", "a = r.random()"], [1, 2], ""),
    ("one without a seed", ["r = np.random.default_rng()"], [], "'default_rng()' has no seed"),
    ("a seed of None", ["r = np.random.default_rng(None)"], [], "has no seed"),
    ("the time", ["t = time.time()"], [], "isn't the same in two runs"),
    ("the time in a function", ["def now_():\n    return time.time()", "t = now_()", "u = 1"], [1], "'now_' isn't the same"),
    ("the time through two functions", ["def f():\n    return g()", "def g():\n    return time.perf_counter()", "t = f()"], [1, 2], "'f' isn't"),
    ("the date", ["d = datetime.date.today()"], [], "isn't the same in two runs"),
    ("an imported clock", ["from time import time as clock", "t = clock()"], [1], "'clock' isn't"),
    ("sleeping", ["time.sleep(0)"], [1], ""),
    ("%%time tells the time, the value stays", ["%%time\na = sum(range(9))"], [1], ""),
    ("an id", ["u = uuid.uuid4()"], [], "isn't the same in two runs"),
    ("a file written", ["open('x', 'w').write('1')", "a = 1"], [], "outside the notebook"),
    ("a file read", ["a = open('x').read()"], [1], ""),
    ("a file read that a cell may write", ["a = open('x').read()", "open('y', 'w').write(str(param_x))"], [], "it reads what cells may write"),
    ("code that can't be seen", ["import mylib", "mylib.prepare()", "a = 1"], [1], "calls code that can't be seen"),
    ("not to be cached", ["# cache: off\na = 1", "b = 1"], [], "cache: off"),
    ("a shell command", ["!touch x", "a = 1"], [], "outside the notebook"),
    ("any name", ["exec('a = 1')", "b = 1"], [], "outside the notebook"),
    ("a secret", ["secret_key = ''\nk = len(secret_key)"], [], "secret"),
    ("the parameter set again", ["a = 1", "param_x = a", "b = 2"], [1], "it changes a parameter that differs"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cells", "shared", "reason"), ROWS, ids=[r[0] for r in ROWS])
def test_what_runs_once(name, cells, shared, reason):
    prepared = prepare_notebook(notebook([IMPORTS, "param_x = 1", *cells]), {"param_x": 2})
    found = find_sharing(prepared.require_workflow(), prepared.basis, frozenset({"param_x"}))
    numbers = [int(step.removeprefix("cell-")) - 1 for step in found.steps]
    assert numbers == [-1, 0, *shared], found.reasons
    assert not reason or any(reason in text for text in found.reasons.values()), found.reasons


def test_every_cell_is_shared_or_has_a_reason():
    prepared = prepare_notebook(notebook([IMPORTS, "param_x = 1", "a = param_x"]), {"param_x": 2})
    workflow = prepared.require_workflow()
    found = find_sharing(workflow, prepared.basis, frozenset({"param_x"}))
    assert {*found.steps, *found.reasons} == {step.id for step in workflow.steps}
    assert found.hands_on


@pytest.mark.parametrize(
    ("cell", "hands_on"),
    [
        ("np.set_printoptions(precision=3)\nnp.random.seed(1)", True),
        ("import signal\nsignal.signal(signal.SIGUSR1, print)", False),
        ("import gc\ngc.disable()", False),
        ("import math\nmath.floor = round", False),
        ("import mylib", False),
        ("import atexit\natexit.register(print)", False),
        ("import sys\nsys.settrace(None)", False),
        ("with open(f'{param_x}.txt', 'w') as file:\n    file.write('1')", True),
    ],
)
def test_main_workers_are_handed_on_where_nothing_stays_in_them(cell, hands_on):
    prepared = prepare_notebook(notebook([IMPORTS, "param_x = 1", cell]), {"param_x": 2})
    found = find_sharing(prepared.require_workflow(), prepared.basis, frozenset({"param_x"}))
    assert found.hands_on == hands_on


def test_own_steps_without_claims_follow_one_another_where_other_jobs_keep_workers_busy():
    cells = [
        IMPORTS, "param_x = 1", "a = sorted([2, 1])", "b = sorted([param_x, *a])", "# resources: num_cpus=2\nc = sorted([param_x])",
        "# split: s\nd = []\nfor i in range(9):\n    d.append(i * param_x)", "e = sorted(b)", "print(a, b, c, d, e)",
    ]  # fmt: skip
    prepared = prepare_notebook(notebook(cells), {"param_x": 2})
    workflow = prepared.require_workflow()
    found = find_sharing(workflow, prepared.basis, frozenset({"param_x"}))
    made = in_main_worker(workflow, found)
    pairs = zip(workflow.steps, made.steps, strict=True)
    moved = [old.id for old, new in pairs if old.placement != new.placement]
    assert moved == ["cell-3", "cell-6"]  # not what claims CPUs or has batches
    assert made.edges == workflow.edges
    assert found.part_of(made).steps == found.part_of(workflow).steps
