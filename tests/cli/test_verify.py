from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from naavre_ext.cli import main
from naavre_ext.cli.verify import report_lines
from naavre_ext.model.diagnostic import RunCancelled
from naavre_ext.verification import Cause, Difference, Unsteady, VerifyReport


def write(path: Path, *cells: str) -> Path:
    made = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def test_the_first_differences_are_shown() -> None:
    report = VerifyReport(
        equal=False,
        differences=tuple(
            Difference("variable", f"x{n}", f"x{n}", f"difference {n}") for n in range(12)
        ),
        causes=(Cause("first", 3, "x0", "cell 3 is the first"),),
        unsteady=(Unsteady("cell", "3", "cell 3, output 1", "probably the time"),),
        uncompared={"db": "cannot pickle"},
        compared_cells=1,
        compared_names=2,
        compared_files=3,
        folder={"linked": ["data"]},
    )
    lines = report_lines(report)
    assert lines[0] == "different: 12 differences in 1 cell, 2 variables and 3 files"
    assert lines[10] == "  difference 9"
    assert lines[11] == "  and 2 more (--json has all)"
    assert lines[12:] == [
        "why:",
        "  cell 3 is the first",
        "left out, as it changes from one sequential run to the next:",
        "  cell 3, output 1 (probably the time)",
        "compared as far as could be looked into:",
        "  db: cannot pickle",
        "not copied, but linked: data",
    ]


def test_the_json_has_these_fields() -> None:
    assert set(VerifyReport(equal=True).to_json()) == {
        "status", "equal", "differences", "causes", "unsteady", "uncompared", "compared_cells",
        "compared_names", "compared_files", "workflow_s", "sequential_s", "end", "folder",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("end", "code", "status"),
    [
        (VerifyReport(equal=True), 0, "equal"),
        (VerifyReport(equal=False), 1, "different"),
        (RunCancelled("stopped"), 130, "cancelled"),
    ],
)
def test_the_exit_code_tells_how_it_went(
    end: Any,
    code: int,
    status: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def verify(*args: Any, **given: Any) -> VerifyReport:
        if isinstance(end, Exception):
            raise end
        return end  # type: ignore[no-any-return]

    monkeypatch.setattr("naavre_ext.api.verify_notebook", verify)
    with pytest.raises(SystemExit) as caught:
        main(["verify", str(write(tmp_path / "a.ipynb", "1")), "--json"])
    assert caught.value.code == code
    assert json.loads(capsys.readouterr().out)["status"] == status


def test_a_notebook_that_cannot_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["verify", str(write(tmp_path / "a.ipynb", "1 +")), "--json", "--executor", "local"])
    assert caught.value.code == 2
    assert json.loads(capsys.readouterr().out)["status"] == "refused"


@pytest.mark.slow
def test_ctrl_c_stops_the_run_and_cleans_up(tmp_path: Path) -> None:
    started = tmp_path / "started"
    path = write(
        tmp_path / "a.ipynb", f"import time\nopen({str(started)!r}, 'w').close()\ntime.sleep(600)"
    )
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            # It may take as long as a busy machine needs to clean up.
            "from naavre_ext.cli import interrupt, main; interrupt.LIMIT_S = 200; main()",
            "verify",
            str(path),
            "--executor",
            "local",
        ],
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 240
    while not started.exists() and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=240)
    assert process.returncode == 130
    assert list(temporary.iterdir()) == []
