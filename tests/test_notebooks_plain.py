"""The example notebooks are ordinary, clean notebooks. (They run in test_notebooks_both_ways.)"""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
EXAMPLES = sorted(NOTEBOOKS.glob("*.ipynb"))
#: Not written for workflows: only some of their cells have an annotation.
ORDINARY = (
    "core-steps",
    "first-look",
    "nested-notebooks",
    "pipeline-of-groups",
    "sensor-drift",
    "tasks-common-characters",
    "tasks-merge-sort",
    "tasks-quick-sort",
    "two-instruments",
    "weather-stations",
)


def load(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def test_there_are_the_examples() -> None:
    assert [path.stem for path in EXAMPLES] == [
        "core-steps",
        "first-look",
        "nested-levels",
        "nested-notebooks",
        "parameter-study",
        "pipeline-of-groups",
        "sensor-drift",
        "splitting-batch",
        "splitting-classic",
        "tasks-common-characters",
        "tasks-merge-sort",
        "tasks-quick-sort",
        "temperature-map",
        "two-instruments",
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
