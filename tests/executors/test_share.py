"""The part of a loop that its cell runs itself: every item once, whoever runs it."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from naavre_ext.executors.share import OwnShare, Watch
from naavre_ext.executors.sources import Sliced


@pytest.mark.parametrize("items", [[], [1], list(range(10_000)), range(7), (1, 2)])
def test_a_short_loop_is_the_cells_own(items: object) -> None:
    share = OwnShare(Sliced(items), inline=True)
    assert list(share) == list(items)  # type: ignore[call-overload]
    assert share.hand_over() == len(items)  # type: ignore[arg-type]


def test_a_long_loop_stops_where_the_rest_is_handed_over() -> None:
    share = OwnShare(Sliced(list(range(1000))), inline=True)
    own = []
    for item in share:
        own.append(item)
        time.sleep(0.005)
    start = share.hand_over()
    assert own == list(range(start))
    assert 0 < start < 1000


def test_what_is_sent_meanwhile_begins_after_what_the_cell_has_claimed() -> None:
    # More than the loop could come to: it ends where the rest is sent.
    share = OwnShare(Sliced(range(10**6)), inline=False)
    sent: list[int] = []
    watch = Watch(share, lambda: sent.append(share.hand_over()))
    own = []
    for item in share:
        own.append(item)
        time.sleep(0.02)
    watch.stop()
    assert sent == [len(own)]
    assert own == list(range(len(own)))


@pytest.mark.parametrize("cheap", [1, 3, 700])
def test_what_is_claimed_and_not_begun_goes_back(
    cheap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first items take no time, so that all others are claimed with them; then one takes long.
    monkeypatch.setattr(OwnShare, "elapsed_s", lambda _: 1e-6)
    share = OwnShare(Sliced(list(range(1000))), inline=False)
    own = []
    for item in share:
        own.append(item)
        if item == cheap:
            assert share.claimed == 1000
            assert not share.is_worth_sending()
            monkeypatch.setattr(OwnShare, "elapsed_s", lambda _: 10.0)
            assert share.is_worth_sending()
            assert share.hand_over() == cheap + 1
            assert share.present() == (cheap, cheap)
    assert own == list(range(cheap + 1))


def test_each_item_is_begun_by_one_only() -> None:
    for _ in range(200):
        source = Sliced(range(4096))
        share = OwnShare(source, inline=False)
        other = threading.Thread(target=share.hand_over)
        own = []
        for item in share:
            own.append(item)
            if item == 5:
                other.start()
        other.join()
        assert own == list(range(share.claimed))
        assert list(source.rest()) == list(range(share.claimed, 4096))


def test_threads_change_places_as_before_once_the_rest_is_sent() -> None:
    before, share, while_sending = (
        sys.getswitchinterval(),
        OwnShare(Sliced(range(10**6)), inline=False),
        [],
    )
    watch = Watch(share, lambda: while_sending.append((share.hand_over(), sys.getswitchinterval())))
    for _ in share:
        time.sleep(0.02)
    watch.stop()
    assert while_sending[0][1] < before == sys.getswitchinterval()


def test_the_item_of_an_error_is_known() -> None:
    share = OwnShare(Sliced(list("abcdef")), inline=True)
    for item in share:
        if item == "d":
            assert share.present() == (3, "d")
            return
    pytest.fail("there is a 'd'")


@pytest.mark.parametrize(("item_s", "worth"), [(1e-6, False), (1e-4, True)])
def test_very_many_items_are_sent_only_if_each_takes_longer_than_recording_it(
    item_s: float, worth: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OwnShare, "elapsed_s", lambda _: 1.0)
    share = OwnShare(Sliced(range(10**8)), inline=True)
    share._before = int(1 / item_s)
    assert share.is_worth_sending() == worth
