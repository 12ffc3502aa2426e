"""The commands on real notebooks, with the executor that needs no Ray unless a test says so."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

pytestmark = pytest.mark.slow

SPLIT = "# split: process batches\n# batches: 5\nout = []\nfor i in items:\n    out.append(10 // (i - {bad}))"
CELLS = ["param_n = 28", "items = list(range(param_n))", SPLIT.format(bad=99), "print(sum(out))"]
Cli = Callable[..., "subprocess.CompletedProcess[str]"]


def write(path: Path, cells: list[str]) -> Path:
    node = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
    )
    nbformat.write(node, path)
    return path


def start(*args: object, cwd: Path, before: str = "0", **options: Any) -> subprocess.Popen[str]:
    """The command with these arguments, in a process that does something ``before``."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("NAAVRE_", "RAY_"))}
    environ |= {"NAAVRE_EXECUTOR": "local", "NAAVRE_RESIDENT": "0", **options.pop("environ", {})}
    program = f"{before}; from naavre_ext.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, args)],
        cwd=cwd,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    def run(*args: object, stdin: str | None = None, **environ: str) -> Any:
        with start(*args, cwd=tmp_path, stdin=subprocess.PIPE, environ=environ) as process:
            out, err = process.communicate(stdin or "", timeout=240)
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    return run


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path / "good.ipynb", CELLS)


def test_run_reports_steps_then_summary_and_writes_the_notebook(
    cli: Cli, good: Path, tmp_path: Path
) -> None:
    done = cli("run", "good.ipynb")
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 4
    assert '[3/4] cell 3 "process batches": done in' in done.stderr
    first, fan_out, notebook, _ = done.stdout.splitlines()
    assert first.startswith("ok: 4 steps in")
    assert fan_out == '  cell 3 "process batches": 28 items in 5 batches'
    assert notebook == "notebook: good.out.ipynb"
    node = nbformat.read(tmp_path / "good.out.ipynb", as_version=4)
    assert node.cells[3].outputs[0].text == "-28\n"


def test_run_takes_parameters_and_writes_to_standard_output(cli: Cli, good: Path) -> None:
    done = cli("run", "good.ipynb", "-p", "param_n", 3, "-o", "-", "--quiet")
    assert done.returncode == 0
    assert done.stderr == ""
    node = nbformat.reads(done.stdout, as_version=4)
    assert node.cells[1].source == "# Parameters\nparam_n = 3\n"
    assert node.cells[-1].outputs[0].text == "-3\n"


def test_run_reads_standard_input(cli: Cli, good: Path) -> None:
    done = cli("run", "-", stdin=good.read_text())
    assert done.returncode == 0
    assert nbformat.reads(done.stdout, as_version=4).cells[-1].outputs[0].text == "-28\n"
    assert "ok: 4 steps" in done.stderr


def test_run_prints_cells_outputs_when_asked(cli: Cli, good: Path) -> None:
    done = cli("run", "good.ipynb", "--log-output", "--quiet")
    assert done.stdout == "-28\n"


def test_run_prints_json_events_and_a_result(cli: Cli, good: Path) -> None:
    done = cli("run", "good.ipynb", "--json")
    assert done.stderr == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["type"] == "RunStarted"
    assert [line["type"] for line in lines[-2:]] == ["RunFinished", "Result"]
    assert lines[-1]["status"] == "ok"
    assert lines[-1]["run_id"] == lines[0]["run_id"]


def test_a_failing_batch_is_shown_with_item_and_traceback(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path / "bad.ipynb", [*CELLS[:2], SPLIT.format(bad=13), "1"])
    done = cli("run", "bad.ipynb")
    assert done.returncode == 1
    assert 'cell 3 "process batches", batch 3, item 14 (13) failed:' in done.stderr
    assert "----> 5     out.append(10 // (i - 13))" in done.stderr
    assert "\x1b" not in done.stderr
    assert "naavre_ext" not in done.stderr
    assert done.stdout.startswith("failed: 2 of 4 steps")
    (run,) = re.findall(r"^run: +(\S+)$", done.stdout, re.M)
    assert f"go on with: the same command and --resume {run}; " in done.stdout
    assert (tmp_path / "bad.out.ipynb").exists()


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["run", "none.ipynb"], "NX001"),
        (["run", "."], "NX002"),
        (["run", "/"], "NX002"),
        (["run", "good.ipynb", "-p", "parm_n", "1"], "NX201"),
        (["run", "good.ipynb", "-o", "no/such/folder/o.ipynb"], "NX"),
        (["run", "broken.ipynb"], "NX301 cell 1, line 1"),
        (["plan", "broken.ipynb"], "NX301 cell 1, line 1"),
        (["run", "broken.ipynb", "--json"], "NX301"),
    ],
)
def test_refusals_exit_with_2_and_leave_nothing(
    args: list[str], code: str, cli: Cli, good: Path, tmp_path: Path
) -> None:
    write(tmp_path / "broken.ipynb", ["x = = 1"])
    done = cli(*args)
    assert done.returncode == 2
    assert done.stderr.startswith(code)
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.glob("*.ipynb")} == {"good.ipynb", "broken.ipynb"}
    if "--json" in args:
        assert json.loads(done.stdout)["status"] == "refused"


def test_secrets_reach_the_cells_and_nothing_else(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path / "s.ipynb", ["secret_key = ''", "print(len(secret_key))"])
    done = cli("run", "s.ipynb", "--log-output", NAAVRE_SECRET_KEY="hush-hush")
    assert done.returncode == 0
    assert done.stdout.startswith("9\n")
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"hush-hush" in content for content in written)


def test_a_missing_secret_is_said(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path / "s.ipynb", ["secret_key = 'own'", "print(secret_key)"])
    assert "secret_key isn't set in the environment" in cli("run", "s.ipynb").stderr


def test_check_says_what_was_inferred(cli: Cli, good: Path) -> None:
    done = cli("check", "good.ipynb")
    assert done.returncode == 0
    assert done.stdout.startswith("good.ipynb: can be run")
    assert (
        'cell 3 "process batches"\n  reads   items from cell 2\n  writes  i, out\n' in done.stdout
    )
    assert "splits  the loop over items (line 4), at most 5 batches" in done.stdout
    assert "at most 5 batches" in done.stdout


def test_check_in_json_is_complete(cli: Cli, tmp_path: Path, good: Path) -> None:
    data = json.loads(cli("check", "good.ipynb", "--json").stdout)
    assert data["runnable"] is True
    assert len(data["workflow"]["steps"]) == 4
    write(tmp_path / "broken.ipynb", ["x = = 1"])
    done = cli("check", "broken.ipynb", "--json")
    assert done.returncode == 2
    data = json.loads(done.stdout)
    assert (data["runnable"], data["workflow"]) == (False, None)
    assert data["diagnostics"][0]["code"] == "NX301"


@pytest.mark.parametrize(
    ("args", "first"),
    [
        ([], "good: 4 steps"),
        (["--json"], "{"),
        (["--format", "mermaid"], "flowchart LR"),
        (["--format", "svg", "-o", "-"], "<svg "),
    ],
)
def test_plan_has_its_formats(args: list[str], first: str, cli: Cli, good: Path) -> None:
    done = cli("plan", "good.ipynb", *args)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(first)


@pytest.mark.parametrize("executor", ["local", "ray"])
def test_output_is_in_the_folder_where_the_command_runs(
    cli: Cli, tmp_path: Path, executor: str
) -> None:
    (tmp_path / "sub").mkdir()
    look = (
        "import argparse, os\nparser = argparse.ArgumentParser()\n_ = parser.add_argument('-o')\n"
    )
    look += "print(parser.parse_known_args()[0], os.path.basename(os.getcwd()))"
    write(tmp_path / "sub" / "a.ipynb", [look])
    done = cli("run", "sub/a.ipynb", "-o", "made.ipynb", "--executor", executor)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.glob("*/*.ipynb")) == ["a.ipynb"]
    (output,) = nbformat.read(tmp_path / "made.ipynb", as_version=4).cells[0].outputs
    assert output.text == "Namespace(o=None) sub\n"


def test_verify_compares_both_ways(cli: Cli, tmp_path: Path) -> None:
    clock = "clock = __import__('time').perf_counter_ns()\nprint(clock)"
    write(tmp_path / "a.ipynb", [*CELLS, clock])
    done = cli("verify", "a.ipynb")
    assert done.returncode == 0
    assert done.stdout.startswith("equal: ")
    assert "left out, as it changes" in done.stdout
    data = json.loads(cli("verify", "a.ipynb", "--json").stdout)
    assert (data["equal"], data["differences"]) == (True, [])
    assert data["unsteady"]


def test_runs_are_listed_shown_and_deleted(cli: Cli, good: Path) -> None:
    run_id = json.loads(cli("run", "good.ipynb", "--json").stdout.splitlines()[-1])["run_id"]
    assert run_id in cli("runs", "list", "good.ipynb").stdout
    shown = cli("runs", "show", run_id).stdout
    assert 'cell 3 "process batches": 28 items in 5 batches' in shown
    events = json.loads(cli("runs", "show", run_id, "--json").stdout)["events"]
    assert events[-1]["type"] == "RunFinished"
    assert cli("runs", "delete", run_id).returncode == 0
    assert cli("runs", "show", run_id).returncode == 2


#: A run that is stopped may take as long as a busy machine needs to end in an orderly way.
PATIENT = "from naavre_ext.cli import interrupt; interrupt.LIMIT_S = 200"


def interrupted(tmp_path: Path, before: str = "0", **environ: str) -> tuple[int, str]:
    """The exit code of a run that is stopped in a sleeping cell, which would outlast the test, and stderr."""
    sleeps = "import time\nopen('begun', 'w').close()\ntime.sleep(600)"
    write(tmp_path / "slow.ipynb", ["x = 1", sleeps, "1"])
    with start("run", "slow.ipynb", cwd=tmp_path, before=before, environ=environ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("[1/3]")
        while not (tmp_path / "begun").exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=240)
    return process.returncode, err


def test_ctrl_c_stops_a_cell_of_this_process(tmp_path: Path) -> None:
    code, _ = interrupted(tmp_path, PATIENT)
    assert code == 130
    node = nbformat.read(tmp_path / "slow.out.ipynb", as_version=4)
    assert node.cells[0].execution_count == 1
    assert not node.cells[2].outputs


def test_a_run_goes_on_when_rays_head_is_gone(tmp_path: Path) -> None:
    waits = "import os, time\nopen('begun', 'w').close()\nwhile not os.path.exists('gone'):\n    time.sleep(0.05)"
    write(tmp_path / "a.ipynb", [waits, "print(1)"])
    with start("run", "a.ipynb", cwd=tmp_path, environ={"NAAVRE_EXECUTOR": "ray"}) as process:
        while not (tmp_path / "begun").exists() and process.poll() is None:
            time.sleep(0.05)
        (head,) = (
            child
            for child in psutil.Process(process.pid).children(recursive=True)
            if any("gcs_server" in part for part in child.cmdline()[:1])
        )
        head.kill()
        (tmp_path / "gone").touch()
        _, err = process.communicate(timeout=240)
    assert (process.returncode, "Traceback" in err) == (0, False), err
    node = nbformat.read(tmp_path / "a.out.ipynb", as_version=4)
    assert node.cells[1].outputs[0].text == "1\n"


def test_ctrl_c_stops_a_run_on_ray(tmp_path: Path) -> None:
    code, err = interrupted(tmp_path, NAAVRE_EXECUTOR="ray")
    assert code == 130
    assert "stopping" in err
    assert "Traceback" not in err
