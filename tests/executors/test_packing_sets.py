"""A set that comes from another process iterates as it did there, now and after later changes."""

from __future__ import annotations

import random

import pytest

from naavre_ext.executors.packing import PackingError, pack, unpack
from naavre_ext.executors.packing_sets import build, is_plain, recipe


def history(dice: random.Random) -> tuple[set, list]:
    """A set that was added to, taken from, copied and united, and what it may hold."""
    makers = (
        lambda: f"w{dice.random()}",
        lambda: dice.randrange(10**6),
        lambda: (dice.random(), 1),
    )
    pool = [dice.choice(makers)() for _ in range(dice.choice([2, 5, 20, 100, 600]))]
    value: set = set()
    for _ in range(dice.randrange(1, 6)):
        some = dice.sample(pool, dice.randrange(len(pool) + 1))
        match dice.randrange(5):
            case 0:
                value.update(some)
            case 1:
                value.difference_update(some[::2])
            case 2:
                value = value.copy()
            case 3:
                value = value - set(some[::3])
            case 4:
                value = set(value) | set(some)
    return value, pool


def test_order_is_kept_also_after_later_changes():
    dice = random.Random(5)
    plain = 0
    for _ in range(400):
        value, pool = history(dice)
        plain += is_plain(value)
        other = build(recipe(value), frozen=False)
        assert list(other) == list(value)
        for element in dice.sample(pool, len(pool)):
            change = dice.choice(["add", "discard"])
            getattr(value, change)(element)
            getattr(other, change)(element)
        assert list(other) == list(value)
    assert plain < 350  # a pickle alone wouldn't do


def test_order_of_frozen_sets_is_kept_or_given_up():
    dice = random.Random(6)
    makers = (frozenset, lambda s: frozenset(list(s)), lambda s: frozenset(s) - {*list(s)[:2]})
    given_up = 0
    for _ in range(200):
        value = dice.choice(makers)(history(dice)[0])
        found = recipe(value)
        given_up += found is None
        if found is not None:
            assert list(build(found, frozen=True)) == list(value)
    assert given_up < 20


class Knot:
    """Hashable, and may lead back to the set that it is in."""

    def __init__(self, name):
        self.name = name

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        return isinstance(other, Knot) and self.name == other.name


def test_sets_stay_one_object_and_may_lead_back_to_themselves():
    knots = [Knot(f"k{i}") for i in range(30)]
    value = {"start", *knots}
    for knot in knots:
        knot.home = value
    got = unpack(pack({"a": value, "b": [value]}, {}), {}, writable=True)
    assert got["a"] is got["b"][0]
    names = [[getattr(knot, "name", knot) for knot in each] for each in (value, got["a"])]
    assert names[0] == names[1]
    assert all(knot.home is got["a"] for knot in got["a"] if knot != "start")


@pytest.mark.parametrize("value", [{object(), object()}, {int, str}, frozenset({len, print})])
def test_set_whose_order_follows_from_addresses_stays(value):
    with pytest.raises(PackingError, match="order"):
        pack({"v": value}, {})


def test_set_of_one_travels_whatever_it_holds():
    assert unpack(pack({"v": {int}}, {}), {}, writable=True) == {"v": {int}}
