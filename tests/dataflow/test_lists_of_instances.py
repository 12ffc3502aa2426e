"""What is in a list stays of the class that it was made of, as long as nobody changes the list."""

from __future__ import annotations

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell

MODEL = (
    "class Model:\n    def __init__(self, x):\n        self.x, self.log, self.near = x, [], []\n"
    "    def run(self):\n        return self.x + 1\n"
    "    def note(self, v):\n        self.log.append(v)\n"
)
LIST = "models = [Model(k) for k in range(3)]"
USE, USE_TABLE = (
    "for m in models:\n    print(m.run())",
    "for ms in models.values():\n    print(ms[0].run())",
)

KNOWN = {
    "nothing happens": (LIST, "", USE),
    "an attribute is set": (LIST, "models[0].x = 3", USE),
    "attributes are set by a loop": (LIST, "for m in models:\n    m.x += 1", USE),
    "a method changes one": (LIST, "models[1].note(3)", USE),
    "they hold each other": (LIST, "for a in models:\n    a.near.append(models[0])", USE),
    "by its place": (LIST, "models[0].x = 3", "print(models[1].run())"),
    "another list is changed": (LIST, "others = [Model(3)]\nothers.append(3)", USE),
    "a copy is changed": (LIST, "others = list(models)\nothers.append(3)", USE),
}  # fmt: skip

UNKNOWN = {
    "another object is added": (LIST, "models.append(load())", USE),
    "an item is set": (LIST, "models[0] = load()", USE),
    "an item of another name is set": (LIST, "others = models\nothers[0] = load()", USE),
    "a function sets one": (LIST, "def f(xs):\n    xs[0] = load()\nf(models)", USE),
    "unseen code gets the list": (LIST, "load(models)", USE),
    "another list is bound": (LIST, "models = load()", USE),
    "the class of one is set": (LIST, "models[0].__class__ = load()", USE),
    "the method of one is set": (LIST, "models[0].run = load()", USE),
    "the method of the class is set": (LIST, "Model.run = load()", USE),
}  # fmt: skip


def _calls_unseen_code(*cells: str) -> bool:
    before = "from unseen import load"
    return (
        analyse([parse_cell(cell) for cell in (before, MODEL, *cells)])
        .cells[-1]
        .facts.has("unknown")
    )


@pytest.mark.parametrize("cells", KNOWN.values(), ids=KNOWN)
def test_methods_of_what_is_in_an_unchanged_list_are_known(cells):
    assert not _calls_unseen_code(*cells)


@pytest.mark.parametrize("cells", UNKNOWN.values(), ids=UNKNOWN)
def test_methods_of_what_may_be_in_a_changed_list_are_not(cells):
    assert _calls_unseen_code(*cells)
