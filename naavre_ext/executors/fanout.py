"""Cuts a loop's items into batches, has them run, and gives the merge what it needs, in order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from naavre_ext.executors.accumulators import Accumulator, accumulators, same_kind
from naavre_ext.executors.batch_sizes import BatchSizes, FixedSizes, GuidedSizes
from naavre_ext.executors.chaining import Held, Link, Passing, stages_for
from naavre_ext.executors.flight import Flight, Whole
from naavre_ext.executors.guarding import changed_since
from naavre_ext.executors.inner_events import inside_batch
from naavre_ext.executors.over_runs import run_over
from naavre_ext.executors.packing import (
    Packed,
    PackingError,
    fingerprint,
    is_immutable,
    pack,
)
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.progress_bars import LoopBar, bar_apart, is_bar
from naavre_ext.executors.share import OwnShare, Watch
from naavre_ext.executors.sources import Sliced, Source, source_of
from naavre_ext.executors.stored_batches import StoredBatches
from naavre_ext.executors.table_rows import why_rows_meet
from naavre_ext.executors.tasks import (
    KEEPS,
    SETTINGS,
    TOKEN,
    BatchReport,
    ErrorReport,
    Stuck,
)
from naavre_ext.model.event import OutputMessage
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.cutting import cut
from naavre_ext.planning.elementwise import lists_beside
from naavre_ext.planning.function_scope import own_name
from naavre_ext.planning.over_rewriting import OVER_HOOK
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.rewriting import JOIN_HOOK, LOG, MORE_HOOK, OWN_HOOK, SPLIT_HOOK
from naavre_ext.scheduling.claims import at_once

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

_REDUCTION_TYPES = frozenset(
    {"list", "dict", "set", "int", "float", "complex", "bool", "str", "bytes", "tuple", "deque", "Counter",
     "defaultdict", "OrderedDict", "ndarray", "DataFrame", "Series", "bytearray", "array", "SimpleNamespace"}
)  # fmt: skip


class BatchFailed(Exception):
    """Raised in the cell where a batch raised; the worker shows the batch's own error instead."""


@dataclass
class SplitState:
    """One split while its loop runs.

    ``turn`` counts how often the loop asked for more. ``source`` is None when the loop runs whole, over
    ``rest``. ``start`` is the first item that was sent, ``guarded_items`` the items whose changes are watched,
    ``bar`` the progress bar that the loop has around its items.
    ``held`` are batches that ran before the cell, ``passing`` those of the next loops that this one's make.
    ``keeps`` are the accumulators as the loop found them.
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
    guarded_items: Any = ()
    prints: dict[str, bytes] = field(default_factory=dict)
    elements: list[Any] = field(default_factory=list)
    shared: Any = None
    held: Held | None = None
    passing: Passing | None = None
    own: Any = None
    stored: StoredBatches | None = None
    keeps: Mapping[str, Accumulator] = field(default_factory=dict)


class FanOut:
    """The splits of one cell that is running in ``worker``."""

    def __init__(
        self,
        worker: Worker,
        step: Step,
        pool: BatchPool,
        tell: Callable[[Mapping[str, Any]], None],
        settings: Callable[[], Any],
        chains: Mapping[int, Sequence[Link]],
    ) -> None:
        self.worker = worker
        self.step = step
        self.pool = pool
        self.tell = tell
        self.settings = settings
        self.chains = chains
        self.error: ErrorReport | None = None
        self.splits = {split.index: split for split in step.splits}
        limits = (
            step.concurrency,
            None if worker.context is None else worker.context.max_parallelism,
        )
        self.limit = min((limit for limit in limits if limit is not None), default=None)
        self.slots = at_once(pool.slots, self.limit)
        #: Whether all items go to workers, as the cell's own worker lacks what they claim, or can't be stopped.
        self.sends_all = bool(step.resources or step.retries or step.timeout_s)
        #: Whether what the batches give may be stored.
        self.keeps_batches = True
        self._states: dict[int, SplitState] = {}
        self._begun = 0

    @property
    def namespace(self) -> dict[str, Any]:
        """The notebook's names in the worker."""
        return self.worker.session.namespace

    @property
    def variables(self) -> Mapping[str, Any]:
        """The values of the names that a Split tells of."""
        return self.namespace

    def take_held(self, split: Split) -> Held | None:
        """The batches of a loop that ran before its cell."""
        return self.worker.holds.take(self.step, split)

    def watches(self, source: Source) -> bool:
        """Whether another thread looks when the rest is worth sending, while the cell runs its share."""
        return self.pool.is_concurrent and source.may_watch

    @property
    def offered(self) -> dict[str, Any]:
        """Where the loop finds its items and its log."""
        return self.namespace

    def leak(self, split: Split, values: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
        """Bind what the loop's iterations leave behind; yields operations for that, if need be."""
        self.namespace.update(values)
        return iter(())

    def failed(self, state: SplitState, report: BatchReport) -> None:
        """An iteration of a batch raised: show what it had shown, and raise that in the cell."""
        __tracebackhide__ = True
        assert report.error is not None
        self.show(report.outputs)
        if state.bar is not None:
            state.bar.merged = report.error.item or 0
            state.bar.end()
        self.raise_error(report.error)

    def hooks(self) -> dict[str, Any]:
        """The names that the rewritten cell calls."""
        return {
            SPLIT_HOOK: self.split,
            MORE_HOOK: self.more,
            OWN_HOOK: self.own,
            JOIN_HOOK: self.join,
            OVER_HOOK: self.over,
        }

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
            if state.turn == 1 and state.share is not None:
                return state.share.present()
        return None

    # The three hooks, in the order in which the cell calls them

    def split(self, index: int, iterable: Any) -> None:
        """The splitter: evaluate the items once, and send them now or when it turns out to be worth it."""
        __tracebackhide__ = True
        state = self._states[index] = SplitState(self.splits[index])
        held = self.take_held(state.split)
        may_draw = state.split.lazy and self.worker.session.owns_streams()
        items, bar = bar_apart(iterable)
        source, reason = source_of(
            items, self.namespace, may_draw=may_draw, divert=self.worker.divert
        )
        reason = reason or self.why_whole(state.split, source)
        if reason and self.step.resources:
            reason += "; what the cell claims is for its batches, and isn't reserved now"
        unshippable = self.note_settings(state)
        reason = reason or unshippable
        if source is None or reason:
            state.refusal = reason
            if source is not None:
                state.bar = bar
            state.rest = iterable if source is None else _over(bar, source.rest())
            self.tell_split(state, source, 0, reason)
            return
        state.source, state.bar = source, bar
        if held is not None and held.fits(
            source, state.settings, self.pool, self.namespace, guards=self.worker.guards
        ):
            state.held = held
        self._begun += 1
        state.keeps = accumulators(state.split.reductions, self.variables)
        self._look_up(state)
        if state.split.batches != "auto":
            self.send(state, *self.fixed_sizes(state.split, source))
            return
        if state.held is not None:
            self.send(state, GuidedSizes(self.slots, None), len(state.held.segments))
            return
        if self.sends_all or state.split.eager:
            self.send(state, GuidedSizes(self.slots, None, self.step.timeout_s), 1)
            return
        inline = not self.watches(source)
        state.share = OwnShare(source, inline=inline)
        state.share.limit = state.stored.first if state.stored else None
        if not inline:
            state.watch = Watch(state.share, lambda: self._send_rest(state))

    def _look_up(self, state: SplitState) -> None:
        """Find what an earlier run has stored of the batches."""
        place = None if self.worker.context is None else self.worker.context.results
        if place is None or not place.has_earlier or state.held is not None:
            return
        with suppress(Whole):  # found again, and told, when batches are sent
            shared = self._shared(state)
            state.stored = StoredBatches.of(place, self.step, state.split, shared)

    def more(self, index: int) -> bool:
        """Whether the cell has to go on: to merge ``__naavre_log__``, then to run ``__naavre_items__`` itself."""
        __tracebackhide__ = True
        state = self._states[index]
        state.turn += 1
        self.offered.update({LOG: iter(()), ITEMS: ()})
        if state.turn == 1:
            own = state.rest if state.source is None else _over(state.bar, state.share or ())
            self.offered[ITEMS] = own
            # A call that starts workers of its own is not made for nothing.
            return not self._is_call(state) or state.source is None
        if state.turn > 2 or state.source is None:
            if state.bar is not None:
                state.bar.end()
            return False
        if state.share is not None and not state.share.over:
            self.close()  # a function under 'map' has ended it by StopIteration: nothing after that counts
            return False
        self._settle(state)
        if state.split.form == "for":
            self.offered[LOG] = self._log(state)
        else:
            state.elements = list(self._elements(state))
            if self._is_call(state):
                self.offered[ITEMS] = list(self.offered[ITEMS])
                return bool(self.offered[ITEMS])
        return True

    def _is_call(self, state: SplitState) -> bool:
        return state.split.eager and state.split.form != "for"

    def own(self, index: int, share: Any) -> Any:
        """What a comprehension's own share has given, as it was given."""
        self._states[index].own = share
        return share

    def join(self, index: int, _started: None, own: Any, rest: Any) -> Any:
        """A comprehension's value, made as Python makes it: element by element, in order."""
        __tracebackhide__ = True
        state = self._states[index]
        # False means that the cell had no share or rest to run; an empty rest is a result like any other.
        own = [] if own is False else own
        others = itertools.chain(state.elements, () if rest is False else _entries(rest))
        if isinstance(own, dict):
            own.update(others)
        elif isinstance(own, set):
            for element in others:
                own.add(element)
        else:
            own.extend(others)
        state.elements = []
        if state.bar is not None:
            state.bar.end()
        self._pass_on(state, own)
        return own

    def over(self, index: int) -> bool:
        """Run an ``# over`` cell in batches; whether it has to run whole after all."""
        __tracebackhide__ = True
        state = self._states[index] = SplitState(self.splits[index])
        return run_over(self, state)

    # Sending

    def _send_rest(self, state: SplitState) -> None:
        """Send all that the cell hasn't begun; called from the watching thread or at the share's end."""
        assert state.share is not None
        assert state.source is not None
        # While the cell goes on with its share: large values take their time.
        self._share_values(state)
        item_s = state.share.item_s()
        if item_s is not None:  # the loops that go on with the elements may well take as long
            item_s *= 1 + len(self.chains.get(state.split.index, ()))
        state.start = state.share.hand_over()
        if state.source.left == 0:
            state.refusal = ""
        else:
            self.send(state, GuidedSizes(self.slots, item_s), 1)

    def _share_values(self, state: SplitState) -> None:
        """Hand over what all batches read; ``state.refusal`` says why that can't be done."""
        try:
            if state.watch is not None:  # what the cell changes from here on, the batches don't see
                state.prints = self._prints(state, self._guarded(state))
            if state.held is not None:
                state.shared = state.held.stages[0].shared
            else:
                state.shared = self.pool.share(self._shared(state))
        except Whole as whole:
            state.refusal = str(whole)
        except Exception as error:  # noqa: BLE001  (in the watching thread nobody would see it)
            state.refusal = f"batches can't be sent: {error}"

    def note_settings(self, state: SplitState) -> str:
        """Note the settings that the batches take over; or why they can't be handed over."""
        try:
            state.settings = self.settings()
        except PackingError as error:
            return error.reason
        return ""

    def send(self, state: SplitState, sizes: BatchSizes, expected: int) -> None:
        """Send the first batches of what is left; ``expected`` is how many there will be, as far as is known."""
        assert state.source is not None
        own = 1 if state.start else 0  # what the cell does itself is the first batch
        self.tell_split(state, state.source, own + expected, "")
        if state.shared is None and not state.refusal:
            self._share_values(state)
        if state.refusal:
            return
        try:
            if state.watch is not None and state.split.guard_items:
                state.guarded_items = state.source.rest()
                state.prints |= self._prints(state, {ITEMS: state.guarded_items})
            state.passing = None if state.stored else self._passing(state)
            state.flight = Flight(
                self,
                state.split,
                state.source,
                sizes,
                state.shared,
                own,
                state.passing,
                state.stored,
            )
            if state.held is not None:
                state.flight.adopt(state.held.segments)
            state.flight.fill(beside=own)
        except Whole as whole:
            state.refusal = str(whole)
        except Exception as error:  # noqa: BLE001  (in the watching thread nobody would see it)
            state.refusal = f"batches can't be sent: {error}"

    # Chains

    def _passing(self, state: SplitState) -> Passing | None:
        """What collects the batches of the next loops, where those may go on with what this one's make."""
        links = self.chains.get(state.split.index, ())
        if state.held is not None:
            stages = state.held.stages[1:]
        else:
            token = f"{self._token(state.split)} then"
            stages = stages_for(links, self.namespace, state.settings, token, self.pool)
        return Passing(stages, state.settings) if stages else None

    def _pass_own_share(self, state: SplitState) -> None:
        """Have the next loops go on with the elements that the cell itself has made."""
        passing = state.passing
        if passing is None or state.share is None or state.flight is None:
            return
        own = self._lists(state, state.own, state.start)
        made = max((len(found) for found in own.values() if type(found) is list), default=0)
        passing.send(self.pool, own, state.flight.limit_s(made), self.namespace)

    def _lists(self, state: SplitState, elements: Any, most: int | None = None) -> dict[str, Any]:
        """The lists that the next loops go over: those that this one makes, and its own (first) items."""
        found: dict[str, Any] = {}
        items = state.source.items if isinstance(state.source, Sliced) else None
        for held in state.passing.helds if state.passing is not None else ():
            beside = lists_beside(state.split, held.flow)
            for name in held.flow.names:
                if name in beside:
                    found[name] = items if items is None else items[:most]
                elif state.split.form == "for":
                    found[name] = self.namespace.get(name)
                else:
                    found[name] = elements
        return found

    def _pass_on(self, state: SplitState, elements: Any = None) -> None:
        """All batches are merged: keep what the next loops' have done until their cells come to them."""
        if state.passing is None:
            return
        lists = self._lists(state, elements)
        for held in state.passing.helds:
            if held.seal(lists, self.namespace, guards=self.worker.guards):
                self.worker.holds.put(held.stages[0].step, held.split, held)

    def _guarded(self, state: SplitState) -> dict[str, Any]:
        """The variables that the cell's own share might change while batches work on copies of them."""
        return {name: self.variables.get(name) for name in state.split.guarded}

    def _prints(self, state: SplitState, values: Mapping[str, Any]) -> dict[str, bytes]:
        """Fingerprints of the values."""
        prints = {}
        for name, value in values.items():
            try:
                prints[name] = fingerprint(value, self.namespace)
            except PackingError as error:
                self.tell_stuck(
                    Stuck.of(error, "an item of the loop" if name == ITEMS else name), state.split
                )
                raise Whole(f"what it may change can't be copied: {error.reason}") from None
        return prints

    def _check_own_share(self, state: SplitState) -> None:
        """Raises Whole when the cell's own share changed what the batches worked on meanwhile."""
        guarded = self._guarded(state)
        if state.split.guard_items:
            guarded[ITEMS] = state.guarded_items
        if guarded and self._prints(state, guarded) != state.prints:
            raise Whole("an earlier iteration changed what the batches worked on")
        if self.worker.guards:
            values = {n: self.variables[n] for n in state.split.shared if n in self.variables}
            for name in changed_since(self.pool.fetch(state.shared), values, self.namespace):
                raise Whole(
                    f"an earlier iteration changed '{name}', which the batches worked on: "
                    f"change a copy of '{name}' instead"
                )

    def _settle(self, state: SplitState) -> None:
        """The cell's own share is over: see to it that all else is sent."""
        assert state.source is not None
        share = state.share
        own_s = 0.0 if share is None else share.elapsed_s()
        if state.watch is not None:
            state.watch.stop()
        flight = state.flight
        if share is not None and state.flight is None and not state.refusal:
            if state.source.left == 0:
                self.tell_split(state, state.source, 0, "it was over in no time")
            else:
                self._send_rest(state)
        if share is not None and state.start:
            self._tell_own(state, share, own_s)
        if flight is not None and state.watch is not None and not state.refusal:
            try:
                self._check_own_share(state)
            except Whole as whole:
                state.refusal = str(whole)
        if not state.refusal:
            self._pass_own_share(state)

    def _hand_over_rest(self, state: SplitState) -> None:
        """What hasn't been merged is the cell's again: nothing, if all went well."""
        assert state.source is not None
        if state.flight is not None:
            state.flight.cancel()
        if state.refusal:
            self.refuse(state)
        self.show(state.source.held)
        rest = state.source.rest() if state.flight is None else state.flight.rest()
        self.offered[ITEMS] = _over(state.bar, rest)
        if state.passing is not None and state.split.form == "for":
            self._pass_on(state)

    def show(self, outputs: Sequence[OutputMessage]) -> None:
        """Show in the cell what a batch, or making the items, has shown."""
        for output in outputs:
            self.worker.session.show(output)

    def refuse(self, state: SplitState) -> None:
        """Tell that the batches don't count any more, and why."""
        self.tell({"kind": "split-refused", "split": state.split.index, "reason": state.refusal})

    def raise_error(self, error: ErrorReport) -> NoReturn:
        """Have the cell fail with this error."""
        __tracebackhide__ = True
        self.error = error
        self.worker.outputs.raise_later(error)
        raise BatchFailed(error.evalue)

    def show_done(self, split: Split, items: int) -> None:
        """Move the loop's progress bar on, if it has one."""
        bar = self._states[split.index].bar
        if bar is not None:
            bar.show_done(items)

    def tell_from_batch(self, split: Split, batch: int, message: Mapping[str, Any]) -> None:
        """Pass on what a batch tells; of a loop that it came to with the batch in which that was."""
        self.tell(inside_batch(split.index, batch, message))

    def tell_unstored(self, reason: str) -> None:
        """Say that results can't be stored any more."""
        self.tell({"kind": "not-stored", "reason": reason})

    def tell_stuck(self, stuck: Stuck, split: Split) -> None:
        """Say that a loop runs whole because a variable can't be copied."""
        self.tell({"kind": "stuck", "line": split.line, **asdict(stuck)})

    def _tell_own(self, state: SplitState, share: OwnShare, duration_s: float) -> None:
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

    def tell_split(
        self, state: SplitState, source: Source | None, batches: int, reason: str
    ) -> None:
        """Tell that the loop begins, in how many batches, or why it runs whole."""
        left = None if source is None else source.left
        self.tell(
            {
                "kind": "split",
                "split": state.split.index,
                "title": state.split.title,
                "items": -1 if source is None or left is None else source.taken + left,
                "batches": batches,
                "reason": reason,
                "description": state.bar.description if state.bar else "",
            }
        )

    def why_whole(self, split: Split, source: Source | None) -> str:
        """Why the items can't go to the workers, as far as values tell; "" when they can."""
        if self.step.raises_exception:
            return "its cell may fail, and what it has done by then counts"
        for name in split.reductions:
            value = self.variables.get(name)
            kind = type(value).__name__
            known = (
                kind in _REDUCTION_TYPES
                or is_bar(value)
                or (name in split.replayed and is_immutable(value))
            )
            if not known:
                return f"'{name}' is a {kind}, whose changes can't be replayed safely"
        if split.own_rows and (reason := why_rows_meet(self.variables.get(split.own_rows))):
            return f"'{own_name(split.own_rows)}' {reason}"
        if split.immutable_items and not (isinstance(source, Sliced) and source.are_immutable()):
            return "an item may be, or hold, an object that it changes"
        if split.batches != "auto" or source is None or self.sends_all:
            return ""
        if source.left is not None and source.left < 2:
            return "there is nothing to divide"
        if self.slots < 2:
            return "only one batch at a time could run"
        return ""

    def fixed_sizes(self, split: Split, source: Source) -> tuple[BatchSizes, int]:
        """Sizes for the number of batches that was asked for, and how many there will be."""
        count, wanted = source.count(), self._wanted_batches(split)
        return FixedSizes(count, wanted, self.slots), len(cut(count, wanted))

    def _wanted_batches(self, split: Split) -> int:
        wanted: Any = split.batches
        if isinstance(wanted, str):
            wanted = self.namespace.get(wanted)
            if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
                text = f"'# batches: {split.batches}' needs a whole number of at least 1, not {wanted!r}"
                self.raise_error(ErrorReport("ValueError", text, (f"ValueError: {text}",)))
        return int(wanted)

    def _shared(self, state: SplitState) -> Packed:
        namespace, known, split = self.namespace, self.variables, state.split
        values = {name: known[name] for name in split.shared if name in known}
        # The cell's own share may have added to them, up to no matter where: a resumed run must find the same.
        now = accumulators(split.reductions, known)
        keeps = {name: same_kind(state.keeps.get(name), kept) for name, kept in now.items()}
        try:
            own = {KEEPS: keeps, SETTINGS: state.settings, TOKEN: self._token(split)}
            return pack({**values, **own}, namespace)
        except PackingError as error:
            self.tell_stuck(Stuck.of(error), split)
            raise Whole(
                f"'{error.name}' can't be copied to other workers: {error.reason}"
            ) from None

    def _token(self, split: Split) -> str:
        """A name that no other split of the run has; the same one has it when the run is resumed."""
        return f"{self.step.id} {split.index} {self._begun} {self.worker.attempt}"

    # Merging

    def _results(self, state: SplitState) -> Iterator[tuple[BatchReport, dict[str, Any]]]:
        """What counts of the batches, in the loop's order; after it the cell goes on with the rest.

        Where an iteration raised, what it had shown is shown and the error is raised in the cell.
        """
        __tracebackhide__ = True
        if state.flight is not None and not state.refusal:
            try:
                for report, record in state.flight.results():
                    if report.error is not None:
                        self.failed(state, report)
                    yield report, record
                    if state.bar is not None:
                        state.bar.merged += report.done
            except Whole as whole:
                state.refusal = str(whole)
            except GeneratorExit:  # the merge raised
                if state.bar is not None:
                    state.bar.end()
                raise
        self._hand_over_rest(state)

    def _log(self, state: SplitState) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Every operation in iteration order, outputs shown where they were written."""
        __tracebackhide__ = True
        show = self.worker.session.show
        for report, record in self._results(state):
            shown = 0
            for number, outputs, operands in record["log"]:
                while shown < outputs:
                    show(report.outputs[shown])
                    shown += 1
                yield number, operands
            for output in report.outputs[shown:]:
                show(output)
            yield from self.leak(state.split, record["leaks"])

    def _elements(self, state: SplitState) -> Iterator[Any]:
        __tracebackhide__ = True
        for report, record in self._results(state):
            self.show(report.outputs)
            yield from record["elements"]


def _over(bar: LoopBar | None, items: Any) -> Any:
    return items if bar is None else bar.over(items)


def _entries(rest: Any) -> Any:
    """A rest's elements, those of a dict as pairs."""
    return rest.items() if isinstance(rest, dict) else rest
