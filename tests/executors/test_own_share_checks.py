"""Whether it is in vain to send what the cell's own share changes with each item."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from naavre_ext.executors import own_share_checks
from naavre_ext.executors.own_share_checks import first_prints, is_changing
from naavre_ext.executors.share import OwnShare
from naavre_ext.executors.sources import Sliced
from naavre_ext.executors.split_state import SplitState
from naavre_ext.model.workflow import Split


def changes(state: SplitState, fan_out: SimpleNamespace, work) -> bool:
    """What is found while the share runs this at each item."""
    state.first_prints = first_prints(fan_out, state)
    state.share = OwnShare(Sliced(range(1000)), inline=False, looks=True)

    def run() -> None:
        for item in state.share:
            work(item)
            time.sleep(0.004)

    thread = threading.Thread(target=run)
    thread.start()
    state.share.wait_for_items(2, at_most_s=240)
    found = is_changing(fan_out, state)
    state.share.hand_over()
    thread.join()
    return found


@pytest.fixture(autouse=True)
def items_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the share takes for them on a busy machine."""
    monkeypatch.setattr(own_share_checks, "_TWO_ITEMS_S", 240)


@pytest.fixture
def box() -> dict:
    return {}


@pytest.fixture
def split(box):
    """The state of a loop of which it isn't known whether it changes ``box``, and what it runs in."""
    variables = {"box": box, "large": bytearray(10**7)}
    fan_out = SimpleNamespace(variables=variables, namespace=variables)
    return SplitState(Split(0, 1, "for", "xs", shared=("box",), guarded=("box",))), fan_out


def test_what_changes_with_each_item_is_not_worth_sending(split, box):
    assert changes(*split, lambda item: box.update(last=item))


def test_what_the_first_item_alone_has_changed_is(split, box):
    assert not changes(*split, lambda item: box.update(cache=1))


def test_what_does_not_change_is(split):
    assert not changes(*split, lambda item: None)


def test_what_takes_long_to_look_at_is_not_looked_at(split):
    _, fan_out = split
    assert first_prints(fan_out, SplitState(Split(0, 1, "for", "xs", guarded=("large",)))) is None
    assert first_prints(fan_out, SplitState(Split(0, 1, "for", "xs"))) is None
