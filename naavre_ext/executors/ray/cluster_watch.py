"""Finds out that a local Ray has died while a run waits for it: Ray itself would wait for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

from naavre_ext.model.diagnostic import ClusterError

_LOOK_EVERY_S = 5.0
#: Ray itself tells within 20 s that a worker is dead, and says more.
_LOST_S = 30.0


class ClusterWatch:
    """Asks now and then whether the cluster ``is_lost``."""

    def __init__(
        self, is_lost: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._is_lost, self._clock = is_lost, clock
        self._next_look = clock() + _LOOK_EVERY_S
        self._lost_since: float | None = None

    def look(self) -> None:
        """Called while nothing happens.

        Raises:
            ClusterError: it has been lost for a while.
        """
        now = self._clock()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_EVERY_S
        if not self._is_lost():
            self._lost_since = None
        elif self._lost_since is None:
            self._lost_since = now
        elif now - self._lost_since >= _LOST_S:
            raise ClusterError(
                "NX511 The local Ray of this run has died. Memory may have run out. Start the run again, "
                "with --resume to take over what is done."
            )
