"""What only real processes can show: overlap, batches in several of them, deaths, cancelling, time limits."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))

from both_ways import run_with
from limits_once_printed import limits_once_printed
from watched_memory import Watched

from naavre_ext.model import event as events
from naavre_ext.model.run import RunOptions

pytestmark = pytest.mark.slow


@pytest.fixture
def run(shared_ray, tmp_path):
    """A function that runs cells on Ray, in a run of its own."""
    opened = []

    def start(*cells, cancel=None, on_event=None, **options):
        executor = shared_ray.executor()
        opened.append(executor)
        chosen = RunOptions(cwd=str(tmp_path), keep=None, **options)
        return run_with(executor, cells, chosen, cancel=cancel, on_event=on_event)

    yield start
    for executor in opened:
        executor.close()


def overlap_s(one, other) -> float:
    """How long two events' work went on at the same time."""
    ends = [event.started_at + event.duration_s for event in (one, other)]
    return min(ends) - max(one.started_at, other.started_at)


def text(ending, cell) -> str:
    return "".join(o["text"] for o in ending.outputs[cell] if o["output_type"] == "stream")


def test_independent_cells_overlap(run):
    work = "import time\ndef work(n):\n    time.sleep(0.1)\n    return [n]"
    done = run(work, "a = work(1)", "b = work(2)", "print(a + b)")
    assert text(done.ending, 3) == "[1, 2]\n"
    both = [event for event in done.told if getattr(event, "cell_id", "") in ("cell-1", "cell-2")]
    began = [event.cell_id for event in both[:2] if isinstance(event, events.StepStarted)]
    assert began == ["cell-1", "cell-2"]  # none has finished by then


def test_batches_flow_on_into_the_next_cell(run):
    done = run(
        "import time\ndef work(x):\n    time.sleep(0.02)\n    return x",
        "# split: a\nout = [work(x) for x in range(60)]",
        "# split: b\nres = []\nfor y in out:\n    res.append(work(y) + 1)\n    print(y)",
        "# split: c\ntotal = 0\nfor z in res:\n    total += z",
        "print(total)",
    )
    assert text(done.ending, 2) == "".join(f"{y}\n" for y in range(60))
    assert text(done.ending, 4) == "1830\n"
    ran = {cell: [b for b in done.of(events.BatchFinished) if b.cell_id == cell] for cell in
           ("cell-1", "cell-2", "cell-3")}  # fmt: skip
    last = max(batch.started_at for batch in ran["cell-1"])
    for cell in ("cell-2", "cell-3"):
        assert min(batch.started_at for batch in ran[cell]) < last
        assert sum(batch.items for batch in ran[cell]) == 60


def test_large_results_are_merged_as_they_come_in(run):
    megabytes = 16
    setup = (
        f"import numpy as np\nacc = np.zeros({megabytes} * 2**17)\n"
        f"def make(x):\n    return np.full({megabytes} * 2**17, float(x))"
    )
    with Watched() as watched:
        cell = "# split: part\n# batches: 60\nfor x in range(60):\n    acc += make(x)"
        done = run(setup, cell, "print(acc[0], acc[-1])")
    assert text(done.ending, 2) == "1770.0 1770.0\n"
    assert len(done.of(events.BatchFinished)) == 60
    assert watched.grown_mb < 60 * megabytes / 4


def test_batches_run_in_several_processes_at_once(run):
    """The first item waits until another process has come to one."""
    module = (
        "%%writefile meeting.py\nimport os, time\n\n\n"
        "def process_at(x):\n    try:\n        return os.readlink(f'{x}.here')\n"
        "    except FileNotFoundError:\n        return None\n\n\n"
        "def here():\n    return {process_at(x) for x in range(8)} - {None}\n\n\n"
        "def meet(x):\n    os.symlink(str(os.getpid()), f'{x}.here')\n"
        "    while x == 0 and len(here()) < 2:\n"
        "        time.sleep(0.01)"
    )
    cell = (
        "# split: part\n# batches: 4\nout = []\n"
        "for x in range(8):\n    meeting.meet(x)\n    out.append(x)"
    )
    done = run(module, "import meeting", cell, "print(out)")
    assert text(done.ending, 3) == "[0, 1, 2, 3, 4, 5, 6, 7]\n"
    batches = done.of(events.BatchFinished)
    assert len(batches) == 4
    (first,) = (event for event in batches if event.batch == 0)
    assert any(overlap_s(first, e) > 0 for e in batches if e.worker != first.worker)


def test_loop_without_a_number_of_batches_is_shared_with_the_workers(run):
    cell = (
        "# split: part\nout = []\n"
        "for x in range(12):\n    time.sleep(0.15)\n    out.append(x * 2)\n    print(x)"
    )
    done = run("import time", cell, "print(out == [x * 2 for x in range(12)], x)")
    assert text(done.ending, 1) == "".join(f"{x}\n" for x in range(12))
    assert text(done.ending, 2) == "True 11\n"
    assert done.of(events.BatchFinished)


def test_values_don_t_pass_the_driver(run, monkeypatch):
    """A hundred megabytes go from cell to cell; the driver's own puts and gets stay small."""
    import pickle

    import ray

    sizes = []
    real_get, real_put = ray.get, ray.put

    def get(ref, **kwargs):
        value = real_get(ref, **kwargs)
        sizes.append(len(pickle.dumps(value)))
        return value

    def put(value, **kwargs):
        sizes.append(len(pickle.dumps(value)))
        return real_put(value, **kwargs)

    monkeypatch.setattr(ray, "get", get)
    monkeypatch.setattr(ray, "put", put)
    done = run(
        "import numpy as np\ndef work(a):\n    return sum(float(r.sum()) for r in a) + len(a)",
        "a = np.ones((2_000, 6_250))",
        "# split: part\n# batches: 2\nout = []\nfor k in range(2):\n    out.append(a + k)",
        "b = work(a)",
        "c = work(out[1])",
        "print(b, c)\ndel a, out",
    )
    assert done.end.status == "ok"
    assert text(done.ending, 5) == "12502000.0 25002000.0\n"
    assert sum(sizes) < 1_000_000


def test_death_of_the_main_worker_ends_the_run(run):
    done = run("x = 1\nprint(x)", "import os\nos._exit(3)", "print('never')")
    assert done.end.status == "failed"
    assert done.ending.failed_cell == 1
    assert done.ending.error[0] == "WorkerLost"
    assert "its worker process has died. Worker exit type:" in done.ending.error[1]
    assert [type(e).__name__ for e in done.told[-2:]] == ["StepNotRun", "RunFinished"]


@pytest.mark.parametrize(
    "cell",
    [
        "time.sleep(600)",
        "# split: part\n# batches: 4\nfor x in range(8):\n    time.sleep(600)",
        "a = [work() for _ in range(3)]",
    ],
    ids=["main", "batches", "anywhere"],
)
def test_cancelled_run_waits_for_nothing(run, cell):
    """The cell would outlast the test."""
    cancel = threading.Event()

    def stop_soon(event):
        if isinstance(event, events.StepStarted) and event.cell_id == "cell-1":
            threading.Timer(0.5, cancel.set).start()

    first = "import time\ndef work():\n    time.sleep(600)\nprint('kept')"
    done = run(first, cell, "b = [work() for _ in range(2)]", cancel=cancel, on_event=stop_soon)
    assert done.end.status == "cancelled"
    assert text(done.ending, 0) == "kept\n"


def test_cell_beyond_its_time_fails(run, monkeypatch):
    late = "import time\nprint('in time')\ntime.sleep(600)"
    note = limits_once_printed(monkeypatch)
    done = run("x = 1", late, "print('never')", timeout_s=2.0, on_event=note)
    assert done.end.status == "failed"
    assert done.ending.failed_cell == 1
    assert done.ending.error[0] == "CellTimeoutError"
    assert text(done.ending, 1) == "in time\n"


def test_two_hundred_batches(run):
    cell = (
        "# split: part\n# batches: 200\nout = []\n"
        "for x in range(1000):\n    out.append(x)\n    if x % 100 == 0:\n        print(x)"
    )
    done = run(cell, "print(out == list(range(1000)), x)")
    assert text(done.ending, 0) == "".join(f"{x}\n" for x in range(0, 1000, 100))
    assert text(done.ending, 1) == "True 999\n"
    assert len(done.of(events.BatchFinished)) == 200


def test_output_arrives_while_a_cell_runs(run, tmp_path):
    """The cell waits until its first line has arrived."""

    def note(event):
        if isinstance(event, events.CellOutputReceived):
            (tmp_path / "arrived").touch()

    done = run(
        "import os, time\nprint('early')\nwhile not os.path.exists('arrived'):\n    time.sleep(0.01)\n"
        "print('late')",
        on_event=note,
    )
    assert text(done.ending, 0) == "early\nlate\n"


def test_every_output_is_told_once_and_in_order(run):
    cell = (
        "import sys\nfor n in range(300):\n    print(n, file=sys.stderr if n % 2 else sys.stdout)"
    )
    done = run(cell)
    told = done.of(events.CellOutputReceived)
    assert [event.number for event in told] == list(range(len(told)))
    assert "".join(event.output["text"] for event in told) == "".join(f"{n}\n" for n in range(300))


def test_display_functions_of_the_notebook_count_in_a_split(run):
    done = run(
        "plain = get_ipython().display_formatter.formatters['text/plain']\n"
        "plain.for_type(int, lambda value, printer, cycle: printer.text(f'<{value}>'))",
        "# split: show\n# batches: 2\nfor x in range(4):\n    display(x)",
    )
    assert done.end.status == "ok"
    shown = [output["data"]["text/plain"] for output in done.ending.outputs[1]]
    assert shown == ["<0>", "<1>", "<2>", "<3>"]
