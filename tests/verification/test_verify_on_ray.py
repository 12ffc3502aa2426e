"""Three runs on Ray: equal where the plan is right, different with the reason where it is spoiled."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from shared_ray import SharedRay
from spoiling import unseen_write

from naavre_ext.model.run import RunOptions
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


@pytest.fixture(autouse=True)
def ray_cluster(shared_ray: SharedRay) -> None:
    """Runs find it."""
    shared_ray.handle()


def notebook(cells: tuple[str, ...] = CELLS) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def test_a_right_plan_is_found_equal(tmp_path: Path) -> None:
    report = verify(notebook(), options=RunOptions(cwd=str(tmp_path)))
    assert report.differences == ()
    assert (report.compared_cells, report.compared_files) == (7, 1)
    assert [entry.name for entry in report.unsteady] == ["7", "now"]
    assert report.uncompared == {}
    assert list(tmp_path.iterdir()) == []


def test_a_spoiled_plan_is_found_different(tmp_path: Path) -> None:
    cells = ("xs = [1]", "xs.append(2)", "print(xs)")
    options = RunOptions(cwd=str(tmp_path), guards=False)  # they would put it right
    report = verify(notebook(cells), options=options, reshape=unseen_write(2, "xs"))
    assert not report.equal
    assert report.differences[0].text.startswith("cell 3, output 1, line 1 is '[1]', not")
    assert "read 'xs' as cell 1 left it, but cell 2 had changed it" in report.causes[1].text
