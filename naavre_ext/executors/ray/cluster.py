"""Starting, sharing and stopping this process's connection to Ray.

A process has one connection. Runs share it; it ends with the last of them unless it is kept.
``ray`` is imported here and in the neighbouring modules when a connection is made, not before.
"""

from __future__ import annotations

import atexit
import copy
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from types import FrameType

from naavre_ext.executors.ray import remote_ray
from naavre_ext.executors.ray.local_ray import LocalRay
from naavre_ext.executors.ray.owner_thread import OwnerThread
from naavre_ext.model.diagnostic import ClusterError
from naavre_ext.scheduling.claims import NOTHING, Claim

_LOG = logging.getLogger(__name__)

# At exit, a Ray that hasn't stopped by then is killed; who closes or shuts down waits twice as long.
_STOP_TIMEOUT_S = 10.0

_owner = OwnerThread()
_lock = threading.Lock()
_connection: _Connection | None = None
#: What is being started just now, for an exit that can't wait for it.
_starting: LocalRay | None = None
#: Whether a connection is being ended just now.
_is_ending = False
_exit_hook_registered = False
_end_callbacks: list[Callable[[], None]] = []


class ClusterHandle:
    """One user's hold on the shared connection.

    ``slots`` are the cluster's CPUs, ``resources`` and ``nodes`` all that it had when the handle was made;
    ``node_ip`` is where workers reach this process.
    """

    def __init__(self, connection: _Connection) -> None:
        import ray

        self._connection: _Connection | None = connection
        self.resources: Mapping[str, float] = dict(ray.cluster_resources())
        self.slots = max(1, int(self.resources.get("CPU", 1)))
        self.nodes = [node for node in ray.nodes() if node["Alive"]]
        self.address: str = ray.get_runtime_context().gcs_address
        self.started_here = connection.local is not None
        self.node_ip: str = "127.0.0.1" if self.started_here else ray.util.get_node_ip_address()

    @property
    def is_shared(self) -> bool:
        """Whether the connection will outlive this handle."""
        connection = self._connection
        return connection is not None and (connection.keep or connection.users > 1)

    def is_lost(self) -> bool:
        """Whether the Ray was started here, and all of it is dead that could run something."""
        local = None if self._connection is None else self._connection.local
        return local is not None and local.is_lost()

    def again(self) -> ClusterHandle:
        """Another hold, for another user, that knows what this one knows; without a question to the cluster."""
        assert self._connection is not None
        with _lock:
            self._connection.users += 1
        return copy.copy(self)

    def close(self, *, waits: bool = True) -> None:
        """Let go; a second call does nothing. A Ray that takes long to stop isn't waited for to the end.

        A callback of :func:`start_in_background` mustn't be what ``waits``, as Ray is stopped after it.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            _release(connection, waits=waits)

    def __enter__(self) -> ClusterHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Connection:
    """This process's connection. ``local`` is the Ray we started, if it is ours.

    ``foreign`` is one that the user's own code made: used, never ended.
    """

    def __init__(self, address: str | None, local: LocalRay | None, *, foreign: bool) -> None:
        self.address = address
        self.local = local
        self.foreign = foreign
        self.users = 0
        self.keep = False

    def is_alive(self) -> bool:
        if self.local is not None:
            return self.local.is_alive()
        return _is_ray_initialized()

    def end(self) -> None:
        if self.local is not None:
            self.local.stop()
        elif not self.foreign:
            remote_ray.disconnect()


def connect(
    address: str | None,
    *,
    num_cpus: int | None = None,
    resources: Claim = NOTHING,
    keep: bool = False,
) -> ClusterHandle:
    """A handle on the cluster at ``address``; with None (or ``"local"``) on a Ray of our own.

    Where this process is connected to Ray by its own code, that connection is used as it is.
    ``num_cpus`` counts when a Ray is started, as do ``resources`` that this machine is said to have.
    With ``keep`` the connection outlives its last handle, until :func:`shutdown`.

    Raises:
        ClusterError: the cluster can't be reached, or Ray can't be started; said within 15 s.
    """
    wanted = None if address == "local" else address
    return _owner.submit(lambda: _connect(wanted, num_cpus, keep, resources)).result()


def start_in_background(
    address: str | None, *, num_cpus: int | None = None, keep: bool = False
) -> Future[ClusterHandle]:
    """The future result of :func:`connect`, under way while the caller does something else."""
    wanted = None if address == "local" else address
    return _owner.submit(lambda: _connect(wanted, num_cpus, keep))


def shutdown() -> None:
    """End this process's connection, whoever uses it, and the Ray that it started, if any.

    A Ray that takes long to stop isn't waited for to the end.
    """
    _ends_in_time(_owner.submit(_end_connection), 2 * _STOP_TIMEOUT_S)


def on_connection_end(callback: Callable[[], None]) -> None:
    """Have ``callback`` called before a connection ends: what belongs to it is worth nothing then.

    It may be called while the cluster is dead, and mustn't use Ray.
    """
    if callback not in _end_callbacks:
        _end_callbacks.append(callback)


def exit_on_sigterm() -> None:
    """From now on SIGTERM ends this process by ``SystemExit``, so that Ray is stopped on the way.

    For processes that are ours: the command line and the engine.
    """
    signal.signal(signal.SIGTERM, _raise_system_exit)


def _raise_system_exit(signum: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signum)


# Everything below runs in the owner thread, except _release, _ends_in_time and _end_at_exit.


def _connect(
    address: str | None, num_cpus: int | None, keep: bool, resources: Claim = NOTHING
) -> ClusterHandle:
    global _connection
    connection = _connection
    if connection is not None and not connection.is_alive():
        if connection.users > 0:
            raise ClusterError(
                "NX511 This process's Ray has died, and other runs that use it are about to fail. "
                "Try again when they have ended, or run this one in another process (--no-resident)."
            )
        keep = keep or connection.keep
        _end_connection()
        connection = None
    if connection is None:
        connection = _make_connection(address, num_cpus, resources)
        with _lock:
            _connection = connection
    elif not connection.foreign and connection.address != address:
        raise ClusterError(
            f"NX509 This process is connected to {connection.address or 'a local Ray'} already and "
            f"can't use {address or 'a local Ray'} at the same time. Wait for the other runs, "
            "or run this one in another process."
        )
    handle = ClusterHandle(connection)
    with _lock:
        connection.users += 1
        connection.keep = connection.keep or keep
    return handle


def _make_connection(address: str | None, num_cpus: int | None, resources: Claim) -> _Connection:
    global _starting
    if _is_ray_initialized():
        return _Connection(address, None, foreign=True)
    _register_exit_hook()
    if address is not None:
        remote_ray.connect_to(address)
        return _Connection(address, None, foreign=False)
    local = LocalRay()
    _starting = local
    try:
        local.start(num_cpus, resources)
    finally:
        _starting = None
    return _Connection(None, local, foreign=False)


def _is_ray_initialized() -> bool:
    ray = sys.modules.get("ray")
    return ray is not None and bool(ray.is_initialized())


def _release(connection: _Connection, *, waits: bool) -> None:
    with _lock:
        connection.users -= 1
        unused = connection.users == 0 and not connection.keep
    if unused:
        ended = _owner.submit(lambda: _end_if_unused(connection))
        if waits:
            _ends_in_time(ended, 2 * _STOP_TIMEOUT_S)


def _ends_in_time(ended: Future[None], timeout_s: float) -> bool:
    """Whether the connection has ended by then; its failure to end is raised.

    Being late isn't raised: what was run is finished, and would be lost. The owner thread goes on with it, the
    next connection and the exit wait for it, and what is left when this process ends is killed by the undertaker.
    """
    wait([ended], timeout_s)
    if not ended.done():
        _LOG.warning("Ray hasn't stopped within %g s and is not waited for.", timeout_s)
        return False
    ended.result()
    return True


def _end_if_unused(connection: _Connection) -> None:
    if connection is _connection and connection.users == 0 and not connection.keep:
        _end_connection()


def _end_connection() -> None:
    global _connection, _is_ending
    _is_ending = True
    try:
        with _lock:
            connection, _connection = _connection, None
        if connection is not None:
            for callback in _end_callbacks:
                callback()
            connection.end()
    finally:
        _is_ending = False


def _register_exit_hook() -> None:
    """Have Ray stopped at exit by us, before Ray's own hook, which takes longer, finds it."""
    global _exit_hook_registered
    if not _exit_hook_registered:
        _exit_hook_registered = True
        atexit.register(_end_at_exit, os.getpid())


def _end_at_exit(owner_pid: int) -> None:
    if os.getpid() != owner_pid:
        return
    if _starting is not None:
        _unregister_rays_hook()
        _starting.abandon()
    elif _connection is not None or _is_ending:
        # The owner thread does one thing after the other, so this waits for one that is just ending, too.
        ended = _owner.submit(_end_connection)
        if not _ends_in_time(ended, _STOP_TIMEOUT_S):
            _unregister_rays_hook()


def _unregister_rays_hook() -> None:
    """Nobody waits for Ray any more: don't let Ray's own hook wait for it either."""
    atexit.unregister(getattr(sys.modules.get("ray"), "shutdown", None))  # type: ignore[arg-type]
