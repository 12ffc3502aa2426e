from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from naavre_ext.cli import main
from naavre_ext.cli.verify import report_lines
from naavre_ext.verification import VerifyReport


def test_the_first_differences_are_shown() -> None:
    report = VerifyReport(
        equal=False,
        differences=tuple(f"difference {n}" for n in range(12)),
        unsteady=("cell 3",),
        compared_cells=1,
        compared_names=2,
    )
    lines = report_lines(report)
    assert lines[0] == "different: 12 differences in 1 cell and 2 variables"
    assert lines[10] == "  difference 9"
    assert lines[11] == "  and 2 more (--json has all)"
    assert lines[12:] == [
        "left out, as it changes from one sequential run to the next:",
        "  cell 3",
    ]


@pytest.mark.parametrize(("equal", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_tells_whether_both_are_equal(
    equal: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), tmp_path / "a.ipynb"
    )
    monkeypatch.setattr(
        "naavre_ext.api.verify_notebook", lambda *args, **given: VerifyReport(equal)
    )
    with pytest.raises(SystemExit) as caught:
        main(["verify", str(tmp_path / "a.ipynb")])
    assert caught.value.code == code
