"""The batches of one split that an earlier run has stored, found by what they were given."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from naavre_ext.executors.packing import Packed
from naavre_ext.executors.packing_ids import IdNumbers, translated
from naavre_ext.executors.result_files import ResultUnusable, read_header, read_result
from naavre_ext.executors.result_keeper import BATCH, SharedDigest, is_valid, split_key
from naavre_ext.executors.tasks import BatchReport, ResultPlace
from naavre_ext.model.workflow import Split, Step


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """``count`` items from ``start`` on; ``items`` is the digest of their pack."""

    start: int
    count: int
    is_last: bool
    items: str
    path: Path


class StoredBatches:
    """At most one batch for each first item; two runs may have cut differently, and then the longer one counts."""

    def __init__(self, batches: Mapping[int, StoredBatch], ids: tuple[str, ...] = ()) -> None:
        self._batches, self._ids = batches, ids
        self._starts = sorted(batches)

    def __bool__(self) -> bool:
        return bool(self._starts)

    @classmethod
    def of(
        cls, place: ResultPlace, step: Step, split: Split, shared: Packed, background: str
    ) -> StoredBatches:
        """The stored batches that had this code, these values and this background; none where none can be used."""
        prefix = split_key(place.environment, step, split, background)
        names = [name for name in _names(place.folder) if name.startswith(prefix)]
        if not names or not step.cache:
            return cls({})
        common = SharedDigest.of(shared)
        wanted = f"{prefix}-{common.digest}-"
        found: dict[int, StoredBatch] = {}
        for name in names:
            if name.startswith(wanted):
                start, count, last, items = name.removesuffix(BATCH).split("-")[2:]
                batch = StoredBatch(
                    int(start), int(count), last == "1", items, Path(place.folder, name)
                )
                if batch.start not in found or found[batch.start].count < batch.count:
                    found[batch.start] = batch
        return cls(found, common.ids)

    @property
    def first(self) -> int:
        """The first item of the first batch."""
        return self._starts[0]

    def at(self, start: int) -> StoredBatch | None:
        """The batch that begins with this item."""
        return self._batches.get(start)

    def room(self, start: int) -> int | None:
        """How many items there are from ``start`` to the next batch; None when there is no such batch."""
        place = bisect_right(self._starts, start)
        return self._starts[place] - start if place < len(self._starts) else None

    def load(
        self, batch: StoredBatch, items: Packed, *, is_last: bool
    ) -> tuple[BatchReport, Packed] | None:
        """What the batch gave, if it was given these very items; else None."""
        numbers = IdNumbers(self._ids)
        if batch.items != numbers.digest(items) or (is_last and not batch.is_last):
            return None
        try:
            header = read_header(batch.path)
            if not is_valid(header):
                return None
            ids = numbers.translation(header["ids"])
            report, packed = read_result(batch.path)[1]
        except (ResultUnusable, KeyError):
            return None
        return report, translated(packed, ids)


@lru_cache(maxsize=4)
def _names(folder: str) -> tuple[str, ...]:
    """The stored batches in a folder when it is first looked at: what is added later is this run's own."""
    try:
        return tuple(sorted(name for name in os.listdir(folder) if name.endswith(BATCH)))
    except OSError:
        return ()
