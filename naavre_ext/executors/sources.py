"""Where a loop's items come from: a sequence that is cut, or an iterator that is drawn from.

Drawing runs code (a generator's, say) earlier than the notebook would. Planning has proven that this code and
the loop's body don't touch each other. What it can't know is watched here: something that is shown or raised
while an item is made, an item that can't be copied. Drawing stops there, and the cell itself goes on.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from naavre_ext.executors.items import are_immutable, materialise
from naavre_ext.executors.packing import PackingError, is_immutable, pack
from naavre_ext.model.event import OutputMessage

#: Drawing for one batch lasts no longer than this, so that the workers get something to do.
DRAW_S = 0.1

#: Calls a function and gives what it has shown.
Divert = Callable[[Callable[[], None]], list[OutputMessage]]


class Source(Protocol):
    """A loop's items, each given once, in order.

    ``taken`` counts those given, ``held`` is to be shown before the first of the rest. ``may_watch`` says that
    another thread may take items, and that ``taken`` may be set back to give some again. The last ``kept`` ones
    are never taken.
    """

    may_watch: bool
    taken: int
    kept: int
    held: list[OutputMessage]

    @property
    def left(self) -> int | None:
        """How many there still are to be taken, None when nobody knows."""
        ...

    def count(self) -> int:
        """How many there still are, whatever it costs to know."""
        ...

    def step(self, most: int) -> Any:
        """At most so many next items for the cell itself; empty at the end."""
        ...

    def take(self, most: int) -> Any:
        """The next items for a batch, as a sequence: at most so many; empty at the end."""
        ...

    def rest(self) -> Any:
        """What hasn't been taken, for the cell."""
        ...


def source_of(
    iterable: Any, namespace: dict[str, Any], *, may_draw: bool, divert: Divert
) -> tuple[Source | None, str]:
    """The source of a loop's items; None and the reason where they have to come one by one."""
    items, reason = materialise(iterable)
    if items is not None:
        return Sliced(items), ""
    if not may_draw:
        return None, reason
    try:
        return Drawn(iter(iterable), namespace, divert), ""
    except Exception:  # noqa: BLE001  (raised again where the notebook raises it)
        return None, reason


class Sliced:
    """The items of a sequence: taking some is cutting a slice."""

    may_watch = True

    def __init__(self, items: Any) -> None:
        self.items = items
        self.taken = self.kept = 0
        self.held: list[OutputMessage] = []

    @property
    def left(self) -> int:
        """How many items are left."""
        return max(0, len(self.items) - self.kept - self.taken)

    def count(self) -> int:
        """How many items are left."""
        return self.left

    def are_immutable(self) -> bool:
        """Whether none of the items can change in place."""
        return are_immutable(self.items)

    def step(self, most: int) -> Any:
        """The next slice."""
        start, self.taken = self.taken, self.taken + min(self.left, most)
        return self.items[start : self.taken]

    take = step

    def rest(self) -> Any:
        """The last slice."""
        return self.items[self.taken :]


class Drawn:
    """The items of an iterator, drawn when they are needed.

    One item more than asked for is drawn, so that the last batch is known (and one can be ``kept``). ``tail`` is
    what the cell has to go on with after that, once drawing has come to an end.
    """

    may_watch = False  # user's code must not run in another thread

    def __init__(self, iterator: Iterator[Any], namespace: dict[str, Any], divert: Divert) -> None:
        self.iterator, self.namespace, self.divert = iterator, namespace, divert
        self.taken = self.kept = 0
        self.ahead: list[Any] = []
        self.held: list[OutputMessage] = []
        self.tail: Iterator[Any] | None = None

    @property
    def left(self) -> int | None:
        """Known once drawing has come to an end."""
        return None if self.tail is None else max(0, len(self.ahead) - self.kept)

    def count(self) -> int:
        """Draws all items."""
        while self.tail is None:
            self._draw()
        return max(0, len(self.ahead) - self.kept)

    def step(self, most: int) -> list[Any]:
        """The next item, made just when the cell needs it, as in a notebook."""
        __tracebackhide__ = True
        for item in self.iterator:
            self.taken += 1
            return [item]
        self._end()
        return []

    def _end(self) -> None:
        """Let go of the iterator: a progress bar that a ``zip`` doesn't ask any more shows its end then."""
        self.iterator = self.tail = iter(())

    def take(self, most: int) -> list[Any]:
        """The next items; fewer than asked for when making them takes long."""
        deadline = time.perf_counter() + DRAW_S
        while self.tail is None and len(self.ahead) <= most:
            if len(self.ahead) > 1 and time.perf_counter() > deadline:
                most = len(self.ahead) - 1
                break
            self._draw()
        if self.left is not None:
            most = min(most, self.left)
        drawn, self.ahead = self.ahead[:most], self.ahead[most:]
        self.taken += len(drawn)
        return drawn

    def _draw(self) -> None:
        drawn: list[Any] = []
        errors: list[Exception] = []

        def draw() -> None:
            __tracebackhide__ = True
            try:
                drawn.extend(itertools.islice(self.iterator, 1))
            except Exception as error:  # noqa: BLE001  (raised again where the notebook raises it)
                errors.append(error)

        self.held = self.divert(draw)
        if errors:
            self.tail = _raising(errors[0])
        elif self.held or (drawn and not self._can_be_sent(drawn[0])):
            self.tail = itertools.chain(drawn, self.iterator)
        elif drawn:
            self.ahead += drawn
        else:
            self._end()

    def _can_be_sent(self, item: Any) -> bool:
        """Whether the item can be copied; it may live only until the next one is made."""
        try:
            return is_immutable(item) or bool(pack({"item": item}, self.namespace).names)
        except PackingError:
            return False

    def rest(self) -> Iterator[Any]:
        """The items drawn ahead, then what is behind them."""
        return itertools.chain(self.ahead, self.iterator if self.tail is None else self.tail)


def _raising(error: Exception) -> Iterator[Any]:
    """An iterator that raises what another one has raised."""
    __tracebackhide__ = True
    raise error
    yield
