# ruff: noqa: E501  (one row per surprise)
"""Which loops may be split. Written against NumPy 2.4, pandas 3.1, Matplotlib 3.11, scikit-learn 1.9."""

from __future__ import annotations

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell
from naavre_ext.model.workflow import Split
from naavre_ext.planning.legality import judge_loop
from naavre_ext.planning.loops import find_loops
from naavre_ext.planning.placement import place
from naavre_ext.planning.refusal import Refusal

SETUP = """
import random, itertools, math, os
from collections import Counter, defaultdict
from pathlib import Path
import numpy as np, pandas as pd
import matplotlib.pyplot as plt
xs = [1, 2, 3]
rows = [[1], [2]]
table = {'a': [1]}
words = ['a', 'b']
K = 3
out = []
shared = [0]
def double(x):
    return 2 * x
def scaled(x):
    return K * x
def log(x):
    shared.append(x)
def spoil(row):
    row.append(1)
def remember(x, seen=[]):
    seen.append(x)
    return len(seen)
def count_calls(x):
    count_calls.n += 1
    return x
count_calls.n = 0
"""


#: A function that keeps state between its calls.
COUNTER = """
def counter():
    n = 0
    def step():
        nonlocal n
        n += 1
        return n
    return step
tick = counter()
"""


#: A function whose own one keeps state for as long as it runs.
RANKING = """
import pickle
from functools import reduce
texts = pickle.loads(b'')
def best(found):
    seen = {}
    def score(word):
        seen[word] = len(seen)
        return len(seen)
    return max(found, key=score), ' '.join(map(score, found)), reduce(lambda n, word: seen.setdefault(word, n), found)
"""


def judge(source: str, *before: str, last: bool = True) -> Split | Refusal:
    """The verdict on the last (or first) loop of a cell that follows the set-up."""
    cells = [parse_cell(text) for text in (SETUP, *before, source)]
    notebook = analyse(cells)
    placements = place(notebook, [str(n) for n in range(len(cells))])
    loops = find_loops(cells[-1].tree)
    loop = loops[-1 if last else 0]
    return judge_loop(loop, notebook, len(cells) - 1, placements.rng_seeded[-1])


#: loop → accumulators, or other facts of the split
LEGAL = [
    ("import gc\nfor x in xs:\n    out.append(double(x))\n    gc.collect()", {"reductions": ("out",)}),
    ("for row in rows:\n    row.append(1)", {"changes_items": True, "guard_items": True}),
    ("for row in rows:\n    spoil(row)", {"changes_items": True, "guard_items": True}),
    ("for i, row in enumerate(rows):\n    row[0] = i", {"changes_items": True, "guard_items": True}),
    ("for pair in zip(rows, xs):\n    pair[0].append(1)", {"changes_items": True, "guard_items": True}),
    ("for v in table.values():\n    v.append(1)", {"changes_items": True, "guard_items": True}),
    ("for k in table:\n    table[k] = 1", {"reductions": ("table",)}),
    ("for k, v in table.items():\n    table[k] = 1", {"reductions": ("table",)}),
    (f"{RANKING}for word in words:\n    out.append(texts[word].split())", {"reductions": ("out",)}),
    ("for x in xs:\n    out.append(double(x))", {"reductions": ("out",), "shared": ("double",)}),
    ("for i in range(9):\n    out.append(scaled(i))", {"shared": ("K", "scaled")}),
    ("for i, x in enumerate(xs):\n    out.append((i, x))", {"private": ("i", "x")}),
    ("for x, w in zip(xs, words):\n    out.append((x, w))", {"sure": ("w", "x")}),
    ("for k, v in table.items():\n    out.append(len(v))", {"reductions": ("out",)}),
    ("for a, b in itertools.product(xs, words):\n    out.append((a, b))", {}),
    ("res = []\nfor x in xs:\n    res.extend([x, x])", {"reductions": ("res",)}),
    ("res = []\nfor x in xs:\n    res += [x]", {"reductions": ("res",)}),
    ("res = {}\nfor x in xs:\n    res[x] = double(x)", {"reductions": ("res",)}),
    ("res = set()\nfor x in xs:\n    res.add(x)", {"reductions": ("res",)}),
    ("res = {}\nfor x in xs:\n    res.update({x: 1})", {"reductions": ("res",)}),
    ("c = Counter()\nfor w in words:\n    c[w] += 1", {"reductions": ("c",)}),
    ("d = defaultdict(list)\nfor x in xs:\n    d[x % 2].append(x)", {"reductions": ("d",)}),
    ("n = 0\nfor x in xs:\n    n += x", {"reductions": ("n",)}),
    ("n = 0\nfor x in xs:\n    n -= x", {"reductions": ("n",)}),
    ("n = 1\nfor x in xs:\n    n *= x", {"reductions": ("n",)}),
    ("arr = np.zeros(3)\nfor i in range(3):\n    arr[i] = double(i)", {"reductions": ("arr",)}),
    ("arr = np.zeros(3)\nfor i in range(len(arr)):\n    arr[i] = i", {"reductions": ("arr",)}),
    ("arr = np.zeros((3, 2))\nfor i in range(3):\n    arr[i, :] += double(i)", {"reductions": ("arr",)}),
    ("d = {'a': {}}\nfor x in xs:\n    d['a'][x] = 1", {"reductions": ("d",)}),
    # the seed's pattern: a private container, appended at the end
    (
        "res = []\nfor batch in rows:\n    part = []\n    for item in batch:\n        part.append(double(item))\n"
        "    res.append(part)",
        {"reductions": ("res",), "private": ("batch", "item", "part"), "sure": ("batch", "part")},
    ),
    ("for x in xs:\n    if x > 1:\n        continue\n    y = x\n    out.append(y)", {"sure": ("x",)}),
    ("for x in xs:\n    out.append(x)\nelse:\n    done = True", {"reductions": ("out",)}),
    ("for x in xs:\n    for y in range(x):\n        if y:\n            break\n    out.append(y)", None),
    ("for x in xs:\n    y: int = x\n    out.append(y)", {"reductions": ("out",), "private": ("x", "y")}),
    ("for x in xs:\n    plt.plot([x])\n    plt.show()", {"draws": True}),
    ("for x in xs:\n    fig, ax = plt.subplots()\n    ax.plot([x])\n    fig.savefig(f'{x}.png')\n    plt.close(fig)", {"draws": True}),
    ("def draw(x):\n    plt.plot([x])\n    plt.close()\n    return x\nfor x in xs:\n    out.append(draw(x))", {"draws": True}),
    ("for x in xs:\n    while True:\n        break\n    out.append(x)", {"reductions": ("out",)}),
    ("for x in xs:\n    print(x)", {"reductions": ()}),
    ("for x in xs:\n    out.append(random.random())", {"guard_rng": False}),
    ("for x in xs:\n    with open(f'{x}.txt', 'w') as f:\n        f.write('1')", {"reductions": ()}),
    ("for x in xs:\n    name = f'{x}.txt'\n    with open(name, 'w') as f:\n        f.write('1')", {}),
    # which files they are is watched
    ("for x in xs:\n    before = open(f'{x - 1}.txt').read()\n    open(f'{x}.txt', 'w').write(before)", {"files_apart": True}),
    ("for w in words:\n    np.save('out/' + w, 2 * np.load(w))", {"files_apart": True}),
    ("for w in words:\n    pd.read_csv(w).dropna().to_csv('out/' + w)", {"files_apart": True}),
    ("for w in words:\n    pd.read_parquet(w).to_csv('out/' + w)", {"files_apart": True}),
    ("def put(w, folder):\n    out = Path(folder) / w\n    out.parent.mkdir(exist_ok=True)\n    out.write_text(Path(w).read_text())\nfor w in words:\n    put(w, 'out')", {"files_apart": True}),
    ("import json\nfor w in words:\n    with open(w) as f:\n        d = json.load(f)\n    with open(w + '2', 'w') as f:\n        json.dump({'n': 1}, f)", {"files_apart": True}),
    ("import requests\nfor w in words:\n    with open(w.split('/')[-1], 'wb') as f:\n        f.write(requests.get(w).content)", {"files_apart": True}),
    ("for w in words:\n    pd.read_csv(w)", {}),
    # so is what they ask for
    ("for w in words:\n    if not os.path.exists(w):\n        np.save(w, xs)", {"asks_files": True, "files_apart": True}),
    ("from pathlib import Path\nfor w in words:\n    p = Path('out') / w\n    if p.exists():\n        continue\n"
     "    pd.read_csv(w).to_csv(p)\n    out.append(w)", {"asks_files": True, "makes_missing": False}),
    ("for w in words:\n    if os.path.exists(w):\n        out.append(w)", {"asks_files": False}),
    # a folder that is made unless it is there: nobody can tell which iteration did it
    ("for x in xs:\n    os.makedirs('d', exist_ok=True)\n    open(f'd/{x}', 'w').write('1')", {}),
    ("from pathlib import Path\nd = Path('d')\nfor w in words:\n    d.mkdir(parents=True, exist_ok=True)\n"
     "    out.append(pd.read_csv(w).shape)", {}),
    # files that aren't there are made by code that can't be seen
    ("for w in words:\n    if not os.path.exists(w):\n        unknown_lib(w)", {"makes_missing": True}),
    ("for w in words:\n    if os.path.isfile(w):\n        print('there')\n    else:\n        unknown_lib(w)", {"makes_missing": True}),
    ("for w in words:\n    if os.path.isfile(w):\n        continue\n    unknown_lib(w)", {"makes_missing": True}),
    ("for w in words:\n    if os.path.exists(w):\n        unknown_lib(w)", {"makes_missing": False}),
    ("for w in words:\n    if not os.path.exists(w):\n        continue\n    unknown_lib(w)", {"makes_missing": False}),
    ("for w in words:\n    if w:\n        unknown_lib(w)", {"makes_missing": False}),
    ("for x in xs:\n    try:\n        y = 1 / x\n    except ZeroDivisionError:\n        y = 0\n    out.append(y)", {}),
    ("for x in xs:\n    try:\n        out.append(1 / x)\n    except ZeroDivisionError:\n        out.append(0)", {}),
    ("key = lambda v: -v\nfor x in xs:\n    out.append(sorted([x, 1], key=key))", {}),
    ("for x in xs:\n    out.append([y * x for y in range(3) if y])", {}),
    ("for x in xs:\n    tmp = x\n    out.append(tmp)\n    del tmp", {}),
    ("try:\n    double(K)\nexcept KeyError as e:\n    print(e)\nfor x in xs:\n    try:\n        out.append(double(x))\n    except KeyError as e:\n        out.append(e)", {}),
    ("for x in xs:\n    import json\n    out.append(json.dumps(x))", {}),
    ("for x in xs:\n    def f(y):\n        return y + x\n    out.append(f(1))", {}),
    ("for shared in xs:\n    out.append(shared)", {"private": ("shared",)}),
    ("for xs in xs:\n    out.append(xs)", {"private": ("xs",)}),
    # late binding: at module level the functions see the global i whenever they are called
    ("for i in range(3):\n    out.append(lambda: i)", {"sure": ("i",)}),
    ("for k in list(table):\n    table[k] = 1", {"reductions": ("table",)}),
    ("for x in xs:\n    match x:\n        case 1:\n            y = 'one'\n        case other:\n            y = other\n"
     "    out.append(y)", {"sure": ("x", "y")}),
    ("for x in xs:\n    out.append(np.median(np.sin(np.linspace(0, x, 9))))", {"guarded": ()}),
    ("acc = []\nfor x in xs:\n    acc.append(unknown_lib(x))", {}),
    ("from sklearn.linear_model import Ridge\nfor x in xs:\n    m = Ridge(alpha=x).fit(rows, xs)\n    out.append(m.score(rows, xs))",
     {"guarded": ()}),
    ("df = pd.DataFrame({'a': [1]})\nfor i, row in df.iterrows():\n    out.append(row['a'] * 2)", {"guarded": ()}),
    ("df = pd.DataFrame({'a': [1]})\nfor name, g in df.groupby('a'):\n    out.append(g['a'].mean())", {"guarded": ()}),
    ("for x in xs:\n    v = [x]\n    out.append(v)\n    table[x] = v", {"reductions": ("out", "table")}),
    ("y = [double(x) for x in xs]", {"form": "list"}),
    ("y = {double(x) for x in xs if x}", {"form": "set"}),
    ("y = {x: double(x) for x in xs}", {"form": "dict"}),
    ("y = np.array([double(x) for x in xs])", {"form": "list"}),
    ("print(sum([double(x) for x in xs]))", {"form": "list"}),
    ("y = f'{[double(x) for x in xs]}'", {"form": "list"}),
    ("y = [(x, w) for x in xs for w in words if x]", {"form": "list"}),
    ("y = [sorted(r, key=lambda v: v + x) for x, r in zip(xs, rows)]", {"form": "list"}),
    ("y = [lambda v: v + K for x in xs]", {"form": "list"}),
    ("%%time\nfor x in xs:\n    out.append(x)", {"reductions": ("out",)}),
]  # fmt: skip

#: loop → words of the reason
REFUSED = [
    ("for x in xs:\n    if x:\n        break", "'break' ends it"),
    ("for x in xs:\n    y: int = x\n    out.append(y)\nprint(__annotations__)", "'y' is noted in __annotations__"),
    ("for x in xs:\n    y: int = x\n    out.append(y)\nglobals()['__annotations__']", "is noted in __annotations__"),
    ("for x in xs:\n    for y in rows:\n        pass\n    else:\n        break", "'break' ends it"),
    ("prev = 0\nfor x in xs:\n    out.append(prev)\n    prev = x", "'prev' carries a value"),
    ("for x in xs:\n    if x:\n        y = x\n    out.append(y)", "'y' carries a value"),
    ("for x in xs:\n    out.append(len(out))", "'out' is read"),
    ("n = 0\nfor x in xs:\n    n += x\n    print(n)", "'n' is read"),
    ("alias = out\nfor x in xs:\n    out.append(len(alias))", "'alias'"),
    ("box = [out]\nfor x in xs:\n    out.append(len(box[0]))", "'box'"),
    ("for k in table:\n    v = table[k]\n    v.append(1)", "'table', which all iterations share"),
    ("def fill(part, how):\n    part[part < 0] = how(part)\nfor w in words:\n    fill(rows[0], w)",
     "'rows', which all iterations share"),
    ("for x in xs:\n    log(x)", "'shared', which all iterations share"),
    ("for x in xs:\n    sorted(rows, key=log)", "'shared'"),
    ("for x in xs:\n    out.append(remember(x))", "'remember'"),
    ("for x in xs:\n    out.append(count_calls(x))", "'count_calls'"),
    (f"{COUNTER}for x in xs:\n    out.append(tick())", "keeps state"),
    (f"{RANKING.replace('max(found, key=score)', 'score')}for word in words:\n    out.append(texts[word].split())",
     "keeps state"),
    (f"{COUNTER}ticks = [tick]\nfor x in xs:\n    out.append(ticks[0]())", "keeps state"),
    ("for x in xs:\n    list(map(spoil, rows))", "'rows', which all iterations share"),
    ("for x in xs:\n    random.shuffle(shared)", "'shared'"),
    ("np.random.seed(1)\nfor x in xs:\n    out.append(np.random.rand())", "random number generator"),
    ("for x in xs:\n    if x:\n        np.random.seed(x)", "seeds the global"),
    ("rng = np.random.default_rng(1)\nfor x in xs:\n    out.append(rng.normal())", "'rng'"),
    ("from scipy import stats\nrng = np.random.default_rng(1)\nfor x in xs:\n"
     "    out.append(stats.norm.rvs(random_state=rng))", "'rng'"),
    ("for x in xs:\n    plt.plot([x])", "draws on figures"),
    ("for x in xs:\n    plt.plot([x])\n    plt.clf()", "draws on figures"),
    ("for x in xs:\n    fig, axes = plt.subplots(2)\n    for ax in axes:\n        ax.plot([x])\n    plt.close(fig)", "'ax' is a figure, or a part"),
    ("for x in xs:\n    fig = plt.figure()\n    out.append((x, fig))\n    plt.close(fig)", "'out' collects 'fig'"),
    ("for x in xs:\n    plt.connect('close_event', print)\n    plt.close()", "pyplot.connect draws on figures"),
    ("fig, axes = plt.subplots(3)\nfor ax, x in zip(axes, xs):\n    ax.plot([x])", "draws on figures"),
    ("for x in xs:\n    with open('log.txt', 'w') as f:\n        f.write(str(x))", "same place"),
    ("for x in xs:\n    name = 'log.txt'\n    with open(name, 'w') as f:\n        f.write(str(x))", "same place"),
    ("for x in xs:\n    with open(f'{x}.txt', 'a') as f:\n        f.write('1')", "same place"),
    ("for w in words:\n    if os.path.getmtime(w) < 1:\n        np.save(w, xs)", "looks for files (os.path.getmtime)"),
    ("for w in words:\n    if not os.path.exists(w):\n        os.makedirs(w)", "it makes folders (os.makedirs) and looks"),
    ("from pathlib import Path\nfor w in words:\n    p = Path('d') / w\n    p.parent.mkdir(exist_ok=True)\n    if not p.exists():\n"
     "        p.write_text('1')", "it makes folders (.mkdir) and looks"),
    ("for w in words:\n    if not os.path.exists(w):\n        pd.DataFrame({'n': xs}).to_parquet(w)", "can't be watched"),
    ("for w in words:\n    pd.read_parquet(w).to_parquet(w + '2')", "pandas.read_parquet uses can't be watched"),
    ("import subprocess\nfor w in words:\n    subprocess.run(['tool', w])\n    np.load(w)", "subprocess.run uses can't be watched"),
    ("for w in words:\n    pd.read_json(w, engine='pyarrow').to_csv(w + '2')", "can't be watched"),
    ("for x in xs:\n    os.remove('a')", "same place"),
    ("import numpy as np\nnp.setbufsize(16384)\nfor x in xs:\n    double(x)", "changes a module"),
    ("from unittest import mock\np = mock.patch('os.getcwd')\np.start()\nfor x in xs:\n    out.append(os.getcwd())", "changes a module"),
    ("import copyreg\ncopyreg.pickle(C, reduced)\nfor x in xs:\n    out.append(x)", "changes a module"),
    ("import mimetypes\nmimetypes.add_type('a/b', '.x')\nfor x in xs:\n    out.append(mimetypes.guess_type('a.x'))", "changes a module"),
    ("import warnings\nfor x in xs:\n    with warnings.catch_warnings(record=True) as w:\n        double(x)\n    out.append(len(w))", "changes settings"),
    ("import pandas as pd\nfor x in xs:\n    with pd.option_context('a', 1):\n        pd.set_option('b', x)", "changes settings"),
    ("import numpy as np\ndef kept(x):\n    with np.errstate(all='ignore'):\n        yield x\nfor x in xs:\n    out.append(list(kept(x)))", "changes settings"),
    ("import h5py\nfor x in xs:\n    with h5py.File('all.h5', 'a') as f:\n        f.create_dataset(str(x), data=x)", "same place"),
    ("import h5py\nfor x in xs:\n    h5py.File(f'{x}.h5', mode='r+')", "same place"),
    ("import shelve\nfor x in xs:\n    with shelve.open('kept') as kept:\n        kept[str(x)] = x", "same place"),
    ("for x in xs:\n    os.makedirs('d')", "same place"),
    ("for x in xs:\n    os.makedirs('d', exist_ok=x)", "same place"),
    ("for x in xs:\n    print(os.listdir('.'))\n    os.makedirs('d', exist_ok=True)", "same place"),
    ("for x in xs:\n    try:\n        table[x] += 1\n    except KeyError:\n        pass", "inside 'try'"),
    ("import contextlib\nfor x in xs:\n    with contextlib.suppress(KeyError):\n        table[x] += 1", "inside 'try' or 'with'"),
    ("for x in xs:\n    xs.append(x)", "while it iterates over it"),
    ("best = 9\nfor x in xs:\n    y = double(x)\n    best = min(best, y, key=lambda t: abs(t - x))", "looks at 'x'"),
    ("for x in xs:\n    double(x)\n    if len(xs) < 20:\n        xs.append(len(out))\n    out.append(x)", "may be or hold what it iterates"),
    ("also = xs\nfor x in xs:\n    also.append(x)", "may be or hold what it iterates"),
    ("for x in enumerate(xs):\n    xs.append(1)", "while it iterates over it"),
    ("tmp = 1\nfor x in xs:\n    tmp = x\n    del tmp", "deletes 'tmp'"),
    ("e = 1\nfor x in xs:\n    try:\n        double(x)\n    except KeyError as e:\n        pass", "except clause deletes 'e'"),
    ("import os as e\nfor x in xs:\n    try:\n        double(x)\n    except KeyError as e:\n        pass", "except clause deletes 'e'"),
    ("for x in xs:\n    try:\n        double(x)\n    except KeyError as e:\n        pass\nprint(e)", "except clause deletes 'e'"),
    ("for x in xs:\n    del shared", "'shared' carries"),
    ("for shared[0] in xs:\n    pass", "assigned to shared[0]"),
    ("for plt.x in xs:\n    pass", "assigned to plt.x"),
    ("y = [0 for table['x'] in xs]", "assigned to table['x']"),
    ("def f(x, known={}):\n    known[x] = x\n    return known\nfor x in xs:\n    out.append(f(x))", "known[x]"),
    ("for x in xs:\n    setattr(double, 'n', x)", "'double'"),
    ("for x in xs:\n    table.setdefault(x, []).append(1)", "'table'"),
    ("from sklearn.linear_model import Ridge\nm = Ridge()\nfor x in xs:\n    m.fit(rows, xs)", "'m'"),
    ("from sklearn.pipeline import Pipeline\nfrom sklearn.linear_model import Ridge\nr = Ridge()\np = Pipeline([('r', r)])\n"
     "for x in xs:\n    p.fit(rows, xs)\n    out.append(r.coef_)", "changed by .fit()"),
    ("for x in xs:\n    exec('y = x')", "may do anything"),
    ("for x in xs:\n    _", "output history"),
    ("for x in xs:\n    os.environ['X'] = str(x)", "changes settings"),
    ("for x in xs:\n    np.pi = x", "changes a module (numpy.pi)"),
    ("for x in xs:\n    pd.set_option('display.width', x)", "changes settings"),
    ("for x in xs:\n    class C:\n        pass", "defines class"),
    ("for x in xs:\n    input()", "state of the process"),
    ("total = [0]\ndef bump():\n    global K\n    K += 1\nfor x in xs:\n    bump()", "'K' carries"),
    ("y = [(z := x) for x in xs]", "it sets 'z'"),
    ("y = [lambda: x for x in xs]", "only when they are called"),
    ("y = [list(r) for x, r in zip(xs, rows) for f in [lambda: x]]", "only when they are called"),
    ("it = iter(xs)\nfor x in xs:\n    out.append(next(it))", "'it'"),
    ("g = (x for x in xs)\nfor x in xs:\n    out.append(list(g))", "'g'"),
    ("for x in xs:\n    np.add(shared, x, shared)", "'shared'"),
    ("arr = np.zeros(3)\nfor x in xs:\n    np.multiply(arr, x, out=arr)", "'arr'"),
    ("df = pd.DataFrame()\nfor x in xs:\n    df.drop(x, inplace=True)", "'df'"),
    ("df = pd.DataFrame()\nfor x in xs:\n    df['c'] = x\n    out.append(df.sum())", "'df'"),
    ("class A:\n    n = 0\nfor x in xs:\n    A.n += 1", "'A'"),
    ("class A:\n    seen = []\nfor x in xs:\n    A.seen.append(x)", "changed by .append()"),
    ("class A:\n    def add(self, x):\n        self.x = x\na = A()\nfor x in xs:\n    a.add(x)", "'a'"),
    ("class A:\n    def __enter__(self):\n        shared.append(1)\n    def __exit__(self, *e):\n        pass\na = A()\n"
     "for x in xs:\n    with a:\n        y = shared[0]", "'shared'"),
    ("class A:\n    def __getitem__(self, i):\n        self.last = i\n        return i\na = A()\nfor x in xs:\n    out.append(a[x])",
     "'a'"),
    ("class A:\n    @property\n    def p(self):\n        shared.append(1)\n        return 1\na = A()\nfor x in xs:\n"
     "    out.append(a.p)", "'shared'"),
    ("fs = [log]\nfor x in xs:\n    fs[0](x)\n    y = shared[0]", "'shared'"),
    ("class A:\n    def run(self):\n        shared.append(1)\nobjects = [A()]\nfor x in xs:\n    objects[0].run()", "'shared'"),
    ("def outer(x):\n    def inner(row):\n        row.append(x)\n    inner(shared)\nfor x in xs:\n    outer(x)", "'shared'"),
    ("df = pd.DataFrame()\nfor x in xs:\n    df.apply(log)", "'shared'"),
    ("for x in xs:\n    with suppress_all():\n        y = x\n    out.append(y)", "'y' carries"),
    ("from joblib import Memory\nkept = Memory('c').cache(double)\nfor x in xs:\n    out.append(kept(x))", "kept(), which keeps its results"),
    ("import joblib\nmemory = joblib.Memory('c')\n@memory.cache(ignore=['y'])\ndef f(x, y): return x\nfor x in xs:\n    out.append(f(x, 1))", "f(), which keeps its results"),
    ("x0 = 0\nfor x in xs:\n    if 0 < x < (x0 := x):\n        pass\n    out.append(x0)", "'x0' carries"),
    ("def even(n):\n    shared.append(n)\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n != 0 and even(n - 1)\n"
     "for x in xs:\n    odd(x)", "'shared'"),
    ("h = np.zeros(1)\nfor x in xs:\n    h = np.append(h, 2 * x)", "'h' carries a value from one iteration to the next, and all else"),
    ("n = 0\nfor x in xs:\n    n = 2 * n + x", "is done faster than it is sent"),
    ("from concurrent.futures import ThreadPoolExecutor\nex = ThreadPoolExecutor()\n"
     "for x in xs:\n    out.append(ex.submit(log, x))", "'ex.submit' hands each call"),
    ("from concurrent.futures import as_completed\nfor done in as_completed(xs):\n    out.append(done.result())",
     "what is done first"),
]  # fmt: skip

BEFORE = "def suppress_all():\n    import contextlib\n    return contextlib.suppress(Exception)"


@pytest.mark.parametrize(
    ("before", "loop", "function", "written"),
    [
        ("def put(k, v):\n    table[k] = v", "put(x, double(x))", "put", "table[x] = double(x)"),
        ("def put(k):\n    out.append(2 * k)\n    return k", "y = double(put(x))", "put", "out.append(double(x))"),
        ("def put(t, k):\n    t[k] = double(k)", "put(table, x)", "put", "table[x] = double(x)"),
        ("df = pd.DataFrame({'a': xs})\ndef put(df, i):\n    df.loc[i, 'b'] = double(i)", "put(df, x)", "put", "df.loc[x, 'b'] = double(x)"),
    ],
)  # fmt: skip
def test_what_a_function_fills_is_to_be_returned(before, loop, function, written):
    refused = judge(f"for x in xs:\n    {loop}", before)
    assert isinstance(refused, Refusal)
    assert refused.reason.endswith(f" in {function}()")
    assert refused.remedy.startswith(f"Have {function}() return what it puts into")
    assert isinstance(judge(f"for x in xs:\n    {written}", before), Split)


@pytest.mark.parametrize(("source", "facts"), LEGAL, ids=[row[0] for row in LEGAL])
def test_loop_can_be_split(source: str, facts: dict[str, object] | None) -> None:
    verdict = judge(source)
    if facts is None:
        assert isinstance(verdict, Refusal)
        return
    assert isinstance(verdict, Split), verdict
    assert {key: getattr(verdict, key) for key in facts} == facts


@pytest.mark.parametrize(("source", "reason"), REFUSED, ids=[row[0] for row in REFUSED])
def test_loop_has_to_run_whole(source: str, reason: str) -> None:
    verdict = judge(source, BEFORE)
    assert isinstance(verdict, Refusal), verdict
    assert reason in verdict.reason
    assert verdict.remedy


def test_an_entry_that_is_read_back_is_to_be_put_into_a_variable_first():
    loop = (
        "import json\nfor x in xs:\n    table[x] = double(x)\n    out.append(json.dumps(table[x]))"
    )
    refused = judge(loop)
    assert isinstance(refused, Refusal)
    assert refused.remedy.endswith("value = ...; table[x] = value.")
    written = loop.replace("table[x] =", "value =").replace("table[x]", "value")
    assert isinstance(judge(written + "\n    table[x] = value"), Split)


@pytest.mark.parametrize(
    ("loop", "instead"),
    [
        ("for i in range(len(recs)):\n    recs[i]['y'] = recs[i]['x'] + 1", "i, item in enumerate(recs)"),
        ("for i in range(len(recs)):\n    recs[i]['ys'].append(recs[i]['x'])", "i, item in enumerate(recs)"),
        ("for k in by:\n    by[k].append(len(by[k]))", "k, item in by.items()"),
        ("for k in by.keys():\n    by[k].extend(by[k])", "k, item in by.items()"),
    ],
)  # fmt: skip
def test_items_that_are_looked_up_to_be_changed_are_to_be_looped_over(loop, instead):
    before = "recs = [{'x': n, 'ys': []} for n in range(9)]\nby = {n: [] for n in range(9)}"
    refused = judge(loop, before)
    assert isinstance(refused, Refusal)
    assert f"for {instead}, with 'item' for" in refused.remedy
    _, body = loop.split("\n")
    body = body.replace("recs[i]", "item").replace("by[k]", "item")
    split = judge(f"for {instead}:\n{body}", before)
    assert isinstance(split, Split)
    assert split.changes_items


def test_a_counter_that_costly_code_needs_is_to_be_counted_by_enumerate():
    refused = judge(
        "k = 0\nfor x in xs:\n    out.append(double(x + k))\n    print(double(k))\n    k += 1"
    )
    assert isinstance(refused, Refusal)
    assert refused.remedy == "Count with enumerate(): for k, x in enumerate(xs)."
    split = judge("for k, x in enumerate(xs):\n    out.append(double(x + k))\n    print(double(k))")
    assert isinstance(split, Split)


def test_columns_that_are_read_as_they_are_set_are_told_before_the_run():
    for loop in (
        "for x in xs:\n    table['a'] = table['a'] + x",
        "for x in xs:\n    table[f'{x}'] = double(table[f'{x}'])",
        "for x in xs:\n    table['sum'] = table['sum'] + table[x]",
    ):
        verdict = judge(loop)
        assert isinstance(verdict, Refusal), loop
    added = judge("for x in xs:\n    table[f'{x}'] = table['a'] + double(x)")
    assert isinstance(added, Split)
    assert [table.adds for table in added.tables] == ["others"]


def test_parameter_sweep_over_a_grid_of_numbers_is_exact() -> None:
    """A list of tuples of floats shares nothing with what the body collects."""
    grid = "frictions = [0.5, 0.55]\ngrid = [(float(d), f) for f, d in itertools.product(frictions, np.linspace(1, 2, 9))]"
    loop = (
        "records, sections = [], {}\n"
        "for drive, friction in grid:\n"
        "    section = np.empty((3, 3))\n"
        "    section[0] = drive * np.ones(3)\n"
        "    sections[drive, friction] = section\n"
        "    records.append({'drive': drive, 'mean': float(section.mean())})\n"
    )
    verdict = judge(loop, grid)
    assert isinstance(verdict, Split), verdict
    assert verdict.reductions == ("records", "sections")
    assert (verdict.guarded, verdict.identity_matters) == ((), False)


def test_results_that_are_changed_later_must_not_be_copies() -> None:
    source = "kept = []\nfor row in rows:\n    kept.append(row)\nkept[0].append(9)"
    verdict = judge(source)
    assert isinstance(verdict, Split)
    assert verdict.identity_matters


def test_unknown_code_is_guarded() -> None:
    verdict = judge("import mystery\nfor x in xs:\n    out.append(mystery.work(x, rows))")
    assert isinstance(verdict, Split)
    assert verdict.guarded == ("rows",)


@pytest.mark.parametrize(
    ("before", "loop", "is_refused"),
    [
        ("s.index.name = 'key'", "parts.append(s + x)", True),
        ("s.index.name = 'key'", "last = s + x", True),
        ("s.index.name = 'key'", "a[x] = s + len(a)", True),
        ("s.index.name = 'key'", "sums.append(float(x))", False),
        ("s = s.rename_axis('key')", "parts.append(s + x)", False),
        ("t = pd.read_csv('a.csv')\nt.index.name = 'key'", "parts.append(s + x)", False),
    ],
)
def test_tables_whose_axes_are_renamed_stay_in_one_process(before, loop, is_refused):
    tables = "import pandas as pd\ns = pd.Series([1, 2])\nparts, sums, last, a = [], [], None, {}"
    verdict = judge(f"for x in range(3):\n    {loop}", tables, before)
    assert isinstance(verdict, Refusal) == is_refused, verdict
    if isinstance(verdict, Refusal):
        assert "renames axes in place" in verdict.reason


@pytest.mark.parametrize(
    ("before", "loop", "call"),
    [
        ("lib.set_mode('x')", "lib.work(x)", "lib.set_mode()"),
        ("lib.set_mode('x')", "model.work(x)", "lib.set_mode()"),
        ("lib.config.update('x', 64)", "lib.work(x)", "lib.config.update()"),
        ("lib.enable_x64()", "lib.work(x)", "lib.enable_x64()"),
        ("register_thing(1)", "lib.work(x)", "lib.register_thing()"),
        ("def f():\n    lib.use('x')", "lib.work(x)", ""),
        ("def f():\n    lib.use('x')\nf()", "lib.work(x)", "lib.use()"),
        ("lib.set_mode('x')", "double(x)", ""),
        ("lib.show(1)", "lib.work(x)", ""),
        (
            "@numba.extending.overload(len)\ndef size(x):\n    return None",
            "lib.work(x)",
            "numba.extending.overload()",
        ),
        ("model.set_params(1)", "lib.work(x)", ""),
        ("y = lib.settle(1)", "lib.work(x)", ""),
        ("y = lib.use(1)", "lib.use(x)", ""),
    ],
)
def test_loop_with_unseen_code_after_a_library_was_told_something_runs_whole(before, loop, call):
    imports = "import lib\nimport numba\nfrom lib import register_thing\nmodel = lib.Model()"
    verdict = judge(f"for x in xs:\n    out.append({loop})", imports, before)
    assert isinstance(verdict, Refusal) == bool(call)
    if call:
        assert (
            f"the notebook calls {call}, whose effect other workers may not see" in verdict.reason
        )
