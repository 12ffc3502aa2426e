"""The Ray that an engine holds for as long as it lives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from naavre_ext.executors.ray import cluster


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
        """``address``, ``slots`` and ``resources``."""
        with self._handle() as handle:
            return {
                "address": handle.address,
                "slots": handle.slots,
                "resources": dict(handle.resources),
            }

    def prepare(self) -> None:
        """Make workers ready for the next run."""
        with self._handle() as handle:
            self._warm(handle)

    def close(self) -> None:
        """Leave Ray, and stop it if it was started here."""
        cluster.shutdown()

    def _handle(self) -> cluster.ClusterHandle:
        return cluster.connect(self._address, num_cpus=self._num_cpus, keep=True)
