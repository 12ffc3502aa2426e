"""Whether iterations that replace entries of a list, dict or array, each its own, may run apart."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from naavre_ext.executors.packing_identity import is_immutable
from naavre_ext.model.workflow import FilledTable
from naavre_ext.planning.function_scope import own_name


def why_entries_meet(table: FilledTable, variables: Mapping[str, Any]) -> str:
    """Why an iteration may see what another one puts in; "" where it can't."""
    value, name = variables.get(table.name), own_name(table.name)
    is_array = _is_array(value)
    if (
        not is_array
        and type(value) is not dict
        and (type(value) is not list or table.entries == "key")
    ):
        return f"'{name}' is a {type(value).__name__}, whose entries may be more than its own"
    if is_array and (table.entries == "key" or value.dtype.hasobject or not value.ndim):  # type: ignore[union-attr]
        return f"'{name}' is an array whose entries may be those of other iterations"
    elements: Any = () if is_array else value.values() if type(value) is dict else value
    mutable = [id(element) for element in elements if not is_immutable(element)]
    if len(set(mutable)) < len(mutable):
        return f"'{name}' holds an object twice, which each of two iterations might change"
    for other in table.apart:
        if not _is_apart(variables.get(other), value):
            return f"'{own_name(other)}' may be or hold '{name}', which it changes"
    return ""


def is_table(value: Any) -> bool:
    """Whether it is no list, dict or array."""
    return type(value) not in (list, dict) and not _is_array(value)


def _is_array(value: Any) -> bool:
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray


def _is_apart(value: Any, other: Any) -> bool:
    if _is_array(value) and _is_array(other):
        numpy: Any = sys.modules["numpy"]
        return not value.dtype.hasobject and not numpy.may_share_memory(value, other)
    return is_immutable(value)
