"""What a class holds is an object of its pack while a task runs, and is the process's own again afterwards."""

from __future__ import annotations

import re

import pytest

from naavre_ext.executors.packing import pack, unpack
from naavre_ext.executors.packing_classes import forget_classes, taking_classes

NOTEBOOK = """
class Base:
    def name(self): return "base"
rows = [1]
class Box(Base):
    kept, scale = rows, 2
    def name(self): return super().name()
labels = {Box.name: "name", Base.name: "base"}
box = Box()
"""


@pytest.fixture
def sender():
    namespace = {"__name__": "__main__"}
    exec(NOTEBOOK, namespace)
    yield namespace
    forget_classes()


def sent(sender, *names):
    return pack({name: sender[name] for name in names}, sender)


def ids(packed):
    """Those of the classes in the pack, and of their versions."""
    return set(re.findall(rb"[0-9a-f]{32}", packed.data))


def arrived(packed):
    return unpack(packed, {"__name__": "__main__"}, writable=False)


def test_what_the_class_holds_is_what_came_with_it(sender):
    packed = sent(sender, "rows", "Box", "labels", "box")
    for _ in range(2):  # as the batches of one worker
        with taking_classes():
            got = arrived(packed)
            assert got["Box"] is sender["Box"]
            assert got["Box"].kept is got["box"].kept is got["rows"] is not sender["rows"]
            assert got["labels"][got["Box"].name] == "name"
            assert got["labels"][type(got["box"]).__base__.name] == "base"


def test_afterwards_it_has_what_it_had(sender):
    name = sender["Box"].name
    with taking_classes():
        got = arrived(sent(sender, "rows", "Box"))
        got["Box"].new = 3
        got["rows"].append(2)
    assert sender["Box"].kept is sender["rows"]
    assert sender["rows"] == [1]
    assert sender["Box"].name is name
    assert not hasattr(sender["Box"], "new")


def test_what_arrives_first_counts(sender):
    packed = sent(sender, "rows", "Box"), sent(sender, "box")
    with taking_classes():
        rows = arrived(packed[0])["rows"]
        assert arrived(packed[1])["box"].kept is rows
        with taking_classes():  # a batch within a batch
            inner = arrived(packed[0])["rows"]
            assert sender["Box"].kept is inner is not rows
        assert sender["Box"].kept is rows


def test_otherwise_a_class_that_comes_back_changes_nothing(sender):
    arrived(sent(sender, "rows", "Box"))
    assert sender["Box"].kept is sender["rows"]


def test_an_older_state_changes_nothing(sender):
    packed = sent(sender, "rows", "Box")
    sender["Box"].kept = other = [2]
    sent(sender, "Box")
    with taking_classes():
        arrived(packed)
        assert sender["Box"].kept is other


def test_a_class_that_was_changed_and_sent_on_stays_changed(sender):
    with taking_classes():
        got = arrived(sent(sender, "rows", "Box"))
        got["Box"].kept = other = [2]
        pack({"Box": got["Box"]}, got)
    assert sender["Box"].kept is other


def test_a_change_that_nobody_has_seen_yet_is_seen_afterwards(sender):
    packed = sent(sender, "rows", "Box")
    sender["Box"].scale = 3
    with taking_classes():
        assert arrived(packed)["Box"].scale == 2
    assert sender["Box"].scale == 3
    assert ids(sent(sender, "rows", "Box")) != ids(packed)


def test_classes_that_hold_each_other_are_looked_at_once_and_stay_what_they_are():
    namespace = {"__name__": "__main__"}
    exec(
        "made = [type(f'K{n}', (), {'held': [], '__module__': '__main__'}) for n in range(40)]",
        namespace,
    )
    for n, cls in enumerate(
        namespace["made"]
    ):  # two paths from each to the next but one, and a circle
        cls.held += [namespace["made"][(n + step) % 40] for step in (1, 2)]
    first, again = (pack({"made": namespace["made"]}, namespace) for _ in range(2))
    assert ids(first) == ids(again)
    namespace["made"][3].held.append(1)
    changed = ids(pack({"made": namespace["made"]}, namespace))
    assert len(changed - ids(first)) == 1
    forget_classes()
