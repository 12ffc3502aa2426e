"""The values that a run leaves, in packs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naavre_ext.executors.packing import Packed
    from naavre_ext.storage.run_log import KeptVariable


class LateValues(Mapping[str, Any]):
    """The values in the packs, unpacked when the first is asked for: that may run code of its classes."""

    def __init__(self, packs: Mapping[str, Any]) -> None:
        self._packs = packs
        self._values: dict[str, Any] | None = None

    def _unpacked(self) -> dict[str, Any]:
        if self._values is None:
            self._values = unpacked(self._packs)
        return self._values

    def __getitem__(self, name: str) -> Any:
        return self._unpacked()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._unpacked())

    def __len__(self) -> int:
        return len(self._unpacked())


def kept_variable(name: str, pack: Packed, run_id: str | None = None) -> KeptVariable:
    """What the pack holds, told without unpacking it; the record of ``run_id`` keeps it."""
    from naavre_ext.storage.run_log import KeptVariable

    types = dict(zip(pack.names, pack.types, strict=False))
    return KeptVariable(name, types.get(name, ""), pack.nbytes, run_id)


def unpacked(packs: Mapping[str, Any]) -> dict[str, Any]:
    """The values in the packs, each by its name; those that can't be rebuilt here are left out."""
    from naavre_ext.executors.packing import PackingError, unpack

    namespace: dict[str, Any] = {"__name__": "__main__"}
    for name in sorted(packs):
        try:
            value = unpack(packs[name], namespace, writable=True)[name]
        except PackingError:
            continue
        if not isinstance(value, ModuleType):
            namespace[name] = value
    del namespace["__name__"]
    namespace.pop("__builtins__", None)
    return namespace
