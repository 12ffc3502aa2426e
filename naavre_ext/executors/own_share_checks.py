"""Whether the share of a loop that its own cell runs changed what the batches worked on meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.flight import Whole
from naavre_ext.executors.guarding import changed_since
from naavre_ext.executors.packing import PackingError, fingerprint
from naavre_ext.executors.split_state import SplitState
from naavre_ext.executors.tasks import Stuck, values_of
from naavre_ext.planning.refusal import ITEMS

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut


def guarded_values(fan_out: FanOut, state: SplitState) -> dict[str, Any]:
    """The variables that the cell's own share might change while batches work on copies of them."""
    known, split = fan_out.variables, state.split
    names = [name for name in split.guarded if name not in state.tables]
    if split.guard_items:  # a class may hold an item, or a part of one
        names += [n for n in split.shared if isinstance(known.get(n), type) and n not in names]
    return {name: known.get(name) for name in names}


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
        raise Whole("an earlier iteration changed what the batches worked on")
    if fan_out.worker.guards:
        values = values_of(state.split.shared, fan_out.variables)
        for name in changed_since(fan_out.pool.fetch(state.shared), values, fan_out.namespace):
            raise Whole(
                f"an earlier iteration changed '{name}', which the batches worked on: "
                f"change a copy of '{name}' instead"
            )
