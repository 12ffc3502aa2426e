"""Functions of the notebook without a state of their own: one object in a process, whichever pack brings them.

Items of a loop and what its batches share are packed apart. ``labels[f]`` and ``f == g`` need the very function.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Hashable

#: The functions that were packed or unpacked in this process, as long as anybody has them.
_known: weakref.WeakValueDictionary[Hashable, types.FunctionType] = weakref.WeakValueDictionary()
#: What several functions have in common, so that none of them can be told by it.
_common: set[Hashable] = set()

_ATOMS = (int, float, complex, str, bytes, bool, type(None))


def defaults_of(function: types.FunctionType) -> str | None:
    """The defaults in words, where they are all that it has beside its code; None for other functions."""
    defaults = function.__defaults__
    if function.__closure__ or function.__dict__ or function.__kwdefaults__:
        return None
    return repr(defaults) if all(type(d) in _ATOMS for d in defaults or ()) else None


def has_state(function: types.FunctionType) -> bool:
    """Whether its copies are other functions: it isn't known by its code."""
    return defaults_of(function) is None


def remember(function: types.FunctionType) -> None:
    """Make it the one that :func:`known` finds, if it is the only one of its kind."""
    key = _key(function.__globals__, function.__code__, repr(function.__defaults__))
    if _known.setdefault(key, function) is not function:
        _common.add(key)


def known(
    namespace: dict[str, object], code: types.CodeType, defaults: str
) -> types.FunctionType | None:
    """The one function with this code, these defaults and these globals; None if there is none."""
    key = _key(namespace, code, defaults)
    found = None if key in _common else _known.get(key)
    if found is None or found.__globals__ is not namespace or found.__code__ != code:
        return None
    return found if defaults_of(found) == defaults else None


def _key(namespace: dict[str, object], code: types.CodeType, defaults: str) -> Hashable:
    return id(namespace), code, code.co_filename, defaults
