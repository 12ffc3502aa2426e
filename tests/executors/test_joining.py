# ruff: noqa: E501
"""How what batches made is joined, by method and type; and what can't be."""

from __future__ import annotations

import datetime
import re
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp

from naavre_ext.executors.cutting import NotCuttable, OverSource
from naavre_ext.executors.joining import join
from naavre_ext.executors.joining_checks import JoinError
from naavre_ext.executors.portraits import portray

FRAME = pd.DataFrame(
    {
        "k": pd.Categorical(list("abcab")),
        "v": np.arange(5, dtype="int32"),
        "t": pd.date_range("2024", periods=5, tz="UTC"),
    }
)
FRAME.attrs["source"] = "here"
INDEXED = FRAME.set_index(["k", "v"])
TABLE = pa.table({"v": [1, 2, 3, 4, 5]}).replace_schema_metadata({"unit": "m"})

#: What is cut into slices and joined again must be what it was.
WHOLES = {
    "list": [1, [2], "3", None, 5],
    "tuple": (1, 2, 3, 4, 5),
    "str": "häßli",
    "bytes": b"12345",
    "bytearray": bytearray(b"12345"),
    "range": range(10, 0, -2),
    "deque": deque([1, 2, 3, 4, 5], maxlen=9),
    "dict": {"b": 1, "a": 2, "c": 3, "d": 4, "e": 5},
    "OrderedDict": OrderedDict(b=1, a=2, c=3, d=4, e=5),
    "defaultdict": defaultdict(list, {n: [n] for n in range(5)}),
    "Counter": Counter("aabbbcdef"),
    "array": np.arange(5),
    "two dimensions": np.arange(10, dtype="float32").reshape(5, 2),
    "Fortran order": np.asfortranarray(np.arange(10.0).reshape(5, 2)),
    "texts": np.array(["a", "bbb", "cc", "dddd", ""]),
    "dates": np.array(["2024-01-01", "NaT", "2024-01-03", "2024-01-04", "2024-01-05"], dtype="M8[D]"),
    "records": np.array([(1, 2.0)] * 5, dtype=[("a", "i2"), ("b", "f8")]),
    "objects": np.array([1, "a", None, [2], 3.0], dtype=object),
    "masked": np.ma.masked_equal([1, 2, 3, 4, 5], 3),
    "matrix": sp.csr_matrix(np.eye(5, 3)),
    "sparse array": sp.csc_array(np.eye(5, 3, dtype="int8")),
    "coordinates": sp.coo_matrix(np.eye(5, 3)),
    "frame": FRAME,
    "frame with an index": INDEXED,
    "frame without columns": pd.DataFrame(index=range(5)),
    "series": FRAME["v"],
    "categorical series": FRAME["k"],
    "nullable series": pd.Series([1, None, 3, 4, 5], dtype="Int64", name="n"),
    "index": pd.Index([5, 3, 1, 2, 4], name="i"),
    "range index": pd.RangeIndex(5, name="r"),
    "date index": pd.date_range("2024", periods=5, name="day"),
    "multi index": INDEXED.index,
    "Arrow table": TABLE,
    "Arrow batch": TABLE.to_batches()[0],
    "Arrow array": pa.array(["a", None, "c", "d", "e"]),
    "Arrow chunks": TABLE["v"],
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("whole", WHOLES.values(), ids=WHOLES)
def test_slices_join_to_the_whole(whole, size):
    source = OverSource({"whole": whole})
    pieces = []
    while source.left:
        (piece,) = source.take(size).values
        pieces.append((len(pieces) + 1, piece))
    assert {type(piece) for _, piece in pieces} == {type(whole)}
    joined = join("concat", pieces)
    assert type(joined) is type(whole)
    if isinstance(whole, (pa.Table, pa.RecordBatch, pa.Array, pa.ChunkedArray)):
        assert joined.equals(whole)
        if isinstance(whole, pa.Table):
            assert joined.schema.equals(whole.schema, check_metadata=True)
    elif isinstance(whole, np.ma.MaskedArray):
        assert joined.tolist() == whole.tolist()
        assert joined.fill_value == whole.fill_value
    elif sp.issparse(whole):
        assert (joined.format, joined.dtype, joined.toarray().tolist()) == (
            whole.format,
            whole.dtype,
            whole.toarray().tolist(),
        )
    elif isinstance(whole, pd.MultiIndex):
        pd.testing.assert_index_equal(joined, whole)
    elif isinstance(whole, pd.DataFrame) and isinstance(whole.index, pd.MultiIndex):
        pd.testing.assert_frame_equal(joined, whole)
    else:
        assert portray(joined).digest == portray(whole).digest


def test_no_items_are_one_empty_slice_of_each_kind():
    for whole in WHOLES.values():
        (piece,) = OverSource({"x": whole}).take(0).values
        assert type(piece) is type(whole)


JOINED = {
    "fresh numbers count on": ("concat", [pd.Series([1, 2]), pd.Series([3])], pd.Series([1, 2, 3])),
    "kept labels stay": ("concat", [pd.Series([1], index=[4]), pd.Series([2], index=[4])], pd.Series([1, 2], index=[4, 4])),
    "no items of np.array([])": ("concat", [np.array([]), np.array([1, 2])], np.array([1, 2])),
    "later values of a key": ("update", [{"a": 1, "b": 2}, {"b": 3, "c": 4}], {"a": 1, "b": 3, "c": 4}),
    "counts add up": ("concat", [Counter("ab"), Counter("b")], Counter("abb")),
    "counts by sum": ("sum", [Counter("ab"), Counter("b")], Counter("abb")),
    "sets": ("concat", [{1, 2}, {2, 3}], {1, 2, 3}),
    "frozen sets": ("update", [frozenset({1}), frozenset({2})], frozenset({1, 2})),
    "empty ranges": ("concat", [range(0), range(3, 6), range(6, 7)], range(3, 7)),
    "numbers in order": ("sum", [0.1, 0.2, 0.3], 0.1 + 0.2 + 0.3),
    "mixed numbers": ("sum", [1, 2.5, np.float64(1)], np.float64(4.5)),
    "fractions": ("sum", [Fraction(1, 3), Fraction(1, 6)], Fraction(1, 2)),
    "decimals": ("sum", [Decimal("0.1"), Decimal("0.2")], Decimal("0.3")),
    "times": ("sum", [datetime.timedelta(1), datetime.timedelta(2)], datetime.timedelta(3)),
    "arrays, element by element": ("sum", [np.arange(3), np.ones(3, int)], np.array([1, 2, 3])),
    "least of arrays": ("min", [np.array([1, 5]), np.array([3, 2])], np.array([1, 2])),
    "most of numbers": ("max", [1, 3, 2], 3),
    "most of truths": ("max", [np.False_, np.True_], np.True_),
    "least of texts": ("min", ["b", "a"], "a"),
    "tables added": ("sum", [pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [3, 4]})], pd.DataFrame({"a": [4, 6]})),
}  # fmt: skip


@pytest.mark.parametrize("row", JOINED.values(), ids=JOINED)
def test_pieces_are_joined(row):
    method, values, expected = row
    found = join(method, list(enumerate(values, 1)))
    assert portray(found).digest == portray(expected).digest


Point = namedtuple("Point", "x y")
MINE = type("Mine", (list,), {})

REFUSED = {
    "a number by concat": ("concat", [1, 2], "batch 1 made an int, which has no 'concat'"),
    "an array without dimensions": ("concat", [np.array(1), np.array(2)], "batch 1 made an array without dimensions"),
    "a named tuple": ("concat", [Point(1, 2), Point(3, 4)], "made a Point"),
    "a list of one's own": ("concat", [MINE([1]), MINE([2])], "made a Mine"),
    "other types": ("concat", [[1], (2,)], "batch 2 made a tuple, but batch 1 a list"),
    "nothing in one batch": ("concat", [[1], None], "batch 2 made a NoneType"),
    "other dtypes": ("concat", [np.arange(2), np.arange(2.0)], "batch 2 made an ndarray of float64"),
    "other shapes": ("concat", [np.ones((2, 3)), np.ones((2, 2))], "shape (2, 2), but batch 1"),
    "ranges with a gap": ("concat", [range(0, 5, 2), range(5, 10, 2)], "doesn't go on where"),
    "other columns": ("concat", [pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})], "columns ['b']"),
    "columns in another order": ("concat", [pd.DataFrame({"a": [1], "b": [1]}), pd.DataFrame({"b": [1], "a": [1]})], "columns ['b', 'a']"),
    "other column dtypes": ("concat", [pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1.5]})], "a: float64"),
    "other categories": ("concat", [pd.Series(["a"], dtype="category"), pd.Series(["b"], dtype="category")], "of category"),
    "other names": ("concat", [pd.Series([1], name="a"), pd.Series([1], name="b")], "named 'b'"),
    "other labels": ("concat", [pd.Series([1], index=["a"]), pd.Series([1], index=[1])], "index of int64"),
    "other attrs": ("concat", [FRAME, FRAME.copy().assign()], None),
    "other schemas": ("concat", [pa.table({"a": [1]}), pa.table({"a": ["x"]})], "schema"),
    "other formats": ("concat", [sp.csr_matrix((1, 1)), sp.csr_matrix((1, 1)).tocsc()], "batch 2 made a csc_matrix"),
    "other widths": ("concat", [sp.csr_matrix((1, 2)), sp.csr_matrix((1, 3))], "shape (1, 3)"),
    "truths added": ("sum", [True, False], "a sum of truth values"),
    "truths of NumPy added": ("sum", [np.True_, np.True_], "a sum of truth values"),
    "arrays of truths added": ("sum", [np.array([True])] * 2, "a sum of truth values"),
    "lists added": ("sum", [[1], [2]], "no 'sum'"),
    "texts added": ("sum", ["a", "b"], "no 'sum'"),
    "tables with other labels": ("sum", [pd.Series([1], index=["a"]), pd.Series([1], index=["b"])], "the index ['b']"),
    "a NaN": ("min", [1.0, float("nan")], "batch 2 made a NaN"),
    "a NaN in an array": ("max", [np.array([1.0, np.nan]), np.array([1.0, 2.0])], "batch 1 made a NaN"),
    "complex numbers": ("min", [1j, 2j], "has no order"),
    "numbers and texts": ("max", [1, "a"], "batch 2 made a str"),
    "numbers that don't mix": ("sum", [Decimal(1), 0.5], "unsupported operand"),
    "an array by update": ("update", [np.arange(2)] * 2, "no 'update'"),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_joined_is_told(row):
    method, values, text = row
    if text is None:
        values[1].attrs = {"source": "there"}
        text = "attrs {'source': 'there'}"
    with pytest.raises(JoinError, match=re.escape(text)) as raised:
        join(method, list(enumerate(values, 1)))
    assert raised.value.remedy.endswith(".")


@pytest.mark.parametrize(
    "values",
    [{"x": 3}, {"x": {1, 2}}, {"x": iter([1])}, {"x": np.array(1)}, {"x": [1, 2], "y": [1]}, {"x": None}],
    ids=["number", "set", "iterator", "no dimensions", "unequal", "nothing"],
)  # fmt: skip
def test_what_can_not_be_cut_is_told(values):
    with pytest.raises(NotCuttable) as raised:
        OverSource(values)
    assert "x" in raised.value.reason
    assert raised.value.remedy.endswith(".")


def test_arrays_that_nobody_may_write_to_stay_so():
    pieces = [(number, np.arange(2)) for number in (1, 2)]
    for _, piece in pieces:
        piece.flags.writeable = False
    assert not join("concat", pieces).flags.writeable


def test_names_are_cut_side_by_side():
    source = OverSource({"a": [1, 2, 3], "b": np.arange(3)})
    first, second = source.take(2), source.take(2)
    assert (first[0], first[1].tolist(), len(first)) == ([1, 2], [0, 1], 2)
    assert (second[0], second[1].tolist(), len(second), source.left) == ([3], [2], 1, 0)
