"""Workers that are started before a run asks for them: a process takes a second to start."""

from __future__ import annotations

import threading
from typing import Any

import ray

from naavre_ext.executors.ray import workers
from naavre_ext.executors.ray.cluster import ClusterHandle, on_connection_end
from naavre_ext.scheduling.claims import Claim, ray_options

#: Long enough for Ray to start a second worker meanwhile, short enough not to matter.
_WARM_HOLD_S = 0.3

#: Main workers that a resident engine holds in reserve, so that runs in a row find one ready.
_RESIDENT_SPARES = 2
#: So many at most wait for another batch once one is over.
MOST_SPARES = 4

_spares: list[Any] = []
_warmed: set[str] = set()
_spares_lock = threading.Lock()


def start_main(spares: int = 1) -> None:
    """Have main workers started, for the runs that come."""
    with _spares_lock:
        while len(_spares) < spares:
            _spares.append(workers.MainWorker.remote())


def take_main(claim: Claim, turn: Any) -> Any:
    """A worker that holds the claim once ``turn`` is there; a spare one where nothing is claimed."""
    if claim:
        return workers.MainWorker.options(**ray_options({"num_cpus": 0, **claim})).remote(turn)
    with _spares_lock:
        spare = _spares.pop(0) if _spares else None
    return spare if spare is not None else workers.MainWorker.remote()


def warm(handle: ClusterHandle, *, wait: bool = False) -> None:
    """Have a main worker in reserve, and one process per slot that has imported all that it needs.

    Returns at once unless ``wait``.
    """
    start_main(_RESIDENT_SPARES)
    with _spares_lock:
        spares = list(_spares)
    waiting = [*(spare.ready.remote() for spare in spares), *warm_workers(handle)]
    if wait:
        ray.get(waiting)


def warm_workers(handle: ClusterHandle) -> list[Any]:
    """Have a process per slot import what it needs, once per cluster."""
    with _spares_lock:
        if handle.address in _warmed:
            return []
        _warmed.add(handle.address)
    return [workers.warm_up.remote(_WARM_HOLD_S) for _ in range(handle.slots)]


def _forget_spares() -> None:
    """The connection that the spare workers belong to is gone."""
    with _spares_lock:
        _spares.clear()
        _warmed.clear()


on_connection_end(_forget_spares)
