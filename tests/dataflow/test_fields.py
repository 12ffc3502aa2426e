# ruff: noqa: E501  (one row per surprise)
"""What an object holds in one attribute is told apart from what it holds in another, where that is sure."""

from __future__ import annotations

import ast

import pytest
from foreseen_changes import changed_names

from naavre_ext.dataflow.aliases import AliasGraph
from naavre_ext.dataflow.attribute_kinds import attribute_kinds

TWO = (
    "class Two:\n    def __init__(self, a, b):\n        self.a, self.b, self.log = a, b, []\n"
    "    def note(self, v):\n        self.log.append(v)\n        return self\n"
    "    def to_a(self, v):\n        self.a.append(v)\n"
    "    def of_b(self):\n        return self.b\n"
)
RECORD = "from dataclasses import dataclass, field, replace\n@dataclass\nclass Two:\n    a: list\n    b: list\n    log: list = field(default_factory=list)\n"
MADE = "xs, ys = [[1]], [[2]]\nt = Two(xs, ys)"


APART = {
    "an attribute": (TWO, MADE, "t.a.append(1)", "t xs"),
    "the other one": (TWO, MADE, "t.b.append(1)", "t ys"),
    "what it makes itself": (TWO, MADE, "t.log.append(1)", "t"),
    "a method": (TWO, MADE, "t.note(3)", "t"),
    "a method with an argument that it keeps": (TWO, f"{MADE}\nzs = []", "t.note(zs)", "t"),
    "what was kept": (TWO, f"{MADE}\nzs = []\nt.note(zs)", "t.log[0].append(1)", "t zs"),
    "a method of the one": (TWO, MADE, "t.to_a(3)", "t xs"),
    "what a method gives": (TWO, f"{MADE}\ny = t.of_b()", "y.append(1)", "t ys y"),
    "inside": (TWO, MADE, "t.a[0].append(1)", "t xs"),
    "set from outside": (TWO, f"{MADE}\nzs = []\nt.c = zs", "t.c.append(1)", "t zs"),
    "set from outside, the others": (TWO, f"{MADE}\nzs = []\nt.c = zs", "t.a.append(1)", "t xs"),
    "set by +=": (TWO, f"{MADE}\nzs = []\nt.b += [zs]", "t.b[-1].append(1)", "t ys zs"),
    "after a condition": (TWO, f"{MADE}\nu = t if xs else Two(ys, xs)", "u.log.append(1)", "t u"),
    "of a dataclass": (RECORD, MADE, "t.log.append(1)", "t"),
    "of a dataclass, given": (RECORD, MADE, "t.b.append(1)", "t ys"),
    "of a dataclass, by name": (RECORD, "xs, ys = [], []\nt = Two(b=xs, a=ys)", "t.a.append(1)", "t ys"),
    "a property": (
        TWO + "    @property\n    def last(self):\n        return self.log[-1]\n", f"{MADE}\nzs = []\nt.note(zs)\nz = t.last", "z.append(1)",
        "t zs z",
    ),
    "a row of a list": (TWO, f"{MADE}\nt.note([])\nrow = t.log[0]", "t.log.append(1)", "t"),
    "arithmetic with unknown kinds": (
        "class Fit:\n    def __init__(self, k):\n        self.k, self.scores = k, []\n"
        "    def fit(self, X):\n        self.coef = X * self.k\n        self.scores.append(1)\n",
        "X = load()\nf = Fit(2)\nf.fit(X)", "f.fit(X)", "f",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("definition", "made", "change", "changed"), APART.values(), ids=APART)
def test_only_what_is_in_the_attribute_changes(definition, made, change, changed):
    assert changed_names(definition, made, change) == {*changed.split()}


#: Where attributes may be one, or objects may have been put in another way.
TOGETHER = {
    "one object in both": (TWO, "xs = []\nt = Two(xs, xs)", "t.a.append(1)", "t xs"),
    "one is set to the other": (TWO, f"{MADE}\nt.a = t.b", "t.a.append(1)", "t ys"),
    "swapped": (TWO, f"{MADE}\nt.a, t.b = t.b, t.a", "t.a.append(1)", "t ys"),
    "swapped in a method": (
        TWO + "    def swap(self):\n        self.a, self.b = self.b, self.a\n", f"{MADE}\nt.swap()", "t.a.append(1)", "t ys xs",
    ),
    "by setattr": (TWO, f"{MADE}\nsetattr(t, 'log', xs)", "t.note(1)", "t xs"),
    "by setattr with a name": (TWO, f"{MADE}\nname = input()\nsetattr(t, name, xs)", "t.note(1)", "t xs"),
    "by object.__setattr__": (TWO, f"{MADE}\nobject.__setattr__(t, 'log', xs)", "t.note(1)", "t xs"),
    "by its dictionary": (TWO, f"{MADE}\nt.__dict__['log'] = xs", "t.note(1)", "t xs"),
    "by updating its dictionary": (TWO, f"{MADE}\nt.__dict__.update(log=xs)", "t.note(1)", "t xs"),
    "by vars": (TWO, f"{MADE}\nvars(t)['log'] = xs", "t.note(1)", "t xs"),
    "by vars in a method": (
        TWO + "    def put(self, **given):\n        vars(self).update(given)\n", f"{MADE}\nt.put(log=xs)", "t.note(1)", "t xs",
    ),
    "by a function": (TWO + "def put(o, v):\n    o.log = v\n", f"{MADE}\nput(t, xs)", "t.note(1)", "t xs"),
    "by a lambda": (TWO + "put = lambda o, v: setattr(o, 'log', v)\n", f"{MADE}\nput(t, xs)", "t.note(1)", "t xs"),
    "by a nested function": (
        TWO + "def make(v):\n    t = Two(1, 2)\n    def put(w):\n        t.log = w\n    put(v)\n    return t\n", "xs = []\nt = make(xs)",
        "t.note(1)", "t xs",
    ),
    "by the target of a loop": (TWO, f"{MADE}\nfor t.log in [xs]:\n    pass", "t.note(1)", "t xs"),
    "by the target of with": (TWO, f"{MADE}\nwith open_it(xs) as t.log:\n    pass", "t.note(1)", "t xs"),
    "by the target of an unpacking": (TWO, f"{MADE}\n[t.log, *t.b] = [xs, ys]", "t.note(1)", "t xs"),
    "read by getattr": (TWO, MADE, "getattr(t, 'a').append(1)", "t xs"),
    "read by vars": (TWO, MADE, "vars(t)['a'].append(1)", "t xs"),
    "read by its dictionary": (TWO, f"{MADE}\nd = t.__dict__", "d['a'].append(1)", "t xs"),
    "read by attrgetter": (TWO + "from operator import attrgetter\n", f"{MADE}\na = attrgetter('a')(t)", "a.append(1)", "t xs a"),
    "read by a function": (TWO + "def get(o):\n    return o.a\n", f"{MADE}\na = get(t)", "a.append(1)", "t xs a"),
    "read by a pattern": (TWO, f"{MADE}\nmatch t:\n    case Two(a=found):\n        pass", "found.append(1)", "t xs found"),
    "of a copy": (TWO + "import copy\n", f"{MADE}\nu = copy.copy(t)", "u.note(1)", "t u"),
    "of a copy, given": (TWO + "import copy\n", f"{MADE}\nu = copy.copy(t)", "u.a.append(1)", "t u xs"),
    "of a replaced record": (RECORD, f"{MADE}\nu = replace(t, b=[])", "u.a.append(1)", "t u xs"),
    "of a replaced record, set": (RECORD, f"{MADE}\nu = replace(t, b=ys)", "u.b.append(1)", "u ys"),
    "of what unseen code has had": (TWO + "import helpers\n", f"{MADE}\nhelpers.fill(t, xs)", "t.note(1)", "t xs"),
    "by arguments in a list": (RECORD, "xs, ys = [], []\nt = Two(*[ys, xs])", "t.a.append(1)", "t xs ys"),
    "by arguments in a dictionary": (RECORD, "xs, ys = [], []\nt = Two(**{'b': xs, 'a': ys})", "t.a.append(1)", "t xs ys"),
    "by a dictionary of arguments": (RECORD, "xs, ys = [], []\ngiven = {'b': xs, 'a': ys}\nt = Two(**given)", "t.a.append(1)", "t xs ys given"),
    "by a class variable before it": (
        "from dataclasses import dataclass\nfrom typing import ClassVar\n@dataclass\nclass Two:\n    n: ClassVar[int] = 0\n    a: list\n    b: list\n",
        MADE, "t.a.append(1)", "t xs",
    ),
    "by fields that only go by name": (
        "from dataclasses import dataclass, field\n@dataclass\nclass Two:\n    a: list = field(kw_only=True)\n    b: list\n",
        "xs, ys = [], []\nt = Two(ys, a=xs)", "t.b.append(1)", "t ys",
    ),
    "by what only the constructor gets": (
        "from dataclasses import dataclass, InitVar\n@dataclass\nclass Two:\n    a: InitVar[list]\n    b: list\n"
        "    def __post_init__(self, a):\n        self.kept = a\n",
        MADE, "t.kept.append(1)", "t xs",
    ),
    "with a constructor after the fields": (
        "from dataclasses import dataclass\n@dataclass\nclass Two:\n    a: list\n    b: list\n    def __init__(self, b, a):\n        self.a, self.b = a, b\n",
        MADE, "t.a.append(1)", "t ys",
    ),
    "by a derived class": (
        TWO + "class Sub(Two):\n    def __init__(self, a, b):\n        self.log = b\n", "xs, ys = [], []\nt = Sub(xs, ys)", "t.note(1)", "t ys",
    ),
    "by a property": (
        "class Two:\n    def __init__(self, a):\n        self._a = a\n    @property\n    def a(self):\n        return self._a\n",
        "xs = []\nt = Two(xs)", "t.a.append(1)", "t xs",
    ),
    "by a property that is set anew": (
        "class Two:\n    def __init__(self, a):\n        self._a, self.log = a, []\n    @property\n    def a(self):\n        return self.log\n",
        "xs = []\nt = Two(xs)\nTwo.a = property(lambda self: self._a)", "t.a.append(1)", "t xs",
    ),
    "by a property of its own kind": (
        "def property(f):\n    return lambda self: self._a\n"
        "class Two:\n    def __init__(self, a):\n        self._a, self.log = a, []\n    @property\n    def a(self):\n        return self.log\n",
        "xs = []\nt = Two(xs)", "t.a().append(1)", "t xs",
    ),
    "by __getattr__": (
        "class Two:\n    def __init__(self, a):\n        self.inner = a\n    def __getattr__(self, name):\n        return self.inner\n",
        "xs = []\nt = Two(xs)", "t.other.append(1)", "t xs",
    ),
    "by a default": (
        "class Two:\n    def __init__(self, a, log=[]):\n        self.a, self.log = a, log\n", "t = Two(1)\nu = Two(2)", "t.log.append(1)", "t u",
    ),
    "in another class, by its method": (
        TWO + "class Other:\n    pass\n", f"{MADE}\no = Other()\no.log = xs", "Two.note(o, 1)", "o xs",
    ),
    "by a name of its method": (TWO, f"{MADE}\nput = t.to_a", "put(1)", "t xs put"),
    "by iterating": (
        TWO + "    def __iter__(self):\n        yield self.a\n", f"{MADE}\n", "for part in t:\n    part.append(1)", "t xs",
    ),
    "by unpacking": (
        TWO + "    def __iter__(self):\n        return iter([self.a, self.b])\n", f"{MADE}\np, q = t", "p.append(1)", "t xs p",
    ),
    "by subscripting": (
        TWO + "    def __getitem__(self, k):\n        return self.a\n", f"{MADE}\n", "t[0].append(1)", "t xs",
    ),
    "by calling": (TWO + "    def __call__(self):\n        return self.a\n", f"{MADE}\n", "t().append(1)", "t xs"),
    "by adding": (
        TWO + "    def __add__(self, other):\n        self.log = other\n        return self\n", f"{MADE}\nu = t + xs", "u.note(1)", "t u xs",
    ),
    "by a context": (
        TWO + "    def __enter__(self):\n        return self.a\n    def __exit__(self, *e):\n        pass\n", f"{MADE}\nwith t as a:\n    pass",
        "a.append(1)", "t xs a",
    ),
    "by its own list of attributes": (TWO, f"{MADE}\nfor k in list(vars(t)):\n    setattr(t, k, xs)", "t.note(1)", "t xs"),
    "by a mangled name": (
        "class Two:\n    def __init__(self, a):\n        self.__a = a\n    def put(self):\n        self.__a.append(1)\n", "xs = []\nt = Two(xs)",
        "t._Two__a.append(1)", "t xs",
    ),
    "by a class defined anew": (
        TWO, "class Two:\n    def __init__(self, b, a):\n        self.a, self.b = a, b\nxs, ys = [], []\nt = Two(xs, ys)", "t.a.append(1)", "t ys",
    ),
    "by a recursive method": (
        "class Node:\n    def __init__(self, kids, out):\n        self.kids, self.out = kids, out\n"
        "    def walk(self, seen):\n        self.out = seen\n        for k in self.kids:\n            k.walk(self.out)\n",
        "leaf = Node([], [])\ntop = Node([leaf], [])\nxs = []\ntop.walk(xs)", "leaf.out.append(1)", "leaf top xs",
    ),
    "by its peer": (TWO, f"{MADE}\nu = Two([], [])\nu.a = t", "u.a.log = xs\nt.note(1)", "t u xs"),
    "by itself": (TWO, f"{MADE}\nt.b = t", "t.b.b.a.append(1)", "t xs"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("definition", "made", "change", "changed"), TOGETHER.values(), ids=TOGETHER
)
def test_what_may_be_in_it_changes_too(definition, made, change, changed):
    assert {*changed.split()} <= changed_names(definition, made, change)


#: What sets attributes, and the kinds that they are known to have.
KINDS = {
    "displays": ("m.a, m.b = [], {}\nm.c = {1}\nm.d = [x for x in y]\nm.e = f'{x}'", "a list, b dict, c set, d list, e str"),
    "constants": ("m.a = 1\nm.b = 2.5\nm.c = 'x'\nm.d = True", "a int, b float, c str, d bool"),
    "in methods": ("class M:\n    def __init__(self, x):\n        self.a, self.b = [], x", "a list"),
    "a list in several places": ("m.a = []\nm.a = [1]\nm.a += y\nm.a: list = [x]", "a list"),
    "or none": ("m.a = None\nm.a = []", "a list"),
    "only none": ("m.a = None", ""),
    "counted": ("m.a = 0\nm.a += 1\nm.b = 0\nm.b -= 0.5", "a int, b num"),
    "counted by something": ("m.a = 0\nm.a += x", ""),
    "a list and a number": ("m.a = []\nm.a = 1", ""),
    "set to a value": ("m.a = []\nm.a = x", ""),
    "only changed": ("m.a += x", ""),
    "a loop": ("m.a = []\nfor m.a in x:\n    pass", ""),
    "a starred target": ("m.a = []\nm.b, *m.a = [[]]", ""),
    "with": ("m.a = []\nwith x as m.a:\n    pass", ""),
    "unpacked": ("m.a = m.b = []\nm.a, m.b = x", ""),
    "deleted": ("m.a = []\ndel m.a", ""),
    "also of a class": ("class M:\n    a = x\nm.a = []", ""),
    "also a field": ("class M:\n    a: list\nm.a = []", ""),
    "also a method": ("class M:\n    def a(self):\n        pass\nm.a = []", ""),
    "setattr": ("m.a = []\nsetattr(m, x, y)", ""),
    "its dictionary": ("m.a = []\nm.__dict__.update(x)", ""),
    "vars, shown": ("m.a = []\nprint([vars(k) for k in x], m.__dict__)", "a list"),
    "setattr in what is shown": ("m.a = []\nprint(setattr(m, 'a', x))", ""),
    "vars, changed in what is shown": ("m.a = []\nprint(vars(m).update(a=x), [vars(k).pop('a') for k in y])", ""),
    "vars, given away in what is shown": ("m.a = []\nprint(f(m.__dict__))", ""),
    "vars, looked through": ("m.a = []\nfor k, v in vars(m).items():\n    pass\ny = m.__dict__.get('a')", "a list"),
    "vars by another name": ("m.a = []\nd = vars(m)\nd['a'] = x", ""),
    "vars given away": ("m.a = []\nf(vars(m))", ""),
    "setattr by another name": ("m.a = []\nput = setattr", ""),
    "vars": ("m.a = []\nvars(m)['a'] = x", ""),
    "object's method": ("m.a = []\nobject.__setattr__(m, 'a', x)", ""),
}  # fmt: skip


@pytest.mark.parametrize(("source", "kinds"), KINDS.values(), ids=KINDS)
def test_attributes_have_kinds_where_all_that_sets_them_is_seen(source, kinds):
    pairs = [pair.split() for pair in kinds.split(", ") if pair]
    assert attribute_kinds([ast.parse(source)]) == dict(pairs)


def test_what_is_held_anywhere_is_held_in_each_field():
    graph = AliasGraph()
    graph.holds("box", "apple", "a")
    graph.holds("box", "pear", "b")
    assert graph.find("apple") != graph.find("pear")
    graph.holds("box", "plum")
    assert graph.fields("box") == {"": graph.find("plum")}
    assert graph.find("apple") == graph.find("pear") == graph.find("plum")


def test_boxes_that_may_be_one_hold_the_same_in_each_field():
    graph = AliasGraph()
    for box in ("first", "second"):
        for field in "ab":
            graph.holds(box, f"{box} {field}", field)
    graph.same("first", "second")
    assert graph.find("first a") == graph.find("second a") != graph.find("second b")
    graph.holds("third", "all")
    graph.same("third", "first")
    assert graph.find("second a") == graph.find("second b") == graph.find("all")
