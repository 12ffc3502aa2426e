"""A workflow ends as the notebook does: a table of notebooks, and random orders of their steps."""

from __future__ import annotations

import pytest
from both_ways import run_both
from notebook_table import TABLE

from naavre_ext.model import event as events

#: Cells must see a kernel's filters for warnings, not pytest's.
pytestmark = pytest.mark.filterwarnings("default")


def rows(where: str) -> list:
    """The table's rows that can run there; known gaps have to fail."""
    return [
        pytest.param(
            row,
            id=name,
            marks=pytest.mark.xfail(reason=row.gap, raises=AssertionError) if row.gap else (),
        )
        for name, row in TABLE.items()
        if getattr(row, where)
    ]


@pytest.mark.parametrize("row", rows("in_process"))
def test_workflow_ends_as_the_notebook_does(row, tmp_path):
    runs = run_both(row.cells, orders=3, cwd=str(tmp_path))
    if row.splits is not None:
        assert {run.fanned_out for run in runs} == {row.splits}
    if row.grouped is not None:
        assert {run.grouped for run in runs} == {row.grouped}
    if row.tasks is not None:
        assert {len(run.of(events.TaskFinished)) for run in runs} == {row.tasks}
