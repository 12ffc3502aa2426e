"""What cells at the start of a group leave in its worker, for the next jobs of which they are a part, too.

A job's own cells may change what it finds there. So what is handed on is a pack made right after the cell, and
each job gets a fresh copy: as if it had run the cell itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from naavre_ext.executors.packing import Packed, PackingError, digest, pack, unpack
from naavre_ext.executors.tasks import RunContext, StepTask
from naavre_ext.model.event import OutputMessage

#: What takes more memory is made anew by each job.
_MOST_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class CommonEnd:
    """How a step ended in the run ``run_id``: its packs and outputs, and all live values after it."""

    run_id: str
    packs: tuple[Packed, ...]
    outputs: tuple[OutputMessage, ...]
    live: Packed


class CommonSteps:
    """The ends that one worker knows, by all that decides them: code, inputs, and the common steps before."""

    def __init__(self) -> None:
        self._ends: dict[str, CommonEnd] = {}
        self._names: dict[str, None] = {}
        self._run_id = ""
        #: Stands for what the run has come to; None where that can't be handed on.
        self._chain: str | None = None

    def begin(self, context: RunContext) -> None:
        """A run begins in a namespace that is empty."""
        self._names = {}
        self._chain = repr((context.cwd, context.environment, context.guards))
        self._run_id = context.run_id

    def find(
        self, task: StepTask, inputs: Sequence[Packed], namespace: dict[str, Any]
    ) -> CommonEnd | None:
        """How the step ended in an earlier job's run; its live values are in the namespace then."""
        if self._chain is None:
            return None
        self._chain = self._key(task, inputs)
        self._names.update(dict.fromkeys(task.live))
        end = self._ends.get(self._chain)
        if end is None:
            return None
        for name in task.fresh:
            namespace.pop(name, None)
        try:
            namespace.update(unpack(end.live, namespace, writable=True))
        except PackingError:
            self._chain = None
            return None
        return end

    def keep(
        self,
        task: StepTask,
        packs: Sequence[Packed] | None,
        outputs: Sequence[OutputMessage],
        namespace: dict[str, Any],
    ) -> None:
        """Remember how the step ended that was just looked for, if its values can be copied.

        Without ``packs`` it didn't end as foreseen.
        """
        if self._chain is None:
            return
        values = {name: namespace[name] for name in self._names if name in namespace}
        try:
            live = pack(values, namespace)
        except PackingError:
            packs = None
        if packs is None:
            self._chain = None  # nor can what follows from it be handed on
        elif live.nbytes <= _MOST_BYTES:
            kept = tuple(packed.detached() for packed in packs)
            self._ends[self._chain] = CommonEnd(self._run_id, kept, tuple(outputs), live.detached())

    def _key(self, task: StepTask, inputs: Sequence[Packed]) -> str:
        step = task.step
        basis = (self._chain, step.source, step.execution_count, task.binds, task.exports, task.send_settings,
                 [digest(packed).hex() for packed in inputs])  # fmt: skip
        return hashlib.sha256(repr(basis).encode()).hexdigest()
