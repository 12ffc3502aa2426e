"""What surely can't change in place.

Types are asked what an object is: isinstance() also asks its ``__class__``, which may be code that raises.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import pathlib
import re
import sys
import types
import uuid
from typing import Any

from naavre_ext.executors.class_homes import home_of

#: Elements of tuples and frozensets looked at before a value counts as changeable.
_MAX_ELEMENTS = 1000

ATOMS: tuple[type, ...] = (
    type(None),
    type(...),
    type(NotImplemented),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    range,
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    datetime.timezone,
    decimal.Decimal,
    fractions.Fraction,
    pathlib.PurePath,
    re.Pattern,
    uuid.UUID,
)

ATOM_KINDS = frozenset(ATOMS)

#: Changeable in principle; a change of theirs is a change of the program, found by other means.
_DEFINITIONS: tuple[type, ...] = (
    type,
    types.FunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ModuleType,
    types.CodeType,
    types.GenericAlias,
)


def is_immutable(value: Any) -> bool:
    """Whether ``value`` surely can't change in place; cheap, and False when in doubt.

    Functions, classes and modules count as immutable: dataflow follows their changes by itself.
    """
    budget = [_MAX_ELEMENTS]
    return _is_immutable(value, budget)


def _is_immutable(value: Any, budget: list[int]) -> bool:
    budget[0] -= 1
    if budget[0] < 0:
        return False
    kind = type(value)
    if kind in ATOMS or issubclass(kind, _DEFINITIONS):
        return True
    if kind is types.BuiltinFunctionType:
        return _is_immutable(value.__self__, budget)
    if kind in (tuple, frozenset):
        return all(_is_immutable(element, budget) for element in value)
    if issubclass(kind, enum.Enum):
        return _is_immutable(value.value, budget)
    if is_atom_of_library(value):
        return True
    return issubclass(kind, pathlib.PurePath) and home_of(kind).startswith("pathlib")


#: Classes of libraries whose objects, and those of subclasses, can't be changed.
_IMMUTABLE = (("shapely.lib", "Geometry"), ("astropy.units.core", "UnitBase"))


def is_atom_of_library(value: Any) -> bool:
    """Whether it is a NumPy scalar (no structured one), a dtype, a timestamp or the like, a geometry, a unit."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return False
    kind = type(value)
    if issubclass(kind, (numpy.generic, numpy.dtype, numpy.ufunc)):
        return not issubclass(kind, (numpy.void, numpy.object_))
    for module, name in _IMMUTABLE:
        base = getattr(sys.modules.get(module), name, None)
        if base is not None and issubclass(kind, base):
            return True
    pandas = sys.modules.get("pandas")
    kinds = (getattr(pandas, name, None) for name in ("Timestamp", "Timedelta", "Period"))
    return pandas is not None and kind in (*kinds, type(getattr(pandas, "NaT", None)))
