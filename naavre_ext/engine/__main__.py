"""``python -m naavre_ext.engine``: the engine with the real Ray and the real runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from naavre_ext.engine.process import leave_parent, parse_arguments, run_engine
from naavre_ext.executors.ray import cluster


class _RayCluster:
    """Ray, kept for as long as the engine lives."""

    def __init__(self, address: str | None, num_cpus: int | None) -> None:
        self._address = address
        self._num_cpus = num_cpus
        with cluster.connect(address, num_cpus=num_cpus, keep=True):
            pass

    def describe(self) -> Mapping[str, Any]:
        with self._handle() as handle:
            return {
                "address": handle.address,
                "slots": handle.slots,
                "resources": dict(handle.resources),
            }

    def prepare(self) -> None:
        pass

    def close(self) -> None:
        cluster.shutdown()

    def _handle(self) -> cluster.ClusterHandle:
        return cluster.connect(self._address, num_cpus=self._num_cpus, keep=True)


def main() -> None:
    """Become the engine."""
    arguments = parse_arguments(sys.argv[1:])
    leave_parent()
    from naavre_ext.api import run_notebook

    run_engine(arguments, run=run_notebook, connect=_RayCluster)


if __name__ == "__main__":
    main()
