"""Changeable objects that tables and arrays hold as elements: what is taken from one holds the same objects."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from naavre_ext.executors.packing_immutable import is_immutable

#: What pandas calls columns of objects that can't change, and of nothing.
_UNCHANGEABLE = frozenset(
    {"string", "bytes", "floating", "integer", "mixed-integer-float", "decimal", "complex", "boolean",
     "datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period", "empty"}
)  # fmt: skip
_CONTAINERS = frozenset({list, tuple, dict})
_ATOMS = frozenset({int, float, complex, bool, str, bytes, type(None)})
#: Tables are looked for in containers of containers of containers: a list of the pairs that a grouping gives.
_DEPTH = 3


def is_plain(values: Iterable[Any]) -> bool:
    """Whether they are all numbers and texts, which hold nothing."""
    return _ATOMS.issuperset(map(type, values))


def held_objects(values: Iterable[Any]) -> list[Any]:
    """The changeable objects that tables and arrays among the values, or in containers of those, have as elements.

    pandas and NumPy hand them on with a part, or a copy, of a table: a change shows in all of these.
    """
    return [
        element
        for elements in _elements(values, _DEPTH)
        for element in elements
        if not is_immutable(element)
    ]


def _elements(values: Iterable[Any], depth: int) -> Iterator[Iterable[Any]]:
    for value in values:
        if type(value) in _CONTAINERS:
            inside = list(value.values()) if type(value) is dict else value
            if depth and not is_plain(inside):
                yield from _elements(inside, depth - 1)
        elif (numpy := sys.modules.get("numpy")) and isinstance(value, numpy.ndarray):
            if value.dtype.hasobject:
                yield value.ravel().tolist()
        elif (pandas := sys.modules.get("pandas")) and isinstance(
            value, (pandas.DataFrame, pandas.Series)
        ):
            yield from _objects_of(pandas, value)


def _objects_of(pandas: Any, table: Any) -> Iterator[Iterable[Any]]:
    columns = [table] if table.ndim == 1 else [column for _, column in table.items()]
    for column in columns:
        if column.dtype == object and _may_change(pandas, column):
            yield column.array


def _may_change(pandas: Any, column: Any) -> bool:
    return pandas.api.types.infer_dtype(column, skipna=True) not in _UNCHANGEABLE
