"""Hands a loop's items and what its body reads over to the workers, now or when it turns out to be worth it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.accumulators import accumulators, changed_by_merge, same_kind
from naavre_ext.executors.batch_sizes import BatchSizes, FixedSizes, GuidedSizes
from naavre_ext.executors.checkpoints import has_open_figures
from naavre_ext.executors.filled_columns import why_grown
from naavre_ext.executors.flight import Flight, Whole
from naavre_ext.executors.next_loops import pass_own_share, passing_for
from naavre_ext.executors.own_share_checks import (
    CHANGED,
    check_own_share,
    guarded_values,
    is_changing,
    prints_of,
)
from naavre_ext.executors.packing import Packed, PackingError, pack
from naavre_ext.executors.share import WORTH_SENDING_S, OwnShare
from naavre_ext.executors.sources import Source
from naavre_ext.executors.split_state import SplitState
from naavre_ext.executors.stored_batches import StoredBatches
from naavre_ext.executors.tasks import KEEPS, SETTINGS, TOKEN, ErrorReport, Stuck, values_of
from naavre_ext.model.workflow import Split
from naavre_ext.planning.cutting import cut
from naavre_ext.planning.refusal import ITEMS

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut


def send(fan_out: FanOut, state: SplitState, sizes: BatchSizes, expected: int) -> None:
    """Send the first batches of what is left; ``expected`` is how many there will be, as far as is known."""
    assert state.source is not None
    own = 1 if state.start else 0  # what the cell does itself is the first batch
    fan_out.tell_split(state, state.source, own + expected, "")
    if state.shared is None and not state.refusal:
        _share_values(fan_out, state)
    if state.refusal:
        return
    try:
        if state.watch is not None and state.split.guard_items:
            state.guarded_items = state.source.rest()
            state.prints |= prints_of(fan_out, state, {ITEMS: state.guarded_items})
        state.passing = None if state.stored else passing_for(fan_out, state)
        state.flight = Flight(
            fan_out,
            state.split,
            state.source,
            sizes,
            state.shared,
            own,
            state.passing,
            state.stored,
            state.own_files,
            state.changed,
        )
        if state.held is not None:
            state.flight.adopt(state.held.segments)
        state.flight.fill(beside=own)
    except Whole as whole:
        state.refusal = str(whole)
    except Exception as error:  # noqa: BLE001  (in the watching thread nobody would see it)
        state.refusal = f"batches can't be sent: {error}"


def send_rest(fan_out: FanOut, state: SplitState) -> None:
    """Send all that the cell hasn't begun; called from the watching thread or at the share's end."""
    assert state.share is not None
    assert state.source is not None
    if state.watch is not None and is_changing(fan_out, state):
        state.refusal = CHANGED
    else:  # while the cell goes on with its share: large values take their time
        _share_values(fan_out, state)
    item_s = state.share.item_s()
    if item_s is not None:  # the loops that go on with the elements may well take as long
        item_s *= 1 + len(fan_out.chains.get(state.split.index, ()))
    state.start = state.share.hand_over()
    if state.source.left == 0:
        state.refusal = ""
    else:
        send(fan_out, state, GuidedSizes(fan_out.slots, item_s), 1)


def settle(fan_out: FanOut, state: SplitState) -> None:
    """The cell's own share is over: see to it that all else is sent."""
    assert state.source is not None
    share = state.share
    own_s = 0.0 if share is None else share.elapsed_s()
    if state.watch is not None:
        state.watch.stop()
    flight = state.flight
    if state.split.draws and share is not None and has_open_figures() and not state.refusal:
        state.refusal = "its first iterations left a figure open"
    if share is not None and state.flight is None and not state.refusal:
        if state.source.left == 0:
            soon = own_s < WORTH_SENDING_S
            why = (
                "it was over in no time" if soon else "no item was left when it began to take long"
            )
            fan_out.tell_split(state, state.source, 0, why)
        else:
            send_rest(fan_out, state)
    if share is not None and state.start:
        _tell_own(fan_out, state, share, own_s)
    if state.flight is not None and not state.refusal:
        state.refusal = why_grown(state.split, state.tables, fan_out.variables)
    if flight is not None and state.watch is not None and not state.refusal:
        try:
            check_own_share(fan_out, state)
        except Whole as whole:
            state.refusal = str(whole)
    if not state.refusal:
        pass_own_share(fan_out, state)


def _tell_own(fan_out: FanOut, state: SplitState, share: OwnShare, duration_s: float) -> None:
    fan_out.tell(
        {
            "kind": "batch",
            "split": state.split.index,
            "batch": 0,
            "items": state.start,
            "started_at": share.started_at,
            "duration_s": duration_s,
            "worker": fan_out.worker.label,
        }
    )


def note_settings(fan_out: FanOut, state: SplitState) -> str:
    """Note the settings that the batches take over; or why they can't be handed over."""
    try:
        state.settings = fan_out.settings()
    except PackingError as error:
        return error.reason
    return ""


def look_up(fan_out: FanOut, state: SplitState) -> None:
    """Find what an earlier run has stored of the batches."""
    place = None if fan_out.worker.context is None else fan_out.worker.context.results
    if (
        not fan_out.keeps_batches
        or place is None
        or not place.has_earlier
        or state.held is not None
    ):
        return
    with suppress(Whole):  # found again, and told, when batches are sent
        shared = _pack_shared(fan_out, state)
        state.stored = StoredBatches.of(
            place, fan_out.step, state.split, shared, fan_out.worker.background
        )


def fixed_sizes(fan_out: FanOut, split: Split, source: Source) -> tuple[BatchSizes, int]:
    """Sizes for the number of batches that was asked for, and how many there will be."""
    count, wanted = source.count(), _wanted_batches(fan_out, split)
    return FixedSizes(count, wanted, fan_out.slots), len(cut(count, wanted))


def _wanted_batches(fan_out: FanOut, split: Split) -> int:
    wanted: Any = split.batches
    if isinstance(wanted, str):
        wanted = fan_out.namespace.get(wanted)
        if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
            text = (
                f"'# batches: {split.batches}' needs a whole number of at least 1, not {wanted!r}"
            )
            fan_out.raise_error(ErrorReport.in_words("ValueError", text))
    return int(wanted)


def _share_values(fan_out: FanOut, state: SplitState) -> None:
    """Hand over what all batches read; ``state.refusal`` says why that can't be done."""
    try:
        if state.watch is not None:  # what the cell changes from here on, the batches don't see
            state.prints = prints_of(fan_out, state, guarded_values(fan_out, state))
        if state.held is not None:
            state.shared = state.held.stages[0].shared
        else:
            state.shared = fan_out.pool.share(_pack_shared(fan_out, state))
    except Whole as whole:
        state.refusal = str(whole)
    except Exception as error:  # noqa: BLE001  (in the watching thread nobody would see it)
        state.refusal = f"batches can't be sent: {error}"


def _pack_shared(fan_out: FanOut, state: SplitState) -> Packed:
    namespace, known, split = fan_out.namespace, fan_out.variables, state.split
    values = values_of(split.shared, known)
    # The cell's own share may have added to them, up to no matter where: a resumed run must find the same.
    now = accumulators(split.reductions, known)
    keeps = {name: same_kind(state.keeps.get(name), kept) for name, kept in now.items()}
    try:
        own = {KEEPS: keeps, SETTINGS: state.settings, TOKEN: fan_out.token(split)}
        state.changed = changed_by_merge(fan_out.step, split, known)
        return pack({**values, **state.tables, **own}, namespace, common=state.changed)
    except PackingError as error:
        fan_out.tell_stuck(Stuck.of(error), split)
        raise Whole(f"'{error.name}' can't be copied to other workers: {error.reason}") from None
