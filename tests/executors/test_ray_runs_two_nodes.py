"""A split notebook on a cluster of several nodes, reached by its address; one of them is lost meanwhile."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

#: The node that is lost is one where the main worker isn't, and neither the head.
_LOSS = """
import os, sys, threading, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ray._private import services
from ray.cluster_utils import Cluster

find_node = services.get_node


def wait_for_node(*asked):
    # Ray gives a node half a minute to start, which a busy machine may take.
    while True:
        try:
            return find_node(*asked)
        except RuntimeError:
            time.sleep(0.1)


services.get_node = wait_for_node
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
nodes = {node.node_id: node for node in (cluster.add_node(num_cpus=1), cluster.add_node(num_cpus=1))}
from both_ways import run_with
from naavre_ext.executors.ray import cluster as connection
from naavre_ext.executors.ray.executor import RayExecutor
from naavre_ext.model.event import BatchFinished, BatchRetried
from naavre_ext.model.run import RunOptions

folder = Path(sys.argv[2])


def wait_for(name):
    while not (folder / name).exists():
        time.sleep(0.05)
    return (folder / name).read_text()


def lose():
    main = wait_for("main.txt")
    lost = next(name for name in nodes if name != main)
    (folder / "lost.part").write_text(lost)
    (folder / "lost.part").rename(folder / "lost.txt")
    wait_for("begun.txt")
    cluster.remove_node(nodes[lost], allow_graceful=False)


executor = RayExecutor(connection.connect(cluster.address))
(folder / "losing.py").write_text(
    "import os, time, ray\\n"
    "def node():\\n    return ray.get_runtime_context().get_node_id()\\n"
    "def work(x, lost):\\n    time.sleep(0.05)\\n    if node() == lost:\\n"
    "        open('begun.txt', 'w').close()\\n        time.sleep(600)\\n"
    "    while not os.path.exists('begun.txt'):\\n        time.sleep(0.05)\\n    return x * x\\n"
)
cells = [
    "import os, time, losing",
    "with open('main.part', 'w') as file:\\n    _ = file.write(losing.node())\\n"
    "os.rename('main.part', 'main.txt')\\n"
    "while not os.path.exists('lost.txt'):\\n    time.sleep(0.05)\\nlost = open('lost.txt').read()",
    "# split: part\\n# batches: 6\\nout = []\\nfor x in range(12):\\n    out.append(losing.work(x, lost))",
    "print(out)",
]
threading.Thread(target=lose, daemon=True).start()
run = run_with(executor, cells, RunOptions(cwd=sys.argv[2], keep=None))
executor.close()
cluster.shutdown()
again = {event.batch for event in run.of(BatchRetried)}
done = [event.batch for event in run.of(BatchFinished)]
print(run.end.status, sorted(done), len(again), again <= set(done), {e.reason[:15] for e in run.of(BatchRetried)})
print("".join(o.get("text", str(o)) for outputs in run.ending.outputs for o in outputs))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_batch_of_a_node_that_is_lost_runs_again_on_the_other(tmp_path: Path) -> None:
    helpers = Path(__file__).parents[1] / "equivalence"
    done = subprocess.run(
        [sys.executable, "-c", _LOSS, str(helpers), str(tmp_path)],
        env={
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),  # a cluster without one doesn't start
            "RAY_USAGE_STATS_ENABLED": "0",
        },
        capture_output=True,
        text=True,
        timeout=560,
    )
    assert done.stdout.splitlines()[-3:-1] == [
        f"ok {list(range(6))} 1 True {{'its worker died'}}",
        str([x * x for x in range(12)]),
    ], done.stdout + done.stderr[-3000:]
