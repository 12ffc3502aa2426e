"""Cuts a loop's items into batches, has them run, and gives the merge what it needs, in order."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from naavre_ext.executors.packing import Packed, PackingError, pack, unpack
from naavre_ext.executors.tasks import BatchReport, BatchTask, ErrorReport
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.legality import ITEMS
from naavre_ext.planning.rewriting import COLLECT, LOG, SPLIT_HOOK, operations

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: Batches per slot when their number is left to us: enough to even out, few enough to cost nothing.
_BATCHES_PER_SLOT = 4
#: A loop that only does elementary operations isn't worth sending below this many items.
_CHEAP_ITEMS = 50_000
_ITERTOOLS = (itertools.product, itertools.combinations, itertools.permutations,
              itertools.combinations_with_replacement)  # fmt: skip
_REDUCTION_TYPES = ("list", "dict", "set", "int", "float", "complex", "bool", "str", "bytes", "tuple",
                    "deque", "Counter", "defaultdict", "OrderedDict", "ndarray")  # fmt: skip


class BatchPool(Protocol):
    """Runs batches on workers. Handles are opaque."""

    slots: int

    def share(self, packed: Packed) -> Any:
        """A token for values that all batches of a split read."""
        ...

    def submit(self, task: BatchTask, shared: Any, items: Packed) -> Any:
        """Start a batch; returns its handle."""
        ...

    def wait(self, handles: Sequence[Any]) -> Any:
        """One of the handles whose batch has ended."""
        ...

    def report(self, handle: Any) -> BatchReport:
        """How the batch ended. Raises :class:`NaavreError` when its worker died for good."""
        ...

    def result(self, handle: Any) -> Packed:
        """The batch's pack."""
        ...

    def cancel(self, handles: Sequence[Any]) -> None:
        """Stop batches whose results aren't needed."""
        ...


class BatchFailed(Exception):
    """Raised in the cell where a batch raised; the worker shows the batch's own error instead."""


class FanOut:
    """The splits of one cell that is running in ``worker``."""

    def __init__(
        self,
        worker: Worker,
        step: Step,
        pool: BatchPool,
        tell: Callable[[Mapping[str, Any]], None],
        settings: Callable[[], Any],
    ) -> None:
        self.worker = worker
        self.step = step
        self.pool = pool
        self.tell = tell
        self.settings = settings
        self.error: ErrorReport | None = None
        self.splits = {split.index: split for split in step.splits}

    def hooks(self) -> dict[str, Any]:
        """The names that the rewritten cell calls."""
        return {SPLIT_HOOK: self.split}

    def split(self, index: int, iterable: Any) -> bool:
        """True when the loop has to run whole, over ``__naavre_items__``.

        Else the batches are done: ``__naavre_log__`` yields their operations in order, a comprehension's
        value is ``__naavre_collected__``.
        """
        split, namespace = self.splits[index], self.worker.session.namespace
        items, reason = materialise(iterable)
        if items is None:
            namespace[ITEMS] = iterable
            self._tell_started(split, -1, 0, reason)
            return True
        namespace[ITEMS] = items
        count = len(items)
        reason = self._why_whole(split, count)
        bounds = [] if reason else cut(count, self._batches(split))
        self._tell_started(split, count, len(bounds), reason)
        if reason:
            return True
        try:
            handles = self._run(split, items, bounds)
        except _Whole as whole:
            self.tell({"kind": "split-refused", "split": index, "reason": str(whole)})
            return True
        self._merge(split, handles)
        return False

    def _tell_started(self, split: Split, items: int, batches: int, reason: str) -> None:
        self.tell(
            {
                "kind": "split",
                "split": split.index,
                "title": split.title,
                "items": items,
                "batches": batches,
                "reason": reason,
            }
        )

    def _why_whole(self, split: Split, count: int) -> str:
        namespace = self.worker.session.namespace
        for name in split.reductions:
            value = namespace.get(name)
            if type(value).__name__ not in _REDUCTION_TYPES:
                return (
                    f"'{name}' is a {type(value).__name__}, whose changes can't be replayed safely"
                )
        if split.batches != "auto":
            return ""
        if count < 2:
            return "there is nothing to divide"
        if split.cheap and count < _CHEAP_ITEMS:
            return "it is too short to be worth it"
        if self.pool.slots < 2:
            return "there is only one slot"
        return ""

    def _batches(self, split: Split) -> int:
        wanted: Any = split.batches
        if wanted == "auto":
            return _BATCHES_PER_SLOT * self.pool.slots
        if isinstance(wanted, str):
            wanted = self.worker.session.namespace[wanted]
            if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
                text = f"'# batches: {split.batches}' needs a whole number of at least 1, not {wanted!r}"
                self._raise(ErrorReport("ValueError", text, (f"ValueError: {text}",)))
        return int(wanted)

    def _run(self, split: Split, items: Any, bounds: Sequence[tuple[int, int]]) -> list[Any]:
        """All batches' handles, in order, every batch having ended well."""
        shared = self._shared(split)
        handles: list[Any] = []
        waiting: dict[Any, int] = {}
        reports: dict[int, BatchReport] = {}
        failed: int | None = None
        upcoming = iter(enumerate(bounds))
        try:
            while True:
                while len(waiting) < self._window() and failed is None:
                    following = next(upcoming, None)
                    if following is None:
                        break
                    number, (start, stop) = following
                    task = BatchTask(
                        self.step, split, number, start, stop, number == len(bounds) - 1
                    )
                    handle = self.pool.submit(task, shared, self._items(items, start, stop))
                    handles.append(handle)
                    waiting[handle] = number
                if not waiting:
                    break
                handle = self.pool.wait(list(waiting))
                number = waiting.pop(handle)
                report = self.pool.report(handle)
                if report.violation:
                    raise _Whole(report.violation)
                reports[number] = report
                self._tell_batch(split, report, bounds[number])
                if report.error is not None and (failed is None or number < failed):
                    failed = number
                    needless = [h for h, n in waiting.items() if n > number]
                    self.pool.cancel(needless)
                    for other in needless:
                        del waiting[other]
        except BaseException:
            self.pool.cancel(list(waiting))
            raise
        if failed is not None:
            self._fail(split, reports, failed)
        self.reports = [reports[number] for number in range(len(bounds))]
        return handles

    def _window(self) -> int:
        context = self.worker.context
        limit = context.max_parallelism if context is not None else None
        return limit if limit is not None else max(16, 4 * self.pool.slots)

    def _tell_batch(self, split: Split, report: BatchReport, bound: tuple[int, int]) -> None:
        self.tell(
            {
                "kind": "batch",
                "split": split.index,
                "batch": report.batch,
                "items": bound[1] - bound[0],
                "started_at": report.started_at,
                "duration_s": report.duration_s,
                "worker": report.worker,
            }
        )

    def _fail(self, split: Split, reports: Mapping[int, BatchReport], failed: int) -> None:
        """Show what earlier iterations showed, then raise the batch's error at the loop."""
        for number in range(failed + 1):
            for output in reports[number].outputs:
                self.worker.session.emit(output)
        error = reports[failed].error
        assert error is not None
        self._raise(error)

    def _raise(self, error: ErrorReport) -> NoReturn:
        self.error = error
        self.worker.raise_later(error)
        raise BatchFailed(error.evalue)

    def _shared(self, split: Split) -> Any:
        namespace = self.worker.session.namespace
        values = {name: namespace[name] for name in split.shared if name in namespace}
        keeps = {name: isinstance(namespace.get(name), (list, dict)) for name in split.reductions}
        try:
            packed = pack({**values, "keeps": keeps, "settings": self.settings()}, namespace)
        except PackingError as error:
            raise _Whole(
                f"'{error.name}' can't be copied to other workers: {error.reason}"
            ) from None
        return self.pool.share(packed)

    def _items(self, items: Any, start: int, stop: int) -> Packed:
        try:
            return pack({"items": items[start:stop]}, self.worker.session.namespace)
        except PackingError as error:
            raise _Whole(f"an item can't be copied to other workers: {error.reason}") from None

    # Merge

    def _merge(self, split: Split, handles: Sequence[Any]) -> None:
        namespace = self.worker.session.namespace
        if split.form == "for":
            namespace[LOG] = self._log(split, handles)
        else:
            namespace[COLLECT] = self._collect(split, handles)

    def _log(self, split: Split, handles: Sequence[Any]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Every operation in iteration order, outputs shown where they were written."""
        namespace = self.worker.session.namespace
        for handle, report in zip(handles, self.reports, strict=True):
            result = unpack(self.pool.result(handle), namespace, writable=True)
            shown = 0
            for number, outputs, operands in result["log"]:
                while shown < outputs:
                    self.worker.session.emit(report.outputs[shown])
                    shown += 1
                yield number, operands
            for output in report.outputs[shown:]:
                self.worker.session.emit(output)
            namespace.update(result["leaks"])

    def _collect(self, split: Split, handles: Sequence[Any]) -> Any:
        """The comprehension's value, made as Python makes it: element by element, in order."""
        namespace = self.worker.session.namespace
        elements: list[Any] = []
        for handle, report in zip(handles, self.reports, strict=True):
            for output in report.outputs:
                self.worker.session.emit(output)
            elements += unpack(self.pool.result(handle), namespace, writable=True)["elements"]
        if split.form == "list":
            return elements
        if split.form == "dict":
            return dict(elements)
        collected: set[Any] = set()
        for element in elements:
            collected.add(element)
        return collected


class _Whole(Exception):
    """The loop has to run whole after all; the message says why."""


def cut(count: int, batches: int) -> list[tuple[int, int]]:
    """Contiguous bounds of at most ``batches`` batches of ``ceil(count / batches)`` items.

    >>> cut(28, 5)
    [(0, 6), (6, 12), (12, 18), (18, 24), (24, 28)]
    >>> cut(0, 3)
    [(0, 0)]
    """
    size = max(1, math.ceil(count / max(1, batches)))
    return [(start, min(start + size, count)) for start in range(0, count, size)] or [(0, 0)]


def materialise(iterable: Any) -> tuple[Any, str]:
    """The items as a sequence that can be sliced, or None and why they have to come one by one.

    Iterating must run no code of the user's, as that would have to run between the iterations.
    """
    if isinstance(iterable, (list, tuple, range)) and type(iterable) in (list, tuple, range):
        return iterable, ""
    if _is_plain(iterable):
        return list(iterable), ""
    numpy = sys.modules.get("numpy")
    if numpy is not None and type(iterable) is numpy.ndarray and iterable.ndim > 0:
        return iterable, ""
    return None, f"its items come one by one from a {type(iterable).__name__}"


def _is_plain(iterable: Any) -> bool:
    """Whether iterating is Python's own doing, and finite."""
    kind = type(iterable)
    if kind in (
        list,
        tuple,
        range,
        str,
        bytes,
        dict,
        set,
        frozenset,
        type({}.keys()),
        type({}.values()),
        type({}.items()),
    ):
        return True
    if kind in _ITERTOOLS:
        return True
    if kind in (zip, enumerate, reversed) or kind.__name__.endswith("iterator"):
        parts = iterable.__reduce__()[1]
        return all(_is_plain(part) or isinstance(part, int) for part in parts)
    pandas = sys.modules.get("pandas")
    return pandas is not None and kind in (pandas.Index, pandas.RangeIndex, pandas.Series)
