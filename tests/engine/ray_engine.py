"""An engine with a real Ray, whose runs are one Ray task."""

import os
import sys

from naavre_ext.engine.process import leave_parent, parse_arguments, run_engine
from naavre_ext.engine.resident_ray import ResidentRay
from naavre_ext.executors.ray import cluster
from naavre_ext.model.event import MessageLogged
from naavre_ext.model.run import RunResult


def run(source, output, *, parameters, options, on_event, cancel):
    with cluster.connect(options.address):
        import ray

        pid = ray.get(ray.remote(lambda: os.getpid()).remote())
        on_event(MessageLogged(level="info", text=str(pid)))
    return RunResult("record-1", "ok", 0.1)


if __name__ == "__main__":
    arguments = parse_arguments(sys.argv[1:])
    leave_parent()
    run_engine(arguments, run=run, connect=ResidentRay)
