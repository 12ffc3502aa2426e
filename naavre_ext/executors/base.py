"""What an executor offers to the driver of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from naavre_ext.executors.packing import Packed
from naavre_ext.executors.tasks import RunContext, StepReport, StepTask
from naavre_ext.model.portrait import NamespacePortrait
from naavre_ext.model.workflow import Workflow

#: Values that are on their way, and why others aren't there.
Later = Callable[[], tuple[dict[str, Packed], dict[str, str]]]

#: Where a bundle of values is: opaque to the driver (a Ray object reference, or the values themselves).
ValueHandle = Any


def group_opened(group: str) -> Mapping[str, Any]:
    """What an executor reports when a group's worker is ready."""
    return {"kind": "group-opened", "group": group}


def group_gone(group: str) -> Mapping[str, Any]:
    """What an executor reports when a group that was closed can't have a worker again."""
    return {"kind": "group-gone", "group": group}


class Executor(Protocol):
    """Runs steps. All calls come from one thread."""

    name: str
    slots: int
    #: Whether all workers see the same files.
    shares_files: bool
    #: Whether each step has to wait for the one before it in the notebook.
    in_order: bool

    def admit(self, workflow: Workflow) -> None:
        """Make sure that all that the workflow's steps claim can be had, now or when others are done.

        Raises:
            RefusedError: some of it never can.
        """
        ...

    def begin(self, context: RunContext) -> None:
        """Get ready for a run; or for the same one from its start, in a fresh main worker."""
        ...

    def start(self, task: StepTask, inputs: Sequence[ValueHandle]) -> Sequence[ValueHandle]:
        """Hand a step to a worker; returns at once the handles of what it will export.

        The inputs are one handle per entry of ``task.binds``, then the settings if the task has them.
        """
        ...

    def send_ahead(self, task: StepTask, inputs: Sequence[ValueHandle], after: str | None) -> None:
        """The step of a group will probably be started next in its worker, as soon as ``after`` has ended there.

        None: as soon as the run has the worker. It counts as started only once :meth:`start` says so.
        """
        ...

    def expect_end(self, group: str, names: Sequence[str], most_bytes: int | None = None) -> None:
        """The group's worker runs its last step for this run, unless that doesn't end as foreseen.

        Then :meth:`collect_live` will be asked for the live values of these names.
        """
        ...

    def interrupt(self) -> None:
        """Interrupt the cells that run, as a kernel does: their run was stopped, and is closed next."""
        ...

    def drop(self, step: str) -> None:
        """Stop a running step whose result isn't wanted, as far as that can be done."""
        ...

    def open_group(self, group: str, *, early: bool) -> None:
        """Have the group's worker ready; :meth:`next_report` tells with a :func:`group_opened` that it is.

        An ``early`` one has time to get ready for the run before its first step comes.
        """
        ...

    def close_group(self, group: str) -> None:
        """The run needs the group's worker no longer, and all that is live in it."""
        ...

    def end_group(self, group: str) -> None:
        """End the group's worker, with all that is live in it; its next step gets a fresh one."""
        ...

    def next_report(self, timeout_s: float) -> StepReport | Mapping[str, Any] | None:
        """The next thing that happened: a step's final report or a live message; None in time of quiet."""
        ...

    def place(self, packed: Packed) -> ValueHandle:
        """A handle of values that come from outside the run."""
        ...

    def hash_probe(self) -> int:
        """How the workers hash a certain text."""
        ...

    def fetch(self, handle: ValueHandle) -> Packed:
        """The values behind a handle."""
        ...

    def collect(
        self, names: Sequence[str] | None, most_bytes: int | None = None
    ) -> tuple[dict[str, Packed], dict[str, str]]:
        """The main worker's present values of ``names`` (None: all), and why others aren't there.

        They take no more than ``most_bytes`` together; what comes after that is left out.
        """
        ...

    def collect_live(
        self, group: str, names: Sequence[str], most_bytes: int | None = None
    ) -> Later:
        """What gives the same of the live values that a group's worker has now, when it is called.

        The group may be closed before that.
        """
        ...

    def portray_live(self, group: str, names: Sequence[str]) -> NamespacePortrait:
        """The live variables of a group's worker."""
        ...

    def portray(self, bundles: Sequence[tuple[Sequence[str], ValueHandle]]) -> NamespacePortrait:
        """All variables: the main worker's, and those that it takes over from the bundles."""
        ...

    def close(self) -> None:
        """Let go of all workers of the run, at once."""
        ...
