# ruff: noqa: E501  (one row per surprise)
"""Whole cells that run once per batch of their inputs (``# over:``), and how their outputs are joined."""

from __future__ import annotations

from notebook_row import row, sampled


def over(annotations: str, source: str, batches: object = 3) -> str:
    """The cell with its annotations, ``names -> merges``, in small batches."""
    names, _, merges = annotations.partition(" -> ")
    merge = f"# merge: {merges}\n" if merges else ""
    return f"# over: {names}\n{merge}# batches: {batches}\n{source}"


ROWS = {
    "an array": row(
        "import numpy as np\nx = np.arange(10.0)\nalias = x\nslope = 3",
        over("x -> y", "shifted = x + 1\ny = shifted * slope"),
        "print(y, y.dtype, x, alias is x)",
        splits=1,
    ),
    "the last line's value is shown once": row(
        "x = list(range(8))", over("x -> y", "y = [v * v for v in x]\ny[:3], len(x)"), splits=1
    ),
    "lists, tuples, text and ranges": row(
        "a, b, c, d = list('abcdefg'), tuple(range(7)), 'häßlich', range(3, 24, 3)",
        over(
            "a, b, c, d -> a2, b2, c2, d2",
            "a2 = [v.upper() for v in a]\nb2 = tuple(v + 1 for v in b)\nc2 = c.upper() and c\nd2 = d",
        ),
        "print(a2, b2, c2, d2, type(d2))",
        splits=1,
    ),
    "dicts and sets": row(
        "from collections import Counter, OrderedDict\ntable = {k: len(k) for k in ['a', 'bb', 'ccc', 'dd']}",
        over(
            "table -> other, seen, counts, ordered",
            "other = {k: v * 2 for k, v in table.items()}\n"
            "seen = set(table.values())\ncounts = Counter(table.values())\n"
            "ordered = OrderedDict(table)",
        ),
        "print(other, sorted(seen), counts, ordered)",
        splits=1,
    ),
    "items stay the same objects": row(
        "class P:\n    def __init__(self, n):\n        self.n = n\npoints = [P(n) for n in range(6)]",
        over(
            "points -> odd, by_number",
            "odd = [p for p in points if p.n % 2]\nby_number = {p.n: p for p in points}",
        ),
        "print(odd[0] is points[1], by_number[5] is odd[-1])",
    ),
    "names of one object stay so": row(
        "x = [1, 2, 3, 4]",
        over("x -> y, z", "y = [v + 1 for v in x]\nz = y"),
        "print(y == z, y, z)",
        splits=1,
    ),
    "two dimensions": row(
        "import numpy as np\nm = np.arange(24).reshape(8, 3)",
        over("m -> s, t", "s = m.sum(axis=1)\nt = (m * 2).astype(np.float32)"),
        "print(s, t, t.dtype)",
        splits=1,
    ),
    "arrays that may be empty in a batch": row(
        "import numpy as np\nx = np.arange(9)",
        over(
            "x -> big, words",
            "big = np.array([v for v in x if v > 6])\nwords = np.array([str(v * v) for v in x])",
        ),
        "print(big, big.dtype, words, words.dtype)",
        splits=1,
    ),
    "masked arrays": row(
        "import numpy as np\nm = np.ma.masked_less(np.arange(6), 2)",
        over("m -> n", "n = m * 2"),
        "print(n, n.fill_value)",
        splits=1,
    ),
    "a frame": row(
        "import pandas as pd\nf = pd.DataFrame({'k': list('abcab'), 'v': [1, 2, 3, 4, 5]})\n"
        "f['k'] = f['k'].astype('category')\nf.attrs['source'] = 'here'",
        over("f -> g, s, few", "g = f.assign(w=f['v'] / 2)\ns = f['v'] * 2\nfew = f[f['v'] > 3]"),
        "print(g, g.dtypes, g.attrs, g.index, s.name)\nfew",
        splits=1,
    ),
    "labels, and fresh numbers": row(
        "import pandas as pd\nf = pd.DataFrame({'v': range(6)}, index=pd.date_range('2024-01-01', periods=6, name='day'))",
        over(
            "f -> g, fresh, index",
            "g = f + 1\nfresh = pd.DataFrame({'w': f['v'].to_numpy()})\nindex = f.index",
        ),
        "print(g.index, fresh, fresh.index, index)",
        splits=1,
    ),
    "sparse rows": row(
        "import numpy as np\nimport scipy.sparse as sp\nm = sp.csr_matrix(np.eye(5, 3, dtype=np.float32))",
        over("m -> n", "n = m * 2"),
        "print(type(n).__name__, n.format, n.dtype, n.toarray())",
        splits=1,
    ),
    "Arrow": row(
        "import pyarrow as pa\nimport pyarrow.compute as pc\nt = pa.table({'v': [1, 2, 3, 4], 'w': list('abcd')})",
        over("t -> u, c", "u = t.append_column('x', pc.multiply(t['v'], 2))\nc = u['x']"),
        "print(u.to_pydict(), u.schema, c.to_pylist())",
        splits=1,
    ),
    "sum, least and most": row(
        "import numpy as np\nx = np.array([3, 1, 4, 1, 5, 9, 2, 6])",
        over(
            "x -> n=sum, low=min, high=max, bins=sum, top=max",
            "n = len(x)\nlow, high = x.min(), x.max()\nbins = np.bincount(x, minlength=10)\ntop = np.zeros(2) + x.max()",
        ),
        "print(n, low, high, bins, top)",
        splits=1,
    ),
    "several names side by side": row(
        "import numpy as np\na, b = np.arange(7), list('abcdefg')",
        over("a, b -> c", "c = [f'{x}{y}' for x, y in zip(a, b)]"),
        "print(c)",
        splits=1,
    ),
    "one batch when there is nothing": row(
        "x = []", over("x -> y, n=sum", "y = [v for v in x]\nn = len(x)"), "print(y, n)", splits=1
    ),
    "batches sized while running": row(
        "import numpy as np\nx = np.arange(1000)",
        "# over: x\n# merge: y\ny = np.sqrt(x)",
        "print(y.sum())",
        splits=1,
    ),
    "number of batches in a variable": row(
        "param_n = 4",
        "x = list(range(9))",
        over("x -> y", "y = [v for v in x]", "param_n"),
        "print(y)",
        splits=1,
    ),
    "an over name that is joined": row(
        "import pandas as pd\nf = pd.DataFrame({'v': [1.0, None, 3.0, None, 5.0]})\nold = f",
        over("f -> f", "f = f.dropna()"),
        "print(f, len(old))",
        splits=1,
    ),
    "functions and imports go on": row(
        "x = [1, 4, 9]",
        over(
            "x -> y", "import math\ndef root(v):\n    return math.sqrt(v)\ny = [root(v) for v in x]"
        ),
        "print(y, root(16), math.pi)",
        splits=1,
    ),
    "a loop in the cell": row(
        "x = [1, 2, 3, 4]",
        over("x -> y", "y = []\nfor v in x:\n    y.append(v + 1)"),
        "print(y)",
        splits=1,
    ),
    "under time": row(
        "x = [1, 2, 3, 4]",
        "%%time\n# over: x\n# merge: y\n# batches: 2\ny = [v + 1 for v in x]",
        "print(y)",
        splits=1,
    ),
    "what a batch changes unseen": row(
        "x, seen = [[1], [2], [3]], []\ndef note(v, where='seen'):\n    globals()[where].append(len(v))\n    return v",
        over("x -> y", "y = [len(note(v)) for v in x]"),
        "print(seen, y)",
    ),
    "a name that stays in its process": row(
        "import threading\nlock = threading.Lock()\nx = [1, 2, 3]",
        over("x -> y", "with lock:\n    y = [v + 1 for v in x]"),
        "print(y)",
    ),
    "a later change of what was handed back": row(
        "import numpy as np\nx = np.arange(6)",
        over("x -> head", "head = x[:]"),
        "head[0] = 99\nprint(x, head)",
    ),
    "outputs that share memory, of which one is changed later": row(
        "import numpy as np\nx = np.arange(8.0)",
        over("x -> y, z", "y = x + 1\nz = y.reshape(-1, 1)"),
        "y[0] = 99\nprint(z, y)",
        splits=0,
    ),
    "a cell that runs beside another one": row(
        "xs, zs = list(range(20)), [1, 2]",
        "def work(v):\n    n = 0\n    for i in range(3000):\n        n += i * v\n    return n",
        over("xs -> ys", "made = [work(v) for v in xs]\nys = [v + 1 for v in made]"),
        "a = [work(z) for z in zs]",
        "print(ys, a)",
        splits=1,
    ),
    "filtered and grouped rows": row(
        "import pandas as pd\nf = pd.DataFrame({'v': range(12)}).set_index('v', drop=False)",
        over(
            "f -> g, h, few",
            "g = f.reset_index(drop=True)\nh = f.groupby(f.index).sum()\nfew = g[g.v % 2 == 0].v.to_numpy()",
        ),
        "print(g.index, h.index, few)\nh",
        splits=1,
    ),
    "limits": row(
        "xs = [3, 1, 2]",
        "# over: xs\n# merge: ys\n# batches: 2\n# retries: 1\n# timeout: 20s\n# concurrency: 1\nys = [x for x in xs]",
        "print(ys)",
        splits=1,
    ),
    "draws after a seed": row(
        "import numpy as np\nnp.random.seed(1)\nx = np.arange(6)",
        over("x -> y", "y = x + np.random.normal(size=len(x))"),
        "print(y, np.random.rand())",
        splits=0,
    ),
    "an error is the notebook's": row(
        "x = [1, 2, 0, 4]", over("x -> y", "y = [1 / v for v in x]", 1), "print(y)", splits=1
    ),
    "a missing name": row(
        "x = [1, 2, 3]\nif False:\n    late = 1",
        over("x -> y", "y = [v + late for v in x]"),
        "print(y)",
    ),
}

ROWS = sampled(ROWS, "an array", "a frame", "items stay the same objects", "sum, least and most")
