"""Lists, dicts and arrays of which each iteration reads and replaces its own entry."""

from __future__ import annotations

from notebook_row import written

_SETUP = """
        import numpy as np
        def f(x): return sum((i * x) % 7 for i in range(40)) + x
        ---
"""
_PANDAS = _SETUP.replace("import numpy as np", "import numpy as np, pandas as pd")

ROWS = {
    "rows, and a window of the same array": written(
        """
        import numpy as np
        grid = np.zeros((6, 6))
        inner = grid[1:-1, 1:-1]
        ---
        # split:
        for i in range(6):
            grid[i] = grid[i] + 1
            inner[i % 4, 0] = i
        """,
        splits=0,
    ),
    "overlapping windows of one array": written(
        """
        import numpy as np
        from numpy.lib.stride_tricks import sliding_window_view
        b = np.arange(8.0)
        parts = {"left": b[:3], "mid": b[1:5], "right": b[4:]}
        w = sliding_window_view(np.arange(8.0), 3, writeable=True)
        ---
        # split:
        for k in parts:
            parts[k] -= parts[k].mean()
        ---
        # split:
        for i in range(len(w)):
            w[i] = w[i] * 2 + 1
        """,
        splits=0,
    ),
    "a list": written(
        _SETUP
        + """
        xs = list(range(12))
        ---
        # split:
        for i in range(len(xs)):
            xs[i] = f(xs[i])
        ---
        print(xs)
        """,
        splits=1,
        on_ray=True,
    ),
    "a list and its elements": written(
        _SETUP
        + """
        xs = list(range(12))
        ---
        # split:
        for i, x in enumerate(xs):
            xs[i] = f(x) + xs[i]
        ---
        print(xs, i, x)
        """,
        splits=1,
    ),
    "an array's rows": written(
        _SETUP
        + """
        a = np.arange(24.0).reshape(8, 3) + 1
        ---
        # split:
        for i in range(a.shape[0]):
            a[i, :] = f(1) * a[i] / a[i].sum()
        ---
        print(a)
        """,
        splits=1,
        on_ray=True,
    ),
    "an array of integers": written(
        _SETUP
        + """
        a = np.arange(9)
        ---
        # split:
        for i in range(len(a)):
            a[i] = f(a[i]) + 0.75
        ---
        print(a, a.dtype)
        """,
        splits=1,
    ),
    "a dict": written(
        _SETUP
        + """
        d = {n: ord(n) for n in 'abcdefgh'}
        ---
        # split:
        for k in d:
            d[k] = f(d[k])
        ---
        print(d)
        """,
        splits=1,
    ),
    "a dict and its values": written(
        _SETUP
        + """
        d = {n: ord(n) for n in 'abcdefgh'}
        ---
        # split:
        for k, v in d.items():
            d[k] = f(v)
        ---
        print(d)
        """,
        splits=1,
        on_ray=True,
    ),
    "in a branch": written(
        _SETUP
        + """
        xs = [(-1) ** n * n for n in range(12)]
        seen = []
        ---
        # split:
        for i in range(len(xs)):
            if xs[i] < 0:
                seen.append(xs[i])
                xs[i] = 0
            else:
                xs[i] = f(xs[i])
        ---
        print(xs, seen)
        """,
        splits=1,
    ),
    "arrays in a list": written(
        _SETUP
        + """
        images = [np.full((2, 2), n) for n in range(8)]
        first = images[0]
        ---
        # split:
        for i in range(len(images)):
            images[i] = images[i] * f(i)
        ---
        first[:] = 9
        print(images, first)
        """,
        splits=1,
    ),
    "an entry handed back is the one that others hold": written(
        _SETUP
        + """
        rows = [[n] for n in range(8)]
        first = rows[0]
        ---
        # split:
        for i in range(len(rows)):
            f(i)
            rows[i] = rows[i] if i < 3 else rows[i] + [1]
        ---
        first.append(9)
        print(rows, rows[0] is first)
        """,
    ),
    "an element twice": written(
        _SETUP
        + """
        row = [0]
        rows = [row, [1], row, [2]]
        ---
        # split:
        for i in range(len(rows)):
            f(i)
            rows[i] = [sum(rows[i]) + i]
        ---
        row.append(5)
        print(rows)
        """,
        splits=0,
    ),
    "the one before": written(
        _SETUP
        + """
        xs = list(range(12))
        ---
        # split:
        for i in range(1, len(xs)):
            xs[i] = f(xs[i - 1]) + xs[i]
        ---
        print(xs)
        """,
        splits=0,
    ),
    "looked at after it was replaced": written(
        _SETUP
        + """
        xs = list(range(12))
        seen = []
        ---
        # split:
        for i in range(len(xs)):
            xs[i] = f(xs[i])
            seen.append(xs[i])
        ---
        print(xs, seen)
        """,
        splits=0,
    ),
    "another name for it": written(
        _SETUP
        + """
        xs = list(range(12))
        ys = xs
        ---
        # split:
        for i in range(len(xs)):
            xs[i] = f(xs[i]) + ys[i - 1]
        ---
        print(xs)
        """,
        splits=0,
    ),
    "a view of it": written(
        _SETUP
        + """
        a = np.arange(8.0)
        first = a[:1]
        ---
        # split:
        for i in range(len(a)):
            a[i] = f(a[i]) + first[0]
        ---
        print(a)
        """,
        splits=0,
    ),
    "from the end": written(
        _SETUP
        + """
        xs = list(range(6))
        ---
        # split:
        for i in range(-6, 6):
            xs[i] = f(xs[i])
        ---
        print(xs)
        """,
        splits=0,
    ),
    "an array with keys of a dict": written(
        _SETUP
        + """
        a = np.arange(6)
        d = {-1: 0, 5: 1, 2: 2}
        ---
        # split:
        for k in d:
            a[k] = f(a[k])
        ---
        print(a)
        """,
        splits=0,
    ),
    "an error of an entry": written(
        _SETUP
        + """
        xs = [1, 2, 'x', 4]
        ---
        # split:
        for i in range(len(xs)):
            xs[i] = f(xs[i])
        """,
    ),
    "elements changed in place": written(
        _SETUP
        + """
        rows = [[n] for n in range(8)]
        def grown(row):
            row.append(1)
            return row
        ---
        # split:
        for i in range(len(rows)):
            f(i)
            rows[i] = grown(rows[i])
        ---
        print(rows)
        """,
        splits=0,
    ),
    "keys that come twice": written(
        _SETUP
        + """
        d = {'a': 1, 'b': 2, 'c': 3}
        keys = ['a', 'b', 'a', 'c', 'b']
        ---
        # split:
        for k in keys:
            d[k] = f(d[k])
        ---
        print(d)
        """,
        splits=0,
    ),
    "a series": written(
        _PANDAS
        + """
        s = pd.Series(range(8), index=list('abcdefgh'))
        t = s * 1.5
        u = t.copy()
        ---
        # split:
        for i, v in s.items():
            s[i] = f(v)
        for i in t.index:
            t.loc[i] = f(int(t[i]))
        for i in range(len(u)):
            u.iloc[i] = f(u.iloc[i])
        ---
        print(s, t, u)
        """,
        splits=2,
        on_ray=True,
    ),
    "values of a series for labels": written(
        _PANDAS
        + """
        s = pd.Series([1, 2, 1, 0])
        ---
        # split:
        for v in s:
            s[v] = f(s[v])
        ---
        print(s)
        """,
        splits=0,
    ),
    "rows of a table": written(
        _PANDAS
        + """
        df = pd.DataFrame({'a': range(8), 'b': 0.5}, index=list('abcdefgh'))
        ---
        # split:
        for i in df.index:
            df.loc[i, 'a'] = f(df.loc[i, 'a'])
        for i, row in df.iterrows():
            if df.at[i, 'b'] < 1:
                df.at[i, 'b'] = f(row['a']) * df.at[i, 'b']
        for i in range(len(df)):
            df.iloc[i, 1] = f(df.iloc[i, 0]) + df.iloc[i, 1]
        ---
        print(df, df.dtypes)
        """,
        splits=3,
        on_ray=True,
    ),
    "two rows of one label": written(
        _PANDAS
        + """
        df = pd.DataFrame({'a': range(4)}, index=[0, 1, 1, 2])
        ---
        # split:
        for i in range(3):
            df.loc[i, 'a'] = f(df.loc[i, 'a'].sum() if i == 1 else df.loc[i, 'a'])
        ---
        print(df)
        """,
        splits=0,
    ),
    "a column's type changes": written(
        _PANDAS
        + """
        df = pd.DataFrame({'a': range(6)})
        ---
        # split:
        for i in range(len(df)):
            f(i)
            df.loc[i, 'a'] = np.nan if i == 1 else df.loc[i, 'a']
            print(i)
        ---
        print(df)
        """,
    ),
    "a column's type is seen": written(
        _PANDAS
        + """
        df = pd.DataFrame({'a': range(6)})
        ---
        # split:
        for i in range(len(df)):
            f(i)
            print(df.loc[i, 'a'])
            df.loc[i, 'a'] = np.nan if i == 1 else df.loc[i, 'a']
        ---
        print(df)
        """,
        splits=0,
    ),
    "rows are added": written(
        _PANDAS
        + """
        df = pd.DataFrame({'a': range(4)})
        ---
        # split:
        for i in range(6):
            f(i)
            df.loc[i, 'a'] = df.loc[i, 'a'] + 1 if i < 4 else 7
        ---
        print(df)
        """,
        splits=0,
    ),
    "columns": written(
        _PANDAS
        + """
        df = pd.DataFrame({n: [i, 2 * i] for i, n in enumerate('abcdef')})
        ---
        # split:
        for c in df.columns:
            df[c] = (df[c] - df[c].mean()) / f(len(df[c]))
        ---
        print(df)
        """,
        splits=1,
        on_ray=True,
    ),
    "a row of an array that is seen again": written(
        _SETUP
        + """
        a = np.arange(24.0).reshape(8, 3)
        b = a.copy()
        sums = []
        ---
        # split:
        for i, row in enumerate(a):
            a[i] = row * f(1)
            sums.append(row.sum())
        for i in range(8):
            row = b[i]
            b[i] = row * f(1)
            sums.append(row.sum())
        ---
        print(a, b, sums, row)
        """,
        splits=0,
    ),
    "a row of an array that stays": written(
        _SETUP
        + """
        a = np.arange(24.0).reshape(8, 3)
        b = a.copy()
        rows = []
        ---
        # split:
        for i, row in enumerate(a):
            a[i] = row * f(1)
        for i in range(8):
            rows.append(b[i])
            b[i] = b[i] * f(1)
        ---
        print(a, row, b, rows)
        """,
    ),
    "a series in another order": written(
        _PANDAS
        + """
        s = pd.Series([1, 2, 3, 4], index=[3, 2, 1, 0])
        ---
        # split:
        for i, v in enumerate(s):
            s[i] = f(v)
        ---
        print(s)
        """,
    ),
    "two names for one list, both filled": written(
        _SETUP
        + """
        xs = list(range(8))
        ys = xs
        ---
        # split:
        for i in range(8):
            xs[i] = f(xs[i])
            ys[i] = f(ys[i]) + 1
        ---
        print(xs)
        """,
        splits=0,
    ),
    "two lists": written(
        _SETUP
        + """
        xs = list(range(8))
        ys = list(range(8))
        ---
        # split:
        for i in range(8):
            xs[i] = f(xs[i]) + ys[i]
            ys[i] = f(ys[i]) + 1
        ---
        print(xs, ys)
        """,
        splits=1,
    ),
    "looked at by functions": written(
        _SETUP
        + """
        xs = list(range(8))
        ys = list(range(8))
        ---
        # split:
        for i in range(8):
            xs[i] = f(max(range(4), key=lambda i: xs[i]))
        for i in range(8):
            ys[i], y = f(ys[i]), 1
        ---
        print(xs, ys)
        """,
        splits=0,
    ),
    "labels that are counted": written(
        _PANDAS
        + """
        s = pd.Series(0.0, index=list('abcde'))
        ---
        # split:
        for i, k in enumerate(s.index):
            s[k] = f(i)
        ---
        print(s)
        """,
        splits=1,
    ),
    "another row": written(
        _PANDAS
        + """
        df = pd.DataFrame({'a': range(8)})
        ---
        # split:
        for i in range(1, len(df)):
            df.loc[i, 'a'] = f(df.loc[i, 'a']) + df.loc[i - 1, 'a']
        ---
        print(df)
        """,
        splits=0,
    ),
    "a part of the table": written(
        _PANDAS
        + """
        df = pd.DataFrame({'a': range(8), 'b': 1.5})
        column = df['a']
        ---
        # split:
        for i in df.index:
            df.loc[i, 'a'] = f(df.loc[i, 'a']) + column[0]
        ---
        print(df, column)
        """,
    ),
}
