"""What batches read of a table that a loop adds columns to, when the cell's own share has set some of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from naavre_ext.executors.filled_columns import as_begun, why_grown, why_no_labels
from naavre_ext.model.workflow import FilledTable, Split


def added(adds="new", reads=()):
    table = FilledTable("df", (), reads, in_body=True, adds=adds)
    return Split(0, 1, "for", "xs", tables=(table,))


def table():
    return pd.DataFrame(
        {
            "a": [0.0, np.nan, 2.0],
            "t": ["x", None, "y"],
            "o": pd.Series([1, "x", None], dtype=object),
            "k": pd.Categorical(["u", "v", "u"]),
            "n": pd.array([1, None, 3], dtype="Int64"),
            "d": pd.to_datetime(["2026-01-01"] * 3).tz_localize("UTC"),
        }
    )


CHANGES = {
    "another value": lambda df: df.__setitem__("a", df["a"] + 1),
    "another zero": lambda df: df.__setitem__("a", df["a"].replace(0.0, -0.0)),
    "another type": lambda df: df.__setitem__("a", df["a"].astype("float32")),
    "another text": lambda df: df.__setitem__("t", ["x", None, "z"]),
    "an equal object": lambda df: df.__setitem__("o", pd.Series([True, "x", None], dtype=object)),
    "another category": lambda df: df.__setitem__("k", pd.Categorical(["v", "v", "u"])),
    "another missing number": lambda df: df.__setitem__("n", pd.array([1, 2, 3], dtype="Int64")),
    "another day": lambda df: df.__setitem__("d", df["d"] + pd.Timedelta(days=1)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_columns_are_found(name):
    df = table()
    begun = as_begun(added(), {"df": df})
    df["made"] = df["a"] * 2
    assert why_grown(added(), begun, {"df": df}) == ""
    CHANGES[name](df)
    assert "set a column of 'df' that others read" in why_grown(added(), begun, {"df": df})


def test_columns_that_no_iteration_reads_may_change():
    df = table()
    split = added("others", ("a", "n"))
    begun = as_begun(split, {"df": df})
    df["t"] = 1
    assert why_grown(split, begun, {"df": df}) == ""
    df["n"] = 1
    assert why_grown(split, begun, {"df": df})


LABELS = {
    "texts": (["a", "b"], True),
    "numbers": ([1, np.int64(2), 0.5], True),
    "pairs": ([("a", 3), (1, ["b", "c"])], True),
    "truth values": ([True, False], False),
    "masks": ([[True, False]], False),
    "arrays": ([np.array([1, 2])], False),
    "slices": ([slice(1, 2)], False),
    "functions": ([len], False),
}


@pytest.mark.parametrize("name", LABELS)
def test_items_that_name_columns(name):
    items, are_labels = LABELS[name]
    assert (why_no_labels(added(), items) == "") is are_labels
    assert why_no_labels(added("others", ("a",)), items) == "", "columns have literal names there"
