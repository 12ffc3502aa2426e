"""What all joiners of batches' outputs check, and how they say what doesn't go together."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Callable, Sequence
from typing import Any

#: A batch's number, as users count, and what it made.
Piece = tuple[int, Any]


class JoinError(Exception):
    """Pieces can't be joined; the message names the batch and the types, ``remedy`` what would work."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


def described(value: Any) -> str:
    """``an ndarray of int64, shape (3, 2)``: the type, and what else has to be equal."""
    kind = type(value).__name__
    text = f"{'an' if kind[0] in 'aeiouAEIOU' or kind == 'ndarray' else 'a'} {kind}"
    dtype, shape = getattr(value, "dtype", None), getattr(value, "shape", None)
    if dtype is not None and not isinstance(value, numbers.Number):
        text += f" of {dtype}"
    return text + (f", shape {tuple(shape)}" if isinstance(shape, tuple) and shape else "")


def same_type(pieces: Sequence[Piece]) -> None:
    """Raises JoinError for the first piece that is of another type than the first one."""
    same(pieces, type, lambda value: described(value), "Make the same type in every batch.")


def same(
    pieces: Sequence[Piece],
    aspect: Callable[[Any], Any],
    words: Callable[[Any], str],
    remedy: str,
    equal: Callable[[Any, Any], bool] = operator.eq,
) -> None:
    """Raises JoinError for the first piece whose aspect isn't that of the first piece."""
    (first, model), *others = pieces
    wanted = aspect(model)
    for number, value in others:
        if not equal(aspect(value), wanted):
            raise JoinError(
                f"batch {number} made {words(value)}, but batch {first} {words(model)}", remedy
            )


def values_of(pieces: Sequence[Piece]) -> list[Any]:
    """What the batches made, without their numbers."""
    return [value for _, value in pieces]
