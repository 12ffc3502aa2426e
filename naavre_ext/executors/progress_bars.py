"""A split loop's own progress bar (``for x in tqdm(xs)``): taken off its items, moved by the batches."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from typing import Any


def is_bar(value: Any) -> bool:
    """Whether the value is one of tqdm's progress bars."""
    tqdm = sys.modules.get("tqdm.std")
    return tqdm is not None and isinstance(value, tqdm.tqdm) and _is_tqdms_own(type(value))


def _is_tqdms_own(kind: type) -> bool:
    return kind.__module__.split(".")[0] == "tqdm"


class LoopBar:
    """The bar over a loop's items: its end is what it would be if the loop had drawn the items from it.

    Until then it shows how many items are done, wherever that was; ``merged`` of them count.
    """

    def __init__(self, bar: Any) -> None:
        self.bar = bar
        self.merged = 0
        self._before = bar.n

    @property
    def description(self) -> str:
        """What the user calls the loop."""
        return str(self.bar.desc or "").removesuffix(": ")

    def over(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, for the cell itself to go over."""
        __tracebackhide__ = True
        self.bar.n = self._before + self.merged  # what batches have done in vain doesn't count
        try:
            for item in items:
                yield item
                self.merged += 1
                self.bar.update()
        except BaseException:  # the loop was left: a bar that goes over the items ends there
            self.end()
            raise

    def show_done(self, items: int) -> None:
        """Move on by so many items that a batch has done."""
        self.bar.update(items)

    def end(self) -> None:
        """Show the merged items for good."""
        self.bar.n = self._before + self.merged
        self.bar.close()


def bar_apart(iterable: Any) -> tuple[Any, LoopBar | None]:
    """The iterable without the progress bar around its items, and the bar; None where it has none.

    Of ``enumerate(tqdm(xs))`` and ``zip(tqdm(xs), ys)`` too.
    """
    if is_bar(iterable):
        if iterable.iterable is None:
            return iterable, None
        return iterable.iterable, None if iterable.disable else LoopBar(iterable)
    if type(iterable) in (enumerate, zip):
        first, *others = iterable.__reduce__()[1] or (None,)
        bar = _bar_behind(first)
        if bar is not None and not any(_bar_behind(other) for other in others):
            items, loop_bar = bar_apart(bar)
            return type(iterable)(items, *others), loop_bar
    return iterable, None


def _bar_behind(iterator: Any) -> Any | None:
    """The bar that a fresh iterator belongs to, or None."""
    if not inspect.isgenerator(iterator) or iterator.__name__ != "__iter__":
        return None
    if inspect.getgeneratorstate(iterator) != inspect.GEN_CREATED:
        return None
    owner: Any = inspect.getgeneratorlocals(iterator).get("self")
    return owner if is_bar(owner) and owner.iterable is not None else None
