"""What names are bound to: objects, aliases, definitions, state."""

from __future__ import annotations

from notebook_row import row, split, written

ROWS = {
    "variable of a loop in the loop that is never empty": written(
        """
        # split:
        history = []
        for rate in [0.5, 0.2, 0.0]:
            w = 1.0
            for epoch in range(9):
                w *= 1 - rate
                if w < 0.1:
                    break
            for name, (low, high) in [("a", (1, 2)), ("b", (3, 4))]:
                if rate:
                    continue
            history.append((epoch, w, name, low + high))
        ---
        print(history, epoch, name)
        """,
        splits=1,
    ),
    "variable of a loop in the loop that its body unbinds, or that may be empty": written(
        """
        # split:
        history, epoch = [], 7
        for x in [1, 0, 2]:
            for epoch in range(2):
                try:
                    1 / x
                except ZeroDivisionError as epoch:
                    pass
            try:
                history.append(epoch)
            except NameError:
                history.append(None)
        # split:
        step = 7
        for x in [1, 0, 2]:
            for step in range(x):
                pass
            history.append(step)
        ---
        print(history)
        """,
        splits=0,
    ),
    "lock between cells": row(
        "import threading\nlock = threading.Lock()\nout = []",
        split("for x in range(4):\n    with lock:\n        out.append(x)"),
        "print(out, lock.locked())",
    ),
    "generator between cells": row(
        "g = (i * i for i in range(10))", "a = next(g)", "b = next(g)\nprint(a, b, sum(g))"
    ),
    "connection": row(
        "import sqlite3\ndb = sqlite3.connect(':memory:')",
        "db.execute('create table t (x)')",
        split("for x in range(5):\n    db.execute('insert into t values (?)', (x,))"),
        "print(db.execute('select sum(x) from t').fetchone())",
    ),
    "open file": row(
        "import tempfile\nf = tempfile.TemporaryFile('w+')",
        split("for x in range(4):\n    f.write(f'{x}\\n')"),
        "f.seek(0)\nprint(f.read())\nf.close()\ndel f",
    ),
    "file that a function writes to": row(
        "import time\nfrom pathlib import Path\nf = open('log.txt', 'w')",
        "def log(text):\n    f.write(text)\n    f.flush()",
        "time.sleep(0.3)\nlog('a')",
        "# group: a\nearly = Path('log.txt').read_text()",
        "log('b')",
        "# group: a\nlate = Path('log.txt').read_text()",
        split("for k in range(4):\n    log(str(k))", 2),
        "f.close()\nprint(early, late, Path('log.txt').read_text())",
        splits=0,
    ),
    "file under several names": row(
        "from pathlib import Path\nf = open('x.txt', 'w')\ng, box = f, [f]",
        "_ = g.write('1')",
        "_ = box[0].write('2')",
        "_ = f.write('3')",
        "with f:\n    f.write('4')",
        "# group: a\ntext = Path('x.txt').read_text()",
        "print(text, g.closed)",
    ),
    "file that is read bit by bit": row(
        "with open('data.txt', 'w') as f:\n    print(*range(20), sep='\\n', file=f)",
        "f = open('data.txt')\nhead = f.readline()",
        "second = f.readline()",
        "rest = [int(line) for line in f]",
        "# group: a\ntotal = sum(rest)",
        "f.close()\nprint(head, second, total)",
    ),
    "place in a file": row(
        "f = open('s.txt', 'w+')\n_ = f.write('abcdef')",
        "_ = f.seek(2)",
        "x = f.read(1)",
        "place = f.tell()",
        "# group: a\nnext_one = place + 1",
        "f.close()\nprint(x, place, next_one)",
    ),
    "files that a loop closes": row(
        "import os, shutil\nshutil.rmtree('files', ignore_errors=True)\nos.mkdir('files')",
        split(
            "for k in range(6):\n    with open(f'files/{k}', 'w') as f:\n        f.write(str(k))"
        ),
        split(
            "texts = []\nfor k in range(6):\n    with open(f'files/{k}') as f:\n        texts.append(f.read())"
        ),
        "print(texts, f, f.closed)",
        splits=2,
    ),
    "instances and isinstance": row(
        "class A:\n    def __init__(self, n):\n        self.n = n\n    def __repr__(self):\n"
        "        return f'A({self.n})'\nclass B(A):\n    pass",
        split("made = []\nfor i in range(6):\n    made.append(B(i) if i % 2 else A(i))"),
        "print([isinstance(m, B) for m in made], type(made[0]) is A, made)",
        "class A:\n    pass",
        "print(isinstance(made[0], A))",
        splits=1,
    ),
    "class redefined later": row(
        "class C:\n    def f(self):\n        return 'old'\nc = C()",
        split("xs = [c.f() for _ in range(4)]"),
        "class C:\n    def f(self):\n        return 'new'",
        split("ys = [C().f() + c.f() for _ in range(4)]"),
        "print(xs, ys)",
    ),
    "dataclass, namedtuple, enum": row(
        "from dataclasses import dataclass\nfrom typing import NamedTuple\nimport enum\n"
        "@dataclass\nclass D:\n    x: int\nclass N(NamedTuple):\n    x: int\n"
        "class E(enum.Enum):\n    A = 1\n    B = 2",
        split("out = []\nfor i in range(4):\n    out.append((D(i), N(i), E.A if i % 2 else E.B))"),
        "print(out, out[0][2] is E.B, out[1][0] == D(1), isinstance(out[0][1], N))",
        splits=1,
    ),
    "function redefined": row(
        "def f(x):\n    return x + 1\ndef g(x):\n    return f(x) * 10",
        split("a = [g(x) for x in range(4)]"),
        "def f(x):\n    return x - 1",
        split("b = [g(x) for x in range(4)]"),
        "print(a, b)",
        splits=2,
    ),
    "recursion": row(
        "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)",
        split("a = [fib(n) for n in range(12)]"),
        "a",
        splits=1,
    ),
    "lambda, closure and decorator": row(
        "import functools\ndef times(k):\n    def inner(x):\n        return x * k\n    return inner\n"
        "def loud(f):\n    @functools.wraps(f)\n    def wrapped(*a):\n        print('call', a)\n"
        "        return f(*a)\n    return wrapped\n@loud\ndef h(x):\n    return sq(x) + three(x)\n"
        "sq = lambda x: x * x\nthree = times(3)",
        split("a = []\nfor x in range(4):\n    a.append(h(x))"),
        "print(a)",
    ),
    "function changes a global": row(
        "calls = 0\ndef f(x):\n    global calls\n    calls += 1\n    return x + calls",
        split("a = []\nfor x in range(5):\n    a.append(f(x))"),
        "print(a, calls)",
        splits=0,
    ),
    "function changes its argument": row(
        "def push(xs, x):\n    xs.append(x)\nout = []",
        split("for x in range(5):\n    push(out, x)"),
        "print(out)",
    ),
    "default mutable argument": row(
        "def remember(x, seen=[]):\n    seen.append(x)\n    return len(seen)",
        split("a = [remember(x) for x in range(5)]"),
        "print(a, remember(0))",
    ),
    "function with state of its own": row(
        "def f(x):\n    f.n = getattr(f, 'n', 0) + 1\n    return f.n",
        split("a = [f(x) for x in range(4)]"),
        "print(a, f.n)",
    ),
    "cached function": row(
        "import functools\n@functools.lru_cache(None)\ndef f(x):\n    print('computing', x)\n    return x",
        split("a = [f(x % 3) for x in range(6)]"),
        "print(a, f.cache_info())",
    ),
    "global used by a function, bound later": row(
        "def f(x):\n    return x * K",
        "K = 3",
        split("a = [f(x) for x in range(5)]"),
        "K = 4",
        "print(a, f(1))",
        splits=1,
    ),
    "an archive of arrays, opened beside other cells": row(
        "import numpy as np\nx = np.arange(3)\nnp.savez('d.npz', x=x)",
        "n = sum(i * i for i in range(50))",
        "loaded = np.load('d.npz')\ns = x.sum() + sum(i for i in range(40))",
        "print(loaded['x'], s, n)",
    ),
    **{
        f"an object that {name}": row(
            f"import weakref\n{made}",
            "n = sum(i * i for i in range(50))",
            "kept = [o]\ns = sum(i for i in range(40))",
            split("out = [type(o).__name__ + str(i) for i in range(4)]"),
            "print(n, s, out)",
        )
        for name, made in {
            "won't tell its class": (
                "class O:\n    @property\n    def __class__(self):\n        raise RuntimeError('no')\no = O()"
            ),
            "has no attributes to ask for": (
                "class O:\n    def __getattribute__(self, name):\n        raise KeyError(name)\no = O()"
            ),
            "is gone": "class K:\n    pass\nk = K()\no = weakref.proxy(k)\ndel k",
        }.items()
    },
    "aliases and views": row(
        "import numpy as np\na = np.arange(6.0)\nb = a[::2]\nc = [a]\nd = {'a': a}",
        "b[0] = 50\na[5] = -1",
        "print(c, d, a)",
        split("out = []\nfor i in range(3):\n    out.append(b[i])"),
        "c[0][:] = 0\nprint(b, out, d)",
    ),
    "random seeded": row(
        "import random\nimport numpy as np\nrandom.seed(3)\nnp.random.seed(4)",
        split("a = []\nfor i in range(5):\n    a.append(random.random() + np.random.rand())"),
        "print(a, random.random(), np.random.rand())",
        splits=0,
    ),
    "random generators of one's own": row(
        "import numpy as np\nrng = np.random.default_rng(5)",
        split("a = []\nfor i in range(4):\n    a.append(float(rng.random()))"),
        split("b = [float(np.random.default_rng([1, i]).random()) for i in range(4)]"),
        "print(a, b, rng.random())",
    ),
    "columns and other parts of arrays, to the last bit": row(
        "import numpy as np\nX = np.random.default_rng(1).standard_normal((1001, 3)) * 1e3\n"
        "def made(k):\n    return np.random.default_rng(k).standard_normal((301, 203)) * (1 + 1j)",
        split("squares = []\nfor column in X.T:\n    squares.append(float(column @ column).hex())"),
        split(
            "parts = []\nfor k in range(3):\n    z = made(k)\n    parts += [z.real, z.imag[::-1]]\n"
            "    parts += [z.real[:, :150]]\n    parts += [X[::2, k], X[:, 1:].T * 1.0, np.diag(z.real)]"
        ),
        split(
            "sums = [(p.sum().hex(), np.vdot(p, p).hex(), (p.T @ p).tobytes().hex()[:99]) for p in parts]"
        ),
        "print(squares, sums, [p.sum().hex() for p in parts])",
        splits=5,  # the first two begin anew in the main worker, as they take views of X
        on_ray=False,
    ),
    "frames changed in place": row(
        "import pandas as pd\nframes = [pd.DataFrame({'a': range(i + 1)}) for i in range(4)]\n"
        "first = frames[0]",
        split("for df in frames:\n    df['b'] = df['a'] * 2"),
        "print(first.columns.tolist(), frames[2])",
    ),
    "frame columns": row(
        "import pandas as pd\ndf = pd.DataFrame({'x': range(5)})",
        split("for c in 'abc':\n    df[c] = df['x'] * ord(c)"),
        "df",
    ),
    "frames collected": row(
        "import pandas as pd\nparts = []",
        split("for i in range(4):\n    parts.append(pd.DataFrame({'i': [i] * i, 's': 'x'}))"),
        "all_ = pd.concat(parts, ignore_index=True)\nprint(all_, all_.dtypes)",
        splits=1,
    ),
    "state in an object": row(
        "class Counter:\n    def __init__(self):\n        self.n = 0\n    def up(self, k):\n"
        "        self.n += k\n        return self.n\nc = Counter()",
        split("a = []\nfor x in range(5):\n    a.append(c.up(x))"),
        "print(a, c.n)",
    ),
    "operator with state": row(
        "class V:\n    made = 0\n    def __init__(self, x):\n        self.x = x\n"
        "    def __add__(self, o):\n        V.made += 1\n        return V(self.x + o.x)\n"
        "vs = [V(i) for i in range(5)]\none = V(1)",
        split("out = []\nfor v in vs:\n    out.append(v + one)"),
        "print([o.x for o in out], V.made)",
    ),
    "accumulator of one's own class": row(
        "class Log(list):\n    def append(self, x):\n        super().append((len(self), x))\nlog = Log()",
        split("for x in 'abcd':\n    log.append(x)"),
        "print(log)",
    ),
    "nothing in particular": row("import math", "r = 2", "print(math.pi * r ** 2)"),
    "batches by a name from elsewhere": row(
        "def work(n):\n    return [i * n for i in range(n)]\nparam_n = 2",
        split("a = [work(i) for i in range(5)]", "param_n"),
        split("b = [work(i + 1) for i in range(5)]", "param_n"),
        "print(a, b)",
        splits=2,
    ),
    "parts kept by independent cells": row(
        "class P:\n    pass\ndef pick(ps):\n    return [p for p in ps if hasattr(p, 'n')]\n"
        "ps = [P() for _ in range(3)]\nps[1].n = 1",
        "a = pick(ps)",
        "b = pick(ps)",
        "print(a[0] is b[0], a[0] in ps)",
    ),
    "independent cells": row(
        "def work(n):\n    return sum(i * i for i in range(n))",
        "a = [work(200)]",
        "b = [work(100)]",
        "c = a + b\nprint(c)",
        "a.append(1)\nprint(c, a)",
    ),
    "independent cells that print": row(
        "def work(n):\n    print('working on', n)\n    return list(range(n))",
        "a = work(3)",
        "b = work(2)",
        "a = work(1)",
        "print(a, b)",
    ),
    "independent failure": row(
        "def work(n):\n    return [1 / n for _ in range(n + 1)]",
        "a = work(2)",
        "b = work(0)",
        "c = work(3)",
        "print(a, c)",
    ),
    "del and rebind": row(
        "a = [1]\nb = a\ndel a", "a = [2]", "print(a, b)", "del b", "b = 5\nprint(b)"
    ),
    "exec": row("exec('hidden = 41')", "seen = hidden + 1\nprint(seen)"),
    "star import": row("from math import *", "print(floor(pi))"),
    "await": row(
        "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + 1",
        "a = await f(1)\nb = await asyncio.gather(f(2), f(3))",
        split("c = []\nfor x in range(3):\n    c.append(await f(x))"),
        "print(a, b, c)",
    ),
    "skip and do not containerize": row(
        "param_n = 3",
        ("n = 99\nprint('skipped')", ("skip-execution",)),
        "# (do not containerize!)\nparam_k = 4",
        "print(param_n)",
    ),
    "imports and settings of a cell that isn't containerized": row(
        "# (do not containerize!)\nimport math, os\nimport absent_module\nroot = '/tmp'\nparts = [root]\n"
        "parts.append('a')\nprint(parts)\nconf_folder = os.path.join(*parts)\nparam_n = 3",
        "print(conf_folder)\n%time y = math.sqrt(param_n)",
        split(
            "out = []\nfor k in range(param_n):\n    out.append(os.path.basename(conf_folder) * k)"
        ),
        "print(out, y)",
        in_process=False,
    ),
    "walrus and match": row(
        "if (n := 4) > 3:\n    m = n\nmatch [1, (2, 3)]:\n    case [a, (b, c)]:\n        pass",
        split("out = []\nfor x in range(5):\n    if (sq := x * x) > 3:\n        out.append(sq)"),
        "print(n, m, a, b, c, out, sq)",
    ),
    "try inside": row(
        "out, bad = [], []",
        split(
            "for x in [1, 0, 'a', 2]:\n    try:\n        y = 1 / x\n    except ZeroDivisionError:\n"
            "        bad.append(x)\n        continue\n    except TypeError as e:\n        bad.append(str(e))\n"
            "    else:\n        out.append(y)"
        ),
        "print(out, bad, y)",
        splits=1,
    ),
    "nan and minus zero": row(
        split("out = [x * float('nan') if x else -0.0 for x in range(3)]"), "print(out)", splits=1
    ),
    "iterators are never copied": row(
        "z = zip([1, 2, 3, 4], 'abcd')\ncalls = []",
        split("out = []\nfor i in range(2):\n    out.append(next(z))"),
        "print(out, list(z))",
    ),
    "value whose pickling fails": row(
        "class Odd:\n    def __reduce__(self):\n        raise RuntimeError('no copies')\n"
        "    def get(self):\n        return 5\nodd = Odd()",
        split("out = []\nfor i in range(4):\n    out.append(odd.get() + i)"),
        "print(out)",
    ),
    "result whose pickling fails": row(
        "class Odd:\n    def __init__(self, i):\n        self.i = i\n    def __reduce__(self):\n"
        "        raise RuntimeError('no copies')",
        split("out = []\nfor i in range(4):\n    out.append(Odd(i))"),
        "print([o.i for o in out])",
    ),
    "result that can't be rebuilt": row(
        "class Mine(Exception):\n    def __init__(self, a, b):\n        super().__init__(f'{a}/{b}')\n"
        "def make(n):\n    return [Mine(i, n) for i in range(n)]",
        split("out = []\nfor i in range(4):\n    out.append(Mine(i, 0))"),
        "a = make(3)",
        "b = make(2)",
        "print(out, a, b)",
    ),
    "relocated after its input was bound again": row(
        "import threading\nK = 1\ndef make(n):\n    return [threading.Lock(), n + K]",
        "a = make(3)",
        "b = make(4)",
        "K = 2\nprint(K)",
        "c = make(5)",
        "print(a[1], b[1], c[1], a[0].locked(), K)",
    ),
    "relocated after later cells ran": row(
        "x = [1]\ndef make(ns):\n    return [iter(ns), len(ns)]",
        "a = make(x)",
        "b = make([1, 2])",
        "x = [1, 2, 3]",
        "x.append(4)\nprint(x)",
        "c = make(x)",
        "print(list(a[0]), list(b[0]), list(c[0]), x)",
    ),
    "lambdas that look names up late": row(
        split("out = []\nfor x in range(4):\n    y = x * 2\n    out.append(lambda: (x, y))"),
        "x = 'new'\nprint([f() for f in out])",
    ),
    "two names of one object": row(
        "xs = [2, 2]\ndef work(q):\n    return [i for i in range(50)]",
        "d = xs",
        "e = [d is q for q in (xs, [0])]",
        "f = work(1)",
        "print(e, len(f))",
    ),
    "iterators between cells": row(
        "import itertools\ndef work(n):\n    return list(range(n))\nit = itertools.count(5)\n"
        "zs = zip('abc', [1, 2, 3])\nes = enumerate('xy')\nms = map(str, [7, 8])",
        "a = [next(it) for _ in work(2)]",
        "b = [next(it) for _ in work(3)]",
        "c = [z for z in zs]",
        "d = list(es) + list(ms) + list(zs)",
        "print(a, b, c, d, next(it))",
    ),
    "iterator read by a split loop": row(
        "import itertools\nit = itertools.cycle([1, 2, 3])\ndef take():\n    return next(it)",
        split("out = []\nfor i in range(5):\n    out.append(take() + i)"),
        "print(out, next(it))",
    ),
    "main module name": row(
        "def f():\n    return __name__", split("a = [f() for _ in range(3)]"), "print(a, __name__)"
    ),
    "environment": row(
        "import os\nos.environ['NB_FLAG'] = 'yes'",
        split("a = []\nfor i in range(3):\n    a.append(os.environ['NB_FLAG'])"),
        "print(a)",
        splits=1,
    ),
    "identity asked for": row(
        "base = [1]\nxs = [base, [2], base]",
        split("out = []\nfor x in xs:\n    out.append(x)"),
        "print(out[0] is base, out[0] is out[2], out[1] is xs[1])",
    ),
    "a text that marks what is missing": row(
        "MISSING = 'not measured'\nxs = list(range(8))",
        split("out = []\nfor x in xs:\n    out.append(MISSING if x % 2 else str(x))"),
        "copied = list(out)",
        "print([x is MISSING for x in out], copied[1] is out[3])",
        splits=0,
    ),
    "one text and one number, told from equal ones": row(
        "big = 10**6\nsizes = [big, 10**6 + 0 * big, big]",
        split(
            "words, kept = [], []\nfor size in sizes:\n    words.append('not so small')\n"
            "    kept.append((size is big, size))"
        ),
        "print(len({id(w) for w in words}), kept, kept[2][1] is big)",
        splits=0,
    ),
    "types and missing values compared by identity": row(
        "import numpy as np\nfrom math import nan\nxs = [1, 2.5, np.nan, 'a', nan, None, [0]]",
        split(
            "out = []\nfor x in xs:\n    out.append((type(x) is float, x is np.nan, x is nan))\n"
            "    out.append((x is None, x.__class__ is str))"
        ),
        "print(out)",
        splits=1,
    ),
    "missing values are one key": row(
        "import numpy as np, pandas as pd\nfrom collections import Counter\nown = float('nan')\n"
        "names = pd.Series(['a', np.nan, 'b', np.nan, 'a', np.nan, 'c', np.nan], dtype=object)",
        split(
            "counts, first, seen = Counter(), {}, set()\nfor i, name in enumerate(names):\n"
            "    counts[name] += 1\n    first[name] = i\n    seen.add(name)"
        ),
        split(
            "gone = [name is np.nan for name in names]\nmine = [own if x > 1 else x for x in [2, 1, 3, 4]]"
        ),
        split("d = {}\nfor x in [own, 2, own, -own, own]:\n    d[x] = x"),
        "print(counts, len(seen), gone, len(set(mine)), len(d), np.nan in first)",
        splits=4,
    ),
    "missing values in another worker": row(
        "import numpy as np\nown = float('nan')\ndef work(n):\n    return [np.nan, own, own, n]",
        "xs = work(1)",
        "ys = [len({*xs}), xs[0] is np.nan, xs[1] is xs[2]]",
        "print(ys, np.nan in xs)",
    ),
}
