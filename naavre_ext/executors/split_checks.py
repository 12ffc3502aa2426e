"""Why a loop's items can't go to the workers, as far as values tell."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

from naavre_ext.executors.checkpoints import has_open_figures
from naavre_ext.executors.filled_columns import why_not_apart
from naavre_ext.executors.items import are_distinct
from naavre_ext.executors.packing import is_immutable
from naavre_ext.executors.progress_bars import is_bar
from naavre_ext.executors.sources import Sliced, Source
from naavre_ext.executors.table_rows import why_rows_meet
from naavre_ext.model.workflow import Split
from naavre_ext.planning.function_scope import own_name
from naavre_ext.planning.rewriting import attributes_changed

if TYPE_CHECKING:
    from naavre_ext.executors.fanout import FanOut


_REDUCTION_TYPES = frozenset(
    {"list", "dict", "set", "int", "float", "complex", "bool", "str", "bytes", "tuple", "deque", "Counter",
     "defaultdict", "OrderedDict", "ndarray", "DataFrame", "Series", "bytearray", "array", "SimpleNamespace"}
)  # fmt: skip


#: Where numbers, dates and the like come from, which a change replaces.
_OF_NUMBERS = frozenset({"numpy", "decimal", "fractions", "datetime"})


def _has_known_attributes(value: Any, names: Sequence[str]) -> bool:
    """Whether reading and setting these attributes runs no code of the object's, and they hold what is known."""
    kind: Any = type(value)
    plain = (
        kind.__setattr__ is object.__setattr__
        and kind.__getattribute__ is object.__getattribute__
        and not hasattr(kind, "__getattr__")
        and type(getattr(value, "__dict__", None)) is dict
    )
    return plain and bool(names) and all(_is_known_attribute(value, name) for name in names)


def _is_known_attribute(value: Any, name: str) -> bool:
    of_class = inspect.getattr_static(type(value), name, None)
    found = vars(value).get(name, value)
    return type(found).__name__ in _REDUCTION_TYPES and not hasattr(of_class, "__set__")


def _has_written_methods(value: Any) -> bool:
    """Whether the object's methods are those that stand in its class: none was put in later, whatever the way."""
    kind, own = type(value), getattr(value, "__dict__", {})
    written = [
        found.__qualname__ == f"{kind.__qualname__}.{name}" and name not in own
        for name, found in vars(kind).items()
        if isinstance(found, FunctionType) and not name.startswith("__")
    ]
    return kind.__module__ == "__main__" and all(written)


def why_whole(fan_out: FanOut, split: Split, source: Source | None) -> str:
    """Why the items can't go to the workers, as far as values tell; "" when they can."""
    if fan_out.step.raises_exception:
        return "its cell may fail, and what it has done by then counts"
    if split.draws and has_open_figures():
        return "a figure is open, which iterations may draw on"
    if split.draws and source is not None and source.left == 0:
        return "there is nothing to divide"
    for name in split.reductions:
        value = fan_out.variables.get(name)
        kind = type(value).__name__
        known = (
            kind in _REDUCTION_TYPES
            or is_bar(value)
            or (type(value).__module__ in _OF_NUMBERS and is_immutable(value))
            or _has_known_attributes(value, attributes_changed(fan_out.step, split, name))
            or (name in split.replayed and is_immutable(value))
            or (name in split.instances and _has_written_methods(value))
        )
        if not known:
            return f"'{name}' is a {kind}, whose changes can't be replayed safely"
    if split.own_rows and (reason := why_rows_meet(fan_out.variables.get(split.own_rows))):
        return f"'{own_name(split.own_rows)}' {reason}"
    for table in [table for table in split.tables if not table.entries]:
        if reason := why_not_apart(table, split, fan_out.variables):
            return reason
    if split.immutable_items and not (isinstance(source, Sliced) and source.are_immutable()):
        return "an item may be, or hold, an object that it changes"
    if split.changes_items and not isinstance(source, Sliced):
        return "it changes its items, which come one by one"
    comes_twice = not _items_differ(split, source)
    if comes_twice and (split.makes_missing or (split.asks_files and isinstance(source, Sliced))):
        return "an item may come twice, and it makes the files that it doesn't find"
    if split.batches != "auto" or source is None or fan_out.sends_all:
        return ""
    if source.left is not None and source.left < 2:
        return "there is nothing to divide"
    if fan_out.slots < 2:
        return "only one batch at a time could run"
    return ""


def _items_differ(split: Split, source: Source | None) -> bool:
    numbered = "enumerate(" in split.iterable
    return isinstance(source, Sliced) and are_distinct(source.items, numbered=numbered)
