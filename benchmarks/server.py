"""The Jupyter server extension, as a front end meets it: through HTTP and a websocket of a real server."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import websocket

from benchmarks.rows import Row, cost, seconds
from benchmarks.sources import analysis, notebook
from naavre_ext.model.event import BatchFinished, RunEvent, RunFinished, RunStarted, SplitStarted
from naavre_ext.storage.run_log import RunLog
from naavre_ext.storage.run_store import RunStore

COMPILE_LIMIT_S = 0.2
CLICK_LIMIT_S = 1.0
DELAY_LIMIT_S = 0.1
CPU_LIMIT_S = 2.0
BATCHES, RATE = 2000, 200
WARM_TIMEOUT_S = 120


class Server:
    """A Jupyter server with the extension that serves ``root``."""

    def __init__(self, root: Path, port: int, token: str, process: subprocess.Popen[bytes]) -> None:
        self.root, self.process = root, process
        self._place, self._token = f"127.0.0.1:{port}/naavre-ext", token

    def ask(self, method: str, route: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer as data."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {self._token}"}
        request = urllib.request.Request(
            f"http://{self._place}/{route}", data, headers, method=method
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def frames(self, run_id: str) -> Iterator[dict[str, Any]]:
        """The frames of a run's socket."""
        route = f"runs/{run_id}/events/socket?path=nb.ipynb&token={self._token}"
        found = websocket.create_connection(f"ws://{self._place}/{route}", timeout=60)
        while text := found.recv():
            yield json.loads(text)
        found.close()


@contextmanager
def served() -> Iterator[Server]:
    """A server in a temporary folder, with a place of its own for engines."""
    token = secrets.token_hex(16)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="nx-") as folder, tempfile.TemporaryDirectory() as home:
        runtime = Path(home, "rt")
        runtime.mkdir(mode=0o700)
        places = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
        environment = {**os.environ, **dict.fromkeys(places, home), "XDG_RUNTIME_DIR": str(runtime)}
        options = {
            "ServerApp.jpserver_extensions": "{'naavre_ext': True}",
            "IdentityProvider.token": token,
            "ServerApp.port": str(port),
            "ServerApp.root_dir": folder,
            "ServerApp.open_browser": "False",
            "ServerApp.allow_root": "True",
            "ServerApp.log_level": "WARN",
        }
        command = [sys.executable, "-m", "jupyter_server"]
        command += [f"--{name}={value}" for name, value in options.items()]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
            server = Server(Path(folder), port, token, process)
            try:
                _await(lambda: server.ask("GET", "annotation-keys"), OSError)
                yield server
            finally:
                process.terminate()
                process.wait(30)


def _await(attempt: Any, error: type[Exception]) -> None:
    deadline = time.monotonic() + WARM_TIMEOUT_S
    while True:
        try:
            attempt()
            return
        except error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _body(server: Server, *sources: str) -> dict[str, Any]:
    document = json.loads(json.dumps(notebook(*sources)))
    (server.root / "nb.ipynb").write_text(json.dumps(document))
    return {"path": "nb.ipynb", "notebook": document}


def compile_seconds(server: Server, body: Mapping[str, Any]) -> float:
    """The median of ten round trips."""
    server.ask("POST", "compile", body)
    return median(seconds(lambda: server.ask("POST", "compile", body)) for _ in range(10))


def click_seconds(server: Server) -> float:
    """From the request to the first cell's start, with a warm engine: the median of five."""
    body = _body(server, "x = 1", "print(x)")
    server.ask("POST", "warm", {"path": "nb.ipynb"})

    def check() -> None:
        if server.ask("GET", "status?path=nb.ipynb")["engine"]["state"] != "ready":
            raise TimeoutError("no engine")

    _await(check, TimeoutError)
    time.sleep(3)  # its workers get ready

    def click() -> None:
        run_id = server.ask("POST", "runs", body)["run"]["id"]
        for frame in server.frames(run_id):
            if any(event["type"] == "StepStarted" for event in frame.get("events", ())):
                return

    taken = []
    for _ in range(5):
        taken.append(seconds(click))
        time.sleep(1)
    return median(taken)


def _write(log: RunLog, rate: int | None) -> None:
    """A run of many batches, at ``rate`` events a second."""
    step = {"id": "s", "cell_id": "c", "cell_number": 1, "title": None, "placement": "main"}
    about: dict[str, Any] = {"step": "s", "cell_id": "c", "split": 0}
    events: list[RunEvent] = [
        RunStarted(run_id=log.run_id, notebook=None, executor="ray", slots=2, steps=(step,)),
        SplitStarted(**about, title=None, items=BATCHES, batches=BATCHES),
    ]
    events += [
        BatchFinished(
            **about, batch=n, items=1, started_at=time.time(), duration_s=0.01, worker="vm:1"
        )
        for n in range(BATCHES)
    ]
    events.append(RunFinished(status="ok", duration_s=10.0, counts={"done": 1}))
    begin = time.perf_counter()
    for number, event in enumerate(events):
        if rate is not None:
            time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        log.append(type(event)(**{**_fields(event), "seq": number, "at": time.time()}))
    log.close()


def _fields(event: RunEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}


def following(server: Server) -> tuple[float, float, float]:
    """Median delay of events, frames a second and the server's CPU seconds during a run of many batches."""
    store = RunStore.beside(server.root / "nb.ipynb")
    log = store.create(str(server.root / "nb.ipynb"))
    writer = threading.Thread(target=_write, args=(log, RATE))
    process = psutil.Process(server.process.pid)
    before, begin = sum(process.cpu_times()[:2]), time.perf_counter()
    writer.start()
    delays, frames = [], 0
    for frame in server.frames(log.run_id):
        now = time.time()
        frames += 1
        delays += [now - event["at"] for event in frame.get("events", ())]
    spent = sum(process.cpu_times()[:2]) - before
    writer.join()
    return median(delays), frames / (time.perf_counter() - begin), spent


def server_rows() -> Iterator[Row]:
    """Compiling, the first click, and the events of a long run."""
    with served() as server:
        body = _body(server, *analysis(50))
        taken = compile_seconds(server, body)
        yield cost("compile 50 cells; limit", taken, COMPILE_LIMIT_S, at_most=1)
        store = RunStore.beside(server.root / "nb.ipynb")
        workflow = server.ask("POST", "compile", body)["workflow"]
        for _ in range(10):
            _write(store.create(str(server.root / "nb.ipynb"), workflow=workflow), None)
        taken = compile_seconds(server, body)
        yield cost("compile 50 cells, 10 long runs; limit", taken, COMPILE_LIMIT_S, at_most=1)
        taken = seconds(lambda: server.ask("GET", "runs?path=nb.ipynb"))
        yield cost("list 10 long runs for the first time; limit", taken, 1.0, at_most=1)
        delay, rate, spent = following(server)
        yield cost(f"event at {RATE}/s to page; limit", delay, DELAY_LIMIT_S, at_most=1)
        yield cost("frames a second; limit", rate, 20, at_most=1, unit="")
        yield cost(f"server's CPU, {BATCHES} batches; limit", spent, CPU_LIMIT_S, at_most=1)
        yield cost("click to first cell; limit", click_seconds(server), CLICK_LIMIT_S, at_most=1)
