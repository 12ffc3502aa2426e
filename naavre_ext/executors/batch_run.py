"""One batch in a worker: takes what it is given, runs its code and checks that its result may be used."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from naavre_ext.dataflow.source import body_source
from naavre_ext.executors import ambient
from naavre_ext.executors.batch_code import BatchCode, batch_code
from naavre_ext.executors.batch_errors import at_item, error_of
from naavre_ext.executors.batch_inputs import ChangedItems, Cursor, KeptItems
from naavre_ext.executors.batch_results import (
    added_to_lists,
    is_plain_result,
    of_nans,
    result_of,
    until_error,
    without_closures,
)
from naavre_ext.executors.cell_outcome import CellOutcome
from naavre_ext.executors.checkpoints import has_open_figures
from naavre_ext.executors.filled_columns import why_no_labels
from naavre_ext.executors.guarding import Inputs
from naavre_ext.executors.held_objects import held_objects
from naavre_ext.executors.hidden_state import ClassState, hidden_state, is_kept
from naavre_ext.executors.inner_events import Tell
from naavre_ext.executors.inner_hook import splitting_in_batch
from naavre_ext.executors.names_asked import noting_names, why_not_used
from naavre_ext.executors.names_bound import names_bound_by, why_bound
from naavre_ext.executors.origins import Origins, finder
from naavre_ext.executors.over_batches import check_apart
from naavre_ext.executors.packing import Packed, pack, unpack
from naavre_ext.executors.packing_identity import shares_objects
from naavre_ext.executors.recording import Recorder
from naavre_ext.executors.session_process import forget_plots, when_loaded
from naavre_ext.executors.shared_items import unpack_items
from naavre_ext.executors.task_calls import arguments_of, calling, pack_result
from naavre_ext.executors.tasks import (
    KEEPS,
    NOTHING,
    SETTINGS,
    TOKEN,
    BatchTask,
    ErrorReport,
    Violation,
)
from naavre_ext.model.event import OutputMessage
from naavre_ext.planning.inner_rewriting import CALL_HOOK, OWN_LOOPS
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.rewriting import COLLECT, RECORD_HOOK

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker


@dataclass
class Ended:
    """What a batch left. ``lists`` are its parts of those that next loops go over, None where it failed.

    Its code ran for ``computed_s``; None where that isn't told.
    """

    packed: Packed = NOTHING
    error: ErrorReport | None = None
    done: int = 0
    lists: dict[str, Any] | None = None
    computed_s: float | None = None


class BatchRun:
    """A batch whose outputs and messages go to ``outputs`` and ``tell``."""

    def __init__(
        self, worker: Worker, task: BatchTask, outputs: list[OutputMessage], tell: Tell
    ) -> None:
        self._worker, self._task, self._split = worker, task, task.split
        self._outputs, self._tell = outputs, tell
        self._namespace: dict[str, Any] = worker.session.namespace

    def run(self, shared: Packed, items: Packed | list[Any]) -> Ended:
        """What it left; ``shared`` are the variables that all batches get.

        Raises:
            Violation: its result can't be used.
            PackingError: what it was given can't be rebuilt here, or its result can't be packed.
        """
        known_names = self._worker.names()
        self._take(shared, items)
        try:
            code = batch_code(self._task.step, self._split)
            self._install(code)
            self._look(shared)
            return self._end(self._execute(code))
        finally:
            own = [name for name in self._namespace if str(name).startswith(OWN_LOOPS)]
            for name in (*own, *(self._worker.names() - known_names)):
                self._namespace.pop(name, None)
            if self._split.draws and has_open_figures():
                when_loaded("matplotlib.pyplot", forget_plots)

    # What it is given

    def _take(self, shared: Packed, items: Packed | list[Any]) -> None:
        """Unpack the variables and the items, and have the worker's settings be those of the cell."""
        task, split, worker = self._task, self._split, self._worker
        given = self._given = unpack(shared, self._namespace, writable=False)
        token, settings, self._keeps = (given.pop(own) for own in (TOKEN, SETTINGS, KEEPS))
        values: Any = items
        if isinstance(items, Packed):  # modules that are imported for them may draw random numbers
            values = unpack_items(items, self._namespace, given, writable=task.sends_back)
            if task.sends_back and type(values) is not tuple:
                values = list(values)  # rows of an array are one object each
        self._values = values
        threads = max(1, int(task.step.resources.get("num_cpus", 1)))
        self._before = worker.settings.enter_split(token, settings, given, split.guard_rng, threads)
        self._namespace.update(given)
        if reason := why_no_labels(split, values):
            raise Violation(reason)
        self._over = dict(zip(split.over, values.values, strict=True)) if split.over else {}
        self._trace()

    def _trace(self) -> None:
        """Prepare to tell the objects that it was given from others."""
        split, given, values = self._split, self._given, self._values
        tables = {table.name for table in split.tables}
        known = {name: value for name, value in given.items() if name not in tables}
        # What an '# over' cell makes is joined: a slice would be no window on the notebook's array any more.
        beside = {n: self._worker.beside[n] for n in known if n in self._worker.beside}
        sends_back = self._task.sends_back
        traced: Any = () if sends_back else values.values if self._over else values
        origins = Origins(known, traced, slices=not self._over, beside=beside)
        find = finder(given, values, 0)
        self._items = (
            ChangedItems(values, self._namespace, origins.of, find)
            if sends_back
            else KeptItems(values, origins.of, find)
        )
        self._cursor = Cursor(values, origins, self._task.limit_s)

    def _install(self, code: BatchCode) -> None:
        """Give the code what it calls."""
        split, namespace = self._split, self._namespace
        tables = [table for table in split.tables if table.name in self._given]
        self._recorder = Recorder(
            code.operations,
            self._keeps,
            self._outputs,
            self._worker.session.flush,
            {t.name: (t, self._given[t.name]) for t in tables if t.in_body},
            split.instances,
            namespace,
        )
        namespace.update(self._over or {ITEMS: self._cursor, RECORD_HOOK: self._recorder.record})
        namespace.update(code.hooks(self._given, namespace))
        if split.is_call:
            namespace[CALL_HOOK] = calling(self._worker, self._task.step)

    def _look(self, shared: Packed) -> None:
        """Look at what it was given, to find out later what was changed of it."""
        worker, split = self._worker, self._split
        items = arguments_of(self._values) if split.is_call else {ITEMS: self._values}
        self._watched = {**self._given, **(self._over or items)}
        token, known = worker.plain
        plain = known if token == shared.token else frozenset(shared.numbers)
        self._inputs = Inputs(self._guarded(), self._namespace, plain - set(self._over))
        worker.plain = shared.token, self._inputs.plain & set(self._given)
        self._hidden, self._classes = hidden_state(self._namespace), ClassState(self._namespace)
        self._bound = dict(self._namespace)

    def _guarded(self) -> dict[str, Any]:
        """What an iteration must leave as it is: all, or what is under suspicion."""
        split, values = self._split, self._watched
        if not self._items.is_guarded:
            values = {name: value for name, value in values.items() if name != ITEMS}
        if split.is_call and split.guard_items:
            return dict(values)
        suspected = {*split.guarded, *((ITEMS,) if split.guard_items else ())}
        return {n: value for n, value in values.items() if self._worker.guards or n in suspected}

    # Its code

    def _execute(self, code: BatchCode) -> CellOutcome:
        task, worker = self._task, self._worker
        clock = time.perf_counter()
        with (
            splitting_in_batch(worker, task.step, task.slots, self._tell),
            noting_names(self._namespace) as self._asked,
        ):
            outcome = worker.capture(
                self._outputs,
                body_source(task.step.source),
                task.step.execution_count,
                lambda _tree: code.tree,
            )
        self._computed_s = time.perf_counter() - clock
        return outcome

    # What it hands back

    def _end(self, outcome: CellOutcome) -> Ended:
        task, split, drawn = self._task, self._split, self._before.rng
        seeded = ambient.generators(split.seeds)
        ambient.set_generators({name: drawn[name] for name in split.seeds if name in drawn})
        # Of a loop in a function, whether or not the notebook caught it.
        ours = self._worker.outputs.take_error()
        if ours is not None:
            return Ended(error=at_item(ours, task, self._cursor))
        changes = self._check_effects(outcome)
        if not outcome.ok:
            error = error_of(outcome.error, task, self._cursor, self._outputs)
            place = self._items.place
            return Ended(until_error(split, self._recorder, self._namespace, place), error)
        if split.is_call:
            (value,) = self._namespace[COLLECT]
            packed = pack_result(value, self._values, self._given, self._namespace)
            return Ended(packed, None, 1)
        result = result_of(task, self._namespace, self._recorder)
        result |= self._items.sent_back(changes, self._recorder)
        if self._cursor.position >= 0:
            result["generators"] = seeded
        if self._over:
            check_apart(split, result)
        return self._packed(result, is_changed=bool(changes))

    def _check_effects(self, outcome: CellOutcome) -> dict[int, Any]:
        """What was changed of the items. Raises Violation where other things were changed that must not be."""
        split = self._split
        before = self._before
        reason = self._worker.settings.violation(before, split.guard_rng)
        reason = reason or self._recorder.why_unusable()
        if split.draws and not outcome.ok and not self._task.step.retries:
            reason = "an iteration raised, and a figure that it leaves is shown after the error"
        elif (
            split.draws and outcome.ok and self._cursor.left_figures
        ):  # by now it was shown and closed
            reason = "it left a figure open"
        if reason:
            ambient.set_generators(before.rng)
            raise Violation(reason)
        if reason := why_not_used(self._asked):
            raise Violation(reason)
        if reason := why_bound(
            self._bound, self._namespace, names_bound_by(self._task.step, split)
        ):
            raise Violation(reason)
        if not is_kept(self._hidden, self._namespace):
            self._classes.restore()
            raise Violation("a function or class of the notebook changed its own state")
        for name in self._inputs.changed():
            what, copied = ("an item", "the item") if name == ITEMS else (f"'{name}'", f"'{name}'")
            raise Violation(f"{what} was changed in place: change a copy of {copied} instead")
        changes = self._items.changes()
        if changes and not outcome.ok:
            raise Violation(
                "an iteration raised, and what earlier ones had changed of their items counts"
            )
        return changes

    def _packed(self, result: dict[str, Any], *, is_changed: bool) -> Ended:
        is_plain = is_plain_result(result, self._recorder)
        place, namespace = self._items.place, self._namespace
        if not is_plain:
            self._items.check_apart(result)
            self._check_shared(result)
            if self._split.function:
                place = without_closures(place, self._split, result)
        packed = pack(result, namespace, persistent=of_nans(place) if is_plain else place)
        recorder, over = self._recorder, self._over
        if over or is_changed or not recorder.plain or "elements" in result or result["leaks"]:
            # What can't be rebuilt must be known before the merge begins.
            result = unpack(packed, namespace, writable=False, resolve=self._items.find)
        done = len(self._values) if over else self._cursor.position + 1
        lists = None
        if self._task.then:
            lists = added_to_lists(self._task, result, recorder.known, self._values[:done])
        return Ended(packed, None, done, lists, self._computed_s)

    def _check_shared(self, result: Mapping[str, Any]) -> None:
        """Raises Violation where the result shares an object with the inputs that isn't the notebook's own again.

        What has a place among the inputs is that after the merge.
        """
        seen: list[Any]
        if self._split.identity_matters:
            seen = [self._over or self._items.seen, self._given]
        else:  # analysis doesn't look into tables and arrays: what they hold counts in any case
            plain = self._inputs.plain
            seen = held_objects(v for name, v in self._watched.items() if name not in plain)
        place = self._items.place
        if seen and shares_objects([result], seen, but=lambda obj: place(obj) is not None):
            raise Violation(
                "a result shares an object with the inputs, and later code would notice"
            )
