"""How a list of settings differs from a fresh process's, so that another process's can be changed likewise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ListChange:
    """How a list differs from a fresh process's: what stands before it, after it, and is gone."""

    before: tuple[Any, ...] = ()
    after: tuple[Any, ...] = ()
    removed: tuple[Any, ...] = ()
    cleared: bool = False


def list_change(fresh: Sequence[Any], now: Sequence[Any]) -> ListChange | None:
    """How ``now`` differs from ``fresh``; None when it doesn't."""
    if list(fresh) == list(now):
        return None
    kept = _kept(fresh, now)
    if not kept:
        return ListChange(before=tuple(now), cleared=True)
    first = min(kept)
    return ListChange(
        before=tuple(now[:first]),
        after=tuple(now[index] for index in range(first, len(now)) if index not in kept),
        removed=tuple(entry for at, entry in enumerate(fresh) if at not in kept.values()),
    )


def _kept(fresh: Sequence[Any], now: Sequence[Any]) -> dict[int, int]:
    """Entries that are in both in one order, as places now and before; what was moved to the front isn't."""
    kept: dict[int, int] = {}
    last = len(fresh)
    for index in range(len(now) - 1, -1, -1):
        at = next((at for at in range(last - 1, -1, -1) if fresh[at] == now[index]), None)
        if at is not None:
            kept[index] = last = at
    return kept


def apply_change(fresh: Sequence[Any], change: ListChange | None) -> list[Any]:
    """``fresh`` with the change that :func:`list_change` found."""
    if change is None:
        return list(fresh)
    middle = [] if change.cleared else list(fresh)
    for entry in change.removed:
        if entry in middle:
            middle.remove(entry)
    return [*change.before, *middle, *change.after]
