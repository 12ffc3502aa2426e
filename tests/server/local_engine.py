"""An engine whose runs and batches are real, but sequential and without Ray."""

import sys
from dataclasses import replace

from naavre_ext.engine.batches import make_batch
from naavre_ext.engine.process import leave_parent, parse_arguments, run_engine
from naavre_ext.model.diagnostic import ClusterError


class NoCluster:
    def __init__(self, address, num_cpus):
        if address == "nowhere:1":
            raise ClusterError("NX502 Ray cluster nowhere:1: can't be reached. Check the address.")

    def describe(self):
        return {"address": "none", "slots": 2, "resources": {"CPU": 2.0}}

    def prepare(self):
        pass

    def close(self):
        pass


def run(source, output, *, options, **more):
    from naavre_ext.api import run_notebook

    return run_notebook(source, output, options=replace(options, executor="local"), **more)


def batch(request):
    return make_batch({**request, "options": {**request["options"], "executor": "local"}})


if __name__ == "__main__":
    arguments = parse_arguments(sys.argv[1:])
    leave_parent()
    run_engine(arguments, run=run, batch=batch, connect=NoCluster)
