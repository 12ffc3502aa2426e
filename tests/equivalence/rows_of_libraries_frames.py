# ruff: noqa: E501  (one row per surprise)
"""pandas and NumPy: frames and arrays that many cells change, views, groupings, options."""

from __future__ import annotations

from notebook_row import row, sampled, split

_FRAME = (
    "import numpy as np, pandas as pd\n"
    "df = pd.DataFrame({'k': list('abab'), 'v': [1.0, 2.0, np.nan, 4.0], 'n': range(4)})"
)
#: Makes a cell worth another worker.
_COSTLY = "costly = sum(i * i for i in range(3))"

ROWS = sampled(
    {
        "columns added by many cells": row(
            _FRAME,
            "df['w'] = df['v'] * 2",
            "first = df.describe()\n" + _COSTLY,
            "df['w'] = df['w'].fillna(0)\ndf.loc[df.n > 1, 'n'] = -1",
            "second = df.describe()\n" + _COSTLY,
            "df.columns = ['K', 'V', 'N', 'W']\ndf.index.name = 'row'",
            "print(first, second, df.head(), df.index.name)",
        ),
        "insert pop update": row(
            _FRAME,
            "before = df.sum(numeric_only=True)\n" + _COSTLY,
            "df.insert(1, 'z', 5)\nv = df.pop('v')",
            "after = df.sum(numeric_only=True)\n" + _COSTLY,
            "df.update(pd.DataFrame({'z': [9]}))",
            "print(before, after, v, df)",
        ),
        "a column's array in a batch, and a later change of the table": row(
            _FRAME,
            split(
                "kept, sums = [], []\nfor i in range(4):\n    kept.append(df['v'].values)\n    sums.append(i)"
            ),
            "df.loc[0, 'v'] = 99.0",
            "print(kept[0], kept[3], sums)",
            splits=0,
        ),
        "read-only arrays that batches hand back": row(
            _FRAME + "\nfixed = np.broadcast_to(np.arange(5), (5,))",
            split(
                "kept = []\nfor i in range(4):\n"
                "    kept.append((df['v'].values, df['k'].to_numpy(), df.index.values, fixed[i:], np.ones(2)))"
            ),
            "print(len(kept))",
            splits=1,
        ),
        "slices of a shared array, which is changed later": row(
            "import numpy as np\na = np.arange(24.0).reshape(6, 4)\nb = a[2:]",
            split(
                "parts, means = [], []\nfor i in range(5):\n    part = a[i : i + 2, 1:]\n"
                "    parts.append((part, b[0], part))\n    means.append(part.mean())"
            ),
            "a[3] = 100\nparts[0][0][0, 0] = -1\nprint(parts, part, b, means)",
            splits=1,
        ),
        "slices of items that are rows of an array": row(
            "import numpy as np\na = np.arange(24.0).reshape(6, 4)",
            split("out = []\nfor r in a:\n    out.append((r[1:3], r[::-1]))"),
            split("ends = [r[-2:] for r in list(a)]"),
            "out[0][0][0] = 50\nends[5][0] = 7\nprint(out, ends, a)",
            splits=2,
        ),
        "other windows on a shared array": row(
            "import numpy as np\na = np.arange(24.0).reshape(6, 4)",
            split("out = []\nfor i in range(4):\n    out.append((a[i:].T, a[i:, i:].diagonal()))"),
            "a[0] = 9\nprint(out)",
        ),
        "flags of arrays, asked for": row(
            "import numpy as np\nm = np.arange(9.0).reshape(3, 3)",
            split("kept = []\nfor i in range(4):\n    kept.append(m.diagonal() if i else m[i])"),
            "print([a.flags.writeable for a in kept])",
        ),
        "inplace": row(
            _FRAME,
            "short = df.head(2)\n" + _COSTLY,
            "df.dropna(inplace=True)\ndf.rename(columns={'v': 'value'}, inplace=True)\n"
            "df.reset_index(drop=True, inplace=True)",
            "options = {'inplace': True}\ndf.set_index('k', **options)",
            "print(short, len(short))\n" + _COSTLY,
            "print(df, df.shape)",
        ),
        "a grouping sees later columns": row(
            _FRAME,
            "groups = df.groupby('k')\nwindows = df[['n']].rolling(2)",
            "df['late'] = [1, 2, 3, 4]",
            "print(groups.late.sum())\n" + _COSTLY,
            "df.loc[0, 'k'] = 'b'",
            "print(groups.size().to_dict(), windows.sum())\n" + _COSTLY,
            "del groups, windows",
        ),
        "a filtered copy is its own": row(
            _FRAME,
            "part = df[df.n > 1]\n" + _COSTLY,
            "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    part['v'] = 0.0",
            "print(df.v.tolist(), part.v.tolist())\n" + _COSTLY,
            "df.loc[3, 'n'] = 100",
            "print(part.n.tolist(), df.n.tolist())",
        ),
        "a column by reference": row(
            _FRAME,
            "s = df['n']\nvalues = df['n'].to_numpy()",
            "df['n'] = df['n'] + 10",
            "print(s.tolist(), values.tolist(), df.n.tolist())\n" + _COSTLY,
            "s.name = 'renamed'",
            "print(s.name, df.columns.tolist())\n" + _COSTLY,
        ),
        "accessors in chains": row(
            "import pandas as pd\ns = pd.Series(['b 1', 'a 2', 'c 3'])\n"
            "days = pd.Series(pd.date_range('2020-01-31', periods=3, freq='D'))\nc = pd.Series(list('xyx'), dtype='category')",
            "left = s.str.split().str[0].str.upper().tolist()\n" + _COSTLY,
            "middle = days.dt.month.value_counts().to_dict(), days.dt.strftime('%d').tolist()\n"
            + _COSTLY,
            "right = c.cat.codes.tolist(), c.cat.categories.tolist()\n" + _COSTLY,
            "print(left, middle, right)",
        ),
        "groupings read side by side": row(
            _FRAME,
            "a = df.groupby('k').v.agg(['mean', 'max'])\n" + _COSTLY,
            "b = {name: group.n.sum() for name, group in df.groupby('k')}",
            "c = df.groupby('k').apply(lambda g: g.n.max())\n" + _COSTLY,
            "d = df.pivot_table(index='k', values='n', aggfunc='sum').unstack()\n" + _COSTLY,
            "print(a, b, c, d)",
        ),
        "apply with a function that keeps count": row(
            _FRAME + "\nseen = []",
            "def note(x):\n    seen.append(x)\n    return x * 2",
            "twice = df.n.apply(note)",
            "print(len(seen))\n" + _COSTLY,
            "thrice = df.n.map(lambda x: seen.append(x) or x)",
            "print(len(seen), twice.tolist(), thrice.tolist())\n" + _COSTLY,
        ),
        "query and eval read names": row(
            _FRAME,
            "limit = 1",
            "few = df.query('n > @limit')\n" + _COSTLY,
            "limit = 2",
            "fewer = df.query('n > @limit')\n" + _COSTLY,
            "total = df.eval('n + v + @limit')\n" + _COSTLY,
            "print(few, fewer, total, pd.eval('limit + 1'))",
        ),
        "options": row(
            _FRAME + "\nlong = pd.Series(np.linspace(0, 1, 30))",
            "print(long)\n" + _COSTLY,
            "pd.set_option('display.precision', 2)\npd.options.display.max_rows = 6",
            "print(long)\n" + _COSTLY,
            "with pd.option_context('display.max_rows', 3):\n    print(long)",
            "np.set_printoptions(precision=3, suppress=True)",
            "print(np.arange(3) / 7)\n" + _COSTLY,
            "pd.reset_option('display.max_rows')",
            "print(len(str(long)))\n" + _COSTLY,
            in_process=False,  # settings of a later cell are seen where all cells share a process
        ),
        "views of arrays": row(
            "import numpy as np\na = np.arange(6.0)\nb = a.reshape(2, 3)\nc = b[:, 1]\nd = a[a > 2]\ne = np.array(a)",
            "c += 10\n",
            "print(a, d, e)\n" + _COSTLY,
            "d[0] = -1\ne[1] = -2",
            "print(a, b, c, d, e)\n" + _COSTLY,
            "np.add(a, 1, out=a)\na.sort()",
            "print(b, c)\n" + _COSTLY,
        ),
        "an array of lists holds them": row(
            "import numpy as np\nxs = [[1], [2, 3]]\na = np.array(xs, dtype=object)\nb = a[[0, 1]]",
            "xs[0].append(9)",
            "print(a, b)\n" + _COSTLY,
            "a[1].append(7)",
            "print(xs, b)\n" + _COSTLY,
        ),
        "draws of arrays and frames": row(
            _FRAME + "\nnp.random.seed(5)",
            "a = np.random.permutation(5)\n" + _COSTLY,
            "b = df.sample(2)\n" + _COSTLY,
            "c = df.sample(2, random_state=1)\n" + _COSTLY,
            "rng = np.random.default_rng(3)",
            "d = df.sample(2, random_state=rng)",
            "e = rng.normal(size=2)",
            "print(a, b, c, d, e, np.random.rand())",
        ),
        "loop over groups": row(
            _FRAME + "\nout = {}",
            split("for name, group in list(df.groupby('k')):\n    out[name] = group.n.sum()"),
            "print(out)",
            splits=1,
        ),
        "loop over columns and arrays": row(
            "import numpy as np\nmatrix = np.arange(12.0).reshape(4, 3)\nmeans = []",
            split("for line in matrix:\n    means.append(line.mean())"),
            "total = sum(means)\nprint(total, means)",
            splits=1,
        ),
        "names used for several things": row(
            _FRAME,
            "data = [3, 1, 2]\ndata.sort()",
            "print(data)\n" + _COSTLY,
            "data = df.copy()\ndata['x'] = 1",
            "print(data.shape)\n" + _COSTLY,
            "data = np.arange(3)\nview = data[:2]\nview[0] = 7",
            "print(data)\n" + _COSTLY,
            "data = 5",
            "data += 1\nprint(data, view)\ndel view",
        ),
        "a loop that changes what a name is": row(
            "import numpy as np\nx = 1\nkept = []",
            "for i in range(3):\n    kept.append(x)\n    x = np.full(2, i)\n    x += 1",
            "print(kept, x)\n" + _COSTLY,
            "x[0] = 50",
            "print(kept, x)\n" + _COSTLY,
        ),
        "a function given different things": row(
            _FRAME,
            "def add(things, new):\n    things += new\n    return things",
            "xs = [1]\nadd(xs, [2])",
            "n = add(1, 2)",
            "a = np.zeros(2)\nb = add(a, 1)",
            "print(xs, n, a, b is a)\n" + _COSTLY,
            "b[0] = 9",
            "print(a)\n" + _COSTLY,
        ),
        "several levels": row(
            "import pandas as pd\nindex = pd.MultiIndex.from_product([['a', 'b'], [1, 2]], names=['k', 'n'])\n"
            "s = pd.Series(range(4), index=index)",
            "wide = s.unstack()\n" + _COSTLY,
            "part = s.loc['a']\nlevels = index.levels\n" + _COSTLY,
            "s.index.names = ['K', 'N']",
            "print(wide, part, levels, s.index.names, s['b', 2])\n" + _COSTLY,
            "del levels",
        ),
        "a cell that may fail": row(
            "x = [1]",
            ("print(undefined)\nx = 5", ("raises-exception",)),
            "x.append(2)",
            "print(x)\n" + _COSTLY,
            ("x = 7\nx.append(3)", ("raises-exception",)),
            "print(x)",
        ),
        "styled": row(
            _FRAME,
            "styled = df.style.format(precision=1).set_uuid('u')",
            "styled.set_caption('a caption')\nNone",
            "df.loc[0, 'n'] = 42",
            "html = styled.to_html()\nprint('a caption' in html, '42' in html)",
        ),
        "an axis that tables made elsewhere share gets another name": row(
            "import pandas as pd\ns = pd.Series([1, 2, 3, 4], index=list('abcd'))",
            "table = pd.DataFrame({'t': s, 'u': [4, 3, 2, 1]})\n" + _COSTLY,
            "double = s * 2\n" + _COSTLY,
            split("parts = []\nfor i in range(4):\n    parts.append(s + i)"),
            "mean = table.mean(axis=1)\n" + _COSTLY,
            "s.index.name = 'key'\ntable.columns.name = 'what'",
            "print(table, double, mean, parts[-1])",
        ),
        "json and csv as text": row(
            _FRAME,
            "text = df.to_csv()\n" + _COSTLY,
            "df['v'] = 0",
            "print(text, df.to_json(), df.to_dict('list'))\n" + _COSTLY,
        ),
    },
    "columns added by many cells",
    "accessors in chains",
    "views of arrays",
    "loop over groups",
    "several levels",
    "an axis that tables made elsewhere share gets another name",
)
