"""The reference itself: a real kernel, driven by nbclient, shows what the table's notebooks show here."""

from __future__ import annotations

import nbclient
import pytest
from both_ways import _outputs, notebook, run_as_workflow
from notebook_table import TABLE

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

#: None with Output widgets: nbclient, which answers their kernel, sometimes waits for ever then.
SAMPLE = (
    "reductions: append",
    "reductions: comprehensions",
    "iteration: enumerate zip items",
    "iteration: last iteration's values",
    "output: order of prints",
    "output: display in order",
    "output: capture",
    "output: prints around an error in the merge",
    "errors: at an item",
    "errors: in a function",
    "errors: in a comprehension",
    "errors: of a class of the notebook",
    "values: dataclass, namedtuple, enum",
    "values: identity asked for",
    "values: await",
    "values: independent cells that print",
    "widgets: a bar around a split loop",
    "widgets: bars in batches",
    "widgets: binary parts",
    "widgets: callbacks",
    "widgets: values",
)


@pytest.mark.parametrize("name", SAMPLE)
def test_kernel_shows_the_same(name, tmp_path):
    cells = TABLE[name].cells
    node = notebook(cells)
    client = nbclient.NotebookClient(
        node,
        kernel_name="python3",
        iopub_timeout=240,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    failed = None
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        failed = (error.ename, error.evalue)
    run = run_as_workflow(cells, cwd=str(tmp_path))
    assert run.ending.outputs == _outputs(node)
    assert run.ending.error == failed
