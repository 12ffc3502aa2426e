"""What keeps steps in order, counted by kind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from naavre_ext import Workflow, compile_notebook
from naavre_ext.planning.order import StepOrder
from naavre_ext.planning.summary import summarise_plan

ROOT = Path(__file__).parents[2]

SLOW = "import time\ndef slow(x):\n    time.sleep(1)\n    return 2 * x"


def planned(*sources: str) -> Workflow:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return compile_notebook(nbformat.v4.new_notebook(cells=cells))


#: Three cells → (position, position, kind) of every edge. The middle cell is the one to look at.
EDGES = {
    "names are read": (
        ["x = 1", "y = x", "z = y"],
        {(0, 1, "data"), (1, 2, "data")},
    ),
    "one object under two names": (
        ["a = [1]\nb = a", "a.append(2)", "c = b"],
        {(0, 1, "data"), (0, 1, "alias"), (1, 2, "data")},
    ),
    "exec may touch any name": (
        ["x = 1", "exec('x = 2')", "y = 3"],
        {(0, 1, "opaque"), (1, 2, "opaque")},
    ),
    "what a library does can't be seen": (
        ["x = 1", "import mystery\nmystery.go()", "y = 3"],
        {(0, 1, "unknown"), (1, 2, "unknown")},
    ),
    "names that a library brings can't be seen": (
        ["x = 1", "from mystery import *", "y = 3"],
        {(0, 1, "star-import"), (1, 2, "star-import")},
    ),
    "a module is changed": (
        ["import math", "math.tau = 6", "y = 3"],
        {(0, 1, "data"), (0, 1, "monkeypatch"), (1, 2, "monkeypatch")},
    ),
    "the output history is used": (
        ["1 + 1", "x = _", "y = 3"],
        {(0, 1, "history"), (1, 2, "history")},
    ),
    "a file is read after it is written": (
        ["open('a.txt', 'w').close()", "text = open('a.txt').read()", "open('b.txt', 'w').close()"],
        {(0, 1, "outside")},
    ),
    "settings go to other workers": (
        [f"{SLOW}\nimport os\nos.environ['A'] = 'b'", "x = slow(1)", "y = slow(2)"],
        {(0, 1, "data"), (0, 1, "ambient"), (0, 2, "data"), (0, 2, "ambient")},
    ),
}


@pytest.mark.parametrize("name", EDGES)
def test_edges_have_the_kind_of_their_reason(name: str) -> None:
    sources, expected = EDGES[name]
    workflow = planned(*sources)
    position = {step.id: index for index, step in enumerate(workflow.steps)}
    assert {(position[e.source], position[e.target], e.kind) for e in workflow.edges} == expected


def test_main_order_is_counted_only_where_nothing_else_binds() -> None:
    workflow = planned("x = 1", "y = 2", "z = x", "w = z")
    assert StepOrder(workflow).main_order == ((0, 1), (1, 2))
    summary = summarise_plan(workflow)
    assert (summary.longest_chain, summary.longest_data_chain) == (4, 3)
    assert summary.edges == {"data": 2, "main-order": 2}


def test_a_step_with_effects_outside_waits_for_all_that_may_still_fail() -> None:
    write = "open('a.txt', 'w').close()"
    workflow = planned(SLOW, "a = slow(1)", "b = slow(a)", "c = slow(2)", "d = 0", write, "e = a")
    order = StepOrder(workflow)
    assert order.main_order == ((0, 4), (4, 5), (5, 6))
    assert order.held_order == ((2, 5), (3, 5))
    assert [order.beside(position) for position in (2, 4, 5)] == [(3, 4), (1, 2, 3), ()]
    summary = summarise_plan(workflow)
    assert summary.longest_chain == 5
    assert summary.edges == {"data": 5, "main-order": 3, "held": 2}


def test_steps_run_beside_what_neither_needs_the_other() -> None:
    workflow = planned(SLOW, "a = slow(1)", "b = slow(2)", "c = a + b", "print(a)")
    assert [step.placement for step in workflow.steps] == ["main", "any", "any", "main", "main"]
    order = StepOrder(workflow)
    assert [order.beside(position) for position in range(5)] == [(), (2,), (1,), (), ()]
    summary = summarise_plan(workflow)
    assert (summary.steps, summary.steps_anywhere, summary.longest_chain) == (5, 2, 4)


def test_an_empty_workflow_has_an_empty_summary() -> None:
    assert summarise_plan(Workflow((), ())).to_json() == {
        "steps": 0, "steps_anywhere": 0, "splits": 0,
        "longest_chain": 0, "longest_data_chain": 0, "edges": {},
    }  # fmt: skip


def test_the_precision_benchmark_plans_the_examples() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "precision", "notebooks"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert names <= {line.split()[0] for line in done.stdout.splitlines() if line}
    assert "stay in the main worker" in done.stdout
