"""The examples with groups, several jobs at once: which cells run at one time, told from the jobs' events.

The cells of these notebooks sleep in place of work. Here each waits instead for what the schedule lets begin
before it is over, so that no overlap depends on how fast the machine is, and one that can't be is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from shared_ray import SharedRay

from naavre_ext import RunOptions, open_batch, run_batch
from naavre_ext.annotations.overlay import read_overlay
from naavre_ext.dataflow import tables
from naavre_ext.executors.ray import cluster
from naavre_ext.executors.ray.spare_workers import start_main, warm
from naavre_ext.model.event import StepFinished
from naavre_ext.storage.notebook_file import read_notebook
from naavre_ext.storage.run_store import RunStore

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
JOBS = (1, 2, 3)


@pytest.fixture(scope="module", autouse=True)
def roomy_ray(shared_ray: SharedRay) -> Iterator[None]:
    """A Ray with room for two waiting cells of each job, and workers that are there when jobs begin."""
    shared_ray.close()
    with cluster.connect(None, num_cpus=6, resources={"num_gpus": 2}) as handle:
        start_main(9)
        warm(handle, wait=True)
        yield


#: What cells call in place of `time.sleep`.
SIGNS = """
import os, time

AWAITED = {awaited!r}

def pass_by(cell, job):
    os.mkdir(os.path.join({folder!r}, f"{{cell}}-{{job}}"))
    deadline = time.monotonic() + 150
    for its_job, other in AWAITED.get((job, cell), ()):
        while not os.path.exists(os.path.join({folder!r}, f"{{other}}-{{its_job}}")):
            if time.monotonic() > deadline:
                late = f"{{other}} of job {{its_job}}"
                raise TimeoutError(f"{{late}} didn't begin beside {{cell}} of job {{job}}")
            time.sleep(0.01)
"""


@pytest.fixture(autouse=True)
def signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Analysis takes the functions of that module for pure ones, as it does `time.sleep`."""
    monkeypatch.setitem(tables.FUNCTION_EFFECTS, "signs.*", "")
    for table in ("QUIET_IMPORTS", "PURE_MODULES", "FRESH_MODULES"):
        monkeypatch.setattr(tables, table, getattr(tables, table) | {"signs"})


Ran = tuple[int, str]
#: Cells of jobs, and those that have begun before each is over.
Awaited = dict[Ran, set[Ran]]


class Span(NamedTuple):
    """When a cell ran, and where."""

    start: float
    end: float
    worker: str


Spans = dict[Ran, Span]


def at_once(*groups: Iterable[Ran]) -> Awaited:
    """Each of a group has begun before another one of it is over."""
    awaited: Awaited = {}
    for group in map(set, groups):
        for ran in group:
            awaited.setdefault(ran, set()).update(group - {ran})
    return awaited


def run_jobs(
    name: str, folder: Path, config: str, parameter: str, kept: str, awaited: Awaited
) -> Spans:
    """The spans of all cells, by job (from 1) and id, of a batch with these settings. Its results are right."""
    begun = folder / "begun"
    begun.mkdir()
    text = SIGNS.format(
        awaited={ran: sorted(others) for ran, others in awaited.items()}, folder=str(begun)
    )
    (folder / "signs.py").write_text(text)
    book = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    for cell in book.cells:
        call = f"signs.pass_by({cell.id!r}, {parameter})"
        cell.source = re.sub(
            r"time\.sleep\(.*\)", call, cell.source.replace("import time", "import signs")
        )
    nbformat.write(book, folder / f"{name}.ipynb")
    file = read_notebook(str(folder / f"{name}.ipynb"))
    file = replace(file, settings=read_overlay(config, "settings.yaml") if config else ())
    store = str(folder / "store")
    rows = [{parameter: job} for job in JOBS]
    options = RunOptions(store=store, cwd=str(folder))
    done = run_batch(file, rows, keep=(kept,), max_jobs=len(JOBS), options=options)
    assert done.is_ok, done.ends
    assert [row[kept][0] for row in open_batch(done.batch_id, store=store)] == list(JOBS)
    return {
        (job, event.cell_id): Span(
            event.started_at, event.started_at + event.duration_s, event.worker
        )
        for job, end in zip(JOBS, done.ends, strict=True)
        for event in RunStore(store).open(str(end.run_id)).events()
        if isinstance(event, StepFinished)
    }


def overlap(*spans: Span) -> bool:
    """Whether there was a time at which all of them ran."""
    return max(span.start for span in spans) < min(span.end for span in spans)


def assert_one_after_the_other(spans: Spans, cells: str, jobs: tuple[int, ...] = JOBS) -> None:
    """All in one worker, a job's cells in order, then the next job's."""
    row = [spans[job, cell] for job in jobs for cell in cells.split()]
    assert len({span.worker for span in row}) == 1
    assert all(before.end <= after.start for before, after in pairwise(row))


def without_groups(*cells: str) -> str:
    return "steps: {" + ", ".join(f"{cell}: {{group: null}}" for cell in cells) + "}"


def test_three_jobs_through_three_groups_take_eight_times_instead_of_fifteen(tmp_path: Path):
    """::

    images       A1 B1 A2 B2 A3 B3
    calibration  C1 C2 C3
    catalogue          D1 E1 D2 E2 D3 E3
    """
    a, b, c, d, e = "c3", "c4", "c5", "c6", "c7"
    begins = [{(1, a), (1, c)}]
    following = [{(job, d), (job + 1, a)} for job in (1, 2)] + [
        {(job, e), (job + 1, b)} for job in (1, 2)
    ]
    awaited = at_once(*begins, *following)
    for job in JOBS:
        awaited.setdefault((job, b), set()).add((job, c))
    spans = run_jobs("pipeline-of-groups", tmp_path, "", "param_field", "summary", awaited)
    for cells in (f"{a} {b}", c, f"{d} {e}"):
        assert_one_after_the_other(spans, cells)
    assert overlap(spans[1, a], spans[1, c])
    for job in JOBS:
        assert spans[job, c].start < spans[job, b].end
        assert spans[job, d].start >= max(spans[job, b].end, spans[job, c].end)
    for job in (1, 2):
        assert overlap(spans[job, d], spans[job + 1, a])
        assert overlap(spans[job, e], spans[job + 1, b])


def test_three_jobs_through_groups_of_one_cell_take_four_times_instead_of_nine(tmp_path: Path):
    """::

    radar       A1 A2 A3
    camera      B1 B2 B3
    comparison     C1 C2 C3
    """
    a, b, c = "c3", "c4", "c5"
    instruments = [{(job, a), (job, b)} for job in JOBS]
    following = [{(job, c), (job + 1, a), (job + 1, b)} for job in (1, 2)]
    awaited = at_once(*instruments, *following)
    spans = run_jobs("two-instruments", tmp_path, "", "param_night", "seen", awaited)
    for cell in (a, b, c):
        assert_one_after_the_other(spans, cell)
    for job in JOBS:
        assert overlap(spans[job, a], spans[job, b])
        assert spans[job, c].start >= max(spans[job, a].end, spans[job, b].end)
    for job in (1, 2):
        assert overlap(spans[job, c], spans[job + 1, a], spans[job + 1, b])


def test_without_groups_all_jobs_run_at_one_time_in_four_times(tmp_path: Path):
    """::

    each job  A B D E
              C
    """
    a, b, c, d, e = cells = "c3", "c4", "c5", "c6", "c7"
    config = without_groups(*cells)
    first = {(job, cell) for job in JOBS for cell in (a, c)}
    awaited = at_once(first, *({(job, cell) for job in JOBS} for cell in (b, d, e)))
    spans = run_jobs("pipeline-of-groups", tmp_path, config, "param_field", "summary", awaited)
    assert overlap(*(spans[job, cell] for job in JOBS for cell in (a, c)))
    for cell in (b, d, e):
        assert overlap(*(spans[job, cell] for job in JOBS))
    for job in JOBS:
        assert spans[job, d].start >= max(spans[job, b].end, spans[job, c].end)
        assert spans[job, b].start >= spans[job, a].end
        assert spans[job, e].start >= spans[job, d].end


def test_without_groups_three_cells_take_two_times(tmp_path: Path):
    """::

    each job  A C
              B
    """
    a, b, c = cells = "c3", "c4", "c5"
    first = {(job, cell) for job in JOBS for cell in (a, b)}
    awaited = at_once(first, {(job, c) for job in JOBS})
    config = without_groups(*cells)
    spans = run_jobs("two-instruments", tmp_path, config, "param_night", "seen", awaited)
    assert overlap(*(spans[job, cell] for job in JOBS for cell in (a, b)))
    assert overlap(*(spans[job, c] for job in JOBS))
    for job in JOBS:
        assert spans[job, c].start >= max(spans[job, a].end, spans[job, b].end)


@pytest.mark.parametrize("claim", ["num_cpus: 0.5", "num_gpus: 1"])
def test_a_group_starts_with_what_another_one_has_made_while_that_goes_on(claim, tmp_path: Path):
    """Groups are defined in a file only; the camera's has two workers, for three jobs::

    camera   read1 sharpen1 sharpen1 sharpen1 read3 sharpen3 sharpen3 sharpen3
             read2 sharpen2 sharpen2 sharpen2
    screen         look1    look2                   look3
    """
    config = (NOTEBOOKS / "first-look.yaml").read_text()
    assert "num_cpus: 0.5" in config
    config = config.replace("num_cpus: 0.5", claim)
    looks = [{(job, "look"), (job, "sharpen")} for job in JOBS]
    awaited = at_once({(1, "read"), (2, "read")}, *looks)
    spans = run_jobs("first-look", tmp_path, config, "param_frame", "report", awaited)
    assert_one_after_the_other(spans, "look")
    for job in JOBS:
        assert spans[job, "look"].start >= spans[job, "read"].end
        assert overlap(spans[job, "look"], spans[job, "sharpen"])
        assert spans[job, "look"].worker != spans[job, "sharpen"].worker
        assert_one_after_the_other(spans, "read sharpen", (job,))
    whole = {
        job: Span(spans[job, "read"].start, spans[job, "sharpen"].end, spans[job, "read"].worker)
        for job in JOBS
    }
    assert overlap(whole[1], whole[2])
    assert len({span.worker for span in whole.values()}) == 2
    for one, other in combinations(whole.values(), 2):
        assert one.worker != other.worker or not overlap(one, other)
