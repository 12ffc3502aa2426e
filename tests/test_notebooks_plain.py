"""The example notebooks are ordinary notebooks: they run where naavre_ext can't be imported."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
EXAMPLES = sorted(NOTEBOOKS.glob("*.ipynb"))
#: Not written for workflows: only some of their cells have an annotation.
ORDINARY = ("sensor-drift", "weather-stations")


@pytest.fixture
def plain_environment(tmp_path: Path) -> dict[str, str]:
    """A kernel's environment in which ``import naavre_ext`` raises ImportError."""
    (tmp_path / "naavre_ext.py").write_text("raise ImportError('this is plain Jupyter')\n")
    return {**os.environ, "PYTHONPATH": str(tmp_path), "MPLBACKEND": "agg"}


def run_plain(notebook: nbformat.NotebookNode, environment: dict[str, str]) -> None:
    """Runs all cells in a kernel of its own; a cell that raises makes this raise."""
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=120,
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    client.execute(env=environment)


def load(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def test_there_are_the_examples() -> None:
    assert [path.stem for path in EXAMPLES] == [
        "parameter-study",
        "sensor-drift",
        "splitting-batch",
        "splitting-classic",
        "weather-stations",
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_stored_clean(path: Path) -> None:
    notebook = load(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            titled = cell.source.startswith(("# split: ", "# (do not containerize!)"))
            assert titled or path.stem in ORDINARY


@pytest.mark.slow
def test_plain_kernel_cannot_import_naavre_ext(plain_environment: dict[str, str]) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "try:\n    import naavre_ext\nexcept ImportError as error:\n    print(error)"
            )
        ]
    )
    run_plain(notebook, plain_environment)
    assert notebook.cells[0].outputs[0].text == "this is plain Jupyter\n"


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_top_to_bottom(path: Path, plain_environment: dict[str, str]) -> None:
    notebook = load(path)
    run_plain(notebook, plain_environment)
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    kinds = {output.output_type for output in outputs}
    assert "stream" in kinds
    assert kinds & {"display_data", "execute_result"}
    assert "error" not in kinds
    assert not [output for output in outputs if output.get("name") == "stderr"]


def test_batch_items_of_the_example_cuts_as_documented() -> None:
    (cell,) = (c for c in load(NOTEBOOKS / "splitting-batch.ipynb").cells if c.id == "cut")
    definition = cell.source.split("batches = ")[0]
    namespace: dict[str, object] = {}
    exec("import math\n" + definition, namespace)
    batch_items = namespace["batch_items"]
    assert callable(batch_items)

    def sizes(count: int, max_batches: int) -> list[int]:
        batches = batch_items(list(range(count)), max_batches)
        assert [item for batch in batches for item in batch] == list(range(count))
        return [len(batch) for batch in batches]

    assert sizes(28, 5) == [6, 6, 6, 6, 4]
    assert sizes(0, 5) == [0]
    assert sizes(3, 5) == [1, 1, 1]
    assert sizes(5, 1) == [5]
    assert sizes(10, 5) == [2, 2, 2, 2, 2]
