"""Splits the loops in functions and blocks as they run in a worker: each beginning is a fan-out of its own."""

from __future__ import annotations

import sys
import time
import uuid
from collections import ChainMap, Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.fanout import FanOut
from naavre_ext.executors.flight import Whole
from naavre_ext.executors.inner_events import Tell, inside_batch
from naavre_ext.executors.inner_hook import splitting
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.share import WORTH_SENDING_S
from naavre_ext.executors.sources import Source
from naavre_ext.executors.tasks import BatchReport
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.function_scope import in_function
from naavre_ext.planning.inner_rewriting import inner_operations
from naavre_ext.planning.refusal import ITEMS
from naavre_ext.planning.rewriting import LOG
from naavre_ext.scheduling.claims import at_once

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: A task's loop that was over in no time is left alone for so long; and so many are open within each other.
_REST_S, _OPEN_IN_TASKS = 0.05, 2

_CLAIMS = ("resources", "concurrency", "retries", "timeout_s", "raises_exception")

_Place = tuple[str, int]


def first_inner_number(step: Step) -> int:
    """The number of the first loop that isn't the cell's own, among the splits that a step's events tell of."""
    return max((split.index + 1 for split in step.splits), default=0)


@contextmanager
def splitting_loops(
    worker: Worker, pool: BatchPool, step: Step, tell: Tell, first: int
) -> Iterator[None]:
    """In the block, the worker splits the loops in functions that it comes to.

    They are told of as the step's splits ``first`` and after, each loop with one number, wherever it runs.
    """
    splitter = InnerSplitter(worker, pool, step, tell, first, keeps=True)
    try:
        with splitting(splitter):
            yield
    finally:
        splitter.close()


class InnerSplitter:
    """The loops in functions and blocks that begin while a step (or a batch) runs in ``worker``.

    ``quick`` are those that were over in no time when they ran last: they get along without a thread that watches.
    With ``keeps`` their batches are stored, where that is worth it: what a batch runs is stored with the batch.
    ``most`` is how many batches at once are a batch's own part of those that may run.
    """

    def __init__(
        self,
        worker: Worker,
        pool: BatchPool,
        running: Step,
        tell: Tell,
        first: int,
        *,
        keeps: bool,
        most: int | None = None,
    ) -> None:
        self.worker, self.pool, self.tell, self.keeps = worker, pool, tell, keeps
        self.most = most
        self._running = running
        self._begun: Counter[_Place] = Counter()
        #: How many batches the earlier beginnings of the loops had.
        self.batches: Counter[_Place] = Counter()
        #: What the cell that runs claims holds for the batches of the loops that it comes to.
        self._claims: dict[str, Any] = {name: getattr(running, name) for name in _CLAIMS}
        self.quick: set[_Place] = set()
        self._first = first
        self._open: list[InnerFanOut] = []
        self._tried: dict[_Place, float] = {}

    def begin(self, cell: str, index: int, iterable: Any) -> InnerFanOut | None:
        """The fan-out of the loop whose code calls the hook that calls this; None where it has to run plainly."""
        __tracebackhide__ = True
        context = self.worker.context
        known = context.inner.get((cell, index)) if context is not None else None
        if known is None or self.pool.slots < 2:
            return None
        cache = known[0].cache and self._running.cache
        step, split = replace(known[0], **self._claims, cache=cache), known[1]
        if context is not None and split.function in context.tasks and self._rests((cell, index)):
            return None
        frame = sys._getframe(2)
        if frame.f_globals is not self.worker.session.namespace:
            return None  # a copy that somebody made with names of its own
        variables = _variables(split, frame.f_locals) if split.function else {}
        if variables is None:
            return None
        split = replace(split, batches=_wanted(split, variables, frame.f_globals))
        place = (cell, index)
        fan_out = InnerFanOut(self, step, split, variables, place, self._number(place))
        self._open.append(fan_out)
        fan_out.split(index, iterable)
        return fan_out

    def _number(self, place: _Place) -> int:
        """The loop's number among all that are split, which is the same in every worker."""
        context = self.worker.context
        return self._first + (0 if context is None else list(context.inner).index(place))

    def _rests(self, place: _Place) -> bool:
        """Whether a task's loop isn't tried now: in a recursion most of them are over in no time."""
        if len(self._open) >= _OPEN_IN_TASKS:
            return True
        return place in self.quick and time.perf_counter() - self._tried.get(place, 0.0) < _REST_S

    def token(self, place: _Place) -> str:
        """A name for a beginning of the loop; a run that is resumed has the same, where its batches are stored."""
        if not self.keeps:
            return uuid.uuid4().hex
        self._begun[place] += 1
        cell, index = place
        return f"{self._running.id} {cell} {index} {self._begun[place]} {self.worker.attempt}"

    def forget(self, fan_out: InnerFanOut) -> None:
        """The loop is over."""
        self._tried[fan_out.place] = time.perf_counter()
        if fan_out in self._open:
            self._open.remove(fan_out)

    def close(self) -> None:
        """Stop what still runs, as comprehensions that raised don't say that they are over."""
        for fan_out in list(self._open):
            fan_out.close()


def _variables(split: Split, found: Mapping[str, Any]) -> dict[str, Any] | None:
    """The function's variables as the Split calls them; None where one that it needs isn't bound."""
    named = {in_function(name, split.function): value for name, value in found.items()}
    needed = {
        name
        for name in (*split.shared, *split.reductions)
        if name.endswith(f" of {split.function}")
    }
    return {n: named[n] for n in needed} if needed <= set(named) else None


def _wanted(split: Split, variables: Mapping[str, Any], names: Mapping[str, Any]) -> int | str:
    """The number of batches asked for; ``auto`` where the variable isn't there or is no such number."""
    wanted = split.batches
    if isinstance(wanted, str) and wanted != "auto":
        found = variables.get(in_function(wanted, split.function), names.get(wanted))
        valid = isinstance(found, int) and not isinstance(found, bool) and found > 0
        wanted = found if valid and found is not None else "auto"
    return wanted


class InnerFanOut(FanOut):
    """One split loop of a function or block while it runs: what the generated code holds on to.

    An iteration that raises in a batch is run again where the loop stands, from its batch on, so that the error
    is the loop's own: with its traceback, and for whoever catches it.
    """

    repeats_failed = True

    def __init__(
        self,
        splitter: InnerSplitter,
        step: Step,
        split: Split,
        variables: dict[str, Any],
        place: _Place,
        number: int,
    ) -> None:
        worker = splitter.worker
        super().__init__(
            worker, step, splitter.pool, self._tell_own_way, worker.settings.shippable, {}
        )
        if self.limit is not None:  # the other batches have parts of their own
            self.limit = at_once(self.limit, splitter.most)
            self.slots = at_once(self.slots, self.limit)
        self._number, self._first_batch, self._batches = number, splitter.batches[place], 0
        self.splits = {split.index: split}
        self._splitter, self._split, self._place = splitter, split, place
        self._variables: Mapping[str, Any] = ChainMap(variables, self.namespace)
        self._offered: dict[str, Any] = {}
        self._name = splitter.token(place)
        self.keeps_batches = splitter.keeps
        self._began = time.perf_counter()
        self._sent = False

    def _tell_own_way(self, message: Mapping[str, Any]) -> None:
        """Tell of the loop by its number; its batches are counted on from those of its earlier beginnings."""
        if "batch" in message:
            self._batches = max(self._batches, message["batch"] + 1)
            message = {**message, "batch": self._first_batch + message["batch"]}
        if "split" in message:
            message = {**message, "split": self._number}
        self._splitter.tell(message)

    def tell_from_batch(self, split: Split, batch: int, message: Mapping[str, Any]) -> None:
        """As that of a cell's loop does, with the numbers by which this one is told of."""
        self._splitter.tell(inside_batch(self._number, self._first_batch + batch, message))

    @property
    def place(self) -> tuple[str, int]:
        """The cell, and the loop's index in it."""
        return self._place

    @property
    def variables(self) -> Mapping[str, Any]:
        """The function's variables and the notebook's."""
        return self._variables

    @property
    def offered(self) -> dict[str, Any]:
        """Nobody else sees these names."""
        return self._offered

    @property
    def items(self) -> Any:
        """What the loop itself has to go over."""
        return self._offered[ITEMS]

    @property
    def log(self) -> Any:
        """The recorded operations, and then the names that leak."""
        return self._offered[LOG]

    def more(self, index: int | None = None) -> bool:
        """Whether the loop has to go on."""
        __tracebackhide__ = True
        return super().more(self._split.index if index is None else index)

    def join(self, *parts: Any) -> Any:
        """A comprehension's value."""
        __tracebackhide__ = True
        own, rest = parts[-2:]
        value = super().join(self._split.index, None, own, rest)
        self.close()
        return value

    def close(self) -> None:
        """The loop is over, well or not."""
        super().close()
        self._splitter.batches[self._place] += self._batches
        self._batches = 0
        self._splitter.forget(self)
        quick = not self._sent and time.perf_counter() - self._began < WORTH_SENDING_S
        (self._splitter.quick.add if quick else self._splitter.quick.discard)(self._place)

    def leak(self, split: Split, values: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
        """The operations that bind the function's variables, numbered after those of the body."""
        first = len(inner_operations(self.step.source, split))
        for offset, name in enumerate(split.private):
            if name in values:
                yield first + offset, (values[name],)

    def failed(self, state: Any, report: BatchReport) -> None:
        """The rest runs where the loop stands."""
        assert report.error is not None
        raise Whole(
            f"an iteration raised {report.error.ename}, and runs again in the loop's own worker"
        )

    def take_held(self, split: Split) -> None:
        """Loops in functions aren't chained."""

    def token(self, split: Split) -> str:
        """Another one for each beginning of the loop: settings may have changed since it ran last."""
        return self._name

    def watches(self, source: Source) -> bool:
        """Whether another thread looks when it is worth sending: not where it wasn't the last time."""
        return super().watches(source) and self._place not in self._splitter.quick

    def tell_split(self, state: Any, source: Source | None, batches: int, reason: str) -> None:
        """Nothing of a loop that runs whole: one in a function may begin a thousand times."""
        if batches:
            self._sent = True
            super().tell_split(state, source, batches, reason)
