"""What of a run waits for what it claims: told once, where the run itself holds nothing of the kind.

Workers tell when they have sent a batch or a call that claims something, and when that, or a step, has begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from naavre_ext.model.workflow import Step
from naavre_ext.scheduling.claims import NOTHING, Claim, claim_phrase, demand

#: Who has waited so long says so.
TOLD_AFTER_S = 3.0


def asks(step: Step) -> Mapping[str, Any]:
    """The message that a batch or a call of the step was sent, which claims what the step does."""
    return {"kind": "asks", "step": str(step.id), "cell": step.cell_number, **_claim(step)}


def has(step: Step) -> Mapping[str, Any]:
    """The message that one of them has begun."""
    return {"kind": "has", "step": str(step.id), **_claim(step)}


def _claim(step: Step) -> Mapping[str, Any]:
    return {"claim": dict(step.resources)}


@dataclass(slots=True)
class _Wait:
    """A claim that something of a cell waits for. ``since`` is when it was sent, or last looked at."""

    cell: int
    claim: Claim
    since: float


class ClaimWaits:
    """What was sent with a claim and hasn't begun. ``free`` gives what the cluster has left, by Ray's names."""

    def __init__(self, free: Callable[[], Mapping[str, float]]) -> None:
        self._free = free
        self._waiting: dict[tuple[str, str], _Wait] = {}
        self._held: dict[tuple[str, str], Claim] = {}

    def sent(self, step: Step, claim: Claim) -> None:
        """The step was sent, which begins once its claim is met."""
        self._waiting[str(step.id), ""] = _Wait(step.cell_number, claim, time.monotonic())

    def over(self, step: str) -> None:
        """The step is over, with all that it sent."""
        self._waiting = {key: wait for key, wait in self._waiting.items() if key[0] != step}
        self._held = {key: claim for key, claim in self._held.items() if key[0] != step}

    def hear(self, message: Mapping[str, Any]) -> bool:
        """Take note of a worker's message, which may be late; whether it is for nobody else."""
        kind, step, claim = message["kind"], str(message.get("step")), message.get("claim", NOTHING)
        key = step, claim_phrase(claim) if claim else ""
        if kind == "began" and key in self._waiting:
            self._held[key] = self._waiting.pop(key).claim
        elif kind == "asks" and (step, "") in self._held and key not in self._held:
            self._waiting[key] = _Wait(message["cell"], claim, time.monotonic())
        elif kind == "has" and (step, "") in self._held:
            self._waiting.pop(key, None)
            self._held[key] = claim
        return kind in ("asks", "has")

    def to_tell(self) -> str:
        """Who waits for something that isn't free, of which the run holds nothing; "" if nobody does for long."""
        now = time.monotonic()
        for key, wait in list(self._waiting.items()):
            need = demand(wait.claim)
            if now - wait.since < TOLD_AFTER_S or not any(wait.claim.values()):
                continue
            wait.since = now
            if any(need.keys() & demand(claim) for claim in self._held.values()):
                continue
            free = self._free()
            if any(free.get(name, 0.0) < much for name, much in need.items()):
                del self._waiting[key]
                claim = claim_phrase(wait.claim)
                return f"cell {wait.cell} waits: {claim}, claimed for it, isn't free at present"
        return ""
