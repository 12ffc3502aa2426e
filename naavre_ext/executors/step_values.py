"""The values of a step on their way into a worker's namespace, and out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.ambient import AmbientState
from naavre_ext.executors.packing import (
    CommonObjects,
    Packed,
    PackingError,
    is_immutable,
    pack,
    shares_objects,
    unpack,
)
from naavre_ext.executors.tasks import NOTHING, StepTask, Stuck

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker


def bind(
    worker: Worker, task: StepTask, inputs: Sequence[Packed], *, writable: bool
) -> tuple[dict[str, Any], AmbientState | None]:
    """Bind the step's inputs; returns the values by name, and the settings that were taken over."""
    namespace = worker.session.namespace
    bound: dict[str, Any] = {}
    taken: AmbientState | None = None
    values = list(inputs[: len(task.binds) + task.with_settings])
    if task.placement == "any" and not task.with_settings:
        worker.settings.as_pristine()  # this step comes before those that changed them
    if task.with_settings:
        settings = values.pop()
        if settings.names:
            taken = unpack(settings, namespace, writable=True)["settings"]
            worker.settings.take(taken)
        elif task.placement == "any":
            raise PackingError("settings", "earlier cells changed some that stay in their process")
    for names, packed in zip(task.binds, values, strict=True):
        if packed.names:
            known = None if writable else worker.received.values(packed)
            found = known or unpack(packed, namespace, writable=writable)
            bound.update({name: found[name] for name in names if name in found})
            namespace.update(bound)
    return bound, taken


def export(
    worker: Worker, task: StepTask, stuck: list[Stuck]
) -> tuple[list[Packed], dict[str, str]]:
    """A pack per bundle that the step exports, and why some names can't be packed; notes what is ``stuck``."""
    namespace = worker.session.namespace
    packs: list[Packed] = []
    unpackable: dict[str, str] = {}
    common = CommonObjects() if _may_share(worker, task) else None
    worker.sent.forget(namespace)
    for position, bundle in enumerate(task.exports):
        values = {name: namespace[name] for name in bundle if name in namespace}
        try:
            packs.append(pack(values, namespace, common=common))
            if task.placement == "main" and worker.guards:
                worker.sent.note(packs[-1], values)
            if task.placement == "any" and not packs[-1].numbers:
                # Later cells must be able to rebuild it.
                unpack(packs[-1], namespace, writable=False)
        except PackingError as error:
            del packs[position:]
            packs.append(NOTHING)
            unpackable.update(dict.fromkeys(values, error.reason))
            stuck.append(Stuck.of(error))
    if task.send_settings:
        packs.append(worker.settings.packed())
    return packs, unpackable


def shares_inputs(worker: Worker, task: StepTask, given: Mapping[str, Any]) -> bool:
    """Whether what the step exports holds an object that it was given."""
    namespace = worker.session.namespace
    made = {name for bundle in task.exports for name in bundle if name in namespace}
    return bool(given) and shares_objects([namespace[n] for n in sorted(made)], given.values())


def holds_any_of(worker: Worker, task: StepTask, earlier: Mapping[str, Any]) -> bool:
    """Whether what a step in the main worker has made holds an object of the ``earlier`` values that it was given.

    These are copies of how the values were before cells that have already run.
    """
    namespace = worker.session.namespace
    made = [namespace[n] for n in task.step.writes if n in namespace and n not in earlier]
    return bool(earlier) and shares_objects(made, earlier.values())


def _may_share(worker: Worker, task: StepTask) -> bool:
    """Whether two of the packs that leave for good could hold copies of one object."""
    if task.placement == "main" or not worker.guards:
        return False
    namespace = worker.session.namespace
    bundles = [[namespace[n] for n in bundle if n in namespace] for bundle in task.exports]
    return sum(not all(map(is_immutable, values)) for values in bundles) > 1
