"""The few places where Ray offers no public way. Each does nothing on a Ray without the part."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: How a node starts what adds machines, forwards logs, and shows a dashboard.
_NEEDLESS = ("start_monitor", "start_log_monitor", "start_api_server")


def import_quietly() -> None:
    """Import Ray without warnings of what it imports: tqdm misses ipywidgets, which Ray doesn't need."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ray  # noqa: F401


@contextmanager
def bare_start() -> Iterator[None]:
    """Meanwhile a Ray starts only what it takes to run tasks on this machine.

    The others would compete with the first workers for the processors, and Ray waits for one of them;
    ``ray.init`` has no option that leaves them out.
    """
    from ray._private.node import Node

    before = {name: getattr(Node, name) for name in _NEEDLESS if hasattr(Node, name)}
    for name in before:
        setattr(Node, name, _start_nothing)
    try:
        yield
    finally:
        for name, start in before.items():
            setattr(Node, name, start)


def _start_nothing(_node: object, **_options: object) -> None:
    pass


def reread_authentication() -> None:
    """Make a Ray that was imported or used before take the token settings of now."""
    from ray import _raylet

    if hasattr(_raylet, "Config"):
        _raylet.Config.initialize("")
    if hasattr(_raylet, "AuthenticationTokenLoader"):
        _raylet.AuthenticationTokenLoader.instance().reset_cache()


def silence_raylet_messages() -> None:
    """Keep what the raylet has to say about dead workers and nodes off the terminal.

    ``log_to_driver=False`` alone doesn't; what matters of it reaches the user as events.
    """
    from ray._private import worker

    if hasattr(worker, "_worker_logs_enabled"):
        worker._worker_logs_enabled = False


def logs_folder() -> Path | None:
    """Where the processes of this machine's Ray write; None where that isn't known."""
    from ray._private import worker

    node = getattr(worker, "_global_node", None)
    folder = getattr(node, "get_logs_dir_path", None)
    return Path(folder()) if folder is not None else None
