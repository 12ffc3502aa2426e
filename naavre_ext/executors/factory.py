"""Makes the executor that a run's options ask for."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import CancelledError, Future, wait
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol

from naavre_ext.executors.base import Executor
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import StepId, Workflow

#: How often who waits for a cluster looks whether it is still wanted.
_POLL_S = 0.05


class StartingExecutor(Protocol):
    """An executor under way: a context manager that gives the executor and closes it at the end."""

    def __enter__(self) -> Executor:
        """Wait for the executor. Raises ClusterError when it can't be had, CancelledError when given up."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def abandon(self) -> None:
        """Let go of it if it was never entered."""
        ...


def begin_executor(
    options: RunOptions,
    beside: RunsBeside | None = None,
    give_up: threading.Event | None = None,
) -> StartingExecutor:
    """Start what the options ask for, in the background where that takes time.

    Runs ``beside`` each other share the workers of their groups. Who waits for it gives up, by a CancelledError
    of :mod:`concurrent.futures`, when ``give_up`` is set.
    """
    if options.executor == "local":
        return _Local(options)
    return _Ray(options, beside, give_up)


class RunsBeside:
    """Runs of one workflow that overlap: the workers of groups are there from the first one to the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs = 0
        self._groups: Any = None

    def __reduce__(self) -> tuple[type[RunsBeside], tuple[()]]:
        return RunsBeside, ()

    def enter(self) -> Any:
        """The workers, for one more run."""
        from naavre_ext.executors.ray.group_workers import GroupWorkers

        with self._lock:
            self._groups = self._groups or GroupWorkers()
            self._runs += 1
            return self._groups

    def leave(self) -> None:
        """One of the runs is over, and about to let go of the cluster."""
        with self._lock:
            self._runs -= 1
            if not self._runs:
                self._groups.close()
                self._groups = None


class _Local:
    def __init__(self, options: RunOptions) -> None:
        self._executor: Any = None

    def __enter__(self) -> Executor:
        from naavre_ext.executors.local import LocalExecutor

        self._executor = LocalExecutor(alone=True)
        executor: Executor = self._executor
        return executor

    def __exit__(self, *_: object) -> None:
        self._executor.close()

    def abandon(self) -> None:
        """Nothing was started."""


class _Ray:
    def __init__(
        self, options: RunOptions, beside: RunsBeside | None, give_up: threading.Event | None
    ) -> None:
        from naavre_ext.executors.ray.cluster import start_in_background

        self._beside, self._give_up, self._is_wanted = beside, give_up, True
        self._has_main = threading.Event()
        self._starting: Future[Any] | None = start_in_background(options.address)
        self._starting.add_done_callback(self._start_main)
        self._executor: Any = None

    def __enter__(self) -> Executor:
        handle = self._started()
        self._starting = None
        from naavre_ext.executors.ray.executor import RayExecutor

        beside = self._beside
        self._executor = (
            RayExecutor(handle, None)
            if beside is None
            else RayExecutor(handle, None, beside.enter(), leave=beside.leave)
        )
        executor: Executor = self._executor
        return executor

    def __exit__(self, *_: object) -> None:
        self._executor.close()

    def _started(self) -> Any:
        assert self._starting is not None
        while not self._starting.done():
            if self._give_up is not None and self._give_up.is_set():
                raise CancelledError
            wait([self._starting], _POLL_S)
        handle = self._starting.result()
        self._has_main.wait()  # or the run would start another
        return handle

    def _start_main(self, starting: Future[Any]) -> None:
        """Have the main worker started while the notebook is still being planned."""
        try:
            if self._is_wanted and not starting.cancelled() and starting.exception() is None:
                from naavre_ext.executors.ray.spare_workers import start_main

                start_main()
        finally:
            self._has_main.set()

    def abandon(self) -> None:
        """Close the connection as soon as it is there, without waiting for it."""
        self._is_wanted = False
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.add_done_callback(_close_handle)


def _close_handle(starting: Future[Any]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        starting.result().close(waits=False)


def hold_cluster(options: RunOptions) -> Any:
    """A context manager that keeps the cluster connected while several runs use it.

    Raises ClusterError when it can't be reached.
    """
    from naavre_ext.executors.ray.cluster import connect

    return connect(options.address)


class JobExecutors:
    """A context manager: executors for many runs of one notebook, which share a cluster and hand on main workers.

    ``slots`` are how many runs there is room for at once; up to ``most`` main workers are started ahead. May be
    used from several threads.
    """

    def __init__(self, options: RunOptions, most: int = 1) -> None:
        self._options, self._most = options, most
        self._handle: Any = None
        self._mains: Any = None
        self._groups: Any = None

    def __enter__(self) -> JobExecutors:
        self.slots = 1
        if self._options.executor == "ray":
            self._handle = hold_cluster(self._options)
            from naavre_ext.executors.ray.group_workers import GroupWorkers
            from naavre_ext.executors.ray.main_workers import MainWorkers
            from naavre_ext.executors.ray.spare_workers import start_main

            self.slots = self._handle.slots
            self._mains, self._groups = MainWorkers(), GroupWorkers()
            start_main(min(self._most, self.slots + 1))
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            self._mains.close()
            self._groups.close()
            if self._handle.is_shared:
                from naavre_ext.executors.ray.spare_workers import MOST_SPARES, start_main

                start_main(min(self._most, self.slots + 1, MOST_SPARES))  # for the next batch
            self._handle.close()

    def expect(self, jobs: Sequence[int], workflow: Workflow) -> None:
        """Jobs with these numbers will run such a workflow, or leave: have the workers of its groups started."""
        if self._groups is not None:
            executor = self._make(hands_on=False, job=None)
            try:
                executor.admit(workflow)
                executor.expect(jobs)
            finally:
                executor.close()

    def leave(self, job: int) -> None:
        """The job is over, or was never begun: later ones needn't wait for it."""
        if self._groups is not None:
            self._groups.leave(job)

    @contextmanager
    def open(
        self, *, hands_on: bool, job: int | None = None, common: Collection[StepId] = ()
    ) -> Iterator[Executor]:
        """One run's executor. Its main worker is handed on to a later run where it ``hands_on``.

        The ``common`` steps are the same for all jobs in the workers of groups that these share.
        """
        executor: Executor = self._make(hands_on, job, common)
        try:
            yield executor
        finally:
            executor.close()

    def _make(self, hands_on: bool, job: int | None, common: Collection[StepId] = ()) -> Any:
        if self._handle is None:
            from naavre_ext.executors.local import LocalExecutor

            return LocalExecutor(alone=True)
        from naavre_ext.executors.ray.executor import RayExecutor

        mains = self._mains if hands_on else None
        return RayExecutor(self._handle.again(), mains, self._groups, job, common)
