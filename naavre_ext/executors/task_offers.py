"""Calls of tasks that lie on offer while the statements run that will need them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.guarding import PlainContainers
from naavre_ext.executors.packing import Packed
from naavre_ext.executors.task_calls import Item

if TYPE_CHECKING:
    from naavre_ext.executors.task_spawning import TaskSpawner


class Offered:
    """A call on offer. ``ticket`` has one entry, for whoever runs or sends the call."""

    __slots__ = ("args", "at", "function", "is_eager", "keywords", "sent", "ticket", "window")

    def __init__(
        self,
        window: OpenWindow,
        function: str,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        *,
        is_eager: bool,
    ) -> None:
        self.window, self.function = window, function
        self.args, self.keywords = args, keywords
        self.at = time.perf_counter()
        self.is_eager = is_eager
        self.ticket = [True]
        self.sent: Sent | None = None

    def claim(self) -> bool:
        """Whether the call is now the caller's to run or to send."""
        try:
            self.ticket.pop()
        except IndexError:
            return False
        return True


class Sent:
    """A call on its way. ``refusal`` says why it couldn't be sent; ``is_ready`` when one of the two is known."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = uuid.uuid4().hex
        self.is_ready = threading.Event()
        self.refusal = ""
        self.items: list[Item] = []
        self.handle: Any = None
        self.kept: Any = None
        self.plain: PlainContainers | None = None
        self.shared: Any = None
        #: What it reads beside its arguments, and the settings, as they were then.
        self.read: Packed
        self.settings: Packed


class OpenWindow:
    """The statements that run now, with the calls in them that lie on offer."""

    __slots__ = ("args", "calls", "frame", "keywords", "spawner", "value")

    def __init__(self, spawner: TaskSpawner, frame: FrameType) -> None:
        self.spawner, self.frame = spawner, frame
        self.calls: dict[int, Offered] = {}
        self.value: Any = None
        self.args: tuple[Any, ...] | None = None
        self.keywords: Mapping[str, Any] = {}

    def add(
        self, number: int, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]
    ) -> None:
        """Offer a call."""
        offered = self.spawner.offer(self, function, args, keywords)
        if offered is not None:
            self.calls[number] = offered

    def take(self, number: int) -> bool:
        """Whether the call has run already, with its result in ``value``."""
        __tracebackhide__ = True
        self.value, self.args, self.keywords = None, None, {}
        offered = self.calls.pop(number, None)
        if offered is None:
            return False
        if offered.claim():
            self.spawner.forget(offered)
        elif self.spawner.results.collect(offered):
            return True
        self.args, self.keywords = offered.args, offered.keywords
        return False

    def close(self) -> None:
        """What is still under way isn't needed."""
        self.spawner.end(self)
        self.value = self.args = self.frame = None  # type: ignore[assignment]

    def __enter__(self) -> None:
        """The statements begin."""

    def __exit__(self, *_error: object) -> None:
        """They are over, well or not."""
        self.close()
