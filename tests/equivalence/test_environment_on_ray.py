"""What a notebook sees of its process is on Ray what it sees in a real kernel."""

from __future__ import annotations

import os
import sys

import nbclient
import pytest
from both_ways import _outputs, notebook, run_with

from naavre_ext.model.run import RunOptions

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

#: Differ from process to process, or are the test's own.
_IGNORED = (
    "JPY_",
    "PYTEST",
    "PYDEVD",
    "_",
    "SHLVL",
    "PWD",
    "OLDPWD",
    "KMP_",
    "IPY",
    "COLUMNS",
    "LINES",
)

CELLS = (
    "import os, sys, subprocess, tempfile, threading, time, signal, locale, beside, package.part\n"
    f"ignored = {_IGNORED!r}\nKNOWN = {['', *sys.path]!r}\n"
    "def seen(variables):\n"
    "    return sorted(item for item in variables.items() if not item[0].startswith(ignored))",
    "print(*seen(os.environ), sep='\\n')",
    "code = 'import os; print(dict(os.environ), os.getcwd())'\n"
    "said = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout\n"
    "print([name for name in ('RAY_', 'OMP_NUM', 'NAAVRE_') if name in said])\n"
    "print(os.path.basename(said.strip()), os.path.basename(os.getcwd()))",
    "!echo $FORCE_COLOR $PAGER $MPLBACKEND\nwhere = !basename $(pwd)\nprint(where)",
    "print(__name__, type(__builtins__).__name__)\nif __name__ == '__main__':\n    print('main')",
    "print(os.umask(0o22) == os.umask(0o22), sys.getrecursionlimit(), time.tzname, locale.getlocale())\n"
    "print(signal.getsignal(signal.SIGINT))",
    "ends = ('thirdparty_files', 'workers')\n"
    "print([os.path.basename(p) for p in sys.path if not p.endswith(ends) and p in KNOWN])\n"
    "print(os.path.basename(sys.argv[0]), sys.argv[1])\n"
    "import colorsys, wave\nprint([hasattr(module, 'HIDES') for module in (colorsys, wave)])",
    "try:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(20)\nexcept KeyboardInterrupt:\n"
    "    print('interrupted')",
    "child = subprocess.Popen(['sleep', '20'])\nchild.send_signal(signal.SIGINT)\nprint(child.wait())",
    "import numpy, threadpoolctl\n"
    "print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})",
    "A = numpy.random.default_rng(0).normal(size=(300, 300))",
    "product = [(A + k) @ A for k in range(3)]",
    "inverse = numpy.linalg.inv(A)",
    "import zlib\nprint([zlib.crc32(part.tobytes()) for part in (*product, inverse)])",
    "os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()\nprint(time.tzname, time.localtime(0).tm_hour)",
    "folder = tempfile.TemporaryDirectory()\nopen(folder.name + '/a.txt', 'w').write('kept')\n"
    "path = os.path.join(folder.name, 'a.txt')\nos.makedirs('sub', exist_ok=True)",
    "found = []\n\n\ndef work():\n    time.sleep(0.2)\n    found.append('from a thread')\n"
    "thread = threading.Thread(target=work)\nthread.start()",
    "thread.join()\nprint(found)",
    "# split: look\n# batches: 4\nout = []\nfor i in range(8):\n"
    "    out.append((open(path).read(), beside.VALUE, package.part.VALUE, hash('word') == hash('wo' + 'rd'),\n"
    "                os.path.basename(os.getcwd()), time.localtime(0).tm_hour))",
    "print(out)",
    "# split: hash\n# batches: 4\nhashes = []\nfor i in range(8):\n    hashes.append(hash(f'word {i}'))",
    "os.umask(0o027)",
    "# split: modes\n# batches: 4\nmodes = []\nfor i in range(4):\n"
    "    open(f'made {i}.txt', 'w').close()\n    modes.append(oct(os.stat(f'made {i}.txt').st_mode))",
    "print(modes)\nos.umask(0o022)",
    "print([hash(f'word {i}') for i in range(8)] == hashes)",
    "os.chdir('sub')",
    "# split: look\n# batches: 2\nplaces = []\nfor i in range(4):\n"
    "    places.append(os.path.basename(os.getcwd()))",
    "print(places, os.path.exists(path))",
    "folder.cleanup()\nprint(os.path.exists(path))",
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "beside.py").write_text("VALUE = 'beside'\n")
    for name in ("colorsys", "wave"):  # a kernel finds Python's own
        (tmp_path / f"{name}.py").write_text("HIDES = True\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "part.py").write_text("VALUE = 'in a package'\n")
    return tmp_path


def _differences(cell: str, expected: list, found: list) -> list[str]:
    """The lines that only a kernel shows (-), or only Ray (+), after the cell that shows them."""
    one, two = (
        [
            line
            for output in outputs
            for line in str(output.get("text", sorted(output.items(), key=str))).splitlines()
        ]
        for outputs in (expected, found)
    )
    lines = [f"-{line}" for line in one if line not in two]
    lines += [f"+{line}" for line in two if line not in one]
    return [cell, *lines] if lines else []


def test_a_notebook_sees_a_kernels_process(folder, shared_ray, monkeypatch):
    executor = shared_ray.executor(fresh=True)
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        monkeypatch.delenv(name)  # Ray sets some in the process that uses it
    environment = dict(os.environ)
    node = notebook(CELLS)
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(
        node, kernel_name="python3", iopub_timeout=240, resources=resources
    ).execute()
    expected = _outputs(node)
    options = RunOptions(cwd=str(folder), environment=environment, keep=())
    try:
        run = run_with(executor, CELLS, options)
    finally:
        executor.close()
    assert run.end.status == "ok", run.ending.error
    pairs = zip(CELLS, expected, run.ending.outputs, strict=True)
    differences = [line for pair in pairs for line in _differences(*pair)]
    assert not differences, "\n".join(differences)
