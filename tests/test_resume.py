"""``--resume``: what runs again, what doesn't, and that the end is that of a run which never broke off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from shared_ray import SharedRay

from naavre_ext import RefusedError, RunOptions, run_notebook
from naavre_ext.executors import result_keeper
from naavre_ext.model import event as events
from naavre_ext.scheduling import storing

LOCAL = RunOptions(executor="local", resident=False, keep=None)
#: A file that is missing when the run fails, and there when it is resumed.
FAILS = "import os\nif not os.path.exists('flag'):\n    raise ValueError('no flag')"
#: Long enough to be worth storing.
SLOW = "time.sleep(0.1)"


def write(folder: Path, cells: Sequence[str], name: str = "study.ipynb") -> Path:
    path = folder / name
    made = [nbformat.v4.new_code_cell(cell, id=f"cell-{n}") for n, cell in enumerate(cells, 1)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path


@dataclass
class Done:
    """A run's result, its events, and what its cells show."""

    result: Any
    events: list[Any]
    shown: list[str]

    def of(self, kind: Any) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def ran(self) -> list[int]:
        ended = (events.StepFinished, events.StepFailed)
        return sorted(int(event.cell_id[5:]) for event in self.of(ended))

    @property
    def reused(self) -> list[int]:
        return sorted(int(event.cell_id[5:]) for event in self.of(events.StepReused))

    @property
    def said(self) -> str:
        return "\n".join(event.text for event in self.of(events.MessageLogged))


def run(path: Path, options: RunOptions = LOCAL, **more: Any) -> Done:
    told: list[Any] = []
    out = path.with_name("done.ipynb")
    on_event = more.pop("on_event", lambda event: None)

    def listen(event: Any) -> None:
        told.append(event)
        on_event(event)

    result = run_notebook(path, out, options=options, on_event=listen, **more)
    shown = [
        "".join(o.get("text", "") or str(o.get("evalue", "")) for o in cell.outputs)
        for cell in nbformat.read(out, as_version=4).cells
    ]
    return Done(result, told, shown)


def resume(path: Path, failed: Done, **more: Any) -> Done:
    return run(path, replace(LOCAL, resume=failed.result.run_id, **more))


def never_failed_failed_resumed(
    folder: Path, cells: Sequence[str], options: RunOptions = LOCAL
) -> tuple[Done, Done, Done]:
    """Three runs of cells that fail until ``flag`` is there: with it, without it, and that one resumed."""
    whole = folder / "whole"
    whole.mkdir()
    (whole / "flag").touch()
    expected = run(write(whole, cells), options)
    path = write(folder, cells)
    failed = run(path, options)
    (folder / "flag").touch()
    return expected, failed, run(path, replace(options, resume=failed.result.run_id))


def plain(value: Any) -> Any:
    kinds = (int, float, str, list, dict, tuple)
    return {k: v for k, v in value.items() if isinstance(v, kinds) and " at 0x" not in repr(v)}


@dataclass(frozen=True)
class Row:
    """Cells, of which the one with ``FAIL`` in it fails at first. Then ``again`` run and ``reused`` don't."""

    name: str
    cells: tuple[str, ...]
    reused: tuple[int, ...] = ()
    again: tuple[int, ...] = ()


ROWS = (
    Row("costly cell", ("import time", f"{SLOW}\nx = [1]", "FAIL\nprint(x)"), (1, 2)),
    Row("cheap cells may run again", ("x = [1]", "x.append(2)", "FAIL\nprint(x)"), ()),
    Row(
        "what is one object stays one",
        ("import time", f"{SLOW}\na = [1]\nb = {{'a': a}}", "FAIL\nb['a'].append(2)\nprint(a)"),
        (1, 2),
    ),
    Row(
        "seeded generators go on",
        (
            "import time, random\nimport numpy as np\nrandom.seed(1)\nnp.random.seed(2)",
            f"{SLOW}\nx = random.random(), np.random.rand()",
            "FAIL\nprint(x, random.random(), np.random.rand())",
        ),
        (1, 2),
    ),
    Row(
        "functions see the names of later cells",
        (
            "import time\nscale = 2\ndef f(x):\n    return scale * x",
            f"{SLOW}\ny = f(3)",
            "FAIL\nscale = 5\nprint(y, f(3))",
        ),
        (1, 2),
    ),
    Row(
        "classes and their instances",
        (
            "import time\nclass Box:\n    count = 0\n    def __init__(self):\n        Box.count += 1",
            f"{SLOW}\nboxes = [Box(), Box()]",
            "FAIL\nboxes.append(Box())\nprint(Box.count, all(isinstance(b, Box) for b in boxes))",
        ),
        (1, 2),
    ),
    Row(
        "names between underscores",
        ("import time\n__version__ = '2'", f"{SLOW}\nx = 1", "FAIL\nprint(__version__, x)"),
        (1, 2),
    ),
    Row(
        "settings",
        (
            "import time, os\nimport numpy as np\nnp.set_printoptions(precision=2)\nos.environ['MINE'] = '7'",
            f"{SLOW}\nx = np.array([1.23456])",
            "FAIL\nprint(x, os.environ['MINE'])",
        ),
        (1, 2),
    ),
    Row(
        "a warning is shown once",
        (
            "import time, warnings\nwarnings.simplefilter('default')\n"
            "def f():\n    warnings.warn('mind', stacklevel=1)",
            f"{SLOW}\nf()",
            "FAIL\nf()\nprint('end')",
        ),
        (1, 2),
    ),
    Row(
        "effects outside that are covered aren't repeated",
        (
            "import time",
            f"{SLOW}\nwith open('log', 'a') as file:\n    _ = file.write('x')",
            f"{SLOW}\ny = 1",
            "FAIL\nprint(open('log').read())",
        ),
        (1, 2, 3),
    ),
    Row(
        "a live object: what follows it runs again",
        (
            "import time, sqlite3",
            f"{SLOW}\nx = [5]",
            f"db = sqlite3.connect(':memory:')\n{SLOW}",
            "FAIL\nprint(db.execute('select 3').fetchone(), x)",
        ),
        (2,),
        (3,),
    ),
    Row(
        "what a cell keeps in a module can't be stored",
        (
            "import time, string\nstring.mine = []",
            f"{SLOW}\nstring.mine.append(1)",
            "FAIL\nprint(string.mine)",
        ),
        (),
        (2,),
    ),
    Row(
        "output history can't be stored",
        ("import time", f"{SLOW}\n7", "FAIL\nprint(_)"),
        (),
        (2,),
    ),
    Row(
        "cache: off",
        ("import time", f"{SLOW}\nx = 1", f"# cache: off\n{SLOW}\ny = 2", "FAIL\nprint(x, y)"),
        (2,),
        (3,),
    ),
    Row(
        "batches of an over cell",
        (
            "import time, os\nxs = list(range(6))",
            "# over: xs\n# merge: ys, n=sum\n# batches: 3\n"
            f"{SLOW}\nys = [x * x for x in xs]\nn = len(xs)\nprint(ys)",
            "FAIL\nprint(ys, n)",
        ),
        (1, 2),
    ),
    Row(
        "a chain of split cells",
        (
            "import time, os",
            "# split: first\n# batches: 3\na = []\n"
            "for i in range(6):\n    time.sleep(0.03)\n    a.append(i)\n    print(i)",
            "# split: second\nb = []\nfor x in a:\n    time.sleep(0.01)\n    b.append(x * 2)",
            "FAIL\nprint(a, b)",
        ),
        (1, 2, 3),
    ),
    Row(
        "loops in functions, in a split and outside",
        (
            "import time, os\ndef work(n):\n    out = []\n    # split: inner\n    for i in range(n):\n"
            "        time.sleep(0.02)\n        out.append(i)\n    return out",
            "x = work(5)",
            "# split: outer\n# batches: 2\ny = [work(n) for n in range(4)]",
            "FAIL\nprint(x, y, work(3))",
        ),
        (2, 3),
    ),
    Row(
        "cheap work goes with what it prints",
        ("import time", f"{SLOW}\nx = 1", f"{SLOW}\nprint(x)\nz = 2", "FAIL\nprint(x, z)"),
        (2,),
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _slow_machine_stores_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether something is worth storing mustn't depend on how busy the machine is."""
    monkeypatch.setattr(storing, "SHARE", 1e6)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_resumed_run_ends_like_one_that_never_failed(row: Row, tmp_path: Path) -> None:
    cells = [cell.replace("FAIL", FAILS) for cell in row.cells]
    expected, failed, done = never_failed_failed_resumed(tmp_path, cells)
    assert failed.result.status == "failed"
    assert (done.result.status, done.shown) == ("ok", expected.shown)
    assert plain(done.result.values) == plain(expected.result.values)
    assert set(done.reused) >= set(row.reused)
    assert set(done.ran) >= {*row.again, len(cells)}
    assert sorted(done.reused + done.ran) == list(range(1, len(cells) + 1))


SPLIT = (
    "# split: work\n# batches: 5\nout = []\nfor i in range(20):\n    time.sleep(0.02)\n"
    "    if i == 11 and not os.path.exists('flag'):\n        raise ValueError(i)\n"
    "    out.append(i * scale)\n    print(i)"
)
WORK = ("import time, os\nscale = 2", SPLIT, "print(sum(out), i)")


@pytest.fixture
def failed_split(tmp_path: Path) -> tuple[Path, Done]:
    path = write(tmp_path, WORK)
    failed = run(path)
    (tmp_path / "flag").touch()
    return path, failed


def test_only_the_failed_batch_runs_again(failed_split: tuple[Path, Done]) -> None:
    path, failed = failed_split
    (failure,) = failed.of(events.StepFailed)
    assert (failure.batch, failure.item, failure.item_repr) == (2, 11, "11")
    done = resume(path, failed)
    assert [batch.batch for batch in done.of(events.BatchReused)] == [0, 1, 3, 4]
    assert [batch.batch for batch in done.of(events.BatchFinished)] == [2]
    assert done.shown[1:] == ["".join(f"{i}\n" for i in range(20)), "380 19\n"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("scale = 2", "scale = 3", "what the batches share"),
        ("i * scale", "i + scale", "the loop itself"),
        ("range(20)", "range(1, 21)", "the items"),
    ],
)
def test_changed_code_or_values_make_all_batches_run_again(
    failed_split: tuple[Path, Done], old: str, new: str, what: str
) -> None:
    path, failed = failed_split
    cells = [cell.replace(old, new) for cell in WORK]
    done = resume(write(path.parent, cells), failed)
    assert not done.of(events.BatchReused), what
    (path.parent / "fresh").mkdir()
    (path.parent / "fresh" / "flag").touch()
    assert done.shown == run(write(path.parent / "fresh", cells)).shown


CLASSES = (
    "import time, os, enum\n"
    "class Kind(enum.Enum):\n    EVEN, ODD = 0, 1\n"
    "class Tool:\n    def __init__(self, n): self.n = n\n"
    "    def make(self, i): return Part(self, i)\n"
    "class Part(Tool):\n    def __init__(self, tool, i):\n        super().__init__(i * tool.n)\n"
    "        self.kind, self.tool = Kind(i % 2), tool\n"
    "tool = Tool(2)\ntools = [Tool(3), Part(tool, 4)] * 10",
    "# split: work\n# batches: 5\nout = []\n{loop}    time.sleep(0.02)\n"
    "    if i == 11 and not os.path.exists('flag'):\n        raise ValueError(i)\n"
    "    out.append({out})",
    "print([type(p) is Part and p.kind is Kind(p.kind.value) for p in out], [p.n for p in out], "
    "{p.tool is tool for p in out}, issubclass(type(out[0]), Tool), type(out[0].tool) is Tool)",
)


@pytest.mark.parametrize(
    ("loop", "out"),
    [
        ("for i in range(20):\n", "tool.make(i)"),
        ("for i, tool_i in enumerate(tools):\n", "tool_i.make(i)"),
        ("for i, tool_i in enumerate(tools):\n", "Part(tool_i if i % 3 else tool, i)"),
        ("for i in range(20):\n", "Part(tools[i], i) if issubclass(Part, Tool) else None"),
    ],
)
def test_batches_with_own_classes_that_were_defined_anew_are_found_again(
    tmp_path: Path, loop: str, out: str
) -> None:
    cells = [cell.replace("{loop}", loop).replace("{out}", out) for cell in CLASSES]
    expected, _, done = never_failed_failed_resumed(tmp_path, cells)
    assert done.shown == expected.shown
    assert [batch.batch for batch in done.of(events.BatchReused)] == [0, 1, 3, 4]
    assert 1 in done.ran


NODES = (
    "import time, os\nnodes = [object() for _ in range(20)]",
    "# split: work\n{batches}out = []\nfor node in nodes:\n    time.sleep(0.04)\n"
    "    if nodes.index(node) == 11 and not os.path.exists('flag'):\n        raise ValueError\n"
    "    out.append((node, nodes.index(node)))",
    "print([nodes.index(a) for a, _ in out], [n for _, n in out])",
)


@pytest.mark.parametrize(("batches", "reused"), [("# batches: 5\n", 4), ("", 1)])
def test_batches_whose_items_are_among_what_they_share_are_found_again(
    tmp_path: Path, batches: str, reused: int
) -> None:
    path = write(tmp_path, [cell.replace("{batches}", batches) for cell in NODES])
    failed = run(path)
    (tmp_path / "flag").touch()
    done = resume(path, failed)
    assert len(done.of(events.BatchReused)) >= reused
    assert not done.of(events.SplitRefused)
    assert done.shown[2] == f"{[*range(20)]} {[*range(20)]}\n"


def test_batches_that_size_themselves_are_found_again(tmp_path: Path) -> None:
    cells = [cell.replace("# batches: 5\n", "").replace("0.02", "0.04") for cell in WORK]
    path = write(tmp_path, cells)
    failed = run(path)
    stored = list(folder_of(path, failed).glob("*.batch"))
    (tmp_path / "flag").touch()
    done = resume(path, failed)
    assert stored
    assert len(done.of(events.BatchReused)) == len(stored)
    assert done.shown[1:] == ["".join(f"{i}\n" for i in range(20)), "380 19\n"]


IN_FUNCTION = (
    "import time, os",
    "def sweep(scale):\n    out = []\n    # split: work\n    # batches: 5\n    for i in range(20):\n"
    "        time.sleep(0.02)\n        out.append(i * scale)\n    return out",
    "first = sweep(2)\nsecond = sweep(3)\nif not os.path.exists('flag'):\n    raise ValueError",
    "print(sum(first), sum(second))",
)


@pytest.mark.parametrize(
    ("old", "new", "reused"),
    [
        ("", "", 10),
        ("sweep(3)", "sweep(4)", 5),
        ("i * scale", "i + scale", 0),
        ("first = sweep", "# cache: off\nfirst = sweep", 0),
    ],
)
def test_batches_of_loops_in_functions_are_found_again(
    old: str, new: str, reused: int, tmp_path: Path
) -> None:
    failed = run(write(tmp_path, IN_FUNCTION))
    (tmp_path / "flag").touch()
    cells = [cell.replace(old, new) if old else cell for cell in IN_FUNCTION]
    done = resume(write(tmp_path, cells), failed)
    assert len(done.of(events.BatchReused)) == reused
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh" / "flag").touch()
    assert done.shown == run(write(tmp_path / "fresh", cells)).shown


def test_batches_of_an_edited_cell_before_are_no_longer_valid_but_unedited_cells_are(
    tmp_path: Path,
) -> None:
    cells = ["import time, os", f"{SLOW}\na = 1", f"{SLOW}\nscale = a", SPLIT, "print(sum(out))"]
    path = write(tmp_path, cells)
    failed = run(path)
    (tmp_path / "flag").touch()
    cells[2] = f"{SLOW}\nscale = a + 9"
    done = resume(write(tmp_path, cells), failed)
    assert done.reused in ([1, 2], [2])
    assert not done.of(events.BatchReused)
    assert done.shown[-1] == "1900\n"


def test_edit_of_a_later_cell_leaves_results_valid(tmp_path: Path) -> None:
    cells = ["import time", f"{SLOW}\nx = [1]", "raise ValueError"]
    failed = run(write(tmp_path, cells))
    cells[2] = "print(x)\nclass Other:\n    pass"
    done = resume(write(tmp_path, cells), failed)
    assert 2 in done.reused
    assert done.shown[2] == "[1]\n"


def test_other_parameters_make_their_readers_run_again_and_the_old_ones_are_kept(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path,
        ["import time", f"{SLOW}\na = 1", "param_n = 1", f"{SLOW}\nb = param_n", FAILS, "print(b)"],
    )
    failed = run(path, parameters={"param_n": 5})
    (tmp_path / "flag").touch()
    assert resume(path, failed).shown[-1] == "5\n"
    other = run(path, replace(LOCAL, resume=failed.result.run_id), parameters={"param_n": 6})
    assert other.shown[-1] == "6\n"
    assert 2 in other.reused
    assert 4 not in other.reused


def folder_of(path: Path, done: Done) -> Path:
    return path.parent / ".naavre" / "runs" / done.result.run_id / "results"


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-30] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("harm", [damage, Path.unlink, lambda file: file.write_bytes(b"")])
@pytest.mark.parametrize("kind", ["main", "batch"])
def test_damaged_result_is_computed_again(
    failed_split: tuple[Path, Done], harm: Any, kind: str, tmp_path: Path
) -> None:
    path, _ = failed_split
    (tmp_path / "flag").unlink()
    failed = run(
        write(tmp_path, ["import time, os", f"{SLOW}\nscale = 2", SPLIT, "print(sum(out))"])
    )
    (tmp_path / "flag").touch()
    files = sorted(folder_of(path, failed).glob(f"*.{kind}"))
    assert files
    for file in files:
        harm(file)
    done = resume(path, failed)
    assert done.shown[-1] == "380\n"
    assert (2 in done.reused) == (kind != "main")
    assert bool(done.of(events.BatchReused)) == (kind != "batch")


def test_full_disk_is_told_once_and_the_run_goes_on(tmp_path: Path, monkeypatch: Any) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(result_keeper, "write_result", full)
    path = write(
        tmp_path,
        ["import time", f"{SLOW}\na = 1", f"{SLOW}\nb = 2", WORK[1].replace("scale", "a"), FAILS],
    )
    monkeypatch.setattr("naavre_ext.executors.result_keeper._COPIED_BYTES", 0)
    done = run(path)
    warnings = [event for event in done.of(events.MessageLogged) if event.code == "NX518"]
    assert len(warnings) == 1
    assert "No space left" in warnings[0].text
    assert [f.name for f in folder_of(path, done).iterdir() if f.name != "hash-seed"] == []


def test_run_that_ends_well_keeps_no_results_and_can_t_be_resumed(tmp_path: Path) -> None:
    path = write(tmp_path, ["import time", f"{SLOW}\na = 1"])
    done = run(path)
    assert not folder_of(path, done).exists()
    with pytest.raises(RefusedError, match="ended well"):
        resume(path, done)


def test_unknown_run_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="There is no run 'nope'"):
        run(write(tmp_path, ["x = 1"]), replace(LOCAL, resume="nope"))


def test_without_stored_results_nothing_is_on_disk(tmp_path: Path) -> None:
    path = write(tmp_path, ["import time", f"{SLOW}\na = 1", "raise ValueError"])
    failed = run(path, replace(LOCAL, store_results=False))
    assert not folder_of(path, failed).exists()
    assert resume(path, failed).reused == []


def test_secrets_and_what_follows_from_them_aren_t_stored(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        [
            "import time, os",
            f"{SLOW}\nx = 1",
            "secret_key = ''",
            f"{SLOW}\nscale = len(secret_key) * 0 + 2\nkept = secret_key",
            SPLIT.replace("out.append(i * scale)", "out.append(kept)"),
            FAILS,
        ],
    )
    failed = run(path, replace(LOCAL, secrets={"secret_key": "hush-hush-hush"}))
    files = list(folder_of(path, failed).iterdir())
    assert [file.suffix for file in files if file.name != "hash-seed"] == [".any"]
    assert not any(b"hush" in file.read_bytes() for file in files)
    (tmp_path / "flag").touch()
    done = run(
        path, replace(LOCAL, resume=failed.result.run_id, secrets={"secret_key": "other-secret"})
    )
    assert done.reused == [2]


def test_stopped_run_goes_on_from_where_it_was(tmp_path: Path) -> None:
    path = write(tmp_path, ["import time", f"{SLOW}\nx = [1]", f"{SLOW}\nx.append(2)", "print(x)"])
    stop = threading.Event()

    def on_event(event: Any) -> None:
        if isinstance(event, events.StepStarted) and event.cell_id == "cell-3":
            stop.set()

    stopped = run(path, cancel=stop, on_event=on_event)
    assert stopped.result.status == "cancelled"
    done = resume(path, stopped)
    assert done.reused[:2] == [1, 2]
    assert done.shown[3] == "[1, 2]\n"


def test_resumed_run_can_be_resumed_although_the_first_one_is_gone(tmp_path: Path) -> None:
    other = FAILS.replace("flag", "other")
    path = write(
        tmp_path,
        [
            "import time",
            f"{SLOW}\nx = [1]\nprint('x')",
            FAILS,
            f"{SLOW}\ny = 2",
            other,
            "print(x, y)",
        ],
    )
    first = run(path)
    (tmp_path / "flag").touch()
    second = resume(path, first)
    assert second.reused == [2]
    from naavre_ext.storage.run_store import RunStore

    RunStore.beside(path).delete(first.result.run_id)
    (tmp_path / "other").touch()
    third = resume(path, second)
    assert third.reused == [2, 4]
    assert (third.shown[1], third.shown[5]) == ("x\n", "[1] 2\n")
    assert third.of(events.StepReused)[0].source in (first.result.run_id, second.result.run_id)


def test_steps_elsewhere_are_reused_with_the_steps_before_them(tmp_path: Path) -> None:
    work = "def work(n):\n    time.sleep(0.15)\n    return [n]"
    path = write(
        tmp_path,
        [
            f"import time\n{work}",
            "a = work(1)",
            "b = work(2)",
            f"{SLOW}\nprint(a)",
            FAILS,
            "print(a + b)",
        ],
    )
    failed = run(path)
    (tmp_path / "flag").touch()
    done = resume(path, failed)
    assert set(done.reused) >= {2, 3, 4}
    assert "run again" not in done.said
    assert "runs again" not in done.said
    assert done.shown[5] == "[1, 2]\n"


def test_module_beside_the_notebook_that_changed_makes_results_void(tmp_path: Path) -> None:
    (tmp_path / "mine_for_resume.py").write_text("SCALE = 2\n")
    path = write(
        tmp_path,
        ["import time\nfrom mine_for_resume import SCALE", f"{SLOW}\nx = SCALE", FAILS, "print(x)"],
    )
    failed = run(path)
    (tmp_path / "flag").touch()
    (tmp_path / "mine_for_resume.py").write_text("SCALE = 30\n")
    os.utime(tmp_path / "mine_for_resume.py", (1, 1))
    del sys.modules["mine_for_resume"]
    done = resume(path, failed)
    assert (done.reused, done.shown[3]) == ([], "30\n")


KILLED = (
    "import time, os\nscale = 2",
    f"{SLOW}\nx = [1]",
    "# split: work\n# batches: 4\nout = []\nfor i in range(8):\n    time.sleep(0.05)\n"
    "    if i == 5 and not os.path.exists('flag'):\n        time.sleep(600)\n    out.append(i * scale)",
    "print(sum(out), x)",
)


def test_run_whose_driver_was_killed_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path, KILLED)
    command = [sys.executable, "-c", "from naavre_ext.cli import main; main()", "run", str(path)]
    environ = {**os.environ, "NAAVRE_EXECUTOR": "local", "PYTHONHASHSEED": "7"}
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as driver:
        deadline = time.monotonic() + 240
        while len(list(tmp_path.glob("**/*.batch"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        driver.kill()
    (tmp_path / "flag").touch()
    run_id = next((tmp_path / ".naavre" / "runs").iterdir()).name
    told = subprocess.run(
        [*command, "--resume", run_id, "--json"], env=environ, capture_output=True, text=True
    )
    assert told.returncode == 0
    found = [json.loads(line) for line in told.stdout.splitlines()]
    assert [e["batch"] for e in found if e["type"] == "BatchReused"] == [0, 1]
    assert [e["batch"] for e in found if e["type"] == "BatchFinished"] == [2, 3]
    node = nbformat.read(tmp_path / "study.out.ipynb", as_version=4)
    assert node.cells[3].outputs[0].text == "56 [1]\n"


#: A cell that takes far longer than storing what it leaves, also in a worker that has many modules.
LONG = "time.sleep(1)"


@pytest.fixture
def ray_options(shared_ray: SharedRay) -> RunOptions:
    shared_ray.handle()
    return replace(LOCAL, executor="ray")


@pytest.mark.slow
def test_only_the_failed_batch_and_what_was_stopped_run_again_on_ray(
    ray_options: RunOptions, tmp_path: Path
) -> None:
    fails = "        raise ValueError(i)\n"
    once = "        while len(list(Path('.naavre').glob('**/*.batch'))) < 2:\n            time.sleep(0.02)\n"
    cells = [
        "import time, os, random\nfrom pathlib import Path\nrandom.seed(3)",
        f"{LONG}\nx = [random.random()]\nscale = 2",
        # once the batches before it are stored
        SPLIT.replace("sleep(0.02)", "sleep(0.1)").replace(fails, f"{once}{fails}"),
    ]
    cells.append("x.append(random.random())\nprint(sum(out), i, x)")
    expected, _, done = never_failed_failed_resumed(tmp_path, cells, ray_options)
    reused = {event.batch for event in done.of(events.BatchReused)}
    again = {event.batch for event in done.of(events.BatchFinished)}
    assert 2 in again
    assert {0, 1} <= reused
    assert not reused & again
    assert done.reused == [1, 2]
    assert (done.result.status, done.shown) == ("ok", expected.shown)


@pytest.mark.slow
def test_over_chain_and_nested_splits_go_on_with_what_is_stored_on_ray(
    ray_options: RunOptions, tmp_path: Path
) -> None:
    inner = "    out = []\n    # split: inner\n    for i in range(n):\n        time.sleep(0.01)\n"
    fails = "os.path.exists('flag') or 1 / 0"
    cells = [
        f"import time, os\ndef work(n):\n{inner}        out.append(i * n)\n    return out",
        "xs = work(12)",
        "# over: xs\n# merge: ys, n=sum\n# batches: 3\ntime.sleep(0.1)\n"
        "ys = [x + 1 for x in xs]\nn = len(xs)\nprint(ys)",
        "# split: first\n# batches: 3\na = []\n"
        "for y in ys:\n    time.sleep(0.02)\n    a.append(y * 0.1)\n    print(y)",
        "# split: second\nb = 0.0\nfor x in a:\n    time.sleep(0.02)\n    b += x",
        "# split: last\n# batches: 4\nz = []\n"
        f"for k in range(8):\n    time.sleep(0.05)\n    k < 6 or {fails}\n    z.append(work(k))",
        "print(n, b, z)",
    ]
    expected, failed, done = never_failed_failed_resumed(tmp_path, cells, ray_options)
    assert (failed.result.status, expected.result.status) == ("failed", "ok")
    refused = [event.reason for event in done.of(events.SplitRefused)]
    assert (done.result.status, refused, done.shown) == ("ok", [], expected.shown)
    assert plain(done.result.values) == plain(expected.result.values)
    assert len(done.of(events.BatchReused)) + len(done.reused) >= 3


@pytest.mark.slow
def test_run_whose_main_worker_was_killed_goes_on_on_ray(
    ray_options: RunOptions, tmp_path: Path
) -> None:
    """Killed in the middle of a cell, like by the system when memory runs out."""
    cells = [
        "import time, os, signal\nfrom pathlib import Path",
        f"{LONG}\nx = [1]",
        "# split: work\n# batches: 2\nout = []\nfor i in range(4):\n    time.sleep(0.2)\n    out.append(i)",
        "print(sum(out), x)\nif not os.path.exists('flag'):\n"
        "    while len(list(Path('.naavre').glob('**/*.batch'))) < 2:\n        time.sleep(0.02)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)",
    ]
    expected, failed, done = never_failed_failed_resumed(tmp_path, cells, ray_options)
    assert (failed.result.status, failed.result.failure["ename"]) == ("failed", "WorkerLost")
    assert failed.result.failure["cell_number"] == 4
    assert 2 in done.reused
    assert not done.of(events.BatchFinished)  # all were stored, or the whole cell was
    assert (done.result.status, done.shown) == ("ok", expected.shown)


@pytest.mark.slow
def test_step_elsewhere_with_own_classes_that_were_defined_anew_is_taken_over_on_ray(
    ray_options: RunOptions, tmp_path: Path
) -> None:
    cells = [
        "import time, os",
        "class Tool:\n    def __init__(self, n): self.n = n",
        f"{LONG}\nx = [Tool(i) for i in range(3)]",
        f"{LONG}\ny = [Tool(i) for i in range(4)]\nprint(y[0].n)",
        f"{FAILS}\nprint([type(v) is Tool for v in (*x, *y)], [v.n for v in (*x, *y)])",
    ]
    expected, failed, done = never_failed_failed_resumed(tmp_path, cells, ray_options)
    assert [step.placement for step in failed.of(events.StepStarted)].count("any") == 2
    assert (done.ran, done.reused, done.shown) == ([1, 2, 5], [3, 4], expected.shown)
