"""Where the sequential runs don't end alike, neither is proven: equal or different."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest

from naavre_ext.api import prepare_notebook
from naavre_ext.cli import main
from naavre_ext.cli.verify import report_lines
from naavre_ext.executors.portraits import portray
from naavre_ext.model.portrait import NamespacePortrait
from naavre_ext.model.workflow import Workflow
from naavre_ext.verification import Observation, VerifyReport, compare

LATE = "A cell timed out while it was being executed, after 9 seconds."
UNDECIDED = "undecided: the runs from top to bottom don't end alike"


def notebook(*cells: str) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


@pytest.fixture(scope="module")
def workflow() -> Workflow:
    return prepare_notebook(notebook("x = 1", "y = 2", "z = 3")).require_workflow()


def ended(cell: int = 0, ename: str = "", evalue: str = "", *, shows: str = "a") -> Observation:
    """A run that failed in a cell, or ended well (0)."""
    failure = {"cell_number": cell, "ename": ename, "evalue": evalue}
    return Observation(
        status="failed" if cell else "ok",
        failure=failure if cell else None,
        cells={1: portray(shows, "cell 1, output 1")},
        namespace=NamespacePortrait(),
        steps={},
    )


OK = ended()
TIMED_OUT = ended(2, "CellTimeoutError", LATE)
RAISED = ended(3, "ValueError", "no\nmore")


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        (
            [OK, TIMED_OUT, OK],
            [
                "sequential run 1 ends ok",
                f"sequential run 2 fails in cell 2 with CellTimeoutError: {LATE}",
                "the run as a workflow ends ok",
                "to do: give the cells more time (a longer --timeout); then verify again",
            ],
        ),
        (
            [RAISED, OK, RAISED],
            [
                "sequential run 1 fails in cell 3 with ValueError: no",
                "sequential run 2 ends ok",
                "the run as a workflow fails in cell 3 with ValueError: no",
                "to do: have cell 3 end in the same way each time (seeds, files, services); "
                "then verify again",
            ],
        ),
        (
            [RAISED, TIMED_OUT, OK],
            [
                "sequential run 1 fails in cell 3 with ValueError: no",
                f"sequential run 2 fails in cell 2 with CellTimeoutError: {LATE}",
                "the run as a workflow ends ok",
                "to do: give the cells more time (a longer --timeout), and have cell 3 end in the "
                "same way each time (seeds, files, services); then verify again",
            ],
        ),
        (
            [RAISED, ended(2, "ValueError"), OK],
            [
                "sequential run 1 fails in cell 3 with ValueError: no",
                "sequential run 2 fails in cell 2 with ValueError",
                "the run as a workflow ends ok",
                "to do: have cells 2, 3 end in the same way each time (seeds, files, services); "
                "then verify again",
            ],
        ),
        (
            [RAISED, ended(3, "KeyError", "no"), RAISED],
            [
                "sequential run 1 fails in cell 3 with ValueError: no",
                "sequential run 2 fails in cell 3 with KeyError: no",
                "the run as a workflow fails in cell 3 with ValueError: no",
                "to do: have cell 3 end in the same way each time (seeds, files, services); "
                "then verify again",
            ],
        ),
    ],
)
def test_it_is_undecided_where_sequential_runs_end_otherwise(
    runs: Sequence[Observation], told: list[str], workflow: Workflow
) -> None:
    report = compare(workflow, *runs)
    assert not report.equal
    assert report.to_json()["status"] == "undecided"
    assert [cause.text for cause in report.causes if cause.kind == "ends"] == told
    assert report_lines(report) == [UNDECIDED, *(f"  {line}" for line in told)]


def test_a_later_sequential_run_that_ends_otherwise_counts_too(workflow: Workflow) -> None:
    report = compare(workflow, OK, OK, OK, RAISED)
    assert report.status == "undecided"
    assert "sequential run 3 fails in cell 3 with ValueError: no" in report_lines(report)[3]


def test_differences_beside_unlike_ends_are_told_as_such(workflow: Workflow) -> None:
    report = compare(workflow, OK, RAISED, ended(shows="b"))
    assert report.status == "undecided"
    lines = report_lines(report)
    assert lines[0] == UNDECIDED
    assert lines[5:] == [
        "1 difference in 1 cell, 0 variables and 0 files, which may come from that:",
        "  cell 1, output 1 is 'b', not 'a' (workflow, then sequential)",
    ]


@pytest.mark.parametrize("end", [OK, RAISED, TIMED_OUT])
def test_runs_that_end_alike_are_compared(end: Observation, workflow: Workflow) -> None:
    report = compare(workflow, end, end, end)
    assert (report.equal, report.status) == (True, "equal")


def test_that_all_runs_fail_is_said(workflow: Workflow) -> None:
    report = compare(workflow, RAISED, RAISED, RAISED)
    assert report.end == "fails in cell 3 with ValueError: no"
    assert (
        report_lines(report)[1]
        == f"each of the runs {report.end}; what comes after that isn't compared"
    )
    assert [compare(workflow, *runs).end for runs in ([OK] * 3, [OK, OK, RAISED])] == ["", ""]


def test_what_an_error_says_may_vary_but_not_where_it_comes(workflow: Workflow) -> None:
    runs = [ended(3, "ValueError", text) for text in ("at 0x1", "at 0x2", "at 0x3")]
    report = compare(workflow, *runs)
    assert report.status == "equal"
    assert report.unsteady[0].text == "the run (how it ends, or what its error says)"
    report = compare(workflow, *runs[:2], OK)
    assert report.status == "different"
    assert report.differences[0].text == (
        "the run is one that ends ok, not one that fails in cell 3 with ValueError "
        "(workflow, then sequential)"
    )


def test_json_has_the_same_fields_where_it_is_undecided(workflow: Workflow) -> None:
    report = compare(workflow, OK, RAISED, OK)
    data = json.loads(json.dumps(report.to_json()))
    assert set(data) == set(VerifyReport(equal=True).to_json())
    assert data["equal"] is False
    assert [(cause["kind"], cause["cell"]) for cause in data["causes"]] == [
        ("ends", 0), ("ends", 3), ("ends", 0), ("ends", 0)
    ]  # fmt: skip


#: Counts the runs in a file outside the folder, which each run has a copy of.
COUNTING = """
from pathlib import Path
file = Path({file!r})
runs = int(file.read_text()) if file.exists() else 0
file.write_text(str(runs + 1))
"""
RAISES = "if runs == {run}:\n    raise ValueError('busy')"
SLEEPS = "import time\nif runs == {run}:\n    time.sleep(12)"  # which nobody stops in this executor


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "run", "options", "told"),
    [
        (RAISES, 0, [], "  sequential run 1 fails in cell 2 with ValueError: busy"),
        (RAISES, 1, [], "  sequential run 2 fails in cell 2 with ValueError: busy"),
        (
            SLEEPS,
            1,
            ["--timeout", "10"],
            "  sequential run 2 fails in cell 2 with CellTimeoutError",
        ),
    ],
)
def test_notebook_that_ends_in_two_ways_is_not_called_equal(
    cell: str,
    run: int,
    options: list[str],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, count = tmp_path / "at", tmp_path / "count"
    folder.mkdir()
    cells = (COUNTING.format(file=str(count)), cell.format(run=run), "y = 1")
    nbformat.write(notebook(*cells), folder / "a.ipynb")
    with pytest.raises(SystemExit) as caught:
        main(["verify", str(folder / "a.ipynb"), "--executor", "local", *options])
    lines = capsys.readouterr().out.splitlines()
    assert caught.value.code == 1
    assert lines[0] == UNDECIDED
    assert lines[1 + run].startswith(told)
    assert lines[2 - run] == f"  sequential run {2 - run} ends ok"
    assert lines[3] == "  the run as a workflow ends ok"
    assert lines[4].startswith("  to do: ")
    assert "the run (" not in "\n".join(lines)
    assert count.read_text() == "3"  # more runs wouldn't tell
