"""The engine ``naavre`` beside papermill's own, on the same notebooks."""

from __future__ import annotations

import json
import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill as pm
import pytest
from papermill.exceptions import PapermillException, PapermillExecutionError
from shared_ray import SharedRay

from naavre_ext.papermill_engine import NaavreEngine, NotebookRefused, RunFailed
from naavre_ext.verification.widgets import outputs_with_widgets

pytestmark = pytest.mark.slow

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
LOCAL = {"executor": "local", "resident": False}

CELLS: dict[str, list[Any]] = {
    "outputs": [
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\n6 * 7",
        ("markdown", "# text"),
        "",
        "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))",
        "# papermill_description=naming\nx = 1",
        "x",
    ],
    "failure": ["1", ("markdown", "before"), "print('a')\n1/0", ("markdown", "after"), "2"],
    "exit well": ["1", "import sys\nsys.exit(0)", "2"],
    "exit badly": ["import sys\nsys.exit(3)", "2"],
    "tags": [("code", "1/0", ["skip-execution"]), "3"],
    "widgets": [
        "import ipywidgets as w\ns = w.IntSlider(3)\ns",
        "s.value = 7",
        "w.VBox([s, w.Image(value=b'abc')])",
    ],
    "expected failure": [("code", "1/0", ["raises-exception"]), "4"],
}


def write(path: Path, cells: list[Any], **metadata: Any) -> Path:
    node = nbformat.v4.new_notebook(
        metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}, **metadata}
    )
    for cell in cells:
        kind, source, tags = (("code", cell, []) if isinstance(cell, str) else (*cell, []))[:3]
        make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        node.cells.append(make(source, metadata={"tags": tags} if tags else {}))
    nbformat.write(node, path)
    return path


def execute(source: Path, output: Path, engine: str | None, **given: Any) -> str:
    """The name and text of the exception, or nothing."""
    options = LOCAL if engine else {}
    try:
        pm.execute_notebook(
            str(source), str(output), engine_name=engine, progress_bar=False, **options, **given
        )
    except PapermillException as error:
        where = (getattr(error, "ename", ""), getattr(error, "cell_index", ""))
        return f"{type(error).__name__} {where}"
    return ""


#: Executes each NAME.ipynb of a folder as NAME.ours.ipynb, with our engine.
RUN_ALONE = """
import json, sys
from pathlib import Path
import papermill as pm
raised = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        pm.execute_notebook(path, path.with_suffix(".ours.ipynb"), engine_name="naavre", executor="local",
                            progress_bar=False)
        raised[path.stem] = ""
    except pm.PapermillExecutionError as error:
        raised[path.stem] = f"{type(error).__name__} {(error.ename, error.cell_index)}"
Path(sys.argv[2]).write_text(json.dumps(raised))
"""


@pytest.fixture(scope="module")
def executed_alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with :data:`CELLS` executed by our engine, in a process without pytest's handling of warnings.

    And the exceptions that :func:`execute` would tell.
    """
    folder, raised = tmp_path_factory.mktemp("alone"), tmp_path_factory.mktemp("told") / "raised"
    for name, cells in CELLS.items():
        write(folder / f"{name}.ipynb", cells)
    subprocess.run([sys.executable, "-c", RUN_ALONE, folder, raised], check=True)
    return folder, json.loads(raised.read_text())


def essence(path: Path) -> list[dict[str, Any]]:
    """What must be equal: everything but ids, times and our own metadata."""
    found = []
    node = nbformat.read(path, as_version=4)
    shown = outputs_with_widgets(node)
    for cell in node.cells:
        record = dict(cell.metadata.get("papermill", {}))
        times = {key: record.pop(key, None) is not None for key in ("start_time", "end_time")}
        times["duration"] = record.pop("duration", None) is not None
        outputs = json.loads(json.dumps(shown.get(cell.id, [])))
        for output in outputs:
            output.pop("traceback", None)
        found.append(
            {
                "type": cell.cell_type,
                "source": cell.source,
                "tags": cell.metadata.get("tags", []),
                "papermill": record,
                "times": times,
                "count": cell.get("execution_count"),
                "outputs": outputs,
            }
        )
    return found


#: IPython warns after SystemExit, and the recorder then takes the error for one not yet told.
ROWS = list(CELLS)


@pytest.mark.parametrize("name", ROWS)
def test_notebook_and_exception_are_those_of_the_built_in_engine(
    name: str, executed_alone: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder, raised = executed_alone
    ours, theirs = folder / f"{name}.ours.ipynb", tmp_path / "theirs.ipynb"
    assert raised[name] == execute(folder / f"{name}.ipynb", theirs, None)
    assert essence(ours) == essence(theirs)
    records = [nbformat.read(path, as_version=4).metadata for path in (ours, theirs)]
    assert records[0].papermill.exception == records[1].papermill.exception
    assert records[0].papermill.duration > 0
    assert records[0].language_info == records[1].language_info


def test_cells_after_a_failure_are_pending_and_the_error_is_marked(tmp_path: Path) -> None:
    source = write(tmp_path / "in.ipynb", CELLS["failure"])
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        pm.execute_notebook(source, tmp_path / "o.ipynb", engine_name="naavre", **LOCAL)
    cells = nbformat.read(tmp_path / "o.ipynb", as_version=4).cells
    statuses = [cell.metadata.get("papermill", {}).get("status") for cell in cells]
    expected = [None, "completed", "completed", None, "failed", "pending", "pending"]
    assert statuses == expected
    assert "papermill-error-cell" in cells[3].source


def test_parameters_work_without_a_tagged_cell(tmp_path: Path) -> None:
    source = write(tmp_path / "in.ipynb", ["param_x = 1", "print(param_x)"])
    pm.execute_notebook(source, tmp_path / "o.ipynb", {"param_x": 5}, engine_name="naavre", **LOCAL)
    node = nbformat.read(tmp_path / "o.ipynb", as_version=4)
    assert node.cells[-1].outputs[0].text == "5\n"
    assert node.metadata.papermill.parameters == {"param_x": 5}
    injected = [c for c in node.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert len(injected) == 1
    assert injected[0].metadata.papermill.status == "completed"


def test_cells_run_in_the_folder_asked_for(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    source = write(tmp_path / "in.ipynb", ["import os\nprint(os.getcwd())"])
    out = tmp_path / "o.ipynb"
    assert execute(source, out, "naavre", cwd=str(tmp_path / "there")) == ""
    text = nbformat.read(out, as_version=4).cells[0].outputs[0].text
    assert text.strip() == str((tmp_path / "there").resolve())


def test_report_mode_hides_the_input(tmp_path: Path) -> None:
    source = write(tmp_path / "in.ipynb", ["1"])
    assert execute(source, tmp_path / "o.ipynb", "naavre", report_mode=True) == ""
    cell = nbformat.read(tmp_path / "o.ipynb", as_version=4).cells[0]
    assert cell.metadata.jupyter.source_hidden is True


def test_outputs_are_logged_and_written_to_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = write(tmp_path / "in.ipynb", CELLS["outputs"])
    with caplog.at_level(logging.INFO, "papermill"), open(tmp_path / "s", "w") as file:
        given = {"log_output": True, "stdout_file": file}
        assert execute(source, tmp_path / "o.ipynb", "naavre", **given) == ""
    logged = [(record.levelname, record.message) for record in caplog.records]
    for entry in (("INFO", "out\n"), ("WARNING", "err\n"), ("INFO", "42")):
        assert entry in logged
    assert (tmp_path / "s").read_text() == "out\n"


def test_nothing_is_saved_on_the_way_when_that_is_not_wanted(tmp_path: Path) -> None:
    probe = f"import os\nprint(os.path.exists({str(tmp_path / 'o.ipynb')!r}))"
    source = write(tmp_path / "in.ipynb", ["1", probe])
    for wanted in (False, True):
        given = {"request_save_on_cell_execute": wanted}
        assert execute(source, tmp_path / "o.ipynb", "naavre", **given) == ""
        cell = nbformat.read(tmp_path / "o.ipynb", as_version=4).cells[1]
        assert cell.outputs[0].text == f"{wanted}\n"


def test_a_slow_cell_fails_at_its_timeout(shared_ray: SharedRay, tmp_path: Path) -> None:
    shared_ray.handle()
    source = write(tmp_path / "in.ipynb", ["import time\ntime.sleep(600)", "1"])
    given = {"executor": "ray", "resident": False, "execution_timeout": 3}
    with pytest.raises(PapermillExecutionError, match="timed out"):
        pm.execute_notebook(source, tmp_path / "o.ipynb", engine_name="naavre", **given)


REFUSALS = [
    pytest.param(["x = = 1"], {}, {}, "NX", id="a syntax error"),
    pytest.param(["print(never_defined)"], {}, {}, "never_defined", id="an unknown name"),
    pytest.param(["1"], {"naavre": {"executor": "dask"}}, {}, "'dask'", id="a bad option"),
    pytest.param(["1"], {"naavre": {"exec": "x"}}, {}, "'exec'.*unknown", id="an unknown option"),
    pytest.param(["1"], {}, {"iopub_timeout": 1}, "iopub_timeout", id="an unknown argument"),
    pytest.param(
        ["1"],
        {},
        {"kernel_name": "no-such"},
        r"no kernel named .no-such.; there are: .*python3",
        id="no such kernel",
    ),
    pytest.param(
        ["secret_x = 1"], {}, {"parameters": {"secret_x": "hush"}}, "NAAVRE_SECRET_X", id="a secret"
    ),
]


@pytest.mark.parametrize(("cells", "metadata", "given", "message"), REFUSALS)
def test_refusals_are_papermill_exceptions_that_say_why(
    cells: list[Any],
    metadata: dict[str, Any],
    given: dict[str, Any],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NAAVRE_RESIDENT", "0")
    if "naavre" not in metadata:
        monkeypatch.setenv("NAAVRE_EXECUTOR", "local")
    source = write(tmp_path / "in.ipynb", cells, **metadata)
    with pytest.raises(NotebookRefused, match=message):
        pm.execute_notebook(source, tmp_path / "o.ipynb", engine_name="naavre", **given)
    if (tmp_path / "o.ipynb").exists():
        node = nbformat.read(tmp_path / "o.ipynb", as_version=4)
        assert [cell.metadata.papermill.status for cell in node.cells] == ["pending"]
        assert "hush" not in (tmp_path / "o.ipynb").read_text()


def test_secrets_come_from_the_environment_and_stay_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAAVRE_SECRET_KEY", "hush-hush")
    source = write(tmp_path / "in.ipynb", ["secret_key = ''", "print(len(secret_key))"])
    assert execute(source, tmp_path / "o.ipynb", "naavre") == ""
    text = (tmp_path / "o.ipynb").read_text()
    assert "hush-hush" not in text
    assert nbformat.reads(text, as_version=4).cells[-1].outputs[0].text == "9\n"


def test_cells_of_the_notebook_only_keep_their_outputs(tmp_path: Path) -> None:
    source = write(tmp_path / "in.ipynb", ["# (do not containerize!)\nprint('kept')", "1"])
    node = nbformat.read(source, as_version=4)
    node.cells[0].outputs = [nbformat.v4.new_output("stream", text="kept\n")]
    nbformat.write(node, source)
    assert execute(source, tmp_path / "o.ipynb", "naavre") == ""
    cell = nbformat.read(tmp_path / "o.ipynb", as_version=4).cells[0]
    assert [output.text for output in cell.outputs] == ["kept\n"]


def test_the_command_line_knows_the_engine(tmp_path: Path) -> None:
    source = write(tmp_path / "in.ipynb", ["param_x = 1", "print(param_x)"])
    command = [sys.executable, "-m", "papermill", str(source), str(tmp_path / "o.ipynb")]
    done = subprocess.run(
        [*command, "--engine", "naavre", "-p", "param_x", "5"],
        env={**os.environ, "NAAVRE_EXECUTOR": "local", "NAAVRE_RESIDENT": "0"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "3/3" in done.stderr
    node = nbformat.read(tmp_path / "o.ipynb", as_version=4)
    assert node.cells[-1].outputs[0].text == "5\n"


@pytest.mark.parametrize("error", [NotebookRefused("why"), RunFailed("why")])
def test_exceptions_survive_pickling(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy)) == (type(error), "why")


def test_papermill_finds_the_engine_by_name() -> None:
    from papermill.engines import papermill_engines

    assert papermill_engines.get_engine("naavre") is NaavreEngine
