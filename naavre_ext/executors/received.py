"""What a worker was handed, kept for the next step that is handed it again.

Making a million numbers from their pickle takes ten times as long as seeing that they are still the same ones. So
where a guard has looked at a container of numbers before and after a step anyway, it stays for the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from naavre_ext.executors.guarding import PlainContainers
from naavre_ext.executors.packing import Packed


class Received:
    """The packs of numbers that the last step in this worker was handed, as it left them: unchanged."""

    def __init__(self) -> None:
        self._kept: dict[bytes, dict[str, Any]] = {}
        self._plain = PlainContainers({})

    def values(self, packed: Packed) -> dict[str, Any] | None:
        """The pack's variables, if they are kept and are still what it holds."""
        found = self._kept.get(packed.token) if packed.numbers else None
        if found is None or not all(self._plain.holds(n, found[n]) for n in packed.numbers):
            return None
        return found

    def look_at(self, given: Mapping[str, Any], plain: frozenset[str]) -> PlainContainers:
        """The containers of plain elements among ``given``, of which ``plain`` are known, before a step."""
        return PlainContainers(given, plain, self._plain)

    def keep(
        self, inputs: Sequence[Packed], given: Mapping[str, Any], seen: PlainContainers
    ) -> None:
        """A step has left these inputs, of which ``given`` was made, as they were ``seen`` before it."""
        self._kept = {
            packed.token: {name: given[name] for name in packed.names}
            for packed in inputs
            if packed.numbers and packed.token and given.keys() >= set(packed.names)
        }
        values = {name: value for kept in self._kept.values() for name, value in kept.items()}
        self._plain = PlainContainers(values, known=seen)

    def drop(self) -> None:
        """Keep nothing."""
        self._kept, self._plain = {}, PlainContainers({})
