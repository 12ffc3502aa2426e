"""Results that are a part of what all iterations share, as libraries keep it: a change shows on both sides."""

from __future__ import annotations

from notebook_row import Row, sampled, written


def _shared(first: str, result: str, change: str, show: str) -> Row:
    """Iterations collect a part of what is shared, and a cell changes the part, or what it is a part of."""
    return written(
        f"""
        import functools
        import numpy as np
        import pandas as pd
        {first}
        ---
        # split:
        out = []
        for i in range(4):
            out.append({result})
        ---
        {change}
        print({show}, out)
        """,
        splits=0,
    )


_ROWS = {
    "records of an array": _shared(
        "r = np.array([(1, 2.0), (3, 4.0)], dtype=[('a', int), ('b', float)])",
        *("r[i % 2]", "r['a'] *= 10", "r"),
    ),
    "a series' array of numbers that may be missing": _shared(
        "s = pd.Series([1.0, 2.0], dtype='Float64')", *("s.array", "out[3][0] = 9", "s")
    ),
    "its plain array": _shared(
        "s = pd.Series([1.0, 2.0], dtype='Float64')", *("s.to_numpy()", "s[0] = 9", "s")
    ),
    "a series' array of texts": _shared(
        "s = pd.Series(['a', 'b'])", *("s.array", "out[3][0] = 'c'", "s")
    ),
    "a series' intervals": _shared(
        "s = pd.Series(pd.interval_range(0, 3))",
        *("s.array", "out[1][0] = pd.Interval(5, 6)", "s"),
    ),
    "a series' values that aren't zero": _shared(
        "s = pd.Series(pd.arrays.SparseArray([0.0, 1.0, 2.0]))",
        *("s.array.sp_values", "out[1][0] = 9", "s"),
    ),
    "a table's attributes": _shared(
        "df = pd.DataFrame({'a': [1]}); df.attrs['u'] = 1",
        *("df.attrs", "out[0]['x'] = 1", "df.attrs"),
    ),
    "what a member of an enumeration has": _shared(
        "import enum\n        class Kind(enum.Enum):\n            A = 1\n            def __init__(self, _):"
        "\n                self.seen = []",
        *("Kind.A.seen", "Kind.A.seen.append(1)", "Kind.A.seen"),
    ),
    "a function's annotations": _shared(
        "def g(a: int, *, c=3) -> str: return c",
        *("g.__annotations__", "out[0]['z'] = 1", "g.__annotations__"),
    ),
    "what a partial function was given": _shared(
        "p = functools.partial(int, base=2); p.note = [1]",
        *("p.note", "p.note.append(2)", "p.note"),
    ),
}

ROWS = sampled(_ROWS)
