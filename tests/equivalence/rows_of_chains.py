"""Split loops over the list that an earlier split loop has built: their batches flow on into them."""

from __future__ import annotations

from notebook_row import row, sampled, split

MAKE = split("out = []\nfor x in range(10):\n    out.append(x * x)")
USE = split("res = []\nfor y in out:\n    res.append(y + 1)")
SLOW = "import time\nxs = list(range(40))\ndef work(x):\n    time.sleep(0.02)\n    return x"

_ROWS = {
    "two loops": row(MAKE, USE, "print(out, res, x, y)", splits=2),
    "three loops, the middle one filters": row(
        MAKE,
        split("odd = []\nfor y in out:\n    if y % 2:\n        odd.append(y)", 3),
        split("total = 0.5\nfor z in odd:\n    total += z / 3"),
        "print(odd, repr(total), z)",
        splits=3,
    ),
    "prints of all loops": row(
        split("out = []\nfor x in range(7):\n    print('a', x)\n    out.append(x)"),
        split("res = []\nfor y in out:\n    print('b', y)\n    res.append(y)\nprint('end', y)"),
        split("for z in res:\n    print('c', z)"),
        splits=3,
    ),
    "comprehensions": row(
        split("out = [x * x for x in range(10)]"),
        split("res = {y: str(y) for y in out}"),
        "print(res)",
        splits=2,
    ),
    "batches sized while running": row(
        SLOW,
        "# split: a\nout = []\nfor x in xs:\n    out.append(work(x))\n    print(x)",
        "# split: b\nres = []\nfor y in out:\n    res.append(work(y) + 1)\n    print(y)",
        "# split: c\nodd = [work(z) for z in res if z % 2]",
        "print(out, res, odd, y)",
        splits=3,
    ),
    "a comprehension's batches sized while running": row(
        SLOW,
        "# split: a\nout = [work(x) for x in xs]",
        "# split: b\nres = [work(y) + 1 for y in out]",
        "print(out, res)",
        splits=2,
    ),
    "two in one cell": row(MAKE + "\n" + USE.split("\n", 2)[2], "print(res)", splits=2),
    "several elements per item": row(
        "# split: a\nout = []\nfor x in range(6):\n    out.extend([x] * x)\n    out += (x, -x)",
        "# split: b\nres = []\nfor y in out:\n    res.append(y)",
        "print(out, res)",
    ),
    "last batch gives nothing": row(
        SLOW,
        "# split: a\nout = []\nfor x in xs:\n    if work(x) < 20:\n        out.append(x)",
        "# split: b\nres = []\nfor y in out:\n    last = y\n    res.append(work(y))",
        "print(res, last, y)",
    ),
    "state behind a guard clause": row(
        "def work(x):\n    return sum(i * x % 7 for i in range(60))",
        split(
            "out, best = [], 999\nfor x in range(12):\n    y = work(x)\n    out.append(y)\n"
            "    if y >= best:\n        continue\n    best = y"
        ),
        split("res = []\nfor y in out:\n    res.append(work(y))"),
        "print(out, best, res, x, y)",
        splits=2,
    ),
    "no items": row(
        split("out = []\nfor x in []:\n    out.append(x)"), USE, "print(out, res)", splits=2
    ),
    "no elements": row(
        split("out = []\nfor x in range(9):\n    if x > 9:\n        out.append(x)"),
        USE,
        "print(out, res)",
        splits=2,
    ),
    "error in the first loop": row(
        split("out = []\nfor x in range(9):\n    print('a', x)\n    out.append(1 / (x - 7))"),
        split("res = []\nfor y in out:\n    print('b', y)\n    res.append(y)"),
    ),
    "error in the second loop": row(
        split("out = []\nfor x in range(9):\n    print('a', x)\n    out.append(x)"),
        split("res = []\nfor y in out:\n    print('b', y)\n    res.append(1 / (y - 5))"),
        "print('not run')",
    ),
    "error after the first loop": row(MAKE + "\n1 / 0", USE),
    "another reader of the list": row(MAKE, "print(sum(out))\nn = len(out)", USE, "res", splits=2),
    "the same objects in both lists": row(
        split("out = []\nfor x in range(6):\n    out.append([x])"),
        split("res = []\nfor y in out:\n    res.append(y)"),
        "res[0].append(9)\nprint(out, [a is b for a, b in zip(out, res)])",
    ),
    "arrays": row(
        "import numpy as np",
        split("out = []\nfor x in range(9):\n    out.append(np.full(1000, x))"),
        split("acc = np.zeros(1000)\nfor y in out:\n    acc += y / 3"),
        "print(acc[:3], out[0].flags.writeable)",
        splits=2,
    ),
    "the list is changed between": row(MAKE, "out.reverse()", USE, "print(res)", splits=2),
    "an element is changed between": row(
        split("out = []\nfor x in range(6):\n    out.append([x])"),
        "for e in out[:2]:\n    e.append(7)",
        split("res = []\nfor y in out:\n    res.append(sum(y))"),
        "print(res)",
        splits=2,
    ),
    "what the second loop uses is set between": row(
        "k = 1", MAKE, "k = 5", split("res = [y + k for y in out]"), "print(res)", splits=2
    ),
    "a function that the second loop calls is defined between": row(
        "def f(y):\n    return y",
        MAKE,
        "def f(y):\n    return -y",
        split("res = [f(y) for y in out]"),
        "print(res)",
        splits=2,
    ),
    "other batches": row(
        MAKE, split("res = []\nfor y in out:\n    res.append(y)", 5), "print(res)", splits=2
    ),
    "the list doesn't begin empty": row(
        split("out = [100]\nfor x in range(9):\n    out.append(x)"), USE, "print(res)", splits=2
    ),
    "one list for two loops": row(MAKE, USE, USE.replace("res", "res2"), "print(res2)", splits=3),
    "lists side by side, sized while running": row(
        SLOW,
        "# split: make\nout, own = [], {}\nfor x in xs:\n    out.append(work(x) / 3)\n    own[x] = [x]",
        "# split: pairs\nres = []\nfor i, (x, y) in enumerate(zip(xs, out)):\n    res.append((i, x, y))",
        "# split: again\nmore = {i: y for i, y in enumerate(out, 1)}",
        "print(res, more)",
        splits=3,
    ),
    "the second loop changes its items": row(
        split("out = []\nfor x in range(6):\n    out.append([x])"),
        split("res = []\nfor y in out:\n    y.append(1)\n    res.append(len(y))"),
        "print(out, res)",
    ),
}

ROWS = sampled(
    _ROWS,
    "three loops, the middle one filters",
    "batches sized while running",
    "last batch gives nothing",
    "error in the second loop",
    "the same objects in both lists",
    "lists side by side, sized while running",
    "arrays",
)
