import socket
import threading

import pytest

from naavre_ext.executors.ray import cluster
from naavre_ext.executors.ray.remote_ray import split_address
from naavre_ext.model.diagnostic import ClusterError

pytestmark = pytest.mark.usefixtures("no_ray")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.1:6379", ("10.0.0.1", 6379)),
        ("head.example.org:1", ("head.example.org", 1)),
        ("[::1]:6379", ("::1", 6379)),
    ],
)
def test_address_is_split(address, expected):
    assert split_address(address) == expected


@pytest.mark.parametrize(
    "address", ["", "host", "host:", ":6379", "host:port", "ray://host:10001", "host:70000"]
)
def test_what_is_no_address_is_refused_by_name(address):
    with pytest.raises(ClusterError, match=r"NX507.*HOST:PORT"):
        cluster.connect(address)


def test_closed_port_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ClusterError, match=rf"NX502 Ray cluster 127.0.0.1:{port}.*refused"):
        cluster.connect(f"127.0.0.1:{port}")


def test_unknown_host_is_refused():
    with pytest.raises(ClusterError, match=r"NX502 Ray cluster no-such-host\.invalid:6379"):
        cluster.connect("no-such-host.invalid:6379")


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer", [None, b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["mute", "http"]
)
def test_port_of_something_else_is_refused(answer):
    with socket.create_server(("0.0.0.0", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, answer), daemon=True).start()
        with pytest.raises(ClusterError, match=r"NX50[68] Ray cluster"):
            cluster.connect(f"127.0.0.1:{listener.getsockname()[1]}")


def _serve(listener: socket.socket, answer: bytes | None) -> None:
    kept = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        if answer is None:
            kept.append(connection)
        else:
            connection.sendall(answer)
            connection.close()
