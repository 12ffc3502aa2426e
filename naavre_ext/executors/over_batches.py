"""What a batch of an ``# over`` cell hands back."""

from __future__ import annotations

from typing import Any

from naavre_ext.executors.packing_identity import shares_objects
from naavre_ext.executors.tasks import BatchTask, Violation
from naavre_ext.model.workflow import Split

#: Beside the outputs, under a name that no variable has: the functions, classes and modules that the cell binds.
LEAKS = "%leaks"


def made(split: Split, namespace: dict[str, Any], *, is_last: bool) -> dict[str, Any]:
    """The outputs that are joined, by name, as far as the batch has made them; definitions from the last one."""
    leaking = split.private if is_last else ()
    outputs = {c.name: namespace[c.name] for c in split.merges if c.name in namespace}
    return {**outputs, LEAKS: {n: namespace[n] for n in leaking if n in namespace}}


def check_apart(split: Split, result: dict[str, Any]) -> None:
    """Raises Violation where two outputs share an object, which joining would tear, and later code could tell."""
    outputs = [(name, value) for name, value in result.items() if name != LEAKS]
    if not split.identity_matters:
        return
    for number, (name, value) in enumerate(outputs):
        for other, another in outputs[:number]:
            if shares_objects([value], [another]):
                raise Violation(
                    f"'{other}' and '{name}' share an object, and later code changes it"
                )


def range_text(task: BatchTask) -> str:
    """``items 11 to 20 of frame``: what the batch worked on, counted from 1."""
    names = ", ".join(task.split.over)
    if task.stop <= task.start:
        return f"no items of {names}"
    return f"items {task.start + 1} to {task.stop} of {names}"
