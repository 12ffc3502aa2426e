"""What one run waits for: its turn, workers of groups, and what its steps claim, which is reserved here."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import ray
from ray.util.placement_group import placement_group, remove_placement_group

from naavre_ext.executors.ray.claim_waits import TOLD_AFTER_S, ClaimWaits
from naavre_ext.executors.ray.turns import Turn
from naavre_ext.executors.tasks import StepTask
from naavre_ext.model.workflow import Step
from naavre_ext.scheduling.claims import NOTHING, Claim, ClaimPlan, held_during


class RunWaits:
    """``groups_wait`` says whether workers of groups, which several jobs share, wait for what they claim."""

    def __init__(self, groups_wait: Callable[[], bool]) -> None:
        self._groups_wait = groups_wait
        self._turn: tuple[Any, Any] | None = None
        #: When the run asked for its turn, or for workers of groups; never, where there is nothing to tell of it.
        self._asked_at = math.inf
        self._reserved: dict[str, Any] = {}
        self._steps = ClaimWaits(ray.available_resources)
        #: What a group's worker (the main one's is "") claims that hasn't run a step yet.
        self._not_taken: dict[str, Claim] = {}

    def begin(self, claims: ClaimPlan) -> None:
        """The run begins, which claims this, and its workers run nothing yet."""
        if self._turn is None:
            self._not_taken = {"": claims.main, **claims.groups}

    def its_turn(self, claims: ClaimPlan) -> Any:
        """What is there once the main worker may hold what it claims; None where nobody could wait for it."""
        if claims.wants_more and self._turn is None:
            turn = Turn.remote()
            self._turn = turn, turn.come.remote()
            self._asked_at = time.monotonic()
        return self._turn[1] if self._turn is not None else None

    def for_groups(self) -> None:
        """The run has asked for workers of groups."""
        if self._groups_wait():
            self._asked_at = time.monotonic()

    def reserve(self, step: Step) -> Any:
        """What is there once the CPUs and the like that a step claims in the main worker are reserved."""
        in_group = step.group is not None and step.placement == "any"  # its worker holds the claim
        held = {} if step.splits or in_group else held_during(step)
        if not held:
            return None
        self._reserved[step.id] = group = placement_group([held])
        return group.ready()

    def sent(self, task: StepTask) -> None:
        """The step was sent, which begins once what it claims is free: a worker takes that with its first step."""
        step = task.step
        claim: Mapping[str, float] = {} if step.splits or task.group else step.resources
        if task.placement != "any" or task.group:
            reserved = {name: much for name, much in claim.items() if name != "num_gpus"}
            claim = {"num_cpus": 0, **reserved, **self._not_taken.pop(task.group or "", NOTHING)}
        self._steps.sent(step, claim)

    def over(self, step: str) -> None:
        """The step is over."""
        self._steps.over(step)

    def release(self, step: str) -> None:
        """Let go of what was reserved for the step."""
        group = self._reserved.pop(step, None)
        if group is not None:
            remove_placement_group(group)

    def hear(self, message: Mapping[str, Any]) -> bool:
        """Take note of a worker's message; whether it is for nobody else."""
        return self._steps.hear(message)

    def to_tell(self) -> str:
        """For what the run has been waiting for some seconds, told once; "" where there is nothing new."""
        text = self._steps.to_tell() if math.isinf(self._asked_at) else ""
        if text or time.monotonic() - self._asked_at < TOLD_AFTER_S:
            return text
        self._asked_at = math.inf
        if self._turn is not None and not ray.wait([self._turn[1]], timeout=0)[0]:
            return (
                "another run holds what this one claims, and wants more of it: this one waits for its turn, "
                "which comes when that one is over"
            )
        if self._groups_wait():
            return "the workers of groups wait for what they claim, which another run may hold"
        return ""

    def close(self) -> None:
        """Let go of everything."""
        for step in list(self._reserved):
            self.release(step)
        if self._turn is not None:
            ray.kill(self._turn[0])
