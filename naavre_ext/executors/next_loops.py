"""Has the loops that go on with a split's elements begin at once, with each batch, and keeps what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naavre_ext.executors.chaining import Passing, stages_for
from naavre_ext.executors.sources import Sliced
from naavre_ext.executors.split_state import SplitState
from naavre_ext.planning.elementwise import lists_beside

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut


def passing_for(fan_out: FanOut, state: SplitState) -> Passing | None:
    """What collects the batches of the next loops, where those may go on with what this one's make."""
    links = fan_out.chains.get(state.split.index, ())
    if state.held is not None:
        stages = state.held.stages[1:]
    else:
        token = f"{fan_out.token(state.split)} then"
        stages = stages_for(links, fan_out.namespace, state.settings, token, fan_out.pool)
    return Passing(stages, state.settings) if stages else None


def pass_own_share(fan_out: FanOut, state: SplitState) -> None:
    """Have the next loops go on with the elements that the cell itself has made."""
    passing = state.passing
    if passing is None or state.share is None or state.flight is None:
        return
    own = _lists(fan_out, state, state.own, state.start)
    made = max((len(found) for found in own.values() if type(found) is list), default=0)
    passing.send(fan_out.pool, own, state.flight.limit_s(made), fan_out.namespace)


def _lists(
    fan_out: FanOut, state: SplitState, elements: Any, most: int | None = None
) -> dict[str, Any]:
    """The lists that the next loops go over: those that this one makes, and its own (first) items."""
    found: dict[str, Any] = {}
    items = state.source.items if isinstance(state.source, Sliced) else None
    for held in state.passing.helds if state.passing is not None else ():
        beside = lists_beside(state.split, held.flow)
        for name in held.flow.names:
            if name in beside:
                found[name] = items if items is None else items[:most]
            elif state.split.form == "for":
                found[name] = fan_out.namespace.get(name)
            else:
                found[name] = elements
    return found


def pass_on(fan_out: FanOut, state: SplitState, elements: Any = None) -> None:
    """All batches are merged: keep what the next loops' have done until their cells come to them."""
    if state.passing is None:
        return
    lists = _lists(fan_out, state, elements)
    for held in state.passing.helds:
        if held.seal(lists, fan_out.namespace, guards=fan_out.worker.guards):
            fan_out.worker.holds.put(held.stages[0].step, held.split, held)
