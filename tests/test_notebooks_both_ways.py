"""Every example: in a kernel that knows no naavre_ext, and as a workflow on Ray, with equal outputs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbclient
import nbformat
import pytest

from naavre_ext import RunOptions, run_notebook
from naavre_ext.executors.factory import hold_cluster
from naavre_ext.model.event import BatchFinished, RunEvent, StepFinished, TaskFinished
from naavre_ext.model.portrait import first_mismatch
from naavre_ext.verification.outputs import portray_outputs

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    with hold_cluster(RunOptions()):
        yield


@pytest.fixture
def plain_environment(tmp_path: Path) -> dict[str, str]:
    """A kernel's environment in which ``import naavre_ext`` raises ImportError."""
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "naavre_ext.py").write_text("raise ImportError('this is plain Jupyter')\n")
    return {**os.environ, "PYTHONPATH": str(folder)}


def run_plain(
    notebook: nbformat.NotebookNode, folder: Path, environment: dict[str, str]
) -> list[nbformat.NotebookNode]:
    """All outputs, having run all cells in a kernel of its own; a cell that raises makes this raise."""
    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=environment)
    return [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]


def test_plain_kernel_cannot_import_naavre_ext(
    tmp_path: Path, plain_environment: dict[str, str]
) -> None:
    source = "try:\n    import naavre_ext\nexcept ImportError as error:\n    print(error)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    (output,) = run_plain(notebook, tmp_path, plain_environment)
    assert output.text == "this is plain Jupyter\n"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_workflow_shows_what_the_kernel_shows(
    path: Path, tmp_path: Path, plain_environment: dict[str, str]
) -> None:
    copy = Path(shutil.copy(path, tmp_path))
    sequential = nbformat.read(copy, as_version=4)
    outputs = run_plain(sequential, tmp_path, plain_environment)
    kinds = {output.output_type for output in outputs}
    assert "stream" in kinds
    assert kinds & {"display_data", "execute_result"}
    assert not [output for output in outputs if output.get("name") == "stderr"]

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
    batches = {event.worker for event in events if isinstance(event, BatchFinished)}
    assert len(batches) > 1 or beside_their_steps(events), "nothing ran in parallel"


def beside_their_steps(events: list[RunEvent]) -> list[TaskFinished]:
    """The tasks that ran in another worker than their step, while it ran."""
    steps = {event.step: event for event in events if isinstance(event, StepFinished)}
    return [
        event
        for event in events
        if isinstance(event, TaskFinished)
        and event.worker != steps[event.step].worker
        and event.started_at < steps[event.step].started_at + steps[event.step].duration_s
        and event.started_at + event.duration_s > steps[event.step].started_at
    ]
