"""Batches by the local executor: outputs, failures, resuming, the table, the command line."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from naavre_ext import RefusedError, RunOptions, open_batch, open_run, run_batch, run_notebook
from naavre_ext.batching.beginning import BatchRequest, batch_rows, begin_batch, resume_batch
from naavre_ext.batching.shared_values import shared_values
from naavre_ext.cli.batch import Told
from naavre_ext.cli.entry import _exit_code
from naavre_ext.cli.inputs import read_source
from naavre_ext.executors.packing import pack
from naavre_ext.job_plans import JobPlans
from naavre_ext.model import event as events
from naavre_ext.model.jobs import JobEnd
from naavre_ext.preparing import prepare_notebook
from naavre_ext.scheduling.sharing import Sharing
from naavre_ext.storage.batch_store import find_batch
from naavre_ext.storage.run_store import RunStore

CELLS = (
    "import os",
    "param_x = 1\nparam_name = 'a'",
    "base = [n * n for n in range(5)]\nprint('base')",
    "y = sum(base) + param_x\nprint(param_name, y)",
    "if param_x == 2 and not os.path.exists('mended'):\n    raise ValueError('two')",
    "z = {'y': y}",
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    made = [nbformat.v4.new_code_cell(cell, id=f"cell-{n}") for n, cell in enumerate(CELLS, 1)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / "study.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path


LOCAL = RunOptions(executor="local")
ROWS = [{"param_x": x} for x in (1, 2, 3)]


def text(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", ()))


def batch(study: Path, **more):
    return run_batch(study, ROWS, str(study.parent / "out/{param_x}.ipynb"), options=LOCAL, **more)


def test_each_job_has_its_notebook_and_a_failed_one_stops_no_other(study):
    told = []
    done = batch(study, on_job=lambda job, end: told.append((job.number, end.status)))
    assert [end.status for end in done.ends] == ["ok", "failed", "ok"]
    assert done.ends[1].reason == "cell 5: ValueError: two"
    assert told == [(1, "ok"), (2, "failed"), (3, "ok")]
    out = study.parent / "out"
    assert [text(out / f"{x}.ipynb") for x in (1, 2, 3)] == [
        f"base\na {30 + x}\n" for x in (1, 2, 3)
    ]
    assert done.shared == (1, 2, 3)


def test_what_all_share_runs_once(study):
    done = batch(study)
    store = RunStore(study.parent / ".naavre")
    ran = [
        [e.cell_id for e in store.open(end.run_id).events() if isinstance(e, events.StepFinished)]
        for end in done.ends
    ]
    assert "cell-3" not in {cell for cells in ran for cell in cells}
    told = store.open(done.ends[0].run_id).events()
    assert [e.cell_id for e in told if isinstance(e, events.StepReused)] == [
        "cell-1", "cell-2", "cell-3",
    ]  # fmt: skip


def test_cells_that_need_only_what_is_common_run_once(tmp_path, monkeypatch):
    cells = (
        "param_x, param_scale = 1, 2",
        "big = param_scale * 10\nprint(big)",
        "y = big + param_x\nprint(y)",
    )
    made = [nbformat.v4.new_code_cell(cell, id=f"cell-{n}") for n, cell in enumerate(cells, 1)]
    path = tmp_path / "common.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    (tmp_path / "c.yaml").write_text("steps:\n  cell 2: {cache: off}\n")
    rows = [{"param_x": 1, "param_scale": 5}, {"param_x": 2, "param_scale": 5}]
    done = run_batch(path, rows, str(tmp_path / "{param_x}.ipynb"), options=LOCAL)
    assert done.is_ok
    assert (done.shared, list(done.reasons)) == ((1, 2), [3])
    for row in rows:
        run_notebook(path, tmp_path / "alone.ipynb", parameters=row, options=LOCAL)
        assert text(tmp_path / f"{row['param_x']}.ipynb") == text(tmp_path / "alone.ipynb")
    assert [row["y"] for row in open_batch(done.batch_id, notebook=path)] == [51, 52]
    monkeypatch.chdir(tmp_path)
    code, _, err = cli(
        path,
        "common.ipynb",
        "--grid",
        "param_x=1,2",
        "-p",
        "param_scale",
        "5",
        "--config",
        "c.yaml",
    )
    assert code == 0
    assert "once for all jobs: cells 1\n" in err
    settings = tmp_path / "c.yaml"  # has nothing to say of the batch any more
    record = find_batch(tmp_path / ".naavre")

    def set_cells(source):
        going_on = resume_batch(record.batch_id, LOCAL, source)
        return [(each.cell, each.value) for each in going_on._source.settings]

    assert set_cells(None) == set_cells(path) == [("cell-2", "off")]
    settings.write_text("steps:\n  cell 3: {cache: off}\n")
    assert set_cells(read_source(str(path), str(settings))) == [("cell-3", "off")]


def test_the_table_has_parameters_and_what_differs(study):
    done = batch(study)
    table = open_batch(done.batch_id, notebook=study)
    assert len(table) == 3
    assert list(table) == [
        {"param_x": 1, "y": 31, "z": {"y": 31}},
        {"param_x": 2, "y": None, "z": None},
        {"param_x": 3, "y": 33, "z": {"y": 33}},
    ]
    assert table["y"] == [31, None, 33]
    assert table.table("y", status=True)[1] == {"param_x": 2, "y": None, "status": "failed"}
    assert list(table.to_pandas("y").columns) == ["param_x", "y"]
    with pytest.raises(KeyError, match="no job kept 'base'"):
        table.table("base")


def test_other_variables_are_kept_when_asked_for(study):
    done = batch(study, keep=["base"])
    assert open_batch(notebook=study)["base"] == [[0, 1, 4, 9, 16], None, [0, 1, 4, 9, 16]]
    assert done.batch_id == open_batch(notebook=study).batch_id
    with pytest.raises(RefusedError, match="No cell sets 'nothing'"):
        batch(study, keep=["nothing"])


def test_a_job_brings_what_all_share_too(tmp_path):
    cells = (
        "param_x = 1",
        "numbers = [1, 2]\nread = {'a': 1}\nalone = list(range(400_000))\nset_again = 0",
        "total = sum(numbers) + read['a'] + param_x\nset_again = param_x",
    )
    made = [nbformat.v4.new_code_cell(cell, id=f"cell-{n}") for n, cell in enumerate(cells, 1)]
    path = tmp_path / "shared.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    options = RunOptions(executor="local", keep=None)
    done = run_batch(path, [{"param_x": x} for x in (1, 2)], options=options)
    store, own = RunStore(tmp_path / ".naavre"), {"param_x", "total", "set_again"}
    for end in done.ends:
        record = store.open(end.run_id)
        assert {v.name for v in record.variables() if v.run is None} == own
        values = open_run(end.run_id, store=store.root).values
        assert set(values) == {*own, "numbers", "read", "alone"}
        assert (len(values["alone"]), values["set_again"]) == (400_000, end.number)
    assert [set(row) for row in open_batch(notebook=path)] == [own] * 2
    (shared,) = {v.run for v in record.variables() if v.run is not None}
    store.delete(shared)
    assert {v.name for v in record.variables()} == own
    assert set(open_run(end.run_id, store=store.root).values) == own


def test_a_shared_value_that_a_job_has_changed_unseen_is_its_own(tmp_path):
    made = [
        nbformat.v4.new_code_cell(cell, id=f"cell-{n}")
        for n, cell in enumerate(
            ("param_x = 1", "a = [1]\nb = [2]\nc = [3]", "print(param_x, a, b)")
        )
    ]
    workflow = prepare_notebook(nbformat.v4.new_notebook(cells=made)).require_workflow()
    packs = {name: pack({name: value}, {}) for name, value in (("a", [1]), ("b", [2]), ("c", [3]))}
    sharing = Sharing(tuple(step.id for step in workflow.steps[:2]))
    values = shared_values(packs, "run", workflow, sharing, ())
    own, others = values.apart({"a": pack({"a": [1]}, {}), "b": pack({"b": [2, 5]}, {})})
    assert list(own) == ["b"]
    assert [(v.name, v.run) for v in others] == [("c", "run"), ("a", "run")]


def test_resuming_runs_only_what_did_not_end_well(study):
    first = batch(study)
    (study.parent / "mended").touch()
    told: list[int] = []
    again = resume_batch(first.batch_id, LOCAL, str(study)).run(
        lambda job, end: told.append(job.number)
    )
    assert told == [2]
    assert again.is_ok
    assert open_batch(notebook=study)["y"] == [31, 32, 33]
    assert [end.run_id for end in again.ends][::2] == [end.run_id for end in first.ends][::2]
    told.clear()
    assert (
        resume_batch(first.batch_id, LOCAL, str(study)).run(lambda job, end: told.append(1)).is_ok
    )
    assert told == []


def test_resumed_jobs_get_tuples_as_tuples(study):
    node = nbformat.read(study, as_version=4)
    node.cells[1].source = "param_x = (0, 0)"
    node.cells[3].source = "y = param_x"
    node.cells[4].source = "if not os.path.exists('mended'):\n    raise ValueError"
    nbformat.write(node, study)
    first = run_batch(study, [{"param_x": (1, 2)}, {"param_x": (3, 4)}], options=LOCAL)
    (study.parent / "mended").touch()
    assert resume_batch(first.batch_id, LOCAL, str(study)).run().is_ok
    assert open_batch(notebook=study)["y"] == [(1, 2), (3, 4)]


def test_single_jobs_are_stopped(study):
    cancels = {number: threading.Event() for number in (1, 2, 3)}
    cancels[3].set()
    first = begin_batch(BatchRequest(str(study), batch_rows(ROWS)), LOCAL)
    done = first.run(cancels=cancels)
    assert [end.status for end in done.ends] == ["ok", "failed", "not run"]
    record = first.record
    assert sorted(record.begun()) == [0, 1, 2]
    assert record.begun()[1] == done.ends[0].run_id


def edit_a_cell(study):
    node = nbformat.read(study, as_version=4)
    node.cells[4].source = "pass"
    nbformat.write(node, study)


def tag_a_cell(study):
    node = nbformat.read(study, as_version=4)
    node.cells[4].metadata.tags = ["skip-execution"]
    nbformat.write(node, study)


def edit_a_module(study):
    study.with_name("module_of_study.py").write_text("OFFSET = 2\n")
    study.with_name("mended").touch()


def edit_a_called_notebook(study):
    call_from(study, "y = 2")
    study.with_name("mended").touch()


def call_from(study, source):
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(node, study.with_name("called.ipynb"))


@pytest.mark.parametrize("change", [edit_a_cell, tag_a_cell, edit_a_module, edit_a_called_notebook])
def test_a_changed_notebook_runs_again_for_all(study, change):
    study.with_name("module_of_study.py").write_text("OFFSET = 1\n")
    call_from(study, "y = 1")
    node = nbformat.read(study, as_version=4)
    node.cells[3].source += "\nimport module_of_study\nfrom naavre_ext import notebook_task"
    node.cells[3].source += "\ncalled = notebook_task('called.ipynb', outputs=['y'])"
    nbformat.write(node, study)
    first = batch(study)
    assert resume_batch(first.batch_id, LOCAL, str(study)).outdated == 0
    change(study)
    assert resume_batch(first.batch_id, LOCAL, str(study)).outdated == 2
    told: list[int] = []
    again = resume_batch(first.batch_id, LOCAL, str(study)).run(
        lambda job, end: told.append(job.number)
    )
    assert told == [1, 2, 3]
    assert again.is_ok


def test_another_notebook_is_no_batch_to_go_on_with(study):
    first = batch(study)
    other = study.with_name("other.ipynb")
    other.write_bytes(study.read_bytes())
    with pytest.raises(RefusedError, match=r"^NX543 .* is of another notebook, .*study\.ipynb"):
        resume_batch(first.batch_id, LOCAL, str(other))
    study.unlink()  # it was moved
    assert resume_batch(first.batch_id, LOCAL, str(other)).outdated == 0


def test_a_mistake_of_ours_in_one_job_stops_no_other(study, monkeypatch):
    planned = JobPlans.of

    def of(plans, parameters):
        if parameters["param_x"] == 2:
            raise KeyError("lost")
        return planned(plans, parameters)

    monkeypatch.setattr(JobPlans, "of", of)
    done = run_batch(study, [{"param_x": x} for x in (1, 2, 3)], options=LOCAL)
    assert [end.status for end in done.ends] == ["ok", "failed", "ok"]
    assert "KeyError: 'lost' (a mistake of naavre-ext's" in done.ends[1].reason


def test_a_stopped_batch_runs_no_more_jobs(study):
    cancel = threading.Event()
    done = batch(study, on_job=lambda job, end: cancel.set(), cancel=cancel)
    assert [end.status for end in done.ends] == ["ok", "not run", "not run"]
    again = resume_batch(done.batch_id, LOCAL, str(study)).run()
    assert [end.status for end in again.ends] == ["ok", "failed", "ok"]


def test_a_failure_in_what_all_share_fails_every_job(study):
    node = nbformat.read(study, as_version=4)
    node.cells[2].source = "print('before')\nbase = []\nif not base:\n    raise KeyError('shared')"
    nbformat.write(node, study)
    done = batch(study)
    assert {end.reason for end in done.ends} == {"cell 3: KeyError: 'shared'"}
    assert text(study.parent / "out/3.ipynb") == "before\n"


def test_jobs_draw_different_numbers_where_nobody_seeds(study):
    node = nbformat.read(study, as_version=4)
    node.cells[2].source = "import random\nimport numpy as np\nbase = [1]"
    node.cells[3].source = "y = [param_x, random.random(), np.random.rand()]"
    nbformat.write(node, study)
    batch(study)
    drawn = [row["y"] for row in open_batch(notebook=study) if row["y"]]
    assert len({tuple(y[1:]) for y in drawn}) == len(drawn) == 2


def test_jobs_draw_what_runs_draw_where_the_shared_part_seeds(study):
    node = nbformat.read(study, as_version=4)
    node.cells[2].source = "import random\nrandom.seed(3)\nbase = [random.random()]"
    node.cells[3].source = "y = param_x + random.random()"
    nbformat.write(node, study)
    batch(study)
    import random

    expected = random.Random(3)
    expected.random()
    value = expected.random()
    assert open_batch(notebook=study)["y"] == [1 + value, None, 3 + value]


def test_rows_are_checked_before_anything_runs(study):
    with pytest.raises(RefusedError, match="NX202 row 2, column 'param_x'"):
        run_batch(study, [{"param_x": 1}, {"param_x": "x"}], options=LOCAL)
    with pytest.raises(RefusedError, match=r"NX542 .*over the notebook itself"):
        run_batch(study, [{"param_x": 1}], str(study), options=LOCAL)
    assert not (study.parent / ".naavre").exists()


def cli(study: Path, *arguments: str) -> tuple[int, str, str]:
    class _Done(Exception):
        pass

    runner = CliRunner()
    code: list[int] = []

    import click

    @click.command(context_settings={"ignore_unknown_options": True})
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED)
    def through(rest: tuple[str, ...]) -> None:
        code.append(_exit_code(rest))

    result = runner.invoke(through, ["batch", *arguments, "--executor", "local"])
    return code[0], result.stdout, result.stderr


def test_command_line_prints_a_table_and_exits_with_1_for_a_failed_job(study):
    code, out, err = cli(study, str(study), "--grid", "param_x=1,2", "param_name=u,v", "-o",
                         str(study.parent / "{param_x}{param_name}.ipynb"))  # fmt: skip
    assert code == 1
    lines = out.splitlines()
    assert lines[0].split() == ["job", "param_x", "param_name", "status", "time", "notebook"]
    assert [line.split()[1:4] for line in lines[1:5]] == [
        ["1", "u", "ok"], ["1", "v", "ok"], ["2", "u", "failed"], ["2", "v", "failed"],
    ]  # fmt: skip
    assert "job 3: cell 5: ValueError: two" in lines
    assert "once for all jobs: cells 1, 2, 3\n" in err
    (study.parent / "mended").touch()
    batch_id = lines[-1].rsplit(" ", 1)[-1]
    code, out, _ = cli(
        study, "--resume", batch_id, "--store", str(study.parent / ".naavre"), "--json"
    )
    ends = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [end["number"] for end in ends[:-1]] == [3, 4]
    assert (ends[-1]["type"], ends[-1]["ok"], len(ends[-1]["jobs"])) == ("Batch", True, 4)


def test_command_line_says_once_that_jobs_wait(study, capsys):
    made = begin_batch(BatchRequest(study, batch_rows(ROWS)), LOCAL)
    told = Told(made, as_json=False, quiet=False)
    for job in (1, 2):
        told.event(
            job, events.MessageLogged(level="info", text="NX525 it waits", code=events.WAITS)
        )
        told.event(job, events.MessageLogged(level="info", text="something else"))
    assert capsys.readouterr().err == "NX525 job 1: it waits\n"


def test_command_line_tells_a_job_by_the_values_that_it_was_given(study, capsys):
    rows = [{"param_x": 1, "param_name": "u"}, {"param_x": 2}]
    made = begin_batch(BatchRequest(study, batch_rows(rows)), LOCAL)
    told = Told(made, as_json=False, quiet=False)
    for job in made.jobs:
        told.job(job, JobEnd(job.number, "ok"))
    said = capsys.readouterr().err.splitlines()
    assert said == ["1/2 ok: param_x=1, param_name='u'", "2/2 ok: param_x=2"]


def test_command_line_counts_jobs_that_had_ended_before_a_batch_was_resumed(study, capsys):
    done = batch(study)
    told = Told(resume_batch(done.batch_id, LOCAL, study), as_json=False, quiet=False)
    told.shared([1])
    told.job(done.jobs[1], JobEnd(2, "ok"))
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith(": 3 jobs, 2 of which ended well before")
    assert said[-1] == "3/3 ok: param_x=2"


def test_command_line_warns_of_what_is_used_before_the_value_is_in_force(study, capsys):
    made = nbformat.read(study, as_version=4)
    made.cells[1].source = "param_x = 1\nparam_name = str(param_x)"
    nbformat.write(made, study)
    made = begin_batch(BatchRequest(study, batch_rows(ROWS[:1])), LOCAL)
    Told(made, as_json=False, quiet=False).shared([])
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("warning: NX206 cell 2")
    assert ": 1 job" in said[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--grid", "param_x=1,many"), "NX541 --grid: 'param_x' takes int, not 'many'"),
        (("--grid", "param_z=1"), "NX201 row 1, column 'param_z'"),
        (("--grid", "param_x=1,2", "-o", "same.ipynb"), "NX542 row 1 and row 2"),
        ((), "give either --params TABLE or --grid"),
        (("--params", "none.csv"), "none.csv can't be read"),
        (("--params", "none.xls"), "--params takes"),
        (("--grid", "param_x=1,1", "-o", "{param_x}.ipynb"), "NX542"),
        (("--grid", "param_x=1,2", "-p", "param_x", "5"), "-p sets param_x for all jobs, and so do"),
    ],
)  # fmt: skip
def test_wrong_requests_exit_with_2(study, arguments, message, monkeypatch):
    monkeypatch.chdir(study.parent)
    code, _, err = cli(study, "study.ipynb", *arguments)
    assert (code, message in err) == (2, True), err
    assert sorted(p.name for p in study.parent.iterdir()) == ["study.ipynb"]
