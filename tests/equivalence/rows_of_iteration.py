"""What loops run over, how they end, and the names that they leave."""

from __future__ import annotations

from notebook_row import row, split

ROWS = {
    "last iteration's values": row(
        "xs = [10, 20, 30, 40]",
        split("for i, x in enumerate(xs):\n    last = [x]\n    if x < 25:\n        small = x"),
        "print(i, x, last, small)",
        splits=1,
    ),
    "names not written stay": row(
        "y = 'before'\nxs = [1, 2, 3, 4]",
        split("for x in xs:\n    if x == 2:\n        y = 'set'"),
        "print(y, x)",
        splits=1,
    ),
    "empty iterable": row(
        "x = 'old'\nout = []",
        split("for x in []:\n    out.append(x)\n    y = 1\nelse:\n    print('else')"),
        split("e = [x for x in []]"),
        "print(x, out, e, 'y' in dir())",
    ),
    "empty and unbound": row("zs = []", split("for z in zs:\n    w = z"), "w = 1\nprint(w)"),
    "continue": row(
        "out = []",
        split(
            "for x in range(10):\n    if x % 3:\n        continue\n    out.append(x)\n    seen = x"
        ),
        "print(out, x, seen)",
        splits=1,
    ),
    "else clause": row(
        "n = 0", split("for x in range(4):\n    n += x\nelse:\n    n += 100"), "n", splits=1
    ),
    "break": row(
        "out = []",
        split("for x in range(9):\n    if x == 4:\n        break\n    out.append(x)"),
        "print(out, x)",
        splits=0,
    ),
    "carried state": row(
        "prev = 0\nout = []",
        split("for x in range(6):\n    out.append(x - prev)\n    prev = x"),
        "print(out, prev)",
        splits=0,
    ),
    "enumerate zip items": row(
        "a, b, d = [1, 2, 3, 4], 'wxyz', {'k': [1], 'l': [2], 'm': [3]}\nout = []",
        split(
            "for i, (x, y) in enumerate(zip(a, b), start=5):\n    out.append((i, x, y))\n"
            "for k, v in d.items():\n    out.append((k, v))\n"
            "for k in sorted(d, reverse=True):\n    out.append(k)"
        ),
        "print(out)",
        splits=3,
    ),
    "generator": row(
        "def gen():\n    for i in range(5):\n        print('made', i)\n        yield i\nout = []",
        split("for x in gen():\n    print('got', x)\n    out.append(x)"),
        "print(out)",
    ),
    "iterator used up": row(
        "it = iter([1, 2, 3, 4])\nout = []",
        split("for x in it:\n    out.append(x)"),
        "print(out, list(it))",
    ),
    "half an iterator": row(
        "it = iter(range(10))\nnext(it), next(it)",
        split("out = [x for x in it]"),
        "print(out, next(it, 'none left'))",
    ),
    "map and filter": row(
        "calls = []\ndef f(x):\n    calls.append(x)\n    return x * 2\nout = []",
        split("for x in map(f, [1, 2, 3, 4]):\n    out.append((x, len(calls)))"),
        "print(out, calls)",
    ),
    "array rows iterated": row(
        "import numpy as np\nm = np.arange(12.0).reshape(4, 3)\nout = []",
        split("for row in m:\n    out.append(row.sum())"),
        "print(out, type(out[0]))",
        splits=1,
    ),
    "rows that are views": row(
        "import numpy as np\nm = np.arange(12.0).reshape(4, 3)\nout = []",
        split("for row in m:\n    out.append(row)"),
        "m[:] = 0\nprint(out)\nout = [each.tolist() for each in out]",
    ),
    "frame rows": row(
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3], 'b': list('xyz')})\nout = []",
        split("for i, row in df.iterrows():\n    out.append((i, row.a, row['b']))"),
        "print(out)",
    ),
    "items changed in place": row(
        "frames = [[i] for i in range(5)]\nalias = frames[2]",
        split("for f in frames:\n    f.append('done')"),
        "print(frames, alias)",
    ),
    "list grows while iterated": row(
        "xs = [1, 2, 3]",
        split("for x in xs:\n    if len(xs) < 6:\n        xs.append(x * 10)"),
        "print(xs, x)",
        splits=0,
    ),
    "batches by name": row(
        "param_n = 2\nout = []",
        split("for x in range(7):\n    out.append(x)", "param_n"),
        "out",
        splits=1,
    ),
}
