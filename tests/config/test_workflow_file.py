"""Workflows in YAML: what ``plan`` writes runs as the notebook does, and wrong ones are refused with the line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from naavre_ext import RunOptions, compile_notebook, run_notebook
from naavre_ext.cli.entry import _exit_code
from naavre_ext.cli.inputs import read_source
from naavre_ext.engine.run_request import run_request, source_of
from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.preparing import prepare_notebook
from naavre_ext.storage.workflow_file import read_workflow, workflow_yaml

CELLS = (
    "import math  # é\nparam_n = 3",
    "# split: squares\n# batches: 2\nout = []\nfor n in range(param_n):\n    out.append(n * n)\n    print(n)  ",
    "text = 'a: b\\n\\ttab' + \"'\"\nroots = [math.sqrt(n) for n in out]",
    "print(text, sum(out), len(roots))",
)
LOCAL = RunOptions(executor="local", keep=None)

BY_HAND = """\
version: 2
name: by hand
parameters: []
steps:
- {id: one, cell_id: one, cell_number: 1, execution_count: 1, bundles: [], splits: [],
  source: "x = [n + 1 for n in range(1)]"}
- {id: two, cell_id: two, cell_number: 2, execution_count: 2, bundles: [], splits: [],
  source: "y = sum([n * n for n in range(9)])"}
- id: three
  cell_id: three
  cell_number: 3
  execution_count: 3
  bundles: []
  splits: []
  retries: 1
  source: |
    x.append(y)
    print(x)
edges:
- {source: one, target: two, kind: outside, names: []}
"""


def notebook(*cells: str):
    made = [nbformat.v4.new_code_cell(cell, id=f"c{n}") for n, cell in enumerate(cells)]
    return nbformat.v4.new_notebook(cells=made)


def test_saved_workflow_is_planned_as_the_notebook_was():
    workflow = prepare_notebook(notebook(*CELLS)).require_workflow()
    again = prepare_notebook(read_workflow(workflow_yaml(workflow), "notebook")).require_workflow()
    assert again == workflow
    assert "  source: |" in workflow_yaml(workflow)


def test_it_runs_as_the_notebook_does(tmp_path: Path):
    options = replace(LOCAL, cwd=str(tmp_path), store=str(tmp_path / "s"))
    text = workflow_yaml(compile_notebook(notebook(*CELLS)))
    one = run_notebook(
        notebook(*CELLS), tmp_path / "1.ipynb", parameters={"param_n": 5}, options=options
    )
    file = read_workflow(text, str(tmp_path / "w.yaml"))
    two = run_notebook(file, tmp_path / "2.ipynb", parameters={"param_n": 5}, options=options)
    shown = [
        [(c.source, c.outputs, c.execution_count) for c in nbformat.read(tmp_path / name, 4).cells]
        for name in ("1.ipynb", "2.ipynb")
    ]
    assert shown[0] == shown[1]
    assert one["roots"] == two["roots"]
    assert two.batches


def test_a_workflow_by_hand_waits_for_what_it_asks_for_and_for_what_its_code_needs(tmp_path: Path):
    file = read_workflow(BY_HAND, "hand.yaml")
    workflow = prepare_notebook(file).require_workflow()
    edges = {(edge.source, edge.target): edge.kind for edge in workflow.edges}
    assert edges[("one", "two")] == "outside"  # asked for
    assert {("one", "three"), ("two", "three")} <= set(edges)  # needed, though nobody said so
    assert workflow.step("three").retries == 1
    options = replace(LOCAL, cwd=str(tmp_path), store=str(tmp_path / "s"))
    assert run_notebook(file, options=options)["x"] == [1, 204]


def test_a_step_may_be_kept_in_the_main_worker():
    text = BY_HAND.replace('source: "y =', 'placement: main, source: "y =')
    assert (
        prepare_notebook(read_workflow(BY_HAND, "h")).require_workflow().step("two").placement
        == "any"
    )
    assert (
        prepare_notebook(read_workflow(text, "h")).require_workflow().step("two").placement
        == "main"
    )


GROUPED = (
    "# group: g\nstate = [1, 2]",
    "# group: g\nn = len(load(state))",
    "print(n, load(state))",
)


def test_a_step_of_a_group_may_be_kept_in_the_main_worker(tmp_path: Path):
    head = "import time\ndef load(xs):\n    time.sleep(0.01)\n    return xs"
    text = workflow_yaml(compile_notebook(notebook(head, *GROUPED)))
    before, found, after = text.partition("id: c2\n")
    assert found
    assert "placement: any" in after
    file = read_workflow(
        before + found + after.replace("placement: any", "placement: main", 1), "h"
    )
    prepared = prepare_notebook(file)
    step = prepared.require_workflow().step("c2")
    assert (step.group, step.placement) == (None, "main")
    (told,) = [d for d in prepared.diagnostics if d.code == "NX161"]
    assert "placement: main" in told.message
    options = replace(LOCAL, cwd=str(tmp_path), store=str(tmp_path / "s"))
    assert run_notebook(file, options=options)["n"] == 2


WRONG = [
    (("version: 2", "version: 1"), "NX546 hand.yaml, line 1: version: 2 was expected"),
    (("id: three", "ident: three"), "NX546 hand.yaml, line 9: .*'ident' were unexpected"),
    (("retries: 1", "retires: 1"), "NX546 hand.yaml, line 15: .*'retires' was unexpected"),
    (("retries: 1", "retries: many"), "NX546 hand.yaml, line 15: .*'many' is not"),
    (("retries: 1", "retries: 1.0e+9"), "NX546 hand.yaml, line 15: 'retries' of 'three': .*whole number"),
    (("retries: 1", "timeout_s: .inf"), "NX546 hand.yaml, line 15: 'timeout' of 'three': .*a time"),
    (("retries: 1", "resources: {num_cpus: .nan}"), "NX546 hand.yaml, line 15: 'resources' of 'three': "),
    (("target: two", "target: four"), "NX546 hand.yaml, line 20: there is no step 'four'"),
    (("source: one, target: two", "source: two, target: one"), "NX546 hand.yaml, line 20: 'one' comes before"),
    (("{id: two,", "{id: one,"), "NX546 hand.yaml, line 7: there is a step 'one' already"),
    (("id: three", "id: th/ree"), "NX546 hand.yaml, line 9: .*can't be a step's id"),
    (("kind: outside", "kind: magic"), "NX546 hand.yaml, line 20: .*'magic' is not one of"),
    (("name: by hand", "name: ["), "NX546 hand.yaml, line 4: this isn't YAML"),
    (("x.append(y)", "x.append(z)"), "NX302 cell 3.*: hand.yaml, line 17: .*'z'"),
    (("print(x)", "print(x"), "NX301 cell 3, line 2: hand.yaml, line 18: "),
    (("x.append(y)", "# batches: -3"), "NX101 cell 3.*: hand.yaml, line 17: "),
    (("range(9)", "range(m)"), "NX302 cell 2, line 1: hand.yaml, line 8: 'm'"),
    (("name: by hand", "name: !!python/name:os.system"), "NX546 hand.yaml"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_wrong_files_are_refused_with_the_line(change, message):
    assert change[0] in BY_HAND
    with pytest.raises(RefusedError, match=message):
        prepare_notebook(read_workflow(BY_HAND.replace(*change), "x/hand.yaml")).require_workflow()


def test_command_line_saves_runs_and_overlays(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    nbformat.write(notebook(*CELLS), "study.ipynb")
    assert _exit_code(["plan", "study.ipynb", "-o", "flow.yaml"]) == 0
    Path("over.yaml").write_text("steps: {squares: {batches: 3}}\n")
    assert _exit_code(["plan", "flow.yaml", "--config", "over.yaml", "-o", "more.yaml"]) == 0
    assert "batches: 3" in Path("more.yaml").read_text()
    assert _exit_code(["run", "flow.yaml", "--executor", "local", "-q"]) == 0
    assert nbformat.read("flow.out.ipynb", 4).cells[-1].outputs[0].text.endswith("5 3\n")
    Path("over.yaml").write_text("steps:\n  squares:\n    batches: none at all\n")
    assert _exit_code(["run", "study.ipynb", "--config", "over.yaml", "--executor", "local"]) == 2
    assert "NX545 over.yaml, line 3" in capsys.readouterr().err


def test_a_batch_of_a_workflow_is_resumed_without_naming_it(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cells = (
        "param_n = 3",
        "import os",
        "if not os.path.exists('mended'):\n    raise ValueError(param_n)",
    )
    Path("flow.yaml").write_text(workflow_yaml(compile_notebook(notebook(*cells))))
    local = ["--executor", "local", "-q"]
    assert _exit_code(["batch", "flow.yaml", "--grid", "param_n=1,2", *local]) == 1
    Path("mended").touch()
    (batch,) = (path.name for path in Path(".naavre/batches").iterdir())
    assert _exit_code(["batch", "--resume", batch, "--config", "over.yaml", *local]) == 2
    assert "name that of the batch" in capsys.readouterr().err
    assert _exit_code(["batch", "--resume", batch, *local]) == 0


@pytest.mark.parametrize(
    "asked", [("study.ipynb", "over.yaml"), ("flow.yaml", None), ("flow.yaml", "over.yaml")]
)
def test_an_engine_elsewhere_reads_the_same(tmp_path: Path, monkeypatch, asked):
    monkeypatch.chdir(tmp_path)
    nbformat.write(notebook(*CELLS), "study.ipynb")
    Path("flow.yaml").write_text(workflow_yaml(compile_notebook("study.ipynb")))
    Path("over.yaml").write_text("steps: {squares: {batches: 3}}\n")
    here = read_source(*asked)
    request = json.dumps(run_request(here, None, None, RunOptions()))
    for left in tmp_path.glob("*.yaml"):
        left.unlink()  # they were read once
    monkeypatch.chdir("/")
    there = prepare_notebook(source_of(json.loads(request)))
    planned = prepare_notebook(here)
    assert there.require_workflow() == planned.require_workflow()
    assert there.diagnostics == planned.diagnostics
    assert there.notebook.path == str(tmp_path / asked[0])
