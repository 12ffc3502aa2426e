"""What the program of ``plan --code`` cuts and joins an ``# over`` cell's values with: its text is printed.

A run does the same by type, and refuses what doesn't fit together.
"""

from __future__ import annotations

import functools
import importlib
import math
import operator
from collections.abc import Iterator
from typing import Any


def slices(values: list[Any], batches: int) -> Iterator[list[Any]]:
    """The same contiguous part of each value, batch by batch."""
    count = getattr(values[0], "shape", (0,))[0] or len(values[0])
    size = max(1, math.ceil(count / batches))
    for start in range(0, max(count, 1), size):
        yield [part(value, start, start + size) for value in values]


def part(value: Any, start: int, stop: int) -> Any:
    """Some of the value's items, in order."""
    if isinstance(value, dict):
        return type(value)(list(value.items())[start:stop])
    return value.iloc[start:stop] if hasattr(value, "iloc") else value[start:stop]


def joined(method: str, pieces: list[Any]) -> Any:
    """What the batches made, as one value."""
    first = pieces[0]
    library = type(first).__module__.partition(".")[0]
    if method in ("min", "max") and len(getattr(first, "shape", ())) > 0:
        return functools.reduce(getattr(importlib.import_module("numpy"), f"{method}imum"), pieces)
    if method in ("min", "max"):
        return min(pieces) if method == "min" else max(pieces)
    if isinstance(first, (dict, set)):
        whole = first.copy()
        for piece in pieces[1:]:
            whole.update(piece)
        return whole
    if method == "concat" and library == "pandas":
        return importlib.import_module("pandas").concat(pieces)
    if method == "concat" and library == "pyarrow":
        arrow = importlib.import_module("pyarrow")
        if isinstance(first, arrow.ChunkedArray):
            return arrow.chunked_array(
                [chunk for piece in pieces for chunk in piece.chunks], first.type
            )
        ways = {"Table": arrow.concat_tables, "RecordBatch": arrow.concat_batches}
        return ways.get(type(first).__name__, arrow.concat_arrays)(pieces)
    if method == "concat" and library in ("numpy", "scipy"):
        name = {"numpy": ("numpy", "concatenate"), "scipy": ("scipy.sparse", "vstack")}[library]
        return getattr(importlib.import_module(name[0]), name[1])(pieces)
    return functools.reduce(operator.add, pieces)
