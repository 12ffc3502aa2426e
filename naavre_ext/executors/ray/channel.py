"""The live side channel: what workers have to tell the driver while they work.

Best effort, over TCP: newline-delimited JSON after a handshake in which each side proves that it
knows the run's key. Loss is harmless, since a step's final report carries all of its outputs. The
messages of one sender arrive in order.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import queue
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

_LOG = logging.getLogger(__name__)

_HANDSHAKE_TIMEOUT_S = 5.0
_CONNECT_TIMEOUT_S = 3.0
_SEND_TIMEOUT_S = 5.0
_FLUSH_TIMEOUT_S = 1.0
_LARGEST_MESSAGE_BYTES = 256 * 2**20
_QUEUED_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class ChannelEndpoint:
    """Where a channel listens, and the key that opens it. Small, and pickles."""

    host: str
    port: int
    key: str = field(repr=False)

    def proof(self, role: str, nonce: str) -> str:
        """What only one who knows the key can answer to ``nonce`` in this ``role``."""
        message = f"{role}:{nonce}".encode()
        return hmac.new(self.key.encode(), message, hashlib.sha256).hexdigest()


class OutputChannel:
    """The driver's end. Calls ``on_message`` with each message, from one thread of its own."""

    def __init__(
        self, on_message: Callable[[dict[str, Any]], None], *, host: str = "127.0.0.1"
    ) -> None:
        self._on_message = on_message
        listener = socket.create_server((host, 0), backlog=1024)
        self.endpoint = ChannelEndpoint(host, listener.getsockname()[1], secrets.token_hex(32))
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name="naavre-channel", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening. No call of ``on_message`` begins after this, unless made by itself."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=_FLUSH_TIMEOUT_S)

    def __enter__(self) -> OutputChannel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, listener: socket.socket) -> None:
        try:
            self._loop.run_until_complete(self._serve(listener))
        finally:
            self._loop.close()

    async def _serve(self, listener: socket.socket) -> None:
        conversations: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(self._converse(reader, writer))
            conversations.add(task)
            task.add_done_callback(conversations.discard)

        server = await asyncio.start_server(accept, sock=listener, limit=_LARGEST_MESSAGE_BYTES)
        await self._stop.wait()
        server.close()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # EOFError: a process that ends before it has answered
            with suppress(OSError, ValueError, EOFError, asyncio.TimeoutError):
                if await asyncio.wait_for(self._greet(reader, writer), _HANDSHAKE_TIMEOUT_S):
                    await self._receive(reader)
        finally:
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        nonce = secrets.token_hex(16)
        writer.write(f"{nonce}\n".encode())
        await writer.drain()
        # A stranger gets no more room than a proof needs.
        answer = await reader.readexactly(len(self.endpoint.proof("sender", nonce)) + 1 + 32 + 1)
        proof, _, their_nonce = answer.decode("ascii").strip().partition(" ")
        if not hmac.compare_digest(proof, self.endpoint.proof("sender", nonce)):
            return False
        writer.write(f"{self.endpoint.proof('driver', their_nonce)}\n".encode())
        await writer.drain()
        return True

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if not line.endswith(b"\n"):
                return
            message = json.loads(line)
            try:
                self._on_message(message)
            except Exception:  # noqa: BLE001 - ours to report, and not the sender's end
                _LOG.exception("a message from a worker was lost")


class ChannelSender:
    """A worker's end. ``send`` never raises and doesn't wait for the network.

    Nothing is sent any more once the driver couldn't be reached, or took no message for 5 s.
    """

    def __init__(self, endpoint: ChannelEndpoint) -> None:
        self._endpoint = endpoint
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queued_bytes = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether messages are still taken."""
        return self._open

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue ``message``; it is dropped where 64 MiB wait already, or where it isn't JSON."""
        if not self._open:
            return
        try:
            line = json.dumps(message).encode() + b"\n"
        except (TypeError, ValueError):
            _LOG.debug("a message that isn't JSON was dropped")
            return
        with self._lock:
            if self._queued_bytes and self._queued_bytes + len(line) > _QUEUED_BYTES:
                return
            self._queued_bytes += len(line)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="naavre-channel-sender", daemon=True
                )
                self._thread.start()
        self._queue.put(line)

    def close(self, *, wait: bool = True) -> None:
        """Send what waits and hang up; returns when that is done, or after a second, or at once."""
        self._open = False
        if self._thread is not None:
            self._queue.put(None)
            if wait:
                self._thread.join(timeout=_FLUSH_TIMEOUT_S)

    def __enter__(self) -> ChannelSender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        try:
            with self._connect() as connection:
                while (line := self._queue.get()) is not None:
                    connection.sendall(line)
                    with self._lock:
                        self._queued_bytes -= len(line)
        except (OSError, ValueError) as error:
            _LOG.debug("the driver can't be reached: %s", error)
        finally:
            self._open = False

    def _connect(self) -> socket.socket:
        endpoint = self._endpoint
        address = (endpoint.host, endpoint.port)
        connection = socket.create_connection(address, timeout=_CONNECT_TIMEOUT_S)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(_SEND_TIMEOUT_S)
            with connection.makefile("rb") as answers:
                nonce = answers.readline(200).decode("ascii").strip()
                ours = secrets.token_hex(16)
                connection.sendall(f"{endpoint.proof('sender', nonce)} {ours}\n".encode())
                proof = answers.readline(200).decode("ascii").strip()
            if not hmac.compare_digest(proof, endpoint.proof("driver", ours)):
                raise ConnectionRefusedError("whoever listens there isn't the driver of this run")
        except BaseException:
            connection.close()
            raise
        return connection
