"""Accumulators of split loops."""

from __future__ import annotations

from notebook_row import row, split, written

ROWS = {
    "append": row(
        "out = []", split("for x in range(10):\n    out.append(x * x)"), "print(out)", splits=1
    ),
    "names that batches have uses for": row(
        "settings = {'a': 1}\ntoken = [2]\nkeeps = items = 3\nlog = []",
        split("for x in range(9):\n    log.append(settings['a'] + token[0] + keeps + items + x)"),
        "print(settings, token, keeps, items, log)",
        splits=1,
        on_ray=False,
    ),
    "extend and plus": row(
        "a, b = [0], [9]\nalias = a",
        split("for x in [1, 2, 3, 4]:\n    a.extend([x, -x])\n    b += [x] * x"),
        "print(a, b, alias is a)",
        splits=1,
    ),
    "arrays that a dict holds": row(
        "import numpy as np\nres = {'row': np.zeros((6, 3)), 'sum': np.zeros(6)}\nheld = res['row']",
        split(
            "for i in range(6):\n    v = np.full(3, i / 7)\n    res['row'][i] = v\n    v += 1\n"
            "    res['sum'][i] = v.sum()\n    res['row'][i, 1:] += v[1:]"
        ),
        "held[0] = 9\nprint(res, held)",
        splits=1,
        on_ray=False,
    ),
    "an array in a dict that gives way to a list": row(
        "import numpy as np\nres = {'row': np.zeros((6, 1))}",
        split(
            "for i in range(6):\n    v = [i]\n    if i == 3:\n        res['row'] = [None] * 6\n"
            "    res['row'][i] = v\n    v.append(1)"
        ),
        "print(res)",
        on_ray=False,
    ),
    "dict items": row(
        "d = {'old': 0, 3: 'kept place'}",
        split("for k in [5, 3, 1, 5]:\n    d[k] = [k]\n    d.update({-k: k})"),
        "print(d)",
        splits=1,
    ),
    "sets": row(
        "s = set()", split("for x in range(9):\n    s.add(x % 4)\n    s.update({x})"), "s", splits=1
    ),
    "float sum": row(
        "total = 0.1\nn = 0",
        split("for x in [0.1, 1e16, -1e16, 0.3, 1e-9]:\n    total += x\n    n += 1"),
        "print(repr(total), n)",
        splits=1,
    ),
    "other operators": row(
        "p, q, b = 1, 1.5, 0",
        split("for x in range(1, 8):\n    p *= x\n    q -= x\n    b |= 1 << x"),
        "print(p, q, b)",
        splits=1,
    ),
    "string": row(
        "text = '>'", split("for c in 'häßlich':\n    text += c.upper()"), "text", splits=1
    ),
    "array items": row(
        "import numpy as np\na = np.zeros(10)\nview = a[2:5]",
        split("for i in range(10):\n    a[i] = i ** 2\n    a[i] += 0.5"),
        "print(a, view)",
        splits=1,
    ),
    "array rows": row(
        "import numpy as np\na = np.zeros((6, 3), dtype=np.float32)",
        split("for i in range(6):\n    a[i] = np.arange(3) * i\n    a[i, 1:] = 7"),
        "print(a, a.dtype)",
        splits=1,
    ),
    "array sum in place": row(
        "import numpy as np\nacc = np.zeros(4)\nalias = acc",
        split("for i in range(7):\n    acc += np.full(4, i / 3)"),
        "print(acc, alias is acc)",
        splits=1,
    ),
    "counter and defaultdict": row(
        "from collections import Counter, defaultdict, deque\n"
        "c, groups, last = Counter(), defaultdict(list), deque(maxlen=3)",
        split(
            "for word in 'the cat the dog a cat'.split():\n    c[word] += 1\n"
            "    groups[len(word)].append(word)\n    last.append(word)"
        ),
        "print(c.most_common(), dict(groups), last)",
        splits=1,
    ),
    "nested lists": row(
        "items = [[1, 2], [], [3], [4, 5, 6]]\nresults = []",
        split(
            "for batch in items:\n    row = []\n    for x in batch:\n        row.append(x * 10)\n"
            "    results.append(row)"
        ),
        "print(results, row, batch)",
        splits=1,
    ),
    "list of lists by index": row(
        "rows = [[] for _ in range(3)]",
        split("for i in range(9):\n    rows[i % 3].append(i)"),
        "print(rows)",
        splits=1,
    ),
    "one value in two accumulators": row(
        "a, b = [], []",
        split("for i in range(5):\n    v = [i]\n    a.append(v)\n    b.append(v)"),
        "a[1].append('seen in both')\nprint(b)",
    ),
    "shared object collected": row(
        "shared = [0]\nout = []",
        split("for i in range(4):\n    out.append(shared)"),
        "shared.append(1)\nprint(out, out[0] is out[3])",
    ),
    "items collected": row(
        "class P:\n    pass\nps = [P() for _ in range(6)]\nchosen = []",
        split("for i, p in enumerate(ps):\n    if i % 2:\n        chosen.append(p)"),
        "print([p in ps for p in chosen], ps[1] is chosen[0])",
    ),
    "parts of items collected": row(
        "rows = [{'xs': [i], 'n': i} for i in range(5)]\nfound = {}",
        split("for row in rows:\n    found[row['n']] = row['xs']"),
        "found[2].append('new')\nprint(rows)",
    ),
    "comprehensions": row(
        "xs = [3, 1, 2, 3]",
        split(
            "a = [x + 1 for x in xs if x > 1]\nb = {x: [x] for x in xs}\nc = {x % 2 for x in xs}"
        ),
        "print(a, b, c)",
        splits=3,
    ),
    "nested comprehension": row(
        "xs = [[1, 2], [], [3]]", split("flat = [y * 2 for x in xs for y in x]"), "flat", splits=1
    ),
    "two loops in a cell": row(
        split(
            "out = []\nfor x in range(5):\n    out.append(x)\nprint('between', out)\n"
            "total = 0\nfor x in out:\n    total += x\nprint(total)"
        ),
        "print(x)",
        splits=2,
    ),
    "loop fed by the one before": row(
        "def f(x):\n    return x + 1",
        split("ys = []\nfor x in range(6):\n    ys.append(f(x))"),
        split("zs = []\nfor y in ys:\n    zs.append(f(y))"),
        "print(sum(zs))",
        splits=2,
    ),
    "numpy keys in a try": row(
        "import numpy as np\nout, bad = {}, []\ndef f(x):\n    return 10 // (x - 3)",
        split(
            "for k in np.arange(6):\n    try:\n        out[k] = f(k.item())\n"
            "    except Exception:\n        bad.append(k)"
        ),
        "print(out, bad)",
        splits=1,
        on_ray=False,
    ),
    "what a try would catch of the accumulator": row(
        "out, bad = [0.0] * 4, []\ndef f(x):\n    return x / 2",
        split(
            "for k in range(6):\n    try:\n        out[k] = f(k)\n"
            "    except Exception as error:\n        bad.append(str(error))"
        ),
        "print(out, bad)",
        splits=0,
    ),
    "elements one by one": row(
        "from collections import deque\nout, last = [], deque(maxlen=4)",
        split(
            "for x in ['ab', 'c', 'de']:\n    out += (y * 2 for y in x)\n    last += map(str.upper, x)\n"
            "    out.extend(reversed(x))"
        ),
        "print(out, last)",
        splits=1,
        on_ray=False,
    ),
    "no elements to a number": row(
        "n = 0",
        split("for x in ['ab', 'c']:\n    n += (y for y in x)"),
        "print(n)",
        on_ray=False,
    ),
    "what 'suppress' would end": written(
        """
        import contextlib
        out = [0] * 4
        ---
        # split:
        for x in range(8):
            with contextlib.suppress(IndexError):
                out[x] = x
                print('stored', x)
        ---
        print(out)
        """,
        splits=0,
    ),
    "what a class of one's own would end": written(
        """
        class Quiet:
            def __enter__(self): return self
            def __exit__(self, *e): return True
        out = [0] * 4
        q = Quiet()
        ---
        # split:
        for x in range(8):
            with q:
                out[x] = x
                print('stored', x)
        ---
        print(out)
        """,
        splits=0,
    ),
    "errors that 'suppress' ends before": written(
        """
        import contextlib
        out = []
        def f(x):
            if x % 3 == 0: raise KeyError(x)
            return x
        ---
        # split:
        for x in range(8):
            with contextlib.suppress(KeyError):
                out.append(f(x))
        ---
        print(out)
        """,
        splits=1,
    ),
    "views of dicts": row(
        "out, d = [], {}",
        split(
            "for x in range(5):\n    t = {x: 1, -x: 2}\n    out.extend(t.values())\n    out += t.keys()\n"
            "    d.update(t.items())\n    t[99] = 3"
        ),
        "print(out, d)",
        splits=1,
        on_ray=False,
    ),
    "numbers of libraries, times": row(
        "import numpy as np\nfrom decimal import Decimal\nfrom fractions import Fraction\n"
        "from datetime import timedelta\n"
        "a, b, c, d = np.float64(0), np.float32(0), Decimal(0), Fraction(0)\nt, n = timedelta(0), np.int64(1)",
        split(
            "for x in range(9):\n    a += x / 3\n    b += np.float32(x) / 7\n    c += Decimal(x) / 3\n"
            "    d += Fraction(x, 7)\n    t += timedelta(seconds=x)\n    n *= x + 1"
        ),
        "print(repr((a, b, c, d, t, n)))",
        splits=1,
        on_ray=False,
    ),
}
