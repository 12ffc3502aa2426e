import gc
import json
import multiprocessing
import pickle
import socket
import threading
import time
from dataclasses import replace

import pytest

from naavre_ext.executors.ray import channel as channels
from naavre_ext.executors.ray.channel import ChannelEndpoint, ChannelSender, OutputChannel


class Inbox:
    """Collects messages and waits for a number of them."""

    def __init__(self) -> None:
        self.messages: list[dict] = []
        self._changed = threading.Condition()

    def __call__(self, message: dict) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def wait_for(self, count: int, timeout_s: float = 240.0) -> list[dict]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.messages) >= count, timeout_s)
            return list(self.messages)


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def channel(inbox):
    with OutputChannel(inbox) as channel:
        yield channel


def test_messages_of_one_sender_arrive_whole_and_in_order(channel, inbox):
    large = "é" * 3_000_000
    with ChannelSender(channel.endpoint) as sender:
        for number in range(200):
            sender.send({"number": number, "text": large if number == 100 else "a\nb"})
        messages = inbox.wait_for(200)
    assert [message["number"] for message in messages] == list(range(200))
    assert messages[100]["text"] == large
    assert messages[0]["text"] == "a\nb"


def test_endpoint_is_small_pickles_and_hides_its_key(channel):
    data = pickle.dumps(channel.endpoint)
    assert len(data) < 500
    assert pickle.loads(data) == channel.endpoint
    assert channel.endpoint.key not in repr(channel.endpoint)


def _send_numbers(endpoint: ChannelEndpoint, worker: int, count: int) -> None:
    channels._FLUSH_TIMEOUT_S = 200  # a busy machine may take long to send all
    with ChannelSender(endpoint) as sender:
        for number in range(count):
            sender.send({"worker": worker, "number": number})


@pytest.mark.slow
def test_several_processes_send_at_once(channel, inbox):
    spawn = multiprocessing.get_context("spawn")
    workers = [
        spawn.Process(target=_send_numbers, args=(channel.endpoint, worker, 500))
        for worker in range(3)
    ]
    for worker in workers:
        worker.start()
    messages = inbox.wait_for(1500)
    for worker in workers:
        worker.join()
    for index in range(3):
        numbers = [m["number"] for m in messages if m["worker"] == index]
        assert numbers == list(range(500))


def test_many_senders_share_one_receiving_thread(inbox):
    threads: set[str] = set()

    def on_message(message: dict) -> None:
        threads.add(threading.current_thread().name)
        inbox(message)

    with OutputChannel(on_message) as channel:
        senders = [ChannelSender(channel.endpoint) for _ in range(100)]
        for sender in senders:
            sender.send({"hello": 1})
        inbox.wait_for(100)
        for sender in senders:
            sender.close()
    assert threads == {"naavre-channel"}


def test_a_receiver_that_raises_gets_the_next_message(inbox):
    def on_message(message: dict) -> None:
        if message["number"] == 0:
            raise RuntimeError("not this one")
        inbox(message)

    with OutputChannel(on_message) as channel, ChannelSender(channel.endpoint) as sender:
        sender.send({"number": 0})
        sender.send({"number": 1})
        assert inbox.wait_for(1) == [{"number": 1}]


def test_a_message_that_is_not_json_is_dropped_alone(channel, inbox):
    with ChannelSender(channel.endpoint) as sender:
        sender.send({"value": object()})
        sender.send({"value": 1})
        assert inbox.wait_for(1) == [{"value": 1}]


def test_sender_with_the_wrong_key_is_not_heard(channel, inbox):
    with ChannelSender(replace(channel.endpoint, key="0" * 64)) as sender:
        sender.send({"number": 1})
    with ChannelSender(channel.endpoint) as sender:
        sender.send({"number": 2})
        assert inbox.wait_for(1) == [{"number": 2}]
    assert len(inbox.messages) == 1


@pytest.mark.parametrize("greeting", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 200, b"\n" * 98])
def test_strangers_are_turned_away(channel, inbox, greeting):
    address = (channel.endpoint.host, channel.endpoint.port)
    with socket.create_connection(address, timeout=240) as stranger:
        stranger.recv(100)
        stranger.sendall(greeting + json.dumps({"number": 1}).encode() + b"\n")
        stranger.shutdown(socket.SHUT_WR)
        assert stranger.recv(100) == b""
    assert inbox.messages == []


def test_a_process_that_ends_before_it_answers_is_no_error(inbox, caplog):
    with OutputChannel(inbox) as channel:
        for part in (b"", b"half an answer"):
            with socket.create_connection((channel.endpoint.host, channel.endpoint.port)) as caller:
                assert caller.recv(100)
                caller.sendall(part)
        with ChannelSender(channel.endpoint) as sender:
            sender.send({"number": 1})
            inbox.wait_for(1)
    gc.collect()  # asyncio tells of an exception that nobody asked for when its task goes
    assert not caplog.records


def test_sender_tells_nothing_to_a_listener_without_the_key():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = ChannelSender(ChannelEndpoint("127.0.0.1", listener.getsockname()[1], "k" * 64))
        sender.send({"text": "private"})
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"00" * 16 + b"\n")
            connection.recv(1000)
            connection.sendall(b"0" * 64 + b"\n")
            assert connection.recv(1000) == b""
        sender.close()


def test_unreachable_driver_costs_the_worker_nothing():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sender = ChannelSender(ChannelEndpoint("127.0.0.1", port, "k"))
    began = time.monotonic()
    for number in range(1000):
        sender.send({"number": number})
    sender.close()
    sender.send({"late": True})
    assert time.monotonic() - began < 15


def test_driver_that_stops_reading_does_not_block_the_worker():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = ChannelSender(ChannelEndpoint("127.0.0.1", listener.getsockname()[1], "k"))
        for _ in range(40):
            sender.send({"text": "x" * 5_000_000})
        sender.close()


def test_nothing_is_delivered_after_close(inbox):
    channel = OutputChannel(inbox)
    sender = ChannelSender(channel.endpoint)
    sender.send({"number": 1})
    inbox.wait_for(1)
    channel.close()
    channel.close()
    sender.send({"number": 2})
    sender.close()
    assert inbox.messages == [{"number": 1}]
