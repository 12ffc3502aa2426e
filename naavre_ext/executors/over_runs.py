"""Runs an ``# over`` cell once per batch and joins what the batches made; or lets it run whole.

Nothing of a batch counts, not even what it printed, before all are known to count: the cell can then still run
whole, as the notebook does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from naavre_ext.executors.batch_sizes import BatchSizes, FixedSizes, VectorSizes
from naavre_ext.executors.cutting import NotCuttable, OverSource
from naavre_ext.executors.flight import Whole
from naavre_ext.executors.joining import join
from naavre_ext.executors.joining_checks import JoinError, Piece
from naavre_ext.executors.over_batches import LEAKS
from naavre_ext.executors.packing import PackingError
from naavre_ext.executors.tasks import BatchReport, ErrorReport
from naavre_ext.planning.cutting import cut

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut, _State

_Results = list[tuple[BatchReport, dict[str, Any]]]


def run_over(fan_out: FanOut, state: _State) -> bool:
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
    reason = fan_out._why_whole(split, source)
    try:
        state.settings = fan_out.settings()
    except PackingError as error:
        reason = reason or error.reason
    if reason:
        fan_out._tell_split(state, source, 0, reason)
        return True
    state.source = source
    results = _run(fan_out, state, source)
    if results is None:
        if state.flight is not None:
            state.flight.cancel()
        fan_out._refuse(state)
        return True
    joined = _joined(fan_out, state, results)
    for report, _ in results:
        for output in report.outputs:
            fan_out.worker.session.show(output)
    for name in split.discarded:
        namespace.pop(name, None)
    for _, record in results:
        namespace.update(record[LEAKS])
    namespace.update(joined)
    return False


def _run(fan_out: FanOut, state: _State, source: OverSource) -> _Results | None:
    """What all batches gave, in order; None when one of them can't be used. Raises what a batch raised."""
    __tracebackhide__ = True
    split, slots = state.split, fan_out.slots
    sizes: BatchSizes
    if split.batches == "auto":
        sizes, expected = VectorSizes(source.count(), slots, fan_out.step.timeout_s), slots
    else:
        wanted = fan_out._wanted_batches(split)
        sizes = FixedSizes(source.count(), wanted, slots)
        expected = len(cut(source.count(), wanted))
    fan_out._send(state, sizes, expected)
    results: _Results = []
    if state.flight is None or state.refusal:
        return None
    try:
        for report, record in state.flight.results():
            if report.error is not None:
                for earlier, _ in [*results, (report, record)]:
                    for output in earlier.outputs:
                        fan_out.worker.session.show(output)
                fan_out._raise(report.error)
            results.append((report, record))
    except Whole as whole:
        state.refusal = str(whole)
        return None
    return results


def _joined(fan_out: FanOut, state: _State, results: _Results) -> dict[str, Any]:
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
    fan_out._raise(ErrorReport(name, text, (f"{name}: {text}",)))
