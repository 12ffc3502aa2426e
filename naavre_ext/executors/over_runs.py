"""Runs an ``# over`` cell once per batch and joins what the batches made; or lets it run whole.

Nothing of a batch counts, not even what it printed, before all are known to count: the cell can then still run
whole, as the notebook does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from naavre_ext.executors.batch_sizes import BatchSizes, VectorSizes
from naavre_ext.executors.cutting import NotCuttable, OverSource
from naavre_ext.executors.files_again import begin_again
from naavre_ext.executors.flight import Whole
from naavre_ext.executors.joining import join
from naavre_ext.executors.joining_checks import JoinError, Piece
from naavre_ext.executors.over_batches import LEAKS
from naavre_ext.executors.sending import fixed_sizes, note_settings, send
from naavre_ext.executors.split_checks import why_whole
from naavre_ext.executors.tasks import BatchReport, ErrorReport

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut
    from naavre_ext.executors.split_state import SplitState

_Results = list[tuple[BatchReport, dict[str, Any]]]


def run_over(fan_out: FanOut, state: SplitState) -> bool:
    """Bind what the batches made, joined, and show what they printed, in order; True when the cell runs whole.

    The ``# over`` names themselves stay what they are, unless they are joined outputs as well.
    """
    __tracebackhide__ = True
    split, namespace = state.split, fan_out.namespace
    if any(name not in namespace for name in split.over):
        return True  # the notebook's own line says so
    try:
        source = OverSource({name: namespace[name] for name in split.over})
    except NotCuttable as problem:
        _fail(fan_out, "NX412", f"# over: {split.iterable}", problem.reason, problem.remedy)
    reason = why_whole(fan_out, split, source) or note_settings(fan_out, state)
    if reason:
        fan_out.tell_split(state, source, 0, reason)
        return True
    state.source = source
    results = _run(fan_out, state, source)
    if results is None:
        begin_again(fan_out, state)
        if state.flight is not None:
            state.flight.cancel()
        fan_out.refuse(state)
        return True
    joined = _joined(fan_out, state, results)
    for report, _ in results:
        fan_out.show(report.outputs)
    for name in split.discarded:
        namespace.pop(name, None)
    for _, record in results:
        namespace.update(record[LEAKS])
    namespace.update(joined)
    return False


def _run(fan_out: FanOut, state: SplitState, source: OverSource) -> _Results | None:
    """What all batches gave, in order; None when one of them can't be used. Raises what a batch raised."""
    __tracebackhide__ = True
    split, slots = state.split, fan_out.slots
    sizes: BatchSizes
    if split.batches == "auto":
        sizes, expected = VectorSizes(source.count(), slots, fan_out.step.timeout_s), slots
    else:
        sizes, expected = fixed_sizes(fan_out, split, source)
    send(fan_out, state, sizes, expected)
    results: _Results = []
    if state.flight is None or state.refusal:
        return None
    try:
        for report, record in state.flight.results():
            if report.error is not None:
                for earlier, _ in [*results, (report, record)]:
                    fan_out.show(earlier.outputs)
                fan_out.raise_error(report.error)
            results.append((report, record))
    except Whole as whole:
        state.refusal = str(whole)
        return None
    return results


def _joined(fan_out: FanOut, state: SplitState, results: _Results) -> dict[str, Any]:
    """The outputs by name. What no batch made isn't there; names for one object stay names for one object."""
    __tracebackhide__ = True
    joined: dict[str, Any] = {}
    known: dict[tuple[Any, ...], Any] = {}
    for clause in state.split.merges:
        pieces: list[Piece] = [
            (report.batch + 1, record[clause.name])
            for report, record in results
            if clause.name in record
        ]
        if not pieces:
            continue
        same = (clause.method, *(id(value) for _, value in pieces))
        annotation = f"# merge: {clause}"
        if len(pieces) < len(results):
            without = next(r.batch + 1 for r, record in results if clause.name not in record)
            _fail(fan_out, "NX421", annotation, f"batch {without} didn't set '{clause.name}'",
                  "Set it in every batch.")  # fmt: skip
        try:
            if same not in known:
                known[same] = join(clause.method, pieces)
        except JoinError as error:
            _fail(fan_out, "NX421", annotation, error.message, error.remedy)
        joined[clause.name] = known[same]
    return joined


def _fail(fan_out: FanOut, code: str, annotation: str, reason: str, remedy: str) -> NoReturn:
    __tracebackhide__ = True
    text = f"{code} '{annotation}': {reason}. {remedy}"
    name = "JoinError" if code == "NX421" else "ValueError"
    fan_out.raise_error(ErrorReport.in_words(name, text))
