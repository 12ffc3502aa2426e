"""A Ray whose processes took too long is ended, and started once more; another failure is final."""

import subprocess
import sys

import psutil
import pytest

from naavre_ext.executors.ray import local_ray

LATE = (
    "The current node timed out during startup. This could happen because some of the raylet failed"
)


@pytest.fixture
def late():
    """A process that came up too late."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize(("said", "failures", "starts"), [(LATE, 1, 2), (LATE, 9, 2), ("no", 9, 1)])
def test_only_a_ray_that_was_late_is_started_once_more(said, failures, starts, late, monkeypatch):
    begun = []

    def init(self, num_cpus, resources):
        assert not begun or late.poll() is not None
        begun.append(num_cpus)
        if len(begun) <= failures:
            raise RuntimeError(said)

    monkeypatch.setattr(local_ray.LocalRay, "_init", init)
    monkeypatch.setattr(local_ray, "ray_processes", lambda folder: [psutil.Process(late.pid)])
    ray = local_ray.LocalRay()
    try:
        if failures < starts:
            ray._init_in_time(2, {})
        else:
            with pytest.raises(RuntimeError, match=said[:2]):
                ray._init_in_time(2, {})
    finally:
        ray._folder.remove()
        ray._undertaker.dismiss()
    assert begun == [2] * starts
