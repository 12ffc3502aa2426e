"""What the resident engine and its clients say to each other: JSON objects, one to a line.

Every request carries ``op`` and an ``id``, which each answer to it repeats:

``hello`` {v}                → {v, pid}
``start`` {source, files, output, parameters, options, detached} → {run}
``start_batch`` {source, files, rows, resume, max_jobs, options, detached} → {run, jobs}
``events`` {run, after}      → {event} for each from number ``after`` on, then {end: true}
``result`` {run}             → {result} once the run has ended
``cancel`` {run}             → {}
``stop``                     → {pid}; the connection ends with the process
``status``                   → {status}

``source`` is a path or a notebook. Where other files say more of it, ``files`` has {workflow, settings}: the text
of the workflow's file at that path, and the name and the text of a file with settings; either may be null.

A batch has {parameters, output} for each of its ``rows``, or is the one to ``resume``; ``jobs`` are the
numbers, from 1, of those that will run. Its events are {job, run} when the run of a job has a record, where job 0
is what all share, {job, end}, {job, event} for one that waits for what others hold, and at first {job: 0, shared}
with the numbers of the cells that run once. ``cancel`` takes ``BATCH/NUMBER`` for one job.

A request that fails is answered by {error}. A run that isn't detached is cancelled when the
connection that started it ends. Secrets and the environment travel here and are never logged.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from naavre_ext.model.diagnostic import ClusterError, Diagnostic, NaavreError, RefusedError
from naavre_ext.model.run import RunOptions, RunResult

PROTOCOL_VERSION = 1

_CHUNK_BYTES = 2**18


class Connection:
    """One end of a socket that carries JSON lines. Any thread may send, one may receive."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = bytearray()
        self._searched = 0
        self._sending = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send ``message``.

        Raises:
            OSError: the other end is gone.
            TypeError: it holds something that isn't JSON.
        """
        line = json.dumps(message).encode() + b"\n"
        with self._sending:
            self._socket.sendall(line)

    def receive(self) -> dict[str, Any]:
        """The next message.

        Raises:
            EOFError: the other end hung up.
            TimeoutError: the socket has a timeout and nothing came.
        """
        while (end := self._buffer.find(b"\n", self._searched)) < 0:
            self._searched = len(self._buffer)
            data = self._socket.recv(_CHUNK_BYTES)
            if not data:
                raise EOFError("the other end hung up")
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """Hang up, also for a thread that is receiving."""
        # It never was connected, or the other end hung up first.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def options_to_json(options: RunOptions) -> dict[str, Any]:
    """The options as JSON, secrets included: for the private socket only."""
    return asdict(options)


def options_from_json(data: Mapping[str, Any]) -> RunOptions:
    """The options that :func:`options_to_json` wrote, for a run in this very process."""
    keep = data["keep"]
    options = RunOptions(**{**data, "keep": None if keep is None else tuple(keep)})
    return replace(options, resident=False)


def result_to_json(result: RunResult) -> dict[str, Any]:
    """The result as JSON, without the values of variables."""
    return {
        "run_id": result.run_id,
        "status": result.status,
        "duration_s": result.duration_s,
        "failure": None if result.failure is None else dict(result.failure),
        "diagnostics": [diagnostic.to_json() for diagnostic in result.diagnostics],
        "batches": dict(result.batches),
        "output_path": None if result.output_path is None else str(result.output_path),
    }


def result_from_json(data: Mapping[str, Any]) -> RunResult:
    """The result that :func:`result_to_json` wrote."""
    diagnostics = tuple(Diagnostic.from_json(item) for item in data["diagnostics"])
    return RunResult(**{**data, "diagnostics": diagnostics})


def error_to_json(error: BaseException) -> dict[str, Any]:
    """What the other end needs to raise ``error`` as it would have been raised there."""
    if isinstance(error, RefusedError):
        return {"kind": "refused", "diagnostics": [d.to_json() for d in error.diagnostics]}
    if isinstance(error, ClusterError):
        return {"kind": "cluster", "message": str(error)}
    return {"kind": "internal", "message": f"{type(error).__name__}: {error}"}


def error_from_json(data: Mapping[str, Any]) -> NaavreError:
    """The error that :func:`error_to_json` wrote."""
    if data["kind"] == "refused":
        return RefusedError(Diagnostic.from_json(item) for item in data["diagnostics"])
    if data["kind"] == "cluster":
        return ClusterError(data["message"])
    return NaavreError(data["message"])
