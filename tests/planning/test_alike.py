"""Jobs that differ in plain values have one plan; it is the plan that each would have had by itself."""

from __future__ import annotations

from typing import Any

import pytest

from naavre_ext.api import prepare_notebook
from naavre_ext.storage.notebook_file import read_notebook

CELLS = (
    "import os\nparam_n = 1\nparam_name = 'a'\nparam_list = [1]\nparam_any = None",
    "# split: part\n# batches: param_n\nys = []\nfor i in range(param_n):\n    ys.append(i)",
    "# task\ndef f(x):\n    return x if x < 2 else f(x - 1) + f(x - 2)\nz = f(param_n)",
    "with open(str(param_name)) as file:\n    text = file.read()\nparam_list += [param_any]",
)

#: the parameters of two jobs, and whether the second one takes over the first one's plan
PAIRS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"param_n": 1}, {"param_n": 20_000}, True),
    ({"param_n": 1}, {"param_n": 1}, True),
    ({"param_any": 0.5}, {"param_any": 1e300}, True),
    ({"param_any": 1}, {"param_any": 0.5}, False),
    ({"param_any": 1}, {"param_any": True}, False),
    ({"param_any": 1}, {"param_any": -1}, False),
    ({"param_any": 0.5}, {"param_any": float("nan")}, False),
    ({"param_any": None}, {"param_any": 1}, False),
    ({"param_any": [1]}, {"param_any": [2]}, False),
    ({"param_name": "a.csv"}, {"param_name": "data/b-2.csv"}, True),
    ({"param_name": "a"}, {"param_name": "%matplotlib inline"}, False),
    ({"param_name": "a"}, {"param_name": "the id of it"}, False),
    ({"param_name": "a"}, {"param_name": "a\nb"}, False),
    ({"param_n": 1}, {"param_n": 1, "param_name": "b"}, False),
    ({"param_n": 1, "param_name": "b"}, {"param_n": 2, "param_name": "c"}, True),
]


def notebook(*sources: str) -> Any:
    plain = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**plain, "source": source, "id": f"c{n}"} for n, source in enumerate(sources)]
    return read_notebook({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(("one", "other", "alike"), PAIRS, ids=[str(pair[1]) for pair in PAIRS])
def test_the_plan_that_is_taken_over_is_the_one_that_would_have_been_made(one, other, alike):
    source = notebook(*CELLS)
    first = prepare_notebook(source, one)
    taken = prepare_notebook(source, other, like=[first])
    own = prepare_notebook(source, other)
    assert (taken.basis is first.basis) == alike
    assert (taken.workflow, taken.notebook) == (own.workflow, own.notebook)
    assert taken.node == own.node
    assert taken.diagnostics == own.diagnostics


def test_a_plan_made_from_other_files_is_never_taken_over():
    source = notebook("param_n = 1", "from json import *\nx = dumps(param_n)")
    first = prepare_notebook(source, {"param_n": 1})
    taken = prepare_notebook(source, {"param_n": 2}, like=[first])
    assert taken.basis is not first.basis


def test_a_wrong_value_is_refused_as_it_is_without_an_earlier_plan():
    source = notebook(*CELLS)
    first = prepare_notebook(source, {"param_n": 1})
    assert prepare_notebook(source, {"param_n": "x"}, like=[first]).workflow is None
