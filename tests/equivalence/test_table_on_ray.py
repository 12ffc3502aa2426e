"""The table's notebooks end on Ray as they do top to bottom."""

from __future__ import annotations

import pytest
from both_ways import assert_same, run_in_order, run_with, without_parts
from test_notebook_table import rows

from naavre_ext.model import event as events
from naavre_ext.model.run import RunOptions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture
def executor(shared_ray):
    executor = shared_ray.executor()
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


#: A batch finds out every half second whether a CPU is idle, from what may be a second old: it goes on slowly
#: until another process has taken part, or for two minutes.
NESTED = [
    """%%writefile here.py
import os, time
from contextlib import suppress


def process():
    with suppress(FileExistsError):
        os.mkdir(str(os.getpid()))
        try:
            os.mkdir("one")
        except FileExistsError:
            os.mkdir("another")
    time.sleep(0.03 if os.path.exists("another") else 1.2)
    return str(os.getpid())""",
    """import here
def product(x, y):
    return here.process(), 0.1 * x * y
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
# timeout: 200s
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
