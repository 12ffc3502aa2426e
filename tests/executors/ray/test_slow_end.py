"""A Ray that takes long to stop doesn't fail what was run on it, and is stopped all the same."""

import atexit
import logging
import os
import threading

import pytest

from naavre_ext.executors.ray import cluster
from naavre_ext.executors.ray.owner_thread import OwnerThread


class SlowRay:
    """Stands for a local Ray that stops when it is let."""

    def __init__(self):
        self.may_stop = threading.Event()
        self.stopped = threading.Event()
        self.error = None

    def is_alive(self):
        return True

    def stop(self):
        self.may_stop.wait(60)
        if self.error is not None:
            raise self.error
        self.stopped.set()


@pytest.fixture
def slow(monkeypatch):
    """One that nobody waits for: it takes too long."""
    monkeypatch.setattr(cluster, "_owner", OwnerThread())
    monkeypatch.setattr(cluster, "_STOP_TIMEOUT_S", 0.05)
    monkeypatch.setattr(cluster, "_end_callbacks", [])
    ray = SlowRay()
    connection = cluster._Connection(None, ray, foreign=False)
    connection.users = 1
    monkeypatch.setattr(cluster, "_connection", connection)
    yield ray
    ray.may_stop.set()
    cluster._owner.submit(lambda: None).result(60)


@pytest.fixture
def waits_for_it(slow, monkeypatch):
    """It is waited for as long as it takes."""
    monkeypatch.setattr(cluster, "_STOP_TIMEOUT_S", 60)


def held():
    """A handle on the connection, without asking a cluster."""
    handle = object.__new__(cluster.ClusterHandle)
    handle._connection = cluster._connection
    return handle


def close():
    held().close()


def leave():
    with held():
        pass


@pytest.mark.parametrize("end", [close, leave, cluster.shutdown])
def test_end_that_takes_too_long_is_not_raised_and_goes_on(end, slow, caplog):
    with caplog.at_level(logging.WARNING, cluster.__name__):
        end()
    assert not slow.stopped.is_set()
    assert "Ray hasn't stopped" in caplog.text
    slow.may_stop.set()
    assert slow.stopped.wait(60)


def test_next_connection_waits_for_the_end_of_the_last_one(slow):
    close()
    order = []
    future = cluster._owner.submit(lambda: order.append(slow.stopped.is_set()))
    assert not future.done()
    slow.may_stop.set()
    future.result(60)
    assert order == [True]


@pytest.mark.usefixtures("waits_for_it")
def test_end_in_time_is_silent(slow, caplog):
    slow.may_stop.set()
    close()
    assert slow.stopped.is_set()
    assert caplog.text == ""


@pytest.mark.usefixtures("waits_for_it")
@pytest.mark.parametrize("error", [OSError("no"), TimeoutError("its own")])
def test_failure_to_end_is_raised(error, slow):
    slow.error = error
    slow.may_stop.set()
    with pytest.raises(type(error), match=str(error)):
        close()


def test_exit_waits_for_an_end_that_is_under_way(slow, monkeypatch):
    close()
    assert cluster._connection is None
    monkeypatch.setattr(cluster, "_STOP_TIMEOUT_S", 60)
    threading.Timer(0.1, slow.may_stop.set).start()
    cluster._end_at_exit(os.getpid())
    assert slow.stopped.is_set()


def test_exit_gives_up_in_the_end_and_rays_own_hook_too(slow, monkeypatch):
    unregistered = []
    monkeypatch.setattr(atexit, "unregister", unregistered.append)
    close()
    cluster._end_at_exit(os.getpid())
    assert not slow.stopped.is_set()
    assert len(unregistered) == 1


def test_exit_does_not_wait_for_what_is_no_end(slow, monkeypatch):
    """As a connection that is just being made to a cluster elsewhere."""
    monkeypatch.setattr(cluster, "_connection", None)
    monkeypatch.setattr(cluster, "_STOP_TIMEOUT_S", 60)
    busy = cluster._owner.submit(lambda: slow.may_stop.wait(60))
    cluster._end_at_exit(os.getpid())
    assert not busy.done()
