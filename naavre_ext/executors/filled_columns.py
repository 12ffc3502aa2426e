"""Tables that a loop fills while it reads other columns of them: what batches get, and whether that will do."""

from __future__ import annotations

import copy
import operator
import sys
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from naavre_ext.executors.own_entries import holds_values, is_table
from naavre_ext.executors.packing_tables import has_copy_on_write
from naavre_ext.model.workflow import FilledTable, Split
from naavre_ext.planning.function_scope import own_name

#: Types of columns whose equal elements can't be told apart; 0.0 and -0.0 can.
_EXACT = frozenset({"StringDtype", "CategoricalDtype", "DatetimeTZDtype", "PeriodDtype"})


def why_not_apart(table: FilledTable, split: Split, variables: Mapping[str, Any]) -> str:
    """Why an iteration may see what another one puts into the table; "" where it can't."""
    pandas, name = sys.modules.get("pandas"), own_name(table.name)
    value: Any = variables.get(table.name)
    if pandas is None or type(value) is not pandas.DataFrame:
        return f"'{name}' is a {type(value).__name__}, and no plain table"
    if not has_copy_on_write(pandas):
        return f"what is read of '{name}' may change with it, in this version of pandas"
    if table.in_body and (
        not value.columns.is_unique or value.columns.nlevels > 1 or value.index.nlevels > 1
    ):
        return f"columns or rows of '{name}' have no labels of their own"
    if table.adds and not value.size:
        return f"'{name}' has no rows yet, or no columns"
    for other in table.apart:
        found = variables.get(other)
        if found is value or not isinstance(found, (pandas.DataFrame, pandas.Series, pandas.Index)):
            return f"'{own_name(other)}' may be or hold '{name}', which it changes"
    for other in split.reductions:
        if other != table.name and variables.get(other) is value:
            return f"'{own_name(other)}', which it changes as well, is '{name}'"
    count = len(value.columns)
    for column in value.columns if table.in_body and table.adds == "new" else table.reads:
        known = column < count if isinstance(column, int) else column in value.columns
        if not known:
            return f"'{name}' has no column {column!r} yet"
        if not holds_values(value.iloc[:, column] if table.by_position else value[column]):
            return f"column {column!r} of '{name}' may hold objects that change"
    return ""


def as_begun(split: Split, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What batches read of the tables: columns as they are now, which later changes of the tables don't reach."""
    found = {}
    for table in split.tables:
        value = variables.get(table.name)
        if table.entries and table.in_body:
            found[table.name] = copy.copy(value)
        elif table.in_body and value is not None:
            part = value if table.by_position or table.adds == "new" else value[list(table.reads)]
            found[table.name] = part.copy(deep=False)
    return found


def why_grown(split: Split, begun: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    """Whether rows were added or types changed since, and so what is read of other rows; "" where nothing was."""
    for table in split.tables:
        found: Any = begun.get(table.name)
        if not is_table(found):
            continue
        now, name = variables[table.name], own_name(table.name)
        if table.adds and not all(_is_unchanged(found, now, label) for label in found.columns):
            return f"an earlier iteration set a column of '{name}' that others read"
        if not found.index.equals(now.index):
            return f"an earlier iteration added rows to '{name}', which it reads"
        if table.entries not in ("", "column") and _types(found) != _types(now):
            return f"an earlier iteration changed the type of a column of '{name}'"
    return ""


def why_not_set(table: FilledTable, begun: Any, place: Any, value: Any) -> str:
    """Why an iteration may not set this in the table, as others read it; "" where it may."""
    if not is_table(begun) or table.entries == "column":
        return ""
    if table.adds:
        return _why_not_added(table, begun, place)
    name, row = own_name(table.name), place[0] if isinstance(place, tuple) else place
    if not table.by_position and not has_row(begun, row):
        return f"it adds rows to '{name}', which it reads"
    if table.entries and not _keeps_types(begun, value):
        return f"it may change the type of a column of '{name}', which it reads"
    return ""


def _why_not_added(table: FilledTable, begun: Any, label: Any) -> str:
    if not is_label(label):
        return f"it sets a part of '{own_name(table.name)}' that isn't one column"
    if label in begun.columns:
        return f"it sets the column {label!r} of '{own_name(table.name)}', which others may read"
    return ""


def why_no_labels(split: Split, items: Iterable[Any]) -> str:
    """Why the items, or what they hold, may stand for other parts of a table than columns; "" where they can't."""
    looked_up = (table for table in split.tables if table.in_body and table.adds == "new")
    table = next(looked_up, None)
    if table is None or all(map(_holds_labels, items)):
        return ""
    return f"an item may stand for something else than a column of '{own_name(table.name)}'"


def _holds_labels(item: Any) -> bool:
    if type(item) in (list, tuple):
        return all(map(_holds_labels, item))
    return is_label(item)


def is_label(value: Any) -> bool:
    """Whether a table that is looked up with it gives the column of that name, and nothing else."""
    return isinstance(value, (str, Real)) and not isinstance(value, bool)


def _is_unchanged(begun: Any, now: Any, label: Any) -> bool:
    """Whether the column is what it was: nobody writes into the memory that two tables have in common."""
    if label not in now.columns:
        return False
    before, after = begun[label], now[label]
    if before.dtype != after.dtype:
        return False
    if not isinstance(before.dtype, sys.modules["numpy"].dtype):
        exact = type(before.dtype).__name__ in _EXACT or before.dtype.kind in "biu"
        return exact and bool(before.array.equals(after.array))
    one, other = before.to_numpy(), after.to_numpy()
    if one.dtype.hasobject:
        return all(map(operator.is_, one, other))
    same_memory = one.__array_interface__ == other.__array_interface__
    return bool(same_memory or one.tobytes() == other.tobytes())


def _keeps_types(table: Any, value: Any) -> bool:
    """Whether the value surely leaves columns of whole numbers what they are: a missing number doesn't."""
    if all(getattr(found, "kind", "O") not in "iub" for found in _types(table)):
        return True
    known = type(value) in (int, bool, float, str) or getattr(value, "ndim", 1) == 0
    return known and bool(value == value)


def _types(table: Any) -> list[Any]:
    return [table.dtype] if table.ndim == 1 else list(table.dtypes)


def has_row(begun: Any, label: Any) -> bool:
    """Whether the label is that of one of the table's rows, an index holds such, or a mask chooses among them."""
    pandas = sys.modules["pandas"]
    if isinstance(label, pandas.Index):
        return bool(label.isin(begun.index).all())
    if type(label) in (pandas.Series, sys.modules["numpy"].ndarray) and label.dtype == bool:
        of_rows = getattr(label, "index", begun.index).equals(begun.index)
        return label.shape == (len(begun),) and bool(of_rows)
    try:
        return hash(label) is not None and label in begun.index
    except TypeError:
        return False
