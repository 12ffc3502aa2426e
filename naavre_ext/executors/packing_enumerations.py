"""Enumerations of the notebook in several processes: all names of their members, and the attributes of these.

cloudpickle makes members from their values alone. It leaves out aliases and named combinations of flags, and what
an ``__init__`` gave to a member, or the notebook afterwards.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

#: What the machinery of enumerations gives to a member.
_MADE = frozenset({"_value_", "_name_", "_sort_order_", "__objclass__", "_inverted_"})


def add_names(cls: type[enum.Enum], members: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Have ``members`` be the values by all names, in order, none of which is among the class's ``attributes``."""
    members.clear()
    for name, member in cls.__members__.items():
        members[name] = member.value
        attributes.pop(name, None)


def attributes_of_members(cls: type[enum.Enum]) -> dict[str, dict[str, Any]]:
    """What members have of their own, by name; those without are left out."""
    own = {
        member.name: {n: v for n, v in vars(member).items() if n not in _MADE}
        for member in cls.__members__.values()
    }
    return {name: attributes for name, attributes in own.items() if attributes}


def set_state(
    cls: type[enum.Enum],
    given: tuple[Any, Callable[[type, Any], None], Mapping[str, Mapping[str, Any]]],
) -> None:
    """Give a class and its members what they have where it comes from."""
    state, set_class, attributes = given
    set_class(cls, state)
    for member in cls.__members__.values():
        own = vars(member)
        for name in own.keys() - _MADE:
            del own[name]
        own.update(attributes.get(member.name, {}))
