"""Ray's workers are to a notebook as its kernel would be."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from naavre_ext.executors.kernel_process import Threads, set_environment
from naavre_ext.executors.ray.surroundings import hash_seed


@pytest.fixture
def environ(monkeypatch):
    kept = dict(os.environ)
    yield os.environ
    os.environ.clear()
    os.environ.update(kept)


HOME = {"PATH": "p", "RAY_ADDRESS": "x", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "5"}
ENVIRONMENTS = {
    "the user's": ({"PATH": "u", "MINE": "1"}, {"PATH": "u", "MINE": "1", "PAGER": "cat"}),
    "the user's threads": ({"OMP_NUM_THREADS": "3"}, {"OMP_NUM_THREADS": "3", "PAGER": "cat"}),
    "the worker's own": (None, {"PATH": "p", "PYTHONHASHSEED": "5", "PAGER": "cat"}),
    "nothing of Ray's": ({"RAY_TMPDIR": "x"}, {"PAGER": "cat"}),
}


@pytest.mark.parametrize(("wanted", "expected"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_environment_is_a_kernels(wanted, expected, environ):
    set_environment(wanted, HOME, {"PAGER": "cat"})
    assert dict(environ) == expected


def test_users_backend_counts(environ):
    set_environment({"MPLBACKEND": "agg"}, HOME, {"MPLBACKEND": "inline"})
    assert environ["MPLBACKEND"] == "agg"
    set_environment({}, HOME, {"MPLBACKEND": "inline"})
    assert environ["MPLBACKEND"] == "inline"


def test_child_processes_see_no_more_than_a_kernels(environ):
    set_environment({"PATH": os.environ["PATH"]}, {"RAY_ADDRESS": "x"}, {})
    code = "import os; print(sorted(n for n in os.environ if n[:4] in ('RAY_', 'OMP_')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def test_what_was_loaded_before_the_first_cell_has_a_kernels_threads():
    code = (
        "import numpy, threadpoolctl\n"
        "from naavre_ext.executors.kernel_process import Threads\n"
        "threads = Threads()\n"
        "for wanted in ('2', '3'):\n"
        "    threads.begin({'OMP_NUM_THREADS': wanted})\n"
        "    threads.limit(1)\n"
        "    threads.as_kernel()\n"
        "    print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["{2}", "{3}"]


def test_batches_have_one_thread_and_cells_all_of_them():
    import numpy  # noqa: F401  (what brings a BLAS along)
    import threadpoolctl

    def counts() -> set[int]:
        return {pool["num_threads"] for pool in threadpoolctl.threadpool_info()}

    before, threads = counts(), Threads()
    threads.limit(1)
    assert counts() == {1}
    threads.limit(1)
    threads.as_kernel()
    assert counts() == before


def test_hash_seed_is_the_users_or_another_each_time(monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "12")
    assert hash_seed() == {"PYTHONHASHSEED": "12"}
    monkeypatch.delenv("PYTHONHASHSEED")
    assert len({hash_seed()["PYTHONHASHSEED"] for _ in range(5)}) > 1
