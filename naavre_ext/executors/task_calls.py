"""What a worker does for a call that was handed to it as a task, and how the result goes back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.batch_results import of_nans
from naavre_ext.executors.origins import Origins
from naavre_ext.executors.packing import Packed, is_immutable, pack, shares_objects, unpack
from naavre_ext.executors.task_slots import TaskSlots
from naavre_ext.executors.tasks import Violation
from naavre_ext.model.workflow import Split, Step, TaskFunction

if TYPE_CHECKING:
    from naavre_ext.executors.worker import Worker

#: Types of elements that can't hold anything.
_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})


@dataclass(frozen=True, slots=True)
class CallPlace:
    """Where a call comes from: the step's ``folder``, the call's name there, and how many tasks are around it.

    ``headroom`` is how many more frames the notebook could have on its stack.
    """

    folder: str
    call: str
    level: int
    headroom: int


@dataclass(frozen=True, slots=True)
class CallRaised:
    """Stands for the result of a call that raised."""

    ename: str


#: ``(function's name, arguments, keywords, place)``: the one item of the batch that a call is.
Item = tuple[str, tuple[Any, ...], dict[str, Any], CallPlace]


def call_split(task: TaskFunction) -> Split:
    """A call as a split with one batch of one item."""
    return Split(
        index=-1,
        line=task.line,
        form="list",
        iterable="",
        title=task.function,
        shared=task.shared,
        guarded=task.guarded,
        guard_items=task.guard_arguments,
        guard_rng=task.guard_rng,
        identity_matters=True,
    )


def arguments_of(items: Sequence[Item]) -> dict[str, Any]:
    """The arguments of a call, each under a name that says which."""
    _, args, keywords, _ = items[0]
    numbered = {f"argument {number + 1}": value for number, value in enumerate(args)}
    return {**numbered, **{f"argument {name}": value for name, value in keywords.items()}}


def calling(worker: Worker, step: Step) -> Callable[[Item], Any]:
    """What the batch's code calls with its item."""

    def call(item: Item) -> Any:
        __tracebackhide__ = True
        name, args, keywords, place = item
        slots = TaskSlots(Path(place.folder))
        if place.call and not slots.claim(place.call):
            raise Violation("its caller didn't wait for it")
        function = worker.session.namespace[name]
        # The limit is among the settings that the calls made here are compared by: it comes first.
        with _headroom(place.headroom), worker.calls_in_task(step, slots, place.level):
            try:
                return function(*args, **keywords)
            except Exception as error:  # noqa: BLE001  (the caller runs the call again, and raises it)
                return CallRaised(type(error).__name__)

    return call


@contextmanager
def _headroom(frames: int) -> Iterator[None]:
    """In the block, recursion ends where the notebook's would."""
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(depth + 50, min(depth + frames, 2**30)))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def is_plain(value: Any) -> bool:
    """Whether the value is a number or a text, or a container that holds nothing else."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return set(map(type, value)) <= _PLAIN
    if kind is dict:
        return set(map(type, value)) <= _PLAIN and set(map(type, value.values())) <= _PLAIN
    return kind in _PLAIN


def pack_result(
    result: Any, items: Sequence[Item], given: Mapping[str, Any], namespace: dict[str, Any]
) -> Packed:
    """The call's result on its way to the caller.

    Raises:
        Violation: it shares an object with what the caller has, so that a copy wouldn't do.
    """
    if type(result) is CallRaised:
        return pack({"elements": [result]}, namespace)
    inputs = [*arguments_of(items).values(), *given.values()]
    known = [value for value in inputs if not is_immutable(value)]
    if is_plain(result) and all(map(_is_known_plain, known)):
        if any(result is value for value in known) and not is_immutable(result):
            raise Violation("it gives back an object that it was given")
        nans = of_nans(Origins(given, items).of)  # which are told apart, though they can't change
        return pack({"elements": [result]}, namespace, persistent=nans)
    if shares_objects([result], [items, given]):
        raise Violation("its result shares an object with what its caller has")
    packed = pack({"elements": [result]}, namespace, persistent=Origins(given, items).of)
    unpack(
        packed, namespace, writable=False, resolve=lambda _: None
    )  # the caller has to be able to
    return packed


def _is_known_plain(value: Any) -> bool:
    return is_plain(value) or callable(value)
