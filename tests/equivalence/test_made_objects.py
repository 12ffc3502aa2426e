# ruff: noqa: E501  (one row per surprise)
"""Analysis alone tells that a change of an object is one of what it is made of; no guard has to find it."""

from __future__ import annotations

import pytest
from foreseen_changes import changed_names
from rows_of_made_objects import CHANGES, HELD, MODEL


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
    (
        "class S:\n    def __init__(self, p):\n        self.p = p\n    def __mul__(self, k):\n        return S(self.p)\n"
        "    __rmul__ = __mul__",
        "s = S(q)",
        "s.n = 1",
        "s",
    ),
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
    "property": "class S:\n    def __init__(self, p):\n        self.p = p\n    def put(self, v):\n        self.p.append(v)\n"
    "    x = property(None, put)",
    "of a base": "class R:\n    def __init__(self, p):\n        self.p = p\n    def __setitem__(self, k, v):\n"
    "        self.p.append(v)\nclass S(R):\n    pass",
    "renamed": "class S:\n    def __init__(self, p):\n        self.__dict__['p'] = p\n    def put(self, k, v):\n"
    "        self.p.append(v)\n    __setattr__ = put\n",
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


BOX = (
    "import numpy as np\nclass Box:\n    def __init__(self, xs):\n        self.xs, self.n = xs, 0\n"
    "    def add(self, x):\n        self.xs.append(x)\n    def up(self):\n        self.n += 1\n        return self\n"
    "    def me(self):\n        return self\n    def of(self, other):\n        self.peer = other\n"
    "    def last(self):\n        return self.xs[-1]\n"
)
#: What each change must be seen to change, beside what it names.
SEEN = {
    "another name for what it holds": (BOX, "xs = []\nb = Box(xs)\nother = b.xs", "b.add(1)", "b other xs"),
    "what a method gives": (BOX, "b = Box([])\nc = b.me()", "c.n = 4", "b c"),
    "what a chain gives": (BOX, "b = Box([])\nc = b.up().up()", "c.n = 4", "b c"),
    "what it holds of what it holds": (BOX, "row = [1]\nb = Box([row])\nc = b.last()", "c.append(1)", "b c row"),
    "itself": (BOX, "b = Box([])\nb.own = b", "b.own.n = 4", "b"),
    "a method of it": (BOX, "b = Box([])\nf = b.add", "f(1)", "b f"),
    "a method by another name": (
        "class Box:\n    def __init__(self):\n        self.n = 0\n    up = lambda self: setattr(self, 'n', 1)", "b = Box()\nf = b.up",
        "f()", "b f",
    ),
    "a property": (
        "class Box:\n    def __init__(self):\n        self.n = 0\n    def _me(self):\n        return self\n    me = property(_me)",
        "b = Box()\nc = b.me", "c.n = 4", "b c",
    ),
    "a method of it in a list": (BOX, "b = Box([])\nfs = [b.add]", "fs[0](1)", "b fs"),
    "its peer": (BOX, "a, b = Box([]), Box([])\na.of(b)", "a.peer.n = 4", "a b"),
    "its peer's list": (BOX, "xs = []\na, b = Box([]), Box(xs)\na.of(b)", "a.peer.add(1)", "a b xs"),
    "its peer, set from outside": (BOX, "a, b = Box([]), Box([])\na.peer = b", "b.up()", "a b"),
    "what was swapped": (
        BOX, "p, q = [], []\na, b = Box(p), Box(q)\na.xs, b.xs = b.xs, a.xs", "a.add(1)", "a q",
    ),
    "a window": (BOX, "arr = np.zeros(3)\nb = Box(arr)\nv = b.xs[1:]", "v[0] = 9", "arr b v"),
    "an array": (BOX, "arr = np.zeros(3)\nb = Box(arr)", "b.xs += 1", "arr b"),
    "an element": (BOX, "bs = [Box([1]), Box([2])]\nb = bs[0]", "b.up()", "b bs"),
    "each of several": (BOX, "xs = []\nbs = [Box(xs) for _ in range(2)]", "for b in bs:\n    b.add(1)", "bs xs"),
    "by a name of the class": (BOX, "xs = []\nb = Box(xs)\nK = Box", "K.add(b, 1)", "b xs"),
    "by the class, another object": (
        BOX + "class Twin:\n    @property\n    def xs(self):\n        return KEPT\n", "KEPT = []\nt = Twin()",
        "Box.add(t, 1)", "t",
    ),
    "by setattr": (BOX, "xs = []\nb = Box(0)\nsetattr(b, 'xs', xs)", "b.add(1)", "b xs"),
    "by its dictionary": (BOX, "xs = []\nb = Box(0)\nb.__dict__['xs'] = xs", "b.add(1)", "b xs"),
    "by vars": (BOX, "xs = []\nb = Box(0)\nvars(b).update(xs=xs)", "b.add(1)", "b xs"),
    "what a derived class does": (
        BOX + "class Sub(Box):\n    def up(self):\n        self.xs.append(1)\n        return self\n"
        "class Base:\n    def run(self):\n        return self.up()\nclass Both(Base, Sub):\n    pass\n",
        "xs = []\nb = Both(xs)", "b.run()", "b xs",
    ),
    "what a class made by a call does": (
        BOX, "xs = []\nSub = type('Sub', (Box,), {'up': lambda self: self.xs.append(1)})\nb = Sub(xs)", "b.up()", "b xs",
    ),
    "what a copy shares": (BOX + "import copy\n", "xs = []\nb = copy.copy(Box(xs))", "b.add(1)", "b xs"),
    "what a function stores": (
        BOX + "def keep(b, xs):\n    b.xs = xs\n", "xs = []\nb = Box(0)\nkeep(b, xs)", "b.add(1)", "b xs",
    ),
    "a closure": (BOX, "xs = []\nb = Box(xs)\ndef f():\n    b.add(1)", "f()", "b xs"),
    "what it made itself": (
        "class Nest:\n    def __init__(self):\n        self.rows = [[], []]\n    def row(self, k):\n        return self.rows[k]\n",
        "n = Nest()\nr = n.row(0)", "r.append(1)", "n r",
    ),
    "what a class made by a call does, with bases of another name": (
        BOX, "xs = []\nbases = (Box,)\nSub = type('Sub', bases, {'up': lambda self: self.xs.append(1)})\nb = Sub(xs)", "b.up()", "b xs",
    ),
    "what a class method makes": (
        BOX + "    @classmethod\n    def of(cls, xs):\n        return cls(xs)\n", "xs = []\nb = Box.of(xs)", "b.add(1)", "b xs",
    ),
    "a name that is another object in the next iteration": (
        BOX, "xs, ys = [], []\nb = Box(xs)\nfor k in range(2):\n    b.add(k)\n    b = Box(ys)", "b.add(1)", "b ys",
    ),
    "with its name in a method": (
        BOX, "class Pair:\n    def __init__(self, a):\n        self = a\n        self.n = 5\nb = Box([])", "Pair(b)", "b",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("definition", "made", "change", "changed"), SEEN.values(), ids=SEEN)
def test_what_a_change_changes_too(definition, made, change, changed):
    assert {*changed.split()} <= changed_names(definition, made, change)
