"""What ``plan --code`` prints runs by itself, and gives what the notebook gives."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
import types
from pathlib import Path
from unittest import mock

import both_ways
import nbformat
import pytest
from both_ways import _process_kept, notebook, run_in_order
from notebook_row import Row, row, split
from notebook_table import TABLE
from smaller_examples import smaller

from naavre_ext.api import prepare_notebook
from naavre_ext.executors.portraits import differences
from naavre_ext.exporters import render_program

pytestmark = pytest.mark.filterwarnings("default")

EXAMPLES = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
#: So much less of the examples is as good here.
SMALL = {
    "param_drives": 3, "param_settle_periods": 2, "param_sampled_periods": 9, "param_genomes": 6,
    "param_item_count": 9, "param_days": 90, "param_resamples": 5, "param_recordings": 6,
}  # fmt: skip
#: Code knows its line, which is another one in the program; an example's folder has a drawn name.
DIFFERENT = (types.FunctionType, type, Path)
#: Rows of the table of notebooks whose loops are of some form; not those that are about IPython or fail.
TOPICS = (
    "reductions",
    "carried state",
    "iterables",
    "iteration",
    "values",
    "mapping calls",
    "own entries",
)
LOOPS = {
    name: each
    for name, each in TABLE.items()
    if each.splits and each.in_process and name.partition(":")[0] in TOPICS
}
OWN = {
    "names that the program would take": row(
        "batch, number, operands, record, take, join, cut = 1, 2, 3, [], 5, 6, 7\nbatch_items = [1, 2]",
        split(
            "for number in batch_items:\n    record.append(number + take)\n    batch += number\nprint(batch)"
        ),
        splits=1,
    ),
    "annotated names, several loops, comments": row(
        "xs = [1, 2, 3, 4]",
        split(
            "# first\nout: list = []\nfor x in xs:\n    y: int = x * 2\n    out.append(y)\n"
            "else:\n    print('over')\n# then\nd = {x: str(x) for x in out}; s = {x for x in xs}\nprint(d, s, y)"
        ),
        splits=3,
    ),
    "lists put into arrays and tables, and changed afterwards": row(
        "import numpy as np, pandas as pd\na = np.zeros((4, 2, 1))\nb = np.empty(4, dtype=object)\n"
        "df = pd.DataFrame({'a': range(4), 'b': None}, dtype=object)",
        split(
            "for i in range(4):\n    row = [[i], [1]]\n    a[i] = row\n    row[0][0] = 7\nprint(a)"
        ),
        split(
            "for i in range(4):\n    row = [[i], [1]]\n    b[i] = row\n    row[0][0] = 7\nprint(b)"
        ),
        split(
            "for i in range(4):\n    row = [i]\n    df.at[i, 'b'] = row\n    row.append(7)\nprint(df)"
        ),
    ),
    "Arrow data": row(
        "import pyarrow as pa\nt = pa.table({'v': [1, 2, 3, 4]})\nb = t.to_batches()[0]\nc = t['v']\na = b['v']",
        "# split: parts\n# over: t, b, c, a\n# merge: t2, b2, c2, a2\n# batches: 3\nt2, b2, c2, a2 = t, b, c, a",
        "print(t2.to_pydict(), b2.to_pydict(), c2.to_pylist(), a2.to_pylist())",
        splits=1,
    ),
    "under a magic": row(
        "xs = [1, 2, 3]", "%%time\n" + split("n = 0\nfor x in xs:\n    n += x"), splits=1
    ),
}


def ran_alone(cells, folder: Path) -> tuple[str, dict]:
    """The printed text and the variables of the program, which sees nothing of ours."""
    workflow = prepare_notebook(notebook(cells)).require_workflow()
    text = render_program(workflow)
    assert "naavre_ext" not in text
    before = Path.cwd()
    main = sys.modules["__main__"]
    shows_nothing = mock.patch("IPython.display.display")
    with _process_kept(), shows_nothing, contextlib.redirect_stdout(io.StringIO()) as shown:
        module = type(sys)("__main__")
        sys.modules["__main__"] = module
        namespace = module.__dict__
        namespace["display"] = lambda *values: None
        namespace["get_ipython"] = lambda: both_ways._reference[0].shell
        os.chdir(folder)
        try:
            exec(compile(text, "<program>", "exec", dont_inherit=True), namespace)
        finally:
            os.chdir(before)
            sys.modules["__main__"] = main
    # Without a notebook's shell, the inline backend prints figures.
    return re.sub(r"Figure\(\d+x\d+\)\n", "", shown.getvalue()), namespace


def assert_alike(cells, folder: Path) -> None:
    expected = run_in_order(cells, str(folder))
    assert expected.error is None
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    text, namespace = ran_alone(cells, folder)
    printed = [
        o["text"] for outputs in expected.outputs for o in outputs if o.get("name") == "stdout"
    ]
    assert text.strip() == re.sub("(CPU times|Wall time)", "", "".join(printed)).strip()
    values = {n: v for n, v in expected.variables.items() if not isinstance(v, DIFFERENT)}
    found = {name: namespace[name] for name in values if name in namespace}
    assert differences(values, found, sharing=True) == []


@pytest.mark.parametrize("each", [*LOOPS.values(), *OWN.values()], ids=[*LOOPS, *OWN])
def test_printed_program_gives_what_the_notebook_gives(each: Row, tmp_path: Path) -> None:
    assert_alike(each.cells, tmp_path)


INNER = (
    "def study(xs, k):\n"
    "    out, table, total = [], {}, 0.0\n"
    "    # split: in a function\n"
    "    # batches: 3\n"
    "    for x in xs:\n"
    "        y = x * k\n"
    "        print('x', x)\n"
    "        out.append(y)\n"
    "        table[x] = y\n"
    "        total += y / 3\n"
    "    # split: squares\n"
    "    squares = [v ** 2 for v in out]\n"
    "    return out, table, total, squares, y\n"
    "class Box:\n"
    "    def run(self, xs):\n"
    "        # split: in a method\n"
    "        return {x: sum(xs) for x in xs}",
    "result, boxed = study(range(7), 2), Box().run([1, 2])\n"
    "if result:\n"
    "    n = 0\n"
    "    # split: in a block\n"
    "    # batches: 2\n"
    "    for r in result[0]:\n"
    "        n += r\n"
    "    else:\n"
    "        print('over', n)",
)


def test_loops_in_functions_and_blocks_are_printed_where_they_stand(tmp_path: Path) -> None:
    assert_alike(INNER, tmp_path)
    text = render_program(prepare_notebook(notebook(INNER)).require_workflow())
    places = (
        "batch_items(xs, 3)",
        "batch_items(out, 4)",
        "batch_items(xs, 4)",
        "batch_items(result[0], 2)",
    )
    assert all(place in text for place in places)


#: A program that calls another notebook doesn't run without that.
ALONE = [path for path in EXAMPLES if "notebook_task" not in path.read_text(encoding="utf-8")]


@pytest.mark.slow
@pytest.mark.parametrize("path", ALONE, ids=[path.stem for path in ALONE])
def test_program_of_an_example_gives_what_the_notebook_gives(path: Path, tmp_path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    sources = [
        (smaller(cell.source, SMALL), tuple(cell.metadata.get("tags", ())))
        for cell in book.cells
        if cell.cell_type == "code"
    ]
    assert_alike(sources, tmp_path)
