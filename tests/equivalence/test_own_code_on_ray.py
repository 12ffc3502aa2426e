"""Modules and scripts beside the notebook that change a library: its loops see the change, wherever they run."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest
from both_ways import _outputs, notebook

from naavre_ext import run_notebook
from naavre_ext.model.event import BatchFinished, RunEvent, StepFinished

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

FILES = {
    "helpers.py": "import math\nimport pandas as pd\n\n\ndef install():\n"
    "    pd.DataFrame.__len__ = lambda self: 77\n    math.tau = 1\n",
    "at_once.py": "import math\nmath.tau = 2\n",
    "keeping.py": "n, data, conf, parts = 0, [1, 2], {'k': 1, 'parts': [[]]}, [[], []]\n\n\n"
    "class Model:\n    def __init__(self, k):\n        self.k = k\n\n\nA, B = Model(1), Model(2)\n\n\n"
    "def setup(k):\n    global n\n    n = conf['k'] = k\n",
    "clean.py": "unit = 1\n\n\ndef prefer(n):\n    global unit\n    unit = n\n",
}
LOOP = "# split: use\n# batches: 3\nout = []\nfor n in range(6):\n    out.append({})\nprint(out)"
OF_MATH, OF_PANDAS = LOOP.format("math.tau * n"), LOOP.format("len(pd.DataFrame({'n': [n]}))")

#: The cells, and whether their loop is split.
ROWS = {
    "module's function": (("import math, helpers", "helpers.install()", OF_MATH), False),
    "function in the cell of the imports": (
        ("from helpers import install\ninstall()\nimport pandas as pd", OF_PANDAS), False),
    "import": (("import math, at_once", OF_MATH), False),
    "import in a function": (("import math\ndef f():\n    import at_once", "f()", OF_MATH), False),
    "script": (("import math\n%run at_once.py", OF_MATH), False),
    "executed script": (("import math\nexec(open('at_once.py').read())", OF_MATH), False),
    "executed text": (("import math\nexec('math.tau = 3')", OF_MATH), False),
    "script written by a cell": (
        ("import math\nopen('made.py', 'w').write('import math; math.tau = 6')", "%run made.py", OF_MATH), False),
    "clean script": (("unit = 2\n%run clean.py", LOOP.format("unit * n")), True),
    "attribute by its name": (("import math\nobject.__setattr__(math, 'tau', 4)", OF_MATH), False),
    "its own variable": (("import clean", "clean.prefer(5)", LOOP.format("clean.unit * n")), False),
    "executed assignment": (
        ("unit = 1\nfor k in range(2):\n    exec(f'v{k} = {k}')", LOOP.format("unit * n")), True),
}  # fmt: skip


#: Cells in a group's worker, which has modules of its own.
ELSEWHERE = {
    "set by a call": (
        "import keeping", "keeping.setup(7)", "# group: a\nn = keeping.n + keeping.conf['k']", "print(n)"),
    "set by a call, used by a function": (
        "import keeping", "keeping.setup(7)", "# group: a\ndef use(x):\n    return x + keeping.n\nn = use(1)",
        "print(n)"),
    "set twice": (
        "import keeping", "keeping.setup(7)", "# group: a\nn = keeping.n", "keeping.setup(8)",
        "# group: a\nm = keeping.n", "print(n, m)"),
    "set in the group": ("import keeping", "# group: a\nkeeping.setup(7)\nm = 1", "print(keeping.n, m)"),
    "changed under another name": (
        "import keeping", "data = keeping.data\ndata.append(5)", "# group: a\nn = len(keeping.data)", "print(n)"),
    "a part changed": (
        "import keeping", "keeping.conf['parts'][0].append(5)", "# group: a\nn = keeping.conf['parts']",
        "print(n)"),
    "changed in a loop": (
        "import keeping", "for part in keeping.parts:\n    part.append(5)", "# group: a\nn = str(keeping.parts)",
        "print(n)"),
    "an object of its own": (
        "import keeping", "# group: a\nbest = max([keeping.A, keeping.B], key=lambda m: m.k)",
        "print(best is keeping.B)"),
    "not used": (
        "import keeping", "# group: a\nn = keeping.n", "keeping.setup(7)", "# group: a\nm = sum(range(n + 9))",
        "print(n, m)"),
    "not changed at all": (
        "import keeping", "print(keeping.n)", "# group: a\nn = keeping.n + len(keeping.data)", "print(n)"),
}  # fmt: skip


@pytest.mark.parametrize("name", ELSEWHERE)
def test_other_workers_go_by_what_modules_keep(name, tmp_path, shared_ray):
    events = _compare(ELSEWHERE[name], tmp_path, shared_ray)
    workers = {e.cell_id: e.worker for e in events if isinstance(e, StepFinished)}
    assert (len(set(workers.values())) == 2) is name.startswith("not ")


@pytest.mark.parametrize("name", ROWS)
def test_a_workflow_shows_what_a_kernel_shows(name, tmp_path, shared_ray):
    cells, is_split = ROWS[name]
    events = _compare(cells, tmp_path, shared_ray)
    assert any(isinstance(event, BatchFinished) for event in events) is is_split


def _compare(cells, tmp_path, shared_ray) -> list[RunEvent]:
    """The events of a run of the cells, which has shown what a kernel shows."""
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    node = notebook(cells)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(
        node, kernel_name="python3", iopub_timeout=240, resources=resources
    ).execute()
    shared_ray.handle()
    events: list[RunEvent] = []
    output = tmp_path / "out.ipynb"
    result = run_notebook(_stored(cells, tmp_path), output, on_event=events.append)
    assert result.status == "ok", result.failure
    assert _shown(output) == _outputs(node)
    return events


def _stored(cells: tuple[str, ...], folder: Path) -> Path:
    path = folder / "notebook.ipynb"
    nbformat.write(notebook(cells), path)
    return path


def _shown(path: Path) -> list:
    return _outputs(nbformat.read(path, as_version=4))
