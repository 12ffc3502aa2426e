"""A batch's items in its worker: where its code is among them, and whether it may change them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from naavre_ext.executors.checkpoints import has_open_figures
from naavre_ext.executors.item_changes import Before
from naavre_ext.executors.items_back import CHANGES, SIGNATURE
from naavre_ext.executors.origins import Find, Origins, Place
from naavre_ext.executors.recording import Recorder


class Cursor:
    """Iterates over the batch's items and remembers where it is; stops after ``limit_s``."""

    def __init__(self, items: Any, origins: Origins, limit_s: float | None) -> None:
        self.items = items
        self.origins = origins
        self.position = -1
        self.current: Any = None
        self._limit_s = math.inf if limit_s is None else limit_s
        #: Whether figures were open when the last iteration was over; it may never be.
        self.left_figures = True

    def __iter__(self) -> Iterator[Any]:
        clock, deadline = time.perf_counter, time.perf_counter() + self._limit_s
        for position, item in enumerate(self.items):
            if position and clock() > deadline:
                break
            self.position, self.current = position, item
            self.origins.met(position, item)
            yield item
        self.left_figures = has_open_figures()


class KeptItems:
    """Items that iterations must leave as they are: guards find what is changed.

    ``seen`` are those that a result mustn't share an object with.
    """

    is_guarded = True

    def __init__(self, values: Any, place: Place, find: Find) -> None:
        self.seen, self.place, self.find = values, place, find

    def changes(self) -> dict[int, Any]:
        """Nothing is sent back."""
        return {}

    def sent_back(self, changes: Mapping[int, Any], recorder: Recorder) -> dict[str, Any]:
        """No part of the result."""
        return {}

    def check_apart(self, result: Any) -> None:
        """Results that share something with the items are told from copies in other ways."""


class ChangedItems(KeptItems):
    """Items that iterations may change: what is changed is sent back."""

    is_guarded = False

    def __init__(
        self, values: Sequence[Any], namespace: dict[str, Any], place: Place, find: Find
    ) -> None:
        self._before = Before(values, namespace, place)
        super().__init__((), self._before.place, self._before.parts.finder(find))

    def changes(self) -> dict[int, Any]:
        """New contents by number. Raises Violation where what was changed can't be told."""
        return self._before.changes()

    def sent_back(self, changes: Mapping[int, Any], recorder: Recorder) -> dict[str, Any]:
        """The changes, as parts of the result.

        Raises:
            Violation: the merge would compute with an object that is changed already.
        """
        if not changes:
            return {}
        self._before.check_replayed(recorder.replayed_operands(), changes)
        return {CHANGES: changes, SIGNATURE: self._before.parts.signature}

    def check_apart(self, result: Any) -> None:
        """Raises Violation where the result shares with the items what can't be told from a copy."""
        self._before.check_apart(result)
