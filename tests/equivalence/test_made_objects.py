"""Analysis alone tells that a change of an object is one of what it is made of; no guard has to find it."""

from __future__ import annotations

import pytest
from rows_of_made_objects import CHANGES, HELD, MODEL

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell


def changed_names(*cells: str) -> frozenset[str]:
    """The names of earlier cells whose objects the last cell changes."""
    return analyse([parse_cell(cell) for cell in cells]).cells[-1].changed_names


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_what_it_is_made_of_is_seen(name):
    definition, _, _, _, made, change, *_ = CHANGES[name].cells
    if name.startswith("when it is made") or "looks at it" in name:
        change = made
    assert "q" in changed_names(definition, "q = [5]", made, change)


OWN = [
    (MODEL, "s = Model(q)", "s.n = 4", "s"),
    (MODEL, "s = Model(q)\nt = [s]", "t[0].n = 4", "s t"),
    (HELD, "s = S(q)", "t = S(q)\nt.n = 4", ""),
    (HELD, "s = S(q)", "print(s.p)", ""),
    ("class S:\n    def __init__(self, p):\n        self.k = len(p)", "s = S(q)", "s.k = 1", "s"),
]


@pytest.mark.parametrize(
    ("definition", "made", "change", "changed"), OWN, ids=[row[2] for row in OWN]
)
def test_a_change_of_its_own_is_no_change_of_what_it_is_made_of(definition, made, change, changed):
    assert changed_names(definition, "q = [5]", made, change) == {*changed.split()}


#: Classes whose instances may be, or be changed as, what they are made of.
NOT_NEW = {
    "__new__": "class S:\n    def __new__(cls, p):\n        return p",
    "__setattr__": "class S:\n    def __init__(self, p):\n        self.__dict__['p'] = p\n"
    "    def __setattr__(self, k, v):\n        self.p.append(v)",
    "setter": "class S:\n    def __init__(self, p):\n        self.p = p\n    x = property(len)\n    @x.setter\n"
    "    def x(self, v):\n        self.p.append(v)",
    "of a base": "class R:\n    def __init__(self, p):\n        self.p = p\n    def __setitem__(self, k, v):\n"
    "        self.p.append(v)\nclass S(R):\n    pass",
    "descriptor": "class D:\n    def __set__(self, owner, v):\n        owner.p.append(v)\nclass S:\n    x = D()\n"
    "    def __init__(self, p):\n        self.p = p",
    "attributes of another": "class S:\n    def __init__(self, p):\n        self.__dict__ = p",
    "metaclass": "class M(type):\n    def __call__(cls, p):\n        return p\nclass S(metaclass=M):\n    pass",
    "list": "class S(list):\n    pass",
    "decorated": "def same(cls):\n    return lambda p: p\n@same\nclass S:\n    pass",
    "library": "import helpers\nclass S(helpers.Base):\n    pass",
}


@pytest.mark.parametrize("definition", NOT_NEW.values(), ids=NOT_NEW)
def test_instances_that_may_be_what_they_are_made_of(definition):
    assert "q" in changed_names(definition, "q = [5]", "s = S(q)", "s.x = 4\ns[0] = 3\ns += [1]")
