"""Whether iterations that replace entries of a container, or rows of a table, each its own, may run apart."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from naavre_ext.executors.packing_arrays import bounds
from naavre_ext.executors.packing_identity import shares_objects
from naavre_ext.executors.packing_immutable import is_immutable
from naavre_ext.model.workflow import FilledTable, Split
from naavre_ext.planning.function_scope import own_name

#: Columns of objects with more elements aren't looked through.
_MOST_OBJECTS = 200_000


def why_entries_meet(split: Split, variables: Mapping[str, Any]) -> str:
    """Why an iteration may see what another one puts into its own entry of something; "" where it can't."""
    found = (_why_meet(table, variables, split) for table in split.tables if table.entries)
    return next(filter(None, found), "")


def _why_meet(table: FilledTable, variables: Mapping[str, Any], split: Split) -> str:
    value, name = variables.get(table.name), own_name(table.name)
    why = _why_labels_meet if is_table(value) else _why_places_meet
    if reason := why(table, value, name):
        return reason
    for other in table.apart:
        if not _is_apart(variables.get(other), value):
            return f"'{own_name(other)}' may be or hold '{name}', which it changes"
    for other in split.reductions:  # by ways that analysis doesn't follow
        found = None if other == table.name else variables.get(other)
        if not is_immutable(found) and shares_objects([found], [value]):
            return f"'{own_name(other)}', which it changes as well, has something of '{name}'"
    return ""


def _why_places_meet(table: FilledTable, value: Any, name: str) -> str:
    is_array = _is_array(value)
    known = ("position", "key", "label") if type(value) is dict else ("position",)
    plain = type(value) in (list, dict) or (is_array and value.ndim and not value.dtype.hasobject)
    if not plain or table.entries not in known:
        return f"'{name}' is a {type(value).__name__}, whose entries others may read or set, too"
    elements: Any = () if is_array else value.values() if type(value) is dict else value
    mutable = [id(element) for element in elements if not is_immutable(element)]
    if len(set(mutable)) < len(mutable):
        return f"'{name}' holds an object twice, which each of two iterations might change"
    if _overlap([value] if is_array else [part for part in elements if _is_array(part)]):
        return f"'{name}' has the same memory twice, which each of two iterations might change"
    return ""


def _overlap(arrays: Sequence[Any]) -> bool:
    """Whether two of the arrays, or two places of one, may be the same memory."""
    spans = sorted((*bounds(array), array.nbytes) for array in arrays if array.size)
    return any(nbytes > end - start for start, end, nbytes in spans) or any(
        start < end for (_, end, _), (start, _, _) in pairwise(spans)
    )


def _why_labels_meet(table: FilledTable, value: Any, name: str) -> str:
    """Of a DataFrame or Series: from pandas 3 on, columns keep their types, but for missing numbers."""
    pandas: Any = sys.modules["pandas"]
    if int(pandas.__version__.split(".")[0]) < 3:
        return f"what is read of '{name}' may change with it, in this version of pandas"
    known = ("row", "column") if value.ndim == 2 else ("row", "label")
    if table.entries not in known:
        return f"'{name}' is a {type(value).__name__}, whose entries others may read or set, too"
    labels = [value.index, value.columns] if value.ndim == 2 else [value.index]
    if any(not index.is_unique or index.nlevels > 1 for index in labels):
        return f"columns or rows of '{name}' have no labels of their own"
    columns = [value] if value.ndim == 1 else [value[label] for label in value.columns]
    if not all(map(holds_values, columns)):
        return f"'{name}' may hold objects that change"
    return ""


def is_table(value: Any) -> bool:
    """Whether it is a plain DataFrame or Series."""
    pandas: Any = sys.modules.get("pandas")
    return pandas is not None and type(value) in (pandas.DataFrame, pandas.Series)


def holds_values(column: Any) -> bool:
    """Whether no element can be changed in place."""
    if getattr(column.dtype, "kind", "O") != "O":
        return True
    return len(column) <= _MOST_OBJECTS and all(map(is_immutable, column))


def _is_array(value: Any) -> bool:
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray


def _is_apart(value: Any, other: Any) -> bool:
    if _is_array(value) and _is_array(other):
        numpy: Any = sys.modules["numpy"]
        return not value.dtype.hasobject and not numpy.may_share_memory(value, other)
    if is_table(other) and is_table(value):  # what is written is copied before
        return value is not other
    if type(value) in (list, dict) and value is not other:
        return all(map(is_immutable, value.values() if type(value) is dict else value))
    return is_immutable(value)
