"""Joins what the batches of an ``# over`` cell made of one output, in order, by method and type.

Pure, and strict: where a whole run might have made something else than the pieces tell, it is a
:class:`JoinError`, which names the batch, the types and a remedy. Tables of methods and types are at the end.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import numbers
import sys
from collections.abc import Callable, Sequence
from typing import Any

from naavre_ext.executors import joining_libraries, joining_plain, joining_sums
from naavre_ext.executors.joining_checks import JoinError, Piece, described, same_type
from naavre_ext.model.annotation import MergeMethod


def join(method: MergeMethod, pieces: Sequence[Piece]) -> Any:
    """The pieces (at least one) as one value, in the order given.

    Raises:
        JoinError: the method doesn't suit the type, or the pieces differ in what has to be equal.
    """
    number, value = pieces[0]
    joiner = next((j for accepts, j in _METHODS[method]() if accepts(type(value))), None)
    if joiner is None:
        text = f"batch {number} made {described(value)}, which has no '{method}'"
        raise JoinError(text, _advice(method, value))
    if joiner not in _MIXING:
        same_type(pieces)
    try:
        return joiner(pieces)
    except JoinError:
        raise
    except Exception as error:  # a library's own word that the values don't go together
        text = f"the {len(pieces)} batches made {described(value)} and the like: {error}"
        raise JoinError(text, "Make values that go together in every batch.") from error


def _advice(method: MergeMethod, value: Any) -> str:
    if isinstance(value, numbers.Number):
        return "Use =sum, =min or =max, or collect the batches' values in a list."
    if method in ("sum", "min", "max", "update") and hasattr(value, "__len__"):
        return "Leave the method away to have the batches' values put one behind the other."
    return "Hand over a list, an array or a table, which can be joined, and make the rest of it in the next cell."


# The tables: for which types each method is there, and what does it

_Accepts = Callable[[type], bool]
_Joiner = Callable[[Sequence[Piece]], Any]
_Rows = list[tuple[_Accepts, _Joiner]]

#: They take numbers of several types.
_MIXING: tuple[_Joiner, ...] = (joining_sums.numbers_added, joining_sums.least, joining_sums.most)

_UPDATABLE = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter, set,
              frozenset)  # fmt: skip
_ADDABLE = (numbers.Number, decimal.Decimal, datetime.timedelta)
_ORDERED = (*_ADDABLE, str, bytes, datetime.date, datetime.time)


def _exactly(*kinds: type) -> _Accepts:
    return lambda kind: kind in kinds


def _any_of(*kinds: type) -> _Accepts:
    return lambda kind: issubclass(kind, kinds)


def _library(module: str, *names: str) -> _Accepts:
    """A type of a library, or one that is made of it; nothing where nobody has imported the library."""
    kinds = tuple(
        found
        for name in names
        if (found := getattr(sys.modules.get(module), name, None)) is not None
    )
    return _any_of(*kinds)


def _concat_rows() -> _Rows:
    pandas = getattr(sys.modules.get("pandas"), "api", None)
    extension = getattr(getattr(pandas, "extensions", None), "ExtensionArray", None)
    return [
        (_exactly(list), joining_plain.added_lists),
        (_exactly(tuple), joining_plain.added_tuples),
        (_exactly(str, bytes, bytearray), joining_plain.joined_text),
        (_exactly(range), joining_plain.joined_ranges),
        (_exactly(collections.deque), joining_plain.added_deques),
        (_exactly(*_UPDATABLE), joining_plain.updated),
        (_library("numpy", "ndarray"), joining_libraries.arrays),
        (_library("pandas", "DataFrame"), joining_libraries.frames),
        (_library("pandas", "Series"), joining_libraries.series),
        (_library("pandas", "Index"), joining_libraries.index),
        (_any_of(*([extension] if extension else [])), joining_libraries.extension_arrays),
        (_library("pyarrow", "Table", "RecordBatch"), joining_libraries.tables),
        (_library("pyarrow", "Array", "ChunkedArray"), joining_libraries.arrow_arrays),
        (_library("scipy.sparse", "spmatrix", "sparray"), joining_libraries.sparse_rows),
    ]


def _elementwise_types() -> list[_Accepts]:
    return [_library("numpy", "ndarray"), _library("pandas", "DataFrame", "Series")]


def _sum_rows() -> _Rows:
    return [
        (_any_of(*_ADDABLE), joining_sums.numbers_added),
        (_library("numpy", "bool_"), joining_sums.numbers_added),  # refused there, with advice
        (_exactly(collections.Counter), joining_sums.counters_added),
        *((accepts, joining_sums.arrays_added) for accepts in _elementwise_types()),
    ]


def _min_rows() -> _Rows:
    rows: _Rows = [(accepts, joining_sums.elementwise_least) for accepts in _elementwise_types()]
    return [
        (_any_of(*_ORDERED), joining_sums.least),
        (_library("numpy", "bool_"), joining_sums.least),
        *rows,
    ]


def _max_rows() -> _Rows:
    rows: _Rows = [(accepts, joining_sums.elementwise_most) for accepts in _elementwise_types()]
    return [
        (_any_of(*_ORDERED), joining_sums.most),
        (_library("numpy", "bool_"), joining_sums.most),
        *rows,
    ]


_METHODS: dict[MergeMethod, Callable[[], _Rows]] = {
    "concat": _concat_rows,
    "update": lambda: [(_exactly(*_UPDATABLE), joining_plain.updated)],
    "sum": _sum_rows,
    "min": _min_rows,
    "max": _max_rows,
}
