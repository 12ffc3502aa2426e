"""Tables that a loop fills while it reads other columns of them, or goes over their rows."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "a new series with the labels of the one that is looped over": written(
        """
        import pandas as pd
        heights = pd.Series([1.0, 2.0, 3.0], index=list("abc"))
        squares = pd.Series(index=heights.index, dtype=float)
        ---
        # split:
        for name, height in heights.items():
            squares[name] = height**2
        ---
        print(squares, heights)
        """,
        splits=1,
    ),
    "a series that may be a view of the one that is looped over": written(
        """
        import pandas as pd
        heights = pd.Series([1.0, 2.0, 3.0], index=list("abc"))
        same = pd.Series(heights, heights.index)
        ---
        # split:
        for name, height in heights.items():
            same[name] = height**2
        ---
        print(same, heights)
        """,
        splits=0,
    ),
    "rows by a mask": written(
        """
        import pandas as pd
        df = pd.DataFrame({"site": list("aabbc"), "n": [1.0, 2.0, 3.0, 5.0, 8.0]})
        df["mean"] = 0.0
        ---
        # split:
        for site in df["site"].unique():
            mask = df["site"] == site
            df.loc[mask, "anomaly"] = df.loc[mask, "n"] - df.loc[mask, "n"].mean()
            df.loc[mask.to_numpy(), "mean"] = df.loc[mask, "n"].mean()
        ---
        print(df, mask)
        """,
        splits=1,
    ),
    "rows by a mask of other rows": written(
        """
        import pandas as pd
        df = pd.DataFrame({"site": list("aabbc"), "n": [1.0, 2.0, 3.0, 5.0, 8.0], "sum": 0.0})
        ---
        # split:
        for site in df["site"].unique():
            mask = (df["site"] == site)[::-1]
            df.loc[mask, "sum"] = df.loc[mask, "n"].sum()
        ---
        print(df)
        """,
        splits=0,
    ),
    "another column is read": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(12)})
        def f(x): return sum(i*x%7 for i in range(50))
        ---
        # split:
        for i in df.index:
            df.loc[i, 'b'] = f(df.loc[i, 'a'])
        ---
        print(df)
        """,
        splits=1,
        on_ray=True,
    ),
    "by position": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(12), 'b': 0.0})
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for i in range(len(df)):
            df.iloc[i, 1] = f(df.iloc[i, 0])
        ---
        print(df)
        """,
        splits=1,
    ),
    "a column's element": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(12), 'b': 0.0})
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for i in df.index:
            df.loc[i, 'b'] = f(df['a'][i])
        ---
        print(df)
        """,
        splits=1,
    ),
    "rows of a part": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(12), 'b': 0.0})
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for i, r in df[df['a'] > 3].iterrows():
            df.loc[i, 'b'] = f(r['a'])
        ---
        print(df)
        """,
        splits=1,
        on_ray=True,
    ),
    "rows that a query gives": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(12), 'b': 0.0})
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for i, r in df.query('a > 3').iterrows():
            df.loc[i, 'b'] = f(r['a'])
        ---
        print(df)
        """,
        splits=1,
    ),
    "labels of a part": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(12), 'b': 0.0})
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for i in df[df['a'] > 3].index:
            df.at[i, 'b'] = f(df.at[i, 'a'])
        ---
        print(df)
        """,
        splits=1,
    ),
    "another table is filled": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(12)})
        out = pd.DataFrame(index=df.index, columns=['m', 's'], dtype=float)
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for i, r in df.iterrows():
            out.loc[i, 'm'] = f(r['a'])
            out.loc[i, 's'] = r['a'] ** 2
        ---
        print(out)
        """,
        splits=1,
    ),
    "a numbered column": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(12), 'b': 0.0})
        def f(x): return sum(i*x%7 for i in range(50)) * 0.1
        ---
        # split:
        for i, v in enumerate(df['a']):
            df.loc[i, 'b'] = f(v)
        ---
        print(df)
        """,
        splits=1,
    ),
    "two columns filled, two read, one added to": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(6), 'c': [0.5] * 6, 'n': 0})
        ---
        # split:
        for i in df.index:
            x, y = df.at[i, 'a'], df.loc[i, ['a', 'c']].sum()
            df.loc[i, 'b'] = x * y
            df.loc[i, 'd'] = str(x)
            df.loc[i, 'n'] += x
            df.loc[i, 'n'] += len(df)
        ---
        print(df, df.dtypes)
        """,
        splits=1,
    ),
    "in branches": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(9), 'b': ''})
        ---
        # split:
        for i in df.index:
            if df.loc[i, 'a'] % 3 == 0:
                df.loc[i, 'b'] = 'fizz'
            elif df.loc[i, 'a'] > 5:
                df.loc[i, 'b'] = 'big'
        ---
        print(df)
        """,
        splits=1,
    ),
    "a new column for some rows": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(6)})
        ---
        # split:
        for i in df[df['a'] % 2 == 1].index:
            df.loc[i, 'b'] = df.loc[i, 'a'] / 2
        ---
        print(df)
        """,
        splits=1,
    ),
    "texts with gaps": written(
        """
        import pandas as pd, numpy as np
        df = pd.DataFrame({'a': ['x', None, np.nan, 'y', 'z'], 'n': [1, np.nan, 3, 4, 5]}, dtype=object)
        ---
        # split:
        for i in df.index:
            df.loc[i, 'b'] = str(df.loc[i, 'a']) + str(df.loc[i, 'n'] is np.nan)
        ---
        print(df)
        """,
        splits=1,
    ),
    "a table read, another one filled": written(
        """
        import pandas as pd
        src = pd.DataFrame({'a': range(6)})
        dst = pd.DataFrame(index=src.index)
        ---
        # split:
        for i in src.index:
            dst.loc[i, 's'] = src.loc[i, 'a'] * 2
        ---
        print(dst)
        """,
        splits=1,
    ),
    "several rows of one label": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(6), 'b': 0}, index=[0, 0, 1, 1, 2, 2])
        ---
        # split:
        for i in df.index.unique():
            df.loc[i, 'b'] = df.loc[i, 'a'].sum()
        ---
        print(df)
        """,
        splits=1,
    ),
    "an error midway": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': [3, 2, 1, 0, 5], 'b': 0.0})
        ---
        # split:
        for i in df.index:
            print(i)
            df.loc[i, 'b'] = 1 // int(df.loc[i, 'a'])
        """
    ),
    "the filled column is read": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(8), 'b': 0.0})
        def f(x): return sum(i * x % 7 for i in range(40))
        ---
        # split:
        for i in range(1, len(df)):
            df.loc[i, 'b'] = df.loc[i - 1, 'b'] + f(df.loc[i, 'a'])
        ---
        print(df)
        """,
        splits=0,
    ),
    "rows are added": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(4)}, index=[0, 1, 2, 3])
        def f(x): return x * 2
        out = []
        ---
        # split:
        for i in [0, 1, 2, 9, 3, 10]:
            df.loc[i, 'b'] = f(i)
            out.append((len(df), df.loc[0, 'a']))
        ---
        print(df, out)
        """,
        splits=0,
        on_ray=True,
    ),
    "rows are added at once": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(4)}, index=[0, 1, 2, 3])
        out = []
        ---
        # split:
        for i in [9, 1, 2, 0, 3, 10]:
            df.loc[i, 'b'] = i
            out.append(repr(df.loc[0, 'a']))
        ---
        print(df, out)
        """,
        splits=0,
    ),
    "a function reads the table": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(8), 'b': 0})
        def f(i): return int(df['b'].sum()) + i
        ---
        # split:
        for i in df.index:
            df.loc[i, 'b'] = f(df.loc[i, 'a'])
        ---
        print(df)
        """,
        splits=0,
    ),
    "read by another name": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(8), 'b': 0})
        view = df
        ---
        # split:
        for i in df.index:
            df.loc[i, 'b'] = int(view['b'].sum()) + int(df.loc[i, 'a'])
        ---
        print(df)
        """,
        splits=0,
    ),
    "gone through by another name": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(8), 'b': 0})
        view = df
        ---
        # split:
        for i, r in view.iterrows():
            df.loc[(i + 1) % 8, 'b'] = r['b'] + 1
        ---
        print(df)
        """,
        splits=0,
    ),
    "in the list that is gone through": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(3), 'b': 0})
        tables = [df, df.copy(), df]
        ---
        # split:
        for i, t in enumerate(tables):
            df.loc[i, 'b'] = t['b'].sum() + 1
        ---
        print(df)
        """,
        splits=0,
    ),
    "other rows are changed": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(8), 'b': 0})
        ---
        # split:
        for r in df.itertuples():
            df.loc[(r.Index + 1) % 8, 'b'] = r.b + 1
        ---
        print(df)
        """,
        splits=0,
    ),
    "the filled column is gone through": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(8), 'b': range(8)})
        ---
        # split:
        for i, v in enumerate(df['b']):
            df.loc[(i + 1) % 8, 'b'] = v + 10
        ---
        print(df)
        """,
        splits=0,
    ),
    "lists in a column change": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': [[i] for i in range(6)], 'b': 0})
        def f(v):
            v.append(1)
            return len(v)
        ---
        # split:
        for i in df.index:
            df.loc[i, 'b'] = f(df.loc[i, 'a'])
        ---
        print(df)
        """,
        splits=0,
    ),
    "whole rows are read": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(6), 'c': 1.5})
        ---
        # split:
        for i in range(len(df)):
            row = df.iloc[i]
            df.loc[i, 'b'] = row['a'] + row['c']
        ---
        print(df)
        """,
        splits=0,
    ),
    "two columns of one name": written(
        """
        import pandas as pd
        df = pd.DataFrame([[1, 2, 3]] * 4, columns=['a', 'a', 'b'])
        ---
        # split:
        for i in df.index:
            df.loc[i, 'b'] = df.loc[i, 'a'].sum()
        ---
        print(df)
        """,
        splits=0,
    ),
    "many rows at once": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(6), 'b': 0})
        ---
        # split:
        for i in range(3):
            df.loc[df['a'] > i, 'b'] = df['a'].sum() + i
        ---
        print(df)
        """,
        splits=1,
    ),
    "groups of rows": written(
        """
        import pandas as pd
        df = pd.DataFrame({'k': list('abcabc'), 'a': [3, 1, 2, 5, 4, 6], 'm': 0.5})
        ---
        # split:
        for k, g in df.groupby('k'):
            df.loc[g.index, 'm'] = g['a'].mean() + g['m']
        ---
        print(df)
        """,
        splits=1,
        on_ray=True,
    ),
    "groups of one column, and a column that isn't there yet": written(
        """
        import pandas as pd
        df = pd.DataFrame({'k': list('abcabc'), 'a': [3, 1, 2, 5, 4, 6]})
        ---
        # split:
        for k, values in df.groupby(df['k'])['a']:
            df.loc[values.index, 'rank'] = values.rank() + df['a'].mean()
        ---
        print(df, df.dtypes)
        """,
        splits=1,
    ),
    "groups of a part": written(
        """
        import pandas as pd
        df = pd.DataFrame({'k': list('abcabc'), 'a': [3, 1, 2, 5, 4, 6]})
        ---
        # split:
        for k, g in df[df['a'] > 1].sort_values('a').groupby('k', sort=False):
            df.loc[g.index, 'n'] = len(g)
        ---
        print(df)
        """,
        splits=1,
    ),
    "groups whose rows are read again": written(
        """
        import pandas as pd
        df = pd.DataFrame({'k': list('abcabc'), 'a': [3, 1, 2, 5, 4, 6]})
        ---
        # split:
        for k, g in df.groupby('k'):
            df.loc[g.index, 'a'] = df['a'].sum() + len(g)
        ---
        print(df)
        """,
        splits=0,
    ),
    "rows of other labels than the group's": written(
        """
        import pandas as pd
        df = pd.DataFrame({'k': list('abcabc'), 'a': [3, 1, 2, 5, 4, 6], 'm': 0})
        ---
        # split:
        for k, g in df.groupby('k'):
            df.loc[(g.index + 1) % 6, 'm'] += g['a'].sum() + len(df)
        ---
        print(df)
        """,
        splits=1,
    ),
    "labels that are looked up one by one": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(5), 'b': 0})
        ---
        # split:
        for i in (df.index[-1] for _ in range(4)):
            df.loc[i + 1, 'b'] = i
        ---
        print(df)
        """,
        splits=0,
    ),
    "labels that are chosen one by one": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(5), 'b': 0})
        ---
        # split:
        for i in (i for i in df.index if i != 2):
            df.loc[i, 'b'] = df.loc[i, 'a'] * 2
        ---
        print(df)
        """,
        splits=1,
    ),
    "its labels are kept": written(
        """
        import pandas as pd
        df = pd.DataFrame({'a': range(5), 'b': 0})
        out = []
        ---
        # split:
        for i in df.index:
            df.loc[i, 'b'] = i
            out.append((df.index, df['a'], df.loc[i, 'a']))
        ---
        print(out[0][0] is df.index, out[-1][1].sum(), df)
        """,
        splits=0,
    ),
    "the other table is the same": written(
        """
        import pandas as pd
        src = pd.DataFrame({'a': range(6), 's': 0})
        dst = src if len(src) else src.copy()
        ---
        # split:
        for i in src.index:
            dst.loc[i, 's'] = src['s'].sum() + 1
        ---
        print(dst)
        """,
        splits=0,
    ),
    "after a loop that makes its items": written(
        """
        import pandas as pd
        df = pd.DataFrame({"a": range(6), "b": 0})
        ---
        # split:
        keys = [(x * 5) % 6 for x in range(6)]
        ---
        # split:
        for k in keys:
            df.loc[k, "b"] = df.loc[k, "a"] * 2
        ---
        print(df, keys)
        """,
        splits=2,
    ),
}
