"""A run's part of the one live channel of a connection: workers greet the driver once, and not for every run."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from naavre_ext.executors.ray.channel import ChannelEndpoint, ChannelSender, OutputChannel
from naavre_ext.executors.ray.cluster import on_connection_end

OnMessage = Callable[[dict[str, Any]], None]

_lock = threading.Lock()
#: By the name of the interface that they listen on.
_channels: dict[str, OutputChannel] = {}
_runs: dict[str, OnMessage] = {}


@dataclass(frozen=True, slots=True)
class RunEndpoint:
    """Where a run's messages go: the channel, and what they carry there to be told from other runs'."""

    channel: ChannelEndpoint
    run: str = field(repr=False)


class RunChannel:
    """Calls ``on_message`` with each message that a run's workers send to its endpoint, from another thread."""

    def __init__(self, on_message: OnMessage, *, host: str) -> None:
        self._run = secrets.token_hex(8)
        with _lock:
            if host not in _channels:
                _channels[host] = OutputChannel(_deliver, host=host)
            self.endpoint = RunEndpoint(_channels[host].endpoint, self._run)
            _runs[self._run] = on_message

    def close(self) -> None:
        """No call of ``on_message`` begins after this."""
        with _lock:
            _runs.pop(self._run, None)


class RunSender:
    """A worker's end of one channel, for the runs that it works for one after the other."""

    def __init__(self) -> None:
        self._endpoint: RunEndpoint | None = None
        self._sender: ChannelSender | None = None

    def to(self, endpoint: RunEndpoint) -> Callable[[Mapping[str, Any]], None]:
        """What sends to this run's driver. One that couldn't be reached is tried again by the next run."""
        known, sender = self._endpoint, self._sender
        gave_up = sender is not None and not sender.is_open and known != endpoint
        if known is None or sender is None or known.channel != endpoint.channel or gave_up:
            if sender is not None:
                sender.close(wait=False)  # that driver is gone, or goes on without this worker
            sender = self._sender = ChannelSender(endpoint.channel)
        self._endpoint = endpoint
        return lambda message: sender.send({"run": endpoint.run, "message": message})


def _deliver(envelope: dict[str, Any]) -> None:
    with _lock:
        on_message = _runs.get(envelope["run"])
        if on_message is not None:
            on_message(envelope["message"])


def _end() -> None:
    """The connection whose workers knew the channels is gone."""
    with _lock:
        ended = list(_channels.values())
        _channels.clear()
    for channel in ended:
        channel.close()


on_connection_end(_end)
