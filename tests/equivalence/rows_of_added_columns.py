"""Tables to which a loop adds whole columns, by labels that it computes, while it reads other columns."""

from __future__ import annotations

from notebook_row import Row, written

_TABLE = "import pandas as pd\ndf = pd.DataFrame({'a': range(12), 'b': [0.5] * 12, 's': list('xy' * 6)})\n---\n"


def _added(body: str, splits: int = 1, *, setup: str = "", on_ray: bool = False) -> Row:
    """A loop over the table's columns, and a look at the table."""
    return written(
        f"{_TABLE}{setup}# split:\n{body}\n---\nprint(df.columns, df)",
        splits=splits,
        on_ray=on_ray,
    )


ROWS = {
    "lags of one column": _added(
        "for k in range(1, 7):\n    df[f'lag{k}'] = df['a'].shift(k)", on_ray=True
    ),
    "numbered columns": _added("for k in range(6):\n    df[k] = df['a'] * k + len(df)"),
    "each column scaled": _added(
        "for c in ['a', 'b', 'a', 'b']:\n    df[f'{c}_z'] = (df[c] - df[c].mean()) / 2", on_ray=True
    ),
    "all columns that are there": _added(
        "for c in df.columns:\n    df[c + '_n'] = df[c].nunique()",
    ),
    "columns of a kind": _added(
        "for c in df.select_dtypes('number').columns:\n    df['log_' + c] = df[c] + 1"
    ),
    "columns and windows": _added(
        "for c, w in product(['a', 'b'], [2, 3, 4]):\n    df[f'{c}_{w}'] = df[c].rolling(w).mean()",
        setup="from itertools import product\n",
    ),
    "an inner loop": _added(
        "for c in ['a', 'b']:\n    for w in (2, 3):\n        df[f'{c}{w}'] = df[c].rolling(w).sum()"
    ),
    "several columns summed": _added(
        "for pair in [['a', 'b'], ['b'], ['a']]:\n    df['+'.join(pair) + '='] = df[pair].sum(axis=1)"
    ),
    "a column that isn't read is replaced": _added(
        "for c in ['b', 'x', 'b', 'y']:\n    df[c] = df['a'] * 2"
    ),
    "another table's columns": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(6), 'b': 1.5})
        out = pd.DataFrame({'c': range(6)})
        ---
        # split:
        for c in df.columns:
            out[c] = df[c] * 2 + out['c']
        ---
        print(out, df)
        """,
        splits=1,
    ),
    "a column that is read is set": _added(
        "for c in ['x', 'y', 'a', 'z']:\n    df[c] = df['a'] + 1", splits=0
    ),
    "a column that all may read is set": _added(
        "for c in ['a', 'b', 'x', 'y']:\n    df[c.replace('x', 'a')] = df[c.replace('x', 'b')]\n",
        splits=0,
    ),
    "a column of its own is set, and others may read it": _added(
        "for c, d in [('a', 'b'), ('b', 'c'), ('a', 'd')]:\n    df[d] = df[c] + 1", splits=0
    ),
    "a column that an earlier iteration has made": _added(
        "for c, d in [('a', 'c'), ('c', 'd'), ('d', 'e')]:\n    df[d] = df[c] + 1", splits=0
    ),
    "one that may not be there yet": _added(
        "for c, d in [('a', 'c'), ('c', 'd'), ('d', 'e')]:\n"
        "    try:\n        df[d] = df[c] + 1\n    except KeyError:\n        df[d] = 0",
        splits=0,
    ),
    "a running total": _added("for c in ['a', 'b', 'a']:\n    df['b'] = df['b'] + df[c]", splits=0),
    "rows by a mask": _added(
        "for m in [df['a'] > 3, df['a'] > 5, df['a'] > 7]:\n"
        "    df[f'm{m.sum()}'] = len(df[m].columns)",
        splits=0,
    ),
    "rows by a list of truth values": _added(
        "for k, m in enumerate([[True] * 12, [False] * 12]):\n    df[f'm{k}'] = len(df[m].columns)",
        splits=0,
    ),
    "how many columns there are": _added(
        "for k in range(4):\n    df[f'n{k}'] = df['a'] + len(df.columns)", splits=0
    ),
    "items that are looked up one by one": _added(
        "for c in (df.columns[-1] for _ in range(4)):\n    df[f'{c}_'] = df['a'] + len(c)", splits=0
    ),
    "items that a function looks up": _added(
        "for c in map(lambda _: df.columns[-1], range(4)):\n    df[f'{c}_'] = df['a'] + len(c)",
        splits=0,
    ),
    "an item that is replaced": _added(
        "for c in ['a', 'b', 'a']:\n    c = df['a'] > 3\n    df[f'm{len(df)}'] = len(df[c].columns)",
        splits=0,
    ),
    "rows are set": _added(
        "for k in range(4):\n    df[df['a'] > k] = df['a'].sum()\n    df[f'k{k}'] = 1", splits=0
    ),
    "an empty table": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': []})
        ---
        # split:
        for k in range(4):
            df[f'n{k}'] = [k] * 3 if len(df) == 0 else len(df)
        ---
        print(df)
        """,
        splits=0,
    ),
    "a dict": written(
        """
        d = {'a': 1, 'b': 2}
        ---
        # split:
        for k in 'xyzb':
            d[k] = d['a'] + len(d)
        ---
        print(d)
        """,
        splits=0,
    ),
    "by another name": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(6)})
        same = df if len(df) else df.copy()
        ---
        # split:
        for k in range(4):
            df[f'n{k}'] = df['a'] + same.shape[1]
        ---
        print(df)
        """,
        splits=0,
    ),
    "columns of one label": written(
        """
        import pandas as pd
        df = pd.DataFrame([[1, 2, 3]] * 4, columns=['a', 'a', 'b'])
        ---
        # split:
        for k in range(4):
            df[f'n{k}'] = df['a'].sum(axis=1) + k
        ---
        print(df)
        """,
        splits=0,
    ),
    "an error of its own": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(6)})
        ---
        # split:
        for c in ['a', 'a', 'missing', 'a']:
            df[f'{c}_z'] = df[c] + 1
        """,
        splits=0,
    ),
    "another name of the table, of which a column is set": written(
        """
        import pandas as pd
        df = pd.DataFrame({"a": range(8), "c": 0})
        also = df
        ---
        # split:
        for c in ["p", "q", "r", "t"]:
            df[c + "_"] = df["a"] * 3 % 7
            also["a"] = len(c)
        """,
        splits=0,
    ),
    "a table that a function gets": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(6)})
        def lags(table):
            # split:
            for k in range(4):
                table[f'n{k}'] = table['a'].shift(k)
            return table
        ---
        print(lags(df))
        """,
    ),
}
