"""Lists, dicts and arrays of which each iteration reads and replaces its own entry."""

from __future__ import annotations

from notebook_row import written

_SETUP = """
        import numpy as np
        def f(x): return sum((i * x) % 7 for i in range(40)) + x
        ---
"""

ROWS = {
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
    "a series": written(
        _SETUP
        + """
        import pandas as pd
        s = pd.Series(range(8))
        ---
        # split:
        for i in range(len(s)):
            s[i] = f(s[i])
        ---
        print(s)
        """,
        splits=0,
    ),
}
