from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def test_a_notebook_is_not_replaced_by_what_is_told_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    nbformat.write(book, "a.ipynb")
    before = Path("a.ipynb").read_bytes()
    assert exit_code("run", "a.ipynb", "--executor", "local", "-q") == 0
    Path("link.ipynb").symlink_to("a.ipynb")
    for output in ("a.ipynb", str(tmp_path / "a.ipynb"), "link.ipynb"):
        assert exit_code("plan", "a.ipynb", "-o", output) == 2
        assert exit_code("runs", "trace", "latest", "-o", output) == 2
        assert "would replace" in capsys.readouterr().err
    assert Path("a.ipynb").read_bytes() == before


def test_a_folder_that_is_gone_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert exit_code("check", str(tmp_path / "a.ipynb")) == 2
    assert "the current folder is gone" in capsys.readouterr().err


#: A run that is stopped may take as long as a busy machine needs to end in an orderly way.
PATIENT = "from naavre_ext.cli import interrupt; interrupt.LIMIT_S = 200"


def _command(
    tmp_path: Path, tail: str, *cells: str, env: dict[str, str] | None = None, before: str = "0"
) -> Any:
    """A shell runs the notebook of these cells in its own process, with this behind the command.

    ``before`` is what the process does first.
    """
    made = [nbformat.v4.new_code_cell(cell) for cell in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})
    nbformat.write(book, tmp_path / "a.ipynb")
    start = f"'{before}; from naavre_ext.cli import main; main()'"
    command = f"{sys.executable} -c {start} run a.ipynb --executor local {tail}"
    return subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, **(env or {})}
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("tail", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(tmp_path: Path, tail: str) -> None:
    assert _command(tmp_path, tail, "print(1)").returncode == 0
    assert nbformat.read(tmp_path / "a.out.ipynb", 4).cells[0].outputs[0]["text"] == "1\n"


@pytest.mark.slow
def test_streams_that_take_nothing_more_or_not_all_letters(tmp_path: Path) -> None:
    full = _command(tmp_path, "-q -o - > /dev/full", "print(1)")
    assert (full.returncode, "No space left" in full.stderr) == (2, True)
    plain = _command(tmp_path, "--log-output", "print('ü')", env={"PYTHONIOENCODING": "ascii"})
    assert (plain.returncode, plain.stdout.splitlines()[0]) == (0, "\\xfc")
    shown = _command(tmp_path, "-q -o -", "print('ü')", env={"PYTHONIOENCODING": "ascii"})
    assert json.loads(shown.stdout)["cells"][0]["outputs"][0]["text"] == ["ü\n"]


@pytest.mark.slow
def test_what_child_processes_print_is_an_output_of_their_cell(tmp_path: Path) -> None:
    cell = "import os, sys\nprint('one', flush=True)\nos.system('echo two; echo three >&2')\nNone"
    for tail in ("-q -o -", "--json --log-output"):
        done = _command(tmp_path, tail, cell)
        assert done.returncode == 0
        for line in done.stdout.splitlines() if "--json" in tail else [done.stdout]:
            json.loads(line)
    outputs = nbformat.read(tmp_path / "a.out.ipynb", 4).cells[0].outputs
    found = {
        name: "".join(o["text"] for o in outputs if o["name"] == name)
        for name in ("stdout", "stderr")
    }
    assert found == {"stdout": "one\ntwo\n", "stderr": "three\n"}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cell_of_this_process_ends_as_when_it_is_interrupted(tmp_path: Path, number: int) -> None:
    cell = (
        f"import os, time\ntry:\n    os.kill(os.getpid(), {int(number)})\n    time.sleep(60)\n"
        "finally:\n    open('cleaned', 'w').close()"
    )
    done = _command(tmp_path, "", cell, before=PATIENT)
    assert done.returncode == 130
    assert "--resume" in done.stdout
    assert (tmp_path / "cleaned").exists()
    assert (tmp_path / "a.out.ipynb").exists()


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
from naavre_ext.cli import interrupt

if sys.argv[1] != "stuck":
    interrupt.LIMIT_S = 200
with interrupt.StopOnInterrupt() as stop:
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
