"""A split loop's own progress bar (``for x in tqdm(xs)``): taken off its items, moved by the batches."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from naavre_ext.executors.class_homes import package_of
from naavre_ext.executors.items import sizes_of


def is_bar(value: Any) -> bool:
    """Whether the value is one of tqdm's progress bars."""
    tqdm = sys.modules.get("tqdm.std")
    return tqdm is not None and isinstance(value, tqdm.tqdm) and _is_tqdms_own(type(value))


def _is_tqdms_own(kind: type) -> bool:
    return package_of(kind) == "tqdm"


class LoopBar:
    """The bar over a loop's items: its end is what it would be if the loop had drawn the items from it.

    Until then it shows how many items are done, wherever that was; ``merged`` of them count.
    """

    def __init__(self, bar: Any) -> None:
        self.bar = bar
        self.merged = 0
        #: With how many items the loop is over before it asks the bar for one more.
        self.unasked = 0
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
        unmoved = self.merged == self.unasked > 0  # the bar only moves on when it is asked again
        self.bar.n = self._before + self.merged - unmoved
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
        _, parts, *strict = iterable.__reduce__()
        bars = {place: bar for place, part in enumerate(parts) if (bar := _bar_behind(part))}
        if len(bars) == 1:
            ((place, bar),) = bars.items()
            parts = [*parts[:place], bar.iterable, *parts[place + 1 :]]
            unasked = _unasked(parts, place, strict=any(strict))
            if unasked is not None:
                parts[place], loop_bar = bar_apart(bar)
                if loop_bar is not None:
                    loop_bar.unasked = unasked
                return type(iterable)(*parts), loop_bar
    return iterable, None


def _unasked(parts: Sequence[Any], place: int, *, strict: bool) -> int | None:
    """With how many rows a ``zip`` ends without asking the part at the place again: 0 for never, None if unknown.

    Nor is it known of a strict one whose parts aren't of one length, as it raises then.
    """
    if not place and not strict:
        return 0
    sizes = sizes_of(parts)
    if not sizes or (strict and len(sizes) > 1):
        return None
    return min(sizes) if min(sizes) in sizes_of(parts[:place]) and not strict else 0


def _bar_behind(iterator: Any) -> Any | None:
    """The bar that a fresh iterator belongs to, or None."""
    if not inspect.isgenerator(iterator) or iterator.__name__ != "__iter__":
        return None
    if inspect.getgeneratorstate(iterator) != inspect.GEN_CREATED:
        return None
    owner: Any = inspect.getgeneratorlocals(iterator).get("self")
    return owner if is_bar(owner) and owner.iterable is not None else None
