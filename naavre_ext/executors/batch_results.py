"""What a batch hands back: what its iterations recorded or made, and the variables that they leave."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

from naavre_ext.executors.held_objects import is_plain
from naavre_ext.executors.origins import Place
from naavre_ext.executors.over_batches import made
from naavre_ext.executors.packing import Packed, PackingError, pack
from naavre_ext.executors.recording import Recorder
from naavre_ext.executors.tasks import NOTHING, BatchTask, Violation
from naavre_ext.model.workflow import Split
from naavre_ext.planning.elementwise import items_by_lists, lists_beside
from naavre_ext.planning.function_scope import is_of_function, own_name
from naavre_ext.planning.rewriting import COLLECT, HOOK_NAMES, Operation

#: The parts of a batch's result, which are no variables of the notebook's.
RESULTS = frozenset({"log", "elements", "leaks", "generators"})


def result_of(task: BatchTask, namespace: dict[str, Any], recorder: Recorder) -> dict[str, Any]:
    """The parts of the result of a batch that ran to its end, by name.

    Raises:
        Violation: the merge would fail at them.
    """
    split = task.split
    if split.form == "over":
        return made(split, namespace, is_last=task.is_last)
    if split.form != "for":
        elements = namespace[COLLECT]
        if split.form != "list":
            _check_hashable(elements if split.form == "set" else [key for key, _ in elements])
        return {"elements": elements}
    leaking = set(split.private) if task.is_last else set(split.private) - set(split.sure)
    leaks = {n: namespace[n] for n in sorted(leaking) if n in namespace and n not in HOOK_NAMES}
    return {"log": recorder.log, "leaks": leaks}


def of_nans(place: Place) -> Place:
    """The same for NaNs only, which are told from others by what they are."""
    return lambda obj: place(obj) if type(obj) is float and obj != obj else None


def without_closures(place: Place, split: Split, result: Mapping[str, Any]) -> Place:
    """The same, which refuses functions that look at variables of the function that the loop stands in.

    They would go on looking at those of the batch. One that a name stands for by which nobody asks after the
    loop, as planning has seen to, may do so.
    """
    names = (*split.private, *split.shared, *split.reductions, *split.replayed)
    variables = {own_name(name) for name in names if is_of_function(name)}
    unasked = {id(value) for value in result.get("leaks", {}).values()}

    def refusing(obj: Any) -> Any:
        if type(obj) is types.FunctionType and obj.__closure__ and id(obj) not in unasked:
            seen = variables.intersection(obj.__code__.co_freevars)
            if seen:
                raise Violation(
                    f"a function that it makes looks at '{min(seen)}' when it is called"
                )
        return place(obj)

    return refusing


def is_plain_result(result: Mapping[str, Any], recorder: Recorder) -> bool:
    """Whether a batch gives numbers and texts only."""
    parts = (result.get("elements", ()), result.get("leaks", {}).values())
    return (
        recorder.plain
        and recorder.plain_keys
        and result.keys() <= RESULTS
        and all(map(is_plain, parts))
    )


def added_to_lists(
    task: BatchTask, result: dict[str, Any], known: tuple[Operation, ...], items: Any
) -> dict[str, Any]:
    """The batch's parts of the lists that the loops go over which take its elements."""
    added: dict[str, Any] = {}
    is_loop = task.split.form == "for"
    for flow in (items_by_lists(stage.split) for stage in task.then if stage.source == 0):
        beside = lists_beside(task.split, flow)
        for name in flow.names:
            made = [] if is_loop else list(result["elements"])
            added[name] = items if name in beside else made
    made_here = set(task.split.reductions).intersection(added)
    for number, _, operands in result["log"] if is_loop else ():
        operation = known[number]
        if operation.root in made_here:
            added[operation.root] += operands if operation.taking == "keep" else operands[-1]
    return added


def _check_hashable(keys: list[Any]) -> None:
    """Raises Violation where the merge would fail, so that the notebook's own line fails instead."""
    try:
        set(keys)
    except Exception as error:
        raise Violation(f"an element can't be hashed: {error}") from error


def until_error(
    split: Split,
    recorder: Recorder,
    namespace: dict[str, Any],
    place: Place,
) -> Packed:
    """What iterations had recorded when one raised: the merge may raise before it comes to that.

    Nothing where it can't be packed.
    """
    if split.form != "for":
        return NOTHING
    try:
        return pack({"log": recorder.log}, namespace, persistent=place)
    except PackingError:
        return NOTHING
