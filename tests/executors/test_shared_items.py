"""Items that are found again among what the iterations share: which, where, and why not."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd
import pytest

from naavre_ext.executors.packing import digest, pack, unpack
from naavre_ext.executors.shared_items import SharedItems, first_items, pack_items, unpack_items


def power(n: int) -> Any:
    return lambda x: x**n


OBJECTS = [object() for _ in range(4)]
GENERATORS = [random.Random(n) for n in range(4)]
ROWS = [[n] for n in range(4)]
TUPLES = [(n, "t") for n in range(4)]
FUNCTIONS = [power(n) for n in range(4)]
GRID = np.arange(12.0).reshape(4, 3)
NAN = float("nan")

#: Items, what is shared, and whether the notebook compares identities; then each is found there.
FOUND = {
    "elements of a list": (ROWS, {"rows": ROWS}, True),
    "elements of a list in another order, twice": (
        [ROWS[2], ROWS[0], ROWS[2]],
        {"rows": ROWS},
        True,
    ),
    "keys": (OBJECTS, {"names": dict.fromkeys(OBJECTS, 1)}, False),
    "values of a dict with such keys": (
        ROWS,
        {"names": dict(zip(OBJECTS, ROWS, strict=True))},
        True,
    ),
    "objects of libraries": (GENERATORS, {"by_name": {"a": GENERATORS}}, False),
    "in tuples": ([(1, OBJECTS[1]), (2, OBJECTS[2])], {"nodes": OBJECTS}, False),
    "in lists": ([[OBJECTS[1]], [OBJECTS[2]]], {"nodes": OBJECTS}, True),
    "tuples": (TUPLES, {"points": TUPLES}, True),
    "functions with a state": (FUNCTIONS, {"names": dict.fromkeys(FUNCTIONS, 1)}, False),
    "of a tuple": (tuple(OBJECTS), {"nodes": OBJECTS}, False),
    "of an array of objects": (np.array(OBJECTS), {"nodes": OBJECTS}, False),
    "windows of an array": ([GRID[1], GRID[2]], {"grid": GRID}, True),
    "in an attribute": (ROWS, {"held": pd.Series([1]).rename("r"), "rows": {"k": [ROWS]}}, True),
    "a NaN": ([NAN, 1], {"xs": [NAN]}, False),
}

#: The same, and what the reason says.
LOST = {
    "in a set": (OBJECTS, {"chosen": set(OBJECTS)}, False, "an item (object)"),
    "in an array of objects": (
        ROWS,
        {"array": np.array([*ROWS, None], dtype=object)},
        True,
        "identities",
    ),
    "in a closure": (ROWS, {"f": (lambda rows: lambda: rows)(ROWS)}, True, "identities"),
    "a NaN in a set": ([NAN], {"xs": {NAN}}, False, "NaN"),
}

#: The same; they are sent as they are.
APART = {
    "numbers": ([1, 2, 3], {"xs": [1, 2, 3]}, True),
    "a range": (range(5), {"xs": [1]}, True),
    "an array of numbers": (np.arange(5), {"xs": [1]}, True),
    "nobody asks": (ROWS, {"rows": ROWS}, False),
    "objects of others": (OBJECTS, {"nodes": [object()]}, False),
    "functions without a state": ([len, lambda x: x], {"f": len}, False),
}


@pytest.mark.parametrize(("items", "shared", "asked"), FOUND.values(), ids=FOUND)
def test_items_are_found(items: Any, shared: dict[str, Any], asked: bool) -> None:
    places, why_not = SharedItems(shared, is_asked=asked).look_up(items)
    assert (places is not None, why_not) == (True, "")
    # Here the places are those of the very objects, so that the same ones come back.
    packed = pack_items(items, {}, places)
    found = unpack_items(packed, {}, shared)
    for one, two in zip(_objects(items), _objects(found), strict=True):
        assert one is two or np.shares_memory(one, two)
    first = first_items(packed, {}, 2)
    assert digest(first) == digest(pack_items(items[:2], {}, places))
    assert len(unpack_items(first, {}, shared)) == 2


def _objects(items: Any) -> list[Any]:
    """The items, those in tuples and lists around single objects, without numbers."""
    flat = [part for item in items for part in (item if _is_around(item) else [item])]
    return [part for part in flat if type(part) is not int]


def _is_around(item: Any) -> bool:
    return isinstance(item, (list, tuple)) and any(type(part) is object for part in item)


@pytest.mark.parametrize(("items", "shared", "asked", "reason"), LOST.values(), ids=LOST)
def test_items_that_cannot_be_found_are_refused(
    items: Any, shared: dict[str, Any], asked: bool, reason: str
) -> None:
    assert reason in SharedItems(shared, is_asked=asked).look_up(items)[1]


@pytest.mark.parametrize(("items", "shared", "asked"), APART.values(), ids=APART)
def test_other_items_are_sent_as_they_are(items: Any, shared: dict[str, Any], asked: bool) -> None:
    assert SharedItems(shared, is_asked=asked).look_up(items) == (None, "")


def test_a_copy_of_what_is_shared_has_the_items() -> None:
    bodies = [[n] for n in range(4)]
    shared = {"bodies": bodies, "heavy": bodies[2:]}
    places, _ = SharedItems(shared, is_asked=True).look_up(bodies)
    copies = unpack(pack(shared, {}), {}, writable=False)
    items = unpack_items(pack_items(bodies[1:], {}, places), {}, copies)
    assert all(item is copy for item, copy in zip(items, copies["bodies"][1:], strict=True))
    assert items[1] is copies["heavy"][0]


def test_what_a_class_holds_has_no_place() -> None:
    """A process that has the class already keeps what that holds."""
    kind = type("Agent", (), {"__module__": "__main__", "everyone": ROWS})
    shared = {"Agent": kind, "rows": ROWS}
    assert "identities" in SharedItems(shared, is_asked=True).look_up(ROWS)[1]


def test_too_much_to_look_at_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("naavre_ext.executors.shared_items._MOST_OBJECTS", 3)
    assert SharedItems({"nodes": OBJECTS}, is_asked=False).look_up(OBJECTS)[1]
    assert SharedItems({"rows": ROWS}, is_asked=True).look_up(ROWS)[1]
