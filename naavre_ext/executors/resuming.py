"""The driver's side of stored results: what of an earlier run a new one takes over, and how it gets there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from naavre_ext.executors.packing import Packed
from naavre_ext.executors.result_environment import has_same_modules
from naavre_ext.executors.result_files import ResultUnusable, read_header, read_result
from naavre_ext.executors.result_keeper import ANYWHERE, MAIN
from naavre_ext.executors.tasks import Keeping, ResultPlace, StepTask
from naavre_ext.model.event import RunEvent, StepEnded, StepFailed, StepFinished, StepReused
from naavre_ext.model.workflow import Step, StepId, Workflow
from naavre_ext.scheduling.background import Backgrounds
from naavre_ext.scheduling.lineage import private_steps, step_keys, unkeepable
from naavre_ext.scheduling.reuse import Checkpoint, Reuse, choose_reuse

#: The code of messages about what is reused, and of the warning that nothing more is stored.
REUSE_CODE, FULL_CODE = "NX517", "NX518"
#: Its presence says that results of whole steps aren't to be trusted: some were made of stale values.
_DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """The run that is resumed. ``told`` are each step's outputs and then its end, of steps that ended well.

    The global generators of the libraries in ``reseed`` aren't taken over.
    """

    run_id: str
    told: Mapping[StepId, Sequence[RunEvent]] = field(default_factory=dict)
    reseed: tuple[str, ...] = ()


class Results:
    """Where a run's results go, and under which names; what is there already, where a run is resumed.

    ``part`` is what the run has in common with the earlier one, where that isn't all: only steps of it are
    taken over. With ``stores`` off nothing is stored. ``wanted`` are steps whose results are stored whatever that
    costs. ``placed`` are packs that other runs have put where workers find them, by file; more are added.
    ``inconstant`` are the steps that may do something else each time they run (None: any).
    """

    def __init__(
        self,
        workflow: Workflow,
        place: ResultPlace,
        earlier: EarlierRun | None = None,
        *,
        part: Workflow | None = None,
        stores: bool = True,
        wanted: frozenset[StepId] = frozenset(),
        placed: dict[Path, list[Any]] | None = None,
        inconstant: frozenset[StepId] | None = None,
    ) -> None:
        self.workflow, self.place, self.earlier = workflow, place, earlier
        self.stores, self.wanted = stores, wanted
        self._placed = {} if placed is None else placed
        self.unkeepable = unkeepable(part or workflow)
        self.private = private_steps(workflow)
        self._keys = step_keys(part or workflow, place.environment)
        self._backgrounds = Backgrounds(workflow, place.environment, inconstant) if stores else None
        self._taken_over: dict[StepId, str] = {}

    def keeping(
        self, step: StepId, covers: Sequence[StepId], in_main: Mapping[str, StepId]
    ) -> Keeping | None:
        """How the step's result is stored; None when it must not be."""
        if step in self.unkeepable or not self.stores:
            return None
        return Keeping(self._keys[step], tuple(covers), in_main, is_wanted=step in self.wanted)

    def take_over(self, step: StepId, run_id: str) -> None:
        """The step doesn't run again: what it did is what it did in that run."""
        self._taken_over[step] = run_id

    def background(self, step: StepId, run_id: str) -> str:
        """Stands for what earlier steps have done, in this run or in those from which they are taken over."""
        if self._backgrounds is None:
            return ""
        ran_in = {one.id: self._taken_over.get(one.id, run_id) for one in self.workflow.steps}
        return self._backgrounds.of(step, ran_in)

    def doubt(self) -> None:
        """From now on no step's result of this run counts, as a value turned out to be stale."""
        self.unkeepable = {step.id: "a value changed unforeseen" for step in self.workflow.steps}
        if not self.stores:
            return
        try:
            self._path(_DOUBTFUL).touch(mode=0o600)
        except OSError:
            for suffix in (MAIN, ANYWHERE):
                for key in self._keys.values():
                    self._path(f"{key}{suffix}").unlink(missing_ok=True)

    def offer(self, hash_probe: int) -> Offer:
        """What is stored and still valid."""
        reseed = () if self.earlier is None else self.earlier.reseed
        offer = Offer(self.workflow, reseed, self._placed)
        if self.earlier is None or self._path(_DOUBTFUL).exists():
            return offer
        for step in self.workflow.steps:
            if step.id not in self._keys:
                continue
            suffix = MAIN if step.placement == "main" else ANYWHERE
            path = self._path(f"{self._keys[step.id]}{suffix}")
            if step.id in self.unkeepable or not path.exists():
                continue
            try:
                header = read_header(path)
                if header["hash_probe"] != hash_probe:
                    offer.other_seed = True
                elif has_same_modules(header["modules"]):
                    offer.add(step.id, path, header)
            except (ResultUnusable, KeyError, TypeError):
                offer.damaged.append(step.id)
        return offer

    def _path(self, name: str) -> Path:
        return Path(self.place.folder, name)


class Offer:
    """Results that could be taken over. What turns out to be unusable is withdrawn."""

    def __init__(
        self, workflow: Workflow, reseed: tuple[str, ...], placed: dict[Path, list[Any]]
    ) -> None:
        self.workflow, self.reseed, self._placed = workflow, reseed, placed
        self.damaged: list[StepId] = []
        self.other_seed = False
        self._ids = {step.id for step in workflow.steps}
        self._main: dict[StepId, tuple[Checkpoint, Path]] = {}
        self._anywhere: dict[StepId, Path] = {}

    def add(self, step: StepId, path: Path, header: Mapping[str, Any]) -> None:
        """One more result."""
        if path.suffix == ANYWHERE:
            self._anywhere[step] = path
            return
        covers = frozenset(StepId(name) for name in header["covers"])
        in_main = {name: StepId(source) for name, source in header["in_main"].items()}
        if covers <= self._ids and set(in_main.values()) <= self._ids:
            self._main[step] = Checkpoint(step, covers, in_main), path

    def withdraw(self, step: StepId) -> None:
        """The step's result can't be used after all."""
        self._main.pop(step, None)
        self._anywhere.pop(step, None)
        self.damaged.append(step)

    def may_find(self, step: StepId) -> bool:
        """Whether the step is still reused if it is given what it was given then."""
        return step in self._anywhere

    def choose(self) -> Reuse:
        """The most that can be taken over."""
        checkpoints = [checkpoint for checkpoint, _ in self._main.values()]
        return choose_reuse(self.workflow, checkpoints, frozenset(self._anywhere))

    def placed(
        self, reuse: Reuse, place: Callable[[Packed], Any]
    ) -> Iterator[tuple[StepId, list[Any]]]:
        """The packs of the steps elsewhere that are taken over, where workers find them.

        Raises:
            ResultUnusable: one can't be read, and was withdrawn.
        """
        for step in reuse.stored:
            path = self._anywhere[step]
            try:
                if path not in self._placed:
                    self._placed[path] = [place(packed) for packed in read_result(path)[1][0]]
            except ResultUnusable:
                self.withdraw(step)
                raise
            yield step, self._placed[path]

    def restoring(self, reuse: Reuse) -> StepTask | None:
        """The task that makes the main worker what it was; None where there is nothing to restore."""
        if reuse.checkpoint is None:
            return None
        return StepTask(
            step=self.workflow.step(reuse.checkpoint.step),
            placement="main",
            exports=tuple(bundle for _, bundle in reuse.exports),
            send_settings=reuse.settings is not None,
            checkpoint=str(self._main[reuse.checkpoint.step][1]),
            reseed=self.reseed,
        )


def retold(step: Step, earlier: EarlierRun) -> Iterator[RunEvent]:
    """What the earlier run told of the step: its outputs, and how it ended."""
    told = earlier.told.get(step.id, ())
    yield from told[:-1]
    end = told[-1] if told else None
    found = end if isinstance(end, StepEnded) else None
    yield StepReused(
        step=step.id,
        cell_id=step.cell_id,
        execution_count=step.execution_count,
        started_at=found.started_at if found else 0.0,
        duration_s=found.duration_s if found else 0.0,
        worker=found.worker if found else "",
        source=found.source if isinstance(found, StepReused) else earlier.run_id,
    )
    if isinstance(end, StepFailed):  # as its cell's tag allows
        yield end


def explain_reuse(
    workflow: Workflow,
    earlier: EarlierRun,
    offer: Offer,
    reuse: Reuse,
    unkeepable: Mapping[StepId, str],
) -> Iterator[str]:
    """In words: what is taken over, and why cells that had ended well run again."""
    ends = {step: told[-1] for step, told in earlier.told.items()}
    again = [
        step
        for step in workflow.steps
        if step.id not in reuse.steps
        and not offer.may_find(step.id)
        and _is_noteworthy(step, ends.get(step.id))
    ]
    reused = [s.cell_number for s in workflow.steps if s.id in reuse.steps]
    took = f"cells {_numbers(reused)} are" if len(reused) > 1 else f"cell {_numbers(reused)} is"
    if reused:
        yield f"{took} taken over from run {earlier.run_id}"
    if not again:
        return
    if offer.other_seed:
        why = "this run's Python hashes texts in another way (set PYTHONHASHSEED before the first run)"
    elif any(step.id in offer.damaged for step in again):
        why = "what was stored of them can't be read any more"
    else:
        last = again[-1]
        why = unkeepable.get(last.id) or getattr(ends[last.id], "unkept", "") or _CHEAP
    cells = _numbers([step.cell_number for step in again])
    runs = f"cells {cells} run" if len(again) > 1 else f"cell {cells} runs"
    yield f"{runs} again, though it had ended well in that run: {why}"


#: Cells that took less time run again without much ado.
_NOTEWORTHY_S = 1.0
_CHEAP = "what it depends on changed, or storing the result would have cost more than it saves"


def _is_noteworthy(step: Step, end: RunEvent | None) -> bool:
    """Whether the user should know that a step, which had ended so, runs again."""
    if not isinstance(end, (StepFinished, StepReused)):
        return False
    return step.touches_outside or end.duration_s >= _NOTEWORTHY_S


def _numbers(numbers: Sequence[int]) -> str:
    """``1-4, 6``."""
    spans: list[list[int]] = []
    for number in dict.fromkeys(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in spans)
