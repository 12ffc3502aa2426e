# ruff: noqa: E501  (one row per surprise)
"""What one cell reads, writes, changes and does. Written against Python 3.13, NumPy 2.4, pandas 3.1, Matplotlib 3.11."""

from __future__ import annotations

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell
from naavre_ext.model.dataflow import CellDataflow

IMPORTS = "import numpy as np, pandas as pd, random, heapq, os\nimport matplotlib.pyplot as plt\nfrom pathlib import Path"


def facts_of(source: str) -> CellDataflow:
    """The facts of a cell that follows the usual imports."""
    return analyse([parse_cell(IMPORTS), parse_cell(source)]).cells[1].facts


#: cell → names read, names surely written, names perhaps written
NAMES = [
    ("x = 1", "", "x", ""),
    ("x = y", "y", "x", ""),
    ("if c: x = 1", "c", "", "x"),
    ("if c:\n    x = 1\nelse:\n    x = 2", "c", "x", ""),
    ("if c:\n    x = 1\nelse:\n    raise ValueError", "c", "x", ""),
    ("x += 1", "x", "x", ""),
    ("x = 1\nx += 1", "", "x", ""),
    ("x = x + 1", "x", "x", ""),
    ("x[0] += 1", "x", "", ""),
    ("del x", "x", "", "x"),
    ("np.c_.table[a][b] = c", "a b c", "", ""),
    ("x.y: int", "x", "", ""),
    ("x[y]: int = z", "x y z", "", ""),
    ("x = 1\ndel x", "", "", "x"),
    ("print(y := 5)", "", "y", ""),
    ("if (n := f()) and (m := n): pass", "f", "n", "m"),
    ("a < (b := 1) < (c := 2)", "a", "b", "c"),
    ("z = a if (t := c) else (u := b)", "a b c", "t z", "u"),
    ("match p:\n    case {'k': v, **rest}: pass\n    case [h, *t]: print(h)\n    case Point(x=q) as w: pass",
     "Point p", "", "h q rest t v w"),
    ("match p:\n    case 1:\n        x = 1\n    case _:\n        x = 2", "p", "x", ""),
    ("for i, (a, *b) in items: pass", "items", "", "a b i"),
    ("for i in items: use(i)", "items use", "", "i"),
    ("for i in []: x = 1\nelse:\n    y = x", "x", "y", "i x"),
    ("while c:\n    x = 1\nelse:\n    y = 1", "c", "y", "x"),
    ("while c:\n    x = 1\n    break\nelse:\n    y = 1", "c", "", "x y"),
    ("with open('f') as f, lock as l: x = f", "lock", "f l x", ""),
    ("import contextlib\nwith contextlib.suppress(E): x = f()", "E f", "contextlib", "x"),
    ("try:\n    x = f()\nexcept E as e:\n    y = e", "E f", "", "e x y"),
    ("try:\n    x = f()\nexcept E:\n    x = 0\nelse:\n    y = x\nfinally:\n    z = 1", "E f", "x z", "y"),
    ("[x for x in xs if x > k]", "k xs", "", ""),
    ("[y for x in xs for y in x]", "xs", "", ""),
    ("{x: w for x in xs}", "w xs", "", ""),
    ("any((last := x) for x in xs)", "xs", "", "last"),
    ("f = lambda a, b=c: a + b + d", "c d", "f", ""),
    ("class A(B):\n    y = z\n    def m(self): return y + self.q", "B z", "A", ""),
    ("class A:\n    x = 1\n    y = [x for _ in range(2)]", "x", "A", ""),
    ("def f(a, b=c, *args, d: t = e, **kw):\n    local = a\n    return local + g", "c e t", "f", ""),
    ("@deco(arg)\ndef f(): pass", "arg deco", "f", ""),
    ("def f(): return k\nf()", "k", "f", ""),
    ("def f(): return k", "", "f", ""),
    ("def f(): return g()\ndef g(): return k\nf()", "k", "f g", ""),
    ("def f():\n    global n\n    n = 1\nf()", "", "f", "n"),
    ("def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += k\n    g()\nf()", "k", "f", ""),
    ("def f():\n    return [f2 for f2 in range(3) if f2 in k]\nmap(f, [])", "k", "f", ""),
    ("def gen():\n    yield k\nlist(gen())", "k", "gen", ""),
    ("a, *b = c", "c", "a b", ""),
    ("(a, b), c = d", "d", "a b c", ""),
    ("x: int", "", "", ""),
    ("x: T = 1", "T", "x", ""),
    ("a = b = c", "c", "a b", ""),
    ("await task", "task", "", ""),
    ("print(f'{x!r:>{width}} {y=}')", "width x y", "", ""),
    ("import os.path, json as j\nfrom math import sin as s", "", "j os s", ""),
    ("from math import *\ny = sin(2)", "", "cos sin y", ""),
    ("%time x = f(y)", "f y", "x", ""),
    ("%timeit x = f(y)", "f y", "", ""),
    ("%%time\nx = y", "y", "x", ""),
    ("%%capture cap\nx = y", "y", "cap x", ""),
    ("%%bash\necho $x", "", "", ""),
    ("%%writefile a.py\nx = y", "", "", ""),
    ("files = !ls", "", "files", ""),
    ("x = 1\n!echo $x {y}", "", "x", ""),
    ("y = 2\nif True:\n    !echo {y}", "", "y", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    ["np.sin = len", "np.c_['a'] = 1", "del np.sin", "del np.c_['a']", "np.sin: int = 1", "np.sin += 1", "np.sin, x = 1, 2",
     "for np.sin in (): pass", "with open('f') as np.sin: pass", "np.c_['a'].b = 1", "np.sin: int"],
)  # fmt: skip
def test_who_changes_a_module_reads_its_name(source: str) -> None:
    assert "np" in facts_of(source).reads


@pytest.mark.parametrize(("source", "reads", "sure", "maybe"), NAMES, ids=[row[0] for row in NAMES])
def test_names(source: str, reads: str, sure: str, maybe: str) -> None:
    facts = facts_of(source)
    imported = {"np", "pd", "plt", "random", "heapq", "Path"} | ({"os"} - set(sure.split()))
    assert set(facts.reads) - imported == set(reads.split())
    if "import *" in source:
        assert set(sure.split()) <= facts.sure
        return
    assert facts.sure == set(sure.split())
    assert facts.writes - facts.sure == set(maybe.split())


#: cell → effects, as "kind" or "kind:what"
EFFECTS = [
    ("x = np.sin(np.arange(3)).sum()", ""),
    ("print(max([1, 2]), sorted('ab'))", ""),
    ("df = pd.DataFrame([{'a': 1}])\ndf['b'] = df['a'] * 2\ndf.groupby('a').mean()", ""),
    ("np.random.seed(1)", "rng-seed"),
    ("np.random.rand()", "rng-draw"),
    ("np.random.default_rng(1).normal()", ""),
    ("plt.plot([1])", "figure"),
    ("fig, ax = plt.subplots()\nax.set_title('a')\nfig.savefig('a.png')", "figure"),
    ("fig, axes = plt.subplots(2)\nfor ax, c in zip(axes.flat, 'ab'):\n    ax.plot([1], color=c)", "figure"),
    ("pd.DataFrame().plot.scatter('a', 'b')", "figure"),
    ("pd.set_option('display.width', 9)", "settings"),
    ("plt.rcParams['font.size'] = 9", "settings"),
    ("import matplotlib\nmatplotlib.rcParams['font.size'] = 9", "settings"),
    ("import pylab\npylab.rcParams['font.size'] = 9", "settings"),
    ("plt.Axes.twice = lambda self: 2", "monkeypatch"),
    ("plt.rcParamsDefault['font.size'] = 9", "monkeypatch"),
    ("plt.style.library['mine'] = {}", "monkeypatch"),
    ("setattr(np.linalg, 'norm', len)", "monkeypatch"),
    ("setattr(pd.Series, 'total', len)", "monkeypatch"),
    ("setattr(plt.rcParams, 'x', 1)", "settings"),
    ("vars(np)['norm'] = len", "monkeypatch"),
    ("def f(): pass\nf.__globals__['x']", "opaque"),
    ("np.fft.__dict__.update(x=1)", "monkeypatch unknown"),
    ("import sys\nsys.modules['calendar'].x = 1", "monkeypatch opaque"),
    ("import calendar\ncalendar.setfirstweekday(6)", "monkeypatch"),
    ("import sqlite3\nsqlite3.register_adapter(C, str)", "monkeypatch"),
    ("import sqlite3\nsqlite3.register_converter('C', C)", "monkeypatch"),
    ("import scipy.fft as sf\nsf.set_global_backend(C)", "monkeypatch"),
    ("from scipy.fft import register_backend\nregister_backend(C)", "monkeypatch"),
    ("import calendar\ncalendar.month(2026, 1)", ""),
    ("import codecs\ncodecs.register_error('mine', len)", "import monkeypatch"),
    ("import numbers\nnumbers.Number.register(tuple)", "monkeypatch"),
    ("from collections.abc import Sequence\nSequence.register(tuple)", "monkeypatch"),
    ("import urllib.parse\nurllib.parse.uses_netloc.append('zz')", "monkeypatch"),
    ("import matplotlib as mpl\nmpl.units.registry[int] = 1", "monkeypatch"),
    ("os.environ['A'] = 'b'", "settings"),
    ("pd.read_csv('a.csv')", "outside-read"),
    ("pd.DataFrame().to_csv('a.csv')", "outside-write"),
    ("open('a').read()", "outside-read"),
    ("open('a', 'w')", "outside-write"),
    ("open('a', mode=m)", "outside-write"),
    ("Path('a').read_text()", "outside-read"),
    ("(Path('a') / 'b').write_text('c')", "outside-write"),
    ("p = Path('a')\nnames = [q.name for q in p.glob('*.txt')]", "outside-read"),
    ("os.remove('a')", "outside-write"),
    ("import subprocess\nsubprocess.run(['ls'])", "outside-write"),
    ("import requests\nrequests.post('u')", "outside-write"),
    ("import mystery\nmystery.f()", "import unknown"),
    ("np.sin = None", "monkeypatch"),
    ("setattr(np, 'sin', None)", "monkeypatch"),
    ("type(x).limit = 2", "monkeypatch"),
    ("exec('x = 1')", "opaque"),
    ("globals()['x'] = 1", "opaque"),
    ("vars(x)['a'] = 1", ""),
    ("from mystery import *", "star-import"),
    ("from math import *", ""),
    ("_ + 1", "history"),
    ("Out[3]", "history"),
    ("input('?')", "ambient"),
    ("%matplotlib inline", "settings"),
    ("%config InlineBackend.figure_format = 'retina'", "settings"),
    ("%cd ..", "settings"),
    ("%load_ext autoreload", "unknown"),
    ("%run other.py", "opaque monkeypatch"),
    ("%mystery", "opaque"),
    ("%pip install x", "outside-write"),
    ("%time 1", "ambient"),
    ("%timeit 1", "ambient"),
    ("!ls", "outside-write"),
    ("x = !ls", "outside-write"),
    ("%%time\n1", "ambient"),
    ("%%capture\n1", "ambient"),
    ("%%bash\nls", "outside-write"),
    ("%%bash --out x\nls", "opaque"),
    ("%%writefile a.py\nx", "outside-write"),
    ("%%html\n<b>", "ambient"),
    ("%%mystery\nx", "opaque"),
    ("from sklearn.linear_model import LinearRegression\nLinearRegression().fit([[1]], [1]).predict([[1]])", ""),
    ("from sklearn.ensemble import RandomForestClassifier as R\nR(random_state=1).fit([[1]], [1]).score([[1]], [1])", ""),
    ("from sklearn.model_selection import train_test_split\ntrain_test_split([1, 2], random_state=0)", ""),
    ("from sklearn.model_selection import train_test_split\ntrain_test_split([1, 2])", "rng-draw"),
    ("from tqdm.auto import tqdm\nfor x in tqdm([1, 2]):\n    print(x)", ""),
    ("from collections import Counter, defaultdict, deque\nd = deque([1]); d.append(2); Counter('ab').most_common()", ""),
    ("class A:\n    def run(self): return 1\nA().run()", ""),
    ("class A:\n    pass\nclass B(A):\n    def run(self): return 1\nB().run()", ""),
    ("def f():\n    open('a', 'w')\nf()", "outside-write"),
    ("def f():\n    open('a', 'w')", ""),
    ("obj.run()", "unknown"),
    ("sum = max\nsum([1])", "unknown"),
    # what a name holds where it stands
    ("data = [1]\ndata = pd.DataFrame({'a': [1]})\ndata.corr()\ndata = 3", ""),
    ("data = mystery\nfor i in range(2):\n    data.corrwith(1)\n    data = pd.DataFrame()", "unknown"),
    ("data = pd.DataFrame()\nif c: data = mystery\ndata.corrwith(1)", "unknown"),
    ("def f(d): return d.corrwith(1)\nf(pd.DataFrame())", ""),
    ("def f(d): return d.corrwith(1)\nf(pd.DataFrame())\nf(mystery)", "unknown"),
    ("def f(d): return d.corrwith(1)\nf(pd.DataFrame())\nmap(f, things)", "unknown"),
    ("def f(d, ax=None):\n    ax = ax or plt.gca()\n    ax.hexbin(d, d)\nf([1])\nf([1], plt.gca())", "figure"),
    # pandas in chains
    ("df = pd.DataFrame()\ndf.name.str.split().str[0].str.upper().value_counts().nlargest(3)", ""),
    ("df = pd.DataFrame()\ndf.groupby('a')['b'].agg(['mean']).unstack().rolling(2).mean().pct_change()", ""),
    ("df = pd.DataFrame()\ndf.index.day_name().isin(['Monday'])\ndf.t.dt.year.astype(str).cat.codes", ""),
    ("df = pd.DataFrame()\ndf.query('a > @np.pi').eval('b = a + 1')", ""),
    ("df = pd.DataFrame()\nq = 'a > 1'\ndf.query(q)", "unknown"),
    ("df = pd.DataFrame()\ndf.to_csv()", ""),
    ("df = pd.DataFrame()\ndf.groupby('a').hist()", "figure"),
    ("df = pd.DataFrame()\ndf.sample(3)", "rng-draw"),
    ("df = pd.DataFrame()\ndf.sample(3, random_state=1)", ""),
    ("df = pd.DataFrame()\nfor name, group in df.groupby('a'):\n    print(name.upper(), group.corrwith(df))", ""),
    # who draws random numbers
    ("from scipy import stats\nstats.norm.rvs(size=3)", "rng-draw"),
    ("from scipy import stats\nstats.norm(0, 1).rvs(3)", "rng-draw"),
    ("from scipy import stats\nstats.norm(0, 1).pdf(3)\nstats.norm.rvs(random_state=1)", ""),
    ("from sklearn.pipeline import make_pipeline\nfrom sklearn.linear_model import Ridge\nfrom sklearn.tree import DecisionTreeRegressor as T\n"
     "make_pipeline(Ridge(), Ridge()).fit(X, y)", ""),
    ("from sklearn.pipeline import make_pipeline\nfrom sklearn.linear_model import Ridge\nfrom sklearn.tree import DecisionTreeRegressor as T\n"
     "make_pipeline(Ridge(), T()).fit(X, y)", "rng-draw"),
    ("from sklearn.linear_model import Ridge\nfrom sklearn.model_selection import cross_val_score, KFold\ncross_val_score(Ridge(), X, y, cv=3)", ""),
    ("from sklearn.linear_model import Ridge\nfrom sklearn.model_selection import cross_val_score, KFold\n"
     "cross_val_score(Ridge(), X, y, cv=KFold(3, shuffle=True))", "rng-draw"),
    ("from sklearn.model_selection import KFold\nfor a, b in KFold(3).split(X): print(a)", ""),
    ("from sklearn.linear_model import Ridge\nRidge(solver='sag').fit(X, y)", "rng-draw"),
    ("import networkx as nx\nG = nx.path_graph(3)\nnx.spring_layout(G)", "rng-draw"),
    ("import networkx as nx\nG = nx.path_graph(3)\nnx.spring_layout(G, seed=1)\nnx.pagerank(G)\nG.degree(0)", ""),
    ("import networkx as nx\nnx.draw(nx.path_graph(3))", "figure"),
    # formulas, expressions, results
    ("import statsmodels.formula.api as smf\nsmf.ols('y ~ x', data=d).fit().summary()", ""),
    ("import statsmodels.formula.api as smf\nsmf.ols(f, data=d)", "unknown"),
    ("import statsmodels.api as sm\nr = sm.OLS(y, sm.add_constant(x)).fit()\nr.conf_int()\nr.predict(x)", ""),
    ("import sympy as sp\nx, y = sp.symbols('x y')\nsp.integrate(sp.sin(x) * y, x).subs(x, 1).evalf()", ""),
    ("import sympy as sp\nsp.init_printing()", "settings"),
    ("import sympy as sp\nsp.var('x')", "opaque"),
    ("import re\nm = re.search('a', 'b')\nm.group(1)\nre.compile('a').findall('b')", ""),
    ("import seaborn as sns\nsns.set_theme()", "settings"),
    ("import seaborn as sns\ng = sns.FacetGrid(d)\ng.map(plt.hist, 'x').set_titles('a')", "figure"),
    ("import seaborn as sns\nsns.color_palette('deep')", ""),
    ("import seaborn as sns\nsns.palettes._patch_colormap_display()", "monkeypatch unknown"),
    ("np._core._patch()", "monkeypatch unknown"),
    ("major = np.__version__.split('.')[0]", ""),
    ("list = mystery\nlist([1])", "unknown"),
    ("from functools import lru_cache\n@lru_cache\ndef f(n): return n\nf(1)", ""),
    ("@mystery\ndef f(n): return n\nf(1)", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "kinds"), EFFECTS, ids=[row[0] for row in EFFECTS])
def test_effects(source: str, kinds: str) -> None:
    assert {effect.kind for effect in facts_of(source).effects} == set(kinds.split())


@pytest.mark.parametrize(
    "source", ["x = (1", "for x in y", "%%time\nx = (", "%time\nx = = 2", "def f(:\n  pass"]
)
def test_syntax_errors_are_raised(source: str) -> None:
    with pytest.raises(SyntaxError):
        parse_cell(source)


def test_lines_are_the_cells_own() -> None:
    assert facts_of("\n\n%%time\n\nx = missing").reads["missing"] == 5
