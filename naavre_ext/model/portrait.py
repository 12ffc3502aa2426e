"""What a value consists of, as a tree of digests: values are compared where they aren't."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Portrait:
    """One value. Two portraits have the same ``digest`` when their values are equal, deeply.

    ``label`` is how it is reached from the value around it (``[3]``, ``.name``), ``text`` is short and for people.
    ``parts`` may be left out where there are very many. ``opaque`` says why something in the value can't be looked
    into; such a value may differ unseen.
    """

    label: str
    kind: str
    text: str
    digest: bytes
    parts: tuple[Portrait, ...] = ()
    opaque: str = ""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as a list: Python's own way would fail at a chain of some hundred objects."""
        return _raised, (_laid_flat(self),)


#: A portrait without its parts, and how many these are.
_Flat = tuple[str, str, str, bytes, str, int]


def _laid_flat(portrait: Portrait) -> list[_Flat]:
    """The portrait and all in it, each before its parts."""
    found, waiting = [], [portrait]
    while waiting:
        one = waiting.pop()
        found.append((one.label, one.kind, one.text, one.digest, one.opaque, len(one.parts)))
        waiting += reversed(one.parts)
    return found


def _raised(flat: list[_Flat]) -> Portrait:
    """The portrait that was laid flat."""
    made: list[Portrait] = []
    for label, kind, text, digest, opaque, count in reversed(flat):
        parts = tuple(made.pop() for _ in range(count))
        made.append(Portrait(label, kind, text, digest, parts, opaque))
    return made[0]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A place where two values differ: ``path`` leads there, ``text`` says how (of the first: "is 1, not 2")."""

    path: str
    text: str

    def describe(self) -> str:
        """The mismatch in words."""
        return f"{self.path or 'it'} {self.text}"


def mismatches(one: Portrait, other: Portrait, again: Portrait | None = None) -> Iterator[Mismatch]:
    """The places where ``one`` differs from ``other``, in order.

    With ``again``, a second portrait of what ``other`` shows, places where those two differ are left out.
    """
    waiting = [(other.label, one, other, again or other)]
    while waiting:
        path, left, right, steady = waiting.pop()
        if left.digest == right.digest:
            continue
        below = _pairs(path, left, right, steady)
        if below is not None:
            waiting += reversed(below)
        elif steady.digest == right.digest:
            yield Mismatch(path, _how(left, right))


def first_mismatch(one: Portrait, other: Portrait) -> str:
    """Where and how two values first differ, in words; "" when they are equal."""
    return next((found.describe() for found in mismatches(one, other)), "")


_Triple = tuple[str, Portrait, Portrait, Portrait]


def _pairs(path: str, one: Portrait, other: Portrait, again: Portrait) -> list[_Triple] | None:
    """The parts that correspond, when what differs first is in them; else None."""
    if not one.kind == other.kind == again.kind or not one.text == other.text == again.text:
        return None
    triples = [
        (path + b.label, a, b, c)
        for a, b, c in itertools.takewhile(
            lambda parts: parts[0].label == parts[1].label == parts[2].label,
            zip(one.parts, other.parts, again.parts, strict=False),
        )
    ]
    return triples if any(a.digest != b.digest for _, a, b, _ in triples) else None


def _how(one: Portrait, other: Portrait) -> str:
    if one.kind != other.kind:
        return f"is a {one.kind}, not a {other.kind}"
    if one.text != other.text:
        return f"is {one.text}, not {other.text}"
    mine, theirs = ([part.label.strip() for part in each.parts] for each in (one, other))
    for label, has in (
        *((label, "has") for label in mine if label not in theirs),
        *((label, "lacks") for label in theirs if label not in mine),
    ):
        return f"{has} {label}"
    if mine != theirs:
        first = next(pair for pair in zip(mine, theirs, strict=True) if pair[0] != pair[1])
        return f"has {first[0]} where the other has {first[1]}"
    return "has other contents"


@dataclass(frozen=True, slots=True)
class StepObservation:
    """The digests of the variables that a step found and left; None where digesting would have taken too long."""

    before: Mapping[str, bytes | None]
    after: Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True)
class NamespacePortrait:
    """All variables at the end of a run, and the pairs of places in two of them that are one object."""

    variables: Mapping[str, Portrait] = field(default_factory=dict)
    shared: tuple[tuple[str, str], ...] = ()
