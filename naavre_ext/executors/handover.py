"""Who hands which values to whom: packs exported by steps, and what the main worker holds by now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from naavre_ext.executors.base import ValueHandle
from naavre_ext.executors.chaining import chains_of
from naavre_ext.executors.tasks import StepTask
from naavre_ext.model.workflow import Placement, Step, StepId, Workflow
from naavre_ext.scheduling.groups import group_at, kin_of
from naavre_ext.scheduling.reuse import Reuse


@dataclass(slots=True)
class _Exported:
    """A step's packs: per bundle the names and the handle, and the settings it left."""

    bundles: tuple[tuple[str, ...], ...] = ()
    handles: tuple[ValueHandle, ...] = ()
    settings: ValueHandle | None = None


class Handover:
    """Bookkeeping of values for one run. ``placement`` follows the scheduler's."""

    def __init__(self, workflow: Workflow, *, guards: bool = True) -> None:
        self.workflow, self.guards = workflow, guards
        steps = workflow.steps
        self.steps = {step.id: step for step in steps}
        self.position = {step.id: index for index, step in enumerate(steps)}
        self.placement: dict[StepId, Placement] = {s.id: s.placement for s in steps}
        self._exported: dict[StepId, _Exported] = {}
        self._provides: dict[StepId, list[tuple[StepId, tuple[str, ...]]]] = {}
        self._needs: dict[StepId, list[tuple[StepId, tuple[str, ...]]]] = {}
        for edge in self.workflow.edges:
            if edge.names:
                self._provides.setdefault(edge.source, []).append((edge.target, edge.names))
                self._needs.setdefault(edge.target, []).append((edge.source, edge.names))
        self._writers: dict[str, list[int]] = {}
        for index, step in enumerate(steps):
            for name in step.writes:
                self._writers.setdefault(name, []).append(index)
        self._kin = kin_of(workflow)
        #: Position of the step whose value of a name the main worker holds.
        self._in_main: dict[str, int] = {}
        #: Position of the latest step that the main worker has been given.
        self._reached = -1

    def task(
        self, step_id: StepId, placement: Placement, attempt: int
    ) -> tuple[StepTask, list[ValueHandle]]:
        """The step's task and its inputs: a handle per entry of ``binds``, of ``checks``, then the settings."""
        step = self.steps[step_id]
        self.placement[step_id] = placement
        wanted = self._wanted_by_main(step) if placement == "main" else self._wanted_anywhere(step)
        inputs = [handle for _, handle in wanted]
        settings = None
        late = placement == "main" and self._reached > self.position[step_id]
        visiting = late and step.placement == "any"
        if (placement == "any" or visiting) and step.settings_from is not None:
            settings = self._exported[step.settings_from].settings
        if settings is not None:
            inputs.append(settings)
        exports = self._exports(step, placement)
        # Analysis took a group's word for what code that can't be seen leaves alone.
        trusted = step.placement == "any" and step.group is not None
        in_main = placement == "main" and (self.guards or trusted)
        checks = self._checks(step) if in_main else []
        inputs += [handle for _, handle in checks]
        task = StepTask(
            step=step,
            placement=placement,
            binds=tuple(names for names, _ in wanted),
            checks=tuple(names for names, _ in checks),
            check_settings=in_main and self._has_neighbours(step),
            is_late=late and self.guards,
            exports=exports,
            restore=self._restore(step) if placement == "main" else (),
            with_settings=settings is not None,
            send_settings=self._settings_wanted(step_id),
            visiting=visiting and (settings is not None or step.settings_from is None),
            chains=chains_of(self.workflow, step),
            attempt=attempt,
            **self._in_group(step, placement),
        )
        return task, inputs

    def _in_group(self, step: Step, placement: Placement) -> dict[str, Any]:
        """What of its task concerns the worker of the step's group."""
        group = group_at(step, placement)
        if group is None:
            return {}
        kin = self._kin.get(step.id, ())
        first = kin[:1] == (step.id,)
        fresh = {name for member in kin for name in self.steps[member].live} if first else ()
        return {"group": group, "live": step.live, "fresh": tuple(sorted(fresh))}

    def live_names(self) -> dict[str, list[str]]:
        """For each group the names whose last values only its worker has."""
        found: dict[str, dict[str, None]] = {}
        for step in self.workflow.steps:
            group = group_at(step, self.placement[step.id])
            if group is not None and step.id in self._exported:
                found.setdefault(group, {}).update(dict.fromkeys(step.live))
        return {group: list(names) for group, names in found.items()}

    def started(self, task: StepTask, handles: Sequence[ValueHandle]) -> None:
        """Remember where the step's exports will be."""
        count = len(task.exports)
        settings = handles[count] if task.send_settings else None
        self._exported[task.step.id] = _Exported(task.exports, tuple(handles[:count]), settings)
        if task.placement == "main":
            position = self.position[task.step.id]
            self._reached = max(self._reached, position)
            for name in task.step.writes:
                if name not in task.restore:
                    self._in_main[name] = position

    def in_main(self) -> dict[str, StepId]:
        """For each name that the main worker holds the step whose value it is."""
        return {n: self.workflow.steps[position].id for n, position in self._in_main.items()}

    def resume(
        self,
        reuse: Reuse,
        packs: Mapping[StepId, Sequence[ValueHandle]],
        made: Sequence[ValueHandle],
    ) -> None:
        """Go on where an earlier run stood: ``packs`` are of steps elsewhere, ``made`` of the main worker."""
        for step, handles in packs.items():
            self._exported[step] = _Exported(self.steps[step].bundles, tuple(handles))
        for (step, bundle), handle in zip(reuse.exports, made, strict=False):
            known = self._exported.get(step, _Exported())
            self._exported[step] = _Exported((*known.bundles, bundle), (*known.handles, handle))
        if reuse.settings is not None:
            known = self._exported.get(reuse.settings, _Exported())
            self._exported[reuse.settings] = replace(known, settings=made[-1])
        if reuse.checkpoint is None:
            return
        self._in_main = {n: self.position[s] for n, s in reuse.checkpoint.in_main.items()}
        for step in sorted(reuse.covers, key=self.position.__getitem__):
            self.placement[step] = "main"
            self._in_main.update(dict.fromkeys(self.steps[step].writes, self.position[step]))
            self._reached = max(self._reached, self.position[step])

    def needing(self, step_id: StepId, names: set[str]) -> list[StepId]:
        """Steps placed anywhere that need one of these names from the step."""
        return [
            target
            for target, needed in self._provides.get(step_id, ())
            if self.placement[target] == "any" and names & set(needed)
        ]

    def outside_main(self) -> dict[str, ValueHandle]:
        """Final names whose last value the main worker hasn't taken, with the handles of their packs."""
        found: dict[str, ValueHandle] = {}
        for name, writers in self._writers.items():
            step = self.workflow.steps[writers[-1]]
            if self.placement[step.id] == "any" and self._in_main.get(name) != writers[-1]:
                exported = self._exported.get(step.id, _Exported())
                for bundle, handle in zip(exported.bundles, exported.handles, strict=True):
                    if name in bundle:
                        found[name] = handle
        return found

    def bundles_outside_main(self) -> list[tuple[tuple[str, ...], ValueHandle]]:
        """The same by pack: the names to take from it, and its handle."""
        packs: dict[int, tuple[list[str], ValueHandle]] = {}
        for name, handle in self.outside_main().items():
            packs.setdefault(id(handle), ([], handle))[0].append(name)
        return [(tuple(names), handle) for names, handle in packs.values()]

    def _exports(self, step: Step, placement: Placement) -> tuple[tuple[str, ...], ...]:
        if placement == "any":
            kept = (tuple(n for n in bundle if n not in step.live) for bundle in step.bundles)
            return tuple(bundle for bundle in kept if bundle)
        needed: set[str] = set()
        for target, names in self._provides.get(step.id, ()):
            if self.placement[target] == "any":
                needed.update(names)
        kept = (tuple(name for name in bundle if name in needed) for bundle in step.bundles)
        return tuple(bundle for bundle in kept if bundle)

    def _settings_wanted(self, step_id: StepId) -> bool:
        return any(
            step.settings_from == step_id and self.placement[step.id] == "any"
            for step in self.workflow.steps
        )

    def _wanted_anywhere(self, step: Step) -> list[tuple[tuple[str, ...], ValueHandle]]:
        wanted: list[tuple[tuple[str, ...], ValueHandle]] = []
        for source, names in self._needs.get(step.id, ()):
            exported = self._exported[source]
            for bundle, handle in zip(exported.bundles, exported.handles, strict=True):
                bound = tuple(name for name in bundle if name in names)
                if bound:
                    wanted.append((bound, handle))
        return wanted

    def _wanted_by_main(self, step: Step) -> list[tuple[tuple[str, ...], ValueHandle]]:
        """Packs from elsewhere that hold the right version of something the step needs.

        A barrier takes everything that is finished, as it may read any name.
        """
        here = self.position[step.id]
        names = {name for _, needed in self._needs.get(step.id, ()) for name in needed}
        if step.barrier:
            names |= {name for name in self._writers if self._last_writer(name, here) is not None}
        wanted: list[tuple[tuple[str, ...], ValueHandle]] = []
        sources = {self._last_writer(name, here) for name in names}
        for position in sorted(source for source in sources if source is not None):
            source = self.workflow.steps[position]
            exported = self._exported.get(source.id)
            if exported is None:
                continue
            for bundle, handle in zip(exported.bundles, exported.handles, strict=True):
                right = [n for n in bundle if self._last_writer(n, here) == position]
                missing = [n for n in right if self._in_main.get(n) != position]
                if missing and names & set(right):
                    wanted.append((tuple(missing), handle))
                    late = set(self._restore(step))
                    self._in_main.update({n: position for n in missing if n not in late})
        return wanted

    def _checks(self, step: Step) -> list[tuple[tuple[str, ...], ValueHandle]]:
        """Packs that steps elsewhere read instead of values that this step could change.

        These are the steps between this one and the next in the main worker: readers further on are
        looked after by later main steps.
        """
        found: dict[tuple[StepId, int], set[str]] = {}
        here = self.position[step.id]
        for reader in self._followers(step):
            for source, names in self._needs.get(reader.id, ()):
                position = self.position[source]
                if position >= here or source not in self._exported:
                    continue
                for number, bundle in enumerate(self._exported[source].bundles):
                    shared = {n for n in bundle if n in names and self._in_main.get(n) == position}
                    if shared - set(step.writes):
                        found.setdefault((source, number), set()).update(shared - set(step.writes))
        return [
            (tuple(n for n in self._exported[source].bundles[number] if n in names),
             self._exported[source].handles[number])
            for (source, number), names in found.items()
        ]  # fmt: skip

    def _has_neighbours(self, step: Step) -> bool:
        """Whether steps elsewhere run with settings that this step isn't expected to change."""
        here = self.position[step.id]
        return not step.writes_settings and any(
            follower.settings_from is None or self.position[follower.settings_from] < here
            for follower in self._followers(step)
        )

    def _followers(self, step: Step) -> Iterator[Step]:
        """The steps between this one and the next in the main worker."""
        for follower in self.workflow.steps[self.position[step.id] + 1 :]:
            if self.placement[follower.id] == "main":
                return
            yield follower

    def _last_writer(self, name: str, before: int) -> int | None:
        writers = self._writers.get(name, [])
        index = bisect_left(writers, before)
        return writers[index - 1] if index else None

    def _restore(self, step: Step) -> tuple[str, ...]:
        """Names that the main worker already holds in a version later than this step."""
        here = self.position[step.id]
        return tuple(
            sorted(
                name for name in {*step.reads, *step.writes} if self._in_main.get(name, -1) > here
            )
        )
