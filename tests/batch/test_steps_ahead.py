"""Jobs through groups, whose workers have the next step before its turn: they end as jobs one after the other do.

What would make a worker begin a step too early is in some jobs and not in others.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import meeting
import pytest
from test_batch_on_ray import shown, write

from naavre_ext import open_batch, run_batch
from naavre_ext.executors.ray.group_calls import Call, GroupCalls

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

JOBS = (1, 2, 3, 4)
#: Cells of notebooks; ``kept`` is compared, and so is all that is shown.
TABLE = {
    "values live in the worker, changed by each cell": """
        # group: g
        seen = [param_x]
        ---
        # group: g
        seen.append(seen[-1] * 2)
        ---
        # group: g
        seen.append(sum(seen))
        kept = list(seen)
        """,
    "a chain of groups, which print at once": """
        # group: g
        print("one", param_x, flush=True)
        a = [param_x] * 3
        ---
        # group: g
        print("two", a, flush=True)
        b = sum(a)
        ---
        # group: h
        print("three", b, flush=True)
        c = b + a[0]
        ---
        # group: h
        print("four", c, flush=True)
        kept = (a, b, c)
        """,
    "more than goes from call to call in a worker": """
        # group: g
        big = np.arange(300_000.0) * param_x
        ---
        # group: h
        text = "x" * 2_000_000 + str(param_x)
        ---
        # group: h
        tail, total = text[-3:], float(big.sum())
        ---
        # group: h
        kept = (tail, total, len(text))
        """,
    "a cell that warns has to move to the main worker": """
        # group: g
        a = [param_x]
        if param_x % 2:
            warnings.warn("an odd one")
        ---
        # group: g
        b = a + [2]
        ---
        # group: h
        c = b + [3]
        if param_x == 2:
            warnings.warn("two")
        ---
        # group: h
        kept = c + a
        """,
    "a cell that warns, and then one that changes what lives in the worker": """
        # group: g
        found = {"n": 0}
        ---
        # group: g
        found["n"] += param_x
        if param_x == 3:
            warnings.warn("three")
        ---
        # group: g
        found["n"] *= 10
        kept = found["n"]
        """,
    "some jobs fail, in the first or the last cell of a group": """
        # group: g
        a = 1 / (param_x - 2)
        ---
        # group: g
        b = a + 1
        ---
        # group: h
        c = b * 2
        ---
        # group: h
        kept = 1 / (param_x - 3) + c
        """,
    "a later cell fails while an earlier one runs": """
        # group: g
        time.sleep(0.05)
        a = param_x
        ---
        # group: h
        early = [param_x]
        if param_x == 2:
            raise ValueError("two")
        ---
        # group: g
        b = a + 1
        ---
        # group: h
        early.append(b)
        kept = list(early)
        """,
    "random numbers of a generator that lives in the worker": """
        # group: g
        draw = random.Random(param_x)
        first = draw.random()
        ---
        # group: g
        second = draw.random()
        ---
        # group: g
        kept = (first, second, draw.random())
        """,
}


@pytest.fixture(autouse=True)
def ray_cluster(shared_ray):
    """Runs find it."""
    shared_ray.handle()


def write_study(folder: Path, cells: str) -> Path:
    folder.mkdir()
    head = ("import random, time, warnings\nimport numpy as np", "param_x = 0")
    return write(folder, *head, *(dedent(cell).strip() for cell in cells.split("---\n")))


def run_jobs(study: Path) -> None:
    rows = [{"param_x": job} for job in JOBS]
    run_batch(study, rows, str(study.parent / "out/{param_x}.ipynb"), keep=("kept",))


def run_plainly(study: Path) -> None:
    """One cell after the other, in a process where nobody catches warnings."""
    grid = [
        "--grid",
        "param_x=" + ",".join(map(str, JOBS)),
        "--keep",
        "kept",
        "--executor",
        "local",
    ]
    command = [
        sys.executable,
        "-c",
        "from naavre_ext.cli import main; main()",
        "batch",
        study.name,
        *grid,
        "-o",
        "out/{param_x}.ipynb",
    ]
    subprocess.run(command, cwd=study.parent, check=False)  # some jobs fail


def seen(study: Path) -> tuple[list[list[str]], list[str], list[object]]:
    """What all jobs show, how they end, and the values that they keep."""
    texts = [shown(study.parent / f"out/{job}.ipynb") for job in JOBS]
    rows = open_batch(notebook=study).table("kept", status=True)
    return texts, [row["status"] for row in rows], [row["kept"] for row in rows]


@pytest.mark.parametrize("name", TABLE)
def test_jobs_end_as_one_after_the_other(name: str, tmp_path: Path):
    parallel, plain = (write_study(tmp_path / kind, TABLE[name]) for kind in ("parallel", "plain"))
    run_jobs(parallel)
    run_plainly(plain)
    assert seen(parallel) == seen(plain)


def test_workers_have_steps_before_their_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Else the test above says nothing. The first job stays until the next one has sent a step ahead."""
    ahead: list[Call] = []
    start, send = GroupCalls.start, GroupCalls._send_foreseen

    def noting(self: GroupCalls, *args) -> Call | None:
        call = start(self, *args)
        assert call is not None
        if call.after is not None:
            ahead.append(call)
        return call

    def telling(self: GroupCalls, group: str) -> None:
        send(self, group)
        if any(call.foreseen for call in self._ahead.values()):
            (study.parent / "next ready").mkdir(exist_ok=True)

    monkeypatch.setattr(GroupCalls, "start", noting)
    monkeypatch.setattr(GroupCalls, "_send_foreseen", telling)
    study = write_study(
        tmp_path / "parallel",
        """
        import signs
        ---
        # group: g
        a = param_x
        ---
        # group: g
        kept = signs.meet("second", a)
        """,
    )
    meeting.arrange(study.parent, [["second 1", "next ready"]], monkeypatch)
    run_jobs(study)
    assert seen(study)[2] == list(JOBS)
    assert len([call for call in ahead if not call.foreseen]) == len(JOBS)
    assert [call for call in ahead if call.foreseen], "the next job's"
