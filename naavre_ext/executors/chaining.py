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
from naavre_ext.executors.sources import Sliced, Source
from naavre_ext.executors.tasks import (
    KEEPS,
    NOTHING,
    SETTINGS,
    TOKEN,
    BatchReport,
    BatchTask,
    Stage,
    values_of,
)
from naavre_ext.model.workflow import Split, Step, Workflow
from naavre_ext.planning.elementwise import Elementwise, are_same, items_by_lists, items_of

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: A split that continues another one: its step, itself, the other one's place in the row (see :class:`Stage`).
Link = tuple[Step, Split, int]


def chains_of(workflow: Workflow, step: Step) -> dict[int, tuple[Link, ...]]:
    """For each split of the step that others continue: these, and those that continue them, depth first."""
    following: dict[tuple[str, int], list[tuple[Step, Split]]] = {}
    for other in workflow.steps:
        for split in other.splits:
            if split.continues is not None:
                following.setdefault(split.continues, []).append((other, split))

    def collect(key: tuple[str, int], source: int, links: list[Link]) -> list[Link]:
        for other, split in following.get(key, ()):
            links.append((other, split, source))
            collect((str(other.id), split.index), len(links), links)
        return links

    found = {own.index: tuple(collect((str(step.id), own.index), 0, [])) for own in step.splits}
    return {index: links for index, links in found.items() if links}


def below(stages: Sequence[Stage], place: int) -> tuple[Stage, ...]:
    """The row of the stages that continue the one at ``place`` (from 1; 0 is the batch itself)."""
    found: list[Stage] = []
    places = {place: 0}
    for number, stage in enumerate(stages, start=1):
        if stage.source in places:
            found.append(replace(stage, source=places[stage.source]))
            places[number] = len(found)
    return tuple(found)


def run_stages(
    worker: Worker, task: BatchTask, shared: Packed, items: Packed | list[Any]
) -> list[tuple[BatchReport, Packed]]:
    """A batch's report and pack, then those of the loops that go on with what it made."""
    report, packed, lists = run_batch(worker, task, shared, items)
    if isinstance(items, Packed):  # what goes on from loop to loop isn't stored on the way
        report = worker.keep_batch(task, shared, items, report, packed)
    done = [(report, packed)]
    made: list[tuple[BatchTask, dict[str, Any] | None, int]] = [(task, lists, task.start)]
    for place, stage in enumerate(task.then, start=1):
        before, found, first = made[stage.source]
        then = tuple(replace(s, source=0) for s in below(task.then, place) if s.source == 0)
        flow = items_by_lists(stage.split)
        given, start = ((), 0) if found is None else items_of(flow, found, first)
        following = BatchTask(
            stage.step,
            stage.split,
            task.batch,
            0,
            len(given),
            before.is_last and done[stage.source][0].done == before.stop - before.start,
            task.limit_s,
            then,
        )
        if found is None:
            lost = BatchReport(
                task.batch, 0.0, 0.0, "", violation="the batch before it doesn't count"
            )
            done.append((lost, NOTHING))
            made.append((following, None, 0))
            continue
        report, packed, lists = run_batch(worker, following, stage.shared, list(given))
        done.append((report, packed))
        made.append((following, lists, start))
    counts = [each.stop - each.start for each, _, _ in made]
    return [
        (_with_following(place, task.then, done, counts), pack)
        for place, (_, pack) in enumerate(done)
    ]


def _with_following(
    place: int,
    then: Sequence[Stage],
    done: Sequence[tuple[BatchReport, Packed]],
    counts: Sequence[int],
) -> BatchReport:
    """The report of the batch at that place, with what went on from it."""
    inside, spent_s, fed = {place}, 0.0, []
    for number, stage in enumerate(then, start=1):
        if stage.source in inside:
            inside.add(number)
            spent_s += done[number][0].duration_s
            if stage.source == place:
                fed.append(counts[number])
    return replace(done[place][0], fed=tuple(fed), then_s=spent_s)


@dataclass(frozen=True, slots=True)
class Segment:
    """``count`` items that a batch of the next loop has got; ``is_last`` as this batch was told."""

    count: int
    handle: Any
    is_last: bool


@dataclass
class Held:
    """The batches of one split that ran before their cell.

    ``place`` is where it stands below the split that it continues, ``stages`` are itself and those that
    continue it. ``segments`` cover its items from the first on, without a gap. ``items`` are all of them, with a
    fingerprint of what the segments cover, once the earlier cell has merged its lists.
    """

    split: Split
    place: int
    stages: tuple[Stage, ...]
    settings: Any
    segments: list[Segment] = field(default_factory=list)
    is_open: bool = True
    items: Sequence[Any] | None = None
    print: bytes = b""

    @property
    def flow(self) -> Elementwise:
        """The lists that the split goes over."""
        return items_by_lists(self.split)

    @property
    def covered(self) -> int:
        """How many items the segments cover."""
        return sum(segment.count for segment in self.segments)

    def can_go_over(self, lists: Mapping[str, Any]) -> bool:
        """Whether the lists that it goes over are all there, and of kinds that can be cut."""
        return all(type(lists.get(name)) in (list, tuple, range) for name in self.flow.names)

    def add(self, count: int, handle: Any, *, is_last: bool) -> None:
        """The next items; without a handle there can be no more."""
        if handle is None:
            self.is_open = False
        if self.is_open and count:
            self.segments.append(Segment(count, handle, is_last))

    def seal(self, lists: Mapping[str, Any], namespace: dict[str, Any], *, guards: bool) -> bool:
        """Whether there is something to go on with, now that the lists are what they are."""
        self.is_open = False
        if not self.can_go_over(lists):
            return False
        items, _ = items_of(self.flow, lists, 0)
        if not 0 < self.covered <= len(items):
            return False
        self.items = items
        try:
            if guards:
                self.print = fingerprint(items[: self.covered], namespace)
        except PackingError:
            return False
        return True

    def fits(
        self,
        source: Source,
        settings: Any,
        pool: BatchPool,
        namespace: dict[str, Any],
        *,
        guards: bool,
    ) -> bool:
        """Whether the batches ran on what there is now: the same items, variables and settings."""
        items = source.items if isinstance(source, Sliced) else ()
        if self.items is None or not are_same(items, self.items):
            return False
        if settings is not None and ambient.changed(self.settings, settings):
            return False
        if not guards:
            return True
        shared = values_of(self.split.shared, namespace)
        sent = pool.fetch(self.stages[0].shared)
        try:
            same = self.print == fingerprint(items[: self.covered], namespace)
        except PackingError:
            return False
        return (
            same and set(shared) <= set(sent.names) and not changed_since(sent, shared, namespace)
        )


class Passing:
    """The loops that go on with what a split's batches make: ``stages`` for each, and what they have done."""

    def __init__(self, stages: tuple[Stage, ...], settings: Any) -> None:
        self.stages = stages
        self.helds = [
            Held(stage.split, place, (stage, *below(stages, place)), settings)
            for place, stage in enumerate(stages, start=1)
            if stage.source == 0
        ]

    def add(self, pool: BatchPool, handle: Any, report: BatchReport, *, is_last: bool) -> None:
        """The next batch of the split has counted, with what went on from it."""
        counts = report.fed or (0,) * len(self.helds)
        for held, count in zip(self.helds, counts, strict=True):
            following = handle
            for _ in range(held.place):
                following = None if following is None else pool.following(following)
            held.add(count, following, is_last=is_last)

    def send(
        self,
        pool: BatchPool,
        lists: Mapping[str, Any],
        limit_s: float | None,
        namespace: dict[str, Any],
    ) -> None:
        """Have the loops go on with the first elements of the lists, which the cell itself has made."""
        for held in self.helds:
            if not held.can_go_over(lists):
                held.is_open = False
                continue
            made, _ = items_of(held.flow, lists, 0)
            stage, *others = held.stages
            task = BatchTask(
                stage.step, stage.split, 0, 0, len(made), False, limit_s, tuple(others)
            )
            try:
                items = pack({"items": list(made)}, namespace)
            except PackingError:
                held.is_open = False
                continue
            if made:
                held.add(len(made), pool.submit(task, stage.shared, items), is_last=False)


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
    """The links with their variables, as they are now, shared; without those whose can't be copied."""
    stages: list[Stage] = []
    places = {0: 0}
    for number, (step, split, source) in enumerate(links, start=1):
        if source not in places:
            continue
        values = values_of(split.shared, namespace)
        keeps = dict.fromkeys(split.reductions, Accumulator("a list"))  # not there yet; or a dict
        own = {KEEPS: keeps, SETTINGS: settings, TOKEN: f"{token}.{number - 1}"}
        try:
            shared = pool.share(pack({**values, **own}, namespace))
        except PackingError:
            continue
        stages.append(Stage(step, split, places[source], shared))
        places[number] = len(stages)
    return tuple(stages)
