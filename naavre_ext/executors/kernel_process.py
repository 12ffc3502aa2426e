"""A worker's process made like the notebook's kernel: its environment variables and its threads.

Ray starts its workers with variables of its own, and with one thread for BLAS and OpenMP. A whole cell gets what a
kernel would have; the batches of a split, of which there are as many at once as CPUs, one thread each, or as many
as they claim CPUs.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

#: Libraries that come with threads of their own.
_WITH_THREADS = ("numpy", "scipy", "sklearn", "torch", "numexpr")
#: Thread pools that have as many threads as CPUs unless these variables say otherwise.
_POOLS = {
    "openblas": ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"),
    "openmp": ("OMP_NUM_THREADS",),
}


def kernel_variables(before: Mapping[str, str]) -> dict[str, str]:
    """What making a notebook's shell added to the environment: a kernel's colours, pager and backend."""
    return {name: value for name, value in os.environ.items() if before.get(name) != value}


def set_environment(
    wanted: Mapping[str, str] | None, home: Mapping[str, str], kernel: Mapping[str, str]
) -> None:
    """The user's variables (None: those of this process that aren't Ray's), and a kernel's own."""
    if wanted is None:
        target = {k: v for k, v in home.items() if (k, v) != ("OMP_NUM_THREADS", "1")}
    else:
        target = dict(wanted)
    target = {k: v for k, v in target.items() if not k.startswith("RAY_")}
    for name, value in kernel.items():
        if name != "MPLBACKEND" or not target.get(name):
            target[name] = value
    for name in set(os.environ) - set(target):
        del os.environ[name]
    os.environ.update(target)  # all of it: os.putenv may have changed what os.environ doesn't know


class Threads:
    """The thread pools of the libraries that this process has loaded."""

    def __init__(self) -> None:
        self._limited: tuple[frozenset[str], int, Any] | None = None
        #: What was found when so many modules were loaded: looking takes longer than limiting.
        self._found: tuple[int, Any] = (0, None)
        #: The pools of libraries that were loaded before the first cell; None before it is known.
        self._early: Sequence[Any] | None = None

    def limit(self, threads: int) -> None:
        """For batches: libraries that are loaded use so many threads."""
        loaded = frozenset(name for name in _WITH_THREADS if name in sys.modules)
        if self._limited is not None and self._limited[:2] == (loaded, threads):
            return
        self.as_kernel()
        pools = self.find() if loaded else None
        if pools is not None:
            self._limited = loaded, threads, pools.limit(limits=threads)

    def find(self) -> Any:
        """The thread pools of all libraries loaded by now; None where nothing can find them.

        Worth doing ahead: the first time takes some ten milliseconds.
        """
        if self._found[0] != len(sys.modules):
            control = _control()
            pools = None if control is None else control.ThreadpoolController()
            self._found = len(sys.modules), pools
        return self._found[1]

    def begin(self, environment: Mapping[str, str]) -> None:
        """For a run's first cell: what is loaded by now has the threads that a kernel would have given it.

        Ray's workers load NumPy, for PyArrow, after Ray has set one thread.
        """
        self.as_kernel()
        if self._early is None:
            loaded = any(name in sys.modules for name in _WITH_THREADS)
            pools = self.find() if loaded else None
            self._early = () if pools is None else tuple(pools.lib_controllers)
        for pool in self._early:
            wanted = _kernel_threads(pool.internal_api, environment)
            if wanted and pool.num_threads != wanted:
                pool.set_num_threads(wanted)

    def as_kernel(self) -> None:
        """For whole cells: all threads again."""
        if self._limited is not None:
            limits, self._limited = self._limited[2], None
            limits.restore_original_limits()


def _kernel_threads(pool: str, environment: Mapping[str, str]) -> int:
    """How many threads such a pool has in a kernel with these variables; 0 where that isn't known."""
    if pool not in _POOLS:
        return 0
    given = next((environment[n] for n in _POOLS[pool] if environment.get(n, "").isdigit()), "0")
    affinity = getattr(os, "sched_getaffinity", None)
    return int(given) or (len(affinity(0)) if affinity is not None else os.cpu_count() or 1)


def _control() -> Any:
    try:
        return importlib.import_module("threadpoolctl")
    except ImportError:
        return None
