"""Every example: in a kernel that knows no naavre_ext, and as a workflow on Ray, with equal outputs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path

import nbclient
import nbformat
import pytest
from shared_ray import SharedRay
from smaller_examples import smaller

from naavre_ext import RunOptions, run_notebook
from naavre_ext.cli.inputs import read_source
from naavre_ext.model.event import (
    BatchFinished,
    NotebookCellFinished,
    RunEvent,
    SplitStarted,
    StepFinished,
    TaskFinished,
)
from naavre_ext.model.portrait import first_mismatch
from naavre_ext.verification.outputs import portray_outputs

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

#: So much of the examples is enough for batches to be sent, also where they take a quarter of a second otherwise.
SIZES = {
    "param_drives": 6, "param_genomes": 8, "param_item_count": 12, "param_days": 400,
    "param_times": 30_000, "param_settle_periods": 10, "param_sampled_periods": 20, "param_samples": 240,
}  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def ray_cluster(shared_ray: SharedRay) -> None:
    """Runs find it."""
    shared_ray.handle()


@pytest.fixture
def plain_environment(tmp_path: Path) -> dict[str, str]:
    """A kernel's environment in which ``import naavre_ext`` raises ImportError."""
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "naavre_ext.py").write_text("raise ImportError('this is plain Jupyter')\n")
    return {**os.environ, "PYTHONPATH": str(folder)}


def run_plain(
    notebook: nbformat.NotebookNode, folder: Path, environment: dict[str, str]
) -> list[nbformat.NotebookNode]:
    """All outputs, having run all cells in a kernel of its own; a cell that raises makes this raise."""
    client = nbclient.NotebookClient(
        notebook, timeout=300, iopub_timeout=240, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=environment)
    return [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]


def test_plain_kernel_cannot_import_naavre_ext(
    tmp_path: Path, plain_environment: dict[str, str]
) -> None:
    source = "try:\n    import naavre_ext\nexcept ImportError as error:\n    print(error)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    (output,) = run_plain(notebook, tmp_path, plain_environment)
    assert output.text == "this is plain Jupyter\n"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_workflow_shows_what_the_kernel_shows(
    path: Path, tmp_path: Path, plain_environment: dict[str, str], shared_ray: SharedRay
) -> None:
    for other in NOTEBOOKS:
        shutil.copy(other, tmp_path)
    copy = tmp_path / path.name
    copy.write_text(smaller(copy.read_text(), SIZES))
    calls = "notebook_task" in copy.read_text()  # that one needs the package, in Jupyter, too
    sequential = nbformat.read(copy, as_version=4)
    outputs = run_plain(sequential, tmp_path, dict(os.environ) if calls else plain_environment)
    kinds = {output.output_type for output in outputs}
    assert "stream" in kinds
    assert kinds & {"display_data", "execute_result"}
    assert not [output for output in outputs if output.get("name") == "stderr"]

    events: list[RunEvent] = []
    output = tmp_path / "out.ipynb"
    settings = path.with_suffix(".yaml")
    has_settings = settings.exists()
    source = read_source(str(copy), str(settings) if has_settings else None)
    shared_ray.warm()
    result = run_notebook(source, output, on_event=events.append)

    assert result.status == "ok"
    parallel = nbformat.read(output, as_version=4)
    nbformat.validate(parallel)
    for before, after in zip(sequential.cells, parallel.cells, strict=True):
        assert after.source == before.source
        if before.cell_type == "code" and "do not containerize" not in before.source:
            shown = portray_outputs(after.outputs), portray_outputs(before.outputs)
            assert first_mismatch(*shown) == ""
            assert after.execution_count == before.execution_count
    batches = {event.worker for event in events if isinstance(event, BatchFinished)}
    groups = {e.worker for e in events if isinstance(e, StepFinished)}
    parallel_groups = ("# group:" in copy.read_text() or has_settings) and len(groups) > 2
    beside = beside_their_steps(events)
    assert len(batches) > 1 or beside or parallel_groups, "nothing ran in parallel"
    SCHEDULES.get(path.stem, lambda _events: None)(events)


def check_nested_notebooks(events: list[RunEvent]) -> None:
    """Each call runs its four cells in order, in one worker; calls in two workers overlap.

    One of the two tasks with a map inside runs beside the cell that calls them.
    """
    (mixed,) = [event for event in events if isinstance(event, TaskFinished)]
    assert (mixed.function, beside_their_steps(events)) == ("mixed", [mixed])
    cells = [event for event in events if isinstance(event, NotebookCellFinished)]
    by_worker: dict[str, list[NotebookCellFinished]] = {}
    for event in cells:
        by_worker.setdefault(event.worker, []).append(event)
    for found in by_worker.values():
        found.sort(key=lambda event: event.started_at)
        assert [event.cell for event in found] == [2, 3, 4, 5] * (len(found) // 4)
        ends = [event.started_at + event.duration_s for event in found]
        assert all(
            end <= event.started_at + 0.001 for end, event in zip(ends, found[1:], strict=False)
        )
    assert len(cells) == 8 * 4
    assert any(overlap(a, b) for a in cells for b in cells if a.worker != b.worker)


def check_nested_levels(events: list[RunEvent]) -> None:
    """Batches of level 2 that have a worker of their own run while their batch of level 1 does.

    Those of the sizes that the cell itself has begun with are in no batch of level 1.
    """
    batches = [event for event in events if isinstance(event, BatchFinished)]
    begun = [event for event in events if isinstance(event, SplitStarted) and not event.within]
    level_1 = {(event.step, event.split) for event in begun if event.title == "level 1, the sizes"}
    assert len(level_1) == 1
    outer = {
        f"{event.split}.{event.batch}": event
        for event in batches
        if not event.within and (event.step, event.split) in level_1
    }
    assert sum(event.items for event in outer.values()) == 4
    for event in batches:
        if event.within:
            around = outer[event.within.split("/")[0]]
            assert around.started_at <= event.started_at
            assert event.started_at + event.duration_s <= around.started_at + around.duration_s


def check_common_characters(events: list[RunEvent]) -> None:
    """Calls for several letters run at once, one after the other in each worker, while their cell does."""
    tasks = [event for event in events if isinstance(event, TaskFinished)]
    assert {event.function for event in tasks} <= {"frequencies", "shared", "places"}
    assert len(beside_their_steps(events)) == len(tasks)
    for first, second in combinations(tasks, 2):
        assert first.worker != second.worker or not overlap(first, second)


def check_quick_sort(events: list[RunEvent]) -> None:
    """What ``when`` lets through runs beside its caller: each call while the one around it waits or works."""
    tasks = [event for event in events if isinstance(event, TaskFinished)]
    assert {event.function for event in tasks} == {"quick"}
    for event in tasks:
        if event.level > 1:
            assert any(overlap(event, other) for other in tasks if other.level < event.level)


def check_merge_sort(events: list[RunEvent]) -> None:
    """Tasks of deeper levels begin while those around them run."""
    tasks = [event for event in events if isinstance(event, TaskFinished)]
    assert all(event.function == "ordered" for event in tasks)
    inner = [event for event in tasks if event.level > 1]
    assert all(
        any(overlap(event, other) for other in tasks if other.level < event.level)
        for event in inner
    )


def check_groups(*groups: str) -> Callable[[list[RunEvent]], None]:
    """Each group's cells run in order in a worker of its own, and the second group starts beside the first one."""

    def check(events: list[RunEvent]) -> None:
        steps = {event.cell_id: event for event in events if isinstance(event, StepFinished)}
        rows = [[steps[cell] for cell in group.split()] for group in groups]
        for row in rows:
            assert len({event.worker for event in row}) == 1
            for before, after in pairwise(row):
                assert before.started_at + before.duration_s <= after.started_at
        assert len({row[0].worker for row in rows}) == len(rows)
        told = [(type(event).__name__, getattr(event, "cell_id", "")) for event in events]
        began, ended = rows[1][0].cell_id, rows[0][-1].cell_id
        assert told.index(("StepStarted", began)) < told.index(("StepFinished", ended))

    return check


def overlap(first: Span, second: Span) -> bool:
    """Whether both ran at one time."""
    ends = first.started_at + first.duration_s, second.started_at + second.duration_s
    return first.started_at < ends[1] and second.started_at < ends[0]


Span = NotebookCellFinished | TaskFinished
SCHEDULES = {
    "first-look": check_groups("read sharpen", "look"),
    "pipeline-of-groups": check_groups("c3 c4", "c5", "c6 c7"),
    "two-instruments": check_groups("c3", "c4", "c5"),
    "nested-notebooks": check_nested_notebooks,
    "nested-levels": check_nested_levels,
    "tasks-common-characters": check_common_characters,
    "tasks-merge-sort": check_merge_sort,
    "tasks-quick-sort": check_quick_sort,
}


def test_max_parallelism_keeps_called_notebooks_apart(tmp_path: Path) -> None:
    for other in NOTEBOOKS:
        shutil.copy(other, tmp_path)
    events: list[RunEvent] = []
    run_notebook(
        tmp_path / "nested-notebooks.ipynb",
        tmp_path / "out.ipynb",
        parameters={"param_work": 2_000},
        options=RunOptions(max_parallelism=1),
        on_event=events.append,
    )
    cells = [event for event in events if isinstance(event, NotebookCellFinished)]
    assert len(cells) == 8 * 4
    cells.sort(key=lambda event: event.started_at)
    assert not any(overlap(a, b) for a, b in pairwise(cells))


def beside_their_steps(events: list[RunEvent]) -> list[TaskFinished]:
    """The tasks that ran in another worker than their step, while it ran."""
    steps = {event.step: event for event in events if isinstance(event, StepFinished)}
    return [
        event
        for event in events
        if isinstance(event, TaskFinished)
        and event.worker != steps[event.step].worker
        and event.started_at < steps[event.step].started_at + steps[event.step].duration_s
        and event.started_at + event.duration_s > steps[event.step].started_at
    ]
