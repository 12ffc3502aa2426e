"""Chains of split loops: a batch's elements go on into the next loop at once, in the same worker.

The main worker merges the first loop's record when the first loop's cell is there, and holds on to what the
next loops' batches recorded until their own cells reach them. Then these only have to be merged, if all is as it
was when they ran; what no batch has done, the later cell does as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from naavre_ext.executors import ambient
from naavre_ext.executors.accumulators import Accumulator
from naavre_ext.executors.batches import run_batch
from naavre_ext.executors.guarding import changed_since
from naavre_ext.executors.packing import Packed, PackingError, fingerprint, pack
from naavre_ext.executors.pool import BatchPool
from naavre_ext.executors.tasks import (
    KEEPS,
    NOTHING,
    SETTINGS,
    TOKEN,
    BatchReport,
    BatchTask,
    Stage,
)
from naavre_ext.model.workflow import Split, Step, Workflow

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: A split that continues another one, with its step.
Link = tuple[Step, Split]


def chains_of(workflow: Workflow, step: Step) -> dict[int, tuple[Link, ...]]:
    """For each split of the step that others continue: these, one continuing the other."""
    following = {
        split.continues: (other, split)
        for other in workflow.steps
        for split in other.splits
        if split.continues is not None
    }
    found: dict[int, tuple[Link, ...]] = {}
    for own in step.splits:
        links: list[Link] = []
        key = (str(step.id), own.index)
        while key in following:
            links.append(following[key])
            key = (str(links[-1][0].id), links[-1][1].index)
        if links:
            found[own.index] = tuple(links)
    return found


def run_stages(
    worker: Worker, task: BatchTask, shared: Packed, items: Packed | list[Any]
) -> list[tuple[BatchReport, Packed]]:
    """A batch's report and pack, then those of the loops that go on with what it made."""
    report, packed, elements = run_batch(worker, task, shared, items)
    if isinstance(items, Packed):  # what goes on from loop to loop isn't stored on the way
        report = worker.keep_batch(task, shared, items, report, packed)
    done = [(report, packed)]
    if not task.then:
        return done
    if elements is None:
        lost = BatchReport(task.batch, 0.0, 0.0, "", violation="the batch before it doesn't count")
        return [*done, *[(lost, NOTHING)] * len(task.then)]
    stage, *others = task.then
    following = BatchTask(
        stage.step,
        stage.split,
        task.batch,
        0,
        len(elements),
        task.is_last and report.done == task.stop - task.start,
        task.limit_s,
        tuple(others),
    )
    done += run_stages(worker, following, stage.shared, elements)
    spent_s = sum(later.duration_s for later, _ in done[1:])
    done[0] = (replace(report, fed=len(elements), then_s=spent_s), packed)
    return done


@dataclass(frozen=True, slots=True)
class Segment:
    """``count`` elements of a list that a batch of the next loop has got; ``is_last`` as this batch was told."""

    count: int
    handle: Any
    is_last: bool


@dataclass
class Held:
    """The batches of one split that ran before their cell.

    ``segments`` cover its items from the first on, without a gap. ``elements`` is the list itself, with a
    fingerprint of what they cover once the earlier cell has merged all of it.
    """

    split: Split
    stages: tuple[Stage, ...]
    settings: Any
    segments: list[Segment] = field(default_factory=list)
    is_open: bool = True
    elements: list[Any] | None = None
    print: bytes = b""

    @property
    def covered(self) -> int:
        """How many items the segments cover."""
        return sum(segment.count for segment in self.segments)

    def add(self, count: int, handle: Any, *, is_last: bool) -> None:
        """The next elements; without a handle there can be no more."""
        if handle is None:
            self.is_open = False
        if self.is_open and count:
            self.segments.append(Segment(count, handle, is_last))

    def seal(self, elements: Any, namespace: dict[str, Any], *, guards: bool) -> bool:
        """Whether there is something to go on with, now that the list is what it is."""
        self.is_open = False
        if type(elements) is not list or not 0 < self.covered <= len(elements):
            return False
        self.elements = elements
        try:
            if guards:
                self.print = fingerprint(elements[: self.covered], namespace)
        except PackingError:
            return False
        return True

    def fits(
        self, items: Any, settings: Any, pool: BatchPool, namespace: dict[str, Any], *, guards: bool
    ) -> bool:
        """Whether the batches ran on what there is now: the same items, variables and settings."""
        if type(items) is not list or items is not self.elements or len(items) < self.covered:
            return False
        if settings is not None and ambient.changed(self.settings, settings):
            return False
        if not guards:
            return True
        shared: Mapping[str, Any] = {n: namespace[n] for n in self.split.shared if n in namespace}
        sent = pool.fetch(self.stages[0].shared)
        try:
            same = self.print == fingerprint(items[: self.covered], namespace)
        except PackingError:
            return False
        return (
            same and set(shared) <= set(sent.names) and not changed_since(sent, shared, namespace)
        )


class Holds:
    """What a worker holds for cells to come."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, int], Held] = {}

    def put(self, step: Step, split: Split, held: Held) -> None:
        """Keep it until :meth:`take`."""
        self._held[str(step.id), split.index] = held

    def take(self, step: Step, split: Split) -> Held | None:
        """What is held for the split, which is held no longer."""
        return self._held.pop((str(step.id), split.index), None)

    def clear(self) -> None:
        """Forget all."""
        self._held.clear()


def stages_for(
    links: Sequence[Link],
    namespace: dict[str, Any],
    settings: Any,
    token: str,
    pool: BatchPool,
) -> tuple[Stage, ...]:
    """The links with their variables, as they are now, shared; up to the first whose can't be copied."""
    stages: list[Stage] = []
    for step, split in links:
        values = {name: namespace[name] for name in split.shared if name in namespace}
        keeps = dict.fromkeys(split.reductions, Accumulator("a list"))  # not there yet; or a dict
        try:
            own = {KEEPS: keeps, SETTINGS: settings, TOKEN: f"{token}.{len(stages)}"}
            stages.append(Stage(step, split, pool.share(pack({**values, **own}, namespace))))
        except PackingError:
            break
    return tuple(stages)
