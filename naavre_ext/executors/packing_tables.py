"""The memory of pandas' tables, series and indexes, and who sees a change of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from naavre_ext.executors.class_homes import package_of


def is_array(obj: Any) -> bool:
    """Whether it is an array of NumPy's."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(type(obj), numpy.ndarray)


def record_of(obj: Any) -> Any:
    """The array of which a NumPy record is a part; None for other objects, and for records of their own."""
    numpy = sys.modules.get("numpy")
    return obj.base if numpy is not None and issubclass(type(obj), numpy.void) else None


def is_copy_on_write(obj: Any) -> bool:
    """Whether ``obj`` is pandas data under copy-on-write: it never sees another frame's changes."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return False
    if issubclass(type(obj), pandas.Index):
        return True
    if not issubclass(type(obj), (pandas.DataFrame, pandas.Series)):
        return False
    return has_copy_on_write(pandas)


def has_copy_on_write(pandas: Any) -> bool:
    """Whether this pandas copies on write: always from version 3 on."""
    major = int(pandas.__version__.split(".")[0])
    return major >= 3 or (major == 2 and bool(pandas.options.mode.copy_on_write))


def _columns(obj: Any) -> Iterable[Any]:
    """The arrays that a frame, a series or an index is made of."""
    if obj.ndim == 2:
        columns: Iterable[Any] = obj._iter_column_arrays()
        return columns
    levels = getattr(obj, "levels", None)  # a MultiIndex has no array of its own
    return (obj.array,) if levels is None else [level.array for level in levels]


def sealed_arrays(obj: Any) -> Sequence[Any]:
    """The arrays that an index or a column of pandas keeps, and of which it hands out read-only views."""
    pandas = sys.modules.get("pandas")
    if pandas is None or package_of(type(obj)) != "pandas":
        return ()
    kinds = (pandas.Index, pandas.api.extensions.ExtensionArray)
    if not issubclass(type(obj), kinds) or not has_copy_on_write(pandas):
        return ()
    kept = (vars(obj).get("_data"), getattr(obj, "_ndarray", None))
    return [array for array in kept if is_array(array)]


def memory_of_table(obj: Any) -> tuple[list[Any], list[Any]]:
    """The plain arrays that hold a table's or a series' elements, and pandas' own arrays of them.

    None for other objects.
    """
    if not is_copy_on_write(obj) or issubclass(type(obj), sys.modules["pandas"].Index):
        return [], []
    columns = list(_columns(obj))
    own = [column for column in columns if not is_array(column)]
    return [array for column in columns for array in _memory_of(column)], own


def _memory_of(column: Any) -> Iterator[Any]:
    """The plain arrays of a column: of its values, of what says which are missing, of both ends of intervals."""
    if is_array(column):
        yield column
    elif package_of(type(column)) == "pandas":
        for part in (getattr(column, "_ndarray", None), *getattr(column, "__dict__", {}).values()):
            yield from _memory_of(part)


def elements_of_table(obj: Any) -> Iterator[Any]:
    """The Python objects that pandas data holds: elements, and the dictionary of its attributes."""
    for column in _columns(obj):
        if str(column.dtype) == "object":
            yield from column
    attributes = getattr(obj, "attrs", None)
    if attributes is not None:
        yield attributes
