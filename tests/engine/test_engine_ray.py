import os
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest

from naavre_ext.engine import client, engine_status, find_engine, place, start_engine, stop_engine
from naavre_ext.model.run import RunOptions

pytestmark = pytest.mark.slow


def _gone(processes: list[psutil.Process], timeout_s: float = 200.0) -> bool:
    return not psutil.wait_procs(processes, timeout=timeout_s)[1]


def test_engine_keeps_one_ray_for_all_runs_survives_its_death_and_leaves_nothing(
    tmp_path, monkeypatch
):
    runtime = Path("/tmp", f"nxe{os.getpid()}")
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("TMPDIR", str(runtime))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(client, "ENGINE_MODULE", "ray_engine")
    monkeypatch.setattr(place, "_source_digest", lambda: "same")
    try:
        status = start_engine(None, 1)
        engine = find_engine(None)
        assert engine is not None
        assert (status["slots"], status["resources"]["CPU"]) == (1, 1.0)
        server = psutil.Process(status["pid"])
        keeper = server.parent()
        below = server.children(recursive=True)
        assert len(below) > 4

        ran_below = []

        def look_where(event):
            ran_below.append(server in psutil.Process(int(event.text)).parents())

        for _ in range(3):
            assert engine.run("in.ipynb", on_event=look_where).status == "ok"
        assert ran_below
        assert all(ran_below)
        assert engine_status(None)["runs_finished"] == 3

        for process in server.children():
            if "raylet/raylet" in process.cmdline()[0]:
                process.send_signal(signal.SIGKILL)
                while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    time.sleep(0.02)
        assert engine.run("in.ipynb", on_event=look_where).status == "ok"
        assert engine.started_as(RunOptions())  # whatever Ray has set meanwhile

        below += server.children(recursive=True)
        assert stop_engine(None)
        assert _gone([keeper, server, *below])
        assert sorted(path.suffix for path in runtime.rglob("*") if path.is_file()) == [
            ".lock",
            ".log",
        ]
        assert not list(runtime.glob("nx-ray-*"))
    finally:
        stop_engine(None)
        shutil.rmtree(runtime)
