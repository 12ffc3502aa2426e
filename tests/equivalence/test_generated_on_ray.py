"""Generated notebooks end on Ray as they do top to bottom."""

from __future__ import annotations

import random

import pytest
from both_ways import Endless, assert_same, notebook, run_in_order, run_with
from notebook_strategy import write_notebook

from naavre_ext.api import prepare_notebook
from naavre_ext.model.run import RunOptions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture
def executor(shared_ray, number):
    """Each eighth notebook begins in a new main worker, as a run of its own does."""
    executor = shared_ray.executor(fresh=number % 8 == 0)
    yield executor
    executor.close()


@pytest.mark.parametrize("number", range(48))
def test_generated_notebook_ends_on_ray_as_top_to_bottom(number, executor, tmp_path):
    cells = write_notebook(random.Random(number).choice)
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir(), other.mkdir()
    try:
        expected = run_in_order(cells, str(own), 5.0)
    except Endless:
        return
    if prepare_notebook(notebook(cells)).workflow is None:
        assert expected.error is not None, "refused, but it runs"
        return
    run = run_with(executor, cells, RunOptions(cwd=str(other), keep=None))
    for name in run.end.missing:
        expected.variables.pop(name, None)
    assert_same(expected, run.ending, cells, tracebacks=False, identity=False)
