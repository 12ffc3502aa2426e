"""Joins what the batches of an ``# over`` cell made of one output, in order, by method and type.

Pure, and strict: where a whole run might have made something else than the pieces tell, it is a
:class:`JoinError`, which names the batch, the types and a remedy. Tables of methods and types are at the end.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import itertools
import math
import numbers
import operator
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from naavre_ext.model.annotation import MergeMethod

#: A batch's number, as users count, and what it made.
Piece = tuple[int, Any]


class JoinError(Exception):
    """Pieces can't be joined; the message names the batch and the types, ``remedy`` what would work."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


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
        _same_type(pieces)
    try:
        return joiner(pieces)
    except JoinError:
        raise
    except Exception as error:  # a library's own word that the values don't go together
        text = f"the {len(pieces)} batches made {described(value)} and the like: {error}"
        raise JoinError(text, "Make values that go together in every batch.") from error


def described(value: Any) -> str:
    """``an ndarray of int64, shape (3, 2)``: the type, and what else has to be equal."""
    kind = type(value).__name__
    text = f"{'an' if kind[0] in 'aeiouAEIOU' or kind == 'ndarray' else 'a'} {kind}"
    dtype, shape = getattr(value, "dtype", None), getattr(value, "shape", None)
    if dtype is not None and not isinstance(value, numbers.Number):
        text += f" of {dtype}"
    return text + (f", shape {tuple(shape)}" if isinstance(shape, tuple) and shape else "")


def _advice(method: MergeMethod, value: Any) -> str:
    if isinstance(value, numbers.Number):
        return "Use =sum, =min or =max, or collect the batches' values in a list."
    if method in ("sum", "min", "max", "update") and hasattr(value, "__len__"):
        return "Leave the method away to have the batches' values put one behind the other."
    return "Hand over a list, an array or a table, which can be joined, and make the rest of it in the next cell."


# Checks


def _same_type(pieces: Sequence[Piece]) -> None:
    _same(pieces, type, lambda value: described(value), "Make the same type in every batch.")


def _same(
    pieces: Sequence[Piece],
    aspect: Callable[[Any], Any],
    words: Callable[[Any], str],
    remedy: str,
    equal: Callable[[Any, Any], bool] = operator.eq,
) -> None:
    """Raises JoinError for the first piece whose aspect isn't that of the first piece."""
    (first, model), *others = pieces
    wanted = aspect(model)
    for number, value in others:
        if not equal(aspect(value), wanted):
            raise JoinError(
                f"batch {number} made {words(value)}, but batch {first} {words(model)}", remedy
            )


def _values(pieces: Sequence[Piece]) -> list[Any]:
    return [value for _, value in pieces]


# Python's own types


def _added_lists(pieces: Sequence[Piece]) -> Any:
    whole = list(pieces[0][1])
    for value in _values(pieces)[1:]:
        whole.extend(value)
    return whole


def _added_tuples(pieces: Sequence[Piece]) -> Any:
    return tuple(item for value in _values(pieces) for item in value)


def _joined_text(pieces: Sequence[Piece]) -> Any:
    values = _values(pieces)
    return type(values[0])().join(values)


def _added_deques(pieces: Sequence[Piece]) -> Any:
    values = _values(pieces)
    _same(pieces, lambda v: v.maxlen, lambda v: f"a deque with maxlen {v.maxlen}", "Use a list.")
    return collections.deque((item for value in values for item in value), values[0].maxlen)


def _joined_ranges(pieces: Sequence[Piece]) -> Any:
    filled = [(number, value) for number, value in pieces if len(value)]
    if len(filled) < 2:
        return filled[0][1] if filled else pieces[0][1]
    values = _values(filled)
    longer = next((value for value in values if len(value) > 1), None)
    step = longer.step if longer is not None else values[1][0] - values[0][0]
    for (_, before), (number, value) in itertools.pairwise(filled):
        if value[0] - before[-1] != step or (len(value) > 1 and value.step != step):
            raise JoinError(
                f"batch {number} made {value}, which doesn't go on where {before} ends",
                "Make lists: list(range(...)).",
            )
    return range(
        values[0].start, values[-1].stop if len(values[-1]) > 1 else values[-1][0] + step, step
    )


def _updated(pieces: Sequence[Piece]) -> Any:
    """Dicts, sets and Counters by their own ``update``: later values count, a Counter's counts add up."""
    values = _values(pieces)
    if isinstance(values[0], frozenset):
        return frozenset().union(*values)
    whole = values[0].copy()
    for value in values[1:]:
        whole.update(value)
    return whole


# NumPy


def _arrays(pieces: Sequence[Piece]) -> Any:
    numpy = sys.modules["numpy"]
    for number, value in pieces:
        if value.ndim == 0:
            raise JoinError(
                f"batch {number} made an array without dimensions",
                "Use =sum, =min or =max, or give it one: np.atleast_1d(...).",
            )
    # np.array([]) is of float64, whatever a longer list would have given.
    empty = [value.ndim == 1 and not len(value) and value.dtype == float for _, value in pieces]
    filled = [piece for piece, nothing in zip(pieces, empty, strict=True) if not nothing]
    pieces = filled or pieces[:1]
    _same(pieces, lambda v: v.dtype, described, "Give the dtype: .astype(...).", _same_dtype)
    _same(pieces, lambda v: v.shape[1:], described, "Make rows of one shape in every batch.")
    values = _values(pieces)
    masked = sys.modules.get("numpy.ma")
    if masked is not None and isinstance(values[0], masked.MaskedArray):
        whole = masked.concatenate(values)
        whole.fill_value = values[0].fill_value
        return whole
    whole = numpy.concatenate(values)
    whole.flags.writeable = any(value.flags.writeable for value in values)
    return whole


def _same_dtype(one: Any, other: Any) -> bool:
    """Texts may have other lengths in every batch."""
    return bool(one == other) or (one.kind == other.kind and one.kind in "US")


# pandas


def _frames(pieces: Sequence[Piece]) -> Any:
    remedy = "Make the same columns, of the same dtypes, in every batch (.astype(...))."
    _same(pieces, lambda v: list(v.columns), _columns_in_words, remedy)
    _same(pieces, lambda v: v.columns, _columns_in_words, remedy, lambda a, b: a.identical(b))
    _same(pieces, lambda v: list(v.dtypes), _dtypes_in_words, remedy)
    return _concatenated(pieces)


def _columns_in_words(value: Any) -> str:
    return f"a table with the columns {[str(c) for c in value.columns]}"


def _dtypes_in_words(value: Any) -> str:
    return (
        "a table with the dtypes {" + ", ".join(f"{n}: {d}" for n, d in value.dtypes.items()) + "}"
    )


def _series(pieces: Sequence[Piece]) -> Any:
    named = "Give it the same name in every batch."
    _same(pieces, lambda v: v.name, lambda v: f"a Series named {v.name!r}", named, _same_name)
    _same(pieces, lambda v: v.dtype, described, "Give the dtype: .astype(...).")
    return _concatenated(pieces)


def _same_name(one: Any, other: Any) -> bool:
    return bool(one is other or one == other)


def _concatenated(pieces: Sequence[Piece]) -> Any:
    pandas = sys.modules["pandas"]
    values = _values(pieces)
    _same(pieces, lambda v: v.attrs, lambda v: f"attrs {v.attrs}", "Set attrs in the next cell.")
    indexes = [(number, value.index) for number, value in pieces]
    index = _index(indexes)  # says what differs; concat itself would find something in common
    whole = pandas.concat(values, ignore_index=_counts_anew(_values(indexes)))
    whole.index = index
    whole.attrs = dict(values[0].attrs)
    if type(whole) is not type(values[0]):
        raise JoinError(
            f"{described(values[0])} becomes {described(whole)} when it is joined",
            "Hand over a plain DataFrame or Series.",
        )
    return whole


def _counts_anew(indexes: Sequence[Any]) -> bool:
    """Whether each batch has counted its rows from 0, as only a fresh table does."""
    pandas = sys.modules["pandas"]
    return all(
        isinstance(index, pandas.RangeIndex) and index.start == 0 and index.step == 1
        for index in indexes
    )


def _index(pieces: Sequence[Piece]) -> Any:
    """The rows' labels one behind the other; those that every batch counts from 0 are counted through."""
    pandas = sys.modules["pandas"]
    kept = [piece for piece in pieces if len(piece[1])] or pieces[:1]
    _same(
        pieces, lambda v: list(v.names), lambda v: f"index names {list(v.names)}", "Name it alike."
    )
    _same(kept, lambda v: v.dtype, lambda v: f"an index of {v.dtype}", "Make the same index dtype.")
    _same(kept, lambda v: v.nlevels, lambda v: f"an index of {v.nlevels} levels", "Make it alike.")
    values = _values(kept)
    if _counts_anew(values):
        return pandas.RangeIndex(sum(map(len, values)), name=values[0].name)
    return values[0].append(values[1:]) if len(values) > 1 else values[0]


def _extension_arrays(pieces: Sequence[Piece]) -> Any:
    _same(pieces, lambda v: v.dtype, described, "Give the dtype: .astype(...).")
    values = _values(pieces)
    return type(values[0])._concat_same_type(values)


# Arrow and SciPy


def _tables(pieces: Sequence[Piece]) -> Any:
    arrow = sys.modules["pyarrow"]
    remedy = "Give the schema: pa.table(..., schema=...)."
    _same(pieces, lambda v: v.schema, lambda v: f"a table with the schema {v.schema}", remedy,
          lambda a, b: a.equals(b, check_metadata=True))  # fmt: skip
    values = _values(pieces)
    if isinstance(values[0], arrow.Table):
        return arrow.concat_tables(values)
    return arrow.Table.from_batches(values).combine_chunks().to_batches()[0]


def _arrow_arrays(pieces: Sequence[Piece]) -> Any:
    arrow = sys.modules["pyarrow"]
    _same(
        pieces,
        lambda v: v.type,
        lambda v: f"an Arrow array of {v.type}",
        "Give the type: pa.array(..., type=...).",
    )
    values = _values(pieces)
    if isinstance(values[0], arrow.ChunkedArray):
        return arrow.chunked_array([c for v in values for c in v.chunks], values[0].type)
    return arrow.concat_arrays(values)


def _sparse_rows(pieces: Sequence[Piece]) -> Any:
    sparse = sys.modules["scipy.sparse"]
    _same(
        pieces,
        lambda v: v.format,
        lambda v: f"a matrix in {v.format} format",
        "Convert it: .tocsr().",
    )
    _same(pieces, lambda v: v.dtype, described, "Give the dtype: .astype(...).")
    _same(pieces, lambda v: v.shape[1:], described, "Make rows of one length in every batch.")
    values = _values(pieces)
    return sparse.vstack(values, format=values[0].format, dtype=values[0].dtype)


# Sums and extremes


def _numbers_added(pieces: Sequence[Piece]) -> Any:
    _numeric(pieces)
    return reduce(operator.add, _values(pieces))


def _counters_added(pieces: Sequence[Piece]) -> Any:
    return _updated(pieces)


def _arrays_added(pieces: Sequence[Piece]) -> Any:
    _elementwise(pieces)
    return reduce(operator.add, _values(pieces))


def _least(pieces: Sequence[Piece]) -> Any:
    return _extreme(pieces, min)


def _most(pieces: Sequence[Piece]) -> Any:
    return _extreme(pieces, max)


def _extreme(pieces: Sequence[Piece], choose: Callable[..., Any]) -> Any:
    if not all(isinstance(value, numbers.Number) for _, value in pieces):
        _same_type(pieces)
    for number, value in pieces:
        if isinstance(value, complex):
            raise JoinError(
                f"batch {number} made a complex number, which has no order", "Use abs()."
            )
        if isinstance(value, numbers.Real) and math.isnan(value):
            raise _not_a_number(number)
    return choose(_values(pieces))


def _not_a_number(number: int) -> JoinError:
    return JoinError(
        f"batch {number} made a NaN, and whether it counts only the cell knows",
        "Collect the batches' values in a list, and choose in the next cell.",
    )


def _elementwise_least(pieces: Sequence[Piece]) -> Any:
    return _elementwise_extreme(pieces, "minimum")


def _elementwise_most(pieces: Sequence[Piece]) -> Any:
    return _elementwise_extreme(pieces, "maximum")


def _elementwise_extreme(pieces: Sequence[Piece], name: str) -> Any:
    numpy = sys.modules["numpy"]
    _elementwise(pieces)
    for number, value in pieces:
        if numpy.asarray(value != value).any():  # only a NaN isn't itself
            raise _not_a_number(number)
    return reduce(getattr(numpy, name), _values(pieces))


def _elementwise(pieces: Sequence[Piece]) -> None:
    """Raises JoinError where element and element don't belong together."""
    _same(pieces, lambda v: v.shape, described, "Make arrays of one shape in every batch.")
    for aspect in ("dtype", "name"):
        _same(pieces, lambda v, a=aspect: getattr(v, a, None), described, "Make them alike.")  # type: ignore[misc]
    for axis in ("index", "columns"):
        if hasattr(pieces[0][1], axis):
            _same(pieces, lambda v, a=axis: getattr(v, a), lambda v, a=axis: f"the {a} {list(getattr(v, a))}",  # type: ignore[misc]
                  "Give it the same labels in every batch.", lambda a, b: a.identical(b))  # fmt: skip
    if hasattr(pieces[0][1], "dtypes") and hasattr(pieces[0][1], "columns"):
        _same(pieces, lambda v: list(v.dtypes), _dtypes_in_words, "Make them alike.")
    if getattr(getattr(pieces[0][1], "dtype", None), "kind", "") == "b":
        _refuse_truth(pieces[0])


def _numeric(pieces: Sequence[Piece]) -> None:
    for number, value in pieces:
        if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
            _refuse_truth((number, value))
        if not isinstance(value, numbers.Number):
            _same_type(pieces)


def _refuse_truth(piece: Piece) -> None:
    raise JoinError(
        f"batch {piece[0]} made {described(piece[1])}, and a sum of truth values is none",
        "Use =max (any batch) or =min (all batches).",
    )


# The tables: for which types each method is there, and what does it

_Accepts = Callable[[type], bool]
_Joiner = Callable[[Sequence[Piece]], Any]
_Rows = list[tuple[_Accepts, _Joiner]]

#: They take numbers of several types.
_MIXING: tuple[_Joiner, ...] = (_numbers_added, _least, _most)

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
        (_exactly(list), _added_lists),
        (_exactly(tuple), _added_tuples),
        (_exactly(str, bytes, bytearray), _joined_text),
        (_exactly(range), _joined_ranges),
        (_exactly(collections.deque), _added_deques),
        (_exactly(*_UPDATABLE), _updated),
        (_library("numpy", "ndarray"), _arrays),
        (_library("pandas", "DataFrame"), _frames),
        (_library("pandas", "Series"), _series),
        (_library("pandas", "Index"), _index),
        (_any_of(*([extension] if extension else [])), _extension_arrays),
        (_library("pyarrow", "Table", "RecordBatch"), _tables),
        (_library("pyarrow", "Array", "ChunkedArray"), _arrow_arrays),
        (_library("scipy.sparse", "spmatrix", "sparray"), _sparse_rows),
    ]


def _elementwise_types() -> list[_Accepts]:
    return [_library("numpy", "ndarray"), _library("pandas", "DataFrame", "Series")]


def _sum_rows() -> _Rows:
    return [
        (_any_of(*_ADDABLE), _numbers_added),
        (_library("numpy", "bool_"), _numbers_added),  # refused there, with advice
        (_exactly(collections.Counter), _counters_added),
        *((accepts, _arrays_added) for accepts in _elementwise_types()),
    ]


def _min_rows() -> _Rows:
    rows: _Rows = [(accepts, _elementwise_least) for accepts in _elementwise_types()]
    return [(_any_of(*_ORDERED), _least), (_library("numpy", "bool_"), _least), *rows]


def _max_rows() -> _Rows:
    rows: _Rows = [(accepts, _elementwise_most) for accepts in _elementwise_types()]
    return [(_any_of(*_ORDERED), _most), (_library("numpy", "bool_"), _most), *rows]


_METHODS: dict[MergeMethod, Callable[[], _Rows]] = {
    "concat": _concat_rows,
    "update": lambda: [(_exactly(*_UPDATABLE), _updated)],
    "sum": _sum_rows,
    "min": _min_rows,
    "max": _max_rows,
}
