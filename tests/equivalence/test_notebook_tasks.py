# ruff: noqa: E501  (one row per surprise)
"""``notebook_task``: a notebook that calls another one ends as in plain Jupyter, or is refused in time."""

from __future__ import annotations

import pickle
from pathlib import Path

import nbformat
import pytest
from both_ways import run_both

from naavre_ext import RefusedError, notebook_task
from naavre_ext.exporters.mermaid import render_mermaid
from naavre_ext.exporters.text import render_text
from naavre_ext.model import event as events
from naavre_ext.model.workflow import Workflow
from naavre_ext.preparing import prepare_notebook

pytestmark = pytest.mark.filterwarnings("default")

#: Notebooks that others call: file → cells; a cell may be a source with tags.
CHILDREN: dict[str, list] = {
    "sums.ipynb": [
        "param_scale = 1\nparam_xs = [1, 2]",
        "# split: squares\nsquares = []\nfor x in param_xs:\n    squares.append(x * x * param_scale)\nprint('squares', squares)",
        "total = sum(squares)",
        "mean = total / len(squares)",
    ],
    "tagged.ipynb": [
        ("count = 2\nname = 'a'", ["parameters"]),
        ("count = 5", ["injected-parameters"]),
        "names = [name] * count",
    ],
    "changing.ipynb": [
        "param_xs = [1]",
        "param_xs.append(7)\nglobal_like = 3\ndef tell():\n    global told\n    told = len(param_xs)\n    return told\nn = tell()",
        "x = 'theirs'\nfound = [n, told, x]\nexec('y = 5')",
    ],
    "plain.ipynb": [
        "# (do not containerize!)\nparam_k = 3\nprint('only in the notebook')",
        ("1 / 0", ["raises-exception"]),
        ("never = 1", ["skip-execution"]),
        "class Box:\n    size = param_k\nbig = Box.size * 2\nassert __name__ == '__main__'",
    ],
    "failing.ipynb": ["param_n = 0", "a = 1\nvalue = 6 // param_n"],
    "outer.ipynb": [
        "from naavre_ext import notebook_task\nparam_times = 2",
        "inner = notebook_task('sums.ipynb', outputs=['total'])",
        "all_of_them = [inner(param_scale=k) for k in range(param_times)]",
    ],
    "unsure.ipynb": ["param_c = False", "if param_c:\n    late = 1"],
    "written.ipynb": ["param_x = 1", "open('log.txt', 'a').write(str(param_x))\ndone = param_x"],
    "magic.ipynb": ["%time x = 1"],
    "cell-magic.ipynb": ["%%time\nx = 1"],
    "broken.ipynb": ["x = (1"],
    "unbound.ipynb": ["x = y + 1"],
    "itself.ipynb": [
        "from naavre_ext import notebook_task\nagain = notebook_task('itself.ipynb', outputs='x')\nx = again()"
    ],
    "ping.ipynb": ["from naavre_ext import notebook_task\nf = notebook_task('pong.ipynb', 'x')\nx = f()"],
    "pong.ipynb": ["from naavre_ext import notebook_task\nf = notebook_task('ping.ipynb', 'x')\nx = f()"],
}  # fmt: skip

IMPORT = "from naavre_ext import notebook_task\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, cells in CHILDREN.items():
        made = []
        for cell in cells:
            source, tags = (cell, []) if isinstance(cell, str) else cell
            made.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
        nbformat.write(nbformat.v4.new_notebook(cells=made), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def calling(*cells: str) -> nbformat.NotebookNode:
    made = [nbformat.v4.new_code_cell(cell, id=f"c{n}") for n, cell in enumerate(cells)]
    return nbformat.v4.new_notebook(cells=made)


#: What the caller's cells do, with how many cells of called notebooks run.
ROWS = {
    "with and without arguments": (
        ["f = notebook_task('sums.ipynb', outputs=['total', 'mean'])", "a = f()\nb, c = f(param_xs=[3, 4], param_scale=2)\nprint(a, b, c)"],
        8,
    ),
    "in a split loop": (
        ["f = notebook_task('sums.ipynb', 'total')",
         "# split: scales\n# batches: 3\nfound = []\nfor k in range(5):\n    found.append(f(param_scale=k))\nprint(found)"],
        20,
    ),
    "in tasks": (
        ["f = notebook_task('sums.ipynb', 'total')\n# task\ndef scaled(k):\n    return f(param_scale=k) + 1",
         "x = scaled(1)\ny = scaled(2)\nprint(x, y)"],
        8,
    ),
    "a tagged parameters cell, with injected ones": (
        ["f = notebook_task('tagged.ipynb', outputs=('names', 'count'))", "print(f(), f(name='b'), f(count=1))"],
        9,
    ),
    "one that changes what it is given, and uses global and exec": (
        ["x, told, xs = 'mine', 'my own', [1, 2]\nf = notebook_task('changing.ipynb', ['found', 'param_xs'])",
         "found, ys = f(param_xs=xs)", "print(found, ys, xs, x, told)"],
        3,
    ),
    "cells that don't run, or may fail": (
        ["f = notebook_task('plain.ipynb', 'big')", "print(f(), f(param_k=5))"], 6,
    ),
    "one that calls another": (
        ["f = notebook_task('outer.ipynb', 'all_of_them')", "xs = f(param_times=3)\nprint(xs)"], 15,
    ),
    "an error that the caller catches": (
        ["f = notebook_task('failing.ipynb', 'value')\nfound = []",
         "for n in (2, 0, 3):\n    try:\n        found.append(f(param_n=n))\n    except ZeroDivisionError as error:\n        found.append(str(error))\nprint(found)"],
        5,
    ),
    "files that are written in order": (
        ["f = notebook_task('written.ipynb', 'done')", "a = f(param_x=1)", "b = f(param_x=2)", "print(open('log.txt').read()[-2:])"], 4,
    ),
    "a value that isn't there in the end": (
        ["f = notebook_task('unsure.ipynb', 'late')", "print(f(param_c=True))", "f()"], None,
    ),
    "an error that nobody catches": (
        ["f = notebook_task('failing.ipynb', 'value')", "x = f(param_n=2)", "y = f()"], None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "ran"), ROWS.values(), ids=ROWS)
def test_a_caller_ends_as_in_plain_jupyter(cells, ran, folder):
    runs = run_both([IMPORT + cells[0], *cells[1:]], orders=2, cwd=str(folder))
    for run in runs:
        found = run.of(events.NotebookCellFinished)
        assert ran is None or len(found) == ran


#: The caller's cell → code and a part of the message.
REFUSED = {
    "no such notebook": ("f = notebook_task('none.ipynb', 'x')", "NX0", "none.ipynb"),
    "a syntax error": ("f = notebook_task('broken.ipynb', 'x')", "NX601", "in 'broken.ipynb', cell 1"),
    "a magic": ("f = notebook_task('magic.ipynb', 'x')", "NX602", "in 'magic.ipynb', cell 1"),
    "a cell magic": ("f = notebook_task('cell-magic.ipynb', 'x')", "NX602", "a magic"),
    "no such output": ("f = notebook_task('sums.ipynb', ['totl'])", "NX603", "no variable 'totl'"),
    "a name that it doesn't have": (
        "y = 1\nf = notebook_task('unbound.ipynb', 'x')", "NX604", "'y' is used, but",
    ),
    "itself": ("f = notebook_task('itself.ipynb', 'x')", "NX605", "calls itself"),
    "itself through another": ("f = notebook_task('ping.ipynb', 'x')", "NX605", "calls itself"),
    "no such parameter": (
        "f = notebook_task('sums.ipynb', 'total')\nf(param_scal=2)", "NX201", "no parameter 'param_scal'",
    ),
    "a value of another type": (
        "f = notebook_task('sums.ipynb', 'total')\nf(param_scale='a')", "NX202", "in 'sums.ipynb'",
    ),
    "without a name": ("f = notebook_task('sums.ipynb', 'total')\nf(2)", "NX607", "without the names"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "code", "text"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_called_is_refused(source, code, text, folder):
    prepared = prepare_notebook(calling(IMPORT, source))
    assert prepared.workflow is None
    (found,) = [d for d in prepared.diagnostics if d.severity == "error"]
    assert found.code.startswith(code)
    assert text in found.message
    assert found.cell_number == 2 or code == "NX604"
    if code != "NX604" and "f(" not in source:  # plain Jupyter says the same, when the line runs
        with pytest.raises(RefusedError, match=found.code):
            exec(f"{IMPORT}{source}\nf()", {})


def test_levels_of_called_notebooks_are_limited(folder):
    for level in range(12):
        cell = f"from naavre_ext import notebook_task\nf = notebook_task('level{level + 1}.ipynb', 'x')\nx = f()"
        nbformat.write(calling(cell), folder / f"level{level}.ipynb")
    nbformat.write(calling("x = 1"), folder / "level12.ipynb")
    prepared = prepare_notebook(calling(IMPORT + "f = notebook_task('level0.ipynb', 'x')\nf()"))
    assert [d.code for d in prepared.diagnostics if d.severity == "error"] == ["NX606"]
    with pytest.raises(RefusedError, match="NX606"):
        notebook_task("level0.ipynb", "x")()


def test_plan_shows_the_cells_of_called_notebooks(folder):
    cells = [
        IMPORT + "f = notebook_task('sums.ipynb', 'mean')",
        "def g():\n    return f()",
        "x = g()",
    ]
    workflow = prepare_notebook(calling(*cells)).require_workflow()
    assert [len(step.notebooks) for step in workflow.steps] == [0, 0, 1]
    (plan,) = workflow.steps[2].notebooks
    assert [(cell.number, cell.title, cell.after) for cell in plan.cells] == [
        (1, None, ()),
        (2, "squares", (1,)),
        (3, None, (2,)),
        (4, None, (2, 3)),
    ]
    assert Workflow.from_json(workflow.to_json()) == workflow
    assert "calls   f(): sums.ipynb, for mean" in render_text(workflow)
    assert 'subgraph s2_call0["sums.ipynb"]' in render_mermaid(workflow)


def test_error_names_the_notebook_and_the_cell(folder):
    task = notebook_task("failing.ipynb", ["value"])
    with pytest.raises(ZeroDivisionError) as raised:
        task()
    assert getattr(raised.value, "__notes__", ["in cell 2 of 'failing.ipynb'"]) == [
        "in cell 2 of 'failing.ipynb'"
    ]
    assert raised.traceback[-1].frame.code.raw.co_filename == "<failing.ipynb, cell 2>"
    assert str(raised.traceback[-1].statement) == "value = 6 // param_n"


def test_task_travels_without_its_file(folder):
    task = pickle.loads(pickle.dumps(notebook_task("sums.ipynb", "total")))
    (folder / "sums.ipynb").unlink()
    assert task(param_xs=[2]) == 4
    assert repr(task) == "notebook_task('sums.ipynb', outputs=['total'])"
