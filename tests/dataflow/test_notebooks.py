# ruff: noqa: E501  (one row per surprise)
"""Who provides what to whom, and which names a cell changes. NumPy 2.4, pandas 3.1, Matplotlib 3.11."""

from __future__ import annotations

import time

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.graph import CellNode
from naavre_ext.dataflow.source import parse_cell

IMPORTS = "import numpy as np, pandas as pd, random, heapq, copy\nimport matplotlib.pyplot as plt\nfrom collections import defaultdict"


def cells_of(*sources: str) -> tuple[CellNode, ...]:
    """The dataflow of cells that follow the usual imports, without these."""
    return analyse([parse_cell(source) for source in (IMPORTS, *sources)]).cells[1:]


#: cells, and for the last one: name → the cell (from 1) that provides it
PROVIDERS = [
    (["x = 1", "y = x"], {"x": 1}),
    (["x = 1", "x = 2", "y = x"], {"x": 2}),
    (["x = 1", "if c: x = 2", "y = x"], {"x": 2}),
    (["x = 1\nc = 1", "if c: x = 2"], {"x": 1, "c": 1}),
    (["x = 1", "x += 1"], {"x": 1}),
    (["x = [1]", "x.append(2)", "y = x"], {"x": 2}),
    (["x = [1]\ny = x", "y.append(2)", "print(x)"], {"x": 2}),
    (["def f(): return k\nk = 1", "k = 2", "f()"], {"f": 1, "k": 2}),
    (["def f(): return k", "k = 2", "f()"], {"f": 1, "k": 2}),
    (["def f(): return g()", "def g(): return k\nk = 1", "f()"], {"f": 1, "g": 2, "k": 2}),
    (["def f(): return 1", "def f(): return 2", "f()"], {"f": 2}),
    (["k = 1\ndef f(): return k\nfs = [f]", "list(map(fs[0], [1]))"], {"fs": 1, "k": 1}),
    (["k = 1\ndef f(x): return k", "sorted([1], key=f)"], {"f": 1, "k": 1}),
    (["def f():\n    global n\n    n = 1", "f()", "print(n)"], {"n": 2}),
    (["class A:\n    def m(self): return k", "k = 1", "A().m()"], {"A": 1, "k": 2}),
    (["class A:\n    n = 0", "A.n = 1", "A()"], {"A": 2}),
    (["def f(x, acc=[]):\n    acc.append(x)", "f(1)", "f(2)"], {"f": 2}),
    (["x = 1", "exec('x = 2')", "print(x)"], {"x": 2}),
    (["x = 1", "%run other.py", "print(x)"], {"x": 2}),
    (["x = 1", "!echo $x"], {"x": 1}),
    (["x = 1", "!echo {x + 1} ${HOME}"], {"x": 1}),
    (["k = 1\ndef f(): return k", "k = 2", "!echo {f()}"], {"f": 1, "k": 2}),
    (["x = 1", "x?"], {"x": 1}),
    (["x = 1", "%memit x.f()"], {"x": 1}),
    (["x = 1", "[x for x in [2]]", "print(x)"], {"x": 1}),
    (["for i in [1]: pass", "print(i)"], {"i": 1}),
    (["x = 1", "del x\nx = 2", "x"], {"x": 2}),
    (["%%capture cap\nprint(1)", "cap"], {"cap": 1}),
    (["x = np.ones(3)\nb = np.zeros(3)", "y = np.sqrt(x, out=b)", "b += 1", "y"], {"y": 3}),
    (["x = np.ones(3)\nb = np.zeros(3)", "y = np.add(x, 1, b)", "b += 1", "y"], {"y": 3}),
    (["x = np.ones(3)\nb = np.zeros(3)", "y = x.cumsum(out=b)", "b += 1", "y"], {"y": 3}),
    (["x = np.ones(3)\nb = np.zeros(3)", "y = np.add(x, 1, out=(b,))", "b += 1", "y"], {"y": 3}),
    (["k = 1\nseen = []\ndef f(x):\n    seen.append(x)\n    return k", "v = np.vectorize(f)", "k = 2", "v([1])", "print(k, seen)"], {"k": 3, "seen": 4}),
    (["k = 1\ndef f(x): return k", "v = np.vectorize(f)", "k = 2", "v([1])"], {"k": 3, "v": 2}),
    *[(["x = np.ones(3)", made, "x[0] = 1", "d"], {"d": 3}) for made in (
        "d = {}\nd.update({'a': x})", "d = {}\nd |= {'a': x}", "d = dict({'a': x})", "d = {**{'a': x}}", "d = {'b': 1} | {'a': x}",
        "d = {'a': x}.copy()", "d = {'a': x}.pop('a')", "import collections\nd = collections.OrderedDict({'a': x})")],
    # What a function of a function calls 'x' is no variable of the notebook.
    (["import unseen\nx = 1\ndef f():\n    x = 2\n    def g():\n        nonlocal x\n        x += 1\n    g()", "unseen.go()", "x"], {"x": 1}),
    (["import unseen\nx = []\ndef f():\n    x = []\n    def g(): x.append(1)\n    return g", "unseen.go()", "x"], {"x": 1}),
    (["import unseen\nx = 1\ndef f():\n    def g():\n        global x\n        x += 1\n    return g", "unseen.go()", "x"], {"x": 2}),
    (["import unseen\nx = []\ndef f():\n    x = 0\n    def g(h=lambda: x.append(1)): h()\n    return g", "unseen.go()", "x"], {"x": 1}),
    (["import unseen\nx = []\ndef f():\n    def g(x, h=lambda: x.append(1)): h()\n    return g", "unseen.go()", "x"], {"x": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("sources", "expected"), PROVIDERS, ids=[str(row[0]) for row in PROVIDERS])
def test_providers(sources: list[str], expected: dict[str, int]) -> None:
    providers = {n: p for n, p in cells_of(*sources)[-1].providers.items() if p}
    assert providers == expected


#: set-up cell, changing cell → earlier names whose objects it changes
CHANGES = [
    ("a = [1]\nb = a", "b.append(2)", "a b"),
    ("a = [1]\nc = [a]", "a.append(2)", "a c"),
    ("a = [1]\nc = [a]", "c.append(2)", "c"),
    ("a = [1]\nc = {'k': a}", "c['k'].append(2)", "a c"),
    ("a = np.zeros(3)\nb = a[1:]", "b[0] = 1", "a b"),
    ("a = np.zeros(3)\nb = a.T", "b[0] = 1", "a b"),
    ("a, d = np.linspace(0, 1, 3, retstep=True)\nb = a", "b[0] = 1", "a b"),
    ("a = np.zeros(3)\nb = a.reshape(3, 1)", "b += 1", "a b"),
    ("a = np.zeros(3)\nb = a + 1", "b[0] = 1", "b"),
    ("a = np.zeros(3)\nb = a.copy()", "b[0] = 1", "b"),
    ("a = np.zeros(3)\nb = a.astype(float, copy=False)", "b[0] = 1", "a b"),
    ("a = np.zeros(3)\nb = np.asarray(a)", "b[0] = 1", "a b"),
    ("a = np.zeros(3)\nb = np.zeros((2, 3))\nb[0] = a", "a[0] = 1", "a"),
    ("a = [1, 2]\nb = a[:]", "b.append(1)", "b"),
    ("a = [[1]]\nb = a[:]", "b[0].append(1)", "a b"),
    ("a = [[1]]\nb = copy.deepcopy(a)", "b[0].append(1)", "b"),
    ("a = [[1]]\nb = list(a)", "b[0].append(1)", "a b"),
    ("a = [1.0]\nb = [float(x) for x in a]", "b.append(1)", "b"),
    ("a = [[1]]\nb = [x for x in a]", "b[0].append(1)", "a b"),
    ("def f(x): x.append(1)\na = []", "f(a)", "a"),
    ("def f(x): x = x + [1]\na = []", "f(a)", ""),
    ("def f(x):\n    y = x\n    y[0] = 1\na = [0]\nb = [0]", "f(b)", "b"),
    ("def f(x): return x\na = []\nb = []\nc = f(a)\nd = f(b)", "c.append(1)", "a c"),
    ("def f():\n    log.append(1)\nlog = []", "f()", "log"),
    ("def f():\n    def g(): log.append(1)\n    g()\nlog = []", "f()", "log"),
    ("def f(x):\n    def g(y): y.append(1)\n    g(x)\na = []", "f(a)", "a"),
    ("def f(*xs):\n    xs[0].append(1)\na = []", "f(a)", "a"),
    ("def f(n, x):\n    return n and f(n - 1, x) or x.append(1)\na = []", "f(3, a)", "a"),
    ("df = pd.DataFrame({'a': [1]})\nother = df", "df['c'] = 1", "df other"),
    ("df = pd.DataFrame({'a': [1]})", "df.drop('a', inplace=True)", "df"),
    ("df = pd.DataFrame({'a': [1]})", "df.drop('a')", ""),
    ("df = pd.DataFrame({'a': [1]})", "df.loc[0, 'a'] = 1", "df"),
    ("df = pd.DataFrame({'a': [1]})", "df.columns = ['b']", "df"),
    ("df = pd.DataFrame({'a': [1]})", "df.columns.name = 'b'", "df"),
    ("df = pd.DataFrame({'a': [1]})\ng = df.groupby('a')", "df['c'] = 1", "df g"),
    ("df = pd.DataFrame({'a': [1]})\ns = df.a", "df.pop('a')", "df s"),
    ("df = pd.DataFrame({'a': [1]})", "df.insert(0, 'b', 1)", "df"),
    ("df = pd.DataFrame({'a': [1]})", "df.set_index('a', **{'inplace': True})", "df"),
    ("df = pd.DataFrame({'a': [1]})\npart = df[df.a > 1]", "part['b'] = 1", "part"),
    ("df = pd.DataFrame({'a': [1]})\npart = df[['a']]", "part['b'] = 1", "part"),
    ("df = pd.DataFrame({'a': [1]})\npart = df[1:]", "part['b'] = 1", "df part"),
    ("df = pd.DataFrame({'a': [1]})\nst = df.style", "st.set_caption('a')", "df st"),
    ("a = np.zeros(3)\nb = a[a > 0]", "b[0] = 1", "b"),
    ("a = np.zeros(3)\nb = np.array(a)", "b[0] = 1", "b"),
    ("a = [1, 2]\nb = np.array(a)", "b[0] = 1", "b"),
    ("a = np.zeros((2, 2))\nb = np.einsum('ii->i', a)", "b[0] = 1", "a b"),
    ("a = np.zeros(3)\nb = np.conj(a)\nc = a.conj()", "c[0] = 1", "a c"),
    ("from sklearn.preprocessing import StandardScaler\nX = np.zeros((2, 2))\ns = StandardScaler(copy=False)", "s.fit(X)", "X s"),
    ("from sklearn.preprocessing import scale\nX = np.zeros((2, 2))", "scale(X, copy=False)", "X"),
    ("from sklearn.linear_model import Ridge\nX = np.zeros((2, 2))\nr = Ridge()", "r.predict(X)", ""),
    ("import networkx as nx\nG = nx.path_graph(3)\nview = G.subgraph([0])\nH = G.copy()", "G.add_edge(1, 2)", "G view"),
    ("import networkx as nx\nG = nx.path_graph(3)\nH = G.copy(as_view=True)", "G.add_edge(1, 2)", "G H"),
    ("import networkx as nx\nG = nx.path_graph(3)\nH = G.copy()", "H.nodes[0]['tags'].append(1)", "G H"),
    ("import networkx as nx\nG = nx.path_graph(3)", "nx.set_node_attributes(G, 1, 'a')", "G"),
    ("import networkx as nx\nG = nx.path_graph(3)", "nx.complete_graph(3, create_using=G)", "G"),
    ("import networkx as nx\nG = nx.path_graph(3)", "G.nodes[0]['a'] = 1", "G"),
    ("import sympy as sp\nx = sp.Symbol('x')\nM = sp.Matrix([x])", "M[0] = 1", "M"),
    ("import sympy as sp\nx = sp.Symbol('x')\nM = sp.Matrix([x])\nN = sp.simplify(M)", "N[0] = 1", "N"),
    ("import sympy as sp\nx = sp.Symbol('x')\nfound = sp.solve(x)", "found.append(1)", "found"),
    ("from scipy import integrate\nr = integrate.ode(f)", "r.integrate(1)", "r"),
    ("a = [1, 2]", "random.shuffle(a)", "a"),
    ("a = [1, 2]", "random.shuffle(x=a)", "a"),
    ("a = [1, 2]", "heapq.heappush(a, 1)", "a"),
    ("a = [1, 2]", "a.sort()", "a"),
    ("a = [1, 2]", "sorted(a)", ""),
    ("a = np.zeros(3)", "np.add(a, 1, out=a)", "a"),
    ("a = np.zeros(3)", "np.add(a, 1, a)", "a"),
    ("a = np.zeros(3)", "np.nan_to_num(a, copy=False)", "a"),
    ("a = np.zeros(3)", "np.sum(a)", ""),
    ("rng = np.random.default_rng(1)", "rng.normal()", "rng"),
    ("rng = np.random.default_rng(1)\ndf = pd.DataFrame()", "df.sample(random_state=rng)", "rng"),
    ("it = iter([1, 2])", "list(it)", "it"),
    ("it = iter([1, 2])", "','.join(it)", "it"),
    ("g = (x for x in [1])", "for x in g: pass", "g"),
    ("class A:\n    def __init__(self, xs): self.xs = xs\nxs = []\na = A(xs)", "a.xs.append(1)", "a xs"),
    ("from dataclasses import dataclass\n@dataclass\nclass A:\n    xs: list\nxs = []\na = A(xs)", "a.xs.append(1)", "a xs"),
    ("class A:\n    def add(self, x): self.x = x\na = A()\nb = A()", "a.add(1)", "a"),
    ("class A:\n    def add(self, x): self.x = x\nclass B(A): pass\na = B()", "a.add(1)", "a"),
    ("class A:\n    def __init__(self, xs): xs.append(1)\nclass B(A):\n    def __init__(self, xs): super().__init__(xs)\nxs = []",
     "B(xs)", "xs"),
    ("class A: pass\na = A()\nb = [a]", "setattr(a, 'x', 1)", "a b"),
    ("class A:\n    def m(self): return 1\nclass A:\n    def m(self): self.x = 1\na = A()", "a.m()", "a"),
    ("x = np.array([[1.0]]).T", "x.fill(2)", "x"),
    ("import helpers\nd = helpers.data", "d.append(1)", "d helpers"),
    ("import helpers\nd = helpers._data", "d.append(1)", "d helpers"),
    ("import helpers", "helpers.conf['k'].parts.names[0].sort()\nx = helpers.conf['k']\nx.sort()", "helpers"),
    ("import helpers", "for part in helpers.parts:\n    part.append(1)", "helpers"),
    ("import helpers\nn = helpers.n + 1", "print(n, helpers.n * 2)", ""),
    ("x = np.array([[1.0]]).T\ny = x", "y[0] = 2", "x y"),
    ("x = np.ones(3)\na, b = np.meshgrid(x, x)", "a[0] = 1", "a b"),
    ("x = np.ones(3)\na, b = np.meshgrid(x, x, copy=False)", "x[0] = 1", "a b x"),
    ("a, b = np.mgrid[:3, :3]", "a[0] = 1", "a b"),
    ("x = np.ones(3)\na = np.where(x > 0, x, 0)", "x[0] = 1", "x"),
    ("def f(): pass", "f.count = 1", "f"),
    ("def f(): pass\nd = {'k': f}\nn = {'k': 1}", "f.count = 1", "d f"),
    ("def f(): pass\ng = f", "g.count = 1", "f g"),
    ("def f(): pass\nv = np.vectorize(f)", "f.count = 1", "f v"),
    ("def f(): pass\na = np.array([f, None])\ns = pd.Series([f])", "f.count = 1", "a f s"),
    ("f = lambda x: x\nfs = [f]", "setattr(f, 'count', 1)", "f fs"),
    ("def f(): pass\nfs = [f]", "f.__dict__.update(count=1)", "f fs"),
    ("def f(): pass\nfs = [f]", "vars(f)['count'] = 1", "f fs"),
    ("def f(): pass\nfs = [f]", "f.__defaults__ = (1,)", "f fs"),
    ("import functools\ndef f(): pass\ndef g(): pass\nfs = [f]", "functools.update_wrapper(f, g)", "f fs"),
    ("def f(): pass\nfs = [f, 1]\ngs = [f]", "fs[0].count = 1", "f fs gs"),
    ("def f(): pass\ndef g(): pass\nfs = [f, 1]\ngs = [g]", "f.count = 1", "f fs"),
    ("def f(): pass\nfs = [f]", "f.__dict__.items()\nprint(f.count, vars(f))", ""),
    ("def f(x): pass\nfs = [f]", "list(map(f, [1]))\nprint(fs)", ""),
    ("from functools import lru_cache\n@lru_cache\ndef load(): return []\na = load()", "b = load()\nb.append(1)", "a load"),
    ("from functools import cache\n@cache\ndef load(n): return n\ndef use(n): return load(n)", "use(3)", "load"),
    ("from functools import cache\nclass A:\n    @cache\n    def load(self): return []\na = A()\nxs = a.load()",
     "a.load()", "A xs"),
    ("class A:\n    @mystery\n    def load(self): return 1\na = A()", "a.load()", "a"),
    ("class A:\n    @property\n    def load(self): return 1\n    @staticmethod\n    def make(): return 1\na = A()", "a.make()", ""),
    ("from sklearn.linear_model import Ridge\nfrom sklearn.pipeline import Pipeline\nr = Ridge()\nX = [[1]]\n"
     "p = Pipeline([('r', r)])", "p.fit(X, [1])", "X p r"),
    ("fig, ax = plt.subplots()\nys = [1]", "ax.plot(ys)", ""),
    ("class V:\n    def __init__(self, parts): self.parts = parts\n    def __sub__(self, o): return V([self, o])\n"
     "a = V([])\nb = V([])\nc = a - b", "c.parts[0].parts.append(1)", "a b c"),
    ("d = defaultdict(list)\nxs = [1]", "for x in xs: d[x].append(x)", "d"),
    ("d = {'a': [1]}", "for k, v in d.items(): v.append(1)", "d"),
    ("d = {'a': [1]}", "for v in d.values(): v[0] = 1", "d"),
    ("a = [1]\nb = [[0]]", "for x, y in zip(a, b): y.append(x)", "b"),
    ("a = load()\nb = [[0]]", "for x, y in zip(a, b): y.append(x)", "a b"),  # a zip's parts count as one
    ("a = [[1]]", "match a:\n    case [x]: x.append(1)", "a"),
    ("a = [1]", "match a:\n    case x: x.append(1)", "a"),
    ("n = 0", "n += np.zeros(2)\nn += 1", "n"),  # kinds are those of the whole notebook
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "source", "changed"), CHANGES, ids=[f"{a} | {b}" for a, b, _ in CHANGES]
)
def test_changed_names(before: str, source: str, changed: str) -> None:
    names = cells_of(before, source)[-1].changed_names
    assert names == set(changed.split())


#: cells → undefined names of the last one
UNDEFINED = [
    (["print(x)"], "x"),
    (["x = x + 1"], ""),  # its own cell may have bound it: Python will say
    (["def f(): return x"], ""),
    (["def f(): return x\nf()"], ""),
    (["try:\n    x\nexcept NameError:\n    x = 1"], ""),
    (["if __name__ == '__main__':\n    print(x)"], ""),
    (["import contextlib\nwith contextlib.suppress(NameError):\n    x"], ""),
    (["with open('f') as f:\n    x"], "x"),
    (["from mystery import *", "x"], ""),
    (["exec('x = 1')", "x"], ""),
    (["if c: x = 1", "x"], ""),
    (["y = [x for x in [1]]", "x"], "x"),
    (["%load_ext my_names", "x"], ""),
    (["print(__spec__, __package__, __IPYTHON__, _exit_code)"], ""),
    (["%time x = 1", "x"], ""),
    (["print(__name__, _, Out, In)"], ""),
    (["assert True, x"], ""),
    (["y = 1 if True else x"], ""),
    (["y = 1 or x"], ""),
    (["y = 1 < 2 < x"], ""),
    (["[x for _ in []]"], ""),
    (["for _ in []: x"], ""),
    (["lambda: x"], ""),
    (["class A:\n    def f(self): return x"], ""),
    (["class A:\n    y = x"], ""),  # a class body counts as one that may not run
    (["def f(a: x) -> None: pass"], "x"),
    (["def f(a):\n    b: x = a\nf(1)"], ""),
    (["from __future__ import annotations", "def f(a: x) -> y: pass\nz: w = 1"], ""),
    (["import __main__\n__main__.x = 1", "x"], ""),
    (["import sys\nsys.modules['__main__'].x = 1", "x"], ""),
    (["import sys\nprint(sys.modules['os'])", "x"], "x"),
    (["ip = get_ipython()", "ip.push({'x': 1})", "x"], ""),
    (["get_ipython().user_ns['x'] = 1", "x"], ""),
    (["globals()['x'] = 1", "x"], ""),
    (["def f():\n    return locals()\nf()", "x"], "x"),
    (["%run script.py", "x"], ""),
    (["%pylab", "x"], ""),  # nobody was asked what it binds
    (["%mystery", "x"], ""),
    (["%%mystery\nx", "x"], ""),
    (["%load_ext autoreload\n%autoreload 2", "x"], "x"),
    (["%time x = 1", "x"], ""),
    (["%timeit x = 1", "x"], "x"),
    (["%%timeit\nx = 1", "x"], ""),
    (["x = %env HOME", "x"], ""),
    (["x = !ls", "x"], ""),
    (["%%bash --out x\nls", "x"], ""),
    (["pwd"], ""),
    (["cd somewhere"], ""),
    (["ls", "ls"], ""),
    (["matplotlib inline"], ""),
    (["%%capture x\nprint(1)", "x"], ""),
    (["try:\n    x = 1\nfinally:\n    pass", "x"], ""),
    (["def f():\n    global x\n    x = 1", "x"], "x"),
    (["def f():\n    global x\n    x = 1\nf()", "x"], ""),
    (["(x := 1)", "x"], ""),
    (["match 1:\n    case x: pass", "x"], ""),
    (["first, *x = [1]", "x"], ""),
    (["import a.b", "a, b"], "b"),
    (["exit", "quit", "display(get_ipython())"], ""),
    (["x: int", "x"], "x"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "undefined"), UNDEFINED, ids=[str(row[0]) for row in UNDEFINED]
)
def test_undefined_names(sources: list[str], undefined: str) -> None:
    assert set(cells_of(*sources)[-1].undefined) == set(undefined.split())


#: cell → whether everything has to wait for it
BARRIERS = [
    ("x = 1", False),
    ("np.random.seed(1)", False),
    ("plt.plot([1])", False),
    ("for ax in plt.subplots(2)[1]: ax.plot([1])", False),
    ("pd.read_csv('a')", False),
    ("open('a', 'w')", False),
    ("!touch a", False),
    ("%%writefile $name\ntext", True),
    ("exec('x = 1')", True),
    ("%run a.py", True),
    ("import mystery\nmystery.f()", True),
    ("class A:\n    def __enter__(self): pass\n    def __exit__(self, *e): pass\nwith A(): pass", True),
]  # fmt: skip


@pytest.mark.parametrize(("source", "barrier"), BARRIERS, ids=[row[0] for row in BARRIERS])
def test_barriers(source: str, barrier: bool) -> None:
    assert cells_of(source)[0].barrier is barrier


def test_mutual_recursion_of_many_functions_ends_quickly() -> None:
    count = 12
    functions = "\n".join(
        f"def f{i}(x):\n    return "
        + " or ".join(f"f{j}(x)" for j in range(count))
        + " or x.append(1)"
        for i in range(count)
    )
    started = time.process_time()
    cells = cells_of(functions + "\na = []", "f0(a)")
    assert time.process_time() - started < 5
    assert cells[-1].changed_names == {"a"}


def test_a_thousand_cells_take_linear_time() -> None:
    def seconds(count: int) -> float:
        sources = [parse_cell(IMPORTS)]
        for i in range(count // 4):
            sources += [
                parse_cell(
                    f"def f{i}(x):\n    ys = []\n    for v in x:\n        ys.append(np.sin(v) * {i})\n    return ys"
                ),
                parse_cell(f"data{i} = np.linspace(0, 1, {i + 3})"),
                parse_cell(f"out{i} = []\nfor v in data{i}:\n    out{i}.append(sum(f{i}([v])))"),
                parse_cell(
                    f"df{i} = pd.DataFrame({{'x': data{i}, 'y': out{i}}})\ndf{i}['z'] = df{i}['x'] * 2"
                ),
            ]
        started = time.process_time()
        analyse(sources)
        return time.process_time() - started

    small, large = seconds(250), seconds(1000)
    assert large < 8 * small + 0.5
