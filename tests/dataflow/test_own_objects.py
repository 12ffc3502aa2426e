# ruff: noqa: E501  (one row per surprise)
"""Which changes a function's summary tells of: none of objects that only its own call has had."""

from __future__ import annotations

import ast
import textwrap

import pytest
from foreseen_changes import changed_names

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell

BEFORE = textwrap.dedent("""
    import functools, threading, copy
    import matplotlib.pyplot as plt
    KEPT, TABLE = [], {"k": []}
    class Box:
        items = []
        def __init__(self, xs):
            self.xs = xs
            self.own = []
        def put(self, x):
            self.own.append(x)
    def fill(xs):
        xs.append(1)
    def same(xs):
        return xs
    def perhaps(xs, ys):
        return xs or ys
    def made():
        return []
    def held(xs):
        return {"xs": xs}
    @functools.cache
    def cached(n):
        return [n]
    def piecewise(xs):
        for i in range(3):
            xs.append(i)
            yield i
    def keep(xs):
        KEPT.append(xs)
""")

#: All that these change is their own.
OWN = {
    "a list": "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return out",
    "two lists": "def f(xs):\n    a, b = [], []\n    for x in xs:\n        (a if x else b).append(x)\n    return a, b",
    "two lists, by branches": (
        "def f(xs):\n    a, b = [], []\n    for x in xs:\n        if x > 2:\n            a.append(1)\n"
        "        else:\n            b.append(2)\n    return a, b"
    ),
    "a list in a dict": "def f(xs):\n    d = {}\n    d['a'] = []\n    d['a'].append(1)\n    return d",
    "a dict of lists": "def f(xs):\n    d = {}\n    for x in xs:\n        d.setdefault(1, []).append(2)\n    return d",
    "a copy": "def f(xs):\n    ys = list(xs)\n    ys.append(1)\n    return ys",
    "a list's slice": "def f(xs):\n    ys = list(xs)[1:]\n    ys[0] = 1\n    return ys",
    "what a helper fills": "def f(xs):\n    ys = []\n    fill(ys)\n    return ys",
    "what a helper makes": "def f(xs):\n    ys = made()\n    ys.append(1)\n    return ys",
    "a list rebound": "def f(xs):\n    ys = []\n    if len(xs) > 1:\n        ys = [2]\n    ys.append(1)\n    return ys",
    "a list that holds an argument": "def f(xs):\n    ys = []\n    ys.append(xs)\n    return ys",
    "by recursion": "def f(n):\n    if n < 1:\n        return []\n    ys = f(n - 1)\n    ys.append(n)\n    return ys",
    "an array": "import numpy as np\ndef f(n):\n    a = np.zeros(3)\n    a[0] = 1\n    return a",
    "lists returned with an element, by branches": (
        "def f(xs):\n    pivot, below, above = xs[0], [], []\n    for x in xs[1:]:\n        if x < pivot:\n"
        "            below.append(x)\n        else:\n            above.append(x)\n    return pivot, below, above"
    ),
    "+=": "def f(xs):\n    ys = []\n    ys += [1]\n    return ys",
}  # fmt: skip

#: These change, or may change, what others have or what they go on changing.
NOT_OWN = {
    "an argument": "def f(xs):\n    xs.append(1)\n    return xs",
    "an argument by another name": "def f(xs):\n    ys = xs\n    ys.append(1)\n    return ys",
    "a name bound to an argument later": "def f(xs):\n    ys = []\n    for _ in range(2):\n        ys.append(1)\n        ys = xs\n    return ys",
    "a name bound to an argument in a branch": "def f(xs):\n    ys = []\n    if xs:\n        ys = xs\n    ys.append(1)\n    return ys",
    "one of both": "def f(xs):\n    ys = xs or []\n    ys.append(1)\n    return ys",
    "a conditional expression": "def f(xs):\n    ys = xs if xs else []\n    ys.append(1)\n    return ys",
    "by the walrus": "def f(xs):\n    print(ys := xs)\n    ys.append(1)\n    return ys",
    "by a pattern": "def f(xs):\n    match xs:\n        case ys:\n            ys.append(1)\n    return ys",
    "an element of an argument": "def f(xs):\n    ys = xs[0]\n    ys.append(1)\n    return ys",
    "elements of a copy": "def f(xs):\n    ys = list(xs)\n    ys[0].append(1)\n    return ys",
    "elements of a shallow copy": "def f(xs):\n    ys = copy.copy(xs)\n    ys[0].append(1)\n    return ys",
    "elements through a loop": "def f(xs):\n    out = []\n    for x in xs:\n        x.append(1)\n        out.append(x)\n    return out",
    "through a list that holds it": "def f(xs):\n    ys = [xs]\n    ys[0].append(1)\n    return ys",
    "through a dict that holds it": "def f(xs):\n    d = {}\n    d['a'] = xs\n    d['a'].append(1)\n    return d",
    "through unpacking": "def f(xs):\n    a, b = [], xs\n    b.append(1)\n    return a, b",
    "a starred argument": "def f(*xs):\n    ys = xs[0]\n    ys.append(1)\n    return ys",
    "a keyword argument": "def f(**named):\n    ys = named['a']\n    ys.append(1)\n    return ys",
    "a default": "def f(x, seen=[]):\n    seen.append(x)\n    return seen",
    "a default by another name": "def f(x, seen=[]):\n    out = seen\n    out.append(x)\n    return out",
    "a default of the keywords": "def f(x, *, seen={}):\n    seen[x] = 1\n    return seen",
    "put into a global": "def f(x):\n    ys = []\n    KEPT.append(ys)\n    ys.append(x)\n    return ys",
    "put into a global afterwards": "def f(x):\n    ys = []\n    ys.append(x)\n    KEPT.append(ys)\n    return ys",
    "set as a global": "def f(x):\n    global KEPT\n    ys = []\n    ys.append(x)\n    KEPT = ys\n    return ys",
    "put into a global by a helper": "def f(x):\n    ys = []\n    keep(ys)\n    ys.append(x)\n    return ys",
    "put into an argument": "def f(xs):\n    ys = []\n    xs[0] = ys\n    ys.append(1)\n    return ys",
    "put into an argument's attribute": "def f(o):\n    ys = []\n    o.x = ys\n    ys.append(1)\n    return ys",
    "out of a global": "def f(x):\n    ys = TABLE['k']\n    ys.append(x)\n    return ys",
    "out of a global with a default": "def f(x):\n    ys = TABLE.get('k', [])\n    ys.append(x)\n    return ys",
    "an attribute of the function": "def f(x):\n    ys = f.seen\n    ys.append(x)\n    return ys\nf.seen = []",
    "set as the function's attribute": "def f(x):\n    ys = []\n    f.seen = ys\n    ys.append(x)\n    return ys",
    "an attribute of a class": "def f(x):\n    ys = Box.items\n    ys.append(x)\n    return ys",
    "an attribute of a class, through an instance": "def f(x):\n    b = Box([])\n    b.items.append(x)\n    return b",
    "an argument held by an instance": "def f(xs):\n    b = Box(xs)\n    b.xs.append(1)\n    return b",
    "an argument given back": "def f(xs):\n    ys = same(xs)\n    ys.append(1)\n    return ys",
    "an argument perhaps given back": "def f(xs):\n    ys = perhaps([], xs)\n    ys.append(1)\n    return ys",
    "an argument given back in a dict": "def f(xs):\n    d = held(xs)\n    d['xs'].append(1)\n    return d",
    "a cached result": "def f(x):\n    ys = cached(3)\n    ys.append(x)\n    return ys",
    "an argument changed by a helper": "def f(xs):\n    ys = xs\n    fill(ys)\n    return ys",
    "given to a generator": "def f(x):\n    ys = []\n    return ys, piecewise(ys)",
    "in a closure": "def f(x):\n    ys = []\n    def add(y):\n        ys.append(y)\n    return ys, add",
    "in a lambda": "def f(x):\n    ys = []\n    return ys, lambda y: ys.append(y)",
    "in a generator expression": "def f(xs):\n    ys = []\n    return ys, (ys.append(x) for x in xs)",
    "in a generator": "def f(xs):\n    ys = []\n    yield ys\n    ys.append(1)",
    "in a class": "def f(xs):\n    ys = []\n    class A:\n        def add(self):\n            ys.append(1)\n    return ys, A",
    "in a coroutine": "async def f(xs):\n    ys = []\n    KEPT.append(ys)\n    ys.append(1)\n    return ys",
    "by map": "def f(xs):\n    ys = []\n    return ys, map(ys.append, xs)",
    "by a function given to map": "def f(xs):\n    ys = [[]]\n    return ys, map(fill, ys)",
    "by a thread": "def f(xs):\n    ys = []\n    t = threading.Thread(target=fill, args=(ys,))\n    ys.append(1)\n    t.start()\n    return ys",
    "by code that can't be seen": "def f(xs):\n    ys = []\n    ys.append(1)\n    unseen.register(ys)\n    return ys",
    "of code that can't be seen": "def f(xs):\n    ys = unseen.given()\n    ys.append(1)\n    return ys",
    "by exec": "def f(xs):\n    ys = []\n    exec('KEPT.append(ys)')\n    ys.append(1)\n    return ys",
    "a slice, which may be an array's": "def f(xs):\n    ys = xs[1:]\n    ys[0] = 1\n    return ys",
    "a view of an argument": "import numpy as np\ndef f(a):\n    b = np.asarray(a)\n    b[0] = 1\n    return b",
    "a transposed argument": "import numpy as np\ndef f(a):\n    b = a.T\n    b[0] = 1\n    return b",
    "by += on an argument": "def f(xs):\n    ys = xs\n    ys += [1]\n    return ys",
    "a name that may also be an element": "def f(xs):\n    a, b = xs[0], []\n    if xs[1]:\n        b = a\n    b.append(1)\n    return a, b",
    "handed over with an element": "def f(xs):\n    a, b = xs[0], []\n    xs[1] = b\n    b.append(1)\n    return a, b",
    "handed on under another name": "def f(xs):\n    a, b = xs[0], []\n    c = b\n    c.append(1)\n    KEPT.append(c)\n    return a, b",
    "added to what may keep it": "def f(xs):\n    a, b = xs[0], []\n    b += a\n    b.append(1)\n    return a, b",
    "put into an element": "def f(xs):\n    a, b = xs[0], []\n    a[0] = b\n    b.append(1)\n    return a, b",
    "changed through its method": "def f(xs):\n    a, b = xs[0], []\n    add = b.append\n    KEPT.append(add)\n    b.append(1)\n    return a, b",
    "bound in a loop": "def f(xs):\n    a, b = xs[0], []\n    for b in xs:\n        b.append(1)\n    return a, b",
    "bound by a handler's name": "def f(xs):\n    b = []\n    try:\n        g = xs[0]\n    except E as b:\n        pass\n    b.append(g)\n    return b, g",
    "an element of its own container": "def f(xs):\n    a, b = xs[0], [xs]\n    b[0].append(1)\n    return a, b",
    "after a recursion": "def f(xs, n):\n    if n < 1:\n        return xs\n    ys = f(xs, n - 1)\n    ys.append(n)\n    return ys",
    "after a mutual recursion": (
        "def f(xs, n):\n    ys = g(xs, n)\n    ys.append(n)\n    return ys\n"
        "def g(xs, n):\n    return f(xs, n - 1) if n else xs"
    ),
}  # fmt: skip


def changes_of(source: str) -> list[str]:
    cells = [parse_cell("import unseen"), parse_cell(BEFORE), parse_cell(source)]
    notebook = analyse(cells)
    function = next(
        node
        for node in cells[2].tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    return [change.how for change in notebook.summaries.of(function).when_called.changes]


@pytest.mark.parametrize("source", OWN.values(), ids=OWN)
def test_changes_of_own_objects_are_left_out(source: str) -> None:
    assert changes_of(source) == []


@pytest.mark.parametrize("source", NOT_OWN.values(), ids=NOT_OWN)
def test_changes_of_others_objects_are_told(source: str) -> None:
    assert changes_of(source)


REACH = (
    "graph = {i: [(i * 3 + 1) % 20] for i in range(20)}\nlog = []\n"
    "def reach(a, seen=None):\n    if seen is None:\n        seen = set()\n    seen.add(a)\n"
    "    for v in graph[a]:\n        if v not in seen:\n            reach(v, seen)\n    return seen\n"
)

RECURSIVE = {
    "what it makes is given on": (REACH, "reach(3)", ""),
    "by name": (REACH.replace("reach(v, seen)", "reach(v, seen=seen)"), "reach(3)", ""),
    "the caller's": (REACH, "reach(3, log)", "log"),
    "something else is given on": (REACH.replace("reach(v, seen)", "reach(v, graph)"), "reach(3)", "graph"),
    "it is bound to something else": (REACH.replace("seen = set()", "seen = graph"), "reach(3)", "graph"),
}  # fmt: skip


@pytest.mark.parametrize(("definition", "call", "changed"), RECURSIVE.values(), ids=RECURSIVE)
def test_what_a_recursive_function_gives_itself(definition, call, changed):
    assert {*changed.split()} <= changed_names(definition, call)
    if not changed:
        assert changed_names(definition, call) == frozenset()
