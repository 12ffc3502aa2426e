"""What the code of windows calls: a light module, which keeps one built-in name in every process.

A function with windows travels; where nobody runs tasks, the name is False (or isn't there), and the function runs
the statements as they were written.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Mapping
from typing import Any

from naavre_ext.planning.task_rewriting import TASKS


class NoWindow:
    """Nothing begins ahead."""

    __slots__ = ()
    value: Any = None
    args: tuple[Any, ...] | None = None
    keywords: Mapping[str, Any] = {}

    def open(self, _place: Any, _up: int = 1) -> NoWindow:
        """This one."""
        return self

    def add(
        self, number: int, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]
    ) -> None:
        """Not offered to anyone."""

    def take(self, number: int) -> bool:
        """It hasn't run."""
        return False

    def close(self) -> None:
        """Nothing is left."""

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, *_error: object) -> None:
        """Nothing is left."""


NO_WINDOW = NoWindow()


def show(opener: Any) -> None:
    """Have windows opened by ``opener``; False: by nobody."""
    setattr(builtins, TASKS, opener)


def shown() -> Any:
    """Who opens windows; False when nobody does."""
    return getattr(builtins, TASKS, False)


def open_in_cell(place: Any) -> Any:
    """A window for statements at the top level of a cell."""
    return (shown() or NO_WINDOW).open(place, 2)


show(False)
if hasattr(os, "register_at_fork"):  # a forked process has no workers
    os.register_at_fork(after_in_child=lambda: show(False))
