"""``# retries`` and ``# timeout`` with the local executor: what is tried again, from which inputs.

In each notebook ``tries(n)`` fails until it was called ``n`` times; it counts in a file.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))

from both_ways import run_as_workflow

from naavre_ext.executors import batches
from naavre_ext.model import event as events

COUNTING = """%%writefile counting.py
import os


def tries(needed, name="calls"):
    done = os.path.getsize(name) if os.path.exists(name) else 0
    with open(name, "a") as file:
        file.write("x")
    if done + 1 < needed:
        raise OSError(f"attempt {done + 1} failed")
    return done + 1


def put(d):
    d[len(d)] = 0
"""


def run(tmp_path, *cells):
    sys.modules.pop("counting", None)
    return run_as_workflow([COUNTING, "from counting import tries", *cells], cwd=str(tmp_path))


def text(done, cell: int) -> str:
    return "".join(o["text"] for o in done.ending.outputs[cell + 2] if o["output_type"] == "stream")


ROWS = [
    ("no retries", "tries(2)", "", None),
    ("enough", "# retries: 2\ntries(3)", "", 2),
    ("one too few", "# retries: 1\ntries(3)", "", None),
    ("what it had printed is gone", "# retries: 1\nprint('in')\nn = tries(2)\nprint('out')", "", 1),
    ("a list that it added to", "# retries: 1\nxs.append(1)\nn = tries(2)\nprint(xs)", "xs = [0]", 1),
    ("a name that it bound", "# retries: 1\nxs = xs + [1]\nn = tries(2)\nprint(xs)", "xs = [0]", 1),
    ("a name that it deleted", "# retries: 1\ny = xs\ndel xs\nn = tries(2)\nprint(y)", "xs = [0]", 1),
    ("an alias", "# retries: 1\nys.append(1)\nn = tries(2)\nprint(xs, xs is ys)", "xs = [0]\nys = xs", 1),
    (
        "an object in an object",
        "# retries: 1\nd['xs'].append(1)\nn = tries(2)\nprint(d, d['xs'] is xs)",
        "xs = [0]\nd = {'xs': xs}",
        1,
    ),
    (
        "draws of a seeded generator",
        "# retries: 1\na = random.random()\nn = tries(2)\nprint(a)",
        "import random\nrandom.seed(7)",
        1,
    ),
    (
        "an environment variable",
        "# retries: 1\nprint(os.environ.get('NX_T'))\nos.environ['NX_T'] = '1'\nn = tries(2)",
        "import os",
        1,
    ),
    (
        "each batch for itself",
        "# split: part\n# batches: 2\n# retries: 1\nout = []\nfor x in range(4):\n"
        "    print(x)\n    if x == 3:\n        tries(2)\n    out.append(x)",
        "",
        1,
    ),
    (
        "what code that can't be seen has changed",
        "# retries: 1\ncounting.put(d)\nn = tries(2)\nprint(d, e)",
        "import counting\nd = {}\ne = [d]",
        1,
    ),
    ("a cell that draws isn't", "# retries: 1\nplt.plot([1])\ntries(2)", "import matplotlib.pyplot as plt", None),
    (
        "an iterator can't be copied",
        "# retries: 1\nnext(it)\ntries(2)",
        "it = iter([1, 2, 3])",
        None,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "before", "retried"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_failed_attempt_is_tried_again_from_the_same_inputs(tmp_path, cell, before, retried):
    """The outputs and values are those of a cell that didn't fail; ``retried`` None: the run fails."""
    done = run(tmp_path, before, cell, "print('after')")
    if retried is None:
        assert done.ending.error[0] == "OSError"
        assert done.end.status == "failed"
        return
    again = [*done.of(events.StepRetried), *done.of(events.BatchRetried)]
    assert [event.tries for event in again] == list(range(1, retried + 1))
    assert done.end.status == "ok", done.end.failure
    # Now the file says that enough was tried, so that the same notebook runs through at once.
    plain = run(tmp_path, before, cell.replace("# retries", "# no"), "print('after')")
    assert not plain.of(events.StepRetried)
    assert text(done, 1) == text(plain, 1)


def test_cell_that_is_too_slow_fails(tmp_path):
    """The local executor stops nothing: it looks at the time afterwards."""
    done = run(tmp_path, "import time", "# timeout: 100ms\ntime.sleep(0.2)", "print('never')")
    assert done.ending.failed_cell == 3
    assert done.ending.error[0] == "CellTimeoutError"
    assert "after 0.1 seconds" in done.ending.error[1]


def test_batch_that_is_too_slow_fails_saying_which(tmp_path, monkeypatch):
    """A batch takes as long as it sleeps, however busy the machine is."""
    slept = []
    clock = SimpleNamespace(time=time.time, perf_counter=lambda: sum(slept))
    monkeypatch.setattr(batches, "time", clock)
    monkeypatch.setattr(time, "sleep", slept.append)
    cell = (
        "# split: part\n# batches: 3\n# timeout: 2s\n# retries: 1\nout = []\n"
        "for x in range(6):\n    if x == 4:\n        time.sleep(2.1)\n    out.append(x)"
    )
    done = run(tmp_path, "import time", cell)
    assert len(done.of(events.BatchRetried)) == 1
    assert done.ending.error == (
        "CellTimeoutError",
        "batch 3 (items 5 to 6) of the loop in line 6 of cell 4 timed out 2 times "
        "while it was being executed, after 2 seconds.",
    )
