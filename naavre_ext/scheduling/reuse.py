"""What of an earlier run a new one takes over: ``(workflow, what is stored) → Reuse``. No files, no processes.

What is taken over is closed: a step's result is used only if those of all steps before it are, too. So a step that
runs again, and may give another value this time, never meets results that came from its earlier value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from naavre_ext.model.workflow import Step, StepId, Workflow
from naavre_ext.scheduling.lineage import predecessors


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The main worker's namespace after ``step``, as stored.

    ``covers`` are the steps that had run in it. ``in_main`` tells for names that it took over from steps
    elsewhere which step each is from.
    """

    step: StepId
    covers: frozenset[StepId]
    in_main: Mapping[str, StepId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reuse:
    """``steps`` don't run, in notebook order. ``stored`` are those whose packs are put where others find them.

    ``exports`` are packs that the main worker makes from the checkpoint: of these steps, these bundles.
    ``settings`` is the step whose settings it sends out, if anybody needs them.
    """

    checkpoint: Checkpoint | None = None
    steps: tuple[StepId, ...] = ()
    stored: tuple[StepId, ...] = ()
    exports: tuple[tuple[StepId, tuple[str, ...]], ...] = ()
    settings: StepId | None = None

    @property
    def covers(self) -> frozenset[StepId]:
        """The steps whose effects the main worker has."""
        return frozenset() if self.checkpoint is None else self.checkpoint.covers


def choose_reuse(
    workflow: Workflow, checkpoints: Iterable[Checkpoint], stored: frozenset[StepId]
) -> Reuse:
    """The most that can be taken over. ``stored`` are steps elsewhere whose packs are there."""
    position = {step.id: index for index, step in enumerate(workflow.steps)}
    latest = sorted(checkpoints, key=lambda found: position[found.step], reverse=True)
    for checkpoint in (*latest, None):
        reuse = _Attempt(workflow, checkpoint, stored).reuse()
        if reuse is not None:
            return reuse
    return Reuse()


class _Attempt:
    """One checkpoint (or none) tried."""

    def __init__(
        self, workflow: Workflow, checkpoint: Checkpoint | None, stored: frozenset[StepId]
    ) -> None:
        self.workflow, self.checkpoint, self.stored = workflow, checkpoint, stored
        self.before = predecessors(workflow)
        self.by_id = {step.id: step for step in workflow.steps}
        self.covers = frozenset() if checkpoint is None else checkpoint.covers
        self.holders = self._holders()

    def _holders(self) -> dict[str, StepId]:
        """For each name in the checkpoint the step whose value it is."""
        if self.checkpoint is None:
            return {}
        position = {step.id: index for index, step in enumerate(self.workflow.steps)}
        found = dict(self.checkpoint.in_main)
        for step in self.workflow.steps:
            if step.id in self.covers:
                for name in step.writes:
                    if name not in found or position[found[name]] < position[step.id]:
                        found[name] = step.id
        return found

    def reuse(self) -> Reuse | None:
        """None when this checkpoint can't be used."""
        reused = self._closed()
        if not self.covers <= reused:
            return None
        exports: dict[tuple[StepId, tuple[str, ...]], None] = {}
        settings: StepId | None = None
        for source, step, names in self._needed(reused):
            if source.id in self.stored and source.id not in self.covers:
                continue
            if not all(self._holds(name, source) for name in names):
                return None
            if step.placement == "any":
                for bundle in source.bundles:
                    if set(bundle) & set(names):
                        exports[source.id, tuple(n for n in bundle if self._holds(n, source))] = (
                            None
                        )
        for step in self.workflow.steps:
            wanted = step.settings_from
            if step.id in reused or step.placement != "any" or wanted not in reused:
                continue
            if wanted != self._last_settings():
                return None
            settings = wanted
        return Reuse(
            self.checkpoint,
            tuple(step.id for step in self.workflow.steps if step.id in reused),
            tuple(s.id for s in self.workflow.steps if s.id in reused & self.stored - self.covers),
            tuple(exports),
            settings,
        )

    def _holds(self, name: str, source: Step) -> bool:
        return self.holders.get(name) == source.id

    def _closed(self) -> set[StepId]:
        """The largest set of steps, each available, with all that are before them."""
        reused: set[StepId] = set()
        position = {step.id: index for index, step in enumerate(self.workflow.steps)}

        def is_taken(step: Step) -> bool:
            holders = [self.holders.get(name) for name in step.writes]
            return all(h is not None and position[h] >= position[step.id] for h in holders)

        for step in self.workflow.steps:
            available = step.id in self.covers or (
                step.placement == "any" and (step.id in self.stored or is_taken(step))
            )
            if available and all(source in reused for source in self.before[step.id]):
                reused.add(step.id)
        return reused

    def _needed(self, reused: set[StepId]) -> Iterator[tuple[Step, Step, tuple[str, ...]]]:
        """What steps that run need of steps that don't."""
        for edge in self.workflow.edges:
            if edge.names and edge.source in reused and edge.target not in reused:
                yield self.by_id[edge.source], self.by_id[edge.target], edge.names

    def _last_settings(self) -> StepId | None:
        """The last step in the checkpoint that may have changed settings."""
        steps = (s.id for s in self.workflow.steps if s.id in self.covers and s.writes_settings)
        return next(reversed(list(steps)), None)
