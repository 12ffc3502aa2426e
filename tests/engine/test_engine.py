import os
import signal
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from naavre_ext.engine import EngineClient, client, find_engine, place, start_engine, stop_engine
from naavre_ext.engine.conversation import Call
from naavre_ext.engine.place import engine_place
from naavre_ext.model.diagnostic import ClusterError, NaavreError, RefusedError
from naavre_ext.model.run import RunOptions
from naavre_ext.runner import find_runner

pytestmark = pytest.mark.slow


@pytest.fixture
def runtime(tmp_path_factory, monkeypatch):
    """A private place for engines, and the fake engine in it."""
    folder = tmp_path_factory.mktemp("rt")
    if len(str(folder)) > 60:
        pytest.skip("the temporary folder's path is too long for a socket")
    folder.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(client, "ENGINE_MODULE", "fake_engine")
    # The source may be edited while the tests run.
    monkeypatch.setattr(place, "_source_digest", lambda: "same")
    yield folder
    stop_engine(None)


@pytest.fixture
def engine(runtime, monkeypatch):
    monkeypatch.setenv("NX_CLOSED", str(runtime / "closed"))
    start_engine(None)
    found = find_engine(None)
    assert found is not None
    return found


def _texts(events):
    import json

    return [json.loads(event.text) for event in events if hasattr(event, "text")]


def _wait_for(condition, timeout_s=240.0):
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_engine_runs_with_the_clients_folder_environment_and_secrets(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("NX_MARKER", "from the client")
    monkeypatch.chdir(tmp_path)
    events = []
    result = engine.run(
        "in.ipynb",
        "out.ipynb",
        options=RunOptions(secrets={"secret_key": "hush"}, store="runs"),
        on_event=events.append,
    )
    assert _texts(events) == [
        {
            "source": str(tmp_path / "in.ipynb"),
            "output": str(tmp_path / "out.ipynb"),
            "cwd": None,
            "store": str(tmp_path / "runs"),
            "resident": False,
            "marker": "from the client",
            "secrets": {"secret_key": "hush"},
        }
    ]
    assert [type(event).__name__ for event in events] == ["MessageLogged", "RunFinished"]
    assert (result.status, result.run_id, result.batches) == ("ok", "record-1", {"a": 3})
    assert result.diagnostics[0].code == "NX401"
    assert result.output_path == str(tmp_path / "out.ipynb")
    log = Path(engine.status()["log"])
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "hush" not in log.read_text()
    assert "from the client" not in log.read_text()


def test_notebook_in_memory_runs_in_the_clients_folder(engine, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    events = []
    engine.run({"cells": []}, options=RunOptions(store="s3://runs"), on_event=events.append)
    (seen,) = _texts(events)
    assert (seen["source"], seen["cwd"]) == ({"cells": []}, str(tmp_path))
    assert seen["store"] == "s3://runs"


@pytest.mark.parametrize(
    ("variable", "value", "is_taken"),
    [
        ("NX_ANY", "1", True),
        ("PYTHONHASHSEED", "7", True),
        ("TZ", "Asia/Tokyo", False),
        ("TMPDIR", "/var/tmp", False),
        ("PYTHONWARNINGS", "error", False),
        ("PYTHONPATH", "/elsewhere", False),
    ],
)
def test_a_run_that_python_would_start_otherwise_for_goes_elsewhere(
    engine, monkeypatch, variable, value, is_taken
):
    def place_of(options):
        return getattr(find_runner(options), "__self__", None)

    options = RunOptions(keep=())
    assert place_of(options).socket_path == engine.socket_path
    other = replace(options, environment={**os.environ, variable: value})
    assert (place_of(other) is not None) == is_taken


def test_files_are_private(engine):
    folder = engine.socket_path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(engine.socket_path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"refuse": True}, RefusedError, "NX001 cell 3: no notebook"),
        ({"unreachable": True}, ClusterError, "NX502 gone"),
        ({"bug": True}, NaavreError, "ZeroDivisionError: ours"),
        ({"die": True}, ClusterError, "NX522"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_errors_are_raised_at_the_client(engine, parameters, error, message):
    with pytest.raises(error, match=message):
        engine.run("in.ipynb", parameters=parameters)


def test_failure_of_a_cell_is_in_the_result(engine):
    result = engine.run("in.ipynb", parameters={"fail": True})
    assert result.failure == {"cell_number": 2, "ename": "E", "evalue": "v", "traceback": []}


def test_many_runs_at_once_keep_their_events_apart(engine):
    results = {}

    def run(number):
        events = []
        engine.run("in.ipynb", parameters={"events": number}, on_event=events.append)
        results[number] = [event.seq for event in events]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(1, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [*range(number), 99] for number in range(1, 12)}
    status = engine.status()
    assert (status["runs_active"], status["runs_finished"]) == (0, 11)
    assert _wait_for(lambda: engine.status()["prepared"] == 12)


def test_run_is_cancelled_by_the_callers_event(engine, tmp_path):
    cancel = threading.Event()
    mark = tmp_path / "cancelled"
    result = engine.run(
        "in.ipynb",
        parameters={"wait_s": 600, "mark": str(mark)},
        cancel=cancel,
        on_event=lambda event: cancel.set(),
    )
    assert result.status == "cancelled"
    assert mark.exists()


CLIENT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
import sys
from pathlib import Path
from naavre_ext.engine import EngineClient
client = EngineClient(Path(sys.argv[1]))
result = client.run(
    "in.ipynb",
    parameters={"wait_s": 600, "mark": sys.argv[2]},
    on_event=lambda event: print(type(event).__name__, flush=True),
)
print(result.status)
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_run_ends_with_its_client(engine, tmp_path, signum):
    mark = tmp_path / "cancelled"
    command = [sys.executable, "-c", CLIENT, str(engine.socket_path), str(mark)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "MessageLogged\n"
        process.send_signal(signum)
        out, _ = process.communicate(timeout=240)
    assert out == ("RunFinished\ncancelled\n" if signum == signal.SIGINT else "")
    assert _wait_for(mark.exists)
    assert _wait_for(lambda: engine.status()["runs_active"] == 0)


def test_detached_run_goes_on_and_can_be_followed_from_any_event(engine, tmp_path):
    mark = tmp_path / "cancelled"
    run_id = engine.start("in.ipynb", parameters={"wait_s": 600, "events": 5, "mark": str(mark)})
    assert engine.status()["runs_active"] == 1
    events = []

    def note(event):
        events.append(event)
        if event.seq == 4:
            threading.Thread(target=engine.cancel, args=(run_id,)).start()

    assert engine.follow(run_id, note, after=3).status == "cancelled"
    assert [event.seq for event in events] == [3, 4, 99]
    assert engine.follow(run_id, events.append, after=5).status == "cancelled"


def test_unknown_run_and_request_are_refused(engine):
    with pytest.raises(NaavreError, match="knows no run 'nope'"):
        engine.cancel("nope")
    with Call(engine.socket_path) as call, pytest.raises(NaavreError, match="'dance'"):
        call.ask("dance")


def test_two_starts_at_once_make_one_engine(runtime):
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(start_engine(None, 3))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({status["pid"] for status in statuses}) == 1
    assert statuses[0]["slots"] == 3


def test_stop_leaves_nothing(engine, runtime):
    pid = engine.status()["pid"]
    assert stop_engine(None)
    assert (runtime / "closed").exists()
    assert not engine.socket_path.exists()
    assert _wait_for(lambda: not _is_running(pid))
    assert find_engine(None) is None
    assert not stop_engine(None)


def test_sigterm_stops_it_cleanly(engine, runtime):
    os.kill(engine.status()["pid"], signal.SIGTERM)
    assert _wait_for((runtime / "closed").exists)
    assert _wait_for(lambda: find_engine(None) is None)


def test_stale_socket_is_removed_and_a_new_engine_starts(engine):
    pid = engine.status()["pid"]
    os.kill(pid, signal.SIGKILL)
    assert _wait_for(lambda: not _is_running(pid))
    assert engine.socket_path.exists()
    # The other threads of a killed process hold its sockets for a moment longer than the process is there.
    assert _wait_for(lambda: find_engine(None) is None and not engine.socket_path.exists())
    assert start_engine(None)["pid"] != pid


def test_start_replaces_an_engine_of_older_source(engine, monkeypatch):
    old = engine.status()["pid"]
    monkeypatch.setattr(place, "_source_digest", lambda: "newer")
    assert find_engine(None) is None
    assert start_engine(None)["pid"] != old
    assert not _is_running(old)
    assert not engine.socket_path.exists()


def test_idle_engine_ends(runtime):
    assert start_engine(None, idle_s=5)["idle_s"] == 5  # time enough for its answer
    assert _wait_for(lambda: find_engine(None) is None)


def test_failed_start_says_why(runtime):
    with pytest.raises(ClusterError, match=r"^NX502 Ray cluster nowhere:1"):
        start_engine("nowhere:1")
    assert find_engine("nowhere:1") is None


def test_folder_of_others_is_refused(runtime):
    engine_place(None)
    (runtime / "naavre-ext").chmod(0o755)
    with pytest.raises(ClusterError, match="NX520"):
        engine_place(None)
    (runtime / "naavre-ext").chmod(0o700)


def test_place_differs_by_cluster(runtime):
    assert engine_place(None) == engine_place(None)
    assert engine_place(None) != engine_place("10.0.0.1:6379")


def test_looking_for_an_engine_is_light(runtime):
    script = """
import sys
from naavre_ext.engine import find_engine
assert find_engine(None) is None
heavy = {"ray", "IPython", "nbformat", "asyncio", "psutil", "jsonschema"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True)


OPTIONS = RunOptions()


@pytest.mark.parametrize(
    ("parameters", "options", "expected"),
    [
        ({"a": [1, "b", None]}, OPTIONS, True),
        ({"a": object()}, OPTIONS, False),
        ({"a": (1, 2)}, OPTIONS, False),
        ({"a": [float("nan"), float("-inf")]}, OPTIONS, True),
        ({}, replace(OPTIONS, keep=("x",)), False),
        ({}, replace(OPTIONS, keep=None), False),
        ({}, replace(OPTIONS, executor="local"), False),
        ({}, replace(OPTIONS, resident=False), False),
    ],
)
def test_what_the_socket_cannot_carry_runs_elsewhere(tmp_path, parameters, options, expected):
    assert EngineClient(tmp_path / "s").accepts(parameters, options) is expected


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
