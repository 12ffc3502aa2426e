"""Hand-written notebooks, one row per surprise. Every row must end as it does top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Cell = str | tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Row:
    """``splits`` is how many loops must really run in batches; None where that is left open.

    ``in_process`` is false where two shells in one process would get in each other's way, ``gap`` says what
    doesn't work yet.
    """

    cells: tuple[Cell, ...]
    splits: int | None = None
    on_ray: bool = True
    in_process: bool = True
    gap: str = ""


def _row(*cells: Cell, **facts: Any) -> Row:
    return Row(cells, **facts)


def split(source: str, batches: object = 3) -> str:
    """The cell with the annotations that split its loops into small batches."""
    return f"# split: part\n# batches: {batches}\n{source}"


REDUCTIONS = {
    "append": _row(
        "out = []", split("for x in range(10):\n    out.append(x * x)"), "print(out)", splits=1
    ),
    "extend and plus": _row(
        "a, b = [0], [9]\nalias = a",
        split("for x in [1, 2, 3, 4]:\n    a.extend([x, -x])\n    b += [x] * x"),
        "print(a, b, alias is a)",
        splits=1,
    ),
    "dict items": _row(
        "d = {'old': 0, 3: 'kept place'}",
        split("for k in [5, 3, 1, 5]:\n    d[k] = [k]\n    d.update({-k: k})"),
        "print(d)",
        splits=1,
    ),
    "sets": _row(
        "s = set()", split("for x in range(9):\n    s.add(x % 4)\n    s.update({x})"), "s", splits=1
    ),
    "float sum": _row(
        "total = 0.1\nn = 0",
        split("for x in [0.1, 1e16, -1e16, 0.3, 1e-9]:\n    total += x\n    n += 1"),
        "print(repr(total), n)",
        splits=1,
    ),
    "other operators": _row(
        "p, q, b = 1, 1.5, 0",
        split("for x in range(1, 8):\n    p *= x\n    q -= x\n    b |= 1 << x"),
        "print(p, q, b)",
        splits=1,
    ),
    "string": _row(
        "text = '>'", split("for c in 'häßlich':\n    text += c.upper()"), "text", splits=1
    ),
    "array items": _row(
        "import numpy as np\na = np.zeros(10)\nview = a[2:5]",
        split("for i in range(10):\n    a[i] = i ** 2\n    a[i] += 0.5"),
        "print(a, view)",
        splits=1,
    ),
    "array rows": _row(
        "import numpy as np\na = np.zeros((6, 3), dtype=np.float32)",
        split("for i in range(6):\n    a[i] = np.arange(3) * i\n    a[i, 1:] = 7"),
        "print(a, a.dtype)",
        splits=1,
    ),
    "array sum in place": _row(
        "import numpy as np\nacc = np.zeros(4)\nalias = acc",
        split("for i in range(7):\n    acc += np.full(4, i / 3)"),
        "print(acc, alias is acc)",
        splits=1,
    ),
    "counter and defaultdict": _row(
        "from collections import Counter, defaultdict, deque\n"
        "c, groups, last = Counter(), defaultdict(list), deque(maxlen=3)",
        split(
            "for word in 'the cat the dog a cat'.split():\n    c[word] += 1\n"
            "    groups[len(word)].append(word)\n    last.append(word)"
        ),
        "print(c.most_common(), dict(groups), last)",
        splits=1,
    ),
    "nested lists": _row(
        "items = [[1, 2], [], [3], [4, 5, 6]]\nresults = []",
        split(
            "for batch in items:\n    row = []\n    for x in batch:\n        row.append(x * 10)\n"
            "    results.append(row)"
        ),
        "print(results, row, batch)",
        splits=1,
    ),
    "list of lists by index": _row(
        "rows = [[] for _ in range(3)]",
        split("for i in range(9):\n    rows[i % 3].append(i)"),
        "print(rows)",
        splits=1,
    ),
    "one value in two accumulators": _row(
        "a, b = [], []",
        split("for i in range(5):\n    v = [i]\n    a.append(v)\n    b.append(v)"),
        "a[1].append('seen in both')\nprint(b)",
    ),
    "shared object collected": _row(
        "shared = [0]\nout = []",
        split("for i in range(4):\n    out.append(shared)"),
        "shared.append(1)\nprint(out, out[0] is out[3])",
    ),
    "items collected": _row(
        "class P:\n    pass\nps = [P() for _ in range(6)]\nchosen = []",
        split("for i, p in enumerate(ps):\n    if i % 2:\n        chosen.append(p)"),
        "print([p in ps for p in chosen], ps[1] is chosen[0])",
    ),
    "parts of items collected": _row(
        "rows = [{'xs': [i], 'n': i} for i in range(5)]\nfound = {}",
        split("for row in rows:\n    found[row['n']] = row['xs']"),
        "found[2].append('new')\nprint(rows)",
    ),
    "comprehensions": _row(
        "xs = [3, 1, 2, 3]",
        split(
            "a = [x + 1 for x in xs if x > 1]\nb = {x: [x] for x in xs}\nc = {x % 2 for x in xs}"
        ),
        "print(a, b, c)",
        splits=3,
    ),
    "nested comprehension": _row(
        "xs = [[1, 2], [], [3]]", split("flat = [y * 2 for x in xs for y in x]"), "flat", splits=1
    ),
    "two loops in a cell": _row(
        split(
            "out = []\nfor x in range(5):\n    out.append(x)\nprint('between', out)\n"
            "total = 0\nfor x in out:\n    total += x\nprint(total)"
        ),
        "print(x)",
        splits=2,
    ),
    "loop fed by the one before": _row(
        "def f(x):\n    return x + 1",
        split("ys = []\nfor x in range(6):\n    ys.append(f(x))"),
        split("zs = []\nfor y in ys:\n    zs.append(f(y))"),
        "print(sum(zs))",
        splits=2,
    ),
}

ITERATION = {
    "last iteration's values": _row(
        "xs = [10, 20, 30, 40]",
        split("for i, x in enumerate(xs):\n    last = [x]\n    if x < 25:\n        small = x"),
        "print(i, x, last, small)",
        splits=1,
    ),
    "names not written stay": _row(
        "y = 'before'\nxs = [1, 2, 3, 4]",
        split("for x in xs:\n    if x == 2:\n        y = 'set'"),
        "print(y, x)",
        splits=1,
    ),
    "empty iterable": _row(
        "x = 'old'\nout = []",
        split("for x in []:\n    out.append(x)\n    y = 1\nelse:\n    print('else')"),
        split("e = [x for x in []]"),
        "print(x, out, e, 'y' in dir())",
    ),
    "empty and unbound": _row("zs = []", split("for z in zs:\n    w = z"), "w = 1\nprint(w)"),
    "continue": _row(
        "out = []",
        split(
            "for x in range(10):\n    if x % 3:\n        continue\n    out.append(x)\n    seen = x"
        ),
        "print(out, x, seen)",
        splits=1,
    ),
    "else clause": _row(
        "n = 0", split("for x in range(4):\n    n += x\nelse:\n    n += 100"), "n", splits=1
    ),
    "break": _row(
        "out = []",
        split("for x in range(9):\n    if x == 4:\n        break\n    out.append(x)"),
        "print(out, x)",
        splits=0,
    ),
    "carried state": _row(
        "prev = 0\nout = []",
        split("for x in range(6):\n    out.append(x - prev)\n    prev = x"),
        "print(out, prev)",
        splits=0,
    ),
    "enumerate zip items": _row(
        "a, b, d = [1, 2, 3, 4], 'wxyz', {'k': [1], 'l': [2], 'm': [3]}\nout = []",
        split(
            "for i, (x, y) in enumerate(zip(a, b), start=5):\n    out.append((i, x, y))\n"
            "for k, v in d.items():\n    out.append((k, v))\n"
            "for k in sorted(d, reverse=True):\n    out.append(k)"
        ),
        "print(out)",
        splits=3,
    ),
    "generator": _row(
        "def gen():\n    for i in range(5):\n        print('made', i)\n        yield i\nout = []",
        split("for x in gen():\n    print('got', x)\n    out.append(x)"),
        "print(out)",
    ),
    "iterator used up": _row(
        "it = iter([1, 2, 3, 4])\nout = []",
        split("for x in it:\n    out.append(x)"),
        "print(out, list(it))",
    ),
    "half an iterator": _row(
        "it = iter(range(10))\nnext(it), next(it)",
        split("out = [x for x in it]"),
        "print(out, next(it, 'none left'))",
    ),
    "map and filter": _row(
        "calls = []\ndef f(x):\n    calls.append(x)\n    return x * 2\nout = []",
        split("for x in map(f, [1, 2, 3, 4]):\n    out.append((x, len(calls)))"),
        "print(out, calls)",
    ),
    "array rows iterated": _row(
        "import numpy as np\nm = np.arange(12.0).reshape(4, 3)\nout = []",
        split("for row in m:\n    out.append(row.sum())"),
        "print(out, type(out[0]))",
        splits=1,
    ),
    "rows that are views": _row(
        "import numpy as np\nm = np.arange(12.0).reshape(4, 3)\nout = []",
        split("for row in m:\n    out.append(row)"),
        "m[:] = 0\nprint(out)",
    ),
    "frame rows": _row(
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3], 'b': list('xyz')})\nout = []",
        split("for i, row in df.iterrows():\n    out.append((i, row.a, row['b']))"),
        "print(out)",
    ),
    "items changed in place": _row(
        "frames = [[i] for i in range(5)]\nalias = frames[2]",
        split("for f in frames:\n    f.append('done')"),
        "print(frames, alias)",
    ),
    "list grows while iterated": _row(
        "xs = [1, 2, 3]",
        split("for x in xs:\n    if len(xs) < 6:\n        xs.append(x * 10)"),
        "print(xs, x)",
        splits=0,
    ),
    "batches by name": _row(
        "param_n = 2\nout = []",
        split("for x in range(7):\n    out.append(x)", "param_n"),
        "out",
        splits=1,
    ),
}

OUTPUT = {
    "order of prints": _row(
        split("for x in range(6):\n    print('item', x)\nprint('after')"), splits=1
    ),
    "stderr between": _row(
        "import sys",
        split(
            "for x in range(4):\n    print(x)\n    print(-x, file=sys.stderr)\n    print(x, end=' ')"
        ),
        splits=1,
    ),
    "display in order": _row(
        "from IPython.display import display, HTML",
        split("for x in range(5):\n    display(HTML(f'<b>{x}</b>'))\n    print(x)"),
        splits=1,
    ),
    "prints around an error in the merge": _row(
        "acc = [0]",
        split(
            "for x in [1, 2, 'three', 4]:\n    print('at', x)\n    acc[0] += x\n    print('past', x)"
        ),
        "print(acc)",
    ),
    "execute result": _row("a = 2", "a\na + 1", "a;"),
    "last value": _row("3", "print(_ + 1)\nOut[1]"),
    "warnings once per place": _row(
        "import warnings\nwarnings.simplefilter('default')",
        split("for x in range(4):\n    warnings.warn('old thing')\n    print(x)"),
        "warnings.warn('other')",
    ),
    "figures": _row(
        "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "plt.plot([1, 2])\nplt.title('one')",
        split("for x in range(2):\n    fig, ax = plt.subplots()\n    ax.plot([x])\n    plt.show()"),
        "fig, ax = plt.subplots()\nprint('before')",
        "ax.plot([3, 4])\nfig",
        in_process=False,
    ),
    "time": _row("xs = []", "%%time\nfor i in range(3):\n    xs.append(i)", "xs"),
    "capture": _row(
        "%%capture seen\nprint('hidden')",
        "print(seen.stdout)\nseen.show()",
        "%%capture more\n# split: captured\n# batches: 2\nfor i in range(4):\n    print('c', i)",
        "print(more.stdout)",
    ),
    "clear output": _row(
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('stays')"
    ),
    "display updated": _row(
        "h = display('first', display_id='one')", "h.update('second')\nprint('x')"
    ),
    "settings of printing": _row(
        "import numpy as np\nnp.set_printoptions(precision=2)",
        split("for x in range(4):\n    print(np.array([x / 3]))"),
        "print(np.array([1 / 3]))",
        splits=1,
    ),
}

ERRORS = {
    "at an item": _row(
        "xs = [1, 2, 0, 4, 0]\nout = []",
        "before = 'finished'\nprint(before)",
        split("for x in xs:\n    print('doing', x)\n    out.append(1 / x)"),
        "print('never')",
    ),
    "in a function": _row(
        "def inner(x):\n    return {}[x]\ndef outer(x):\n    return inner(x) + 1",
        split("for x in range(5):\n    y = x if x < 3 else outer(x)"),
        "print('never')",
    ),
    "chained": _row(
        split(
            "for x in [2, 1, 0]:\n    try:\n        1 / x\n    except ZeroDivisionError as e:\n"
            "        raise ValueError(f'bad {x}') from e"
        )
    ),
    "of a class of the notebook": _row(
        "class Mine(Exception):\n    def __init__(self, a, b):\n        super().__init__(f'{a}/{b}')",
        split("for x in range(4):\n    if x == 2:\n        raise Mine(x, 'b')"),
    ),
    "in a comprehension": _row("xs = [1, 0, 2]", split("ys = [1 / x for x in xs]"), "print(ys)"),
    "in the iterable": _row(split("for x in [1, 2][5]:\n    pass")),
    "not iterable": _row(split("for x in 5:\n    print(x)")),
    "in the merge": _row("d = {}", split("for x in [1, [2], 3]:\n    d[x] = 1"), "d"),
    "unpacking": _row(split("for a, b in [(1, 2), (3, 4), (5,), (6, 7)]:\n    print(a, b)")),
    "set of unhashables": _row(split("s = {x for x in [(1,), [2], (3,)]}")),
    "system exit": _row(
        split("for x in range(3):\n    if x == 1:\n        raise SystemExit(3)"), in_process=False
    ),
    "raises-exception": _row(
        ("print('a')\n1 / 0", ("raises-exception",)),
        "print('goes on')",
    ),
    "raises-exception in a split": _row(
        "out = []",
        (split("for x in [1, 2, 0, 3]:\n    out.append(1 / x)"), ("raises-exception",)),
        "print(out, x)",
    ),
    "caught around the loop": _row(
        "out = []\ntry:\n    for x in [1, 0]:\n        out.append(1 / x)\nexcept ZeroDivisionError:\n"
        "    print('caught', out)"
    ),
    "in a plain cell": _row("x = 1", "y = x / 0", "print('never')"),
    "name error": _row("if False:\n    late = 1", "print(late)"),
}

VALUES = {
    "lock between cells": _row(
        "import threading\nlock = threading.Lock()\nout = []",
        split("for x in range(4):\n    with lock:\n        out.append(x)"),
        "print(out, lock.locked())",
    ),
    "generator between cells": _row(
        "g = (i * i for i in range(10))", "a = next(g)", "b = next(g)\nprint(a, b, sum(g))"
    ),
    "connection": _row(
        "import sqlite3\ndb = sqlite3.connect(':memory:')",
        "db.execute('create table t (x)')",
        split("for x in range(5):\n    db.execute('insert into t values (?)', (x,))"),
        "print(db.execute('select sum(x) from t').fetchone())",
    ),
    "open file": _row(
        "import tempfile\nf = tempfile.TemporaryFile('w+')",
        split("for x in range(4):\n    f.write(f'{x}\\n')"),
        "f.seek(0)\nprint(f.read())\nf.close()\ndel f",
    ),
    "instances and isinstance": _row(
        "class A:\n    def __init__(self, n):\n        self.n = n\n    def __repr__(self):\n"
        "        return f'A({self.n})'\nclass B(A):\n    pass",
        split("made = []\nfor i in range(6):\n    made.append(B(i) if i % 2 else A(i))"),
        "print([isinstance(m, B) for m in made], type(made[0]) is A, made)",
        "class A:\n    pass",
        "print(isinstance(made[0], A))",
        splits=1,
    ),
    "class redefined later": _row(
        "class C:\n    def f(self):\n        return 'old'\nc = C()",
        split("xs = [c.f() for _ in range(4)]"),
        "class C:\n    def f(self):\n        return 'new'",
        split("ys = [C().f() + c.f() for _ in range(4)]"),
        "print(xs, ys)",
    ),
    "dataclass, namedtuple, enum": _row(
        "from dataclasses import dataclass\nfrom typing import NamedTuple\nimport enum\n"
        "@dataclass\nclass D:\n    x: int\nclass N(NamedTuple):\n    x: int\n"
        "class E(enum.Enum):\n    A = 1\n    B = 2",
        split("out = []\nfor i in range(4):\n    out.append((D(i), N(i), E.A if i % 2 else E.B))"),
        "print(out, out[0][2] is E.B, out[1][0] == D(1), isinstance(out[0][1], N))",
        splits=1,
    ),
    "function redefined": _row(
        "def f(x):\n    return x + 1\ndef g(x):\n    return f(x) * 10",
        split("a = [g(x) for x in range(4)]"),
        "def f(x):\n    return x - 1",
        split("b = [g(x) for x in range(4)]"),
        "print(a, b)",
        splits=2,
    ),
    "recursion": _row(
        "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)",
        split("a = [fib(n) for n in range(12)]"),
        "a",
        splits=1,
    ),
    "lambda, closure and decorator": _row(
        "import functools\ndef times(k):\n    def inner(x):\n        return x * k\n    return inner\n"
        "def loud(f):\n    @functools.wraps(f)\n    def wrapped(*a):\n        print('call', a)\n"
        "        return f(*a)\n    return wrapped\n@loud\ndef h(x):\n    return sq(x) + three(x)\n"
        "sq = lambda x: x * x\nthree = times(3)",
        split("a = []\nfor x in range(4):\n    a.append(h(x))"),
        "print(a)",
    ),
    "function changes a global": _row(
        "calls = 0\ndef f(x):\n    global calls\n    calls += 1\n    return x + calls",
        split("a = []\nfor x in range(5):\n    a.append(f(x))"),
        "print(a, calls)",
        splits=0,
    ),
    "function changes its argument": _row(
        "def push(xs, x):\n    xs.append(x)\nout = []",
        split("for x in range(5):\n    push(out, x)"),
        "print(out)",
    ),
    "default mutable argument": _row(
        "def remember(x, seen=[]):\n    seen.append(x)\n    return len(seen)",
        split("a = [remember(x) for x in range(5)]"),
        "print(a, remember(0))",
    ),
    "function with state of its own": _row(
        "def f(x):\n    f.n = getattr(f, 'n', 0) + 1\n    return f.n",
        split("a = [f(x) for x in range(4)]"),
        "print(a, f.n)",
    ),
    "cached function": _row(
        "import functools\n@functools.lru_cache(None)\ndef f(x):\n    print('computing', x)\n    return x",
        split("a = [f(x % 3) for x in range(6)]"),
        "print(a, f.cache_info())",
    ),
    "global used by a function, bound later": _row(
        "def f(x):\n    return x * K",
        "K = 3",
        split("a = [f(x) for x in range(5)]"),
        "K = 4",
        "print(a, f(1))",
        splits=1,
    ),
    "aliases and views": _row(
        "import numpy as np\na = np.arange(6.0)\nb = a[::2]\nc = [a]\nd = {'a': a}",
        "b[0] = 50\na[5] = -1",
        "print(c, d, a)",
        split("out = []\nfor i in range(3):\n    out.append(b[i])"),
        "c[0][:] = 0\nprint(b, out, d)",
    ),
    "random seeded": _row(
        "import random\nimport numpy as np\nrandom.seed(3)\nnp.random.seed(4)",
        split("a = []\nfor i in range(5):\n    a.append(random.random() + np.random.rand())"),
        "print(a, random.random(), np.random.rand())",
        splits=0,
    ),
    "random generators of one's own": _row(
        "import numpy as np\nrng = np.random.default_rng(5)",
        split("a = []\nfor i in range(4):\n    a.append(float(rng.random()))"),
        split("b = [float(np.random.default_rng([1, i]).random()) for i in range(4)]"),
        "print(a, b, rng.random())",
    ),
    "frames changed in place": _row(
        "import pandas as pd\nframes = [pd.DataFrame({'a': range(i + 1)}) for i in range(4)]\n"
        "first = frames[0]",
        split("for df in frames:\n    df['b'] = df['a'] * 2"),
        "print(first.columns.tolist(), frames[2])",
    ),
    "frame columns": _row(
        "import pandas as pd\ndf = pd.DataFrame({'x': range(5)})",
        split("for c in 'abc':\n    df[c] = df['x'] * ord(c)"),
        "df",
    ),
    "frames collected": _row(
        "import pandas as pd\nparts = []",
        split("for i in range(4):\n    parts.append(pd.DataFrame({'i': [i] * i, 's': 'x'}))"),
        "all_ = pd.concat(parts, ignore_index=True)\nprint(all_, all_.dtypes)",
        splits=1,
    ),
    "state in an object": _row(
        "class Counter:\n    def __init__(self):\n        self.n = 0\n    def up(self, k):\n"
        "        self.n += k\n        return self.n\nc = Counter()",
        split("a = []\nfor x in range(5):\n    a.append(c.up(x))"),
        "print(a, c.n)",
    ),
    "operator with state": _row(
        "class V:\n    made = 0\n    def __init__(self, x):\n        self.x = x\n"
        "    def __add__(self, o):\n        V.made += 1\n        return V(self.x + o.x)\n"
        "vs = [V(i) for i in range(5)]\none = V(1)",
        split("out = []\nfor v in vs:\n    out.append(v + one)"),
        "print([o.x for o in out], V.made)",
    ),
    "accumulator of one's own class": _row(
        "class Log(list):\n    def append(self, x):\n        super().append((len(self), x))\nlog = Log()",
        split("for x in 'abcd':\n    log.append(x)"),
        "print(log)",
    ),
    "nothing in particular": _row("import math", "r = 2", "print(math.pi * r ** 2)"),
    "batches by a name from elsewhere": _row(
        "def work(n):\n    return [i * n for i in range(n)]\nparam_n = 2",
        split("a = [work(i) for i in range(5)]", "param_n"),
        split("b = [work(i + 1) for i in range(5)]", "param_n"),
        "print(a, b)",
        splits=2,
    ),
    "parts kept by independent cells": _row(
        "class P:\n    pass\ndef pick(ps):\n    return [p for p in ps if hasattr(p, 'n')]\n"
        "ps = [P() for _ in range(3)]\nps[1].n = 1",
        "a = pick(ps)",
        "b = pick(ps)",
        "print(a[0] is b[0], a[0] in ps)",
    ),
    "independent cells": _row(
        "def work(n):\n    return sum(i * i for i in range(n))",
        "a = [work(200)]",
        "b = [work(100)]",
        "c = a + b\nprint(c)",
        "a.append(1)\nprint(c, a)",
    ),
    "independent cells that print": _row(
        "def work(n):\n    print('working on', n)\n    return list(range(n))",
        "a = work(3)",
        "b = work(2)",
        "a = work(1)",
        "print(a, b)",
    ),
    "independent failure": _row(
        "def work(n):\n    return [1 / n for _ in range(n + 1)]",
        "a = work(2)",
        "b = work(0)",
        "c = work(3)",
        "print(a, c)",
    ),
    "del and rebind": _row(
        "a = [1]\nb = a\ndel a", "a = [2]", "print(a, b)", "del b", "b = 5\nprint(b)"
    ),
    "exec": _row("exec('hidden = 41')", "seen = hidden + 1\nprint(seen)"),
    "star import": _row("from math import *", "print(floor(pi))"),
    "await": _row(
        "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + 1",
        "a = await f(1)\nb = await asyncio.gather(f(2), f(3))",
        split("c = []\nfor x in range(3):\n    c.append(await f(x))"),
        "print(a, b, c)",
    ),
    "skip and do not containerize": _row(
        "param_n = 3",
        ("n = 99\nprint('skipped')", ("skip-execution",)),
        "# (do not containerize!)\nparam_k = 4",
        "print(param_n)",
    ),
    "walrus and match": _row(
        "if (n := 4) > 3:\n    m = n\nmatch [1, (2, 3)]:\n    case [a, (b, c)]:\n        pass",
        split("out = []\nfor x in range(5):\n    if (sq := x * x) > 3:\n        out.append(sq)"),
        "print(n, m, a, b, c, out, sq)",
    ),
    "try inside": _row(
        "out, bad = [], []",
        split(
            "for x in [1, 0, 'a', 2]:\n    try:\n        y = 1 / x\n    except ZeroDivisionError:\n"
            "        bad.append(x)\n        continue\n    except TypeError as e:\n        bad.append(str(e))\n"
            "    else:\n        out.append(y)"
        ),
        "print(out, bad, y)",
        splits=1,
    ),
    "nan and minus zero": _row(
        split("out = [x * float('nan') if x else -0.0 for x in range(3)]"), "print(out)", splits=1
    ),
    "iterators are never copied": _row(
        "z = zip([1, 2, 3, 4], 'abcd')\ncalls = []",
        split("out = []\nfor i in range(2):\n    out.append(next(z))"),
        "print(out, list(z))",
    ),
    "value whose pickling fails": _row(
        "class Odd:\n    def __reduce__(self):\n        raise RuntimeError('no copies')\n"
        "    def get(self):\n        return 5\nodd = Odd()",
        split("out = []\nfor i in range(4):\n    out.append(odd.get() + i)"),
        "print(out)",
    ),
    "result whose pickling fails": _row(
        "class Odd:\n    def __init__(self, i):\n        self.i = i\n    def __reduce__(self):\n"
        "        raise RuntimeError('no copies')",
        split("out = []\nfor i in range(4):\n    out.append(Odd(i))"),
        "print([o.i for o in out])",
    ),
    "result that can't be rebuilt": _row(
        "class Mine(Exception):\n    def __init__(self, a, b):\n        super().__init__(f'{a}/{b}')\n"
        "def make(n):\n    return [Mine(i, n) for i in range(n)]",
        split("out = []\nfor i in range(4):\n    out.append(Mine(i, 0))"),
        "a = make(3)",
        "b = make(2)",
        "print(out, a, b)",
    ),
    "relocated after its input was bound again": _row(
        "import threading\nK = 1\ndef make(n):\n    return [threading.Lock(), n + K]",
        "a = make(3)",
        "b = make(4)",
        "K = 2\nprint(K)",
        "c = make(5)",
        "print(a[1], b[1], c[1], a[0].locked(), K)",
    ),
    "relocated after later cells ran": _row(
        "x = [1]\ndef make(ns):\n    return [iter(ns), len(ns)]",
        "a = make(x)",
        "b = make([1, 2])",
        "x = [1, 2, 3]",
        "x.append(4)\nprint(x)",
        "c = make(x)",
        "print(list(a[0]), list(b[0]), list(c[0]), x)",
    ),
    "lambdas that look names up late": _row(
        split("out = []\nfor x in range(4):\n    y = x * 2\n    out.append(lambda: (x, y))"),
        "x = 'new'\nprint([f() for f in out])",
    ),
    "two names of one object": _row(
        "xs = [2, 2]\ndef work(q):\n    return [i for i in range(50)]",
        "d = xs",
        "e = [d is q for q in (xs, [0])]",
        "f = work(1)",
        "print(e, len(f))",
    ),
    "iterators between cells": _row(
        "import itertools\ndef work(n):\n    return list(range(n))\nit = itertools.count(5)\n"
        "zs = zip('abc', [1, 2, 3])\nes = enumerate('xy')\nms = map(str, [7, 8])",
        "a = [next(it) for _ in work(2)]",
        "b = [next(it) for _ in work(3)]",
        "c = [z for z in zs]",
        "d = list(es) + list(ms) + list(zs)",
        "print(a, b, c, d, next(it))",
    ),
    "iterator read by a split loop": _row(
        "import itertools\nit = itertools.cycle([1, 2, 3])\ndef take():\n    return next(it)",
        split("out = []\nfor i in range(5):\n    out.append(take() + i)"),
        "print(out, next(it))",
    ),
    "main module name": _row(
        "def f():\n    return __name__", split("a = [f() for _ in range(3)]"), "print(a, __name__)"
    ),
    "environment": _row(
        "import os\nos.environ['NB_FLAG'] = 'yes'",
        split("a = []\nfor i in range(3):\n    a.append(os.environ['NB_FLAG'])"),
        "print(a)",
        splits=1,
    ),
    "identity asked for": _row(
        "base = [1]\nxs = [base, [2], base]",
        split("out = []\nfor x in xs:\n    out.append(x)"),
        "print(out[0] is base, out[0] is out[2], out[1] is xs[1])",
    ),
}

TABLE = {
    f"{group}: {name}": row
    for group, rows in (
        ("reductions", REDUCTIONS),
        ("iteration", ITERATION),
        ("output", OUTPUT),
        ("errors", ERRORS),
        ("values", VALUES),
    )
    for name, row in rows.items()
}
