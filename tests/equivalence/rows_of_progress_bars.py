"""Progress bars: one bar over all batches, which ends as it ends in the notebook."""

from __future__ import annotations

from notebook_row import row, sampled, split

TQDM = "from tqdm import tqdm, trange\nxs = list(range(7))"
GENERATOR = "def squares(n):\n    for i in range(n):\n        yield i * i"
COLLECT = "out = []\nfor x in {}:\n    out.append(x)\nprint(out)"

OVER_ITEMS = {
    "of the notebook, or of a text where it has no widgets": row(
        "from tqdm.auto import tqdm, trange",
        split("out = []\nfor x in tqdm(range(6)):\n    out.append(x * x)"),
        "import tqdm.autonotebook\nprint(out, tqdm.autonotebook.tqdm.__module__)",
        splits=1,
    ),
    "around the items": row(TQDM, split(COLLECT.format("tqdm(xs)")), splits=1),
    "described": row(
        TQDM,
        split(COLLECT.format("tqdm(xs, desc='read', unit='file', total=7, ncols=60)")),
        splits=1,
    ),
    "counting": row(TQDM, split(COLLECT.format("trange(3, 9)")), splits=1),
    "in a module": row("import tqdm", split(COLLECT.format("tqdm.tqdm('abcde')")), splits=1),
    "that adapts": row(
        "import warnings\nwarnings.simplefilter('ignore')\nfrom tqdm.auto import tqdm",
        split(COLLECT.format("tqdm('abcde')")),
        splits=1,
    ),
    "of a generator": row(
        TQDM, GENERATOR, split(COLLECT.format("tqdm(squares(6), total=6)")), splits=1
    ),
    "of a generator of unknown length": row(
        TQDM, GENERATOR, split(COLLECT.format("tqdm(squares(6))")), splits=1
    ),
    "around pairs": row(
        TQDM, split(COLLECT.format("tqdm(enumerate(zip(xs, 'abcdefg')), total=7)")), splits=1
    ),
    "in enumerate": row(TQDM, split(COLLECT.format("enumerate(tqdm(xs), 2)")), splits=1),
    "in zip": row(TQDM, split(COLLECT.format("zip(tqdm(xs), 'abcdefg')")), splits=1),
    "in zip behind others": row(
        TQDM,
        split(COLLECT.format("zip('abcdefg', tqdm(xs))")),
        split(COLLECT.format("zip('abc', tqdm(xs))")),
        split(COLLECT.format("zip('abcdefghi', tqdm(xs))")),
        splits=3,
    ),
    "in zip around what has no length": row(
        TQDM,
        "def f(x):\n    return x * x",
        split(COLLECT.format("zip(xs, tqdm(map(f, xs), total=7))")),
        split(COLLECT.format("zip(xs, tqdm(map(f, xs[:4]), total=7))")),
        "# split: part\n" + COLLECT.format("zip(xs, tqdm(map(f, xs), total=7))"),
    ),
    "in a strict zip": row(
        TQDM, split(COLLECT.format("zip(tqdm(xs), 'abcdefg', strict=True)")), splits=1
    ),
    "in zip with less": row(TQDM, split(COLLECT.format("zip(tqdm(xs), 'abc')")), splits=1),
    "tenumerate": row(
        "import warnings\nwarnings.simplefilter('ignore')\nfrom tqdm.contrib import tenumerate",
        split(COLLECT.format("tenumerate('abcd')")),
        splits=1,
    ),
    "off": row(TQDM, split(COLLECT.format("tqdm(xs, disable=True)")), splits=1),
    "gone at the end": row(
        TQDM, split(COLLECT.format("tqdm(xs, leave=False, initial=3)")), splits=1
    ),
    "in comprehensions": row(
        TQDM,
        split(
            "a = [x + 1 for x in tqdm(xs, 'a')]\nb = {x: -x for x in tqdm(xs, 'b')}\n"
            "c = sum(x for x in tqdm(xs, 'c'))"
        ),
        "print(a, b, c)",
        splits=3,
    ),
    "nothing": row(TQDM, split(COLLECT.format("tqdm([])")), splits=1),
    "sized while running": row(
        TQDM + "\nimport time",
        "# split: part\nout = []\nfor x in tqdm(range(40)):\n    time.sleep(0.04)\n    out.append(x)\nprint(out)",
        splits=1,
    ),
    "an error in an iteration": row(
        TQDM, split("out = []\nfor x in tqdm(xs):\n    out.append(1 / (4 - x))")
    ),
    "prints beside it": row(
        TQDM, split("for x in tqdm(xs):\n    tqdm.write(f'{x} written')\n    print(x)"), splits=1
    ),
    "loop that is left": row(
        TQDM, split("for x in tqdm(xs):\n    if x == 3:\n        break"), splits=0
    ),
    "a batch that has to run again": row(
        TQDM,
        "import numpy as np\nimport functools\n@functools.lru_cache\ndef f(x):\n    return [x]",
        split("out = []\nfor x in tqdm(xs):\n    out.append(f(x % 2))\nprint(out)"),
        "out[0].append(3)\nprint(out)",
    ),
}

NAMED = {
    "postfix": row(
        TQDM,
        split(
            "bar = tqdm(xs, desc='fit')\nlosses = []\nfor x in bar:\n    loss = 1 / (x + 1)\n"
            "    losses.append(loss)\n    bar.set_postfix(loss=f'{loss:.2f}', x=x)\n"
            "    bar.set_description(f'fit {x}')\nprint(losses)"
        ),
        splits=1,
    ),
    "made in another cell": row(
        TQDM, "bar = tqdm(xs)", split("for x in bar:\n    bar.set_postfix_str(str(x))"), splits=1
    ),
    "text beside it": row(
        TQDM, split("bar = tqdm(xs)\nfor x in bar:\n    bar.write(f'item {x}')"), splits=1
    ),
    "by hand": row(
        TQDM,
        split(
            "out = []\nwith tqdm(total=7, desc='all') as bar:\n    for x in xs:\n        out.append(x * x)\n"
            "        bar.update(1)\nprint(out)"
        ),
        splits=1,
    ),
    "by hand, without 'with'": row(
        TQDM,
        split(
            "bar = tqdm(total=14)\nout = []\nfor x in xs:\n    out.append(x)\n    bar.update()\n"
            "    bar.update(n=1)\nbar.close()"
        ),
        splits=1,
    ),
    "by hand over items": row(
        TQDM,
        split(
            "with tqdm(xs) as bar:\n    for x in bar:\n        bar.set_postfix(x=x)\n    print('over')"
        ),
        splits=1,
    ),
    "another manager of that name": row(
        "class tqdm:\n    def __init__(self, xs):\n        self.xs = xs\n    def __enter__(self):\n"
        "        return self.xs\n    def __exit__(self, *_):\n        print('left')\nxs = [1, 2, 3]",
        split(
            "out = []\nwith tqdm(xs) as bar:\n    for x in xs:\n        out.append(x)\nprint(out)"
        ),
        splits=0,
    ),
}

ROWS = sampled(
    {**OVER_ITEMS, **NAMED},
    "described",
    "in enumerate",
    "sized while running",
    "an error in an iteration",
    "postfix",
    "by hand",
)
