"""Three runs on Ray: equal where the plan is right, different with the reason where it is spoiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from naavre_ext.executors.factory import hold_cluster
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import Workflow
from naavre_ext.verifying import verify

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CELLS = (
    "import threading, time\nimport numpy as np\nlock = threading.Lock()\nxs = [1, 2, 3]\nview = xs",
    "# split: square\n# batches: 2\nsquares = []\nfor x in range(6):\n    squares.append(x * x)",
    "slow = [v * 2 for v in range(50_000)]",
    "other = np.array([v * 3 for v in range(50_000)])",
    "numbers = (n for n in xs)\nnext(numbers)",
    "print(sum(slow), other.sum(), squares)\nopen('out.txt', 'w').write(str(squares))",
    "now = time.time()\n{'a': now}",
)


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    with hold_cluster(RunOptions()):
        yield


def notebook() -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])


def test_a_right_plan_is_found_equal(tmp_path: Path) -> None:
    report = verify(notebook(), options=RunOptions(cwd=str(tmp_path)))
    assert report.differences == ()
    assert (report.compared_cells, report.compared_files) == (7, 1)
    assert [entry.name for entry in report.unsteady] == ["7", "now"]
    assert report.uncompared == {}
    assert list(tmp_path.iterdir()) == []


def test_a_spoiled_plan_is_found_different(tmp_path: Path) -> None:
    def without_slow(workflow: Workflow) -> Workflow:
        third, sixth = workflow.steps[2].id, workflow.steps[5].id
        assert workflow.steps[2].placement == "any"
        pairs = [(edge.source, edge.target) for edge in workflow.edges]
        assert (third, sixth) in pairs
        kept = (e for e in workflow.edges if (e.source, e.target) != (third, sixth))
        return replace(workflow, edges=tuple(kept))

    report = verify(notebook(), options=RunOptions(cwd=str(tmp_path)), reshape=without_slow)
    assert not report.equal
    assert "fails in cell 6 with NameError" in report.differences[0].text
    assert report.causes[1].text.startswith(
        "cell 6 didn't get 'slow', which cell 3 makes; the plan"
    )
