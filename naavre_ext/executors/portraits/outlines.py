"""Outlines of values: what they are like as trees down to some depth, to put elements of sets in order.

Looking step by step further tells nodes of a graph apart (colour refinement; Weisfeiler and Leman, 1968), where to
follow all paths through its sets would never end.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from typing import Any

from naavre_ext.executors.portraits.anatomy import ATOMS, Anatomy, Leaf, atom_text, digest_of

#: How far is looked to tell elements apart, and how many may be looked at so far.
_DEPTHS = ((3, sys.maxsize), (12, 10_000), (48, 1_000))
#: Parts that an outline takes in at each depth.
_MOST_PARTS = 100

#: A digest, and whether nothing was left out.
_Outline = tuple[bytes, bool]
_Part = tuple[str, Any]


class Outlines:
    """Outlines of values by their ``anatomy``; each is made once as long as this lives."""

    def __init__(self, anatomy: Callable[[Any], Anatomy]) -> None:
        self._anatomy = anatomy
        self._known: dict[tuple[int, int], _Outline] = {}
        self._alive: list[Any] = []

    def in_order(self, parts: Sequence[_Part]) -> list[_Part]:
        """The parts in an order that doesn't depend on the process.

        In place of those that nothing tells apart are their outlines, as it can't be said which of them is which.
        """
        return [*parts] if len(parts) < 2 else self._ordered(parts, _DEPTHS)

    def _ordered(self, parts: Sequence[_Part], depths: Sequence[tuple[int, int]]) -> list[_Part]:
        (depth, _), *deeper = depths
        alike: dict[_Outline, list[_Part]] = {}
        for part in parts:
            alike.setdefault(self._outline(part[1], depth), []).append(part)
        found: list[_Part] = []
        for outline in sorted(alike):
            group, (digest, is_whole) = alike[outline], outline
            further = [(d, most) for d, most in deeper if len(group) <= most]
            if len(group) == 1:
                found += group
            elif is_whole or not further:
                why = "" if is_whole else f"nothing tells {len(group)} elements of a set apart"
                found += [(label, _twin(digest, why)) for label, _ in group]
            else:
                found += self._ordered(group, further)
        return found

    def _outline(self, value: Any, depth: int) -> _Outline:
        if isinstance(value, Leaf):
            return digest_of(value.kind, value.content), True
        if type(value) in ATOMS:
            return digest_of(type(value).__name__, atom_text(value)), True
        if isinstance(value, Anatomy):  # made for this look at it
            return self._of_anatomy(value, depth)
        known = self._known.get((id(value), depth))
        if known is None:
            self._alive.append(value)
            known = self._of_anatomy(self._anatomy(value), depth)
            self._known[id(value), depth] = known
        return known

    def _of_anatomy(self, anatomy: Anatomy, depth: int) -> _Outline:
        own = (anatomy.kind, anatomy.text, anatomy.content)
        most = 0 if depth == 0 else _MOST_PARTS
        parts = [*itertools.islice(anatomy.parts, most + 1)]
        if len(parts) > most and (anatomy.unordered or depth == 0):
            return digest_of(*own), False  # which of a set's elements come first means nothing
        below = [(label, *self._outline(part, depth - 1)) for label, part in parts[:most]]
        if anatomy.unordered:
            below.sort()
        is_whole = len(parts) <= most and not anatomy.opaque and all(whole for *_, whole in below)
        return digest_of(
            *own, *(piece for label, digest, _ in below for piece in (label, digest))
        ), is_whole


def _twin(outline: bytes, opaque: str) -> Anatomy:
    return Anatomy("one of several", content=outline, tracked=False, opaque=opaque)
