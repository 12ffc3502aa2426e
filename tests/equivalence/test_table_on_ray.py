"""The table's notebooks end on Ray as they do top to bottom."""

from __future__ import annotations

import pytest
from both_ways import assert_same, run_in_order, run_with, without_parts
from test_notebook_table import rows

from naavre_ext.model.run import RunOptions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture(scope="module")
def ray_cluster():
    from naavre_ext.executors.ray import cluster

    with cluster.connect(None, num_cpus=2) as handle:
        yield handle


@pytest.fixture
def executor(ray_cluster):
    from naavre_ext.executors.ray import cluster
    from naavre_ext.executors.ray.executor import RayExecutor

    executor = RayExecutor(cluster.connect(None))
    yield executor
    executor.close()


@pytest.mark.parametrize("row", rows("on_ray"))
def test_notebook_ends_on_ray_as_top_to_bottom(row, executor, tmp_path):
    expected = run_in_order(row.cells, str(tmp_path))
    run = run_with(executor, row.cells, RunOptions(cwd=str(tmp_path), keep=None))
    for name in run.end.missing:
        expected.variables.pop(name, None)
    assert_same(without_parts(expected, run), run.ending, row.cells, identity=False)
    if row.splits is not None:
        assert run.fanned_out == row.splits
