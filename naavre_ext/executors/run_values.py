"""Takes the variables that a run's caller wants from wherever they are when they are needed there no longer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from naavre_ext.executors.base import Executor, Later
from naavre_ext.executors.collecting import TOO_LARGE
from naavre_ext.executors.handover import Handover
from naavre_ext.executors.packing import Packed
from naavre_ext.model.event import RunStatus
from naavre_ext.model.portrait import NamespacePortrait, StepObservation
from naavre_ext.model.run import RunOptions
from naavre_ext.model.workflow import StepId


@dataclass(slots=True)
class _LiveEnd:
    """What was taken along of a group's live values when the run needed its worker no longer."""

    collect: Later | None = None
    portrait: NamespacePortrait = field(default_factory=NamespacePortrait)


@dataclass(slots=True)
class RunEnd:
    """How a run ended. ``values`` are the packs of the kept variables, ``missing`` why others are not kept.

    ``observations`` and ``portrait`` are there when the options ask to observe.
    """

    status: RunStatus
    duration_s: float
    failure: Mapping[str, Any] | None = None
    batches: dict[str, int] = field(default_factory=dict)
    values: dict[str, Packed] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    observations: dict[StepId, StepObservation] = field(default_factory=dict)
    portrait: NamespacePortrait = field(default_factory=NamespacePortrait)


class RunValues:
    """What is taken along of a run: of its groups when they close, of all else at the end."""

    def __init__(self, executor: Executor, options: RunOptions) -> None:
        self.executor, self.options = executor, options
        self._left: dict[str, _LiveEnd] = {}

    def forget(self) -> None:
        """The run starts over."""
        self._left.clear()

    def expect_end(self, group: str, handover: Handover) -> None:
        """The group's worker runs its last step for this run: it may go on with another's after that."""
        if not self.options.observe:
            mine = self._wanted_live(group, handover)
            self.executor.expect_end(group, mine, self.options.keep_most_bytes)

    def close_group(self, group: str, handover: Handover, *, has_failed: bool) -> None:
        """Take along what is wanted of a group's live values, and let go of its worker."""
        left = self._left[group] = _LiveEnd()
        mine = self._wanted_live(group, handover)
        if mine and not has_failed:
            left.collect = self.executor.collect_live(group, mine, self.options.keep_most_bytes)
        names = handover.live_names().get(group, [])
        if self.options.observe and names:
            left.portrait = self.executor.portray_live(group, names)
        self.executor.close_group(group)

    def _wanted_live(self, group: str, handover: Handover) -> list[str]:
        names, wanted = handover.live_names().get(group, []), self.options.keep
        return names if wanted is None else [name for name in wanted if name in names]

    def collect(self, end: RunEnd, handover: Handover) -> None:
        """Put the wanted values into the end."""
        wanted = self.options.keep
        outside = handover.outside_main()
        elsewhere = set(outside).union(*handover.live_names().values())
        inside = None if wanted is None else [name for name in wanted if name not in elsewhere]
        most = self.options.keep_most_bytes
        end.values, end.missing = self.executor.collect(inside, most)
        room = math.inf if most is None else most - sum(p.nbytes for p in end.values.values())
        for name, found in self._left_and_outside(outside, end.missing):
            if found.nbytes <= room:
                end.values[name] = found
                room -= found.nbytes
            else:
                end.missing[name] = TOO_LARGE

    def portray(self, handover: Handover) -> NamespacePortrait:
        """What the run left in its variables."""
        found = self.executor.portray(handover.bundles_outside_main())
        for left in self._left.values():
            variables = {**found.variables, **left.portrait.variables}
            found = NamespacePortrait(variables, (*found.shared, *left.portrait.shared))
        return found

    def _left_and_outside(
        self, outside: Mapping[str, Any], missing: dict[str, str]
    ) -> Iterator[tuple[str, Packed]]:
        """The wanted values of groups, and of steps that ran elsewhere; notes which groups' are ``missing``."""
        for left in self._left.values():
            values, lost = left.collect() if left.collect is not None else ({}, {})
            missing.update(lost)
            yield from values.items()
        wanted = self.options.keep
        for name, handle in outside.items():
            if wanted is None or name in wanted:
                yield name, self.executor.fetch(handle)
