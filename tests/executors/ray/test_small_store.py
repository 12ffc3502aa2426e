"""Results that don't fit into the object store wait on disk, not in anybody's memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_results_beyond_the_store_wait_on_disk(tmp_path):
    script = Path(__file__).with_name("small_store.py")
    tests = Path(__file__).parents[2]
    paths = os.pathsep.join([str(tests / "executors"), str(tests / "equivalence")])
    done = subprocess.run(
        [sys.executable, script, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=560,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["printed"] == "105.0 105.0\n"
    assert (found["split"], found["batches"]) == (1, 15)
    assert found["driver_mb"] < 40
    assert found["largest_mb"] < 240  # of 300: what moves results to disk takes several at once
