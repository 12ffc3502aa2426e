"""Joins Python's own containers, batch by batch."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Sequence
from typing import Any

from naavre_ext.executors.joining_checks import JoinError, Piece, same, values_of


def added_lists(pieces: Sequence[Piece]) -> Any:
    """Lists, one behind the other."""
    whole = list(pieces[0][1])
    for value in values_of(pieces)[1:]:
        whole.extend(value)
    return whole


def added_tuples(pieces: Sequence[Piece]) -> Any:
    """Tuples, one behind the other."""
    return tuple(item for value in values_of(pieces) for item in value)


def joined_text(pieces: Sequence[Piece]) -> Any:
    """Texts or bytes, one behind the other."""
    values = values_of(pieces)
    return type(values[0])().join(values)


def added_deques(pieces: Sequence[Piece]) -> Any:
    """Deques of one maxlen, one behind the other."""
    values = values_of(pieces)
    same(pieces, lambda v: v.maxlen, lambda v: f"a deque with maxlen {v.maxlen}", "Use a list.")
    return collections.deque((item for value in values for item in value), values[0].maxlen)


def joined_ranges(pieces: Sequence[Piece]) -> Any:
    """Ranges of which each goes on where the one before ends."""
    filled = [(number, value) for number, value in pieces if len(value)]
    if len(filled) < 2:
        return filled[0][1] if filled else pieces[0][1]
    values = values_of(filled)
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


def updated(pieces: Sequence[Piece]) -> Any:
    """Dicts, sets and Counters by their own ``update``: later values count, a Counter's counts add up."""
    values = values_of(pieces)
    if isinstance(values[0], frozenset):
        return frozenset().union(*values)
    whole = values[0].copy()
    for value in values[1:]:
        whole.update(value)
    return whole
