"""The random ids in packs, and what two packs of different runs have in common but for these.

Processes know a class, and each of its states, by an id drawn when it was first packed. In another run the
same cells make classes with other ids. So a digest has an id's number instead of it, in the order in which ids are
met; and in what an earlier run has stored, its ids are replaced by those of this run.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naavre_ext.executors.packing import Packed

#: What ids begin with, so that they are found among other bytes.
_MARK = "naavre-id-"
_ID = re.compile(rb"naavre-id-[0-9a-f]{32}")


def new_id() -> str:
    """An id that no class and no state has yet, in any process."""
    return _MARK + uuid.uuid4().hex


def is_id(text: str) -> bool:
    """Whether :func:`new_id` made it."""
    return text.startswith(_MARK)


class IdNumbers:
    """The numbers of the ids in some packs; first come those of ``ids``."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._numbers = {text.encode(): number for number, text in enumerate(ids)}

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, each at the place of its number."""
        return tuple(text.decode() for text in self._numbers)

    def digest(self, packed: Packed) -> str:
        """A digest of the next pack. Where those of two lists of packs are equal, so are the packs, in bytes,
        once each id of the one list is replaced by that of the other with its number.
        """
        found = hashlib.blake2b(_ID.sub(self._number, packed.data), digest_size=20)
        found.update(packed.layout)
        for buffer in packed.buffers:
            found.update(memoryview(buffer).cast("B"))
        return found.hexdigest()

    def _number(self, met: re.Match[bytes]) -> bytes:
        number = self._numbers.setdefault(met[0], len(self._numbers))
        return f"{_MARK}{number}.".encode()

    def translation(self, ids: Iterable[str]) -> dict[bytes, bytes]:
        """From the ids of packs with the same digests to these."""
        return dict(zip((text.encode() for text in ids), self._numbers, strict=True))


def translated(packed: Packed, ids: Mapping[bytes, bytes]) -> Packed:
    """The pack with these ids replaced, which all have the same length; others are of what was made meanwhile."""
    if all(old == new for old, new in ids.items()):
        return packed
    return replace(packed, data=_ID.sub(lambda met: ids.get(met[0], met[0]), packed.data))
