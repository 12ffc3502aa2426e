"""What cells leave to the end of the notebook's process happens on Ray as when a kernel ends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import nbclient
import nbformat
import pytest
import ray
from both_ways import notebook
from traitlets.config import Config

from naavre_ext import run_batch, run_notebook
from naavre_ext.executors.ray import executor, leave_taking, main_workers
from naavre_ext.model.event import StepFinished
from naavre_ext.model.run import RunOptions
from naavre_ext.storage.run_store import RunStore

slow = pytest.mark.slow

#: Cells that each leave one file, which is complete once the process has ended.
FILES = {
    "text": "text = open('text.txt', 'w')\n_ = text.write('hello')",
    "bytes": "raw = open('bytes.txt', 'wb')\n_ = raw.write(b'hello')",
    "table": "import csv\nrows = open('table.txt', 'w')\ncsv.writer(rows).writerow([1, 2])",
    "in an object": "class Log:\n    pass\nlog = Log()\nlog.file = open('object.txt', 'w')\n"
    "_ = log.file.write('x')",
    "shown": "open('shown.txt', 'w')",
    "at an object's end": "class Told:\n    def __del__(self):\n        with open('end.txt', 'w') as f:\n"
    "            f.write('gone')\ntold = Told()",
    "at a generator's end": "def steps():\n    try:\n        yield 1\n    finally:\n"
    "        with open('steps.txt', 'w') as f:\n            f.write('closed')\ngoing = steps()\nnext(going)",
}
#: Cells whose process has to end by itself.
LATER = {
    "function": "import atexit\n@atexit.register\ndef bye():\n    with open('bye.txt', 'w') as f:\n"
    "        f.write(str(len(FOUND)))\nFOUND = [1, 2]",
    "thread": "import threading, time\ndef work():\n    time.sleep(0.5)\n    with open('thread.txt', 'w') as f:\n"
    "        f.write('done')\nthreading.Thread(target=work).start()",
    "pool": "from concurrent.futures import ThreadPoolExecutor\nfrom pathlib import Path\n"
    "pool = ThreadPoolExecutor(1)\n_ = pool.submit(time.sleep, 0.2)\n"
    "_ = pool.submit(Path('pool.txt').write_text, 'done')",
}  # fmt: skip
#: A kernel lets go of its variables in an order that nobody knows; here functions are the last ones.
HELPED = (
    "def tell(text):\n    with open('helped.txt', 'w') as f:\n        f.write(text)\n"
    "class Told:\n    def __del__(self):\n        tell('gone')\nfirst, told = 1, Told()"
)
IN_GROUP = (
    "# group: a\nlog = open('group.txt', 'w')\n_ = log.write('one')",
    "# group: a\n_ = log.write(' two')",
)


def _left(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.glob("*.txt"))}


def _in_kernel(cells: tuple[str, ...], folder: Path) -> dict[str, str]:
    folder.mkdir()
    patient = Config(KernelManager={"shutdown_wait_time": 120.0})
    client = nbclient.NotebookClient(
        notebook(cells),
        iopub_timeout=240,
        resources={"metadata": {"path": str(folder)}},
        allow_errors=True,
        config=patient,
    )
    client.execute()
    return _left(folder)


def _on_ray(cells: tuple[str, ...], folder: Path) -> dict[str, str]:
    folder.mkdir()
    path = folder / "notebook.ipynb"
    nbformat.write(notebook(cells), path)
    run_notebook(path, folder / "out.ipynb")
    return _left(folder)


@slow
@pytest.mark.parametrize(
    ("cells", "count"),
    [
        (tuple(FILES.values()), len(FILES)),
        ((*FILES.values(), *LATER.values()), len(FILES) + len(LATER)),
        ((*IN_GROUP, FILES["text"]), 2),
        ((FILES["text"], "1 / 0"), 1),
    ],
    ids=["files", "threads and functions", "group", "failure"],
)
@pytest.mark.usefixtures("no_ray")
def test_it_happens_as_in_a_kernel(cells, count, tmp_path, monkeypatch):
    monkeypatch.setattr(executor, "GRACE_S", 60.0)
    expected = _in_kernel(cells, tmp_path / "kernel")
    assert len(expected) == count
    assert _on_ray(cells, tmp_path / "ray") == expected


@pytest.mark.parametrize("cell", [*FILES.values(), HELPED], ids=[*FILES, "helped"])
def test_it_happens_when_a_local_run_is_over(cell, tmp_path):
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook((cell,)), path)
    run_notebook(path, tmp_path / "out.ipynb", options=RunOptions(executor="local"))
    (text,) = _left(tmp_path).values()
    assert text or cell == FILES["shown"]


@slow
@pytest.mark.usefixtures("no_ray")
def test_jobs_write_files_in_processes_that_they_hand_on(tmp_path, monkeypatch):
    monkeypatch.setattr(executor, "GRACE_S", 60.0)
    monkeypatch.setattr(main_workers, "_TIDY_TIMEOUT_S", 60.0)
    cells = (
        "param_x = 1",
        "with open(f'with-{param_x}.txt', 'w') as f:\n    f.write(str(param_x))",
        "left = open(f'left-{param_x}.txt', 'w')\n_ = left.write(str(param_x))",
    )
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook(cells), path)
    store = str(tmp_path / "store")
    left = {}

    def look(job, end):
        left[job.number] = (tmp_path / f"left-{job.number}.txt").read_text()

    done = run_batch(
        path, [{"param_x": n} for n in range(1, 9)], options=RunOptions(store=store), on_job=look
    )
    assert done.is_ok
    assert left == {n: str(n) for n in range(1, 9)}, "each is there when its job is over"
    assert all((tmp_path / f"with-{n}.txt").read_text() == str(n) for n in left)
    events = [e for end in done.ends for e in RunStore(store).open(str(end.run_id)).events()]
    workers = {e.worker for e in events if isinstance(e, StepFinished)}
    assert len(workers) <= 3, "two CPUs, and one job that makes ready"


SLEEPS = (
    "{}\nimport time\nlog = open('log.txt', 'w')\n_ = log.write('some')\ntry:\n    open('began', 'w').close()\n"
    "    time.sleep(600)\nfinally:\n    with open('end.txt', 'w') as f:\n        f.write('tidied up')"
)
#: Waits in the main worker for its batches.
SPLITS = (
    "import os, time\nlog = open('log.txt', 'w')\n_ = log.write('some')\ntry:\n    # split: wait\n"
    "    for n in range(4):\n        open(f'began-{n}', 'w').close()\n        time.sleep(600)\n"
    "finally:\n    with open('end.txt', 'w') as f:\n        f.write('tidied up')"
)
STUBBORN = (
    "import time\nopen('began', 'w').close()\nwhile True:\n    try:\n        time.sleep(9)\n"
    "    except:\n        pass"
)


@slow
@pytest.mark.parametrize(
    ("cell", "left"),
    [
        (SLEEPS.format(""), {"end.txt": "tidied up", "log.txt": "some"}),
        (SLEEPS.format("# group: a"), {"end.txt": "tidied up", "log.txt": "some"}),
        (SPLITS, {"end.txt": "tidied up", "log.txt": "some"}),
        (STUBBORN, {}),
    ],
    ids=["main", "group", "batches", "stubborn"],
)
@pytest.mark.usefixtures("no_ray")
def test_a_cell_is_interrupted_when_its_run_is_stopped(cell, left, tmp_path, monkeypatch):
    if left:  # a busy machine may take longer than a user waits
        monkeypatch.setattr(executor, "INTERRUPTED_S", 60.0)
    assert _left_when_stopped(cell, tmp_path) == left


@slow
@pytest.mark.usefixtures("no_ray")
def test_a_cell_is_interrupted_though_it_is_known_late_where_it_runs(tmp_path, monkeypatch):
    def note_late(worker):
        leave_taking._places[worker] = _later.remote(worker.place.remote())
        return worker

    monkeypatch.setattr(executor, "INTERRUPTED_S", 60.0)
    monkeypatch.setattr(executor, "note_place", note_late)
    left = {"end.txt": "tidied up", "log.txt": "some"}
    assert _left_when_stopped(SLEEPS.format(""), tmp_path) == left


@ray.remote(num_cpus=0)
def _later(place):
    time.sleep(5)
    return place


def _left_when_stopped(cell, tmp_path):
    path, cancel = tmp_path / "notebook.ipynb", threading.Event()
    nbformat.write(notebook((cell, "1")), path)

    def stop():
        # A batch of each CPU's: until they have begun, the main worker has other things to do than to wait.
        while len(list(tmp_path.glob("began*"))) < (2 if cell == SPLITS else 1):
            time.sleep(0.05)
        cancel.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    done = run_notebook(path, tmp_path / "out.ipynb", cancel=cancel)
    stopper.join()
    assert done.status == "cancelled"
    return _left(tmp_path)


LIBRARY = """
import sys, weakref
from naavre_ext.executors.endings import Endings
weakref.finalize._registered_with_atexit = False  # as if nobody had used it

endings = Endings()
import logging.config, multiprocessing.pool, xml.sax
assert not endings.are_left()
{}
print(endings.are_left(), endings.has_functions)
"""


@pytest.mark.parametrize(
    ("code", "left", "has_functions"),
    [
        ("import atexit; atexit.register(print)", True, True),
        ("from atexit import register; register(print)", True, True),
        ("sys.path.insert(0, 'FOLDER'); import own", True, True),
        ("import weakref; weakref.finalize(endings, print, end='')", True, False),
        (
            "import threading, time; threading.Thread(target=time.sleep, args=[1]).start()",
            True,
            False,
        ),
        (
            "import threading, time; threading.Thread(target=time.sleep, args=[1], daemon=True).start()",
            False,
            False,
        ),
        ("import threading; t = threading.Thread(target=print); t.start(); t.join()", False, False),
    ],
)
def test_what_waits_for_the_interpreters_end(code, left, has_functions, tmp_path):
    (tmp_path / "own.py").write_text("import atexit\natexit.register(print, end='')\n")
    text = LIBRARY.format(code.replace("FOLDER", str(tmp_path)))
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(left), str(has_functions)]
