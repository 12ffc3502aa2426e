"""Splits a loop whose results are three times what the object store holds, and prints how that went as JSON.

The first batch is the last one that ends, so that all other results wait to be merged.
"""

from __future__ import annotations

import json
import os
import sys

import ray
from both_ways import run_with
from watched_memory import Watched

from naavre_ext.executors.ray import cluster
from naavre_ext.executors.ray.executor import RayExecutor
from naavre_ext.model import event as events
from naavre_ext.model.run import RunOptions

STORE_MB, RESULT_MB, RESULTS = 100, 20, 15
#: Analysis would see that batches wait for one another's files; it doesn't look into modules.
CELLS = [
    f"""%%writefile waiting.py
import os, time
import numpy as np


def make(x):
    while x == 0 and not all(os.path.exists(f"{{n}}.done") for n in range(1, {RESULTS})):
        time.sleep(0.01)
    result = np.full({RESULT_MB} * 2**17, float(x))
    os.mkdir(f"{{x}}.done")
    return result""",
    f"import waiting\nimport numpy as np\ntotal = np.zeros({RESULT_MB} * 2**17)",
    f"# split: sum\n# batches: {RESULTS}\nfor x in range({RESULTS}):\n    total += waiting.make(x)",
    "print(total[0], total[-1])",
]


def main(folder: str) -> None:
    resources = {"object_store_memory": STORE_MB * 2.0**20}
    with cluster.connect(None, num_cpus=2, resources=resources) as handle:
        executor = RayExecutor(handle.again(), None)
        ray.put(None)  # loads NumPy and more, which isn't what a run needs
        with Watched() as watched:
            run = run_with(executor, CELLS, RunOptions(cwd=folder, keep=()))
        executor.close()
    found = {
        "printed": "".join(output["text"] for output in run.ending.outputs[3]),
        "batches": len(run.of(events.BatchFinished)),
        "split": run.fanned_out,
        "driver_mb": watched.grown_of(os.getpid()),
        "largest_mb": watched.grown_mb,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
