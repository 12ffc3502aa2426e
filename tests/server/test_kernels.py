"""Notebooks whose kernels run other interpreters than the server's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import naavre_ext
from naavre_ext.engine import EngineClient
from naavre_ext.server.kernels import find_kernel

pytestmark = pytest.mark.slow


class Specs:
    """A kernelspec manager that knows one kernel."""

    def __init__(self, argv, env=None):
        self._spec = type("Spec", (), {"argv": argv, "env": env or {}})()

    def get_kernel_spec(self, name):
        if name != "k":
            raise KeyError(name)
        return self._spec


@pytest.mark.parametrize(
    ("argv", "interpreter"),
    [
        (["python", "-m", "ipykernel_launcher"], sys.executable),
        (["python3", "-m", "ipykernel_launcher"], sys.executable),
        ([sys.executable, "-m", "ipykernel_launcher"], sys.executable),
        (["/nowhere/bin/python", "-m", "ipykernel_launcher"], None),
        (["bash", "-c", "exec python"], None),
        (["conda", "run", "python"], None),
        ([], None),
    ],
)
async def test_interpreter_of_a_kernelspec(argv, interpreter):
    kernel = await find_kernel(Specs(argv), "k")
    assert kernel.interpreter == interpreter
    assert (kernel.problem is None) == (interpreter is not None)


async def test_environment_of_a_kernelspec(monkeypatch):
    monkeypatch.setenv("NX_BASE", "base")
    kernel = await find_kernel(
        Specs(["python"], {"NX_MORE": "${NX_BASE}/more", "NX_BASE": "b"}), "k"
    )
    assert (kernel.environment["NX_MORE"], kernel.environment["NX_BASE"]) == ("base/more", "b")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An interpreter without any package."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder


@pytest.fixture
def kernel(bare, jp_data_dir, jp_environ, monkeypatch):
    """Installs the kernel ``other``, which runs the bare interpreter."""
    monkeypatch.delenv("PYTHONPATH")  # pytest-jupyter has set it
    spec = {"argv": [str(bare / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{}"]}
    folder = jp_data_dir / "kernels" / "other"
    folder.mkdir(parents=True)
    content = {**spec, "display_name": "Other", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(content))
    return bare


@pytest.fixture
def equipped(kernel, tmp_path_factory, monkeypatch):
    """The same with what this interpreter has, with a module of its own, and with engines that need no Ray."""
    runtime = tmp_path_factory.mktemp("rt")
    runtime.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    (site,) = kernel.glob("lib/python*/site-packages")
    paths = [str(Path(naavre_ext.__file__).parents[1]), str(Path(__file__).parent)]
    paths += [path for path in sys.path if path.endswith("-packages")]
    (site / "more.pth").write_text("\n".join(paths))
    (site / "only_here.py").write_text("def special(x):\n    return x + 1\n")
    (site / "sitecustomize.py").write_text(
        "import naavre_ext.engine.client\nnaavre_ext.engine.client.ENGINE_MODULE = 'local_engine'\n"
    )
    yield kernel
    for socket in runtime.glob("naavre-ext/*.sock"):
        EngineClient(socket).stop()
    for file in ("more.pth", "only_here.py", "sitecustomize.py"):
        (site / file).unlink()


STAR = ("from only_here import *", "y = special(1)", "z = 2\nprint(y, z)")


def _is_known(answer):
    """Whether the compiler knew what the star import binds."""
    return answer["workflow"]["steps"][0]["writes"] == ["special"]


async def test_an_interpreter_without_naavre_ext_says_what_to_install(fetch_json, notebook, kernel):
    body = notebook(*STAR, kernel="other")
    _, status = await fetch_json("GET", "status", path="nb.ipynb")
    python = str(kernel / "bin" / "python")
    assert (status["engine"], status["interpreter"]) == (None, python)
    assert f"{python} -m pip install naavre-ext==" in status["problem"]["remedy"]
    code, answer = await fetch_json("POST", "runs", body)
    assert (code, f"{python} -m pip install" in answer["message"]) == (503, True)
    code, compiled = await fetch_json("POST", "compile", body)
    assert (code, _is_known(compiled)) == (200, False)


async def test_a_notebook_is_compiled_and_run_by_its_own_interpreter(
    fetch_json, notebook, equipped, open_socket
):
    body = notebook(*STAR, "import sys\nprint(sys.prefix)", kernel="other")
    _, compiled = await fetch_json("POST", "compile", body)
    assert _is_known(compiled)
    _, elsewhere = await fetch_json("POST", "compile", {**body, "kernel_name": "python3"})
    assert not _is_known(elsewhere)
    code, answer = await fetch_json("POST", "runs", body)
    assert code == 201, answer
    place = ("naavre-ext", "runs", answer["run"]["id"], "events", "socket")
    socket = await open_socket(*place, params={"path": "nb.ipynb"})
    frames = []
    while (message := await socket.read_message()) is not None:
        frames.append(json.loads(message))
    assert frames[-1] == {"end": {"status": "ok", "failure": None}}
    events = [event for frame in frames[:-1] for event in frame["events"]]
    texts = [e["output"]["text"] for e in events if e["type"] == "CellOutputReceived"]
    assert texts == ["2 2\n", f"{equipped}\n"]
