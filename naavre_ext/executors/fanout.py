"""Cuts a loop's items into batches, has them run, and gives the merge what it needs, in order."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from naavre_ext.executors.flight import Flight, Whole
from naavre_ext.executors.items import cut, materialise
from naavre_ext.executors.packing import Packed, PackingError, fingerprint, pack
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.share import OwnShare, Watch
from naavre_ext.executors.tasks import ErrorReport
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.legality import ITEMS
from naavre_ext.planning.rewriting import JOIN_HOOK, LOG, MORE_HOOK, SPLIT_HOOK

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: Batches per slot when their number is left to us: enough to even out at the end.
BATCHES_PER_SLOT = 4
SHORTEST_BATCH_S = 0.05
LONGEST_BATCH_S = 1.0
_REDUCTION_TYPES = frozenset(
    {"list", "dict", "set", "int", "float", "complex", "bool", "str", "bytes", "tuple", "deque", "Counter",
     "defaultdict", "OrderedDict", "ndarray"}
)  # fmt: skip


class BatchFailed(Exception):
    """Raised in the cell where a batch raised; the worker shows the batch's own error instead."""


@dataclass
class _State:
    """One split while its loop runs.

    ``turn`` counts how often the loop asked for more. ``start`` is the first item that was sent,
    ``refusal`` why the rest has to run in the cell after all.
    """

    split: Split
    items: Any
    settings: Any = None
    share: OwnShare | None = None
    watch: Watch | None = None
    turn: int = 0
    start: int = 0
    bounds: list[tuple[int, int]] = field(default_factory=list)
    flight: Flight | None = None
    refusal: str = ""
    prints: dict[str, bytes] = field(default_factory=dict)


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
        self._states: dict[int, _State] = {}

    @property
    def namespace(self) -> dict[str, Any]:
        """The notebook's names in the worker."""
        return self.worker.session.namespace

    def hooks(self) -> dict[str, Any]:
        """The names that the rewritten cell calls."""
        return {SPLIT_HOOK: self.split, MORE_HOOK: self.more, JOIN_HOOK: self.join}

    def close(self) -> None:
        """Stop what still runs when the cell has ended, well or not."""
        for state in self._states.values():
            if state.watch is not None:
                state.watch.stop()
            if state.flight is not None:
                state.flight.cancel()

    def item_at(self) -> tuple[int, Any] | None:
        """The item that the cell itself is at, with its position; None when it is in no split loop."""
        for state in self._states.values():
            position = None if state.share is None else state.share.position()
            if state.turn == 1 and position is not None:
                return position, state.items[position]
        return None

    # The three hooks, in the order in which the cell calls them

    def split(self, index: int, iterable: Any) -> None:
        """The splitter: evaluate the items once, and send them now or when it turns out to be worth it."""
        __tracebackhide__ = True
        split = self.splits[index]
        items, reason = materialise(iterable)
        state = _State(split, iterable if items is None else items)
        self._states[index] = state
        reason = reason or self._why_whole(split, len(items))
        try:
            state.settings = self.settings()
        except PackingError as error:
            reason = reason or error.reason
        if reason:
            state.refusal = reason
            self._tell_split(state, -1 if items is None else len(items), 0, reason)
        elif split.batches != "auto":
            self._send(state, cut(len(items), self._wanted_batches(split)))
        else:
            state.share = OwnShare(items, inline=not self.pool.is_concurrent)
            if self.pool.is_concurrent:
                state.watch = Watch(state.share, lambda: self._send_rest(state))

    def more(self, index: int) -> bool:
        """Whether the cell has items to run itself, now in ``__naavre_items__``."""
        __tracebackhide__ = True
        state = self._states[index]
        state.turn += 1
        if state.turn == 1:
            whole = state.refusal and not state.bounds
            own = state.items if whole else (() if state.share is None else state.share)
            self.namespace[ITEMS] = own
            return True
        self.namespace[LOG] = iter(())
        if state.turn > 2 or (state.share is None and not state.bounds):
            return False
        self._settle(state)
        if state.refusal:
            self.namespace[ITEMS] = state.items[state.start :]
            return True
        if state.flight is not None and state.split.form == "for":
            self.namespace[LOG] = self._log(state.flight)
        return False

    def join(self, index: int, _started: None, own: Any, rest: Any) -> Any:
        """A comprehension's value, made as Python makes it: element by element, in order."""
        __tracebackhide__ = True
        # False means that the cell had no rest to run; an empty rest is a result like any other.
        others = self._elements(self._states[index].flight) if rest is False else rest
        if isinstance(own, dict):
            own.update(others)
        elif isinstance(own, set):
            for element in others:
                own.add(element)
        else:
            own.extend(others)
        return own

    # Sending

    def _send_rest(self, state: _State) -> None:
        """Send all that the cell hasn't begun; called from the watching thread or at the share's end."""
        assert state.share is not None
        item_s = state.share.item_s()
        state.start = state.share.hand_over()
        left = len(state.items) - state.start
        if left:
            bounds = cut(left, self._batches(left, item_s))
            self._send(state, [(state.start + a, state.start + b) for a, b in bounds])

    def _send(self, state: _State, bounds: list[tuple[int, int]]) -> None:
        state.bounds = bounds
        own = 1 if state.start else 0  # what the cell does itself is the first batch
        self._tell_split(state, len(state.items), own + len(bounds), "")
        try:
            if state.watch is not None:
                state.prints = self._prints(state)
            shared = self.pool.share(self._shared(state))
            state.flight = Flight(self, state.split, state.items, bounds, shared, own)
            state.flight.fill()
        except Whole as whole:
            state.refusal = str(whole)
        except Exception as error:  # noqa: BLE001  (in the watching thread nobody would see it)
            state.refusal = f"batches can't be sent: {error}"

    def _prints(self, state: _State) -> dict[str, bytes]:
        """Fingerprints of what the cell's own share might change while batches work on copies of it."""
        values: dict[str, Any] = {name: self.namespace.get(name) for name in state.split.guarded}
        if state.split.guard_items:
            values[ITEMS] = state.items[state.start :]
        try:
            return {name: fingerprint(value, self.namespace) for name, value in values.items()}
        except PackingError as error:
            raise Whole(f"what it may change can't be copied: {error.reason}") from None

    def _settle(self, state: _State) -> None:
        """Wait for what was sent; sets ``refusal`` when its results can't be used."""
        if state.watch is not None:
            state.watch.stop()
        own_s = 0.0 if state.share is None else state.share.elapsed_s()
        if state.share is not None and not state.bounds:
            if state.share.claimed < len(state.items):
                self._send_rest(state)
            else:
                self._tell_split(state, len(state.items), 0, "it was over in no time")
        if state.share is not None and state.start:
            self._tell_own(state, state.share, own_s)
        if state.flight is not None and not state.refusal:
            try:
                if state.prints and self._prints(state) != state.prints:
                    raise Whole("an earlier iteration changed what the batches worked on")
                error = state.flight.land()
            except Whole as whole:
                state.refusal = str(whole)
            else:
                if error is not None:
                    self._raise(error)
        if state.refusal:
            self.tell(
                {"kind": "split-refused", "split": state.split.index, "reason": state.refusal}
            )

    def _raise(self, error: ErrorReport) -> NoReturn:
        __tracebackhide__ = True
        self.error = error
        self.worker.raise_later(error)
        raise BatchFailed(error.evalue)

    def _tell_own(self, state: _State, share: OwnShare, duration_s: float) -> None:
        self.tell(
            {
                "kind": "batch",
                "split": state.split.index,
                "batch": 0,
                "items": state.start,
                "started_at": share.started_at,
                "duration_s": duration_s,
                "worker": self.worker.label,
            }
        )

    def _tell_split(self, state: _State, items: int, batches: int, reason: str) -> None:
        self.tell(
            {
                "kind": "split",
                "split": state.split.index,
                "title": state.split.title,
                "items": items,
                "batches": batches,
                "reason": reason,
            }
        )

    def _why_whole(self, split: Split, count: int) -> str:
        if self.step.raises_exception:
            return "its cell may fail, and what it has done by then counts"
        for name in split.reductions:
            kind = type(self.namespace.get(name)).__name__
            if kind not in _REDUCTION_TYPES:
                return f"'{name}' is a {kind}, whose changes can't be replayed safely"
        if split.batches != "auto":
            return ""
        if count < 2:
            return "there is nothing to divide"
        if self.pool.slots < 2:
            return "there is only one slot"
        return ""

    def _wanted_batches(self, split: Split) -> int:
        wanted: Any = split.batches
        if isinstance(wanted, str):
            wanted = self.namespace.get(wanted)
            if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
                text = f"'# batches: {split.batches}' needs a whole number of at least 1, not {wanted!r}"
                self._raise(ErrorReport("ValueError", text, (f"ValueError: {text}",)))
        return int(wanted)

    def _batches(self, left: int, item_s: float | None) -> int:
        """Some for each slot, so that it evens out at the end; none too short, none too long."""
        several = BATCHES_PER_SLOT * self.pool.slots
        if item_s is None:
            return several
        expected_s = left * item_s
        return math.ceil(
            max(min(several, expected_s / SHORTEST_BATCH_S), expected_s / LONGEST_BATCH_S)
        )

    def _shared(self, state: _State) -> Packed:
        namespace, split = self.namespace, state.split
        values = {name: namespace[name] for name in split.shared if name in namespace}
        keeps = {name: isinstance(namespace.get(name), (list, dict)) for name in split.reductions}
        try:
            own = {"keeps": keeps, "settings": state.settings, "token": uuid.uuid4().hex}
            return pack({**values, **own}, namespace)
        except PackingError as error:
            raise Whole(
                f"'{error.name}' can't be copied to other workers: {error.reason}"
            ) from None

    # Merging

    def _log(self, flight: Flight) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Every operation in iteration order, outputs shown where they were written."""
        show = self.worker.session.show
        for report, result in flight.results(self.namespace):
            shown = 0
            for number, outputs, operands in result["log"]:
                while shown < outputs:
                    show(report.outputs[shown])
                    shown += 1
                yield number, operands
            for output in report.outputs[shown:]:
                show(output)
            self.namespace.update(result["leaks"])

    def _elements(self, flight: Flight | None) -> Iterator[Any]:
        if flight is not None:
            for report, result in flight.results(self.namespace):
                for output in report.outputs:
                    self.worker.session.show(output)
                yield from result["elements"]
