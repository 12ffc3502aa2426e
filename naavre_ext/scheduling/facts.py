"""What the scheduler is told of a run, and what it has done: facts in, commands out."""

from __future__ import annotations

from dataclasses import dataclass

from naavre_ext.model.event import RunStatus
from naavre_ext.model.workflow import Placement, StepId

# Facts: what happened.


@dataclass(frozen=True, slots=True)
class Began:
    """The run begins."""


@dataclass(frozen=True, slots=True)
class GroupOpened:
    """The group's worker is there."""

    group: str


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A step ended well."""

    step: StepId


@dataclass(frozen=True, slots=True)
class Failed:
    """A step raised; when ``is_fatal``, an error that no cell's tag allows."""

    step: StepId
    is_fatal: bool = False


@dataclass(frozen=True, slots=True)
class Retried:
    """A step's attempt failed and left no trace: it waits for the next one, where it was."""

    step: StepId


@dataclass(frozen=True, slots=True)
class Relocated:
    """A step must run in the main worker: its result elsewhere was thrown away, or it can't start there."""

    step: StepId


@dataclass(frozen=True, slots=True)
class Invalidated:
    """The ``again`` steps, or what they have done, don't count; ``readers`` must run in the main worker."""

    readers: tuple[StepId, ...]
    again: tuple[StepId, ...]


@dataclass(frozen=True, slots=True)
class StartedOver:
    """Nothing that was done counts; all steps run again in a fresh main worker."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The user stopped the run."""


Fact = (
    Began
    | GroupOpened
    | Succeeded
    | Failed
    | Retried
    | Relocated
    | Invalidated
    | StartedOver
    | Stopped
)


# Commands: what to do.


@dataclass(frozen=True, slots=True)
class StartStep:
    """Hand the step to a worker."""

    step: StepId
    placement: Placement


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """Have the group's worker ready; ``early`` says that its first step isn't ready yet."""

    group: str
    early: bool = False


@dataclass(frozen=True, slots=True)
class CloseGroup:
    """The run needs the group's worker no longer."""

    group: str


@dataclass(frozen=True, slots=True)
class DropStep:
    """The step doesn't count: stop it where it runs and discard its outputs."""

    step: StepId
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is left to do."""

    status: RunStatus


Command = StartStep | OpenGroup | CloseGroup | DropStep | Finish
