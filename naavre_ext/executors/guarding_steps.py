"""What a worker looks at, before and after a step, to find changes that analysis didn't foresee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from naavre_ext.executors import ambient
from naavre_ext.executors.collecting import user_names
from naavre_ext.executors.guarding import Everything, PlainContainers, changed_since
from naavre_ext.executors.packing import Packed
from naavre_ext.executors.raised_signals import are_looked_at, signals_raised
from naavre_ext.executors.tasks import ErrorReport, StepTask
from naavre_ext.model.event import OutputMessage

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: Errors that may come from running on copies in another process rather than from the user's code.
_SUSPICIOUS = frozenset(
    {"NameError", "UnboundLocalError", "AttributeError", "PicklingError", "PackingError"}
)
#: What such errors say whatever libraries make of them: a formula's NameError, an array that can't be changed.
_SUSPICIOUS_TEXTS = ("is not defined", "read-only", "read only")


class MainGuard:
    """Looks, around a step in the main worker, for changes that steps elsewhere and later ones missed."""

    def __init__(self, worker: Worker, task: StepTask, sent: Sequence[Packed]) -> None:
        self._worker, self._task, self._sent = worker, task, sent
        self._before: Everything | None = None
        self._settings: ambient.AmbientState | None = None
        self._signals: frozenset[str] | None = None
        if task.is_late:
            namespace = worker.session.namespace
            self._before = Everything(user_names(namespace), namespace)
            self._settings = worker.settings.now(task.step.guard_rng)
            if worker.context is not None and are_looked_at(worker.context.sources.values()):
                self._signals = frozenset(signals_raised())
        elif task.check_settings:
            self._settings = worker.settings.known(renew=False)

    def changes(self) -> tuple[tuple[str, ...], bool]:
        """The names whose objects changed unexpectedly, and whether settings did."""
        worker, task = self._worker, self._task
        namespace = worker.session.namespace
        found: dict[str, None] = {}
        for names, packed in zip(task.checks, self._sent, strict=True):
            values = {
                name: namespace[name]
                for name in names
                if name in namespace and not worker.sent.holds(packed, name, namespace[name])
            }
            found.update(dict.fromkeys(changed_since(packed, values, namespace)))
        if self._before is not None:
            found.update(dict.fromkeys(self._before.changed(frozenset(task.step.writes))))
        if self._settings is None:
            return tuple(found), False
        if self._signals is not None and not self._signals.issuperset(signals_raised()):
            return tuple(found), True
        rng = task.is_late and task.step.guard_rng
        return tuple(found), bool(ambient.changed(self._settings, worker.settings.now(rng)))


class SentContainers:
    """The large containers of numbers that the main worker has sent, as they were then.

    A look at what they hold takes a tenth of the time that packing them again would. What has another name by now
    isn't kept.
    """

    def __init__(self) -> None:
        self._sent: dict[str, tuple[bytes, PlainContainers]] = {}

    def note(self, packed: Packed, values: Mapping[str, Any]) -> None:
        """These values were packed just now."""
        for name in packed.numbers:
            self._sent[name] = packed.token, PlainContainers({name: values[name]}, packed.numbers)

    def holds(self, packed: Packed, name: str, value: Any) -> bool:
        """Whether this is still what was packed then; False where that isn't known."""
        token, containers = self._sent.get(name, (b"", None))
        return containers is not None and token == packed.token and containers.holds(name, value)

    def forget(self, namespace: Mapping[str, Any]) -> None:
        """Let go of what has no name, or another one, in the namespace."""
        for name in [
            n for n, (_, held) in self._sent.items() if not held.is_of(n, namespace.get(n))
        ]:
            del self._sent[name]


def changed_inputs(
    task: StepTask,
    inputs: Sequence[Packed],
    plain: PlainContainers,
    namespace: dict[str, Any],
) -> tuple[str, ...]:
    """The inputs that a step elsewhere changed in place: a change that would be lost with its copies.

    ``plain`` are those of them, from before the step, that needn't be compared with what was sent.
    """
    found = list(plain.changed())
    others = plain.others()
    for names, packed in zip(task.binds, inputs, strict=False):
        values = {name: others[name] for name in names if name in others}
        found += changed_since(packed, values, namespace)
    return tuple(found)


def numbers_in(inputs: Sequence[Packed]) -> frozenset[str]:
    """The names in these packs that were found, as they were packed, to be containers of numbers."""
    return frozenset(name for packed in inputs for name in packed.numbers)


def in_words(changed: Sequence[str]) -> str:
    """Why a step that changed these inputs of its own must run in the main worker; "" when there are none."""
    if not changed:
        return ""
    name = changed[0]
    return (
        f"it changes '{name}' in place, unforeseen; it could run beside others if it worked on a copy "
        f"({name} = copy.deepcopy({name}))"
    )


def is_suspicious(error: ErrorReport) -> bool:
    """Whether the error may come from running on copies rather than from the user's code."""
    text = error.evalue.lower()
    return error.ename in _SUSPICIOUS or any(part in text for part in _SUSPICIOUS_TEXTS)


def shows_numbered(outputs: Sequence[OutputMessage]) -> bool:
    """Whether an output holds a number that counts what this process has shown (scikit-learn's diagrams)."""
    pages = (output.get("data", {}).get("text/html", "") for output in outputs)
    return any("sk-container-id-" in page for page in pages)
