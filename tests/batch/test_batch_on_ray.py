"""Batches on Ray: what is shared, who works, and how many at once; and papermill from several threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import meeting
import nbformat
import pytest

from naavre_ext import RefusedError, RunOptions, compile_notebook, open_batch, run_batch
from naavre_ext.batching.beginning import BatchRequest, batch_rows, begin_batch
from naavre_ext.executors.ray import spare_workers
from naavre_ext.model import event as events
from naavre_ext.storage.run_store import RunStore

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

CELLS = (
    "import random\nimport numpy as np\nclass Box:\n    total = 0\n    def __init__(self, n):\n"
    "        Box.total += n\n        self.n = n\n    def scaled(self):\n        return self.n * param_x",
    "param_x = 1",
    "random.seed(5)\nboxes = [Box(n) for n in range(4)]\nfirst = boxes[0]\nprint(random.random())",
    "table = np.arange(10.0)\nview = table[2:5]",
    "view += param_x\nboxes.append(Box(param_x))\nscaled = [b.scaled() for b in boxes]",
    "# split: twice\n# batches: 3\nout = []\nfor box in boxes:\n    out.append(box.scaled() * 2)",
    "end = (table.tolist(), Box.total, first is boxes[0], random.random(), out)\nprint(end)",
)


@pytest.fixture(autouse=True)
def ray_cluster(shared_ray):
    """Runs find it."""
    shared_ray.handle()


def write(folder: Path, *cells: str) -> Path:
    made = [nbformat.v4.new_code_cell(cell, id=f"cell-{n}") for n, cell in enumerate(cells, 1)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "study.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path


def shown(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    return ["".join(o.get("text", "") for o in c.get("outputs", ())) for c in cells]


def log_of(folder: Path, end) -> list[events.RunEvent]:
    return list(RunStore(folder / ".naavre").open(str(end.run_id)).events())


def most_at_once(spans) -> int:
    times = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    now = most = 0
    for _, step in times:
        now += step
        most = max(most, now)
    return most


def test_jobs_end_as_runs_do_in_few_processes(tmp_path):
    study = write(tmp_path, *CELLS)
    rows = [{"param_x": x} for x in (3, 1, 2, 5, 4)]
    done = run_batch(study, rows, str(tmp_path / "out/{param_x}.ipynb"))
    assert done.is_ok, done.ends
    assert len(done.shared) >= 4, done.reasons
    alone = run_batch(study, rows[:1], str(tmp_path / "alone-{param_x}.ipynb"))
    assert shown(tmp_path / "out/3.ipynb") == shown(tmp_path / "alone-3.ipynb")
    for row in open_batch(done.batch_id, notebook=study):
        x = row["param_x"]
        assert row["scaled"] == [n * x for n in (0, 1, 2, 3, x)]
        assert row["end"][0][2:5] == [2.0 + x, 3.0 + x, 4.0 + x]
        assert row["end"][1:3] == (6 + x, True)
        assert row["out"] == [2 * n for n in row["scaled"]]
    assert len({end.run_id for end in (*done.ends, *alone.ends)}) == 6
    logs = [log_of(tmp_path, end) for end in done.ends]
    starts = [next(e.at for e in log if isinstance(e, events.StepStarted)) for log in logs]
    # What a job collects in the end is beside the next one's steps.
    ends = [max(e.at for e in log if isinstance(e, events.StepFinished)) for log in logs]
    assert most_at_once(list(zip(starts, ends, strict=True))) <= 2
    mains = {e.worker for log in logs for e in log if isinstance(e, events.StepFinished)}
    assert len(mains) < len(rows) + 2  # main workers are handed on; two are others


def test_jobs_one_at_a_time_come_in_the_order_of_the_table(tmp_path):
    """Whoever of two that make ready were first: a file that they append to is as after runs one by one."""
    log = tmp_path / "log.txt"
    study = write(
        tmp_path, "param_x = 1", f"with open({str(log)!r}, 'a') as log:\n    print(param_x, file=log)"
    )  # fmt: skip
    assert run_batch(study, [{"param_x": x} for x in (3, 1, 2, 5)], max_jobs=1).is_ok
    assert log.read_text().split() == ["3", "1", "2", "5"]


def test_the_next_batch_finds_main_workers_ready(shared_ray, tmp_path):
    """The cluster is still held then; where it isn't, there is no next batch."""
    notebook = write(tmp_path, "param_x = 1", "print(param_x)")
    for _ in range(2):
        spare_workers._spares.clear()
        assert run_batch(notebook, [{"param_x": n} for n in range(5)]).is_ok
        slots = shared_ray.handle().slots
        assert len(spare_workers._spares) == min(5, slots + 1, spare_workers.MOST_SPARES)


def test_what_cannot_be_copied_is_made_by_each_job(tmp_path):
    study = write(
        tmp_path, "param_x = 1", "import threading\nlock = threading.Lock()\ncount = [1]",
        "with lock:\n    count.append(param_x)\nprint(count)",
    )  # fmt: skip
    done = run_batch(study, [{"param_x": 1}, {"param_x": 2}], str(tmp_path / "{param_x}-o.ipynb"))
    assert done.is_ok, done.ends
    assert [shown(tmp_path / f"{x}-o.ipynb")[-1] for x in (1, 2)] == ["[1, 1]\n", "[1, 2]\n"]


def test_awaited_runs_are_stopped_one_by_one(tmp_path):
    study = write(
        tmp_path, "import time", "param_s = 0.0", "time.sleep(param_s)\nx = param_s\nprint(x)"
    )
    workflow = compile_notebook(study)
    options = RunOptions(keep=("x",), store=str(tmp_path / "store"))

    async def main() -> list[float]:
        tasks = [
            asyncio.create_task(workflow.run(options=options, param_s=s)) for s in (0.0, 600.0, 0.1)
        ]
        done = await asyncio.gather(tasks[0], tasks[2])
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        return [result["x"] for result in done]

    assert asyncio.run(main()) == [0.0, 0.1]
    ended = {run.status for run in RunStore(tmp_path / "store").list()}
    assert ended == {"ok", "cancelled"}


def test_papermill_runs_in_several_threads(tmp_path):
    import papermill

    study = write(tmp_path, *CELLS)

    def execute(x: int) -> list[str]:
        out = tmp_path / f"p{x}.ipynb"
        papermill.execute_notebook(
            str(study), str(out), {"param_x": x}, engine_name="naavre", progress_bar=False
        )
        return shown(out)

    with ThreadPoolExecutor(3) as threads:
        several = list(threads.map(execute, (1, 2, 3)))
    assert several == [execute(x) for x in (1, 2, 3)]
    assert len({cells[-1] for cells in several}) == 3


def test_claim_that_the_cluster_can_never_meet_is_refused_before_any_job(tmp_path):
    study = write(tmp_path, "param_x = 1", "# resources: num_gpus=3\ny = sorted([param_x])")
    with pytest.raises(RefusedError, match=r"NX515.*num_gpus=3"):
        run_batch(study, [{"param_x": 1}, {"param_x": 2}], str(tmp_path / "{param_x}-o.ipynb"))
    assert not list(tmp_path.glob("*-o.ipynb"))
    assert not RunStore(tmp_path / ".naavre").list()
    assert not list((tmp_path / ".naavre" / "batches").iterdir())


NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_jobs_follow_each_other_through_the_workers_of_groups(ray_cluster, tmp_path):
    """Each worker is a job's from its first cell there to its last, in the order of the jobs."""
    rows = [{"param_field": n, "param_seconds": 0.2} for n in (3, 1, 2)]
    source = str(NOTEBOOKS / "pipeline-of-groups.ipynb")
    store = str(tmp_path / "store")
    done = run_batch(source, rows, options=RunOptions(store=store), keep=("summary",))
    assert done.is_ok, done.ends
    table = open_batch(done.batch_id, store=store)
    assert [row["summary"][0] for row in table] == [3, 1, 2]
    spans = {}
    for job, end in enumerate(done.ends):
        for e in RunStore(tmp_path / "store").open(str(end.run_id)).events():
            if isinstance(e, events.StepFinished):
                spans[job, e.cell_id] = (e.started_at, e.started_at + e.duration_s, e.worker)
    groups = [["c3", "c4"], ["c5"], ["c6", "c7"]]
    for cells in groups:
        order = [(job, cell) for job in range(3) for cell in cells]
        assert sorted(order, key=lambda key: spans[key][0]) == order
        assert len({spans[key][2] for key in order}) == 1
        assert all(spans[a][1] <= spans[b][0] for a, b in pairwise(order))
    assert len({spans[0, cells[0]][2] for cells in groups}) == 3
    for job in range(3):
        assert spans[job, "c6"][0] >= max(spans[job, "c4"][1], spans[job, "c5"][1])


def test_the_next_job_is_in_the_first_group_while_one_is_in_the_second(
    ray_cluster, monkeypatch, tmp_path
):
    """It could not end otherwise; and each group has one worker, in which jobs follow each other."""
    meetings = [["second 1", "first 2"], ["second 2", "first 3"]]
    meeting.arrange(tmp_path, meetings, monkeypatch)
    study = write(
        tmp_path,
        "param_x = 1",
        "import signs",
        "# group: first\nx = signs.meet('first', param_x)",
        "# group: second\ny = signs.meet('second', x)",
        "print(y)",
    )
    done = run_batch(study, [{"param_x": x} for x in (1, 2, 3)], keep=("y",))
    assert done.is_ok, done.ends
    spans = {}
    for job, end in enumerate(done.ends):
        for e in log_of(tmp_path, end):
            if isinstance(e, events.StepFinished):
                spans[job, e.cell_id] = (e.started_at, e.started_at + e.duration_s, e.worker)
    for job in (0, 1):
        second, following = spans[job, "cell-4"], spans[job + 1, "cell-3"]
        assert following[0] < second[1]
        assert spans[job, "cell-3"][1] <= following[0]
    for cell in ("cell-3", "cell-4"):
        assert len({spans[job, cell][2] for job in range(3)}) == 1


def test_batch_says_that_its_groups_wait_for_what_another_run_holds(
    ray_cluster, tmp_path, monkeypatch
):
    from ray.util.placement_group import placement_group, remove_placement_group

    monkeypatch.setattr("naavre_ext.executors.ray.run_waits.TOLD_AFTER_S", 0.1)
    study = write(
        tmp_path, "param_x = 1", "# group: g\n# resources: telescope=1\ny = sorted([param_x])"
    )
    other = placement_group([{"telescope": 4}])
    other.wait(240)
    said = []

    def note(job, event):
        if isinstance(event, events.MessageLogged) and event.code == events.WAITS:
            said.append((job, event.text))
            remove_placement_group(other)  # the other run is over

    rows = batch_rows([{"param_x": 1}, {"param_x": 2}])
    made = begin_batch(BatchRequest(study, rows), RunOptions())
    assert made.run(on_event=note).is_ok
    assert said
    assert "wait for what they claim" in said[0][1]


def test_replicas_let_jobs_meet_in_one_group(ray_cluster, monkeypatch, tmp_path):
    """Both have gone through the one worker of another group, so the second did while the first was here."""
    meeting.arrange(tmp_path, [["then 1", "then 2"]], monkeypatch)
    study = write(
        tmp_path,
        "param_x = 1",
        "import signs",
        "# group: first\nx = max([param_x])",
        "# group: then\n# replicas: 2\nmet = signs.meet('then', x)",
        "print(met)",
    )
    done = run_batch(study, [{"param_x": 1}, {"param_x": 2}], str(tmp_path / "{param_x}-o.ipynb"))
    assert done.is_ok, done.ends
    assert [shown(tmp_path / f"{x}-o.ipynb")[-1] for x in (1, 2)] == ["1\n", "2\n"]
    workers = {}
    for end in done.ends:
        for e in log_of(tmp_path, end):
            if isinstance(e, events.StepFinished):
                workers.setdefault(e.cell_id, set()).add(e.worker)
    assert len(workers["cell-3"]) == 1
    assert len(workers["cell-4"]) == 2
    assert not workers["cell-4"] & workers["cell-5"]


def test_jobs_find_what_cells_that_are_the_same_for_all_have_left_in_a_group(ray_cluster, tmp_path):
    """Such a cell runs once in a group's worker; what a job changes there is no other job's."""
    study = write(
        tmp_path,
        "param_x = 1",
        "# group: g\nmodel = {n: [n] for n in range(4)}\nprint('loaded')",
        "# group: g\nalias = model[0]\nsizes = [len(v) for v in model.values()]",
        "# group: g\nmodel[param_x].append(9)\nalias.append(8)\nseen = (str(model), alias == model[0])",
        "print(seen, sizes)",
    )
    rows = [{"param_x": x} for x in (1, 2, 3)]
    done = run_batch(study, rows, str(tmp_path / "{param_x}-o.ipynb"))
    assert done.is_ok, done.ends
    for x in (1, 2, 3):
        model = {0: [0, 8], 1: [1], 2: [2], 3: [3]}
        model[x].append(9)
        cells = shown(tmp_path / f"{x}-o.ipynb")
        assert (cells[-4], cells[-1]) == ("loaded\n", f"{(str(model), True)} [1, 1, 1, 1]\n")
    ended = {"cell-2": [], "cell-3": [], "cell-4": []}
    for end in done.ends:
        for e in log_of(tmp_path, end):
            if isinstance(e, events.StepEnded) and e.cell_id in ended:
                ended[e.cell_id].append(type(e).__name__)
    once = ["StepFinished", "StepReused", "StepReused"]
    assert ended == {"cell-2": once, "cell-3": once, "cell-4": ["StepFinished"] * 3}
    assert list(done.reasons.values()).count("it runs once in each worker of group 'g'") == 2


def test_awaited_runs_share_the_workers_of_groups(ray_cluster, monkeypatch, tmp_path):
    meeting.arrange(tmp_path, [["met 5", "met 1"]], monkeypatch)
    study = write(
        tmp_path,
        "param_x = 1",
        "import signs",
        "# group: g\n# replicas: 1\nlive = [param_x]",
        "# group: g\nlive.append(2)\ny = sorted(live)",
        "met = signs.meet('met', param_x)",
    )
    workflow = compile_notebook(study)
    options = RunOptions(keep=("y",), store=str(tmp_path / "store"))

    async def main():
        return await asyncio.gather(*(workflow.run(options=options, param_x=x) for x in (5, 1)))

    done = asyncio.run(main())
    assert [result["y"] for result in done] == [[2, 5], [1, 2]]
    store = RunStore(tmp_path / "store")
    ended = [
        e for r in done for e in store.open(r.run_id).events() if isinstance(e, events.StepFinished)
    ]
    assert len([e for e in ended if e.cell_id == "cell-3"]) == 2
    groups = {e.worker for e in ended if e.cell_id in ("cell-3", "cell-4")}
    others = {e.worker for e in ended if e.cell_id == "cell-5"}
    assert (len(groups), len(others), groups & others) == (1, 2, set())


#: What cells in groups call to learn where the next job is.
SIGNS = """
import os, time

def begin(x):
    os.makedirs(f"begun-{x}", exist_ok=True)
    return x

def append_when_the_next_has_begun(xs):
    if xs == [1]:
        while not os.path.exists("begun-2"):
            time.sleep(0.01)
        xs.append(1)
    return len(xs)

def die_at_first(x):
    if not os.path.exists("died"):
        os.mkdir("died")
        os.kill(os.getpid(), 9)
    return x
"""


@pytest.fixture
def signs(tmp_path, monkeypatch):
    """The module in the place of the one whose cells meet."""
    meeting.arrange(tmp_path, (), monkeypatch)
    (tmp_path / f"{meeting.NAME}.py").write_text(SIGNS)


#: The first job's fourth cell changes what the fifth has read, once group h's worker is the second job's. The job
#: keeps group g's then, as the last cell there waits for group h's.
GIVEN_BACK = (
    "param_x = 1",
    "import signs",
    "xs = [param_x]",
    "b = signs.append_when_the_next_has_begun(xs)\nq = 0\ndel q",
    "c = sum(xs)",
    "# group: h\n# resources: telescope=1\nd = signs.begin(c)",
    "# group: g\n# resources: telescope=1\nlive = [param_x]",
    "# group: g\nlive.append(b + d)\ne = sum(live)",
    "print(xs, b, c, d, e)",
)


def test_job_starts_over_whose_group_has_to_run_again_in_a_worker_of_the_next_job_s(
    ray_cluster, signs, tmp_path
):
    study = write(tmp_path, *GIVEN_BACK)
    done = run_batch(study, [{"param_x": 1}, {"param_x": 2}], str(tmp_path / "{param_x}-o.ipynb"))
    assert done.is_ok, done.ends
    printed = [shown(tmp_path / f"{x}-o.ipynb")[-1] for x in (1, 2)]
    assert printed == ["[1, 1] 2 2 2 5\n", "[2] 1 2 2 5\n"]
    told = [
        [
            e.text
            for e in log_of(tmp_path, end)
            if isinstance(e, events.MessageLogged) and e.code == "NX526"
        ]
        for end in done.ends
    ]
    assert any("its worker is another job's by now; the run starts over" in t for t in told[0])
    assert not told[1]


def test_job_that_can_t_start_over_then_fails_alone(ray_cluster, signs, tmp_path):
    study = write(tmp_path, *GIVEN_BACK[:2], "open(f'out-{param_x}', 'x').close()", *GIVEN_BACK[2:])
    done = run_batch(study, [{"param_x": 1}, {"param_x": 2}], str(tmp_path / "{param_x}-o.ipynb"))
    assert [end.status for end in done.ends] == ["failed", "ok"]
    assert "NX526 Cells of group 'h' have to run again" in done.ends[0].reason


def test_group_s_worker_that_dies_is_made_again_for_its_job_and_the_next(
    ray_cluster, signs, tmp_path
):
    study = write(
        tmp_path,
        "param_x = 1",
        "import signs",
        "# group: g\nlive = [param_x]",
        "# group: g\nlive.append(signs.die_at_first(param_x))\ny = sum(live)",
        "print(y)",
    )
    done = run_batch(study, [{"param_x": 1}, {"param_x": 2}], str(tmp_path / "{param_x}-o.ipynb"))
    assert done.is_ok, done.ends
    assert [shown(tmp_path / f"{x}-o.ipynb")[-1] for x in (1, 2)] == ["2\n", "4\n"]
    logs = [log_of(tmp_path, end) for end in done.ends]
    assert any(isinstance(e, events.StepRetried) and e.cell_id == "cell-4" for e in logs[0])
    ended = [
        e
        for log in logs
        for e in log
        if isinstance(e, events.StepFinished) and e.cell_id == "cell-4"
    ]
    assert len({e.worker for e in ended}) == 1
