"""What a worker keeps for the next step that is handed it again: what nobody can have changed."""

from __future__ import annotations

from typing import Any

import pytest

from naavre_ext.executors.packing import Packed, pack, unpack
from naavre_ext.executors.received import Received

NAMESPACE: dict[str, Any] = {"__name__": "__main__"}

MANY = {
    "list": lambda: [float(i) for i in range(20_000)],
    "dict": lambda: {i: i / 3 for i in range(20_000)},
    "list beside a text": lambda: [*range(20_000)],
}


def handed(values: dict[str, Any]) -> tuple[Received, Packed, dict[str, Any]]:
    """A pack of the values as a step was handed it and left it."""
    packed = pack(values, NAMESPACE)
    found, received = unpack(packed, NAMESPACE, writable=False), Received()
    received.keep([packed], found, received.look_at(found, frozenset(packed.numbers)))
    return received, packed, found


@pytest.mark.parametrize("make", MANY.values(), ids=MANY)
def test_same_pack_gives_the_same_values_again(make):
    received, packed, found = handed({"v": make(), "unit": "m"})
    again = received.values(packed)
    assert again is not None
    assert again["v"] is found["v"]
    assert again["unit"] == "m"
    assert received.values(pack({"v": found["v"], "unit": "m"}, NAMESPACE)) is None
    received.drop()
    assert received.values(packed) is None


@pytest.mark.parametrize("make", MANY.values(), ids=MANY)
def test_what_changed_since_is_not_given_again(make):
    received, packed, found = handed({"v": make()})
    found["v"][7] = found["v"][7] + 1
    assert received.values(packed) is None


@pytest.mark.parametrize("value", [[1, 2], [[1]] * 20_000, {1, 2}, None])
def test_nothing_else_is_kept(value):
    received, packed, _ = handed({"v": value})
    assert received.values(packed) is None
