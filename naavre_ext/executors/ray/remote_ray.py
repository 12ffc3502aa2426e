"""A cluster that runs already: reach it, or say within seconds why not."""

from __future__ import annotations

import json
import logging
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from naavre_ext.executors.ray.ray_internals import (
    import_quietly,
    reread_authentication,
    silence_raylet_messages,
)
from naavre_ext.executors.ray.surroundings import (
    child_environment,
    environment,
    quiet_ray_logger,
    token_environment,
)
from naavre_ext.model.diagnostic import ClusterError
from naavre_ext.startup import defer_slow_imports

_TCP_TIMEOUT_S = 2.5
_PROBE_TIMEOUT_S = 11.0
_TOKEN_REMEDY = (
    "Give the cluster's token in RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH, or put it "
    "into ~/.ray/auth_token ('ray get-auth-token' on the cluster prints it)."
)
_NOT_RAY_REMEDY = "Give the port on which Ray's head node listens (6379 unless changed)."
# Part of Ray's own words → code, what it means, what to do.
_REASONS = (
    ("InvalidAuthToken", "NX503", "it refused our token, or wants one.", _TOKEN_REMEDY),
    ("Unauthenticated", "NX503", "it refused our token, or wants one.", _TOKEN_REMEDY),
    ("no token was found", "NX503", "it wants a token and none was found.", _TOKEN_REMEDY),
    (
        "Version mismatch",
        "NX504",
        "it runs another version of Ray or Python than we do.",
        "Install the cluster's versions here.",
    ),
    (
        "Ray expects this IP address",
        "NX505",
        "no node of it runs on this machine, and a driver needs one.",
        "Run 'ray start --address=HOST:PORT' here first, or run on one of its nodes.",
    ),
    ("Failed to connect to GCS", "NX506", "what listens there isn't Ray.", _NOT_RAY_REMEDY),
    ("waiting for GCS", "NX506", "what listens there isn't Ray.", _NOT_RAY_REMEDY),
    (
        "Could not find any running Ray",
        "NX502",
        "no Ray runs on this machine.",
        "Start one ('ray start --head'), or give no address for one of our own.",
    ),
)


def connect_to(address: str) -> None:
    """Connect this process to the cluster at ``address`` (``host:port`` or ``auto``).

    Raises:
        ClusterError: it can't be reached, refuses us, or doesn't fit; said within 15 s.
    """
    if address != "auto":
        _check_reachable(address)
    changes: dict[str, str | None] = {**token_environment(), "RAY_ADDRESS": None}
    defer_slow_imports()
    with environment(changes):
        _probe(address)
        _init(address)


def _init(address: str) -> None:
    import_quietly()
    import ray

    try:
        with quiet_ray_logger():
            reread_authentication()
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        raise _refusal(address, str(error)) from error
    silence_raylet_messages()


def disconnect() -> None:
    """Leave the cluster, which goes on."""
    import ray

    with quiet_ray_logger():
        ray.shutdown()


def _check_reachable(address: str) -> None:
    host, port = split_address(address)
    try:
        socket.create_connection((host, port), timeout=_TCP_TIMEOUT_S).close()
    except OSError as error:
        reason = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise ClusterError(
            f"NX502 Ray cluster {address}: can't be reached ({reason}). Check that it runs and "
            "that the address is right, or give none for a local Ray."
        ) from error


def split_address(address: str) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[host]:port``.

    Raises:
        ClusterError: it is no such address.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdigit() or "/" in host or int(port) > 65535:
        raise ClusterError(
            f"NX507 {address!r} is no address of a Ray cluster. Write HOST:PORT with the port of "
            "the head node (6379 unless changed), 'auto' for the one on this machine, or 'local'."
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def _probe(address: str) -> None:
    """Connect in another process first: Ray hangs, prints and may abort where it can't."""
    package_root = str(Path(__file__).parents[3])
    variables = {**os.environ, **child_environment()}
    variables["PYTHONPATH"] = os.pathsep.join([variables["PYTHONPATH"], package_root])
    process = subprocess.Popen(
        [sys.executable, "-m", "naavre_ext.executors.ray.probe", address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=variables,
        start_new_session=True,
    )
    try:
        _read_verdict(address, process)
    finally:
        process.kill()
        process.wait()


def _read_verdict(address: str, process: subprocess.Popen[str]) -> None:
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_forward_lines, args=(process, lines), daemon=True).start()
    said: list[str] = []
    deadline = time.monotonic() + _PROBE_TIMEOUT_S
    while True:
        try:
            line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise _refusal(address, "\n".join(said)) from None
        if line is None:
            raise _refusal(address, "\n".join(said))
        if line.startswith('{"ok": '):
            answer = json.loads(line)
            if answer["ok"]:
                return
            raise _refusal(address, answer["error"])
        said.append(line.strip())
        # Ray tries for 20 s and more what it has been refused at once.
        if _known_reason(line):
            raise _refusal(address, line)


def _forward_lines(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.put(line)
    lines.put(None)


def _known_reason(text: str) -> tuple[str, str, str] | None:
    for part, code, meaning, remedy in _REASONS:
        if part in text:
            return code, meaning, remedy
    return None


def _refusal(address: str, text: str) -> ClusterError:
    reason = _known_reason(text)
    if reason is not None:
        code, meaning, remedy = reason
        return ClusterError(f"{code} Ray cluster {address}: {meaning} {remedy}")
    words = text.strip().splitlines()
    said = f" Ray says: {words[-1]}" if words else ""
    return ClusterError(
        f"NX508 Ray cluster {address}: it accepted the connection and then didn't let us in within "
        f"{_PROBE_TIMEOUT_S:.0f} s.{said} Check the cluster with 'ray status'."
    )
