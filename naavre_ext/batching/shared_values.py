"""Variables of the part that all jobs share: one record keeps them, and those of the jobs say where."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from naavre_ext.kept_values import kept_variable
from naavre_ext.model.workflow import Workflow
from naavre_ext.scheduling.sharing import Sharing
from naavre_ext.storage.run_log import KeptVariable

if TYPE_CHECKING:
    from naavre_ext.executors.packing import Packed

#: What cells of a job read is compared at the job's end, if it is no larger.
_LARGEST_COMPARED_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class SharedValues:
    """Variables that end in each job as they ended in the shared part, whose record keeps them.

    No cell of a job names the ``untouched`` ones. Of those that cells of a job read, by their ``digests``, each
    job has to find that nothing has changed them that analysis doesn't see.
    """

    untouched: tuple[KeptVariable, ...]
    digests: Mapping[str, bytes]
    run_id: str

    def apart(
        self, packs: Mapping[str, Packed]
    ) -> tuple[dict[str, Packed], tuple[KeptVariable, ...]]:
        """Of a job's values those that its own record is to keep, and those that the shared part's keeps."""
        same = {
            n: pack
            for n, pack in packs.items()
            if n in self.digests and _digest(pack) == self.digests[n]
        }
        own = {name: pack for name, pack in packs.items() if name not in same}
        read = (kept_variable(name, pack, self.run_id) for name, pack in same.items())
        return own, (*self.untouched, *read)


def shared_values(
    packs: Mapping[str, Packed],
    run_id: str,
    workflow: Workflow,
    sharing: Sharing,
    own: Collection[str],
) -> SharedValues:
    """What ``packs`` of the shared part mean for jobs of this workflow, which keep ``own`` variables anyway."""
    shared = frozenset(sharing.steps)
    others = [step for step in workflow.steps if step.id not in shared]
    set_later = {name for step in others for name in (*step.writes, *step.deletes)}
    names = sorted(packs.keys() - set_later - {*own})
    read = {name for step in others for name in step.reads}
    if any(step.barrier for step in others):
        read.update(names)
    for step in workflow.steps:
        for bundle in step.bundles:  # names that may stand for one object
            if read.intersection(bundle):
                read.update(bundle)
    return SharedValues(
        tuple(kept_variable(name, packs[name], run_id) for name in names if name not in read),
        {
            name: _digest(packs[name])
            for name in names
            if name in read and packs[name].nbytes <= _LARGEST_COMPARED_BYTES
        },
        run_id,
    )


def _digest(pack: Packed) -> bytes:
    return hashlib.sha256(pickle.dumps(replace(pack, token=b""), protocol=5)).digest()
