"""Cells that fail."""

from __future__ import annotations

from notebook_row import row, split

ROWS = {
    "at an item": row(
        "xs = [1, 2, 0, 4, 0]\nout = []",
        "before = 'finished'\nprint(before)",
        split("for x in xs:\n    print('doing', x)\n    out.append(1 / x)"),
        "print('never')",
    ),
    "after the last row of a strict zip": row(
        "out = []",
        split(
            "for x, y in zip([1, 2, 3, 4], 'abc', strict=True):\n    print(x)\n    out.append(x * y)"
        ),
        on_ray=False,
    ),
    "at a place that a counter leads to": row(
        "import numpy as np\nk, filled = 0, np.zeros(3)",
        split("for x in range(6):\n    print('at', x)\n    filled[k] = x * 2\n    k += 1"),
        "print('never')",
    ),
    "in a function": row(
        "def inner(x):\n    return {}[x]\ndef outer(x):\n    return inner(x) + 1",
        split("for x in range(5):\n    y = x if x < 3 else outer(x)"),
        "print('never')",
    ),
    "chained": row(
        split(
            "for x in [2, 1, 0]:\n    try:\n        1 / x\n    except ZeroDivisionError as e:\n"
            "        raise ValueError(f'bad {x}') from e"
        )
    ),
    "of a class of the notebook": row(
        "class Mine(Exception):\n    def __init__(self, a, b):\n        super().__init__(f'{a}/{b}')",
        split("for x in range(4):\n    if x == 2:\n        raise Mine(x, 'b')"),
    ),
    "in a comprehension": row("xs = [1, 0, 2]", split("ys = [1 / x for x in xs]"), "print(ys)"),
    "in the iterable": row(split("for x in [1, 2][5]:\n    pass")),
    "not iterable": row(split("for x in 5:\n    print(x)")),
    "in the merge": row("d = {}", split("for x in [1, [2], 3]:\n    d[x] = 1"), "d"),
    "unpacking": row(split("for a, b in [(1, 2), (3, 4), (5,), (6, 7)]:\n    print(a, b)")),
    "set of unhashables": row(split("s = {x for x in [(1,), [2], (3,)]}")),
    "system exit": row(
        split("for x in range(3):\n    if x == 1:\n        raise SystemExit(3)"), in_process=False
    ),
    "raises-exception": row(
        ("print('a')\n1 / 0", ("raises-exception",)),
        "print('goes on')",
    ),
    "raises-exception in a split": row(
        "out = []",
        (split("for x in [1, 2, 0, 3]:\n    out.append(1 / x)"), ("raises-exception",)),
        "print(out, x)",
    ),
    "raises-exception in a cell that could run elsewhere": row(
        "import time\ntotal = -1\ndef slow(x):\n    time.sleep(0.001)\n    return x",
        "a = sum(slow(i) for i in range(20))",
        ("total = 0\nfor v in [4, 5, 0, 6]:\n    total += slow(20) // v", ("raises-exception",)),
        ("made = [slow(a)]\nmade.append(1 / 0)", ("raises-exception",)),
        "print(total, made, v)",
    ),
    "caught in each iteration, in cells after each other": row(
        "def read(i):\n    if i % 3 == 1:\n        raise ValueError(i)\n    return i",
        "try:\n    read(4)\nexcept ValueError as e:\n    print(e)",
        split(
            "out = []\nfor i in range(6):\n    try:\n        out.append(read(i))\n"
            "    except ValueError as e:\n        out.append(e.args)"
        ),
        split(
            "for i in range(6):\n    try:\n        out.append(read(i))\n"
            "    except ValueError as e:\n        out.append(str(e))"
        ),
        "print(out)",
        splits=2,
    ),
    "caught around the loop": row(
        "out = []\ntry:\n    for x in [1, 0]:\n        out.append(1 / x)\nexcept ZeroDivisionError:\n"
        "    print('caught', out)"
    ),
    "in a plain cell": row("x = 1", "y = x / 0", "print('never')"),
    "name error": row("if False:\n    late = 1", "print(late)"),
}
