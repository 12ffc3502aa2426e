"""``naavre-ext check`` in this process, with the records of real runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner, Result

from naavre_ext import RunOptions, check_cells, run_notebook
from naavre_ext.cli.check import check
from naavre_ext.cli.plan import plan
from naavre_ext.planning import loop_checks

SETUP = "import time\ndef slow(x):\n    time.sleep(0.15)\n    return 2 * x"
CELLS = [
    SETUP,
    "ys = [slow(x) for x in range(4)]",
    "# split: quick\nzs = [y + 1 for y in ys]",
    "names = [str(y).strip('x').upper().center(9).title() for y in ys]",
]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(CELLS, 1)]
    path = tmp_path / "study.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def checked(*args: object) -> Result:
    return CliRunner().invoke(check, [str(arg) for arg in args])


def by_number(result: Result) -> dict[int, Any]:
    return {cell["cell_number"]: cell for cell in json.loads(result.stdout)["cells"]}


def kinds(cell: Any) -> list[str]:
    return [suggestion["kind"] for suggestion in cell["suggestions"]]


def test_without_a_run_nothing_is_estimated(notebook: Path) -> None:
    cells = by_number(checked(notebook, "--json"))
    assert [kinds(cells[n]) for n in (1, 2, 3, 4)] == [[], ["add-split"], [], ["add-split"]]
    (suggestion,) = cells[2]["suggestions"]
    assert (suggestion["took_s"], suggestion["estimate_s"]) == (None, None)
    assert not (notebook.parent / ".naavre").exists()


def test_runs_show_what_splitting_gains(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_checks, "NO_TIME_S", 60)  # which a busy machine may take for nothing
    for _ in range(2):
        assert run_notebook(notebook, options=RunOptions(executor="local")).status == "ok"
    result = checked(notebook, "--json")
    cells = by_number(result)
    assert [kinds(cells[n]) for n in (1, 2, 3, 4)] == [[], ["add-split"], ["drop-split"], []]
    (gain,) = cells[2]["suggestions"]
    assert gain["took_s"] == cells[2]["timing"]["duration_s"] > 0.6
    assert (gain["workers"], gain["estimate_s"]) == (2, gain["took_s"] / 2)
    (loss,) = cells[3]["suggestions"]
    assert loss["edit"]["source"] == "zs = [y + 1 for y in ys]"
    latest = max(path.name for path in (notebook.parent / ".naavre" / "runs").iterdir())
    assert {cell["timing"]["run_id"] for cell in cells.values()} == {latest}

    text = checked(notebook).stdout
    assert "line 1: this loop could be split: add '# split: TITLE'. The cell took " in text
    assert "with 2 workers (an estimate)" in text
    (eight,) = check_cells(notebook, workers=8)[1].suggestions
    assert eight.estimate_s == gain["took_s"] / 8


def test_a_changed_cell_has_no_time(notebook: Path, tmp_path: Path) -> None:
    store = tmp_path / "elsewhere"
    options = RunOptions(executor="local", store=str(store))
    assert run_notebook(notebook, options=options).status == "ok"
    node = nbformat.read(notebook, as_version=4)
    node.cells[1].source += "  # changed"
    nbformat.write(node, notebook)
    cells = by_number(checked(notebook, "--json", "--store", store))
    assert [bool(cells[n]["timing"]) for n in (1, 2, 3, 4)] == [True, False, True, True]


def test_a_refused_notebook_has_diagnostics_and_no_cells(tmp_path: Path) -> None:
    path = tmp_path / "bad.ipynb"
    cell = nbformat.v4.new_code_cell("print(nothing)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    result = checked(path, "--json")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["cells"], data["workflow"]) == (2, [], None)
    assert data["diagnostics"][0]["code"] == "NX302"
    assert checked(path).stdout.startswith(f"{path}: can't be run; 1 error\nerror: NX302 cell 1")


def test_plan_code_prints_one_cells_parts_or_says_which_cells_there_are(notebook: Path) -> None:
    def printed(*args: object) -> Result:
        return CliRunner().invoke(plan, [str(notebook), *map(str, args)])

    whole, one = printed("--code").output, printed("--code", "--cell", 3).output
    assert [text in whole for text in ("def merge_3(", "# %% cell 1")] == [True, True]
    assert [text in one for text in ("def batch_3(", "# %% cell 1")] == [True, False]
    assert "[1, 2, 3, 4]" in printed("--code", "--cell", 9).output
    assert printed("--cell", 3).exit_code == 2
