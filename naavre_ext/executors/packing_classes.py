"""Classes of the notebook in several processes: one class each, and the latest state wins.

cloudpickle's tracker makes a class that comes back to a process the class that it was there. Its
attributes need more care: an instance coming back from a worker brings the class along as it was
when it was sent out, and must not undo what happened to it since. So each state of a class has a
version, and a process takes over only states that it has never had.

What a class holds may be an object that a variable stands for as well. Where a process gets copies of all
variables, for a batch or a step, those that the class holds are among them: see :func:`taking_classes`.
"""

from __future__ import annotations

import enum
import typing
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import cloudpickle

from naavre_ext.executors import packing_enumerations
from naavre_ext.executors.packing_ids import is_id, new_id
from naavre_ext.executors.packing_immutable import is_immutable

#: The digest of a value, None where it has none.
Digest = Callable[[Any], bytes | None]


@dataclass(slots=True)
class _History:
    """One class in this process: its attributes as of the latest version, and all versions."""

    attributes: dict[str, Any]
    contents: bytes | None = None
    version: str = ""
    seen: set[str] = field(default_factory=set)


_histories: weakref.WeakKeyDictionary[type, _History] = weakref.WeakKeyDictionary()

#: Made by the class machinery, not by the user; differs from one look to the next.
MADE_BY_PYTHON = frozenset(
    {"__dict__", "__weakref__", "_abc_impl", "__annotations_cache__", "__slotnames__"}
)


#: Whether the contents of a class are being looked at.
_looking: ContextVar[bool] = ContextVar("looking", default=False)


def reduce_class(cls: type, reduced: Any, digest: Digest) -> Any:
    """cloudpickle's reduction of ``cls`` by value, with its version added."""
    make, args, state, _, _, set_state = reduced
    if _looking.get():  # others that it leads to have versions of their own, and may lead back
        return str, (_with_our_id(cls, args)[-2],)
    if issubclass(cls, enum.Enum):
        packing_enumerations.add_names(cls, args[3], state[0])
        attributes = packing_enumerations.attributes_of_members(cls)
        state, set_state = (state, set_state, attributes), packing_enumerations.set_state
    else:  # cloudpickle gives an enumeration its qualified name
        args[3]["__qualname__"] = cls.__qualname__
    if "__slots__" in vars(cls) and typing.NamedTuple not in args[2]:
        args[3]["__slots__"] = vars(cls)["__slots__"]  # cloudpickle's copies have no slots
    versioned = (current_version(cls, digest), state, set_state)
    return make, _with_our_id(cls, args), versioned, None, None, restore_class


def _with_our_id(cls: type, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments that make the class elsewhere, with an id that is told from other texts."""
    *before, known, extra = args
    if is_id(known):
        return args
    ours = new_id()
    cloudpickle.cloudpickle._lookup_class_or_track(ours, cls)
    return (*before, ours, extra)


def restore_class(cls: type, versioned: tuple[str, Any, Callable[..., Any]]) -> None:
    """Gives ``cls`` the state that came with it, unless this process has had it before.

    Within :func:`taking_classes` it gets its present state once more, with the objects that came along.
    """
    version, state, set_state = versioned
    history, taken = _histories.get(cls), _taken.get()
    if history is not None and version in history.seen:
        is_current = version == history.version and not issubclass(cls, enum.Enum)
        if taken is None or cls in taken or not is_current:
            return
        taken[cls] = _attributes(cls), replace(history)
    elif taken is not None:
        taken[cls] = None
    set_state(cls, state)
    seen = history.seen if history is not None else set()
    _histories[cls] = _History(_attributes(cls), _NOT_LOOKED, version, seen | {version})


_Before = tuple[dict[str, Any], _History]
#: The classes that have arrived within :func:`taking_classes`, with their attributes and what was known of them
#: before; None for those that are new here.
_taken: ContextVar[dict[type, _Before | None] | None] = ContextVar("taken", default=None)


@contextmanager
def taking_classes() -> Iterator[None]:
    """Within, a class that was here before has what it first arrives with, which other values that arrive share.

    Afterwards it has what it had, unless it was changed and sent on.
    """
    taken: dict[type, _Before | None] = {}
    token = _taken.set(taken)
    try:
        yield
    finally:
        _taken.reset(token)
        for cls, before in taken.items():
            now = _histories.get(cls)
            if before is not None and now is not None and now.version == before[1].version:
                _put_back(cls, before[0])
                _histories[cls] = replace(before[1], seen=now.seen)


def _put_back(cls: type, attributes: Mapping[str, Any]) -> None:
    for name in _attributes(cls).keys() - attributes.keys():
        type.__delattr__(cls, name)
    for name, value in attributes.items():
        if vars(cls).get(name) is not value:
            type.__setattr__(cls, name, value)


#: The contents of a class that has just arrived: looked at when it is sent on.
_NOT_LOOKED = b"not looked at"


def current_version(cls: type, digest: Digest) -> str:
    """The version of the class; a new one when an attribute was bound anew or changed in place."""
    history = _histories.get(cls)
    if history is None:
        history = _histories[cls] = _History({})
    attributes = _attributes(cls)
    contents = _contents(cls, attributes, digest)
    if history.contents == _NOT_LOOKED:
        history.contents = contents
    if not (
        history.version and _same(attributes, history.attributes) and contents == history.contents
    ):
        history.version = new_id()
        history.attributes = attributes
        history.contents = contents
        history.seen.add(history.version)
    return history.version


def met_classes() -> list[type]:
    """The notebook's classes that have arrived in this process, or were sent from it."""
    return list(_histories)


def forget_classes() -> None:
    """From here on no class that arrives is one that was here: another run begins in this process.

    A class of an earlier run would bring its attributes, and functions that see that run's variables.
    """
    for tracker in ("_DYNAMIC_CLASS_TRACKER_BY_ID", "_DYNAMIC_CLASS_TRACKER_BY_CLASS"):
        getattr(cloudpickle.cloudpickle, tracker).clear()
    _histories.clear()


def _contents(cls: type, attributes: Mapping[str, Any], digest: Digest) -> bytes | None:
    """A digest of the attributes that can change in place, None when there are none."""
    changeable = {
        name: value
        for name, value in attributes.items()
        if not name.startswith("__") and not hasattr(value, "__get__") and not is_immutable(value)
    }
    if issubclass(cls, enum.Enum) and (own := packing_enumerations.attributes_of_members(cls)):
        changeable["%members"] = own
    if not changeable:
        return None
    token = _looking.set(True)
    try:
        return digest(changeable)
    finally:
        _looking.reset(token)


def _attributes(cls: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if name not in MADE_BY_PYTHON}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(other[name] is one[name] for name in one)
