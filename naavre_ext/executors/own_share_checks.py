"""Whether the share of a loop that its own cell runs changed what the batches worked on meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.flight import Whole
from naavre_ext.executors.guarding import changed_since
from naavre_ext.executors.packing import PackingError, PackingTooSlow, fingerprint
from naavre_ext.executors.split_state import SplitState
from naavre_ext.executors.tasks import Stuck, values_of
from naavre_ext.planning.refusal import ITEMS

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut


#: What takes longer, or more, isn't looked at before a loop begins, which may be over in no time.
_MOMENT_S, _MOST_BYTES = 0.005, 1 << 20
#: So long are two more items waited for, where the first has changed something.
_TWO_ITEMS_S = 1.0
CHANGED = "an earlier iteration changed what the batches worked on"


def guarded_values(fan_out: FanOut, state: SplitState) -> dict[str, Any]:
    """The variables that the cell's own share might change while batches work on copies of them."""
    known, split = fan_out.variables, state.split
    names = [name for name in split.guarded if name not in state.tables]
    if split.guard_items:  # a class may hold an item, or a part of one
        names += [n for n in split.shared if isinstance(known.get(n), type) and n not in names]
    return {name: known.get(name) for name in names}


def first_prints(fan_out: FanOut, state: SplitState) -> dict[str, bytes] | None:
    """Fingerprints of what the share might change; None where that is nothing, or takes more than a moment."""
    values = guarded_values(fan_out, state)
    if not values:
        return None
    try:
        return {
            name: fingerprint(value, fan_out.namespace, budget_s=_MOMENT_S, most_bytes=_MOST_BYTES)
            for name, value in values.items()
        }
    except (PackingError, PackingTooSlow):
        return None


def is_changing(fan_out: FanOut, state: SplitState) -> bool:
    """Whether the share changes with each item what batches would work on: sending these would be in vain.

    What only its first item has changed, such as a cache, doesn't count.
    """
    if state.first_prints is None or state.share is None:
        return False
    now = first_prints(fan_out, state)
    if now is None or now == state.first_prints:
        return False
    state.share.wait_for_items(2, at_most_s=_TWO_ITEMS_S)
    again = first_prints(fan_out, state)
    return again is not None and again != now


def prints_of(fan_out: FanOut, state: SplitState, values: Mapping[str, Any]) -> dict[str, bytes]:
    """Fingerprints of the values."""
    prints = {}
    for name, value in values.items():
        try:
            prints[name] = fingerprint(value, fan_out.namespace)
        except PackingError as error:
            fan_out.tell_stuck(
                Stuck.of(error, "an item of the loop" if name == ITEMS else name), state.split
            )
            raise Whole(f"what it may change can't be copied: {error.reason}") from None
    return prints


def check_own_share(fan_out: FanOut, state: SplitState) -> None:
    """Raises Whole when the cell's own share changed what the batches worked on meanwhile."""
    guarded = guarded_values(fan_out, state)
    if state.split.guard_items:
        guarded[ITEMS] = state.guarded_items
    if guarded and prints_of(fan_out, state, guarded) != state.prints:
        raise Whole(CHANGED)
    if fan_out.worker.guards:
        values = values_of(state.split.shared, fan_out.variables)
        for name in changed_since(fan_out.pool.fetch(state.shared), values, fan_out.namespace):
            raise Whole(
                f"an earlier iteration changed '{name}', which the batches worked on: "
                f"change a copy of '{name}' instead"
            )
