"""Annotating, compiling and the engine's state: nothing is run."""

from __future__ import annotations

import pytest

from naavre_ext.server.handlers import strict_json

WORK = (
    "param_n = 3",
    "# split: Work\n# batches: 2\nout = []\nfor i in range(param_n):\n    out.append(i * i)",
    "print(out)",
)


async def test_annotation_keys_are_the_table(fetch_json):
    status, answer = await fetch_json("GET", "annotation-keys")
    rows = {row["key"]: row for row in answer["keys"]}
    assert status == 200
    assert next(iter(rows)) == "split"
    assert rows["batches"]["example"] == "batches: 8"
    assert rows["task"]["scope"] == "function"


async def test_annotate_edits_in_order(fetch_json):
    edits = [
        {"key": "split", "value": "Work"},
        {"key": "batches", "value": "3"},
        {"key": "do-not-containerize", "value": ""},
        {"key": "batches", "value": None},
    ]
    answer = await fetch_json("POST", "annotate", {"source": "x = 1", "edits": edits})
    assert answer == (200, {"source": "# split: Work\n# (do not containerize!)\nx = 1"})


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"source": "x", "edits": [{"key": "batches", "value": "0"}]}, "value", "whole number"),
        ({"source": "x", "edits": [{"key": "batch", "value": "1"}]}, "key", "'batch'"),
        ({"source": "x", "edits": [{"key": "batches"}]}, "edits.0.value", "missing"),
        ({"source": "x", "edits": []}, "edits", "1 to"),
        ({"source": 3, "edits": []}, "source", "not 3"),
        ({"edits": []}, "source", "missing"),
        ([], "", "JSON object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_edits_name_the_field(fetch_json, body, field, message):
    status, answer = await fetch_json("POST", "annotate", body)
    assert (status, answer["field"]) == (400, field)
    assert message in answer["message"]


async def test_compile_tells_workflow_cells_and_annotations(fetch_json, notebook):
    status, answer = await fetch_json("POST", "compile", notebook(*WORK))
    assert status == 200
    assert [step["cell_id"] for step in answer["workflow"]["steps"]] == ["c0", "c1", "c2"]
    assert [cell["cell_number"] for cell in answer["cells"]] == [1, 2, 3]
    assert answer["cells"][1]["loops"][0]["split"]
    assert answer["annotations"] == {"c1": {"split": "Work", "batches": "2"}}
    assert answer["diagnostics"] == []


async def test_compile_sees_unsaved_content_and_parameters(fetch_json, notebook):
    body = notebook("param_n = 3")
    body["notebook"]["cells"][0]["source"] = "param_m = 4"
    _, answer = await fetch_json("POST", "compile", {**body, "parameters": {"param_m": 5}})
    assert [p["name"] for p in answer["workflow"]["parameters"]] == ["param_m"]
    _, answer = await fetch_json("POST", "compile", {**body, "parameters": {"param_n": 5}})
    assert (answer["workflow"], answer["cells"]) == (None, [])
    assert answer["diagnostics"][0]["severity"] == "error"


async def test_compile_of_a_refused_notebook_is_its_diagnostics(fetch_json, notebook):
    status, answer = await fetch_json("POST", "compile", notebook("# split: A\nx = (", "y = 1"))
    assert (status, answer["workflow"], answer["cells"]) == (200, None, [])
    assert answer["diagnostics"][0]["cell_id"] == "c0"
    assert answer["annotations"] == {"c0": {"split": "A"}}


async def test_status_of_an_unknown_kernel_says_what_to_do(fetch_json, notebook):
    notebook("x = 1", kernel="nosuch")
    status, answer = await fetch_json("GET", "status", path="nb.ipynb")
    assert (status, answer["engine"], answer["interpreter"]) == (200, None, None)
    assert "no kernel 'nosuch'" in answer["problem"]["message"]


def test_answers_are_json_that_browsers_read():
    assert strict_json({"x": [float("nan"), 1e999], "y": 1.5}) == '{"x": [null, null], "y": 1.5}'


@pytest.mark.parametrize(
    ("format_name", "begins"), [("mermaid", "flowchart"), ("svg", "<svg"), ("program", "")]
)
async def test_export_gives_the_workflow_as_text(fetch_json, notebook, format_name, begins):
    body = {**notebook(*WORK), "format": format_name}
    status, answer = await fetch_json("POST", "export", body)
    assert (status, answer["text"].startswith(begins)) == (200, True)
    assert len(answer["text"]) > 100


async def test_export_of_a_refused_notebook_is_422(fetch_json, notebook):
    status, answer = await fetch_json("POST", "export", {**notebook("x = ("), "format": "svg"})
    assert (status, answer["diagnostics"][0]["cell_id"]) == (422, "c0")
    status, answer = await fetch_json("POST", "export", {**notebook("x = 1"), "format": "gif"})
    assert (status, answer["field"]) == (400, "format")
