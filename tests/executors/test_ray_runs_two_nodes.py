"""A split notebook on a cluster of two nodes, reached by its address."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = """
import os, sys
sys.path.insert(0, sys.argv[1])
from ray.cluster_utils import Cluster

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
cluster.add_node(num_cpus=1)
from both_ways import run_with
from naavre_ext.executors.ray import cluster as connection
from naavre_ext.executors.ray.executor import RayExecutor
from naavre_ext.model.event import BatchFinished
from naavre_ext.model.run import RunOptions

handle = connection.connect(cluster.address)
executor = RayExecutor(handle)
cells = [
    "import time, os, ray\\ndef node():\\n    return ray.get_runtime_context().get_node_id()",
    "# split: part\\n# batches: 6\\nout, where = [], []\\nfor x in range(6):\\n    time.sleep(0.5)\\n"
    "    out.append(x * x)\\n    where.append(node())",
    "print(out, len(set(where)))",
]
run = run_with(executor, cells, RunOptions(cwd=sys.argv[2], keep=None))
executor.close()
cluster.shutdown()
print(run.end.status, handle.slots, len(run.of(BatchFinished)))
print("".join(o.get("text", str(o)) for outputs in run.ending.outputs for o in outputs))
"""


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_batches_run_on_both_nodes(tmp_path):
    helpers = Path(__file__).parents[1] / "equivalence"

    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(helpers), str(tmp_path)],
        env={
            **os.environ,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),  # a cluster without one doesn't start
            "RAY_USAGE_STATS_ENABLED": "0",
        },
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.stdout.splitlines()[-3:-1] == ["ok 2 6", "[0, 1, 4, 9, 16, 25] 2"], (
        done.stdout + done.stderr[-3000:]
    )
