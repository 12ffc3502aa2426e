from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import nbformat
import pytest

from naavre_ext.cli import entry, main
from naavre_ext.model.diagnostic import ClusterError, Diagnostic, RefusedError

Exits = Callable[..., int]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes ``naavre-ext check`` raise."""

    def install(error: BaseException) -> None:
        @click.command()
        def check() -> None:
            raise error

        monkeypatch.setattr(entry._LazyGroup, "get_command", lambda self, ctx, name: check)

    return install


def exit_code(*args: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(args)
    assert isinstance(caught.value.code, int)
    return caught.value.code


DIAGNOSTICS = [
    Diagnostic("NX301", "error", "one", cell_number=2, line=1),
    Diagnostic("NX302", "error", "two", "Do this."),
]


@pytest.mark.parametrize(
    ("error", "code", "stderr"),
    [
        (RefusedError(DIAGNOSTICS), 2, "NX301 cell 2, line 1: one\nNX302 two Do this.\n"),
        (ClusterError("Ray isn't there"), 2, "Ray isn't there\n"),
        (KeyboardInterrupt(), 130, "\nstopped\n"),
        (click.Abort(), 130, "stopped\n"),
        (SystemExit(7), 7, ""),
    ],
)
def test_errors_have_their_exit_codes(
    error: BaseException,
    code: int,
    stderr: str,
    failing: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(error)
    assert exit_code("check") == code
    assert capsys.readouterr() == ("", stderr)


def test_an_error_of_ours_is_one_line_and_a_file(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(KeyError("deep\nbug"))
    assert exit_code("check") == 70
    out, err = capsys.readouterr()
    found = re.fullmatch(r"internal error: KeyError: .*deep.*bug.* \(traceback: (.*)\)\n", err)
    assert out == ""
    assert found
    path = Path(found[1])
    assert "raise error" in path.read_text()
    path.unlink()


@pytest.mark.parametrize(
    "args",
    [
        ["nope"],
        ["run"],
        ["run", "a.ipynb", "--timeout", "soon"],
        ["run", "a.ipynb", "--executor", "dask"],
        ["run", "a.ipynb", "--json", "-o", "-"],
        ["run", "a.ipynb", "-p", "secret_x", "1"],
        ["run", "a.ipynb", "--max-parallelism", "0"],
        ["run", "a.ipynb", "--cwd", "/no/such/folder"],
        ["plan", "a.ipynb", "--format", "png"],
        ["runs", "show"],
    ],
)
def test_usage_errors_exit_with_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(*args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Error: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [(), *((name,) for name in entry._COMMANDS)])
def test_every_command_has_help(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(*command, "--help") == 0
    assert "Usage: naavre-ext" in capsys.readouterr().out


def test_runs_of_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("runs", "list", "--store", str(tmp_path / ".naavre")) == 0
    assert capsys.readouterr().out == "no runs\n"
    assert exit_code("runs", "show", "x", "--store", str(tmp_path / ".naavre")) == 2
    assert "NX015" in capsys.readouterr().err


def test_latest_run_is_meant_by_its_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"print('{name}')")])
        nbformat.write(book, f"{name}.ipynb")
        assert exit_code("run", f"{name}.ipynb", "--executor", "local") == 0
    capsys.readouterr()

    def first_line(*args: str) -> str:
        assert exit_code(*args) == 0
        return capsys.readouterr().out.partition("\n")[0]

    two, one = (line.split()[0] for line in _lines(capsys, "runs", "list"))
    assert first_line("explain", "latest").startswith(f"run {two}: ok")
    assert first_line("explain", "latest", "one.ipynb").startswith(f"run {one}: ok")
    assert first_line("runs", "show", "latest").startswith(two)
    assert first_line("runs", "delete", "latest", "one.ipynb") == f"deleted {one}"
    assert exit_code("runs", "show", "latest", "one.ipynb") == 2
    assert "There is no run 'latest'" in capsys.readouterr().err


def _lines(capsys: pytest.CaptureFixture[str], *args: str) -> list[str]:
    assert exit_code(*args) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.slow
def test_commands_import_nothing_heavy_before_they_need_it() -> None:
    script = (
        "import sys, naavre_ext.cli.entry as e\n"
        "for name in e._COMMANDS: e.root.get_command(None, name)\n"
        "heavy = {'ray', 'IPython', 'nbformat', 'papermill', 'rich', 'numpy', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


INTERRUPTED = """
import os, signal, sys, time
from naavre_ext.cli.interrupt import StopOnInterrupt

with StopOnInterrupt() as stop:
    os.kill(os.getpid(), signal.SIGINT)
    if sys.argv[1] == "orderly":
        assert stop.event.wait(60)
        sys.exit(99)
    if sys.argv[1] == "twice":
        os.kill(os.getpid(), signal.SIGINT)
    while True:
        time.sleep(0.1)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("way", "code"), [("orderly", 99), ("stuck", 130), ("twice", 130)])
def test_ctrl_c_ends_the_run_in_time(way: str, code: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, way], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == code
    assert done.stderr.startswith("stopping")


@pytest.mark.slow
def test_a_closed_pipe_is_no_error_of_ours() -> None:
    read, write = os.pipe()
    os.close(read)
    script = "from naavre_ext.cli import main; main(['--help'])"
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
