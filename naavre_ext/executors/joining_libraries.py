"""Joins the arrays and tables of NumPy, pandas, Arrow and SciPy: only what is alike in all batches."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from naavre_ext.executors.joining_checks import JoinError, Piece, described, same, values_of

# NumPy


def arrays(pieces: Sequence[Piece]) -> Any:
    """NumPy arrays of one dtype and row shape, along the first axis."""
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
    same(pieces, lambda v: v.dtype, described, "Give the dtype: .astype(...).", _same_dtype)
    same(pieces, lambda v: v.shape[1:], described, "Make rows of one shape in every batch.")
    values = values_of(pieces)
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


def frames(pieces: Sequence[Piece]) -> Any:
    """Tables with the same columns, the rows one behind the other."""
    remedy = "Make the same columns, of the same dtypes, in every batch (.astype(...))."
    same(pieces, lambda v: list(v.columns), _columns_in_words, remedy)
    same(pieces, lambda v: v.columns, _columns_in_words, remedy, lambda a, b: a.identical(b))
    same(pieces, lambda v: list(v.dtypes), dtypes_in_words, remedy)
    return _concatenated(pieces)


def _columns_in_words(value: Any) -> str:
    return f"a table with the columns {[str(c) for c in value.columns]}"


def dtypes_in_words(value: Any) -> str:
    """A table's dtypes by column."""
    return (
        "a table with the dtypes {" + ", ".join(f"{n}: {d}" for n, d in value.dtypes.items()) + "}"
    )


def series(pieces: Sequence[Piece]) -> Any:
    """Series of one name and dtype, one behind the other."""
    named = "Give it the same name in every batch."
    same(pieces, lambda v: v.name, lambda v: f"a Series named {v.name!r}", named, _same_name)
    same(pieces, lambda v: v.dtype, described, "Give the dtype: .astype(...).")
    return _concatenated(pieces)


def _same_name(one: Any, other: Any) -> bool:
    return bool(one is other or one == other)


def _concatenated(pieces: Sequence[Piece]) -> Any:
    pandas = sys.modules["pandas"]
    values = values_of(pieces)
    same(pieces, lambda v: v.attrs, lambda v: f"attrs {v.attrs}", "Set attrs in the next cell.")
    indexes = [(number, value.index) for number, value in pieces]
    labels = index(indexes)  # says what differs; concat itself would find something in common
    whole = pandas.concat(values, ignore_index=_counts_anew(values_of(indexes)))
    whole.index = labels
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


def index(pieces: Sequence[Piece]) -> Any:
    """The rows' labels one behind the other; those that every batch counts from 0 are counted through."""
    pandas = sys.modules["pandas"]
    kept = [piece for piece in pieces if len(piece[1])] or pieces[:1]
    same(
        pieces, lambda v: list(v.names), lambda v: f"index names {list(v.names)}", "Name it alike."
    )
    same(kept, lambda v: v.dtype, lambda v: f"an index of {v.dtype}", "Make the same index dtype.")
    same(kept, lambda v: v.nlevels, lambda v: f"an index of {v.nlevels} levels", "Make it alike.")
    values = values_of(kept)
    if _counts_anew(values):
        return pandas.RangeIndex(sum(map(len, values)), name=values[0].name)
    return values[0].append(values[1:]) if len(values) > 1 else values[0]


def extension_arrays(pieces: Sequence[Piece]) -> Any:
    """pandas' own arrays of one dtype."""
    same(pieces, lambda v: v.dtype, described, "Give the dtype: .astype(...).")
    values = values_of(pieces)
    return type(values[0])._concat_same_type(values)


# Arrow and SciPy


def tables(pieces: Sequence[Piece]) -> Any:
    """Arrow tables or record batches of one schema."""
    arrow = sys.modules["pyarrow"]
    remedy = "Give the schema: pa.table(..., schema=...)."
    same(pieces, lambda v: v.schema, lambda v: f"a table with the schema {v.schema}", remedy,
          lambda a, b: a.equals(b, check_metadata=True))  # fmt: skip
    values = values_of(pieces)
    if isinstance(values[0], arrow.Table):
        return arrow.concat_tables(values)
    return arrow.Table.from_batches(values).combine_chunks().to_batches()[0]


def arrow_arrays(pieces: Sequence[Piece]) -> Any:
    """Arrow arrays of one type."""
    arrow = sys.modules["pyarrow"]
    same(
        pieces,
        lambda v: v.type,
        lambda v: f"an Arrow array of {v.type}",
        "Give the type: pa.array(..., type=...).",
    )
    values = values_of(pieces)
    if isinstance(values[0], arrow.ChunkedArray):
        return arrow.chunked_array([c for v in values for c in v.chunks], values[0].type)
    return arrow.concat_arrays(values)


def sparse_rows(pieces: Sequence[Piece]) -> Any:
    """The rows of sparse matrices of one format, dtype and width."""
    sparse = sys.modules["scipy.sparse"]
    same(
        pieces,
        lambda v: v.format,
        lambda v: f"a matrix in {v.format} format",
        "Convert it: .tocsr().",
    )
    same(pieces, lambda v: v.dtype, described, "Give the dtype: .astype(...).")
    same(pieces, lambda v: v.shape[1:], described, "Make rows of one length in every batch.")
    values = values_of(pieces)
    return sparse.vstack(values, format=values[0].format, dtype=values[0].dtype)
