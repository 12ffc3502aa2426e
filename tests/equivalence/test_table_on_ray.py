"""The table's notebooks end on Ray as they do top to bottom."""

from __future__ import annotations

import pytest
from both_ways import assert_same, run_in_order, run_with, without_parts
from test_notebook_table import rows

from naavre_ext.model import event as events
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
    if row.grouped is not None:
        assert run.grouped == row.grouped


#: A process tells its number, which analysis takes for the name of a file. A batch finds out every half second
#: whether a CPU is idle: the loop goes on for longer.
NESTED = [
    """import time
from pathlib import Path
def product(x, y):
    time.sleep(0.03)
    return Path('/proc/self').resolve().name, 0.1 * x * y
def inner(x):
    out = []
    # split: inner
    # batches: 2
    for y in range(2):
        out.append(product(x, y))
    return out
""",
    """# split: outer
# batches: 1
# concurrency: 2
# retries: 1
# timeout: 60s
# resources: num_cpus=1
out = []
for x in range(25):
    row = inner(x)
    # split: in the body
    # batches: 2
    for y in range(2, 4):
        row.append(product(x, y))
    out += row
""",
]


def test_loops_are_split_from_within_a_batch(executor, tmp_path):
    """One in a function, one in the body; with what batches claim, and within what they may."""
    run = run_with(executor, NESTED, RunOptions(cwd=str(tmp_path), keep=None, max_parallelism=2))
    assert run.fanned_out == 1
    processes, values = zip(*run.ending.variables["out"], strict=True)
    assert values == tuple(0.1 * x * y for x in range(25) for y in range(4))
    told = run.of(events.BatchFinished)
    assert {(event.split, event.within) for event in told} == {(0, ""), (1, "0.0"), (2, "0.0")}
    (outer,) = {event.worker.rpartition(":")[2] for event in told if not event.within}
    assert set(processes) - {outer}  # others had some of the inner loops' batches
