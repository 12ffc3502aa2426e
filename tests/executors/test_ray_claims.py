"""``# concurrency``, ``# resources``, ``# retries``, ``# timeout`` on Ray, told from a run's events."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))

from both_ways import run_with

from naavre_ext.model import event as events
from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.model.run import RunOptions

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def ray_cluster():
    """Two CPUs, and two GPUs and four telescopes that are there in name only."""
    from naavre_ext.executors.ray import cluster

    with cluster.connect(None, num_cpus=2, resources={"num_gpus": 2, "telescope": 4}) as handle:
        yield handle


@pytest.fixture
def run(ray_cluster, tmp_path):
    """A function that runs cells on Ray, in a run of its own."""
    from naavre_ext.executors.ray import cluster
    from naavre_ext.executors.ray.executor import RayExecutor

    opened = []

    def start(*cells, **options):
        executor = RayExecutor(cluster.connect(None))
        opened.append(executor)
        return run_with(executor, cells, RunOptions(cwd=str(tmp_path), keep=None, **options))

    yield start
    for executor in opened:
        executor.close()


def text(done, cell) -> str:
    return "".join(o["text"] for o in done.ending.outputs[cell] if o["output_type"] == "stream")


def most_at_once(spans) -> int:
    """How many of the events' spans of time overlap at most."""
    times = [(e.started_at, 1) for e in spans] + [(e.started_at + e.duration_s, -1) for e in spans]
    now, most = 0, 0
    for _, step in sorted(times):
        now += step
        most = max(most, now)
    return most


def _loop(annotations: str, body: str, items: int = 6) -> str:
    return f"# split: part\n{annotations}\nout = []\nfor x in range({items}):\n    {body}\n    out.append(x)"


AT_ONCE = [
    ("# batches: 6\n# concurrency: 1", 1),
    ("# batches: 6\n# resources: num_cpus=0.5\n# concurrency: 2", 2),
    ("# concurrency: 2", 2),
    ("# resources: num_cpus=2", 1),
    ("# resources: num_cpus=0, num_gpus=1", 2),
    ("# resources: num_cpus=0.5, telescope=2", 2),
]


def test_no_more_batches_run_at_once_than_claim_and_concurrency_allow(run):
    cells = [_loop(asked, "time.sleep(0.1)") for asked, _ in AT_ONCE]
    done = run("import time", *cells, "print(out)")
    assert done.end.status == "ok", done.end.failure
    assert text(done, len(AT_ONCE) + 1) == "[0, 1, 2, 3, 4, 5]\n"
    for number, (asked, most) in enumerate(AT_ONCE, start=1):
        batches = [e for e in done.of(events.BatchFinished) if e.cell_id == f"cell-{number}"]
        assert most_at_once(batches) <= most, asked
        assert len(batches) > 1, asked


def test_half_a_cpu_each_lets_three_batches_meet_on_two_cpus(run):
    """Each batch waits until all three have begun."""
    module = (
        "%%writefile meeting.py\nimport glob, time\n\n\n"
        "def meet(x):\n    open(f'begun-{x}', 'w').close()\n"
        "    while len(glob.glob('begun-*')) < 3:\n        time.sleep(0.01)"
    )
    cell = _loop("# batches: 3\n# resources: num_cpus=0.5", "meeting.meet(x)", 3)
    done = run(module, "import meeting", cell, "print(out)")
    assert text(done, 3) == "[0, 1, 2]\n"


def test_max_parallelism_counts_beside_the_claim(run):
    cell = _loop("# batches: 4\n# resources: num_cpus=0.5\n# concurrency: 3", "time.sleep(0.1)", 4)
    done = run("import time", cell, "print(out)", max_parallelism=1)
    assert most_at_once(done.of(events.BatchFinished)) == 1


def test_batches_have_their_own_gpu_and_other_cells_none(run):
    devices = "os.environ.get('CUDA_VISIBLE_DEVICES')"
    done = run(
        "import os",
        f"# split: part\n# batches: 2\n# resources: num_gpus=1\nseen = [{devices} for x in range(2)]",
        f"# resources: num_cpus=2, telescope=4\nprint(set(seen) <= {{'0', '1'}}, {devices})",
    )
    assert text(done, 2) == "True None\n"


def test_cell_with_a_claim_runs_in_a_worker_that_has_it(run):
    """The first cell can run anywhere; the second one belongs in the main worker, which is given the GPU."""
    work = "import os\ndef work():\n    return os.environ.get('CUDA_VISIBLE_DEVICES')"
    done = run(
        work,
        "# resources: num_gpus=1\na = work()",
        "# resources: num_gpus=1\n# retries: 1\nos.environ['X'] = '1'\nprint(work() in '01')",
        "print(a in '01')",
    )
    assert [step.placement for step in done.workflow.steps][1:3] == ["any", "main"]
    assert text(done, 2) == text(done, 3) == "True\n"


def test_claim_that_the_cluster_can_never_meet_is_refused(run):
    with pytest.raises(RefusedError, match=r"NX515 cell 2.*num_gpus=3.*num_gpus=2"):
        run("x = 1\nprint(x)", "# resources: num_gpus=3\nprint(x)")
