"""A run's turn among several: it begins with the first step that takes time."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from naavre_ext.model.workflow import StepId


class Turn:
    """A context manager within which :meth:`come` enters ``turn``, once. ``waited_s`` is how long that took."""

    def __init__(self, turn: AbstractContextManager[Any], light: Collection[StepId]) -> None:
        self._turn, self._light = turn, frozenset(light)
        self._entered = ExitStack()
        self._has_come = False
        self.waited_s = 0.0

    def come(self, step: StepId) -> None:
        """Return once the step may run: at once where it is light."""
        if self._has_come or step in self._light:
            return
        self._has_come = True
        clock = time.perf_counter()
        self._entered.enter_context(self._turn)
        self.waited_s = time.perf_counter() - clock

    def __enter__(self) -> None:
        """The run's steps begin."""

    def __exit__(self, *_error: object) -> None:
        """They are over."""
        self._entered.close()
