"""The Ray that an engine holds for as long as it lives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from naavre_ext.executors.ray import cluster
from naavre_ext.model.diagnostic import ClusterError


class ResidentRay:
    """This process's Ray, started or connected to now and started anew by a run that finds it dead.

    ``warm`` makes workers ready for the next run.
    """

    def __init__(
        self,
        address: str | None,
        num_cpus: int | None,
        *,
        warm: Callable[[cluster.ClusterHandle], None] = lambda _: None,
    ) -> None:
        self._address = address
        self._num_cpus = num_cpus
        self._warm = warm
        self._handle().close()

    def describe(self) -> Mapping[str, Any]:
        """``address``, ``slots`` and ``resources``; no slots where it is dead and can't be started anew yet."""
        try:
            with self._handle() as handle:
                return {
                    "address": handle.address,
                    "slots": handle.slots,
                    "resources": dict(handle.resources),
                }
        except ClusterError:
            return {"address": self._address, "slots": 0, "resources": {}}

    def prepare(self) -> None:
        """Make workers ready for the next run, which is told where there is no Ray for it."""
        with suppress(ClusterError), self._handle() as handle:
            self._warm(handle)

    def close(self) -> None:
        """Leave Ray, and stop it if it was started here."""
        cluster.shutdown()

    def _handle(self) -> cluster.ClusterHandle:
        return cluster.connect(self._address, num_cpus=self._num_cpus, keep=True)
