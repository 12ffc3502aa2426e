"""What can't change, and what two values have in common."""

import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import re
import types

import pytest

from naavre_ext.executors.packing import is_immutable, shares_objects

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")


class Colour(enum.Enum):
    RED = 1


class Box:
    def __init__(self, content):
        self.content = content


IMMUTABLE = {
    "none": None,
    "int": 1,
    "text": "a",
    "bytes": b"a",
    "range": range(3),
    "tuple": (1, ("a", None)),
    "frozenset": frozenset({1, "a"}),
    "numpy scalar": np.float64(1),
    "dtype": np.dtype("f8"),
    "datetime": datetime.datetime(2020, 1, 1),
    "timestamp": pd.Timestamp("2020"),
    "decimal": decimal.Decimal(1),
    "fraction": fractions.Fraction(1, 2),
    "path": pathlib.Path("a"),
    "enum": Colour.RED,
    "pattern": re.compile("a"),
    "function": len,
    "lambda": lambda: 1,
    "class": Box,
    "module": types,
}
MUTABLE = {
    "list": [],
    "dict": {},
    "tuple of list": (1, []),
    "array": np.arange(2),
    "frame": pd.DataFrame(),
    "object": Box(1),
    "bytearray": bytearray(),
    "method of a list": [].append,
    "long tuple": tuple(range(2000)),
    "void": np.zeros(1, dtype=[("a", "i4")])[0],
    "int subclass": type("I", (int,), {})(1),
}


@pytest.mark.parametrize("value", IMMUTABLE.values(), ids=IMMUTABLE)
def test_immutable(value):
    assert is_immutable(value)


@pytest.mark.parametrize("value", MUTABLE.values(), ids=MUTABLE)
def test_not_surely_immutable(value):
    assert not is_immutable(value)


def closure_over(value):
    return lambda: value


shared = [1]
array = np.arange(1000.0)
frame = pd.DataFrame({"a": [1, 2]})
objects = pd.Series([shared], dtype=object)

SHARING = {
    "same list": (shared, shared),
    "inside": ({"a": [shared]}, (shared,)),
    "attribute": (Box(shared), [shared]),
    "closure": (closure_over(shared), shared),
    "default": (lambda x=shared: x, shared),
    "partial": (functools.partial(print, shared), shared),
    "bound method": (shared.append, shared),
    "array and view": (array, array[5:]),
    "array in list": ([array], {"v": array.reshape(10, 100)}),
    "overlapping views": (array[:10], array[5:15]),
    "object array": (np.array([shared, None], dtype=object), shared),
    "frame": ([frame], {"f": frame}),
    "element of series": (objects, shared),
    "iterator": (iter(shared), shared),
    "dict view": ((d := {"k": 1}).keys(), d),
}
APART = {
    "equal lists": ([1], [1]),
    "same tuple": ((1, 2), (1, 2)),
    "same text": ("a" * 10, "a" * 10),
    "same class": (Box(1), Box(1)),
    "same function": (closure_over(1), closure_over(1)),
    "views apart": (array[:5], array[10:]),
    "array copy": (array, array.copy()),
    "timestamps": (pd.Timestamp("2020"), [pd.Timestamp("2020")]),
    "modules": (types, types),
    "enum": ([Colour.RED], [Colour.RED]),
}


@pytest.mark.parametrize(("one", "other"), SHARING.values(), ids=SHARING)
def test_sharing_is_seen_both_ways(one, other):
    assert shares_objects([one], [other])
    assert shares_objects([other], [one])


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART)
def test_values_apart_share_nothing(one, other):
    assert not shares_objects([one], [other])


@pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="needs copy-on-write")
def test_copy_on_write_is_not_sharing():
    assert not shares_objects([frame], [frame["a"], frame[:1]])


def test_limit_counts_as_sharing():
    assert shares_objects([[[] for _ in range(100)]], [[]], limit=50)
