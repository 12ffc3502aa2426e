"""Adds up what batches made, or takes the least or the most, in their order."""

from __future__ import annotations

import math
import numbers
import operator
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from naavre_ext.executors.joining_checks import (
    JoinError,
    Piece,
    described,
    same,
    same_type,
    values_of,
)
from naavre_ext.executors.joining_libraries import dtypes_in_words
from naavre_ext.executors.joining_plain import updated


def numbers_added(pieces: Sequence[Piece]) -> Any:
    """The sum of numbers or times, in order."""
    _numeric(pieces)
    return reduce(operator.add, values_of(pieces))


def counters_added(pieces: Sequence[Piece]) -> Any:
    """Counters with their counts added up."""
    return updated(pieces)


def arrays_added(pieces: Sequence[Piece]) -> Any:
    """The sum element by element, in order."""
    _elementwise(pieces)
    return reduce(operator.add, values_of(pieces))


def least(pieces: Sequence[Piece]) -> Any:
    """The least number, text or date; the first of several equal ones."""
    return _extreme(pieces, min)


def most(pieces: Sequence[Piece]) -> Any:
    """The greatest number, text or date; the first of several equal ones."""
    return _extreme(pieces, max)


def _extreme(pieces: Sequence[Piece], choose: Callable[..., Any]) -> Any:
    if not all(isinstance(value, numbers.Number) for _, value in pieces):
        same_type(pieces)
    for number, value in pieces:
        if isinstance(value, complex):
            raise JoinError(
                f"batch {number} made a complex number, which has no order", "Use abs()."
            )
        if isinstance(value, numbers.Real) and math.isnan(value):
            raise _not_a_number(number)
    return choose(values_of(pieces))


def _not_a_number(number: int) -> JoinError:
    return JoinError(
        f"batch {number} made a NaN, and whether it counts only the cell knows",
        "Collect the batches' values in a list, and choose in the next cell.",
    )


def elementwise_least(pieces: Sequence[Piece]) -> Any:
    """The least element by element."""
    return _elementwise_extreme(pieces, "minimum")


def elementwise_most(pieces: Sequence[Piece]) -> Any:
    """The greatest element by element."""
    return _elementwise_extreme(pieces, "maximum")


def _elementwise_extreme(pieces: Sequence[Piece], name: str) -> Any:
    numpy = sys.modules["numpy"]
    _elementwise(pieces)
    for number, value in pieces:
        if numpy.asarray(value != value).any():  # only a NaN isn't itself
            raise _not_a_number(number)
    return reduce(getattr(numpy, name), values_of(pieces))


def _elementwise(pieces: Sequence[Piece]) -> None:
    """Raises JoinError where element and element don't belong together."""
    same(pieces, lambda v: v.shape, described, "Make arrays of one shape in every batch.")
    for aspect in ("dtype", "name"):
        same(pieces, lambda v, a=aspect: getattr(v, a, None), described, "Make them alike.")  # type: ignore[misc]
    for axis in ("index", "columns"):
        if hasattr(pieces[0][1], axis):
            same(pieces, lambda v, a=axis: getattr(v, a), lambda v, a=axis: f"the {a} {list(getattr(v, a))}",  # type: ignore[misc]
                  "Give it the same labels in every batch.", lambda a, b: a.identical(b))  # fmt: skip
    if hasattr(pieces[0][1], "dtypes") and hasattr(pieces[0][1], "columns"):
        same(pieces, lambda v: list(v.dtypes), dtypes_in_words, "Make them alike.")
    if getattr(getattr(pieces[0][1], "dtype", None), "kind", "") == "b":
        _refuse_truth(pieces[0])


def _numeric(pieces: Sequence[Piece]) -> None:
    for number, value in pieces:
        if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
            _refuse_truth((number, value))
        if not isinstance(value, numbers.Number):
            same_type(pieces)


def _refuse_truth(piece: Piece) -> None:
    raise JoinError(
        f"batch {piece[0]} made {described(piece[1])}, and a sum of truth values is none",
        "Use =max (any batch) or =min (all batches).",
    )
