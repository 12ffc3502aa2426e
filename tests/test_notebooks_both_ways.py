"""Every example: in a real kernel from top to bottom, and as a workflow on Ray, with equal outputs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import nbclient
import nbformat
import pytest

from naavre_ext import RunOptions, run_notebook
from naavre_ext.executors.factory import hold_cluster
from naavre_ext.model.event import BatchFinished, RunEvent
from naavre_ext.model.portrait import first_mismatch
from naavre_ext.verification.outputs import portray_outputs

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    with hold_cluster(RunOptions()):
        yield


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_workflow_shows_what_the_kernel_shows(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path))
    sequential = nbformat.read(copy, as_version=4)
    nbclient.NotebookClient(
        sequential, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()

    events: list[RunEvent] = []
    output = tmp_path / "out.ipynb"
    result = run_notebook(copy, output, on_event=events.append)

    assert result.status == "ok"
    parallel = nbformat.read(output, as_version=4)
    nbformat.validate(parallel)
    for before, after in zip(sequential.cells, parallel.cells, strict=True):
        assert after.source == before.source
        if before.cell_type == "code" and "do not containerize" not in before.source:
            shown = portray_outputs(after.outputs), portray_outputs(before.outputs)
            assert first_mismatch(*shown) == ""
            assert after.execution_count == before.execution_count
    batches = [event for event in events if isinstance(event, BatchFinished)]
    assert len({batch.worker for batch in batches}) > 1, "nothing ran in parallel"
