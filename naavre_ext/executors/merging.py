"""What the batches of a loop made, in the loop's order: for the merge, and then what the cell runs itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.ambient import set_generators
from naavre_ext.executors.files_again import begin_again
from naavre_ext.executors.flight import Whole
from naavre_ext.executors.next_loops import pass_on
from naavre_ext.executors.split_state import SplitState
from naavre_ext.executors.tasks import BatchReport, ErrorReport
from naavre_ext.model.workflow import Split
from naavre_ext.planning.refusal import ITEMS

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut


def merged_log(fan_out: FanOut, state: SplitState) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Every operation in iteration order, outputs shown where they were written."""
    __tracebackhide__ = True
    show = fan_out.worker.session.show
    for report, record in _results(fan_out, state):
        shown = 0
        for number, outputs, operands in record.get("log", ()):
            while shown < outputs:
                show(report.outputs[shown])
                shown += 1
            yield number, operands
        if report.error is not None:
            fan_out.failed(state, replace(report, outputs=report.outputs[shown:]))
        for output in report.outputs[shown:]:
            show(output)
        yield from fan_out.leak(state.split, record["leaks"])


def merged_elements(fan_out: FanOut, state: SplitState) -> Iterator[Any]:
    """Every element in iteration order; what the iterations had shown is shown before those of their batch."""
    __tracebackhide__ = True
    for report, record in _results(fan_out, state):
        if report.error is not None:
            fan_out.failed(state, report)
        fan_out.show(report.outputs)
        yield from record["elements"]


def joined(own: Any, elements: Iterable[Any], rest: Any) -> Any:
    """A comprehension's own share, with the elements of the batches and those of the rest added in order.

    False stands for a share, or a rest, that the cell hadn't to run; an empty rest is a result like any other.
    """
    own = [] if own is False else own
    others = itertools.chain(elements, () if rest is False else _entries(rest))
    if isinstance(own, dict):
        own.update(others)
    elif isinstance(own, set):
        for element in others:
            own.add(element)
    else:
        own.extend(others)
    return own


def _entries(rest: Any) -> Any:
    """A rest's elements, those of a dict as pairs."""
    return rest.items() if isinstance(rest, dict) else rest


def _results(fan_out: FanOut, state: SplitState) -> Iterator[tuple[BatchReport, dict[str, Any]]]:
    """What counts of the batches, in the loop's order; after it the cell goes on with the rest.

    Where an iteration raised, that comes last: what it had shown and recorded counts, then the error is raised.
    """
    __tracebackhide__ = True
    if state.flight is not None and not state.refusal:
        try:
            for report, record in state.flight.results():
                if report.error is not None and fan_out.repeats_failed:
                    fan_out.failed(state, report)
                yield report, record
                set_generators(record.get("generators", {}))
                if state.bar is not None:
                    state.bar.merged += report.done
        except Whole as whole:
            if state.split.makes_missing:
                fan_out.raise_error(_cannot_repeat(state.split, str(whole)))
            state.refusal = str(whole)
        except GeneratorExit:  # the merge raised
            if state.bar is not None:
                state.bar.end()
            raise
    _hand_over_rest(fan_out, state)


def _cannot_repeat(split: Split, reason: str) -> ErrorReport:
    """The end of a loop whose batches don't count, and which can't run again as it would find their files."""
    text = (
        f"the loop in line {split.line} was split, and what its batches did doesn't count: {reason}. It makes the "
        "files that it doesn't find, so it can't run a second time. Find what is missing in a loop before it, or "
        "delete '# split'."
    )
    return ErrorReport.in_words("CannotRepeat", text, is_ours=True)


def _hand_over_rest(fan_out: FanOut, state: SplitState) -> None:
    """What hasn't been merged is the cell's again: nothing, if all went well."""
    assert state.source is not None
    if state.refusal and state.flight is not None:
        begin_again(fan_out, state)
    if state.flight is not None:
        state.flight.cancel()
    if state.refusal:
        fan_out.refuse(state)
    fan_out.show(state.source.held)
    if state.split.draws:  # perhaps it is the first time in the cell's own session
        fan_out.worker.session.find_figures()
    rest = state.source.rest() if state.flight is None else state.flight.rest()
    fan_out.offered[ITEMS] = state.under_bar(rest)
    if state.passing is not None and state.split.form == "for":
        pass_on(fan_out, state)
