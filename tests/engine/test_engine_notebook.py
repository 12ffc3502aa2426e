import os
import shutil
import threading
from pathlib import Path

import nbformat
import pytest

from naavre_ext.engine import find_engine, place, start_engine, stop_engine
from naavre_ext.model.diagnostic import RefusedError

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
