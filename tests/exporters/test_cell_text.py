from __future__ import annotations

from collections.abc import Callable

import nbformat
import pytest

from naavre_ext import CellCheck, check_cells
from naavre_ext.cli.check import check_lines
from naavre_ext.exporters.cell_text import cell_lines
from naavre_ext.exporters.wording import cells_phrase
from naavre_ext.preparing import prepare_notebook

NOTEBOOK = [
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nimport pandas as pd\nimport lab",
    "def fit(table, degree):\n    return sum(table['y']) ** degree",
    "table = pd.DataFrame({'y': [1.0, 2.0]})\nview = table",
    "view['z'] = 2 * view['y']",
    "# split: fit all\n# batches: 4\nfits = []\nfor degree in range(1, 9):\n    fits.append(fit(table, degree))",
    "slow = [fit(table, degree) for degree in range(40)]",
    "best = max(fits)\nothers = fit(table, 2)",
    "# split: accumulate\nlevel = 0\nfor one in fits:\n    level = fit(table, level) + one",
    "plt.plot(fits)",
    "lab.publish(fits)",
    "del view",
    "print(best)",
]


def lines(width: int | None) -> list[str]:
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(NOTEBOOK, 1)]
    prepared = prepare_notebook(nbformat.v4.new_notebook(cells=cells))
    checks = check_cells(prepared)
    return check_lines("study.ipynb", prepared.workflow, prepared.diagnostics, checks, width)


def test_the_text_matches_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("exporters/check.txt", "\n".join(lines(None)) + "\n")


def test_text_is_wrapped_and_says_the_same() -> None:
    wrapped = lines(60)
    cells = wrapped[wrapped.index("") :]
    assert max(map(len, cells)) <= 60
    assert " ".join(" ".join(wrapped).split()) == " ".join(" ".join(lines(None)).split())


def test_a_simple_cell_takes_a_few_lines() -> None:
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    (check,) = check_cells(node)
    assert cell_lines(check, [1], 80) == [
        "cell 1", "  writes  x", "  runs    in the main worker: it takes no time",
    ]  # fmt: skip


def test_long_lists_of_names_are_cut() -> None:
    names = [f"name{n:02}" for n in range(20)]
    sources = ["; ".join(f"{name} = [1]" for name in names), "exec('1')"]
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    check: CellCheck = check_cells(node)[-1]
    assert len(check.changes) == 20
    (told,) = [line for line in cell_lines(check, [1, 2]) if "changes" in line]
    assert "name07 and 12 more names in place" in told


@pytest.mark.parametrize(
    ("numbers", "phrase"),
    [
        ([3], "cell 3"),
        ([3, 5], "cells 3 and 5"),
        ([1, 3, 5], "cells 1-5"),
        ([1, 3, 5, 9], "cells 1-5 and 9"),
        ([1, 5, 8, 9, 12], "cells 1, 5 and 8-12"),
    ],
)
def test_cells_that_follow_one_another_are_a_range(numbers: list[int], phrase: str) -> None:
    assert cells_phrase(numbers, [1, 3, 5, 7, 8, 9, 12]) == phrase
