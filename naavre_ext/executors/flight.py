"""The batches of one split on their way: submitted, waited for, given back in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.origins import finder
from naavre_ext.executors.packing import Packed, PackingError, pack, unpack
from naavre_ext.executors.tasks import BatchReport, BatchTask, ErrorReport
from naavre_ext.model.workflow import Split

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut


class Whole(Exception):
    """The loop has to run in its cell after all; the message says why."""


class Flight:
    """Batches of ``items`` at ``bounds``; at most a window of them is under way at once.

    ``first`` is the number of the first of them among all batches of the split.
    """

    def __init__(
        self,
        fan_out: FanOut,
        split: Split,
        items: Any,
        bounds: Sequence[tuple[int, int]],
        shared: Any,
        first: int = 0,
    ) -> None:
        self._fan_out, self._split, self._shared = fan_out, split, shared
        self._items, self._bounds = items, bounds
        self._pool = fan_out.pool
        self._first = first
        self._handles: list[Any] = []
        self._waiting: dict[Any, int] = {}
        self._reports: dict[int, BatchReport] = {}
        self._failed: int | None = None
        context = fan_out.worker.context
        limit = context.max_parallelism if context is not None else None
        self._window = limit if limit is not None else max(16, 4 * self._pool.slots)

    def fill(self) -> None:
        """Submit batches until the window is full."""
        while len(self._waiting) < self._window and self._failed is None:
            number = len(self._handles)
            if number == len(self._bounds):
                return
            start, stop = self._bounds[number]
            is_last = number == len(self._bounds) - 1
            batch = self._first + number
            task = BatchTask(self._fan_out.step, self._split, batch, start, stop, is_last)
            handle = self._pool.submit(task, self._shared, self._packed(start, stop))
            self._handles.append(handle)
            self._waiting[handle] = number

    def land(self) -> ErrorReport | None:
        """Wait for all batches; returns the error of the first iteration that raised, if one did.

        What the iterations before that one showed is shown then.

        Raises:
            Whole: a batch did something that makes the results unusable.
        """
        try:
            while self._waiting:
                self._take(self._pool.wait(list(self._waiting)))
                self.fill()
        except BaseException:
            self.cancel()
            raise
        if self._failed is None:
            return None
        for number in range(self._failed + 1):
            for output in self._reports[number].outputs:
                self._fan_out.worker.session.show(output)
        return self._reports[self._failed].error

    def _take(self, handle: Any) -> None:
        number = self._waiting.pop(handle)
        report = self._pool.report(handle)
        if report.violation:
            raise Whole(report.violation)
        self._reports[number] = report
        start, stop = self._bounds[number]
        self._fan_out.tell(
            {
                "kind": "batch",
                "split": self._split.index,
                "batch": self._first + number,
                "items": stop - start,
                "started_at": report.started_at,
                "duration_s": report.duration_s,
                "worker": report.worker,
            }
        )
        if report.error is not None and (self._failed is None or number < self._failed):
            self._failed = number
            needless = [h for h, n in self._waiting.items() if n > number]
            self._pool.cancel(needless)
            for other in needless:
                del self._waiting[other]

    def cancel(self) -> None:
        """Stop the batches that are still under way."""
        self._pool.cancel(list(self._waiting))
        self._waiting.clear()

    def results(self, namespace: dict[str, Any]) -> Iterator[tuple[BatchReport, dict[str, Any]]]:
        """Each batch's report and what it recorded, in order; fetched as the merge comes to it."""
        for number, handle in enumerate(self._handles):
            packed = self._pool.result(handle)
            find = finder(namespace, self._items, self._bounds[number][0])
            yield (
                self._reports[number],
                unpack(packed, namespace, writable=True, resolve=find),
            )

    def _packed(self, start: int, stop: int) -> Packed:
        try:
            return pack({"items": self._items[start:stop]}, self._fan_out.namespace)
        except PackingError as error:
            raise Whole(f"an item can't be copied to other workers: {error.reason}") from None
