"""``python -m naavre_ext.engine``: the engine with the real Ray and the real runs."""

from __future__ import annotations

import sys
from functools import partial

from naavre_ext.engine.process import leave_parent, parse_arguments, run_engine


def main() -> None:
    """Become the engine."""
    arguments = parse_arguments(sys.argv[1:])
    leave_parent()
    # After leave_parent: a process with threads must not fork.
    from naavre_ext.api import run_notebook
    from naavre_ext.engine.first_run import prepare_first_run
    from naavre_ext.engine.resident_ray import ResidentRay
    from naavre_ext.executors.ray.cluster import ClusterHandle
    from naavre_ext.executors.ray.spare_workers import warm

    def prepare(handle: ClusterHandle) -> None:
        warm(handle)
        prepare_first_run()

    run_engine(arguments, run=run_notebook, connect=partial(ResidentRay, warm=prepare))


if __name__ == "__main__":
    main()
