"""The batches of one split on their way: sent as workers become free, given back in the loop's order."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.attempts import Attempts, final_error, is_overdue, reason_in_words
from naavre_ext.executors.batch_sizes import BatchSizes
from naavre_ext.executors.chaining import Passing, Segment
from naavre_ext.executors.files_apart import FilesApart
from naavre_ext.executors.items_back import ItemsBack, may_change_items
from naavre_ext.executors.origins import finder
from naavre_ext.executors.packing import CommonObjects, Packed, PackingError, unpack
from naavre_ext.executors.pool import ResultLost
from naavre_ext.executors.shared_items import SharedItems, pack_items
from naavre_ext.executors.sources import Source
from naavre_ext.executors.stored_batches import StoredBatches
from naavre_ext.executors.tasks import BatchReport, BatchTask, ErrorReport, Stage, Stuck, values_of
from naavre_ext.executors.touched_files import FileWatch, Touched, together
from naavre_ext.model.workflow import Split
from naavre_ext.scheduling.claims import at_once

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut

#: Batches that wait to be merged, for each that may be under way: a slow one mustn't make the rest pile up.
_AHEAD = 16


class Whole(Exception):
    """What is left of the loop has to run in its cell; the message says why."""


@dataclass(eq=False)
class _Batch:
    """Items ``start`` and after. ``report`` is there when it has ended, ``handle`` when it was sent.

    A batch that ``is_held`` ran before its cell. With ``then`` other loops go on with its elements.
    ``packed`` is its result, taken from an earlier run.
    """

    number: int
    start: int
    items: Any
    is_last: bool
    handle: Any = None
    is_held: bool = False
    then: tuple[Stage, ...] = ()
    packed: Packed | None = None
    report: BatchReport | None = None
    attempts: Attempts = field(default_factory=Attempts)

    def __post_init__(self) -> None:
        #: Its items before it turned out how many of them it has begun.
        self.sent = self.items


def _slots_each(left: int | None, sizes: BatchSizes, slots: int) -> int:
    """How many slots each batch may use: those that are left over, where there are few batches."""
    if not left:
        return 1
    return max(1, slots // math.ceil(left / sizes.next(left)))


class Flight:
    """Batches of a source's items; a window of them is under way at once.

    ``ahead`` are those not merged yet, in the loop's order. ``first`` is the number of the first one. A batch
    whose result can't be used, or in which an iteration raised, is the last that counts: those behind it are
    cancelled, those before it are as good as ever.
    """

    def __init__(
        self,
        fan_out: FanOut,
        split: Split,
        source: Source,
        sizes: BatchSizes,
        shared: Any,
        first: int = 0,
        passing: Passing | None = None,
        stored: StoredBatches | None = None,
        own_files: FileWatch | None = None,
        changed: CommonObjects | None = None,
    ) -> None:
        self._fan_out, self._split, self._shared = fan_out, split, shared
        self._source, self._sizes = source, sizes
        self._pool, self._stored, self._changed = fan_out.pool, stored, changed
        self._number = first
        self._ahead: deque[_Batch] = deque()
        self._under_way: dict[Any, _Batch] = {}
        self._closed = False
        self._passing = passing
        self.files = FilesApart(split, own_files or FileWatch())
        self._needless: list[_Batch] = []
        self._window = at_once(sizes.window, fan_out.limit)
        self._slots_each = _slots_each(source.left, sizes, fan_out.slots)
        copied = {table.name for table in split.tables}
        known = values_of((n for n in split.shared if n not in copied), fan_out.variables)
        self._known = SharedItems(known, is_asked=split.items_apart)
        may_change = may_change_items(fan_out.step, split, source)
        self._back = ItemsBack(known) if may_change else None

    def limit_s(self, items: int) -> float | None:
        """How long a batch of so many items goes on beginning items."""
        return self._sizes.limit_s(items)

    def fill(self, beside: int = 0) -> None:
        """Send batches until the window is full, with ``beside`` batches that the cell itself still runs.

        Raises:
            Whole: an item can't be copied; it is in :meth:`rest`.
        """
        limit = self._fan_out.limit
        window = self._window if limit is None else min(self._window, limit - beside)
        while not self._closed and len(self._under_way) < window:
            if len(self._ahead) >= _AHEAD * self._window:
                return
            start = self._source.taken
            items = self._source.take(self._size(start))
            is_end = self._source.left == 0
            if len(items) or start == 0:  # no items at all are one empty batch
                is_last = is_end and not self._source.kept
                self._append(_Batch(self._next_number(), start, items, is_last))
            if is_end or not len(items):
                self._closed = True

    def adopt(self, segments: Sequence[Segment]) -> None:
        """Take batches that ran before their cell, on the source's first items."""
        for segment in segments:
            is_last = self._source.left == segment.count
            if is_last and not segment.is_last:
                return  # it kept back what only the last batch has to send
            start = self._source.taken
            items = self._source.take(segment.count)
            number = self._next_number()
            self._ahead.append(_Batch(number, start, items, is_last, segment.handle, is_held=True))

    def _size(self, start: int) -> int:
        """How many items the batch gets that begins at ``start``; stored batches keep their items."""
        if self._stored is not None:
            stored, room = self._stored.at(start), self._stored.room(start)
            if stored is not None:
                return stored.count
            if room is not None:
                return min(room, self._sizes.next(self._source.left))
        return self._sizes.next(self._source.left)

    def _take_stored(self, batch: _Batch, items: Packed) -> bool:
        """Whether an earlier run has computed the batch, whose result then counts."""
        stored = self._stored.at(batch.start) if self._stored is not None else None
        if self._stored is None or stored is None or stored.count != len(batch.items):
            return False
        found = self._stored.load(stored, items, is_last=batch.is_last)
        if found is None:
            return False
        batch.report, batch.packed = found
        self._sizes.observe(batch.report.done, batch.report.duration_s)
        self._fan_out.tell(
            {
                "kind": "batch-reused",
                "split": self._split.index,
                "batch": batch.number,
                "start": batch.start,
                "items": len(batch.items),
            }
        )
        return True

    def _next_number(self) -> int:
        self._number += 1
        return self._number - 1

    def _append(self, batch: _Batch) -> None:
        self._ahead.append(batch)
        self._send(batch)

    def _send(self, batch: _Batch) -> None:
        stop = batch.start + len(batch.items)
        limit_s = self._sizes.limit_s(len(batch.items))
        batch.then = self._passing.stages if self._passing is not None else ()
        sends_back, reason = self._sends_back(batch)
        if reason:
            self._refuse(batch, reason)
            return
        task = BatchTask(
            self._fan_out.step,
            self._split,
            batch.number,
            batch.start,
            stop,
            batch.is_last,
            limit_s,
            batch.then,
            self._slots_each,
            self._fan_out.keeps_batches,
            self._fan_out.worker.background,
            sends_back,
        )
        places, reason = self._known.look_up(batch.items)
        if reason:
            self._refuse(batch, reason)
            return
        try:
            items = pack_items(batch.items, self._fan_out.namespace, places, self._changed)
        except PackingError as error:
            reason = f"an item can't be copied to other workers: {error.reason}"
            self._fan_out.tell_stuck(Stuck.of(error, "an item of the loop"), self._split)
            self._refuse(batch, reason)
            return
        if self._take_stored(batch, items):
            return
        batch.handle = self._pool.submit(task, self._shared, items)
        self._under_way[batch.handle] = batch

    def _sends_back(self, batch: _Batch) -> tuple[bool, str]:
        """Whether the batch may change its items; why it can't be sent, "" where it can."""
        surely = self._split.changes_items
        if self._back is None or batch.then:
            return False, "what it changes of its items can't be brought back" if surely else ""
        why = self._back.send(batch, batch.items, surely=surely)
        return not why, why if surely else ""

    def _refuse(self, batch: _Batch, reason: str) -> None:
        """The batch isn't sent, and nothing from it on counts."""
        batch.report = BatchReport(batch.number, 0.0, 0.0, "", violation=reason)
        self._end_after(batch)

    def results(self) -> Iterator[tuple[BatchReport, dict[str, Any]]]:
        """Each batch's report and what it recorded, in order, as they come in; more are sent meanwhile.

        A report with an error is the last one, and its record is what was recorded before.

        Raises:
            Whole: the next batch's result can't be used; its items and all later ones are in :meth:`rest`.
        """
        self.fill()
        while self._ahead:
            batch = self._ahead[0]
            while batch.report is None:
                if batch.is_held:  # what isn't needed yet stays in the object store
                    self._note(batch)
                else:
                    self._take(self._pool.wait(list(self._under_way)))
                self.fill()
            if batch.report.violation:
                raise Whole(batch.report.violation)
            self._check_files(batch.report)
            if batch.report.error is not None:
                yield batch.report, self._until_error(batch)
                return
            try:
                record = self._record(batch)
            except ResultLost as lost:
                cause = ErrorReport("WorkerLost", str(lost))
                batch.report = self._counted(batch, replace(batch.report, error=cause, lost=True))
                continue
            self._ahead.popleft()
            if self._passing is not None:
                self._passing.add(self._pool, batch.handle, batch.report, is_last=batch.is_last)
            self.fill()
            yield batch.report, record

    def _until_error(self, batch: _Batch) -> dict[str, Any]:
        """What the batch had recorded when it raised; nothing where that isn't known."""
        assert batch.report is not None
        if batch.report.lost or batch.report.overdue:
            return {}
        with suppress(ResultLost):
            return self._record(batch)
        return {}

    def _record(self, batch: _Batch) -> dict[str, Any]:
        """What the batch recorded. Raises ResultLost, and Whole where it can't be rebuilt here."""
        packed = batch.packed or self._pool.result(batch.handle)
        if not packed.names:
            return {}
        # What an iteration gives may be an item that the batch was sent, and hasn't begun.
        find = finder(self._fan_out.variables, batch.sent, 0)
        parts = None if self._back is None else self._back.parts(batch)
        if parts is not None:
            find = parts.finder(find)
        try:
            record = unpack(packed, self._fan_out.namespace, writable=True, resolve=find)
        except PackingError as error:
            raise Whole(f"a result {error.reason}") from None
        back = ItemsBack({}) if self._back is None else self._back
        if why := back.merge(batch, record):
            raise Whole(why)
        return record

    def _check_files(self, report: BatchReport) -> None:
        """Raises Whole where an earlier batch met this one at a file, which may be why an iteration raised.

        The cell fails where an earlier one has read what this one wrote.
        """
        __tracebackhide__ = True
        touched = report.touched
        if path := self.files.spoilt(touched):
            self._fan_out.raise_error(self.files.error(path))
        if path := self.files.meeting(touched):
            raise Whole(f"two batches used the file '{path}', which one of them wrote")
        if report.error is None:
            self.files.add(touched)

    def discarded(self) -> Touched:
        """What batches touched that don't count. They have ended then: while one runs it may write."""
        self._closed = True
        waiting = {**self._under_way, **{batch.handle: batch for batch in self._needless}}
        self._under_way.clear()
        self._needless.clear()
        reports = [batch.report for batch in self._ahead if batch.report is not None]
        while waiting:
            handle = self._pool.wait(list(waiting))
            del waiting[handle]
            reports.append(self._pool.report(handle))
        return together(report.touched for report in reports)

    def _take(self, handle: Any) -> None:
        self._note(self._under_way.pop(handle))

    def _note(self, batch: _Batch) -> None:
        """The batch has ended, well or not."""
        report = self._pool.report(batch.handle)
        if not report.violation and is_overdue(report, self._fan_out.step.timeout_s):
            report = replace(report, overdue=True, error=report.error or ErrorReport("", ""))
        if report.error is not None:
            counted = self._counted(batch, report)
            if counted is None:
                return
            report = counted
        if batch.is_held and report.error is not None:  # it didn't know how many came before
            item = batch.start + (report.error.item or 0)
            report = replace(report, error=replace(report.error, batch=batch.number, item=item))
        batch.report = report
        if report.full:
            self._fan_out.tell_unstored(report.full)
        if report.stuck is not None:
            self._fan_out.tell_stuck(report.stuck, self._split)
        if report.violation or report.error is not None:
            self._end_after(batch)
            if report.violation:
                return
        else:
            seconds = report.duration_s + report.then_s
            self._sizes.observe(report.done, seconds, report.handling_s)
            if report.done < len(batch.items):
                self._take_back(batch, report.done)
            self._fan_out.show_done(self._split, report.done)
        for message in report.messages:
            self._fan_out.tell_from_batch(self._split, batch.number, message)
        self._fan_out.tell(
            {
                "kind": "batch",
                "split": self._split.index,
                "batch": batch.number,
                "items": len(batch.items),
                "started_at": report.started_at,
                "duration_s": report.duration_s,
                "worker": report.worker,
            }
        )

    def _counted(self, batch: _Batch, report: BatchReport) -> BatchReport | None:
        """The report with the error that the cell ends with; None where the batch is tried again."""
        step = self._fan_out.step
        if batch.then and report.lost:
            # Which of the loops it was, only a batch without the others can tell.
            self._passing = None
        if batch.attempts.again(report, step.retries) and self._can_repeat(report):
            self._try_again(batch, report)
            return None
        items = batch.start, len(batch.items)
        return replace(report, error=final_error(report, step, self._split, *items, batch.attempts))

    def _can_repeat(self, report: BatchReport) -> bool:
        """Whether the next attempt finds the files that this one found."""
        if not self._split.asks_files:
            return True
        if report.lost or report.overdue:
            return False
        return report.touched.undo() == report.touched.new

    def _try_again(self, batch: _Batch, report: BatchReport) -> None:
        self._fan_out.tell(
            {
                "kind": "batch-retried",
                "split": self._split.index,
                "batch": batch.number,
                "tries": batch.attempts.count,
                "reason": reason_in_words(report),
            }
        )
        batch.is_held = False
        self._send(batch)

    def _take_back(self, batch: _Batch, done: int) -> None:
        """Send the items that a batch hasn't begun in batches of their own, right behind it.

        They are as long as what is left of the whole loop allows.
        """
        place = self._ahead.index(batch) + 1
        items, batch.items = batch.items[done:], batch.items[:done]
        if self._back is not None:
            self._back.shorten(batch, done)
        start = batch.start + done
        was_last, batch.is_last = batch.is_last, False
        while len(items):
            left = self._source.left
            size = self._sizes.next(None if left is None else len(items) + left)
            part, items = items[:size], items[size:]
            last = was_last and not len(items)
            new = _Batch(self._next_number(), start, part, last)
            start += len(part)
            self._ahead.insert(place, new)
            place += 1
            self._send(new)

    def _end_after(self, batch: _Batch) -> None:
        """Nothing behind the batch counts."""
        self._closed = True
        place = self._ahead.index(batch)
        needless = [
            b for b in itertools.islice(self._ahead, place + 1, None) if b.handle in self._under_way
        ]
        for other in needless:
            del self._under_way[other.handle]
        if self._split.files_apart:  # which files they write counts
            self._needless += needless
        else:
            self._pool.cancel([b.handle for b in needless])

    def cancel(self) -> None:
        """Stop the batches that are still under way."""
        self._closed = True
        self._pool.cancel([*self._under_way, *(batch.handle for batch in self._needless)])
        self._under_way.clear()
        self._needless.clear()

    def rest(self) -> Iterator[Any]:
        """All items whose iterations don't count, for the cell."""
        __tracebackhide__ = True
        yield from itertools.chain.from_iterable(batch.items for batch in self._ahead)
        yield from self._source.rest()
