"""One reduction, many spellings: what notebooks write to keep the best, to count, to group and to grow a table."""

from __future__ import annotations

from notebook_row import Row, row, sampled, split

SETUP = (
    "import bisect, copy, heapq\nimport numpy as np\nimport pandas as pd\n"
    "from collections import Counter, defaultdict, deque\n"
    "from types import SimpleNamespace\nxs = [5, 3, 8, 1, 9, 2, 2, 7, 1]\n"
    "def f(x):\n    return (x * 7919) % 13 + x / 10\n"
    "def fit(x):\n    return SimpleNamespace(fun=f(x), x=[x, f(x)])"
)


def spelt(before: str, *body: str, shows: str = "", splits: int | None = 1) -> Row:
    """A loop over numbered items with this body, and what it leaves."""
    lines = [line for part in body for line in part.split("\n")]
    loop = "for i, x in enumerate(xs):\n" + "".join(f"    {line}\n" for line in lines)
    return row(SETUP, split(f"{before}\n{loop}"), shows or "1", splits=splits)


BEST = "best, where = 99, None"
FRAME = "df = pd.DataFrame(columns=['a', 'b'])"
ROWS = sampled(
    {
        "the call twice": spelt(BEST, "if f(x) < best:\n    best, where = f(x), i"),
        "the call twice, the other way round": spelt(
            BEST, "if best > f(x):\n    best = f(x)\n    print('better', x)"
        ),
        "the call twice in an expression": spelt(BEST, "best = f(x) if f(x) < best else best"),
        "a call that prints isn't made twice": spelt(
            "def g(x):\n    print('g', x)\n    return f(x)\nbest = 99",
            "if g(x) < best:\n    best = g(x)",
            splits=0,
        ),
        "parts of the best": spelt(BEST, "r = fit(x)", "if r.fun < best:\n    best, where = r.fun, r.x"),
        "a part that isn't always there": spelt(
            BEST,
            "r = fit(x) if x != 7 else SimpleNamespace(fun=1000)",
            "if r.fun < best:\n    best, where = r.fun, r.x",
            splits=0,
        ),
        "a copy of the best": spelt(
            BEST, "v = [f(x)]", "if v[0] < best:\n    best, where = v[0], v.copy()", "v.append(0)"
        ),
        "the best is told": spelt(
            BEST, "v = f(x)", "if v < best:\n    best = v\n    print(f'new best {best:.2f} at {x!r:>4}')"
        ),
        "the best in a dict": spelt(
            "best = {'v': 99}", "v = f(x)", "if v < best['v']:\n    best = {'v': v, 'i': i, 'x': [x]}"
        ),
        "the best in an object": spelt(
            "best = SimpleNamespace(v=99)", "v = f(x)", "if v < best.v:\n    best = SimpleNamespace(v=v, i=i)",
            splits=0,
        ),
        "costly in a branch": spelt(BEST, "v = f(x)", "if v < best:\n    best, where = v, fit(x)", splits=0),
        "rows of a growing frame": spelt(FRAME, "df.loc[i] = [x, f(x)]", shows="df"),
        "rows at the end of a frame": spelt(
            FRAME, "row = [x, f(x)]", "df.loc[len(df)] = row", "row[0] = None", shows="df"
        ),
        "rows stored in an array": spelt(
            "rows, n = np.zeros((9, 2)), 0",
            "v = np.array([f(x), x])", "rows[n] = v", "n += 1", "v[:] = 0", shows="rows", splits=None
        ),
        "rows stored in a list": spelt(
            "rows, n = [None] * 9, 0",
            "v = np.array([f(x), x])", "rows[n] = v", "n += 1", "v[0] = 0", shows="rows", splits=None
        ),
        "rows at the end of an index": spelt(FRAME, "df.loc[len(df.index)] = {'a': x, 'b': f(x)}", shows="df"),
        "at.ufunc": spelt("arr = np.zeros(3)", "np.add.at(arr, [x % 3], f(x))", shows="arr"),
        "try and KeyError": spelt(
            "d = {}", "v = f(x)", "try:\n    d[x].append(v)\nexcept KeyError:\n    d[x] = [v]", shows="d"
        ),
        "an error that append could raise": spelt(
            "d, missing = {5: [], 2: []}, []",
            "try:\n    d[x].append(f(x))\nexcept KeyError:\n    missing.append(x)",
            shows="d, missing",
            splits=0,
        ),
        "results and errors": spelt(
            "d, errors, failed = {}, {}, 0",
            "try:\n    d[x] = 1 / (f(x) - f(2))\nexcept ZeroDivisionError as e:\n    errors[x] = str(e)\n"
            "    failed += 1",
            shows="d, errors",
        ),
        "results at their places": spelt(
            "out, good = np.full(9, np.nan), 0",
            "try:\n    out[i] = 1 / (f(x) - f(2))\n    good += 1\nexcept Exception:\n    print('no', x)\n"
            "finally:\n    print(i)",
            shows="out",
        ),
        "a key that can't be one": spelt(
            "d, bad = {}, []",
            "try:\n    d[x if x < 9 else [x]] = f(x)\nexcept TypeError:\n    bad.append(x)",
            shows="d, bad",
            splits=0,
        ),
        "the largest three": spelt(
            "h = []", "v = f(x)", "heapq.heappush(h, v)", "if len(h) > 3:\n    heapq.heappop(h)", shows="h"
        ),
        "sorted as they come": spelt(
            "h = []", "bisect.insort(h, (f(x), x))", shows="h"
        ),
        "setdefault": spelt(
            "g, s = {}, {}",
            "g.setdefault(x % 3, {})[x] = f(x)", "s.setdefault(x % 3, set()).add(f(x))", shows="g, s"
        ),
        "nested defaultdicts": spelt(
            "g = defaultdict(lambda: defaultdict(list))\nc = defaultdict(Counter)",
            "g[x % 3][x].append(f(x))", "c[x % 3][str(f(x))[0]] += 1",
        ),
        "a deque from its left": spelt("d = deque(maxlen=5)", "d.extendleft([f(x), x])", shows="d"),
        "sets": spelt("s, t = set(), {1, 2, 3}", "s |= {f(x)}", "t = t.union([f(x)])"),
        "bytes and arrays": spelt(
            "import array\nb, a = bytearray(), array.array('d')", "b += bytes([int(f(x))])", "a.append(f(x))",
            shows="b, a",
        ),
        "fields": spelt(
            "n = SimpleNamespace(total=0.0, seen=[])", "n.total += f(x)", "n.seen.append(f(x))", shows="n"
        ),
        "rows beside their items": spelt(
            "out = []", "row = []\nfor j in range(3):\n    row.append(f(x + j))\nrow.sort()\nout.append((x, row))",
            shows="out",
        ),
        "the item is the row": row(
            "xs = [[3], [1], [2]] * 3",
            split(
                "out = []\nfor x in xs:\n    rows = [x, [0]]\n    rows[len(x) % 2 - 1].append(sum(x))\n"
                "    out.append((x, rows))"
            ),
            "out, xs",
            splits=0,
        ),
        "the item is the row, behind a function": row(
            "xs = [[3], [1], [2]] * 3\ndef last(pair):\n    return max(pair)",
            split("out = []\nfor x in xs:\n    a = last((x, [0]))\n    a.append(1)\n    out.append(len(x))"),
            "out, xs",
            splits=0,
        ),
        "flags": spelt("found, every = False, True", "v = f(x) > 7", "found = found or v", "every &= v"),
    },
    "the call twice",
    "parts of the best",
    "rows at the end of a frame",
    "results at their places",
)  # fmt: skip
