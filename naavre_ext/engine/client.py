"""Finding, using, starting and stopping the resident engine. Imports nothing heavy."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from naavre_ext.engine.place import EnginePlace, engine_place
from naavre_ext.engine.protocol import (
    PROTOCOL_VERSION,
    Connection,
    error_from_json,
    options_to_json,
    result_from_json,
)
from naavre_ext.model.diagnostic import ClusterError, NaavreError
from naavre_ext.model.event import RunEvent, event_from_json
from naavre_ext.model.run import RunOptions, RunResult

DEFAULT_IDLE_S = 3600.0
#: What runs as the engine's process.
ENGINE_MODULE = "naavre_ext.engine"

_HELLO_TIMEOUT_S = 3.0
_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 20.0
_POLL_S = 0.1
# After Ctrl-C: what a cancelled run may take to say how it ended.
_CANCEL_TIMEOUT_S = 5.0

OnEvent = Callable[[RunEvent], None]


class EngineClient:
    """A running engine. Each call talks to it over a connection of its own."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path

    def accepts(
        self, parameters: Mapping[str, Any] | None = None, options: RunOptions | None = None
    ) -> bool:
        """Whether a run can go through the engine.

        Not when it wants values back (``keep``), which the socket doesn't carry, when parameters
        aren't JSON, or when it doesn't want Ray: those run in the caller's process.
        """
        options = options or RunOptions()
        if options.keep != () or options.executor != "ray" or not options.resident:
            return False
        try:
            return bool(json.loads(json.dumps(dict(parameters or {}))) == dict(parameters or {}))
        except (TypeError, ValueError):
            return False

    def run(
        self,
        source: str | Path | Mapping[str, Any],
        output: str | Path | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        options: RunOptions | None = None,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
    ) -> RunResult:
        """As ``api.run_notebook``, in the engine, seeing this process's environment and folder.

        Ctrl-C cancels the run, and the result says so; a second one raises KeyboardInterrupt.

        Raises:
            RefusedError: as ``api.run_notebook``.
            ClusterError: as ``api.run_notebook``, or the engine is gone.
        """
        request = _start_request(source, output, parameters, options or RunOptions())
        with _Call(self.socket_path) as call:
            run_id: str = call.ask("start", **request)["run"]
            return _follow(call, run_id, on_event, cancel or threading.Event())

    def start(
        self,
        source: str | Path | Mapping[str, Any],
        output: str | Path | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        options: RunOptions | None = None,
    ) -> str:
        """The engine's id of a new run that goes on without this client."""
        request = _start_request(source, output, parameters, options or RunOptions())
        with _Call(self.socket_path) as call:
            run_id: str = call.ask("start", **request, detached=True)["run"]
            return run_id

    def follow(
        self,
        run_id: str,
        on_event: OnEvent,
        *,
        after: int = 0,
        cancel: threading.Event | None = None,
    ) -> RunResult:
        """The result of a run, with its events from number ``after`` on as they happen."""
        with _Call(self.socket_path) as call:
            return _follow(call, run_id, on_event, cancel or threading.Event(), after)

    def cancel(self, run_id: str) -> None:
        """Have the run stop."""
        with _Call(self.socket_path) as call:
            call.ask("cancel", run=run_id)

    def status(self) -> dict[str, Any]:
        """``pid``, ``uptime_s``, ``address``, ``slots``, ``resources``, ``runs_active`` ..."""
        with _Call(self.socket_path) as call:
            status: dict[str, Any] = call.ask("status")["status"]
            return status

    def stop(self) -> None:
        """Stop the engine and its Ray; returns when its process is gone."""
        with _Call(self.socket_path) as call:
            pid: int = call.ask("stop")["pid"]
            try:
                call.wait_for_end(_STOP_TIMEOUT_S)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)


def find_engine(address: str | None) -> EngineClient | None:
    """The engine of this interpreter, installation and cluster, if one runs.

    The socket of an engine that was killed is removed.
    """
    return _find(engine_place(address))


def start_engine(
    address: str | None, num_cpus: int | None = None, *, idle_s: float = DEFAULT_IDLE_S
) -> dict[str, Any]:
    """The status of the engine for ``address``, which is started where none runs.

    An idle engine that runs other source of this installation is stopped.

    Raises:
        ClusterError: it didn't start.
    """
    place = engine_place(address)
    with place.locked():
        client = _find(place, locked=True)
        if client is None:
            _stop_outdated(place)
            _launch(place, address, num_cpus, idle_s)
            client = EngineClient(place.socket)
        return client.status()


def stop_engine(address: str | None) -> bool:
    """Stop the engine for ``address``; false when none runs."""
    client = find_engine(address)
    if client is not None:
        client.stop()
    return client is not None


def engine_status(address: str | None) -> dict[str, Any] | None:
    """The status of the engine for ``address``; None when none runs."""
    client = find_engine(address)
    return None if client is None else client.status()


def _find(place: EnginePlace, *, locked: bool = False) -> EngineClient | None:
    if not place.socket.exists():
        return None
    try:
        with _Call(place.socket) as call:
            call.ask("hello", v=PROTOCOL_VERSION)
    except ConnectionRefusedError:
        _remove_stale(place, locked)
        return None
    except (OSError, ClusterError):
        return None
    return EngineClient(place.socket)


def _remove_stale(place: EnginePlace, locked: bool) -> None:
    if locked:
        place.socket.unlink(missing_ok=True)
        return
    with place.locked(wait=False) as held:
        # Whoever holds the lock is starting an engine, and removes it.
        if held:
            place.socket.unlink(missing_ok=True)


def _stop_outdated(place: EnginePlace) -> None:
    for path in place.outdated():
        try:
            outdated = EngineClient(path)
            if outdated.status()["runs_active"] == 0:
                outdated.stop()
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except (OSError, NaavreError):
            # It is ending by itself, or speaks another protocol and ends when idle.
            continue


def _launch(place: EnginePlace, address: str | None, num_cpus: int | None, idle_s: float) -> None:
    command = [sys.executable, "-m", ENGINE_MODULE, "--socket", str(place.socket)]
    command += ["--log", str(place.log), "--idle-s", str(idle_s)]
    command += ["--address", address] if address is not None else []
    command += ["--num-cpus", str(num_cpus)] if num_cpus is not None else []
    package_root = str(Path(__file__).parents[2])
    python_path = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=place.socket.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*python_path, package_root])},
        start_new_session=True,
    ) as process:
        report = _first_line(process)
    if not report.get("ok"):
        message = report.get("error") or f"it ended without a word; see {place.log}"
        raise ClusterError(
            message if message.startswith("NX") else f"NX521 The engine didn't start: {message}"
        )


def _first_line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    timer = threading.Timer(_START_TIMEOUT_S, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    report: dict[str, Any] = json.loads(line) if line else {}
    return report


def _start_request(
    source: str | Path | Mapping[str, Any],
    output: str | Path | None,
    parameters: Mapping[str, Any] | None,
    options: RunOptions,
) -> dict[str, Any]:
    is_path = isinstance(source, (str, Path))
    options = replace(
        options,
        cwd=_absolute(options.cwd) if options.cwd or is_path else os.getcwd(),
        store=_absolute(options.store),
        environment=options.environment if options.environment is not None else dict(os.environ),
    )
    return {
        "source": _absolute(source) if isinstance(source, (str, Path)) else source,
        "output": _absolute(output),
        "parameters": dict(parameters or {}),
        "options": options_to_json(options),
    }


def _absolute(path: str | Path | None) -> str | None:
    """The path as the engine, which lives elsewhere, understands it. A URL stays."""
    if path is None or "://" in str(path):
        return None if path is None else str(path)
    return os.path.abspath(os.path.expanduser(path))


class _Call:
    """A conversation with the engine at ``socket_path``."""

    def __init__(self, socket_path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_HELLO_TIMEOUT_S)
        try:
            self._socket.connect(str(socket_path))
            self._connection = Connection(self._socket)
            self._ids = 0
            self._check_version(self.ask("hello", v=PROTOCOL_VERSION))
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> _Call:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def request(self, op: str, **fields: Any) -> int:
        """Send a request; its answers carry the number that this returns."""
        self._ids += 1
        self._connection.send({"op": op, "id": self._ids, **fields})
        return self._ids

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """The answer to a request that the engine answers at once."""
        number = self.request(op, **fields)
        while (answer := self.receive()).get("id") != number:
            pass
        return _checked(answer)

    def receive(self, timeout_s: float | None = _HELLO_TIMEOUT_S) -> dict[str, Any]:
        """The next answer, whatever it answers; TimeoutError when there is none."""
        self._socket.settimeout(timeout_s)
        try:
            return self._connection.receive()
        except (EOFError, ConnectionError) as error:
            raise ClusterError(
                "NX522 The resident engine has died. 'naavre-ext cluster start' starts another; "
                "the run's record shows what was finished."
            ) from error

    def wait_for_end(self, timeout_s: float) -> None:
        """Return when the engine's process has ended, and its end of the socket with it."""
        self._socket.settimeout(timeout_s)
        with suppress(EOFError, ConnectionError):
            while True:
                self._connection.receive()

    def _check_version(self, answer: Mapping[str, Any]) -> None:
        if answer.get("v") != PROTOCOL_VERSION:
            raise ClusterError(
                f"NX523 The resident engine speaks version {answer.get('v')} of its protocol and "
                f"this is version {PROTOCOL_VERSION}. Stop it: 'naavre-ext cluster stop'."
            )


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise error_from_json(answer["error"])
    return answer


def _follow(
    call: _Call, run_id: str, on_event: OnEvent | None, cancel: threading.Event, after: int = 0
) -> RunResult:
    """Hand events on until the run has ended; pass on a wish to cancel it."""
    events = call.request("events", run=run_id, after=after)
    deadline: float | None = None
    while True:
        try:
            if deadline is None and cancel.is_set():
                deadline = time.monotonic() + _CANCEL_TIMEOUT_S
                call.request("cancel", run=run_id)
            answer = call.receive(_POLL_S)
            if answer.get("id") != events:
                continue
            if _checked(answer).get("end"):
                break
            if on_event is not None:
                on_event(event_from_json(answer["event"]))
        except KeyboardInterrupt:
            if cancel.is_set():
                raise
            cancel.set()
        except TimeoutError:
            if deadline is not None and time.monotonic() > deadline:
                raise ClusterError(
                    f"NX524 The engine didn't cancel the run within {_CANCEL_TIMEOUT_S:.0f} s. "
                    "'naavre-ext cluster stop' ends it."
                ) from None
    return result_from_json(call.ask("result", run=run_id)["result"])
