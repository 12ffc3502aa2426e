"""Finding, using, starting and stopping the resident engine. Imports nothing heavy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from naavre_ext.engine.conversation import Call, EngineDied, OnEvent, follow_run
from naavre_ext.engine.held import HeldBatch, HeldRun
from naavre_ext.engine.place import EnginePlace, engine_place
from naavre_ext.engine.run_request import run_request
from naavre_ext.environment import startup_key
from naavre_ext.model.diagnostic import ClusterError, NaavreError
from naavre_ext.model.run import RunOptions, RunResult

DEFAULT_IDLE_S = 3600.0
#: What runs as the engine's process.
ENGINE_MODULE = "naavre_ext.engine"

_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 20.0
#: What one meets of an engine that has ended since it was found.
_ENDED = (FileNotFoundError, ConnectionRefusedError, EngineDied)


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
        given = dict(parameters or {})
        try:
            return repr(json.loads(json.dumps(given))) == repr(given)  # a NaN isn't equal to itself
        except (TypeError, ValueError):
            return False

    def started_as(self, options: RunOptions) -> bool:
        """Whether the engine's process found what a run's own would of variables that are read once, at the start.

        These are ``TZ``, ``TMPDIR``, those of Python and the like, see :func:`startup_key`.
        """
        environ = os.environ if options.environment is None else options.environment
        try:
            return bool(self.status()["startup"] == startup_key(environ))
        except _ENDED:
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
        request = run_request(source, output, parameters, options or RunOptions())
        with Call(self.socket_path) as call:
            run_id: str = call.ask("start", **request)["run"]
            return follow_run(call, run_id, on_event, cancel or threading.Event())

    def start(
        self,
        source: str | Path | Mapping[str, Any],
        output: str | Path | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        options: RunOptions | None = None,
    ) -> str:
        """The engine's id of a new run that goes on without this client."""
        request = run_request(source, output, parameters, options or RunOptions())
        with Call(self.socket_path) as call:
            run_id: str = call.ask("start", **request, detached=True)["run"]
            return run_id

    def hold(
        self,
        source: str | Path | Mapping[str, Any],
        output: str | Path | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        options: RunOptions | None = None,
        detached: bool = False,
    ) -> HeldRun:
        """A new run that has begun, and that ends with this process or with the holder, unless ``detached``.

        Raises:
            RefusedError, ClusterError: nothing was run.
        """
        request = run_request(source, output, parameters, options or RunOptions())
        return HeldRun(self.socket_path, request, detached=detached)

    def hold_batch(
        self,
        source: str | Path | Mapping[str, Any],
        rows: Sequence[Mapping[str, Any]],
        *,
        resume: str | None = None,
        max_jobs: int | None = None,
        options: RunOptions,
        detached: bool = False,
    ) -> HeldBatch:
        """A new batch that has begun, with the ``parameters`` and ``output`` of each row; or one that is resumed.

        It ends with this process or with the holder, unless ``detached``.

        Raises:
            RefusedError, ClusterError: nothing was run.
        """
        request = run_request(source, None, None, options)
        what = {name: request[name] for name in ("source", "files", "options")}
        more = {"rows": list(rows), "resume": resume, "max_jobs": max_jobs}
        return HeldBatch(self.socket_path, {**what, **more}, detached=detached)

    def follow(
        self,
        run_id: str,
        on_event: OnEvent,
        *,
        after: int = 0,
        cancel: threading.Event | None = None,
    ) -> RunResult:
        """The result of a run, with its events from number ``after`` on as they happen."""
        with Call(self.socket_path) as call:
            return follow_run(call, run_id, on_event, cancel or threading.Event(), after)

    def cancel(self, run_id: str) -> None:
        """Have the run stop."""
        with Call(self.socket_path) as call:
            call.ask("cancel", run=run_id)

    def status(self) -> dict[str, Any]:
        """``pid``, ``uptime_s``, ``address``, ``slots``, ``resources``, ``runs_active`` ..."""
        with Call(self.socket_path) as call:
            status: dict[str, Any] = call.ask("status")["status"]
            return status

    def stop(self, *, wait: bool = True) -> None:
        """Stop the engine and its Ray; returns when its process is gone, unless ``wait`` is false."""
        with Call(self.socket_path) as call:
            pid: int = call.ask("stop")["pid"]
            if not wait:
                return
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
    address: str | None,
    num_cpus: int | None = None,
    *,
    idle_s: float = DEFAULT_IDLE_S,
    owner: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The status of the engine for ``address``, which is started where none runs.

    An idle engine that runs other source of this installation is stopped. One that is started ends with the
    process ``owner``, described as in ``storage.process_identity``, or when its last run after that has ended.

    Raises:
        ClusterError: it didn't start.
    """
    place = engine_place(address)
    with place.locked():
        client = _find(place, locked=True)
        if client is None:
            _stop_outdated(place)
            _launch(place, address, num_cpus, idle_s, owner)
            client = EngineClient(place.socket)
        return client.status()


def stop_engine(address: str | None) -> bool:
    """Stop the engine for ``address``; false when none runs."""
    client = find_engine(address)
    if client is None:
        return False
    try:
        client.stop()
    except _ENDED:
        return False
    return True


def engine_status(address: str | None) -> dict[str, Any] | None:
    """The status of the engine for ``address``; None when none runs."""
    client = find_engine(address)
    try:
        return None if client is None else client.status()
    except _ENDED:
        return None


def _find(place: EnginePlace, *, locked: bool = False) -> EngineClient | None:
    if not place.socket.exists():
        return None
    try:
        with Call(place.socket):
            pass
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


def _launch(
    place: EnginePlace,
    address: str | None,
    num_cpus: int | None,
    idle_s: float,
    owner: Mapping[str, Any] | None,
) -> None:
    command = [sys.executable, "-m", ENGINE_MODULE, "--socket", str(place.socket)]
    command += ["--log", str(place.log), "--idle-s", str(idle_s)]
    command += ["--address", address] if address is not None else []
    command += ["--num-cpus", str(num_cpus)] if num_cpus is not None else []
    command += ["--owner", json.dumps(dict(owner))] if owner is not None else []
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
