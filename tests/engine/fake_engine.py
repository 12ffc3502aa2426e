"""An engine with no Ray and a ``run`` that does what its parameters say."""

import json
import os
import sys
import time
from pathlib import Path

from naavre_ext.engine.process import leave_parent, parse_arguments, run_engine
from naavre_ext.model.diagnostic import ClusterError, Diagnostic, RefusedError
from naavre_ext.model.event import MessageLogged, RunFinished
from naavre_ext.model.run import RunResult


def run(source, output, *, parameters, options, on_event, cancel):
    if parameters.get("refuse"):
        raise RefusedError([Diagnostic("NX001", "error", "no notebook", cell_number=3)])
    if parameters.get("unreachable"):
        raise ClusterError("NX502 gone")
    if parameters.get("bug"):
        raise ZeroDivisionError("ours")
    if parameters.get("die"):
        os._exit(1)
    seen = {
        "source": source,
        "output": output,
        "cwd": options.cwd,
        "store": options.store,
        "resident": options.resident,
        "marker": (options.environment or {}).get("NX_MARKER"),
        "secrets": dict(options.secrets),
    }
    for seq in range(parameters.get("events", 1)):
        on_event(MessageLogged(seq=seq, at=1.0, level="info", text=json.dumps(seen)))
    status = "ok"
    if "wait_s" in parameters and cancel.wait(parameters["wait_s"]):
        status = "cancelled"
        Path(parameters["mark"]).touch()
    on_event(RunFinished(seq=99, at=2.0, status=status, duration_s=0.5))
    failure = {"cell_number": 2, "ename": "E", "evalue": "v", "traceback": []}
    return RunResult(
        "record-1",
        status,
        0.5,
        failure=failure if parameters.get("fail") else None,
        diagnostics=(Diagnostic("NX401", "warning", "runs whole"),),
        batches={"a": 3},
        output_path=output,
    )


class FakeCluster:
    def __init__(self, address, num_cpus):
        if address == "nowhere:1":
            raise ClusterError("NX502 Ray cluster nowhere:1: can't be reached.")
        self._slots = num_cpus or 2
        self._prepared = 0

    def describe(self):
        return {"address": "fake:1", "slots": self._slots, "prepared": self._prepared}

    def prepare(self):
        self._prepared += 1

    def close(self):
        if os.environ.get("NX_CLOSED"):
            Path(os.environ["NX_CLOSED"]).touch()
        time.sleep(0.1)


if __name__ == "__main__":
    arguments = parse_arguments(sys.argv[1:])
    leave_parent()
    run_engine(arguments, run=run, connect=FakeCluster)
