"""The examples with groups, several jobs at once: which cells run at one time, told from the jobs' events.

Cells that a schedule lets run at one time meet: each waits until the others have begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

import meeting
import nbformat
import pytest
from shared_ray import SharedRay

from naavre_ext import RunOptions, open_batch, run_batch
from naavre_ext.annotations.overlay import read_overlay
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


class Span(NamedTuple):
    """When a cell ran, and where."""

    start: float
    end: float
    worker: str


Spans = dict[tuple[int, str], Span]


RunJobs = Callable[..., Spans]


@pytest.fixture
def run_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunJobs:
    """Runs a notebook's batch with these settings, whose cells keep these meetings. Its results are right.

    Returns the spans of all cells, by job (from 1) and id.
    """

    def run(name: str, config: str, parameter: str, kept: str, meetings: list[list[str]]) -> Spans:
        meeting.arrange(tmp_path, meetings, monkeypatch)
        file = read_notebook(str(_with_meetings(name, tmp_path, parameter)))
        file = replace(file, settings=read_overlay(config, "settings.yaml") if config else ())
        store = str(tmp_path / "store")
        rows = [{parameter: job, "param_seconds": 0.1} for job in JOBS]
        options = RunOptions(store=store, cwd=str(tmp_path))
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

    return run


def _with_meetings(name: str, folder: Path, parameter: str) -> Path:
    """A copy of the notebook in which each cell that waits, as if it computed, keeps its meetings before."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        meets = f"signs.meet({cell.id!r}, {parameter})\ntime.sleep("
        cell.source = cell.source.replace("import time", "import time, signs")
        cell.source = cell.source.replace("time.sleep(", meets)
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


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


def test_three_jobs_through_three_groups_take_eight_times_instead_of_fifteen(run_jobs: RunJobs):
    """::

    images       A1 B1 A2 B2 A3 B3
    calibration  C1 C2 C3
    catalogue          D1 E1 D2 E2 D3 E3
    """
    a, b, c, d, e = "c3", "c4", "c5", "c6", "c7"
    meetings = [[f"{a} 1", f"{c} 1"], *([f"{b} {job}", f"{c} {job}"] for job in JOBS)]
    for job in (1, 2):
        meetings += [f"{d} {job}", f"{a} {job + 1}"], [f"{e} {job}", f"{b} {job + 1}"]
    spans = run_jobs("pipeline-of-groups", "", "param_field", "summary", meetings)
    for cells in (f"{a} {b}", c, f"{d} {e}"):
        assert_one_after_the_other(spans, cells)
    assert overlap(spans[1, a], spans[1, c])
    for job in JOBS:
        assert overlap(spans[job, c], spans[job, b])
        assert spans[job, d].start >= max(spans[job, b].end, spans[job, c].end)
    for job in (1, 2):
        assert overlap(spans[job, d], spans[job + 1, a])
        assert overlap(spans[job, e], spans[job + 1, b])


def test_three_jobs_through_groups_of_one_cell_take_four_times_instead_of_nine(run_jobs: RunJobs):
    """::

    radar       A1 A2 A3
    camera      B1 B2 B3
    comparison     C1 C2 C3
    """
    a, b, c = "c3", "c4", "c5"
    meetings = [[f"{a} 1", f"{b} 1"]]
    meetings += ([f"{c} {job}", f"{a} {job + 1}", f"{b} {job + 1}"] for job in (1, 2))
    spans = run_jobs("two-instruments", "", "param_night", "seen", meetings)
    for cell in (a, b, c):
        assert_one_after_the_other(spans, cell)
    for job in JOBS:
        assert overlap(spans[job, a], spans[job, b])
        assert spans[job, c].start >= max(spans[job, a].end, spans[job, b].end)
    for job in (1, 2):
        assert overlap(spans[job, c], spans[job + 1, a], spans[job + 1, b])


def test_without_groups_all_jobs_run_at_one_time_in_four_times(run_jobs: RunJobs):
    """::

    each job  A B D E
              C
    """
    a, b, c, d, e = cells = "c3", "c4", "c5", "c6", "c7"
    config = without_groups(*cells)
    meetings = [[f"{cell} {job}" for cell in (a, c) for job in JOBS]]
    meetings += ([f"{cell} {job}" for job in JOBS] for cell in (b, d, e))
    spans = run_jobs("pipeline-of-groups", config, "param_field", "summary", meetings)
    assert overlap(*(spans[job, cell] for job in JOBS for cell in (a, c)))
    for cell in (b, d, e):
        assert overlap(*(spans[job, cell] for job in JOBS))
    for job in JOBS:
        assert spans[job, d].start >= max(spans[job, b].end, spans[job, c].end)
        assert spans[job, b].start >= spans[job, a].end
        assert spans[job, e].start >= spans[job, d].end


def test_without_groups_three_cells_take_two_times(run_jobs: RunJobs):
    """::

    each job  A C
              B
    """
    a, b, c = cells = "c3", "c4", "c5"
    meetings = [
        [f"{cell} {job}" for cell in (a, b) for job in JOBS],
        [f"{c} {job}" for job in JOBS],
    ]
    spans = run_jobs("two-instruments", without_groups(*cells), "param_night", "seen", meetings)
    assert overlap(*(spans[job, cell] for job in JOBS for cell in (a, b)))
    assert overlap(*(spans[job, c] for job in JOBS))
    for job in JOBS:
        assert spans[job, c].start >= max(spans[job, a].end, spans[job, b].end)


@pytest.mark.parametrize("claim", ["num_cpus: 0.5", "num_gpus: 1"])
def test_a_group_starts_with_what_another_one_has_made_while_that_goes_on(claim, run_jobs: RunJobs):
    """Groups are defined in a file only; the camera's has two workers, for three jobs::

    camera   read1 sharpen1 sharpen1 sharpen1 read3 sharpen3 sharpen3 sharpen3
             read2 sharpen2 sharpen2 sharpen2
    screen         look1    look2                   look3
    """
    config = (NOTEBOOKS / "first-look.yaml").read_text()
    assert "num_cpus: 0.5" in config
    config = config.replace("num_cpus: 0.5", claim)
    meetings = [["read 1", "read 2"], *([f"look {job}", f"sharpen {job}"] for job in JOBS)]
    spans = run_jobs("first-look", config, "param_frame", "report", meetings)
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
