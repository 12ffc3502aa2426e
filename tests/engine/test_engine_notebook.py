import json
import os
import shutil
import threading
import time
from contextlib import chdir
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from naavre_ext.batching.beginning import BatchRequest, batch_rows, begin_batch
from naavre_ext.cli.batch import batch as batch_command
from naavre_ext.engine import find_engine, place, start_engine, stop_engine
from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.model.run import RunOptions
from naavre_ext.runner import find_batch_runner

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine():
    runtime = Path("/tmp", f"nxe{os.getpid()}")
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        patch.setattr(place, "_source_digest", lambda: "same")
        start_engine(None, 2)
        yield find_engine(None)
        stop_engine(None)
    shutil.rmtree(runtime)


def _notebook(path: Path, *cells: str) -> Path:
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(node, path)
    return path


def test_notebook_sees_its_folder_and_the_clients_environment(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("NX_MARKER", "here")
    path = _notebook(
        tmp_path / "a.ipynb", "import os", "print(os.getcwd(), os.environ['NX_MARKER'])"
    )
    events = []
    result = engine.run(path, tmp_path / "out.ipynb", on_event=events.append)
    assert result.status == "ok"
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert executed.cells[1].outputs[0].text == f"{tmp_path} here\n"
    assert type(events[-1]).__name__ == "RunFinished"


def test_refused_notebook_is_refused_at_the_client(engine, tmp_path):
    with pytest.raises(RefusedError, match="undefined_name"):
        engine.run(_notebook(tmp_path / "bad.ipynb", "print(undefined_name)"))


def test_cancelled_run_waits_for_nothing(engine, tmp_path):
    path = _notebook(tmp_path / "slow.ipynb", "import time\ntime.sleep(600)")
    cancel = threading.Event()

    def on_event(event):
        if type(event).__name__ == "StepStarted":
            cancel.set()

    assert engine.run(path, cancel=cancel, on_event=on_event).status == "cancelled"


def test_batch_of_the_command_runs_in_the_engine(engine, tmp_path):
    path = _notebook(tmp_path / "a.ipynb", "param_n = 0", "k = 1", "print(param_n + k)")
    finished = engine.status()["runs_finished"]
    arguments = [str(path), "--grid", "param_n=1,2", "-o", f"{tmp_path}/{{job}}.ipynb"]
    with chdir(tmp_path):  # the engine is elsewhere
        done = CliRunner().invoke(batch_command, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    table = json.loads(done.stdout.splitlines()[-1])
    assert table["ok"]
    assert table["shared_cells"] == [1, 2]  # as the notebook has them, without the injected one
    made = [nbformat.read(tmp_path / f"{job}.ipynb", as_version=4) for job in (1, 2)]
    assert [notebook.cells[-1].outputs[0].text for notebook in made] == ["2\n", "3\n"]
    assert engine.status()["runs_finished"] == finished + 1


def test_stopped_batch_stops_in_the_engine(engine, tmp_path):
    path = _notebook(
        tmp_path / "a.ipynb",
        "param_n = 0",
        "import os, time",
        "os.mkdir('began')\ntime.sleep(param_n)",
    )
    options, rows = RunOptions(), batch_rows([{"param_n": 1000}, {"param_n": 1001}])
    batch = begin_batch(BatchRequest(path, rows, max_jobs=1), options)
    cancel = threading.Event()

    def stop_when_begun():
        while not (tmp_path / "began").exists():
            time.sleep(0.02)
        cancel.set()

    threading.Thread(target=stop_when_begun, daemon=True).start()
    run = find_batch_runner(batch, str(path), options, 1)
    result = run(lambda *_: None, lambda *_: None, cancel, on_event=lambda *_: None)
    assert result.ends[0].status == "cancelled"
    assert result.ends[1].status in (
        "cancelled",
        "not run",
    )  # one more makes ready beside the first
    assert run.__self__ is not batch


def test_batch_that_the_engine_refuses_leaves_no_record(engine, tmp_path):
    path = _notebook(tmp_path / "a.ipynb", "param_n = 0", "# resources: num_gpus=1\nprint(param_n)")
    batch = begin_batch(BatchRequest(path, batch_rows([{"param_n": 1}])), RunOptions())
    run = find_batch_runner(batch, str(path), RunOptions())
    with pytest.raises(RefusedError, match="NX515"):
        run(None, None, threading.Event(), on_event=None)
    assert not batch.record.path.exists()
