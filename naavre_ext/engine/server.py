"""The engine's end of the socket: answers clients until it is stopped or has been idle."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from naavre_ext.engine.batches import EngineBatch, make_batch
from naavre_ext.engine.protocol import PROTOCOL_VERSION, Connection, error_to_json
from naavre_ext.engine.runs import EngineWork, RunTable
from naavre_ext.model.run import RunResult
from naavre_ext.storage.process_identity import is_gone

_LOG = logging.getLogger(__name__)

_CANCEL_GRACE_S = 3.0
_LONGEST_NAP_S = 1.0


class EngineServer:
    """Serves the private socket at ``socket_path``.

    ``run`` is ``api.run_notebook``, ``batch`` is ``batches.make_batch``; ``prepare`` makes workers ready for the
    next run; ``describe`` gives what ``status`` says about the cluster. ``owner`` is the process without which the
    engine is idle at once, as ``process_identity`` describes it.
    """

    def __init__(
        self,
        socket_path: Path,
        *,
        run: Callable[..., RunResult],
        batch: Callable[[Mapping[str, Any]], Any] = make_batch,
        prepare: Callable[[], None] = lambda: None,
        describe: Callable[[], Mapping[str, Any]] = dict,
        idle_s: float = 3600.0,
        owner: Mapping[str, Any] | None = None,
    ) -> None:
        self._path = socket_path
        self._describe = describe
        self._idle_s = idle_s
        self._owner = owner
        self._runs = RunTable(run, prepare)
        self._batch = batch
        self._stopping = threading.Event()
        self._started_at = time.time()
        self._listener = _listen(socket_path)
        self._inode = socket_path.stat().st_ino

    def serve(self) -> None:
        """Answer clients; returns once stopped or idle for too long, with all runs ended."""
        threading.Thread(target=self._accept, name="accept", daemon=True).start()
        while not self._stopping.wait(min(_LONGEST_NAP_S, self._idle_s / 4)):
            if self._runs.idle_s() > self._idle_s:
                _LOG.info("idle for %.0f s", self._idle_s)
                break
            if self._owner is not None and is_gone(self._owner) and not self._runs.active():
                _LOG.info("the process that started it is gone")
                break
        self._close()

    def stop(self) -> None:
        """Have :meth:`serve` return. May be called from a signal handler."""
        self._stopping.set()

    def _close(self) -> None:
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._listener.close()
        active = self._runs.active()
        for run in active:
            run.stop()
        deadline = time.monotonic() + _CANCEL_GRACE_S
        while self._runs.active() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            conversation = _Conversation(
                Connection(client), self._runs, self._batch, self._status, self.stop
            )
            threading.Thread(target=conversation.hold, name="client", daemon=True).start()

    def _status(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "uptime_s": time.time() - self._started_at,
            "socket": str(self._path),
            "idle_s": self._idle_s,
            "runs_active": len(self._runs.active()),
            "runs_finished": self._runs.finished_count,
            **self._describe(),
        }


class _Conversation:
    """One client's connection. Requests that wait are answered from threads of their own."""

    def __init__(
        self,
        connection: Connection,
        runs: RunTable,
        batch: Callable[[Mapping[str, Any]], Any],
        status: Callable[[], dict[str, Any]],
        stop: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._runs = runs
        self._batch = batch
        self._status = status
        self._stop = stop
        self._attached: list[EngineWork] = []

    def hold(self) -> None:
        """Answer requests until the client hangs up; then cancel what it left behind."""
        with suppress(EOFError, OSError, ValueError):
            while True:
                self._answer(self._connection.receive())
        for run in self._attached:
            if not run.is_finished:
                _LOG.info("run %s: its client is gone", run.run_id)
                run.stop()
        self._connection.close()

    def _answer(self, request: dict[str, Any]) -> None:
        try:
            answer = self._respond(request)
        except Exception as error:  # noqa: BLE001 - a bad request must not end the engine
            answer = {"error": error_to_json(error)}
        if answer is not None:
            self._connection.send({"id": request.get("id"), **answer})

    def _respond(self, request: dict[str, Any]) -> dict[str, Any] | None:
        match request.get("op"):
            case "hello":
                return {"v": PROTOCOL_VERSION, "pid": os.getpid()}
            case "start":
                return {"run": self._attach(self._runs.start(request), request).run_id}
            case "start_batch":
                return self._start_batch(request)
            case "events":
                run = self._runs.find(request["run"])
                self._in_thread(self._stream, request.get("id"), run, int(request["after"]))
                return None
            case "result":
                self._in_thread(self._tell_end, request.get("id"), self._runs.find(request["run"]))
                return None
            case "cancel":
                self._runs.stop(request["run"])
                return {}
            case "status":
                return {"status": self._status()}
            case "stop":
                self._stop()
                return {"pid": os.getpid()}
            case unknown:
                raise ValueError(f"unknown request {unknown!r}")

    def _start_batch(self, request: dict[str, Any]) -> dict[str, Any]:
        batch = EngineBatch(self._batch(request))
        self._runs.begin(batch, batch.work)
        self._attach(batch, request)
        return {"run": batch.run_id, "jobs": list(batch.waiting)}

    def _attach(self, run: EngineWork, request: dict[str, Any]) -> EngineWork:
        if not request.get("detached", False):
            self._attached.append(run)
        return run

    def _in_thread(self, work: Callable[..., None], *args: Any) -> None:
        threading.Thread(target=work, args=args, name="answer", daemon=True).start()

    def _stream(self, request_id: Any, run: EngineWork, after: int) -> None:
        # A client that hangs up is noticed by hold().
        with suppress(OSError):
            is_last = False
            while not is_last:
                events, is_last = run.events_after(after)
                for event in events:
                    self._connection.send({"id": request_id, "event": event})
                after += len(events)
            self._connection.send({"id": request_id, "end": True})

    def _tell_end(self, request_id: Any, run: EngineWork) -> None:
        with suppress(OSError):
            self._connection.send({"id": request_id, **run.answer()})


def _listen(path: Path) -> socket.socket:
    """A listening socket with mode 0600 that appears at ``path`` when it can be connected to."""
    listener = socket.socket(socket.AF_UNIX)
    unfinished = path.with_suffix(f".{os.getpid()}")
    listener.bind(str(unfinished))
    os.chmod(unfinished, 0o600)
    listener.listen(64)
    unfinished.rename(path)
    return listener
