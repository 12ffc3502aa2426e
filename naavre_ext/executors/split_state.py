"""What is known of one split while its loop runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from naavre_ext.executors.accumulators import Accumulator
from naavre_ext.executors.chaining import Held, Passing
from naavre_ext.executors.flight import Flight
from naavre_ext.executors.packing import CommonObjects
from naavre_ext.executors.progress_bars import LoopBar
from naavre_ext.executors.share import OwnShare, Watch
from naavre_ext.executors.sources import Source
from naavre_ext.executors.stored_batches import StoredBatches
from naavre_ext.executors.touched_files import FileWatch
from naavre_ext.model.workflow import Split


@dataclass
class SplitState:
    """One split while its loop runs.

    ``turn`` counts how often the loop asked for more. ``source`` is None when the loop runs whole, over
    ``rest``. ``start`` is the first item that was sent, ``first_prints`` tell what the cell itself has changed by
    then, ``guarded_items`` are the items whose changes are watched. ``bar`` is the progress bar around them.
    ``held`` are batches that ran before the cell, ``passing`` those of the next loops that this one's make.
    ``own_files`` are those that the cell itself touches while batches run.
    ``keeps`` are the accumulators as the loop found them, ``tables`` the columns read of those that it fills.
    """

    split: Split
    source: Source | None = None
    bar: LoopBar | None = None
    rest: Any = ()
    settings: Any = None
    share: OwnShare | None = None
    watch: Watch | None = None
    turn: int = 0
    start: int = 0
    flight: Flight | None = None
    refusal: str = ""
    first_prints: dict[str, bytes] | None = None
    guarded_items: Any = ()
    prints: dict[str, bytes] = field(default_factory=dict)
    elements: list[Any] = field(default_factory=list)
    shared: Any = None
    held: Held | None = None
    passing: Passing | None = None
    own: Any = None
    stored: StoredBatches | None = None
    keeps: Mapping[str, Accumulator] = field(default_factory=dict)
    changed: CommonObjects | None = None
    tables: dict[str, Any] = field(default_factory=dict)
    own_files: FileWatch = field(default_factory=FileWatch)

    def under_bar(self, items: Any) -> Any:
        """The items; as they are drawn, the loop's progress bar moves, if it has one."""
        return items if self.bar is None else self.bar.over(items)
