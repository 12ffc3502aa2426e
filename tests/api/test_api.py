"""The Python API on the local executor: compile, run, await, open again."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pandas
import pytest

import naavre_ext
from naavre_ext import NotebookFailed, RefusedError, RunOptions, Workflow
from naavre_ext.engine.protocol import options_from_json, options_to_json
from naavre_ext.verifying import Isolation


def notebook(*sources: str) -> nbformat.NotebookNode:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells):
        cell.id = f"c{number}"
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture
def options(tmp_path: Path) -> RunOptions:
    return RunOptions(executor="local", store=str(tmp_path / "store"), cwd=str(tmp_path), keep=None)


SQUARES = notebook(
    "param_n = 3",
    "# split: square\n# batches: 2\nsquares = []\nfor i in range(param_n):\n    squares.append(i * i)",
    "total = sum(squares)\nprint(total)",
)


def test_a_compiled_notebook_is_a_workflow_that_survives_json() -> None:
    workflow = naavre_ext.compile_notebook(SQUARES)
    assert isinstance(workflow, Workflow)
    again = Workflow.from_json(json.loads(json.dumps(workflow.to_json())))
    assert again.steps == workflow.steps
    assert again.edges == workflow.edges
    assert [split.reductions for split in workflow.steps[1].splits] == [("squares",)]


def test_a_run_gives_the_variables(options: RunOptions) -> None:
    workflow = naavre_ext.compile_notebook(SQUARES)
    result = asyncio.run(workflow.run(options=options, param_n=5))
    assert result["squares"] == [0, 1, 4, 9, 16]
    assert result["total"] == 30
    assert result.batches == {"c1": 2}


def test_a_result_knows_the_variables_that_were_kept(options: RunOptions) -> None:
    result = naavre_ext.run_workflow(SQUARES, options=replace(options, keep=("total",)))
    assert ("total" in result, "squares" in result, list(result)) == (True, False, ["total"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"executor": "Local"}, {"timeout_s": -1}, {"timeout_s": "a"}, {"timeout_s": float("nan")},
        {"max_parallelism": 0}, {"max_parallelism": True}, {"keep": "total"}, {"keep": ("a b",)}, {"keep": 3},
        {"guards": "x"}, {"eager": None}, {"resident": 1}, {"cwd": 3}, {"store": b"x"}, {"resume": 4},
        {"address": 6379}, {"environment": {"A": 1}}, {"environment": "A=1"}, {"secrets": None}, {"labels": 3},
        {"keep_most_bytes": -1},
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(RefusedError, match=f"NX544 '{name}' can't be"):
        RunOptions(**wrong)


def test_what_is_wrong_with_secrets_does_not_tell_them() -> None:
    with pytest.raises(RefusedError, match=r"NX544 'secrets' can't be this\. Give a dict of texts"):
        RunOptions(secrets={"pin": 1234})  # type: ignore[dict-item]


def test_folders_may_be_paths(tmp_path: Path) -> None:
    options = RunOptions(cwd=tmp_path)  # type: ignore[arg-type]
    assert options_from_json(json.loads(json.dumps(options_to_json(options)))).cwd == str(tmp_path)


def test_all_wrong_options_are_told_together() -> None:
    with pytest.raises(RefusedError) as refused:
        RunOptions(timeout_s=0, max_parallelism=-2)
    assert len(refused.value.diagnostics) == 2


@pytest.mark.parametrize("rows", [[1], "ab", 5, pandas.DataFrame({"param_n": [1, 2]})])
def test_rows_that_are_no_mappings_are_refused(rows: Any, options: RunOptions) -> None:
    with pytest.raises(RefusedError, match=r"NX540 .*not a list of mappings"):
        naavre_ext.run_batch(SQUARES, rows, options=options)


def test_a_parameters_name_that_is_no_text_is_refused(options: RunOptions) -> None:
    with pytest.raises(RefusedError, match="NX201"):
        naavre_ext.run_notebook(SQUARES, parameters={1: 2}, options=options)  # type: ignore[dict-item]


def test_the_record_of_a_run_gives_them_again(options: RunOptions) -> None:
    result = naavre_ext.run_workflow(SQUARES, options=options)
    opened = naavre_ext.open_run(result.run_id, store=options.store)
    assert opened["total"] == 5
    assert opened.record.summary.status == "ok"


def test_a_failing_cell_is_raised_and_written(options: RunOptions, tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    with pytest.raises(NotebookFailed, match="cell 2: ZeroDivisionError"):
        naavre_ext.run_workflow(notebook("a = 1", "a / 0", "b = 2"), out, options=options)
    cells = nbformat.read(out, as_version=4).cells
    assert cells[1].outputs[0].ename == "ZeroDivisionError"
    assert cells[2].metadata["naavre"]["status"] == "not run"


@pytest.mark.parametrize(
    ("parameters", "code"), [({"param_m": 1}, "NX201"), ({"param_n": "many"}, "NX202")]
)
def test_wrong_parameters_are_refused(
    options: RunOptions, parameters: dict[str, object], code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        asyncio.run(naavre_ext.compile_notebook(SQUARES).run(options=options, **parameters))
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == [code]


def test_secrets_reach_the_cells_and_nothing_else(options: RunOptions, tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    chosen = RunOptions(
        executor="local", store=options.store, cwd=options.cwd, keep=None,
        secrets={"secret_token": "hunter2-hunter2"},
    )  # fmt: skip
    node = notebook("secret_token = ''", "length = len(secret_token)\nprint('it is', secret_token)")
    result = naavre_ext.run_workflow(node, out, options=chosen)
    assert result["length"] == 15
    assert "secret_token" not in result.values
    stored = out.read_text() + "".join(
        path.read_text(errors="replace") for path in Path(str(options.store)).rglob("*.json*")
    )
    assert "it is ***" in stored
    assert "hunter2" not in stored


def test_verify_runs_both_ways_in_copies_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "in.txt").write_text("1")
    node = notebook(
        "import time, threading\nsquares = []\nlock = threading.Lock()",
        "# split: square\n# batches: 2\nfor i in range(6):\n    squares.append(i * i)",
        "now = time.time_ns()\nprint(now, squares)\nprint({str(n) for n in range(20)})",
        "n = int(open('in.txt').read())\nopen('in.txt', 'w').write(str(n + 1))",
    )
    report = naavre_ext.verify_notebook(
        node, options=RunOptions(executor="local", cwd=str(folder), store=str(tmp_path / "store"))
    )
    assert report.differences == ()
    assert report.equal
    assert (report.compared_cells, report.compared_files) == (4, 1)
    assert [entry.text for entry in report.unsteady] == [
        "cell 3, output 1, line 1 (probably the time, in cell 3)",
        "variable now (probably the time, in cell 3)",
    ]
    assert [path.name for path in folder.iterdir()] == ["in.txt"]
    assert (folder / "in.txt").read_text() == "1"


def test_verify_in_place_runs_in_the_folder_itself(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    report = naavre_ext.verify_notebook(
        notebook("open('runs.txt', 'a').write('x')", "len(open('runs.txt').read())"),
        options=RunOptions(executor="local", cwd=str(folder), store=str(tmp_path / "store")),
        isolation=Isolation(in_place=True),
    )
    assert (folder / "runs.txt").read_text() == "xxx"
    assert {entry.path.split(",")[0] for entry in report.unsteady} == {"cell 2", "file runs.txt"}
