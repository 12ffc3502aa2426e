"""A disk that fills up while a run is under way: what was computed isn't lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from naavre_ext import run_notebook
from naavre_ext.model.diagnostic import Diagnostic, NaavreError, RefusedError
from naavre_ext.model.event import MessageLogged, RunEvent
from naavre_ext.model.run import RunOptions
from naavre_ext.storage import notebook_file
from naavre_ext.storage.run_log import RunLog

LOCAL = RunOptions(executor="local", keep=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in ("x = 1", "y = x + 1", "print(y)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")
    return tmp_path / "n.ipynb"


def test_a_run_goes_on_without_its_record(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[RunEvent] = []

    def append(self: RunLog, event: RunEvent) -> None:
        if len(written) == 3:
            raise NaavreError("The run record can't be written: the disk is full.")
        written.append(event)

    def fail(self: RunLog, *args: Any) -> None:
        raise AssertionError("nothing more is written")

    monkeypatch.setattr(RunLog, "append", append)
    monkeypatch.setattr(RunLog, "save_values", fail)
    told: list[RunEvent] = []
    out = path.with_name("o.ipynb")
    result = run_notebook(path, out, options=LOCAL, on_event=told.append)
    assert (result.status, result.values["y"]) == ("ok", 2)
    assert nbformat.read(out, as_version=4).cells[2].outputs[0].text == "2\n"
    (warning,) = [e for e in told if isinstance(e, MessageLogged) and e.code == "NX518"]
    assert warning.text.startswith(
        "The run record can't be written: the disk is full. The run goes on"
    )


def test_a_notebook_that_cant_be_written_is_kept_with_the_run(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, write = path.with_name("o.ipynb"), notebook_file.write_notebook

    def write_elsewhere(node: Any, file: Any) -> None:
        if Path(file) == out:
            raise RefusedError([Diagnostic("NX014", "error", "No space left.", "Make room.")])
        write(node, file)

    monkeypatch.setattr(notebook_file, "write_notebook", write_elsewhere)
    with pytest.raises(NaavreError, match="No space left") as caught:
        run_notebook(path, out, options=LOCAL)
    assert not isinstance(caught.value, RefusedError)
    (kept,) = path.parent.glob(".naavre/runs/*/notebook.ipynb")
    assert str(kept) in str(caught.value)
    assert nbformat.read(kept, as_version=4).cells[2].outputs[0].text == "2\n"
