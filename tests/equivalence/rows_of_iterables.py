"""What a loop may go over: everything that ends, taken as it comes where that changes nothing."""

from __future__ import annotations

from notebook_row import row, sampled, split

GENERATOR = "def squares(n):\n    for i in range(n):\n        yield i * i"
COLLECT = split("out = []\nfor x in {}:\n    out.append(x)\nprint(out, x)")
FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': [3, 1, 2, 1], 'b': list('wxyz')})"

DRAWN = {
    "generator function": row(GENERATOR, COLLECT.format("squares(7)"), splits=1),
    "generator expression": row(
        "xs = [1, 2, 3, 4]", COLLECT.format("(x + 1 for x in xs)"), splits=1
    ),
    "enumerate and zip of a generator": row(
        GENERATOR, COLLECT.format("enumerate(zip(squares(5), 'abcde'))"), splits=1
    ),
    "map and filter": row(
        "xs = [3, 1, 4, 1, 5]", COLLECT.format("map(str, filter(None, xs))"), splits=1
    ),
    "islice of count": row(
        "from itertools import count, islice", COLLECT.format("islice(count(3), 5)"), splits=1
    ),
    "chain and product": row(
        "from itertools import chain, product",
        COLLECT.format("chain(product('ab', [1, 2]), zip('c', [3]))"),
        splits=1,
    ),
    "frame rows": row(
        FRAME,
        split(
            "out = []\nfor i, row in df.iterrows():\n    out.append((i, row['a'], row.b))\nprint(out)"
        ),
        splits=1,
    ),
    "frame tuples": row(
        FRAME, split("out = [t.a * 2 for t in df.itertuples()]\nprint(out)"), splits=1
    ),
    "frame columns": row(
        FRAME,
        split(
            "out = {}\nfor name, column in df.items():\n    out[name] = column.max()\nprint(out)"
        ),
        splits=1,
    ),
    "groups": row(
        FRAME,
        split("out = {}\nfor k, g in df.groupby('a'):\n    out[k] = len(g)\nprint(out)"),
        splits=1,
    ),
    "lines of a file": row(
        "with open('lines.txt', 'w') as f:\n    f.write('a\\nbb\\n\\nccc')\n"
        "import warnings\nwarnings.simplefilter('ignore', ResourceWarning)",
        split("out = [len(line) for line in open('lines.txt')]\nprint(out)"),
        on_ray=False,
    ),
    "comprehensions": row(
        GENERATOR,
        split(
            "a = [x + 1 for x in squares(6)]\nb = {x % 3 for x in squares(6)}\n"
            "c = {x: str(x) for x in squares(6)}\nprint(a, b, c)"
        ),
        splits=3,
    ),
    "nothing": row(
        GENERATOR, split("out = []\nfor x in squares(0):\n    out.append(x)\nout"), splits=1
    ),
    "sized while running": row(
        GENERATOR + "\nimport time",
        "# split: part\nout = []\nfor x in squares(40):\n    time.sleep(0.02)\n    out.append(x)\nprint(out)",
        splits=1,
    ),
}

TRAPS = {
    "items that are printed as they are made": row(
        "def loud(n):\n    for i in range(n):\n        if i in (3, 5):\n"
        "            print('make', i)\n        yield i",
        split("out = []\nfor x in loud(8):\n    print(x)\n    out.append(x)\nprint(out)"),
    ),
    "an error while an item is made": row(
        "def failing(n):\n    for i in range(n):\n        yield 1 / (5 - i)",
        split("for x in failing(9):\n    print(x)"),
    ),
    "an error at an item that was drawn": row(
        GENERATOR, split("for x in squares(9):\n    print(1 / (16 - x))")
    ),
    "an item whose object is used again": row(
        "def filled(n):\n    buffer = [0]\n    for i in range(n):\n        buffer[0] = i\n        yield buffer",
        split("out = []\nfor b in filled(6):\n    out.append(b[0])\nprint(out)"),
        splits=0,
    ),
    "an array that is filled again": row(
        "import numpy as np\ndef filled(n):\n    buffer = np.zeros(2)\n    for i in range(n):\n"
        "        buffer += i\n        yield buffer",
        split("out = []\nfor b in filled(6):\n    out.append(b.sum())\nprint(out)"),
        splits=0,
    ),
    "items made from what the loop collects": row(
        "out = [1]\ndef growing():\n    while len(out) < 6:\n        yield len(out)",
        split("for x in growing():\n    out.append(x)\nprint(out)"),
        splits=0,
    ),
    "items made from what the body sets": row(
        "y = 1\ndef following():\n    for _ in range(5):\n        yield y",
        split("out = []\nfor x in following():\n    y = x + 1\n    out.append(y)\nprint(out, y)"),
        splits=0,
    ),
    "items that change what the body reads": row(
        "seen = []\ndef noting(n):\n    for i in range(n):\n        seen.append(i)\n        yield i",
        split("out = []\nfor x in noting(5):\n    out.append(len(seen))\nprint(out, seen)"),
        splits=0,
    ),
    "items that count in a global": row(
        "made = 0\ndef counting(n):\n    global made\n    for i in range(n):\n        made += 1\n        yield i",
        split("out = []\nfor x in counting(5):\n    out.append(x)\nprint(out, made)"),
        splits=0,
    ),
    "an iterator with a name": row(
        GENERATOR + "\ng = squares(6)\nnext(g)",
        split("out = []\nfor x in g:\n    out.append(x)\nprint(out, list(g))"),
    ),
    "an iterator with a name, in the same cell": row(
        GENERATOR,
        split("g = squares(6)\nout = []\nfor x in g:\n    out.append(x)\nprint(out, list(g))"),
    ),
    "lazy look at a list that the loop fills": row(
        "todo = [3]",
        split("for x in (t for t in todo):\n    if x:\n        todo.append(x - 1)\nprint(todo)"),
        splits=0,
    ),
    "captured": row(
        "def loud(n):\n    for i in range(n):\n        print('make', i)\n        yield i",
        "%%capture shown\n" + split("for x in loud(4):\n    print('use', x)"),
        "print(shown.stdout)",
    ),
    "groups that live for a moment": row(
        "from itertools import groupby",
        split(
            "out = []\nfor k, g in groupby('aabbbc'):\n    out.append((k, len(list(g))))\nprint(out)"
        ),
    ),
    "drawn from a seeded generator": row(
        "import random\nrandom.seed(1)\ndef draws(n):\n    for _ in range(n):\n        yield random.random()",
        split("out = []\nfor x in draws(5):\n    out.append(x)\nprint(out, random.random())"),
    ),
}

GENERATOR_ARGUMENTS = {
    "sums and extremes": row(
        "def f(x):\n    return 1 / (x + 1)\nxs = list(range(12))",
        split(
            "a = sum(f(x) for x in xs)\nb = max((f(x) for x in xs), default=0)\n"
            "c = min((x for x in xs if x % 5 == 2), key=f)"
        ),
        "print(repr(a), b, c)",
        splits=3,
    ),
    "collections": row(
        "xs = list('banana')",
        split(
            "a = sorted(x + x for x in xs)\nb = dict((x, ord(x)) for x in xs)\nc = set(x for x in xs)\n"
            "d = tuple(x.upper() for x in xs)\ne = '-'.join(x * 2 for x in xs)"
        ),
        "print(a, b, sorted(c), d, e)",
        splits=5,
    ),
    "one that stops early": row(
        "def f(x):\n    print('look at', x)\n    return x > 2\nxs = list(range(9))",
        split("a = any(f(x) for x in xs)\nb = list(f(x) for x in xs)"),
        "print(a, b)",
        splits=1,
    ),
    "a function of that name": row(
        "from numpy import sum, max\nxs = [1, 2, 3]",
        split("a = sum([x for x in xs])\nb = list(x for x in xs)\nc = max([x for x in xs])"),
        "print(type(a).__name__, b, c)",
        splits=3,
    ),
    "own sum": row(
        "def sum(xs):\n    return type(xs).__name__",
        split("a = sum(x for x in [1, 2])"),
        "a",
        splits=0,
    ),
    "an error in an element": row(
        "def f(x):\n    return 1 / (x - 4)", split("print(sum(f(x) for x in range(9)))")
    ),
    "same generator, consumed otherwise": row(
        "xs = [0, 1, 2, 3]",
        split("a = any(1 / (2 - x) for x in xs[:1]), all(x for x in xs), list(x for x in xs)"),
        "a",
        splits=1,
    ),
}

ROWS = sampled(
    {
        **DRAWN,
        **TRAPS,
        **GENERATOR_ARGUMENTS,
    },
    "generator function",
    "frame rows",
    "groups",
    "sized while running",
    "items that are printed as they are made",
    "an error while an item is made",
    "items made from what the loop collects",
    "sums and extremes",
    "an error in an element",
)
