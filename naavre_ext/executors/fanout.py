"""The splits of a cell that runs: the hooks that its code calls at each loop, and what they tell and show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NoReturn

from naavre_ext.executors.accumulators import accumulators
from naavre_ext.executors.batch_sizes import GuidedSizes
from naavre_ext.executors.chaining import Held, Link
from naavre_ext.executors.files_again import end_again
from naavre_ext.executors.filled_columns import as_begun
from naavre_ext.executors.inner_events import inside_batch
from naavre_ext.executors.merging import joined, merged_elements, merged_log
from naavre_ext.executors.next_loops import pass_on
from naavre_ext.executors.over_runs import run_over
from naavre_ext.executors.own_entries import why_entries_meet
from naavre_ext.executors.own_share_checks import first_prints
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.progress_bars import bar_apart
from naavre_ext.executors.sending import (
    fixed_sizes,
    look_up,
    note_settings,
    send,
    send_rest,
    settle,
)
from naavre_ext.executors.share import OwnShare, Watch
from naavre_ext.executors.sources import Source, source_of
from naavre_ext.executors.split_checks import why_whole
from naavre_ext.executors.split_state import SplitState
from naavre_ext.executors.tasks import BatchReport, ErrorReport, Stuck
from naavre_ext.model.event import OutputMessage
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.over_rewriting import OVER_HOOK
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.rewriting import JOIN_HOOK, LOG, MORE_HOOK, OWN_HOOK, SPLIT_HOOK
from naavre_ext.scheduling.claims import at_once

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker


class BatchFailed(Exception):
    """Raised in the cell where a batch raised; the worker shows the batch's own error instead."""


class FanOut:
    """The splits of one cell that is running in ``worker``."""

    #: Whether a batch in which an iteration raised runs again where the loop stands.
    repeats_failed = False

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
            state.own_files.stop()
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
        source, reason = None, why_entries_meet(state.split, self.variables)
        if not reason:
            source, reason = source_of(
                items, self.namespace, may_draw=may_draw, divert=self.worker.divert
            )
        if state.split.draws and source is not None and not self.sends_all:
            source.kept = 1  # the figure that the last iteration leaves is the cell's own
        reason = reason or why_whole(self, state.split, source)
        if reason and self.step.resources:
            reason += "; what the cell claims is for its batches, and isn't reserved now"
        unshippable = note_settings(self, state)
        reason = reason or unshippable
        if source is None or reason:
            state.refusal = reason
            if source is not None:
                state.bar = bar
            state.rest = iterable if source is None else state.under_bar(source.rest())
            self.tell_split(state, source, 0, reason)
            return
        state.source, state.bar = source, bar
        if held is not None and held.fits(
            source, state.settings, self.pool, self.namespace, guards=self.worker.guards
        ):
            state.held = held
        self._begun += 1
        state.keeps = accumulators(state.split.reductions, self.variables)
        state.tables = as_begun(state.split, self.variables)
        look_up(self, state)
        if state.split.batches != "auto":
            send(self, state, *fixed_sizes(self, state.split, source))
            return
        if state.held is not None:
            send(self, state, GuidedSizes(self.slots, None), len(state.held.segments))
            return
        if self.sends_all or state.split.eager:
            send(self, state, GuidedSizes(self.slots, None, self.step.timeout_s), 1)
            return
        inline = not self.watches(source)
        state.first_prints = None if inline else first_prints(self, state)
        state.share = OwnShare(source, inline=inline, looks=state.first_prints is not None)
        state.share.limit = state.stored.first if state.stored else None
        if not inline:
            if state.split.files_apart:
                state.own_files.start()
            state.watch = Watch(state.share, lambda: send_rest(self, state))

    def more(self, index: int) -> bool:
        """Whether the cell has to go on: to merge ``__naavre_log__``, then to run ``__naavre_items__`` itself."""
        __tracebackhide__ = True
        state = self._states[index]
        state.turn += 1
        self.offered.update({LOG: iter(()), ITEMS: ()})
        if state.turn == 1:
            own = state.rest if state.source is None else state.under_bar(state.share or ())
            self.offered[ITEMS] = own
            # A call that starts workers of its own is not made for nothing.
            return not self._is_call(state) or state.source is None
        if state.turn > 2 or state.source is None:
            end_again(self, state)
            if state.bar is not None:
                state.bar.end()
            return False
        if state.share is not None and not state.share.over:
            self.close()  # a function under 'map' has ended it by StopIteration: nothing after that counts
            return False
        state.own_files.stop()
        settle(self, state)
        if state.split.form == "for":
            self.offered[LOG] = merged_log(self, state)
        else:
            state.elements = list(merged_elements(self, state))
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
        end_again(self, state)
        own = joined(own, state.elements, rest)
        state.elements = []
        if state.bar is not None:
            state.bar.end()
        pass_on(self, state, own)
        return own

    def over(self, index: int) -> bool:
        """Run an ``# over`` cell in batches; whether it has to run whole after all."""
        __tracebackhide__ = True
        state = self._states[index] = SplitState(self.splits[index])
        return run_over(self, state)

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

    def token(self, split: Split) -> str:
        """A name that no other split of the run has; the same one has it when the run is resumed."""
        return f"{self.step.id} {split.index} {self._begun} {self.worker.attempt}"
