"""New tables that pandas makes of others: what is set in them, and objects that both hold."""

from __future__ import annotations

from notebook_row import Row, written

_TABLE = """
import pandas as pd
df = pd.DataFrame({'k': list('abab'), 'a': [3.0, 1.0, None, 2.0], 'l': [[1], [2], [3], [4]]})
frames = []
def slow(x): return (sum(i for i in range(2000)), x)[1]
"""


def _cells(*cells: str, splits: int | None = None, on_ray: bool = False) -> Row:
    return written("\n---\n".join([_TABLE.strip(), *cells]), splits=splits, on_ray=on_ray)


#: What pandas and NumPy make of a table that holds the table's own objects.
_HOLDING = {
    "a part": "df[df['a'] > 1]",
    "a copy": "df.copy()",
    "rows that differ": "df.drop_duplicates('a')",
    "the largest": "df.nlargest(2, 'a')",
    "a merge": "df.merge(df, on='k')",
    "a list": "df['l'].tolist()",
    "an array": "df['l'].to_numpy().copy()",
    "one of the objects": "df['l'].max()",
    "a dict": "df.to_dict()",
    "two tables in one": "pd.concat([df, df])",
    "the first of each": "df.groupby('k').first()",
    "a mapped column": "df['l'].map(lambda cell: cell)",
}

ROWS = {
    **{
        f"{name} that a step makes, and an object in it that is changed later": _cells(
            f"new = slow({source})",
            "other = slow(len(df))",
            "df['l'].iloc[0].append(9)",
            "print(new, other)",
        )
        for name, source in _HOLDING.items()
    },
    **{
        f"{name} that a loop collects, and an object in it that is changed later": _cells(
            f"# split:\nfor k in 'abab':\n    part = {source}\n    frames.append(slow(part))",
            "df['l'].iloc[1].append(9)",
            "print(frames, part, df)",
        )
        for name, source in _HOLDING.items()
    },
    "copies of groups are changed and collected": _cells(
        "# split:\nfor k, g in df.drop(columns='l').groupby('k'):\n    part = g.copy()\n"
        "    part['b'] = slow(part['a'] * 2)\n"
        "    frames.append(part[['k', 'a', 'b']])",
        "print(pd.concat(frames), df)",
        splits=1,
        on_ray=True,
    ),
    "a group's name stands for its copy": _cells(
        "# split:\nfor k, g in df.drop(columns='l').groupby('k'):\n"
        "    g = g.sort_values('a').reset_index(drop=True)\n"
        "    g['d'] = g['a'].diff()\n    g.loc[0, 'd'] = -1.0\n    frames.append(g)",
        "print(pd.concat(frames), df)",
        splits=1,
    ),
    "one more column each": _cells(
        "# split:\nfor k in range(4):\n    part = df[['a']].assign(k=k)\n    part['c'] = part['a'].fillna(k)\n"
        "    part.rename(columns={'c': 'd'})['a'] = 1\n    frames.append(part.dropna())",
        "print(frames, df)",
        splits=1,
    ),
    "objects that copies hold as well": _cells(
        "# split:\nfor k, g in df.groupby('k'):\n    part = g.copy()\n    part['l'].iloc[0].append(slow(9))\n"
        "    frames.append(part['a'].sum())",
        "print(df, frames)",
        on_ray=True,
    ),
    "collected copies hold objects that are changed later": _cells(
        "# split:\nfor k, g in df.groupby('k'):\n    frames.append(slow(g.copy()))",
        "frames[0]['l'].iloc[0].append(9)\ndf['l'].iloc[1].append(8)",
        "print(df, frames)",
    ),
    "a step's copy holds objects that are changed later": _cells(
        "new = slow(df.sort_values('a'))",
        "other = slow(df.copy())",
        "df['l'].iloc[0].append(9)",
        "print(new, other)",
        on_ray=True,
    ),
    "a step changes objects of its copy": _cells(
        "new = slow(df.reset_index())\nnew['l'].iloc[0].append(7)",
        "total = slow(df['l'].map(len).sum())",
        "print(new, df, total)",
        on_ray=True,
    ),
    "objects of a copy, one after the other": _cells(
        "new = df.set_index('k')\nfor cell in new['l']:\n    cell.append(5)",
        "total = slow(df['l'].map(len).sum())",
        "print(new, df, total)",
    ),
    "shallow copies": _cells(
        "one, two = df.copy(deep=False), df.copy(False)\none.index.name = 'one'\ntwo.attrs['n'] = 2",
        "total = slow(len(df))",
        "print(one, two.attrs, df, df.attrs, df.index.name, total)",
    ),
    "names and attributes of copies": _cells(
        "df.attrs['unit'] = ['m']\nnew = df.copy()\nnew.attrs['unit'].append('s')\nnew.index.name = 'row'",
        "total = slow(len(df))",
        "print(new.attrs, df.attrs, df.index.name, total)",
    ),
    "an index that two tables have": _cells(
        "new = df.assign(z=1)\nnew.columns.name = 'c'\nnew.index.name = 'i'",
        "total = slow(len(df))",
        "print(new.columns.name, df.columns.name, df.index.name, new.index is df.index, total)",
    ),
    "in place after all": _cells(
        "new = df.sort_values('a', inplace=True)\ndf.rename(columns={'a': 'A'}, inplace=True)",
        "total = slow(len(df))",
        "print(new, df, total)",
    ),
}
