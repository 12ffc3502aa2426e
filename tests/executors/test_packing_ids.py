"""Packs of two runs, whose classes have other ids."""

from __future__ import annotations

import pickle

import pytest

from naavre_ext.executors.packing import pack, unpack
from naavre_ext.executors.packing_classes import forget_classes
from naavre_ext.executors.packing_ids import IdNumbers, is_id, new_id, translated

CLASSES = """
class First:
    def __init__(self, n): self.n = n
class Second(First):
    pass
"""


@pytest.fixture(autouse=True)
def _fresh():
    forget_classes()
    yield
    forget_classes()


def run_of(make, classes=CLASSES):
    """A namespace as one run makes it, and the packs of its variables, one each."""
    namespace = {"__name__": "__main__"}
    exec(classes, namespace)
    exec(make, namespace)
    return namespace, [pack({name: namespace[name]}, namespace) for name in ("a", "b")]


def digests_of(packs):
    numbers = IdNumbers()
    return [numbers.digest(packed) for packed in packs], numbers


MAKE = "a = [First(1), Second(2)]\nb = Second(3), First"


def test_the_same_values_of_two_runs_have_the_same_digests():
    one, other = digests_of(run_of(MAKE)[1]), digests_of(run_of(MAKE)[1])
    assert one[0] == other[0]
    assert len(one[1].ids) == len(other[1].ids) == 4  # two classes in one state each
    assert not set(one[1].ids) & set(other[1].ids)
    assert all(map(is_id, one[1].ids))


@pytest.mark.parametrize(
    ("make", "classes"),
    [
        (MAKE.replace("Second(3)", "First(3)"), CLASSES),
        (MAKE.replace("First(1)", "First(0)"), CLASSES),
        (MAKE, CLASSES.replace("pass", "m = 1")),
        (f"{MAKE}\nSecond.m = 1", CLASSES),
        (f"{MAKE}\nclass First: pass\nb = Second(3), First", CLASSES),
    ],
)
def test_other_values_or_classes_have_other_digests(make, classes):
    assert digests_of(run_of(MAKE)[1])[0] != digests_of(run_of(make, classes)[1])[0]


def test_digests_tell_which_of_two_equal_classes_it_is():
    twins = (
        "def made():\n    class Twin: pass\n    return Twin\none, other = made(), made()\na = one"
    )
    same, different = f"{twins}\nb = one", f"{twins}\nb = other"
    assert digests_of(run_of(same)[1])[0] == digests_of(run_of(same)[1])[0]
    assert digests_of(run_of(same)[1])[0] != digests_of(run_of(different)[1])[0]


def test_what_one_run_stored_has_the_classes_of_another():
    stored = run_of(MAKE)[1]
    namespace, packs = run_of(MAKE)
    known = digests_of(stored)[1].ids
    ids = digests_of(packs)[1].translation(known)
    arrived = {}
    for packed in pickle.loads(pickle.dumps(stored, protocol=5)):
        arrived |= unpack(translated(packed, ids), namespace, writable=True)
    assert [type(value) for value in arrived["a"]] == [namespace["First"], namespace["Second"]]
    assert type(arrived["b"][0]) is namespace["Second"]
    assert arrived["b"][1] is namespace["First"]


def test_ids_of_what_was_made_meanwhile_stay():
    packed = run_of(MAKE)[1][0]
    other = {new_id().encode(): new_id().encode()}
    assert translated(packed, other).data == packed.data
