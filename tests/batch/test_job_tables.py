"""Tables and grids of parameters: what they mean, and what is refused with its row and column."""

from __future__ import annotations

import nbformat
import pytest

from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.model.jobs import Row
from naavre_ext.planning.job_tables import check_rows, output_paths, read_grid, read_table
from naavre_ext.planning.parameters import find_parameters
from naavre_ext.storage.notebook_file import read_notebook

CELL = (
    "param_n = 1\nparam_rate = 0.5\nparam_name = 'a'\nparam_on = True\nparam_list = [1]\n"
    "param_any = None\nparam_maybe: int | None = None"
)
NOTEBOOK = read_notebook(
    nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL, id="one")])
).notebook
PARAMETERS = find_parameters(NOTEBOOK)


def values(text: str, ending: str = "csv") -> list[dict[str, object]]:
    rows = read_table(text, ending, PARAMETERS)
    check_rows(NOTEBOOK, rows)
    return [dict(row.values) for row in rows]


TYPED = [
    ("param_n\n3\n", [{"param_n": 3}]),
    ("param_rate\n2\n1e-3\n", [{"param_rate": 2}, {"param_rate": 0.001}]),
    ("param_n\n1e3\n", [{"param_n": 1000}]),
    ("param_name\n007\n1.0\nTrue\n", [{"param_name": t} for t in ("007", "1.0", "True")]),
    ("param_on\ntrue\nNo\n1\n", [{"param_on": True}, {"param_on": False}, {"param_on": True}]),
    ('param_list\n"[1, 2]"\n', [{"param_list": [1, 2]}]),
    ("param_any\n3\nx\n", [{"param_any": 3}, {"param_any": "x"}]),
    ("param_maybe\nNone\n4\n", [{"param_maybe": None}, {"param_maybe": 4}]),
    ("param_n,param_name\n1,\n,b\n", [{"param_n": 1}, {"param_name": "b"}]),
    ("\ufeffparam_n , param_rate\r\n\r\n1,2.5\r\n", [{"param_n": 1, "param_rate": 2.5}]),
]


@pytest.mark.parametrize(("text", "expected"), TYPED)
def test_fields_of_csv_are_typed_as_their_parameter(text, expected):
    found = values(text)
    assert found == expected
    assert [type(v) for row in found for v in row.values()] == [
        type(v) for row in expected for v in row.values()
    ]


def test_json_and_yaml_are_lists_of_rows():
    rows = [{"param_n": 1, "param_list": [1, 2]}, {"param_n": 2}]
    assert values('[{"param_n": 1, "param_list": [1, 2]}, {"param_n": 2}]', "json") == rows
    assert values("- param_n: 1\n  param_list: [1, 2]\n- param_n: 2\n", "yaml") == rows


WRONG = [
    ("param_n\n1\nmany\n", "csv", "NX541 line 3, column 'param_n': .*'many'"),
    ("param_on\nmaybe\n", "csv", "NX541 line 2, column 'param_on'"),
    ("param_n\n1,2\n", "csv", "NX540 line 2: 2 fields for 1 columns"),
    ("param_n,param_n\n1,2\n", "csv", "NX540 Two columns are called 'param_n'"),
    ("", "csv", "NX540 The table is empty"),
    ("param_n\n", "csv", "NX540 The table has no rows"),
    ("param_m\n1\n", "csv", "NX201 line 2, column 'param_m'"),
    ('[{"param_n": 1}, {"param_n": "x"}]', "json", "NX202 row 2, column 'param_n'"),
    ('{"param_n": 1}', "json", "NX540 The table isn't a list of rows"),
    ("[1", "json", "NX540 The table isn't JSON"),
    (
        '[{"param_a": 1, "param_a": 2}]',
        "json",
        "NX540 The table isn't JSON: 'param_a' is given twice",
    ),
    (
        "- {param_a: 1, param_a: 2}",
        "yaml",
        "The table isn't YAML at line 1, column 3: 'param_a' is given twice",
    ),
    ("- !!python/object:os.system x\n", "yaml", "NX207"),
    ("- secret_x: 1\n", "yaml", "NX201 row 1, column 'secret_x'"),
]


@pytest.mark.parametrize(("text", "ending", "message"), WRONG)
def test_wrong_tables_are_refused_with_row_and_column(text, ending, message):
    with pytest.raises(RefusedError, match=message):
        values(text, ending)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(RefusedError) as refused:
        values("param_n,param_on\nx,1\n1,y\n")
    assert len(refused.value.diagnostics) == 2


def test_tables_that_are_nested_too_deeply_are_refused():
    with pytest.raises(RefusedError, match="too deeply"):
        values("[" * 100_000 + "]" * 100_000, "json")


def test_grid_has_a_row_per_combination():
    rows = read_grid(["param_n=1,2", "param_name=a,'b,c'", "param_list=[1,2]"], PARAMETERS)
    assert [tuple(row.values.values()) for row in rows] == [
        (1, "a", [1, 2]), (1, "b,c", [1, 2]), (2, "a", [1, 2]), (2, "b,c", [1, 2]),
    ]  # fmt: skip


def test_a_quote_or_bracket_in_a_word_is_a_letter():
    rows = read_grid(['param_name=it\'s,you,a),"b,c"'], PARAMETERS)
    assert [row.values["param_name"] for row in rows] == ["it's", "you", "a)", "b,c"]


@pytest.mark.parametrize(
    "axes",
    [
        ["param_n"], ["param_n="], ["param_n=1", "param_n=2"], ["param_n=a"],
        ["param_name='a,b"], ["param_list=[1,2"],
    ],
)  # fmt: skip
def test_grids_that_make_no_sense_are_refused(axes):
    with pytest.raises(RefusedError):
        read_grid(axes, PARAMETERS)


def rows_of(*numbers: int) -> list[Row]:
    return [Row(f"row {place}", {"param_n": n}) for place, n in enumerate(numbers, 1)]


def test_outputs_are_named_by_parameters_and_job():
    rows = [Row("row 1", {"param_name": "a/../b", "param_n": 1}), Row("row 2", {"param_n": 2})]
    assert output_paths("o/{param_name}-{param_n}-{job}.ipynb", rows, PARAMETERS) == [
        "o/a-..-b-1-1.ipynb", "o/a-2-2.ipynb",
    ]  # fmt: skip
    assert output_paths("o/{param_n:.1f}-{job:03d}-{job!s}.ipynb", rows, PARAMETERS) == [
        "o/1.0-001-1.ipynb", "o/2.0-002-2.ipynb",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("o.ipynb", "NX542 row 1 and row 2 would both be written to 'o.ipynb'"),
        ("{param_m}.ipynb", "NX542 .*can't be filled in"),
        ("{param_n.x.ipynb", "NX542"),
        ("{param_n.real}-{0}.ipynb", "NX542"),
    ],
)
def test_outputs_that_collide_are_refused(pattern, message):
    with pytest.raises(RefusedError, match=message):
        output_paths(pattern, rows_of(1, 2), PARAMETERS)
