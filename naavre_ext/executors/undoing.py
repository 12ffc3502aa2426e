"""Takes back what a failed attempt at a step did in the main worker, so that the next one starts as it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from naavre_ext.executors import ambient
from naavre_ext.executors.checkpoints import has_open_figures
from naavre_ext.executors.collecting import user_names
from naavre_ext.executors.guarding import can_change, changed_since
from naavre_ext.executors.hidden_state import ClassState, hidden_state, is_kept
from naavre_ext.executors.packing import PackingError, pack, shares_objects, unpack
from naavre_ext.executors.tasks import NOTHING, StepTask

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker


class Undo:
    """What a step may change, as it is now: its names, the objects that they stand for, and the settings."""

    def __init__(self, worker: Worker, task: StepTask) -> None:
        self._worker = worker
        namespace = worker.session.namespace
        self._names = dict(namespace)
        step = task.step
        # Code that can't be seen may change anything.
        known = (
            user_names(namespace)
            if step.barrier
            else sorted({*step.reads, *step.writes, *step.deletes} & set(namespace))
        )
        self._values = {name: namespace[name] for name in known if can_change(namespace[name])}
        self._settings = ambient.capture(rng=True, shell=worker.session.shell)
        self._hidden = hidden_state(namespace)
        self._classes = ClassState(namespace)
        self._why = ""
        self._packed = NOTHING
        try:
            self._packed = pack(self._values, namespace)
        except PackingError as error:
            self._why = f"'{error.name}' can't be copied beforehand: {error.reason}"

    def take_back(self) -> str:
        """Make all as it was; or why that can't be done, and then nothing was."""
        worker, namespace = self._worker, self._worker.session.namespace
        failed = dict(namespace)
        _rebind(namespace, self._names)
        why = self._why or self._why_not() or self._restore_values()
        if why:
            _rebind(namespace, failed)
        else:
            ambient.restore(self._settings, shell=worker.session.shell)
        return why

    def _restore_values(self) -> str:
        """Bind copies from before instead of objects that were changed in place; or why that can't be done."""
        namespace = self._worker.session.namespace
        changed = changed_since(self._packed, self._values, namespace)
        if not changed:
            return ""
        group = self._with_sharers(set(changed))
        why = self._outsider(group)
        if not why:
            found = unpack(self._packed, namespace, writable=True)
            namespace.update({name: found[name] for name in group})
        return why

    def _why_not(self) -> str:
        if has_open_figures():
            return "figures are open, on which it may have drawn"
        namespace = self._worker.session.namespace
        if not is_kept(self._hidden, namespace):
            self._classes.restore()
            if not is_kept(self._hidden, namespace):
                return "a function or class of the notebook changed its own state"
        now = ambient.capture(rng=False, shell=self._worker.session.shell)
        stuck = now.unshippable_changes(ambient.AmbientState(self._settings.settings))
        return f"it changed {stuck[0]}" if stuck else ""

    def _with_sharers(self, names: set[str]) -> list[str]:
        """The names, and all others of the step whose objects are (or hold) the same."""
        found = set(names)
        while True:
            objects = [self._values[name] for name in sorted(found)]
            more = {
                name
                for name, value in self._values.items()
                if name not in found and shares_objects([value], objects)
            }
            if not more:
                return sorted(found)
            found |= more

    def _outsider(self, group: list[str]) -> str:
        objects = [self._values[name] for name in group]
        namespace = self._worker.session.namespace
        for name in user_names(namespace):
            other = namespace[name]
            if name not in group and can_change(other) and shares_objects([other], objects):
                return f"'{name}' shares an object with '{group[0]}', which it changed in place"
        return ""


def _rebind(namespace: dict[str, Any], names: Mapping[str, Any]) -> None:
    """Make the namespace hold these names and no others."""
    for name in set(namespace) - set(names):
        del namespace[name]
    namespace.update(names)
