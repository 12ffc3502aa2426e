import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from naavre_ext.executors.ray.private_folder import PrivateFolder

pytestmark = pytest.mark.slow

PREAMBLE = """
import json, os, sys, time
from pathlib import Path
import psutil
from naavre_ext.executors.ray import cluster

def report(**facts):
    print(json.dumps(facts), flush=True)

def below():
    return [p.pid for p in psutil.Process().children(recursive=True)]
"""


def _start(script: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "TMPDIR": str(folder), **variables},
    )


def _run(script: str, folder: Path, **variables: str) -> tuple[list[dict], str]:
    with _start(script, folder, **variables) as process:
        out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()], err


def _wait_gone(pids: list[int], timeout_s: float) -> list[str]:
    deadline = time.monotonic() + timeout_s
    while (left := _running(pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _running(pids: list[int]) -> list[str]:
    found = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            # Init may be slow to reap what has ended.
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{pid} {process.status()} {process.cmdline()}")
    return found


def _wait_empty(folder: Path, timeout_s: float = 120.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while any(folder.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(folder.iterdir())


@pytest.fixture
def folder():
    path = Path(tempfile.mkdtemp(prefix="nxt", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_workers_of_groups_end_before_the_ray_of_awaited_runs(folder):
    script = """
    import asyncio
    import ray
    import naavre_ext
    cells = [{"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source,
              "outputs": [], "execution_count": None}
             for number, source in enumerate(["param_a = 2", "# group: g\\nt = param_a + 1",
                                              "# group: g\\nu = t + 1"])]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    workflow = naavre_ext.compile_notebook(notebook)

    async def main():
        for results in (await asyncio.gather(*(workflow.run(param_a=a) for a in (1, 2))),
                        [await workflow.run(param_a=3)]):
            report(u=[result.values["u"] for result in results], left=ray.is_initialized())

    asyncio.run(main())
    """
    reports, error = _run(script, folder)
    assert reports == [{"u": [3, 4], "left": False}, {"u": [5], "left": False}]
    assert "Error" not in error


def test_runs_end_that_begin_on_a_ray_whose_node_is_dead(folder):
    """Ray would look for a place for the main worker for ever."""
    facts, _ = _run(
        """
        import ray
        from naavre_ext import RunOptions, run_notebook
        from naavre_ext.executors.driver import RunDriver
        from naavre_ext.executors.ray import cluster_watch
        from naavre_ext.executors.ray.executor import RayExecutor
        from naavre_ext.model.diagnostic import ClusterError
        from naavre_ext.preparing import prepare_notebook

        cluster_watch._LOST_S = 1.0
        cell = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        handle = cluster.connect(None, num_cpus=2)
        executor = RayExecutor(handle.again())
        raylet, = (p for p in psutil.Process().children() if "/raylet/raylet" in p.cmdline()[0])
        raylet.kill()
        while any(node["Alive"] for node in ray.nodes()):
            time.sleep(0.1)
        workflow = prepare_notebook(notebook).require_workflow()
        try:
            RunDriver(workflow, executor, RunOptions(cwd=os.getcwd()), run_id="r", emit=lambda event: None).run()
        except ClusterError as error:
            report(under_way=str(error))
        executor.close()
        try:
            run_notebook(notebook)
        except ClusterError as error:
            report(while_it_is_used=str(error))
        handle.close()
        report(anew=run_notebook(notebook).status)
        """,
        folder,
    )
    assert facts[0]["under_way"].startswith("NX511 The local Ray of this run has died")
    assert facts[1]["while_it_is_used"].startswith("NX511 This process's Ray has died")
    assert facts[2] == {"anew": "ok"}
    assert _wait_empty(folder)


def test_who_gives_up_while_ray_starts_leaves_it_to_the_next(folder):
    script = """
    import asyncio, threading
    import naavre_ext
    from naavre_ext.executors.ray.local_ray import LocalRay
    starts, start, gave_up = [], LocalRay.start, threading.Event()
    def counted(self, *args):
        starts.append(1)
        gave_up.wait(200)
        start(self, *args)
    LocalRay.start = counted
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "a = 1 + 2",
            "outputs": [], "execution_count": None}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    workflow = naavre_ext.compile_notebook(notebook)

    async def main():
        run = asyncio.create_task(workflow.run())
        while not starts:
            await asyncio.sleep(0.01)
        run.cancel()
        try:
            await run
        except asyncio.CancelledError:
            report(was_starting=cluster._starting is not None)
        gave_up.set()
        result = await workflow.run()
        report(a=result.values["a"], starts=len(starts))

    asyncio.run(main())
    cluster.shutdown()
    report(below=below())
    """
    (gave_up, ran, end), err = _run(script, folder)
    assert gave_up == {"was_starting": True}
    assert ran == {"a": 3, "starts": 1}
    assert end == {"below": []}
    assert err == ""


def test_local_ray_is_private_quiet_shared_and_leaves_nothing(folder):
    script = """
    before = dict(os.environ)
    first = cluster.connect(None, num_cpus=2)
    second = cluster.connect("local")
    import ray
    private, = Path(os.environ["TMPDIR"]).glob("nx-ray-*")
    report(
        slots=first.slots, started_here=first.started_here, same=first.address == second.address,
        folder_mode=private.stat().st_mode & 0o777,
        token_mode=(private / "token").stat().st_mode & 0o777,
        changed=[k for k in {*before, *os.environ} if k.startswith("RAY_A") or k == "PYTHONPATH"
                 if before.get(k) != os.environ.get(k)],
    )

    @ray.remote(max_retries=3)
    def slow(path):
        Path(path).touch()
        time.sleep(1.5)
        return os.environ.get("PYTHONPATH"), [p for p in sys.path if "naavre_ext" in p]

    marker = private / "began"
    future = slow.remote(str(marker))
    while not marker.exists():
        time.sleep(0.05)
    for process in psutil.Process().children(recursive=True):
        if "ray::slow" in " ".join(process.cmdline()):
            process.kill()
    report(seen_by_worker=ray.get(future), pids=below())
    time.sleep(1)
    first.close()
    first.close()
    still = ray.is_initialized()
    second.close()
    report(still=still, then=ray.is_initialized(), below=below())
    third = cluster.connect(None, num_cpus=1)
    report(slots=third.slots, pids=below())
    """
    (start, seen, closed, again), err = _run(script, folder)
    assert start == {
        "slots": 2,
        "started_here": True,
        "same": True,
        "folder_mode": 0o700,
        "token_mode": 0o600,
        "changed": [],
    }
    assert seen["seen_by_worker"] == [None, []]
    assert closed == {"still": True, "then": False, "below": []}
    assert again["slots"] == 1
    # The third handle was never closed: the interpreter's exit did.
    assert _wait_gone(seen["pids"] + again["pids"], 120.0) == []
    assert list(folder.iterdir()) == []
    assert err == ""


def test_token_is_asked_for(folder):
    script = """
    import subprocess
    handle = cluster.connect(None, num_cpus=1)
    env = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "f" * 64}
    stranger = "from naavre_ext.executors.ray import cluster; cluster.connect(%r)" % handle.address
    command = [sys.executable, "-c", stranger]
    wrong = subprocess.run(command, env=env, capture_output=True, text=True)
    token, = Path(os.environ["TMPDIR"]).glob("nx-ray-*/token")
    env["RAY_AUTH_TOKEN"] = token.read_text()
    right = subprocess.run(command, env=env, capture_output=True, text=True)
    report(wrong=wrong.stderr, right=right.returncode, noise=right.stderr)
    import ray
    report(alive=ray.is_initialized())
    handle.close()
    """
    (facts, alive), err = _run(script, folder)
    assert (
        facts["wrong"]
        .splitlines()[-1]
        .startswith("naavre_ext.model.diagnostic.ClusterError: NX503")
    )
    assert "RAY_AUTH_TOKEN" in facts["wrong"]
    assert (facts["right"], facts["noise"]) == (0, "")
    assert alive == {"alive": True}
    assert err == ""


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL], ids=lambda signum: signum.name)
def test_processes_end_with_a_driver_that_is_killed(folder, signum):
    script = """
    cluster.exit_on_sigterm()
    handle = cluster.start_in_background(None, num_cpus=1).result()
    report(pids=below())
    time.sleep(600)
    """
    with _start(script, folder) as process:
        assert process.stdout is not None
        pids = json.loads(process.stdout.readline())["pids"]
        assert len(pids) > 4
        process.send_signal(signum)
        process.wait(timeout=240)
    assert _wait_gone(pids, 120.0) == []
    assert _wait_empty(folder)


def test_exit_does_not_wait_for_a_ray_that_is_still_starting(folder):
    script = """
    import threading
    from naavre_ext.executors.ray.local_ray import LocalRay
    start = LocalRay._init

    def start_for_ever(self, *asked):
        start(self, *asked)
        threading.Event().wait()

    LocalRay._init = start_for_ever
    cluster.start_in_background(None, num_cpus=1)
    while not below():
        time.sleep(0.02)
    report(pids=below())
    """
    (facts,), err = _run(script, folder)
    assert _wait_gone(facts["pids"], 120.0) == []
    assert _wait_empty(folder)
    assert err == ""


def test_connection_of_the_users_own_code_is_used_and_left_alone(folder):
    script = """
    import ray
    for attempt in range(3):  # Ray gives up after half a minute, which a busy machine may take
        try:
            ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level=40)
            break
        except Exception:
            if attempt == 2:
                raise
    with cluster.connect(None) as handle:
        report(slots=handle.slots, started_here=handle.started_here)
    cluster.shutdown()
    report(alive=ray.is_initialized())
    """
    facts, _ = _run(script, folder, HOME=str(folder))
    assert facts == [{"slots": 1, "started_here": False}, {"alive": True}]


def test_abandoned_folder_is_removed_and_a_live_one_kept(folder):
    kept = PrivateFolder(folder)
    abandoned = folder / "nx-ray-abandoned"
    abandoned.mkdir()
    (abandoned / "lock").touch()
    young = folder / "nx-ray-young"
    young.mkdir()
    for path in (abandoned, kept.path):
        os.utime(path, (time.time() - 3600,) * 2)
    new = PrivateFolder(folder)
    assert not abandoned.exists()
    assert kept.path.exists()
    assert young.exists()
    assert stat.S_IMODE(new.path.stat().st_mode) == 0o700
    for path in (kept, new):
        path.remove()
        assert not path.path.exists()
