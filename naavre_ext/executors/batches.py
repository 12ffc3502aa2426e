"""Runs one batch of a split in a worker and checks that its result may be used."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from naavre_ext.dataflow.source import body_source
from naavre_ext.executors import ambient
from naavre_ext.executors.batch_code import batch_code
from naavre_ext.executors.cell_outcome import CellError
from naavre_ext.executors.filled_columns import why_no_labels
from naavre_ext.executors.guarding import Inputs
from naavre_ext.executors.guarding_steps import is_suspicious
from naavre_ext.executors.held_objects import held_objects, is_plain
from naavre_ext.executors.hidden_state import ClassState, hidden_state
from naavre_ext.executors.inner_events import Tell, telling
from naavre_ext.executors.inner_hook import splitting_in_batch
from naavre_ext.executors.item_parts import Before
from naavre_ext.executors.items_back import CHANGES, SIGNATURE
from naavre_ext.executors.origins import Origin, Origins, finder
from naavre_ext.executors.over_batches import check_apart, made, range_text
from naavre_ext.executors.packing import Packed, PackingError, pack, unpack
from naavre_ext.executors.packing_classes import taking_classes
from naavre_ext.executors.packing_identity import shares_objects
from naavre_ext.executors.recording import Recorder
from naavre_ext.executors.shared_items import unpack_items
from naavre_ext.executors.task_calls import arguments_of, calling, pack_result
from naavre_ext.executors.tasks import (
    KEEPS,
    NOTHING,
    SETTINGS,
    TOKEN,
    BatchReport,
    BatchTask,
    ErrorReport,
    Stuck,
    Violation,
)
from naavre_ext.executors.touched_files import RepeatableWatch, shown, watching
from naavre_ext.model.event import WIDGET_STATE, OutputMessage
from naavre_ext.model.workflow import Split
from naavre_ext.planning.elementwise import items_by_lists, lists_beside
from naavre_ext.planning.inner_rewriting import CALL_HOOK, OWN_LOOPS
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.rewriting import (
    COLLECT,
    HOOK_NAMES,
    RECORD_HOOK,
    Operation,
)

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker


#: Says where an object is among a batch's inputs.
_Place = Callable[[Any], Origin | None]
#: The parts of a batch's result, which are no variables of the notebook's.
_RESULTS = frozenset({"log", "elements", "leaks", "generators"})


class _Items:
    """Iterates over the batch's items and remembers where it is; stops after ``limit_s``."""

    def __init__(self, items: Any, origins: Origins, limit_s: float | None) -> None:
        self.items = items
        self.origins = origins
        self.position = -1
        self.current: Any = None
        self._limit_s = math.inf if limit_s is None else limit_s

    def __iter__(self) -> Iterator[Any]:
        clock, deadline = time.perf_counter, time.perf_counter() + self._limit_s
        for position, item in enumerate(self.items):
            if position and clock() > deadline:
                return
            self.position, self.current = position, item
            self.origins.met(position, item)
            yield item


@dataclass
class _Ended:
    """What a batch left. ``lists`` are its parts of those that next loops go over, None where it failed.

    Its code ran for ``computed_s``; None where that isn't told.
    """

    packed: Packed = NOTHING
    error: ErrorReport | None = None
    done: int = 0
    lists: dict[str, Any] | None = None
    computed_s: float | None = None


def run_batch(
    worker: Worker, task: BatchTask, shared: Packed, items: Packed | list[Any]
) -> tuple[BatchReport, Packed, dict[str, Any] | None]:
    """The batch's report and its pack: the recorded ``log`` (or ``elements``) and ``leaks``.

    With them its parts of the lists that next loops go over, as they would get there.
    """
    started_at, clock = time.time(), time.perf_counter()
    outputs: list[OutputMessage] = []
    ended = _Ended()
    violation, stuck = "", None
    messages: list[Mapping[str, Any]] = []
    watch = RepeatableWatch()
    try:
        told = telling(messages.append, worker.label)
        with told, taking_classes(), watching(task.split.files_apart) as watch:
            ended = _run(worker, task, shared, items, outputs, messages.append)
    except Violation as reason:
        violation = str(reason)
    except PackingError as failure:
        stuck = Stuck.of(failure)
        violation = f"'{failure.name}' can't be copied: {failure.reason}"
        if failure.name in {*_RESULTS, CHANGES}:
            stuck = Stuck.of(failure, "what an iteration hands back")
            violation = f"what an iteration hands back can't be copied: {failure.reason}"
    if watch.spoilt:
        ended = _Ended()
        violation = (
            f"an iteration would change the file '{shown(watch.spoilt)}', which was read before"
        )
    duration_s = time.perf_counter() - clock
    report = BatchReport(
        batch=task.batch,
        started_at=started_at,
        duration_s=duration_s,
        handling_s=0.0 if ended.computed_s is None else duration_s - ended.computed_s,
        worker=worker.label,
        outputs=tuple(outputs),
        error=ended.error,
        violation=violation,
        stuck=stuck,
        done=ended.done,
        messages=tuple(messages),
        touched=watch.touched(),
    )
    return report, ended.packed, ended.lists


def _run(
    worker: Worker,
    task: BatchTask,
    shared: Packed,
    items: Packed | list[Any],
    outputs: list[OutputMessage],
    tell: Tell,
) -> _Ended:
    split, namespace = task.split, worker.session.namespace
    known_names = worker.names()
    given = unpack(shared, namespace, writable=False)
    threads = max(1, int(task.step.resources.get("num_cpus", 1)))
    token, settings, keeps = (given.pop(own) for own in (TOKEN, SETTINGS, KEEPS))
    values: Any = items
    if isinstance(items, Packed):  # modules that are imported for them may draw random numbers
        values = unpack_items(items, namespace, given, writable=task.sends_back)
        if task.sends_back and type(values) is not tuple:
            values = list(values)  # rows of an array are one object each
    before = worker.settings.enter_split(token, settings, given, split.guard_rng, threads)
    namespace.update(given)
    if reason := why_no_labels(split, values):
        raise Violation(reason)
    over = dict(zip(split.over, values.values, strict=True)) if split.over else {}
    tables = {table.name: given[table.name] for table in split.tables if table.name in given}
    known_here = {name: value for name, value in given.items() if name not in tables}
    # What an '# over' cell makes is joined: a slice would be no window on the notebook's array any more.
    beside = {name: worker.beside[name] for name in known_here if name in worker.beside}
    traced: Any = () if task.sends_back else values.values if over else values
    origins = Origins(known_here, traced, slices=not over, beside=beside)
    before_items = Before(values, namespace, origins.of) if task.sends_back else None
    place: _Place = origins.of
    find = finder(given, values, 0)
    if before_items is not None:
        place, find = before_items.place, before_items.parts.finder(find)
    cursor = _Items(values, origins, task.limit_s)
    code = batch_code(task.step, split)
    read = {t.name: (t, tables[t.name]) for t in split.tables if t.in_body}
    recorder = Recorder(
        code.operations,
        keeps,
        outputs,
        worker.session.flush,
        read,
        split.instances,
        namespace,
    )
    namespace.update(over or {ITEMS: cursor, RECORD_HOOK: recorder.record})
    namespace.update(code.hooks(given, namespace))
    is_call = split.is_call
    if is_call:
        namespace[CALL_HOOK] = calling(worker, task.step)
    try:
        watched = {**given, **(over or (arguments_of(values) if is_call else {ITEMS: values}))}
        token, known = worker.plain
        plain = known if token == shared.token else frozenset(shared.numbers)
        guarded = _guarded(worker, split, watched)
        if before_items is not None:
            guarded.pop(ITEMS, None)
        inputs = Inputs(guarded, namespace, plain - set(over))
        worker.plain = shared.token, inputs.plain & set(given)
        hidden, classes = hidden_state(namespace), ClassState(namespace)
        clock = time.perf_counter()
        with splitting_in_batch(worker, task.step, task.slots, tell):
            outcome = worker.capture(
                outputs,
                body_source(task.step.source),
                task.step.execution_count,
                lambda _tree: code.tree,
            )
        computed_s = time.perf_counter() - clock
        seeded = ambient.generators(split.seeds)
        ambient.set_generators({n: before.rng[n] for n in split.seeds if n in before.rng})
        ours = (
            worker.outputs.take_error()
        )  # of a loop in a function, whether or not the notebook caught it
        if ours is not None:
            return _Ended(error=_at_item(ours, task, cursor))
        reason = worker.settings.violation(before, split.guard_rng) or recorder.why_unusable()
        if reason:
            ambient.set_generators(before.rng)
            raise Violation(reason)
        now = hidden_state(namespace)
        if any(now.get(name) != state for name, state in hidden.items()):
            classes.restore()
            raise Violation("a function or class of the notebook changed its own state")
        for name in inputs.changed():
            what, copied = ("an item", "the item") if name == ITEMS else (f"'{name}'", f"'{name}'")
            raise Violation(f"{what} was changed in place: change a copy of {copied} instead")
        changed = {} if before_items is None else before_items.changes()
        if not outcome.ok and changed:
            raise Violation(
                "an iteration raised, and what earlier ones had changed of their items counts"
            )
        if not outcome.ok:
            error = _error(outcome.error, task, cursor, outputs)
            return _Ended(_until_error(split, recorder, namespace, place), error)
        if is_call:
            (value,) = namespace[COLLECT]
            return _Ended(pack_result(value, values, given, namespace), None, 1)
        result = _result(task, namespace, recorder)
        if changed:
            assert before_items is not None
            before_items.check_replayed(recorder.replayed_operands(), changed)
            result |= {CHANGES: changed, SIGNATURE: before_items.parts.signature}
        if cursor.position >= 0:
            result["generators"] = seeded
        if over:
            check_apart(split, result)
        is_plain_result = _is_plain(result, recorder)
        if before_items is not None and not is_plain_result:
            before_items.check_apart(result)
        if is_plain_result:
            shown = []
        elif split.identity_matters:
            shown = [over or (values if before_items is None else ()), given]
        else:  # analysis doesn't look into tables and arrays: what they hold counts in any case
            shown = held_objects(v for n, v in watched.items() if n not in inputs.plain)
        if shown and shares_objects(
            [result], shown, but=lambda obj: place(obj) is not None
        ):  # what has an origin is the notebook's own object again after the merge
            raise Violation(
                "a result shares an object with the inputs, and later code would notice"
            )
        packed = pack(result, namespace, persistent=_of_nans(place) if is_plain_result else place)
        if over or changed or not recorder.plain or "elements" in result or result["leaks"]:
            # What can't be rebuilt must be known before the merge begins.
            result = unpack(packed, namespace, writable=False, resolve=find)
        done = len(values) if over else cursor.position + 1
        lists = _added(task, result, recorder.known, values[:done]) if task.then else None
        return _Ended(packed, None, done, lists, computed_s)
    finally:
        handles = [name for name in namespace if str(name).startswith(OWN_LOOPS)]
        for name in (*handles, *(worker.names() - known_names)):
            namespace.pop(name, None)


def _until_error(
    split: Split,
    recorder: Recorder,
    namespace: dict[str, Any],
    place: _Place,
) -> Packed:
    """What iterations had recorded when one raised: the merge may raise before it comes to that.

    Nothing where it can't be packed.
    """
    if split.form != "for":
        return NOTHING
    try:
        return pack({"log": recorder.log}, namespace, persistent=place)
    except PackingError:
        return NOTHING


def _guarded(worker: Worker, split: Split, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that an iteration must leave as they are: all, or those under suspicion."""
    suspected = {*split.guarded, *((ITEMS,) if split.guard_items else ())}
    if split.is_call and split.guard_items:
        return dict(values)
    return {name: value for name, value in values.items() if worker.guards or name in suspected}


def _result(task: BatchTask, namespace: dict[str, Any], recorder: Recorder) -> dict[str, Any]:
    split = task.split
    if split.form == "over":
        return made(split, namespace, is_last=task.is_last)
    if split.form != "for":
        elements = namespace[COLLECT]
        if split.form != "list":
            _check_hashable(elements if split.form == "set" else [key for key, _ in elements])
        return {"elements": elements}
    leaking = set(split.private) if task.is_last else set(split.private) - set(split.sure)
    leaks = {n: namespace[n] for n in sorted(leaking) if n in namespace and n not in HOOK_NAMES}
    return {"log": recorder.log, "leaks": leaks}


def _of_nans(place: _Place) -> _Place:
    return lambda obj: place(obj) if type(obj) is float and obj != obj else None


def _is_plain(result: Mapping[str, Any], recorder: Recorder) -> bool:
    """Whether a batch gives numbers and texts only."""
    parts = (result.get("elements", ()), result.get("leaks", {}).values())
    return (
        recorder.plain
        and recorder.plain_keys
        and result.keys() <= _RESULTS
        and all(map(is_plain, parts))
    )


def _added(
    task: BatchTask, result: dict[str, Any], known: tuple[Operation, ...], items: Any
) -> dict[str, Any]:
    """The batch's parts of the lists that the loops go over which take its elements."""
    added: dict[str, Any] = {}
    is_loop = task.split.form == "for"
    for flow in (items_by_lists(stage.split) for stage in task.then if stage.source == 0):
        beside = lists_beside(task.split, flow)
        for name in flow.names:
            made = [] if is_loop else list(result["elements"])
            added[name] = items if name in beside else made
    made_here = set(task.split.reductions).intersection(added)
    for number, _, operands in result["log"] if is_loop else ():
        operation = known[number]
        if operation.root in made_here:
            added[operation.root] += operands if operation.taking == "keep" else operands[-1]
    return added


def _check_hashable(keys: list[Any]) -> None:
    """Raises Violation where the merge would fail, so that the notebook's own line fails instead."""
    try:
        set(keys)
    except Exception as error:
        raise Violation(f"an element can't be hashed: {error}") from error


def _error(
    error: CellError | None, task: BatchTask, cursor: _Items, outputs: list[OutputMessage]
) -> ErrorReport:
    raised = error.exception if error is not None else None
    if isinstance(raised, Violation):
        raise Violation(str(raised))
    if (raised is not None and not isinstance(raised, Exception)) or isinstance(
        raised, StopIteration
    ):
        raise Violation(f"{type(raised).__name__} concerns the whole cell")
    last = len(outputs)
    while last and outputs[last - 1].get("output_type") in ("error", WIDGET_STATE):
        last -= 1
    outputs[last:] = [output for output in outputs[last:] if output.get("output_type") != "error"]
    assert error is not None
    report = ErrorReport(error.ename, error.evalue, tuple(error.traceback))
    if is_suspicious(report) or any(table.adds == "new" for table in task.split.tables):
        raise Violation(f"{error.ename} on copies of its inputs: {error.evalue}")
    return _at_item(report, task, cursor)


def _at_item(error: ErrorReport, task: BatchTask, cursor: _Items) -> ErrorReport:
    over = task.split.over
    return replace(
        error,
        batch=task.batch,
        item=None if over else task.start + max(cursor.position, 0),
        item_repr=range_text(task) if over else item_text(cursor.current),
    )


def item_text(item: Any) -> str:
    """A short text that tells which item it was."""
    try:
        shown = repr(item)
    except Exception:  # noqa: BLE001  (a user's __repr__ may raise anything)
        shown = f"<{type(item).__name__}>"
    return shown if len(shown) <= 200 else shown[:197] + "..."
