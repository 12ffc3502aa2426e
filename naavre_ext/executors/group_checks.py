"""What a group's worker looks at after a step: that live objects and what goes to others share nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from naavre_ext.executors.collecting import user_names
from naavre_ext.executors.packing import shares_objects
from naavre_ext.executors.tasks import StepTask

#: Live objects may be large: so many are looked at before it is given up.
_MOST_OBJECTS = 2_000_000


def why_not_kept(
    task: StepTask,
    namespace: Mapping[str, Any],
    known: Collection[str],
    given: Mapping[str, Any],
) -> str:
    """Why the step's result must not be used, in words; "" when nobody could notice where it ran.

    ``known`` names were there before the step, ``given`` are its inputs.
    """
    step = task.step
    own = {*step.writes, *step.live}
    unseen = [name for name in user_names(dict(namespace)) if name not in own and name not in known]
    unseen = [name for name in unseen if name not in given]
    unseen += [name for name, value in given.items() if namespace.get(name) is not value]
    unseen = [name for name in unseen if name not in own]
    if unseen:
        return f"it sets '{unseen[0]}', which can't be seen in it"
    names = sorted({name for bundle in task.exports for name in bundle if name in namespace})
    made = [namespace[name] for name in names]
    live = [namespace[name] for name in task.live if name in namespace]
    if shares_objects(made, given.values(), frozen=True):
        return "what it makes holds objects of its inputs, which would become copies"
    if shares_objects(made, live, _MOST_OBJECTS):
        return "what it makes holds live objects of its group, which would become copies"
    if shares_objects(given.values(), live, _MOST_OBJECTS):
        return "its group keeps objects of its inputs, which are copies"
    return ""
