"""What counts as a change in place, and what looks like one."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from naavre_ext.executors.guarding import Everything, Inputs, PlainContainers, changed_since
from naavre_ext.executors.identical import hold_identical
from naavre_ext.executors.packing import CommonObjects, PackingError, pack, unpack
from naavre_ext.executors.packing_nans import may_hold_nans

NAMESPACE: dict[str, Any] = {"__name__": "__main__"}


def frame() -> pd.DataFrame:
    """Columns added one by one lie in blocks of their own until somebody looks at all of them."""
    made = pd.DataFrame({"a": [1, 2, 3]})
    made["b"] = made["a"] * 2
    made["s"] = ["x", "y", "z"]
    return made


def function_with_memory() -> Callable[[int], list[int]]:
    def remember(value: int, seen: list[int] = []) -> list[int]:  # noqa: B006
        seen.append(value)
        return seen

    remember.__module__ = "__main__"
    return remember


CHANGES = {
    "list gets an element": (lambda: [1], lambda v: v.append(2)),
    "an equal element of another type": (lambda: [1, 2], lambda v: v.__setitem__(0, True)),
    "list inside a tuple": (lambda: ([1],), lambda v: v[0].append(2)),
    "dict gets a key": (lambda: {"a": 1}, lambda v: v.update(b=2)),
    "order of a dict": (lambda: {"a": 1, "b": 2}, lambda v: v.update(a=v.pop("a"))),
    "set gets an element": (lambda: {1}, lambda v: v.add(2)),
    "bytearray": (lambda: bytearray(b"ab"), lambda v: v.extend(b"c")),
    "attribute of an object": (lambda: SimpleNamespace(x=1), lambda v: setattr(v, "x", 2)),
    "small array": (lambda: np.zeros(3), lambda v: v.__setitem__(1, 1.0)),
    "large array": (lambda: np.zeros(10_000), lambda v: v.__setitem__(9_999, 1.0)),
    "elements of an array change places": (lambda: np.arange(10_000), lambda v: v[::-1].sort()),
    "array in a dict": (lambda: {"a": np.zeros(10_000)}, lambda v: v["a"].fill(1)),
    "masked array": (lambda: np.ma.masked_less(np.arange(999), 5), lambda v: v.mask.fill(True)),
    "array of objects": (lambda: np.array([[1], [2]], dtype=object)[:, 0], lambda v: v.fill(0)),
    "shape of an array": (lambda: np.zeros(4), lambda v: setattr(v, "shape", (2, 2))),
    "frame gets a column": (frame, lambda v: v.insert(0, "n", 0)),
    "value in a frame": (frame, lambda v: v.__setitem__("a", [9, 9, 9])),
    "frame is sorted in place": (frame, lambda v: v.sort_values("a", ascending=False, inplace=True)),
    "name of an index": (frame, lambda v: setattr(v.index, "name", "i")),
    "attributes of a frame": (frame, lambda v: v.attrs.update(unit="m")),
    "text in a column with missing ones": (
        lambda: pd.DataFrame({"s": ["x", None, "z"]}), lambda v: v.__setitem__("s", ["x", "y", "z"])
    ),
    "missing text": (lambda: pd.Series(["x", "y"]), lambda v: v.__setitem__(1, None)),
    "name of a series": (lambda: pd.Series([1, 2]), lambda v: setattr(v, "name", "n")),
    "generator draws": (lambda: np.random.default_rng(1), lambda v: v.normal()),
    "function remembers": (function_with_memory, lambda v: v(1)),
}  # fmt: skip
MANY = 20_000
LARGE = {
    "an equal element of another type": (lambda: list(range(MANY)), lambda v: v.__setitem__(1, True)),
    "the last element": (lambda: list(range(MANY)), lambda v: v.__setitem__(-1, -1)),
    "another zero": (lambda: [0.0] * MANY, lambda v: v.__setitem__(9, -0.0)),
    "another NaN": (lambda: [float("nan")] * MANY, lambda v: v.__setitem__(9, -float("nan"))),
    "a shorter list": (lambda: list(range(MANY)), lambda v: v.pop()),
    "elements change places": (lambda: list(map(float, range(MANY))), lambda v: v.reverse()),
    "value in a dict": (lambda: {n: n + 0.5 for n in range(MANY)}, lambda v: v.__setitem__(7, 0)),
    "order of a dict": (lambda: dict.fromkeys(range(MANY), 0), lambda v: v.update({0: v.pop(0)})),
    "one list among numbers": (lambda: [*range(MANY), [1]], lambda v: v[-1].append(2)),
    "the list in itself": (lambda: (lambda v: v.append(v) or v)(list(range(MANY))), lambda v: v.pop(0)),
    "one array among numbers": (lambda: [*range(MANY), np.zeros(3)], lambda v: v[-1].__setitem__(0, 1.0)),
    "texts": (lambda: [f"t{n}" for n in range(MANY)], lambda v: v.__setitem__(0, "")),
    "one bytearray": (lambda: [*range(MANY), bytearray(9)], lambda v: v[-1].append(2)),
    "last bytes of an array": (lambda: np.zeros(300_001, "u1"), lambda v: v.__setitem__(-1, 1)),
    "one byte of a large array": (lambda: np.zeros(300_001, "u1"), lambda v: v.__setitem__(300, 1)),
}  # fmt: skip
READS = {
    "list": (lambda: [1, "a", 2.0], lambda v: (len(v), v[0], sorted(map(str, v)))),
    "dict": (lambda: {"a": [1]}, lambda v: (list(v), v.get("b"))),
    "set": (lambda: {"b", "a", ("c",)}, lambda v: sorted(map(str, v))),
    "array": (lambda: np.arange(10_000.0), lambda v: (v.sum(), v.T @ v, v[3:].copy().sort())),
    "frame": (frame, lambda v: (v.to_numpy(), v.describe(), v.groupby("s").sum(), v.memory_usage())),
    "categories": (lambda: pd.Series(["a", "b"], dtype="category"), lambda v: v.value_counts()),
    "shared strings": (lambda: ["ab" * 2, "ab" * 2], lambda v: "".join(v)),
}  # fmt: skip


def arrived(value: Any) -> tuple[Any, Any]:
    """What was sent, and the value as it arrives elsewhere."""
    sent = pack({"v": value}, NAMESPACE).detached()
    return sent, unpack(sent, NAMESPACE, writable=False)["v"]


@pytest.mark.parametrize(("make", "change"), CHANGES.values(), ids=CHANGES)
def test_change_is_found_where_the_value_was_sent_from(make, change):
    value = make()
    sent = pack({"v": value}, NAMESPACE).detached()
    everything = Everything(["v"], {"v": value})
    assert changed_since(sent, {"v": value}, NAMESPACE) == ()
    change(value)
    assert changed_since(sent, {"v": value}, NAMESPACE) == ("v",)
    assert everything.changed(frozenset()) == ("v",)


@pytest.mark.parametrize(("make", "change"), CHANGES.values(), ids=CHANGES)
def test_change_is_found_where_the_value_was_sent_to(make, change):
    sent, value = arrived(make())
    inputs = Inputs({"v": value}, NAMESPACE)
    refused = ""
    try:
        change(value)
    except ValueError as error:
        refused = str(error)
    if refused:
        assert "read-only" in refused  # which the worker takes for a change
        return
    assert changed_since(sent, {"v": value}, NAMESPACE) == ("v",)
    assert inputs.changed() == ("v",)


@pytest.mark.parametrize(("make", "read"), READS.values(), ids=READS)
def test_reading_is_no_change(make, read):
    here = make()
    sent, there = arrived(here)
    inputs = Inputs({"v": there}, NAMESPACE)
    for value in (here, there):
        read(value)
        assert changed_since(sent, {"v": value}, NAMESPACE) == ()
    assert inputs.changed() == ()


@pytest.mark.parametrize(("make", "change"), LARGE.values(), ids=LARGE)
def test_change_of_a_large_value_is_found_on_both_sides(make, change):
    made = make()
    sent = pack({"v": made}, NAMESPACE).detached()
    value = unpack(sent, NAMESPACE, writable=True)["v"]
    plain = PlainContainers({"v": value}, sent.numbers)
    now = lambda: (*plain.changed(), *changed_since(sent, plain.others(), NAMESPACE))  # noqa: E731
    assert (changed_since(sent, {"v": made}, NAMESPACE), now()) == ((), ())
    change(made)
    change(value)
    assert changed_since(sent, {"v": made}, NAMESPACE) == ("v",)
    assert now() == ("v",)


@pytest.mark.parametrize(
    ("values", "known"),
    [
        ({"v": [*range(20_000)]}, ("v",)),
        ({"v": [*range(20_000)], "n": 1, "t": "text"}, ("v",)),
        ({"v": dict.fromkeys(range(20_000))}, ("v",)),
        ({"v": [*range(20_000), ()]}, ("v",)),
        ({"v": [*range(20_000), (1, 2)]}, ()),
        ({"v": [*range(20_000), [1]]}, ()),
        ({"v": [*range(20_000), {1}]}, ()),
        ({"v": [*range(20_000), np.float64(1)]}, ()),
        ({"v": [*range(20_000), SimpleNamespace()]}, ()),
        ({"v": [*range(20_000)], "w": [1]}, ()),
        ({"v": [*range(20_000)], "w": SimpleNamespace(x=1)}, ()),
        ({"v": [1, 2]}, ()),
        ({"v": list(map(str, range(20_000)))}, ()),
    ],
)
def test_containers_of_numbers_are_known_from_packing(values, known):
    packed = pack(values, NAMESPACE)
    assert packed.numbers == known
    assert pickle.loads(pickle.dumps(packed, protocol=5)).numbers == known


def test_texts_are_packed_once_and_miss_the_same_nan_as_before():
    sent, arrived_there = arrived(pd.Series(["x", None]))
    assert not may_hold_nans(sent.data)
    assert arrived_there.dtype == pd.Series(["x", None]).dtype
    assert arrived_there.dtype.na_value is pd.Series(["x", None]).dtype.na_value


@pytest.mark.parametrize("size", [0, 1, 300, 8192, 8193, 100_000])
def test_lists_of_the_same_objects_are_identical(size):
    one = [object() for _ in range(size)]
    assert hold_identical(one, list(one))
    assert not hold_identical(one, [*one, None])
    for place in {0, size // 2, size - 1} if size else ():
        other = list(one)
        other[place] = object()
        assert not hold_identical(one, other)


def test_only_the_names_asked_for_count():
    values = {"a": [1], "b": [2]}
    sent = pack(values, NAMESPACE).detached()
    values["b"].append(3)
    assert changed_since(sent, values, NAMESPACE) == ("b",)
    assert changed_since(sent, {"a": values["a"]}, NAMESPACE) == ()


def test_a_name_bound_anew_has_changed():
    namespace = {"a": [1], "b": [1]}
    everything = Everything(["a", "b"], namespace)
    namespace.update(a=[1], b=[1])
    assert everything.changed(frozenset({"a"})) == ("b",)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (lambda x: x, lambda x: [x], True),
        (lambda x: {"k": x}, lambda x: SimpleNamespace(y=x), True),
        (lambda x: list(x), lambda x: list(x), False),
        (lambda x: tuple(map(str, x)), lambda x: tuple(map(str, x)), False),
        (lambda x: SimpleNamespace(), lambda x: SimpleNamespace(), False),
    ],
)
def test_objects_in_two_packs_are_found(one, other, shared):
    values, common = [1, 2], CommonObjects()
    pack({"a": one(values)}, NAMESPACE, common=common)
    if not shared:
        pack({"b": other(values)}, NAMESPACE, common=common)
        return
    with pytest.raises(PackingError, match="'a'"):
        pack({"b": other(values)}, NAMESPACE, common=common)


def test_arrays_in_two_packs_share_memory():
    array, common = np.arange(10), CommonObjects()
    pack({"even": array[::2]}, NAMESPACE, common=common)
    pack({"odd": array[1::2]}, NAMESPACE, common=common)
    with pytest.raises(PackingError, match="'even'"):
        pack({"all": array}, NAMESPACE, common=common)


@pytest.mark.parametrize("place", [0, 2_200_000, -1])
def test_a_change_anywhere_in_a_large_array_is_found(place):
    array = np.zeros(2_500_000)
    sent = pickle.loads(pickle.dumps(pack({"a": array}, {}), protocol=5))
    assert changed_since(sent, {"a": array}, {}) == ()
    array[place] = 1
    assert changed_since(sent, {"a": array}, {}) == ("a",)


def test_equal_texts_of_one_letter_that_are_several_objects_do_not_count_as_changed():
    """A list of words from which ``re.sub`` has cut an ending: one journey makes them one object."""
    words = [re.sub("aa$", "", word) for word in ("faa", "faa", "f", "gaa")]
    assert len(set(map(id, words))) > len(set(words))
    sent = pack({"words": [words], "other": [1]}, {})
    assert changed_since(sent, {"words": [words]}, {}) == ()
    words[1] = "h"
    assert changed_since(sent, {"words": [words]}, {}) == ("words",)
