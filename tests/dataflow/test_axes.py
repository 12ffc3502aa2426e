"""When a notebook renames an axis that several tables may have."""

from __future__ import annotations

import pytest

from naavre_ext.dataflow.analysis import analyse
from naavre_ext.dataflow.source import parse_cell

HEAD = "import pandas as pd\nimport numpy as np\ns = pd.Series([1, 2])\nn = 3"

#: The cells after the first, and whether other tables may get the new name as well.
ROWS = {
    "of another cell's": (["s.index.name = 'k'"], True),
    "names": (["s.index.names = ['k']"], True),
    "columns": (["d = 2 * s", "d.columns.name = 'k'"], True),
    "what is computed here": (["d = 2 * s\nd.index.name = 'k'"], True),
    "made of another one": (["d = pd.DataFrame({'a': s})\nd.index.name = 'k'"], True),
    "a name for the index": (["i = s.index\ni.name = 'k'"], True),
    "in place": (["s.index.rename('k', inplace=True)"], True),
    "levels": (["s.index.levels[0].name = 'k'"], True),
    "parameter": (["def f(d):\n    d.index.name = 'k'"], True),
    "in a loop": (["for d in [s]:\n    d.index.name = 'k'"], True),
    "read here": (["d = pd.read_csv('a.csv')\nd.index.name = 'k'"], False),
    "copied here": (["d = (2 * s).copy()\nd.index.name = 'k'"], False),
    "made of arrays": (["d = pd.DataFrame(np.ones((n, 2)), index=range(n))\nd.index.name = 'k'"], False),
    "read in a function": (["def f():\n    d = pd.read_csv('a')\n    d.index.name = 'k'\n    return d"], False),
    "of a new object": (["d = s.rename_axis('k')\ne = s.index.rename('k')"], False),
    "a table's own name": (["s.name = 'k'"], False),
    "other attributes": (["class A: pass\na = A()\na.name = 'k'", "print(s.index)"], False),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_axes_that_others_may_have(name: str) -> None:
    cells, expected = ROWS[name]
    dataflow = analyse([parse_cell(source) for source in (HEAD, *cells)])
    assert dataflow.environment.renames_axes is expected
