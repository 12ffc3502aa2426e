"""``# concurrency``, ``# resources``, ``# retries``, ``# timeout`` on Ray, told from a run's events."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import meeting
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "equivalence"))

from both_ways import run_with
from limits_once_printed import limits_once_printed

from naavre_ext.model import event as events
from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.model.run import RunOptions

pytestmark = pytest.mark.slow


@pytest.fixture
def run(shared_ray, tmp_path):
    """A function that runs cells on Ray, in a run of its own."""
    opened = []

    def start(*cells, on_event=None, **options):
        executor = shared_ray.executor()
        opened.append(executor)
        asked = RunOptions(cwd=str(tmp_path), keep=None, **options)
        return run_with(executor, cells, asked, on_event=on_event)

    yield start
    for executor in opened:
        executor.close()


def text(done, cell) -> str:
    return "".join(o["text"] for o in done.ending.outputs[cell] if o["output_type"] == "stream")


def most_at_once(spans) -> int:
    """How many of the events' spans of time overlap at most."""
    times = [(e.started_at, 1) for e in spans] + [(e.started_at + e.duration_s, -1) for e in spans]
    now, most = 0, 0
    for _, step in sorted(times):
        now += step
        most = max(most, now)
    return most


def _loop(annotations: str, body: str, items: int = 6) -> str:
    return f"# split: part\n{annotations}\nout = []\nfor x in range({items}):\n    {body}\n    out.append(x)"


AT_ONCE = [
    ("# batches: 6\n# concurrency: 1", 1),
    ("# batches: 6\n# resources: num_cpus=0.5\n# concurrency: 2", 2),
    ("# batches: 3\n# concurrency: 2", 2),
    ("# resources: num_cpus=2", 1),
    ("# resources: num_cpus=0, num_gpus=1", 2),
    ("# resources: num_cpus=0.5, telescope=2", 2),
]


def test_no_more_batches_run_at_once_than_claim_and_concurrency_allow(run):
    cells = [_loop(asked, "time.sleep(0.1)") for asked, _ in AT_ONCE]
    done = run("import time", *cells, "print(out)")
    assert done.end.status == "ok", done.end.failure
    assert text(done, len(AT_ONCE) + 1) == "[0, 1, 2, 3, 4, 5]\n"
    for number, (asked, most) in enumerate(AT_ONCE, start=1):
        batches = [e for e in done.of(events.BatchFinished) if e.cell_id == f"cell-{number}"]
        assert most_at_once(batches) <= most, asked
        assert len(batches) > 1, asked


def test_half_a_cpu_each_lets_three_batches_meet_on_two_cpus(run):
    """Each batch waits until all three have begun."""
    module = (
        "%%writefile meeting.py\nimport os, time\n\n\n"
        "def meet(x):\n    os.mkdir(f'begun-{x}')\n"
        "    while not all(os.path.exists(f'begun-{n}') for n in range(3)):\n        time.sleep(0.01)"
    )
    cell = _loop("# batches: 3\n# resources: num_cpus=0.5", "meeting.meet(x)", 3)
    done = run(module, "import meeting", cell, "print(out)")
    assert text(done, 3) == "[0, 1, 2]\n"


def test_max_parallelism_counts_beside_the_claim(run):
    cell = _loop("# batches: 4\n# resources: num_cpus=0.5\n# concurrency: 3", "time.sleep(0.1)", 4)
    done = run("import time", cell, "print(out)", max_parallelism=1)
    assert most_at_once(done.of(events.BatchFinished)) == 1


#: Cells that may run anywhere, one that is split, one whose function is split, and more that may run anywhere.
MIXED = (
    "import time\ndef work(n, s=0.05):\n    time.sleep(s)\n    return n",
    *(f"# resources: {{claim}}\na{n} = work({n})" for n in range(3)),
    "# split: main\n# batches: 4\nout = []\nfor x in range(4):\n    out.append(work(x))",
    "def inner(n):\n    # split: inner\n    # batches: 2\n    return [work(m) for m in range(n)]",
    "found = inner(4)",
    *(f"# resources: {{claim}}\nb{n} = work({n})" for n in range(3)),
    "print(a0, a1, a2, out, found, b0, b1, b2)",
)


def working(done) -> list:
    """What workers worked on: batches, and cells that had none."""
    steps = [e for e in done.of(events.StepFinished) if not e.batches]
    return [*done.of(events.BatchFinished), *steps]


@pytest.mark.parametrize(
    ("claim", "limit"),
    [("num_cpus=0.2", 1), ("num_cpus=0.2", 2), ("num_cpus=0, telescope=2", None)],
)
def test_never_more_works_at_once_than_is_allowed(run, claim, limit):
    """Told from all events of a run: batches, cells in other workers, and the main worker itself."""
    done = run(*(cell.replace("{claim}", claim) for cell in MIXED), max_parallelism=limit)
    assert text(done, len(MIXED) - 1) == "0 1 2 [0, 1, 2, 3] [0, 1, 2, 3] 0 1 2\n"
    if limit is not None:
        assert most_at_once(working(done)) <= limit
    elsewhere = {s.cell_id for s in done.workflow.steps if s.placement == "any" and s.resources}
    claiming = [e for e in done.of(events.StepFinished) if e.cell_id in elsewhere]
    assert len(claiming) == 6
    if "telescope" in claim:
        assert most_at_once(claiming) <= 2  # there are four, and two for each


def test_cells_and_batches_are_given_the_gpus_that_they_claim(run):
    """Two batches have one each; a cell that can run anywhere has a worker with one; the main worker keeps one."""
    see = "import os\ndef see():\n    return os.environ.get('CUDA_VISIBLE_DEVICES')"
    done = run(
        see,
        "# split: part\n# batches: 2\n# resources: num_gpus=1\na = [see() for x in range(2)]",
        "# resources: num_gpus=1\nb = see()",
        "# resources: num_gpus=1, num_cpus=2, telescope=4\nos.environ['X'] = '1'\nc = see()",
        "# resources: num_cpus=2, telescope=4\nprint(sorted({*a, b, c}))",
    )
    assert [step.placement for step in done.workflow.steps][2:4] == ["any", "main"]
    assert text(done, 4) == "['0', '1']\n"


def test_claim_that_the_cluster_can_never_meet_is_refused(run):
    with pytest.raises(RefusedError, match=r"NX515 cell 2.*num_gpus=3.*num_gpus=2"):
        run("x = 1\nprint(x)", "# resources: num_gpus=3\nprint(x)")


DYING = (
    "%%writefile dying.py\nimport os, signal\n\n\n"
    "def work(x, times=1):\n"
    "    for name in (f'death-{x}-{death}' for death in range(times)):\n"
    "        if not os.path.exists(name):\n"
    "            open(name, 'w').close()\n            os.kill(os.getpid(), signal.SIGKILL)\n"
    "    return x"
)


def test_batch_whose_worker_is_killed_runs_again_alone(run):
    body = "print(x)\n    y = dying.work(x, 1 if x == 3 else 0)"
    done = run(DYING, "import dying", _loop("# batches: 3", body), "print(out)")
    assert done.end.status == "ok", done.end.failure
    assert text(done, 2) == "".join(f"{x}\n" for x in range(6))
    assert text(done, 3) == "[0, 1, 2, 3, 4, 5]\n"
    (again,) = done.of(events.BatchRetried)
    assert (again.batch, again.tries) == (1, 1)
    assert again.reason.startswith("its worker died")
    assert sorted(event.batch for event in done.of(events.BatchFinished)) == [0, 1, 2]


def test_batch_that_asks_for_files_is_not_tried_again_when_its_worker_is_killed(run):
    """The first attempt has made a file, which the second would take for an earlier run's."""
    body = (
        "if os.path.exists(f'made-{x}'):\n        continue\n    with open(f'made-{x}', 'w') as f:\n"
        "        f.write('1')\n    y = dying.work(x, 1 if x == 3 else 0)"
    )
    done = run(DYING, "import dying, os", _loop("# batches: 3", body), "print(out)")
    assert done.ending.error[0] == "WorkerLost"
    assert not done.of(events.BatchRetried)


def test_batch_of_an_over_cell_whose_worker_is_killed_runs_again_alone(run):
    cell = (
        "# over: xs\n# merge: ys, n=sum\n# batches: 3\nprint(xs)\nn = len(xs)\n"
        "ys = [dying.work(x, 1 if x == 3 else 0) for x in xs]"
    )
    done = run(DYING, "import dying\nxs = list(range(6))", cell, "print(ys, n)")
    assert text(done, 2) == "[0, 1]\n[2, 3]\n[4, 5]\n", done.end.failure
    assert text(done, 3) == "[0, 1, 2, 3, 4, 5] 6\n"
    assert [event.batch for event in done.of(events.BatchRetried)] == [1]
    assert sorted(event.batch for event in done.of(events.BatchFinished)) == [0, 1, 2]


def test_batch_whose_worker_ray_kills_for_want_of_memory_counts_as_lost(shared_ray, monkeypatch):
    """As Ray says it: provoking its memory monitor would kill other workers of the machine, too."""
    shared_ray.handle()
    import ray
    from ray.exceptions import OutOfMemoryError

    from naavre_ext.executors.ray import batch_pool
    from naavre_ext.executors.tasks import BatchTask

    @ray.remote(max_retries=0)
    def killed():
        raise AssertionError("never got")

    def out_of_memory(_ref):
        raise OutOfMemoryError(
            "Task was killed due to the node running low on memory.\nMemory used: 99%"
        )

    from naavre_ext.model.workflow import Split, Step

    step = Step("s", "c", 1, 1, "", "", "main")
    handle = batch_pool._Handle(
        BatchTask(step, Split(0, 1, "for", "xs"), 2, 4, 6, True), killed.remote()
    )
    monkeypatch.setattr(batch_pool.ray, "get", out_of_memory)
    report = batch_pool.RayBatchPool.report(None, handle)
    assert (report.batch, report.lost) == (2, True)
    assert report.error.evalue.startswith(
        "OutOfMemoryError: Task was killed due to the node running low"
    )


def test_batch_that_kills_each_worker_fails_saying_which(run):
    body = "y = dying.work(x, 9 if x == 3 else 0)"
    done = run(DYING, "import dying", _loop("# batches: 3", body), "print('never')")
    assert done.ending.error[0] == "WorkerLost"
    start = (
        "a worker process died 4 times while running batch 2 (items 3 to 4) "
        "of the loop in line 4 of cell 3 ("
    )
    assert done.ending.error[1].startswith(start)
    assert [event.tries for event in done.of(events.BatchRetried)] == [1, 2, 3]
    assert (done.end.failure["batch"], done.end.failure["item"]) == (1, 2)


def test_slow_batch_is_stopped_in_c_code_and_tried_again(run, shared_ray):
    """The first attempt at item 2 is a multiplication that takes minutes, and lets no other thread run."""
    shared_ray.warm()  # a batch's time is also that in which its process gets ready
    module = (
        "%%writefile slow.py\nimport os\n\n\n"
        "def work(x):\n    if x == 2 and not os.path.exists('begun'):\n"
        "        open('begun', 'w').close()\n        return 7 ** 7 ** 9\n    return x"
    )
    cell = _loop("# batches: 4\n# timeout: 10s\n# retries: 1", "y = slow.work(x)", 4)
    done = run(module, "import slow", cell, "print(out)")
    assert text(done, 3) == "[0, 1, 2, 3]\n", done.end.failure
    (again,) = done.of(events.BatchRetried)
    assert (again.batch, again.reason) == (2, "it took too long")


def test_slow_cell_elsewhere_is_stopped_and_fails_after_its_retries(run, monkeypatch):
    first = "import time\ndef work():\n    print('in')\n    time.sleep(600)"
    cell = "# timeout: 2s\n# retries: 1\na = work()"
    done = run(first, cell, "print('never')", on_event=limits_once_printed(monkeypatch))
    assert done.workflow.steps[1].placement == "any"
    assert done.ending.error == (
        "CellTimeoutError",
        "A cell timed out while it was being executed, after 2 seconds.",
    )
    (again,) = done.of(events.StepRetried)
    assert again.reason.startswith("CellTimeoutError")
    assert text(done, 1) == "in\n"


LOCK = "# group: g\nlock = threading.Lock()\nbase = [1]"
LATE = "CellTimeoutError"


@pytest.mark.parametrize(
    "slow",
    [
        pytest.param("k = lock.locked()", id="uses what is live"),
        pytest.param("k = base * 2", id="stands between cells that use it"),
        pytest.param("k = 2", id="uses nothing of the group"),
    ],
)
def test_slow_cell_of_a_group_with_live_objects_fails(run, slow):
    done = run(
        "import threading, time",
        LOCK,
        f"# group: g\n# timeout: 1s\ntime.sleep(600)\n{slow}",
        "# group: g\nm = lock.locked()",
        "print('never')",
    )
    assert done.end.status == "failed"
    assert done.ending.error[0] == LATE
    assert done.end.failure["cell_number"] == 3


def test_slow_cell_of_a_group_is_tried_again_in_a_fresh_worker(run, monkeypatch):
    """Each attempt takes too long; what is live is made again for it, and not once more after the last."""
    slow = "# group: g\n# timeout: 1s\n# retries: 1\nprint('in')\ntime.sleep(600)\nk = 2"
    cells = (
        "import threading, time",
        LOCK,
        slow,
        "# group: g\nm = lock.locked()",
        "print('never')",
    )
    done = run(*cells, on_event=limits_once_printed(monkeypatch))
    assert {step.placement for step in done.workflow.steps[1:4]} == {"any"}
    (again,) = done.of(events.StepRetried)
    assert again.reason.startswith(LATE)
    assert done.ending.error[0] == LATE
    assert text(done, 2) == "in\n"


def test_slow_cell_in_the_main_worker_ends_the_run(run):
    cell = "# timeout: 1s\n# retries: 1\nos.environ['X'] = '1'\ntime.sleep(600)"
    done = run("import os, time", (cell, ("raises-exception",)), "print('never')")
    assert done.end.status == "failed"
    assert done.ending.error[0] == "CellTimeoutError"
    assert not done.of(events.StepRetried)


def test_failed_cell_is_tried_again_with_the_same_inputs(run):
    module = (
        "%%writefile failing.py\nimport os\n\n\n"
        "def work(xs):\n    xs.append(1)\n    if not os.path.exists('tried'):\n"
        "        open('tried', 'w').close()\n        raise OSError('first')\n    return list(xs)"
    )
    cell = "# retries: 1\nys = work(xs)"
    done = run(module, "from failing import work\nxs = [0]", cell, "print(xs, ys)")
    assert text(done, 3) == "[0, 1] [0, 1]\n", done.end.failure
    assert len(done.of(events.StepRetried)) == 1


def test_runs_that_hold_gpus_and_want_more_take_turns(shared_ray, tmp_path, monkeypatch):
    """Each main worker keeps one of two GPUs, and its batches want one: at once they would wait for ever."""
    shared_ray.handle()
    monkeypatch.setattr("naavre_ext.executors.ray.run_waits.TOLD_AFTER_S", 0.1)
    # The run whose turn it is goes on once the other one has said that it waits.
    holding = (
        "# resources: num_gpus=1\nimport time, os\nos.environ['X'] = '1'\n"
        "while not os.path.exists('waits'):\n    time.sleep(0.01)"
    )
    loop = "# split: part\n# batches: 2\n# resources: num_gpus=1\na = [x for x in range(4)]"

    def note(event):
        if isinstance(event, events.MessageLogged) and "waits for its turn" in event.text:
            (tmp_path / "waits").touch()

    def go(number):
        cells = (holding, loop, f"print({number}, a)")
        executor = shared_ray.executor()
        options = RunOptions(cwd=str(tmp_path), keep=None)
        try:
            return run_with(executor, cells, options, on_event=note)
        finally:
            executor.close()

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(go, range(2)))
    assert [text(done, 2) for done in runs] == ["0 [0, 1, 2, 3]\n", "1 [0, 1, 2, 3]\n"]
    steps = [done.of(events.StepFinished) for done in runs]
    spans = [(mine[0].started_at, mine[-1].started_at + mine[-1].duration_s) for mine in steps]
    first, second = sorted(spans)
    assert first[1] <= second[0]


#: What the cell is, and the number of the cell that waits.
WAITING = {
    "a cell in any worker": ("# resources: num_gpus=2\nx = see()", 2),
    "a main worker": ("# resources: num_gpus=2\nos.environ['X'] = '1'\nx = see()", 1),
    "a cell in the main worker": ("# resources: telescope=4\nos.environ['X'] = '1'\nx = see()", 2),
    "a group's worker": ("# group: g\n# resources: num_gpus=2\nx = see()", 2),
    "batches": ("# split: part\n# resources: telescope=4\nx = [see() for _ in range(2)]", 2),
    "a call": ("# task: telescope=4\ndef far(y):\n    return y + see()\nx = [far(1), far(2)]", 2),
}


@pytest.mark.parametrize(("cell", "number"), WAITING.values(), ids=WAITING)
def test_cell_says_that_what_it_claims_is_not_free(run, cell, number, monkeypatch):
    """Somebody else lets go of it as soon as the run has said so: it could not end otherwise."""
    from ray.util.placement_group import placement_group, remove_placement_group

    monkeypatch.setattr("naavre_ext.executors.ray.claim_waits.TOLD_AFTER_S", 0.1)
    other = placement_group([{"GPU": 2, "telescope": 4}])
    assert other.wait(240)
    said = []

    def note(event):
        if isinstance(event, events.MessageLogged) and event.code == events.WAITS:
            said.append(event.text)
            remove_placement_group(other)

    done = run("import os\ndef see():\n    return 1", cell, "print(x)", on_event=note)
    assert done.end.status == "ok", done.end.failure
    (claim,) = re.findall(r"(?:telescope|num_gpus)=\d", cell)
    assert said == [f"NX525 cell {number} waits: {claim}, claimed for it, isn't free at present"]


@pytest.mark.parametrize("claim", ["num_cpus=2", "num_cpus=1, telescope=4"])
def test_loops_in_functions_are_not_sent_where_their_cell_keeps_what_they_claim(run, claim):
    """The batches would claim the same as their cell, which has all that there is."""
    function = (
        "import time\ndef work():\n    out = []\n    # split: part\n    # batches: 2\n"
        "    for x in range(4):\n        time.sleep(0.05)\n        out.append(x)\n    return out"
    )
    main = f"# resources: {claim}\nimport os\nos.environ['X'] = '1'\na = work()"
    anywhere = f"# resources: {claim}\nb = work()"
    batches = f"# split: part\n# batches: 2\n# resources: {claim}\nc = [work() for _ in range(2)]"
    done = run(function, main, anywhere, batches, "print(a, b, c)")
    assert text(done, 4) == f"{list(range(4))} {list(range(4))} {[list(range(4))] * 2}\n"


def test_workers_of_groups_keep_their_gpus_and_live_objects(run):
    done = run(
        "import os, threading\ndef see():\n    return os.environ.get('CUDA_VISIBLE_DEVICES')",
        "# group: a\n# resources: num_gpus=1\nlock, one = threading.Lock(), see()",
        "# group: b\n# resources: num_gpus=1\ntwo = see()",
        "# group: a\nwith lock:\n    held = True",
        "# group: a\nthree = see()\nsame = held and one == three",
        "print(sorted([one, two]), same)",
    )
    assert text(done, 5) == "['0', '1'] True\n"
    assert done.grouped == 4
    assert "lock" in done.end.missing


def test_cell_of_another_group_starts_while_the_group_that_gives_it_a_value_still_runs(
    run, monkeypatch, tmp_path
):
    meeting.arrange(tmp_path, [["b 1", "c 1"]], monkeypatch)
    done = run(
        "import signs",
        "# group: one\na = len([0])",
        "# group: one\nb = a + signs.meet('b', 1)",
        "# group: two\nc = a + 1 + signs.meet('c', 1)",
        "print(a, b, c)",
    )
    assert text(done, 4) == "1 2 3\n"
    order = [(type(e).__name__, e.cell_id) for e in done.told if hasattr(e, "cell_id")]
    assert order.index(("StepStarted", "cell-3")) < order.index(("StepFinished", "cell-2"))
    workers = {e.cell_id: e.worker for e in done.of(events.StepFinished)}
    assert workers["cell-1"] == workers["cell-2"] != workers["cell-3"] != workers["cell-4"]


def test_what_was_live_in_a_group_whose_worker_dies_is_made_again(run):
    done = run(
        DYING,
        "import dying, threading",
        "# group: g\nlock, seen = threading.Lock(), []\nprint('made')",
        "# group: g\nwith lock:\n    seen.append(dying.work(20))",
        "# group: g\nseen.append(2)\nn = list(seen)",
        "print(n)",
    )
    assert done.end.status == "ok", done.end.failure
    assert text(done, 5) == "[20, 2]\n"
    assert text(done, 2) == "made\n"
    (again,) = done.of(events.StepRetried)
    assert (again.cell_id, again.tries) == ("cell-3", 1)
    assert [e.cell_id for e in done.of(events.StepStarted)].count("cell-2") == 2
    assert done.grouped == 3


def test_group_that_can_never_have_a_worker_is_refused(run):
    cells = (f"# group: {name}\n# resources: num_gpus=2\n{name} = [1]" for name in "ab")
    with pytest.raises(
        RefusedError, match=r"NX515 cell 2.*group 'b'.*num_gpus=2 beside num_gpus=2"
    ):
        run(*cells)
