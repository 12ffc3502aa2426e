"""State that is carried from one iteration to the next: the merge takes care of it where that is cheap."""

from __future__ import annotations

from notebook_row import row, sampled, split

WORK = (
    "def work(x):\n    return sum(i * x % 7 for i in range(50))\nxs = [5, 3, 8, 1, 9, 2, 7]\n"
    "best, where, total, trace = 10 ** 9, None, 0, []"
)
#: Calls what can't be seen, so that anything may be an alias of anything.
UNKNOWN = "\nimport json\nys = [json.loads(text) for text in '5 3 8 1 9 2 7'.split()]\n"


def carried(loop: str, after: str = "", before: str = "", **facts: object) -> object:
    return row(
        WORK + before,
        split(loop + (after and "\n" + after)),
        "(best, where, total, trace)",
        **facts,
    )


ROWS = sampled(
    {
        "argmin": carried(
            "for i, x in enumerate(xs):\n    y = work(x)\n    if y < best:\n        best, where = y, i",
            splits=1,
        ),
        "min and max by function": carried(
            "top = float('-inf')\nfor x in xs:\n    y = work(x)\n    best = min(best, y)\n    top = max(y, top)",
            "print(best, top)",
            splits=1,
        ),
        "first of all is None": carried(
            "for x in xs:\n    y = work(x)\n    if where is None or y > where:\n        where = y",
            splits=1,
        ),
        "else and elif": carried(
            "low = []\nfor x in xs:\n    y = work(x)\n    if y < best:\n        best = y\n    elif y == best:\n"
            "        low.append(x)\n    else:\n        total += 1",
            "print(low)",
            splits=1,
        ),
        "running mean and its trace": carried(
            "ema = 0.0\nfor x in xs:\n    y = work(x)\n    ema = 0.9 * ema + 0.1 * y\n    trace.append(ema)",
            "print(repr(ema))",
            splits=1,
        ),
        "prefix sums": carried(
            "trace.append(0)\nfor x in xs:\n    y = work(x)\n    trace.append(trace[-1] + y)",
            splits=1,
        ),
        "entries by a counter": carried(
            "k = 0\nfilled, named = np.zeros((7, 2)), {}\nfor x in xs:\n    y = work(x)\n    filled[k] = y, x\n"
            "    filled[k, 1] -= filled[k - 1, 0]\n    named[k] = [y]\n    k += 1",
            "print(k, filled, named)",
            before="\nimport numpy as np",
            splits=1,
        ),
        "entries by a counter of those that are kept": carried(
            "n = 0\nfilled = np.zeros((7, 2))\nfor x in xs:\n    y = work(x)\n    if y % 2:\n        continue\n"
            "    print(n, y)\n    filled[n, 0] = x\n    filled[n, 1] = y\n    n += 1\nfilled = filled[:n]",
            "print(n, filled)",
            before="\nimport numpy as np",
            splits=1,
        ),
        "slices one behind the other": carried(
            "start = 0\nfilled = np.zeros(40)\nfor x in xs:\n    part = np.full(x, work(x))\n"
            "    filled[start:start + len(part)] = part\n    start += len(part)",
            "print(start, filled)",
            before="\nimport numpy as np",
            splits=1,
        ),
        "one object at the places of a counter": carried(
            "k = 0\nkept = np.zeros((7, 2), dtype=object)\nfor x in xs:\n    y = [work(x)]\n    kept[k, 0] = y\n"
            "    kept[k, 1] = y\n    k += 1",
            "kept[0, 0].append(1)\nprint(kept)",
            before="\nimport numpy as np",
            splits=1,
        ),
        "an array that changes after it went into another one, and into a list": carried(
            "k = 0\nkept, copied = {'m': np.zeros((7, 2)), 'l': [None] * 7}, [None] * 7\nfor x in xs:\n"
            "    y = np.full(2, work(x))\n    kept['m'][k] = copied[k] = y\n    y += 1\n    k += 1",
            "print(kept, copied)",
            before="\nimport numpy as np",
            splits=0,
        ),
        "the list of items is filled by a counter": carried(
            "k = 0\nfor x in xs:\n    y = work(x)\n    xs[(k + 1) % 7] = y\n    k += 1",
            "print(xs)",
            splits=0,
        ),
        "an array that the body reads is filled by a counter": carried(
            "k = 0\nfilled = np.zeros(7)\nview = filled[:]\nfor x in xs:\n    y = work(x) + view[0]\n"
            "    filled[k] = y\n    k += 1",
            "print(filled)",
            before="\nimport numpy as np",
            splits=0,
        ),
        "progress is printed in its place": carried(
            "for x in xs:\n    print('try', x)\n    y = work(x)\n    total += y\n    print(f'{x}: {total:.1f}')\n"
            "    print('end', x)",
            splits=1,
        ),
        "printed now and then": carried(
            "for i, x in enumerate(xs):\n    total += work(x)\n    if i % 3 == 0:\n        print(i, total)",
            splits=1,
        ),
        "counting with get": carried(
            "counts = {}\nfor x in xs:\n    k = work(x) % 3\n    counts[k] = counts.get(k, 0) + 1",
            "print(counts)",
            splits=1,
        ),
        "setdefault": carried(
            "groups = {}\nfor x in xs:\n    groups.setdefault(work(x) % 3, []).append(x)",
            "print(groups)",
            splits=1,
        ),
        "if it isn't there": carried(
            "groups = {}\nfor x in xs:\n    k = work(x) % 3\n    if k not in groups:\n        groups[k] = []\n"
            "    groups[k].append(x)",
            "print(groups)",
            splits=1,
        ),
        "seen before": carried(
            "seen = set()\nfor x in xs + xs:\n    y = work(x)\n    if y not in seen:\n        seen.add(y)\n"
            "        trace.append(x)",
            "print(sorted(seen))",
            splits=1,
        ),
        "array maximum": carried(
            "import numpy as np\nacc = np.zeros(3)\nfor x in xs:\n    v = np.zeros(3) + work(x)\n"
            "    acc = np.maximum(acc, v)\n    v[:] = 0",
            "print(acc)",
            splits=1,
        ),
        "array maximum in place": carried(
            "import numpy as np\nacc = np.zeros(3)\nalias = acc\nfor x in xs:\n"
            "    v = np.zeros(3) + work(x)\n    np.maximum(acc, v, out=acc)\n    v[:] = 0",
            "print(acc, alias is acc)",
            splits=1,
        ),
        "appended arrays": carried(
            "import numpy as np\nacc = np.array([])\nfor x in xs:\n    acc = np.append(acc, work(x))",
            "print(acc)",
            splits=1,
        ),
        "matrix products, kept apart and at their largest": carried(
            "import numpy as np\nA, top, h = np.arange(9.0).reshape(3, 3), np.zeros(3), np.array([])\n"
            "for x in xs:\n    v = A @ (np.ones(3) * x)\n    top = np.maximum(top, v)\n    h = np.append(h, v)",
            "print(top, h)",
            splits=1,
        ),
        "flattened items, stacked": carried(
            "import numpy as np\nimages, h = [np.ones((2, 2)) * x for x in xs], np.array([])\n"
            "for image in images:\n    work(1)\n    h = np.hstack((h, image.ravel()), dtype=float)",
            "images[0][0, 0] = 99\nprint(h)",
            splits=2,
        ),
        "the greatest, put into an item": carried(
            "import numpy as np\nrows, acc = [np.zeros(2) for x in xs], np.zeros(2)\n"
            "for i, r in enumerate(rows):\n    y = r + work(i)\n    acc = np.maximum(acc, y, rows[0])",
            "print(acc, rows)",
        ),
        "stored rows of a frame": carried(
            "import pandas as pd\ndf = pd.DataFrame({'a': [0.0] * 7, 'b': [''] * 7})\nfor i, x in enumerate(xs):\n"
            "    df.loc[i, 'a'] = work(x) / 2\n    df.loc[i, 'b'] = str(x)",
            "print(df)",
            splits=1,
        ),
        "concatenated frames": carried(
            "import pandas as pd\ndf = pd.DataFrame({'a': [0]})\nfor x in xs:\n"
            "    new = pd.DataFrame({'a': [work(x)]})\n    df = pd.concat([df, new], ignore_index=True)",
            "print(df)",
        ),
        "the best object is the item itself": carried(
            "items = [[x] for x in xs]\nfor item in items:\n    y = work(item[0])\n    if y < best:\n"
            "        best, where = y, item",
            "print([item is where for item in items])",
        ),
        "a name that only the merge sets": carried(
            "for x in xs:\n    y = work(x)\n    total += y\n    mean = total / 2\n    trace.append(mean)",
            "print(mean)",
            splits=1,
        ),
        "conditional work": carried(
            "for x in xs:\n    y = work(x)\n    if y < best:\n        best, where = y, work(x + 1)"
        ),
        "state that the work needs": carried(
            "for x in xs:\n    best = work(best % 100 + x)\n    trace.append(best)", splits=0
        ),
        "state that decides what is done": carried(
            "for x in xs:\n    if total < 20:\n        total += work(x)", splits=0
        ),
        "state behind a function": carried(
            "def seen():\n    return total\nfor x in xs:\n    total += work(x)\n    trace.append(seen())",
            splits=0,
        ),
        "state in a comprehension": carried(
            "for x in xs:\n    trace.append(work(x))\n    total = sum([t for t in trace])"
        ),
        "a shadowed function": carried(
            "def max(a, b):\n    trace.append(a)\n    return a\nfor x in xs:\n    total = max(total, work(x))",
            splits=0,
        ),
        "an own method": carried(
            "class Log(list):\n    def append(self, x):\n        super().append((len(self), x))\nlog = Log()\n"
            "for x in xs:\n    log.append(work(x) + len(log))",
            "print(log)",
            splits=0,
        ),
        "an error in the merge": carried(
            "for x in xs:\n    y = work(x)\n    total = 1 / (total + 5 - x)\n    print(x)"
        ),
        "all and any": carried(
            "every, some = True, False\nfor x in xs:\n    y = work(x)\n    every = every and y > 3\n"
            "    some = some or y + x > 40\nprint(every, some)",
        ),
        "a heap of objects that change": carried(
            "import heapq\nheap, made = [], []\nfor x in xs:\n    item = [work(x)]\n    made.append(item)\n"
            "    heapq.heappush(heap, item)\nheap[0].append('changed')\nprint(heap, made)"
        ),
        "a heap": carried(
            "import heapq\nheap = []\nfor x in xs:\n    heapq.heappush(heap, (work(x), x))\nprint(heap)"
        ),
        "items that nobody knows, grouped": carried(
            "groups = {}\nfor x in ys:\n    groups.setdefault(x % 3, []).append(work(x))",
            "print(groups)",
            UNKNOWN,
            splits=1,
        ),
        "items that nobody knows, the first of each": carried(
            "seen, first = set(), []\nfor x in ys:\n    y = work(x) % 3\n    if y not in seen:\n"
            "        seen.add(y)\n        first.append((x, y))",
            "print(first)",
            UNKNOWN,
            splits=1,
        ),
        "items that the groups hold": carried(
            "groups = {}\nfor x in ys:\n    groups.setdefault(work(x[0]) % 2, x).append(len(x))",
            "print(groups, ys)",
            UNKNOWN + "ys = [[y] for y in ys] * 2\n",
            splits=0,
        ),
        "the best of items that nobody knows": carried(
            "for i, x in enumerate(ys):\n    y = work(x)\n    if where is None or y > best:\n"
            "        best, where = y, i",
            "",
            UNKNOWN,
            splits=1,
        ),
        "several loops": carried(
            "for x in xs:\n    y = work(x)\n    best = min(best, y)\nfor x in xs:\n    y = work(x)\n"
            "    total = total * 0.5 + y",
            splits=2,
        ),
    },
    "argmin",
    "progress is printed in its place",
    "array maximum in place",
    "stored rows of a frame",
    "an error in the merge",
    "setdefault",
)
