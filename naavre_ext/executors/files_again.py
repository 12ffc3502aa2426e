"""The files of a loop whose batches don't count, as their iterations run again where the loop stands.

What they wrote is there: the second time must not read it, and has to write the same files. Those that were missed
before they were made are removed, so that it misses them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from naavre_ext.executors.split_state import SplitState
from naavre_ext.executors.touched_files import SecondWatch, shown

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut


def begin_again(fan_out: FanOut, state: SplitState) -> None:
    """Watch from now on what files are read. The cell fails where an iteration that counts read a wrong one."""
    __tracebackhide__ = True
    flight = state.flight
    if flight is None or not state.split.files_apart:
        return
    lost = flight.discarded()
    if path := flight.files.spoilt(lost):
        fan_out.raise_error(flight.files.error(path))

    def refuse(path: str) -> None:
        __tracebackhide__ = True
        fan_out.raise_error(flight.files.error(shown(path)))

    first = lost.changed - lost.undo(flight.files.changed)
    state.own_files = SecondWatch(first=first, refuse=refuse, there=lost.there)
    state.own_files.start()


def end_again(fan_out: FanOut, state: SplitState) -> None:
    """The iterations have run. The cell fails where a file is left that only the first time wrote."""
    __tracebackhide__ = True
    watch, flight = state.own_files, state.flight
    watch.stop()
    if flight is not None and isinstance(watch, SecondWatch) and (left := watch.left()):
        fan_out.raise_error(flight.files.error(shown(min(left))))
