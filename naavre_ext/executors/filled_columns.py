"""Tables that a loop fills while it reads other columns of them: what batches get, and whether that will do."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from typing import Any

from naavre_ext.executors.own_entries import is_table, why_entries_meet
from naavre_ext.executors.packing_identity import has_copy_on_write, is_immutable
from naavre_ext.model.workflow import FilledTable, Split
from naavre_ext.planning.function_scope import own_name

#: Columns of objects with more elements aren't looked through.
_MOST_OBJECTS = 200_000


def why_not_apart(table: FilledTable, variables: Mapping[str, Any]) -> str:
    """Why an iteration may see what another one puts into the table; "" where it can't."""
    if table.entries:
        return why_entries_meet(table, variables)
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
    for other in table.apart:
        found = variables.get(other)
        if found is value or not isinstance(found, (pandas.DataFrame, pandas.Series, pandas.Index)):
            return f"'{own_name(other)}' may be or hold '{name}', which it changes"
    count = len(value.columns)
    for column in table.reads:
        known = column < count if isinstance(column, int) else column in value.columns
        if not known:
            return f"'{name}' has no column {column!r} yet"
        if not _holds_values(value.iloc[:, column] if table.by_position else value[column]):
            return f"column {column!r} of '{name}' may hold objects that change"
    return ""


def _holds_values(column: Any) -> bool:
    """Whether no element can be changed in place."""
    if getattr(column.dtype, "kind", "O") != "O":
        return True
    return len(column) <= _MOST_OBJECTS and all(map(is_immutable, column))


def as_begun(split: Split, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What batches read of the tables: columns as they are now, which later changes of the tables don't reach."""
    found = {}
    for table in split.tables:
        value = variables.get(table.name)
        if table.entries and table.in_body:
            found[table.name] = copy.copy(value)
        elif table.in_body and value is not None:
            part = value if table.by_position else value[list(table.reads)]
            found[table.name] = part.copy(deep=False)
    return found


def why_grown(begun: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    """Whether rows were added since, which can change what is read of the others; "" where none were."""
    for name, table in begun.items():
        if is_table(table) and not table.index.equals(variables[name].index):
            return f"an earlier iteration added rows to '{own_name(name)}', which it reads"
    return ""


def has_row(begun: Any, label: Any) -> bool:
    """Whether the label is that of one of the table's rows."""
    try:
        return hash(label) is not None and label in begun.index
    except TypeError:
        return False
