"""Values of the model as JSON has them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

_ATOMS = frozenset({type(None), bool, int, str})


def plain(value: Any) -> Any:
    """``value`` with tuples as lists and sets sorted, so that it equals its JSON round trip."""
    kind: Any = type(value)
    if kind in _ATOMS:
        return value
    names = _field_names(kind)
    if names:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return [plain(v) for v in sorted(value, key=repr)]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)  # JSON has no such numbers
    return value if isinstance(value, (bool, int, str, float)) else repr(value)


@cache
def _field_names(kind: type[Any]) -> tuple[str, ...]:
    """Those of a dataclass; of other types none."""
    return tuple(part.name for part in fields(kind)) if is_dataclass(kind) else ()
