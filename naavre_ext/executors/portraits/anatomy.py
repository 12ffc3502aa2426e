"""The words in which rules say what a value consists of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from naavre_ext.executors.portraits.memories import Memory

_LONGEST = 80
#: Sequences up to this length are shown element by element, longer ones in this many blocks.
FEW = 200

ATOMS = frozenset({int, float, complex, bool, str, bytes, type(None)})
_ROWS = frozenset({tuple})


@dataclass(slots=True)
class Anatomy:
    """What a value consists of: its type's name, its own content, and its parts with their labels.

    ``content`` tells values apart that neither their text nor their parts do. ``tracked`` values
    can change in place, so it matters which of them are one object. ``memory`` identifies the memory that it
    is a window on. ``opaque`` says what couldn't be looked into.
    """

    kind: str
    text: str = ""
    content: bytes | str = ""
    parts: Iterable[tuple[str, Any]] = ()
    unordered: bool = False
    tracked: bool = True
    memory: Memory | None = None
    opaque: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that is digested already, or whose content is at hand."""

    kind: str
    text: str
    content: bytes | str


def digest_of(*pieces: bytes | str) -> bytes:
    """A digest of all the pieces, and of where each ends."""
    state = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        data = piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.digest()


def shortened(text: str) -> str:
    """The text in at most 80 characters."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def atom_text(value: Any) -> str:
    """An exact text of an atom; -0.0 and 0.0 differ, all NaNs are one."""
    try:
        return repr(value)
    except ValueError:  # more digits than Python converts
        return hex(value)


def elements(values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """The parts of a sequence; long ones of atoms, of tuples of atoms, or of NumPy's numbers, in blocks."""
    if len(values) > FEW and type(values[0]).__module__ == "numpy":
        from naavre_ext.executors.portraits.arrays import of_scalars  # which needs this module

        numbers = of_scalars(values)
        if numbers is not None:
            yield from numbers
            return
    if len(values) <= FEW or not are_plain(values):
        for index, value in enumerate(values):
            yield f"[{index}]", value
        return
    size = -(-len(values) // FEW)
    for start in range(0, len(values), size):
        block = values[start : start + size]
        text = repr(block)
        yield f"[{start}:{start + len(block)}]", Leaf("elements", shortened(text), text)


def are_plain(values: Sequence[Any]) -> bool:
    """Whether all are atoms or all tuples of atoms, so that their texts tell them exactly."""
    kinds = set(map(type, values))
    if kinds == _ROWS:
        kinds = set(map(type, chain.from_iterable(values)))
    if not kinds <= ATOMS:
        return False
    try:
        return int not in kinds or bool(repr(values))
    except ValueError:
        return False
