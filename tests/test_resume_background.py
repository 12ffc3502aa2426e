"""``--resume``: batches are taken over only where they would find what they found: files, settings, modules."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from naavre_ext.model import event as events
from tests.test_resume import LOCAL, SLOW, resume, run, write

LOOP = (
    "# split: work\n# batches: 4\nout = []\nfor i in range(8):\n    time.sleep(0.05)\n"
    "    if i == 5 and not os.path.exists('flag'):\n        raise ValueError(i)\n"
)
READS = f"{LOOP}    out.append(float(open('grid.txt').read().split()[i]))\nprint(out)"
COUNTS = f"{LOOP}    out.append(i)\nprint(out)"
WORK = (
    "def work():\n    out = []\n    # split: work\n    # batches: 4\n    for i in range(8):\n"
    "        time.sleep(0.05)\n"
    "        out.append(float(open('grid.txt').read().split()[i]))\n    return out"
)
USES = "out = work()\nprint(out)\nif not os.path.exists('flag'):\n    raise ValueError"
WRITES = "open('grid.txt', 'w').write(' '.join(str(i * scale) for i in range(8)))"
#: The batches of a loop that fails in the third of four.
ALL, NONE = [0, 1, 3], list[int]()


@dataclass(frozen=True)
class Row:
    """Cells of a notebook whose loop fails; the cell at place ``edited`` has another text when it is resumed."""

    name: str
    cells: Sequence[str]
    edited: tuple[int, str] | None
    reused: list[int]

    def after(self) -> list[str]:
        cells = list(self.cells)
        if self.edited is not None:
            cells[self.edited[0]] = self.edited[1]
        return cells


IMPORTS = "import time, os, uuid, decimal, random\nscale = 2"
ROWS = [
    Row("a file written as before", (IMPORTS, WRITES, READS), None, ALL),
    Row("the cell that writes it is edited", (IMPORTS, WRITES, READS),
        (1, WRITES.replace("i * scale", "i + scale")), NONE),
    Row("what it writes is edited", (IMPORTS, WRITES, READS), (0, IMPORTS.replace("2", "30")), NONE),
    Row("an earlier cell is edited that has nothing to do with it",
        (IMPORTS, "other = 1", WRITES, READS), (1, "other = 2"), ALL),
    Row("it writes by chance", (IMPORTS, "scale = uuid.uuid4().int % 1000", WRITES, READS), None, NONE),
    Row("it writes by chance, seeded", (IMPORTS, "random.seed(3)\nscale = random.random()", WRITES, READS),
        None, ALL),
    Row("it writes what it reads", (IMPORTS, "open('scale.txt', 'w').write('3')",
        "scale = int(open('scale.txt').read())", WRITES, READS), None, NONE),
    Row("a folder is made", (IMPORTS, "os.makedirs('kept', exist_ok=True)", COUNTS), None, ALL),
    Row("a function's loop reads it", (IMPORTS, WORK, WRITES, USES), None, [0, 1, 2, 3]),
    Row("a function's loop reads it, and the cell that writes it is edited",
        (IMPORTS, WORK, WRITES, USES), (2, WRITES.replace("i * scale", "i + scale")), NONE),
    Row("a setting is edited", (IMPORTS, "decimal.getcontext().prec = 5",
        f"{LOOP}    out.append(str(decimal.Decimal(i) / 3))\nprint(out)"),
        (1, "decimal.getcontext().prec = 9"), NONE),
    Row("a variable of the process is edited", (IMPORTS, "os.environ['FACTOR_OF_ROW'] = '1'",
        f"{LOOP}    out.append(os.environ['FACTOR_OF_ROW'])\nprint(out)"),
        (1, "os.environ['FACTOR_OF_ROW'] = '2'"), NONE),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_batches_that_would_find_something_else_run_again(row: Row, tmp_path: Path) -> None:
    path = write(tmp_path, row.cells)
    failed = run(path)
    assert failed.of(events.StepFailed)
    (tmp_path / "flag").touch()
    done = resume(write(tmp_path, row.after()), failed)
    assert sorted(batch.batch for batch in done.of(events.BatchReused)) == row.reused
    if "by chance" not in row.name or "seeded" in row.name:
        assert done.shown == run(write(tmp_path, row.after())).shown


def put_into_zip(folder: Path, source: str) -> None:
    with zipfile.ZipFile(folder / "lib.zip", "w") as archive:
        archive.writestr("found_module.py", source)


def put_beside(folder: Path, source: str) -> None:
    (folder / "found_module.py").write_text(source)


def put_into_lib(folder: Path, source: str) -> None:
    (folder / "lib").mkdir(exist_ok=True)
    (folder / "lib" / "found_module.py").write_text(source)


@pytest.fixture
def fresh_import() -> Iterator[Callable[[], None]]:
    """Forgets the module, as runs of this process share what is imported."""

    def forget() -> None:
        sys.modules.pop("found_module", None)
        sys.path_importer_cache.clear()

    yield forget
    forget()


@pytest.mark.parametrize(
    ("path", "first", "then"),
    [
        ("lib.zip", put_into_zip, put_into_zip),
        ("lib", put_into_lib, put_beside),
        ("lib", lambda *_: None, put_beside),
    ],
    ids=["in an archive", "another file comes first", "there was none"],
)
def test_an_import_that_finds_another_file_makes_results_void(
    path: str,
    first: Callable[[Path, str], None],
    then: Callable[[Path, str], None],
    fresh_import: Callable[[], None],
    tmp_path: Path,
) -> None:
    cells = (
        f"import os, sys, time\nsys.path.append({path!r})",
        f"try:\n    import found_module\nexcept ImportError:\n    found_module = None\n{SLOW}",
        f"{LOOP}    out.append(i * getattr(found_module, 'SCALE', 0))\nprint(out)",
    )
    first(tmp_path, "SCALE = 2\n")
    notebook = write(tmp_path, cells)
    failed = run(notebook)
    (tmp_path / "flag").touch()
    then(tmp_path, "SCALE = 30\n")
    fresh_import()
    done = resume(notebook, failed)
    assert (done.reused, done.of(events.BatchReused)) == ([], [])
    assert done.shown[2] == f"{[30 * i for i in range(8)]}\n"


def test_modules_that_another_path_leads_to_make_results_void(
    fresh_import: Callable[[], None], tmp_path: Path
) -> None:
    cells = ("import os, time", "x = 1", COUNTS, "import found_module")
    notebook = write(tmp_path, cells)
    failed = run(notebook)
    (tmp_path / "flag").touch()
    put_into_lib(tmp_path, "")
    same = resume(notebook, failed)
    assert [batch.batch for batch in same.of(events.BatchReused)] == ALL
    environment = {"PYTHONPATH": str(tmp_path / "lib")}
    done = run(notebook, replace(LOCAL, resume=failed.result.run_id, environment=environment))
    assert done.of(events.BatchReused) == []


def test_a_variable_that_a_module_beside_the_notebook_names_counts(
    fresh_import: Callable[[], None], tmp_path: Path
) -> None:
    (tmp_path / "found_module.py").write_text("import found_module_2\n")
    (tmp_path / "found_module_2.py").write_text(
        "import os\nWHERE = os.environ.get('PLACE_OF_ROW')\n"
    )
    notebook = write(tmp_path, ("import os, time, found_module", COUNTS))
    first = replace(LOCAL, environment={"PLACE_OF_ROW": "1"})
    failed = run(notebook, first)
    (tmp_path / "flag").touch()
    fresh_import()
    other = replace(first, resume=failed.result.run_id, environment={"PLACE_OF_ROW": "2"})
    assert run(notebook, other).of(events.BatchReused) == []
    again = run(notebook, replace(first, resume=failed.result.run_id))
    assert [batch.batch for batch in again.of(events.BatchReused)] == ALL


def calls(other: str, output: str) -> str:
    return f"from naavre_ext import notebook_task\ncall = notebook_task({other!r}, outputs=[{output!r}])"


@pytest.mark.parametrize(
    ("name", "cells", "is_void"),
    [
        ("inner.ipynb", ("y = 20",), True),
        ("middle.ipynb", (calls("inner.ipynb", "y"), "z = call() + 30"), True),
        ("inner.ipynb", ("y = 2",), False),
        ("other.ipynb", ("y = 3",), False),
    ],
)
def test_edits_of_called_notebooks_make_results_void(
    name: str, cells: Sequence[str], is_void: bool, tmp_path: Path
) -> None:
    write(tmp_path, ("y = 2",), "inner.ipynb")
    write(tmp_path, (calls("inner.ipynb", "y"), "z = call() + 1"), "middle.ipynb")
    notebook = write(
        tmp_path,
        (
            f"import os, time\n{calls('middle.ipynb', 'z')}",
            f"a = call()\n{SLOW}",
            COUNTS,
            "print(a)",
        ),
    )
    failed = run(notebook)
    (tmp_path / "flag").touch()
    write(tmp_path, cells, name)
    done = resume(notebook, failed)
    assert [batch.batch for batch in done.of(events.BatchReused)] == ([] if is_void else ALL)
    assert done.shown[3] == run(notebook).shown[3]
