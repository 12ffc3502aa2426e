"""One at a time: runs whose main worker keeps what their other steps claim more of.

Two such runs could each have a main worker and wait for ever for what the other one holds. So each has its turn,
cluster-wide. Whoever waits holds nothing.
"""

from __future__ import annotations

import time
from typing import Any

import ray

#: The name that only one actor of a cluster can have at a time, in a namespace that all runs know.
_NAME, _NAMESPACE = "turn", "naavre-ext"
_POLL_S = 0.2


@ray.remote(num_cpus=0)
class _Token:
    """Exists while it is somebody's turn."""


class _Turn:
    """Waits for a run's turn in a process of its own, and keeps it for as long as it lives."""

    def __init__(self) -> None:
        self._token: Any = None

    def come(self) -> None:
        """Returns when the turn has come."""
        while self._token is None:
            try:
                self._token = _Token.options(name=_NAME, namespace=_NAMESPACE).remote()  # type: ignore[attr-defined]
            except ValueError:  # the name is taken
                time.sleep(_POLL_S)


Turn: Any = ray.remote(num_cpus=0)(_Turn)
