"""Whose memory each of several NumPy arrays has that travel in one block."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Member:
    """An array with its number, and the addresses of its first byte and behind its last one."""

    number: int
    array: Any
    start: int
    end: int
    is_writable: bool


def find_bases(members: Sequence[Member]) -> dict[int, int]:
    """For numbered arrays the number of the one whose memory each has, where it is one of them.

    So ``view.base is a`` stays true, and what owns its memory can be resized. An array that shares memory with
    no other one has its own.
    """
    if len(members) == 1:
        return {members[0].number: members[0].number}
    ordered = sorted(members, key=attrgetter("start"))
    starts = [member.start for member in ordered]
    found: dict[int, int] = {}
    for owner in ordered:
        if not (owner.array.flags.owndata and owner.array.flags.forc):
            continue
        there = ordered[bisect_left(starts, owner.start) : bisect_left(starts, owner.end)]
        if all(other is owner or _is_view(other, owner) for other in there):
            found.update({other.number: owner.number for other in there})
    reach = -1
    for place, member in enumerate(ordered):
        following = starts[place + 1] if place + 1 < len(starts) else member.end
        if reach <= member.start and member.end <= following:
            found.setdefault(member.number, member.number)
        reach = max(reach, member.end)
    return found


def _is_view(member: Member, owner: Member) -> bool:
    """Whether it can be made as a view of the owner: a writable one of what is read-only can't."""
    return member.array.base is owner.array and (owner.is_writable or not member.is_writable)
