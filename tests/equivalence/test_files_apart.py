# ruff: noqa: E501  (one row per surprise)
"""Loops whose batches write files: those that meet at one run again in order, or the run fails."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest
from both_ways import run_as_workflow, run_in_order

from naavre_ext.executors.files_apart import FilesApart
from naavre_ext.executors.touched_files import (
    FileWatch,
    SecondWatch,
    Touched,
    note,
    shown,
    watching,
)
from naavre_ext.model import event as events
from naavre_ext.model.workflow import Split

SPLIT = "# split: go over them\n# batches: 3\n"
#: Name → cells, and the file at which two batches meet ("" where they don't).
LOOPS = {
    "a file for each item": (
        [f"{SPLIT}for n in 'abc':\n    with open(n, 'w') as f:\n        f.write(n)"], ""
    ),
    "an item that comes twice": (
        [f"{SPLIT}for n in 'aba':\n    with open(n, 'w') as f:\n        f.write(n)"], "a"
    ),
    "twice in one batch": (
        [f"{SPLIT}for n in 'aabbcc':\n    with open(n, 'w') as f:\n        f.write(n)"], ""
    ),
    "two items of one name": (
        [f"{SPLIT}for n in [0.1, 0.2, 0.12]:\n    with open(f'{{n:.1f}}', 'w') as f:\n        f.write(str(n))"],
        "0.1",
    ),
    "written by a library": (
        ["import numpy as np", f"{SPLIT}for n in 'aba':\n    np.save(n + '.npy', np.arange(3))"], "a.npy"
    ),
    "written in a function": (
        ["def put(n):\n    with open(n, 'w') as f:\n        f.write(n)",
         f"{SPLIT}for n in 'aba':\n    put(n)"], "a"
    ),
    "in a comprehension": (
        ["def put(n):\n    with open(n, 'w') as f:\n        return f.write(n)",
         f"{SPLIT}sizes = [put(n) for n in 'aba']"], "a"
    ),
    "read only": (
        ["with open('a', 'w') as f:\n    f.write('1')",
         f"{SPLIT}found = []\nfor n in 'aaa':\n    with open(n) as f:\n        found.append(f.read())"], ""
    ),
    "another one read": (
        ["import numpy as np\nfor n in 'abc':\n    np.save(n, [1, 2])",
         f"{SPLIT}for n in 'abc':\n    np.save(n + '2', 2 * np.load(n + '.npy'))"], ""
    ),
    "the one before read": (
        ["with open('0', 'w') as f:\n    f.write('x')",
         f"{SPLIT}for n in range(1, 6):\n    with open(str(n - 1)) as f:\n        text = f.read()\n"
         "    with open(str(n), 'w') as f:\n        f.write(text + str(n))"], "2"
    ),
    "frames": (
        ["import pandas as pd\nfor n in 'abc':\n    pd.DataFrame({'x': [1, 2]}).to_csv(n)",
         f"{SPLIT}for n in 'abc':\n    df = pd.read_csv(n)\n    df['y'] = df['x'] * 2\n    df.to_csv(n + '2')"], ""
    ),
    "written where it was read in a function": (
        ["from pathlib import Path\nPath('in').mkdir()\nfor n in 'abc':\n    (Path('in') / n).write_text(n)\n"
         "def work(path, out):\n    out.mkdir(exist_ok=True)\n    (out / path.name).write_text(path.read_text() + '!')",
         f"{SPLIT}for path in sorted(Path('in').glob('*')):\n    work(path, Path('out'))"], ""
    ),
    "in a loop of a function": (
        ["def work(names):\n    # split: names\n    # batches: 3\n    for n in names:\n"
         "        with open(n, 'w') as f:\n            f.write(n)", "work('aba')"], "a"
    ),
    "in a loop of a function that batches call": (
        ["def work(names):\n    # split: names\n    # batches: 3\n    for n in names:\n"
         "        with open(n, 'w') as f:\n            f.write(n)",
         f"{SPLIT}for names in ['aba', 'cde', 'fgh']:\n    work(names)"], "a"
    ),
}  # fmt: skip


_ASKS = "from pathlib import Path\nPath('b').write_text('old b')\nPath('e').write_text('old e')\ndone, kept = [], []"
_MAKE = (
    "    if Path(n).exists():\n        continue\n    Path(n).write_text(n * 2)\n    done.append(n)"
)
_NO_COPY = "what an iteration hands back can't be copied"

#: Loops that ask for files and make some, and why the rest ran again ("" where it didn't).
ASKING = {
    "what is missing is made": (f"for n in 'abcdef':\n{_MAKE}", ""),
    "by a generator": (f"for n in (n for n in 'abcdef'):\n{_MAKE}", ""),
    "by os.path": (
        "import os\nfor n in 'abcdef':\n    if not os.path.isfile(n):\n        with open(n, 'w') as f:\n            f.write(n)\n"
        "        done.append(n)\n    else:\n        print('there', n)", ""
    ),
    "in a function": (
        "def make(n):\n    path = Path(n)\n    if path.exists():\n        return path.read_text()\n    path.write_text(n)\n"
        "    return 'made'\nfor n in 'abcdef':\n    done.append(make(n))", ""
    ),
    "read where it is there": (
        "import numpy as np\nfor n in 'abcdef':\n    name = n + '.npy'\n    if not Path(name).exists():\n        np.save(name, [1])\n"
        "    done.append(np.load(name).sum())", ""
    ),
    "two items of one name": (
        f"for v in [0.1, 0.2, 0.3, 0.4, 0.12, 0.5]:\n    n = f'{{v:.1f}}'\n{_MAKE}", "two batches used the file '0.1'"
    ),
    "made by the item before": (
        "for i in range(6):\n    done.append(Path(f'x{i - 1}').exists())\n    Path(f'x{i}').write_text('x')",
        "two batches used the file 'x1'"
    ),
    "removed by another item": (
        "for one, two in ['ab', 'cd', 'ef', 'bg', 'hi', 'jk']:\n    done.append(Path(one).exists())\n"
        "    if Path(two).exists():\n        Path(two).unlink()", "two batches used the file 'b'"
    ),
    "there and written over": (
        "for n in 'abcdef':\n    done.append(Path(n).exists())\n    Path(n).write_text('new')", ""
    ),
    "removed and made": (
        "for n in 'abcdef':\n    if Path(n).exists():\n        Path(n).unlink()\n    Path(n).write_text('new')", ""
    ),
    "made a second time": (f"for n in 'abcdef':\n{_MAKE}\n    kept.append(i for i in n)", _NO_COPY),
    "written over a second time": (
        "for n in 'abcdef':\n    done.append(Path(n).exists())\n    Path(n).write_text('new')\n    kept.append(i for i in n)",
        _NO_COPY
    ),
    "made under another name a second time": (
        "import os\nfor n in 'abcdef':\n    if not Path(n).exists():\n        Path(n + '.part').write_text(n)\n"
        "        os.replace(n + '.part', n)\n        done.append(n)\n    kept.append(i for i in n)", _NO_COPY
    ),
    "through a link": (
        "import os\nos.symlink('z', 'a')\nfor n in 'abcdef':\n"
        f"{_MAKE}\n    kept.append(i for i in n)", _NO_COPY
    ),
}  # fmt: skip

#: Analysis doesn't look into modules.
_SEEN = """
import os, shutil
def copy(source, target):
    shutil.copyfile(source, target)
def add(name, text='1'):
    with open(name, 'a') as file:
        file.write(text)
def put(name, text):
    with open(name, 'w') as file:
        file.write(text)
def get(name):
    with open(name) as file:
        return file.read()
"""
_SEE = f"""
import pathlib, sys
sys.path.insert(0, '.')
if not pathlib.Path('seen.py').exists():
    pathlib.Path('seen.py').write_text({_SEEN!r})
import seen
seen.put('b', 'old b')
seen.put('c', 'old c')
seen.put('d', 'old d')
"""
_RAN = "an iteration would change the file '{}', which was read before"

#: Cells whose batches read and write files that can't be seen, and why the rest ran again ("" where it didn't).
AGAIN = {
    "changed in part": ("for n in 'aba':\n    seen.add(n)", _RAN.format("a")),
    "another is changed in part": (
        "for n in 'aac':\n    seen.add('log', n) if n == 'c' else seen.put(n, n)", "two batches used the file 'a'"
    ),
    "by a function that catches all": (
        "def work(names):\n    try:\n        # split: names\n        # batches: 3\n        for n in names:\n"
        "            seen.add(n)\n    except BaseException:\n        pass\nwork('aba')", _RAN.format("a")
    ),
    "its own file read and written": (
        "for n in 'bcd':\n    seen.put(n, seen.get(n) + '!')", _RAN.format("b")
    ),
    "read by the next item": (
        "found = []\nfor one, two in ['ba', 'ac', 'cd']:\n    found.append(seen.get(one))\n    seen.put(two, 'new')",
        "two batches used the file 'a'"
    ),
    "made for the next item": (
        "found = []\nfor n in range(3):\n    found.append(seen.get(f'x{n}') if n else '')\n    seen.put(f'x{n + 1}', str(n))",
        "two batches used the file 'x1'"
    ),
    "listed": (
        "import os\nfound = []\nfor n in range(3):\n    found.append(len(os.listdir()))\n    seen.put(f'x{n}', '')",
        _RAN.format("./")
    ),
    "removed and made": (
        "import os\nfor n in 'bcd':\n    os.remove(n)\n    seen.put(n, 'new')", ""
    ),
    "another is removed": ("import os\nfor n in 'bcd':\n    seen.put('x' + n, '')\n    os.remove('x' + n)", ""),
    "written under another name": (
        "import os\nfor n in 'bcd':\n    seen.put(n + '.part', n)\n    os.replace(n + '.part', n)", ""
    ),
    "hard links": (
        "import os\nos.link('b', 'link')\nfor n in ['link', 'c', 'b']:\n    seen.put(n, n)", "two batches used the file"
    ),
    "results that can't be sent": (
        "kept = []\nfor n in 'bcd':\n    seen.put('x' + n, seen.get(n))\n    kept.append((i for i in n))\ndel kept",
        "what an iteration hands back can't be copied"
    ),
}  # fmt: skip

#: Some read what later ones write: nothing makes up for that.
LOST = {
    "read by an item before it is written": ("for one, two in ['ba', 'cb', 'cd']:\n    seen.copy(one, two)", "b"),
}  # fmt: skip


_SPLIT = Split(0, 1, "for", "files")


def folder(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}


@pytest.mark.parametrize(("cells", "path"), LOOPS.values(), ids=LOOPS)
def test_files_are_as_in_the_sequential_run(cells: list[str], path: str, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for made in (one, two):
        made.mkdir()
    assert run_in_order(cells, str(one)).error is None
    done = run_as_workflow(cells, cwd=str(two))
    assert done.end.status == "ok"
    assert any(event.batches == 3 for event in done.of(events.SplitStarted))
    refused = [event.reason for event in done.of(events.SplitRefused)]
    met = f"two batches used the file '{path}', which one of them wrote"
    assert refused == ([met] if path else [])
    assert folder(one) == folder(two)


@pytest.mark.parametrize(("loop", "reason"), ASKING.values(), ids=ASKING)
def test_what_asks_for_files_finds_the_same(loop: str, reason: str, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for made in (one, two):
        made.mkdir()
    before, _, body = ("\n" + loop).rpartition("\nfor ")
    cells = [_ASKS, before, f"{SPLIT}for {body}", "del kept\nprint(done)"]
    plain = run_in_order(cells, str(one))
    assert plain.error is None
    done = run_as_workflow(cells, cwd=str(two))
    assert done.end.status == "ok", done.ending.error
    assert [event.batches for event in done.of(events.SplitStarted)] == [3]
    refused = [event.reason for event in done.of(events.SplitRefused)]
    assert len(refused) == bool(reason)
    assert all(text.startswith(reason) for text in refused)
    assert folder(one) == folder(two)
    assert plain.variables["done"] == done.ending.variables["done"]


def _cells(loop: str) -> list[str]:
    lines = loop.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(("for", "def")))
    return [_SEE, "\n".join([*lines[:first], SPLIT + "\n".join(lines[first:])])]


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module ``seen`` beside the notebook."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "seen", raising=False)


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize(("loop", "reason"), AGAIN.values(), ids=AGAIN)
def test_what_meets_runs_again(loop: str, reason: str, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for made in (one, two):
        made.mkdir()
    plain = run_in_order(_cells(loop), str(one))
    assert plain.error is None
    done = run_as_workflow(_cells(loop), cwd=str(two))
    assert done.end.status == "ok", done.ending.error
    refused = [event.reason for event in done.of(events.SplitRefused)]
    assert len(refused) == bool(reason)
    assert all(text.startswith(reason) for text in refused)
    assert folder(one) == folder(two)
    found = (plain.variables.get("found"), done.ending.variables.get("found"))
    assert found[0] == found[1]


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize(("loop", "path"), LOST.values(), ids=LOST)
def test_run_that_can_not_end_alike_fails(loop: str, path: str, tmp_path: Path) -> None:
    done = run_as_workflow(_cells(loop), cwd=str(tmp_path))
    assert done.ending.error is not None
    ename, evalue = done.ending.error[:2]
    assert ename == "FilesMeet"
    assert f"'{path}'" in evalue
    assert "Give each item files of its own" in evalue


def test_what_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old").write_text("x")
    Path("gone").write_text("x")
    Path("folder").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    with watching(True) as watch:
        Path("old").read_text()
        list(importlib.metadata.distributions())  # looks into each folder that modules may be in
        Path("new").write_text("x")
        os.rename("new", "moved")
        os.remove("gone")
        os.listdir("folder")
        os.close(os.open("low", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        with open("both", "w+") as file:
            file.read()
        Path(os.__file__).read_bytes()  # Python's own
        Path(os.devnull).write_text("x")
        note(Touched(frozenset([str(tmp_path / "read there")]), frozenset()))
    Path("later").write_text("x")
    touched = watch.touched()
    listed = {path for path in touched.read if path.endswith(os.sep)}
    assert listed == {os.path.join(tmp_path, "folder", "")}
    read = {Path(path).name for path in touched.read if not os.path.isdir(path)}
    assert read == {"old", "read there", "gone"}
    names = {Path(path).name for path in touched.changed}
    assert names == {"new", "moved", "gone", "low", "both"}


def test_what_runs_again_must_not_read_or_leave_what_it_wrote_the_first_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused: list[str] = []
    wrote = ("again", "read", "left", "gone")
    for name in (*wrote[:3], "other"):
        Path(name).write_text("x")
    watch = SecondWatch(first=frozenset(str(tmp_path / n) for n in wrote), refuse=refused.append)
    watch.start()
    Path("again").write_text("x")
    Path("again").read_text()
    Path("other").read_text()
    Path("read").read_text()
    os.listdir()
    watch.stop()
    assert [shown(path) for path in refused] == ["read", "./"]
    assert sorted(shown(path) for path in watch.left()) == ["left", "read"]


def test_asking_before_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("there", "kept", "others"):
        Path(name).write_text("x")
    os.symlink("there", "link")
    with watching(True) as watch:
        for name in ("there", "kept", "new", "never", "others"):
            Path(name).exists()
        os.path.lexists("link")
        folder_number = os.open(".", os.O_RDONLY)
        os.stat("kept", dir_fd=folder_number)
        os.close(folder_number)
        for name in ("there", "new", "others", "unasked"):
            Path(name).write_text("y")
        Path("unasked").exists()
        with watching(True) as nested:
            Path("inner").exists()
            Path("inner").write_text("y")
        note(nested.touched())
    touched = watch.touched()
    names = {Path(path).name for path in touched.read}
    assert names >= {"there", "kept", "new", "never", "others", "link"}
    assert "unasked" not in names
    assert {Path(path).name for path in touched.new} == {"new", "inner"}
    assert {Path(path).name for path in touched.there} == {"there", "others"}
    others = frozenset([str(tmp_path / "inner")])
    assert {Path(path).name for path in touched.undo(others)} == {"new"}
    assert {path.name for path in tmp_path.iterdir()} == {
        "there", "kept", "others", "link", "unasked", "inner"
    }  # fmt: skip


def test_a_file_that_access_is_denied_to_is_there(tmp_path: Path) -> None:
    """What is made again after that isn't new, so it is never removed."""
    path = tmp_path / "file"
    path.write_text("x")
    with watching(True) as watch:
        assert not os.access(path, os.X_OK)  # not even for root
        assert not os.access(tmp_path / "new", os.X_OK)
        path.write_text("y")
        (tmp_path / "new").write_text("y")
    touched = watch.touched()
    assert {Path(path).name for path in touched.there} == {"file"}
    assert {Path(path).name for path in touched.new} == {"new"}


def test_a_watch_leaves_nothing_behind() -> None:
    before = os.stat, frozenset(os.supports_dir_fd), frozenset(os.supports_follow_symlinks)
    with watching(True):
        assert os.stat in os.supports_dir_fd
    assert before == (os.stat, os.supports_dir_fd, os.supports_follow_symlinks)


def test_one_watch_ends_and_others_that_saw_as_much_go_on(tmp_path: Path) -> None:
    with watching(True) as outer:
        with watching(True):
            pass
        (tmp_path / "file").write_text("x")
    assert {Path(path).name for path in outer.touched().changed} == {"file"}


def test_a_link_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    first, second = FileWatch(), FileWatch()
    for watch, name in ((first, "file"), (second, "link")):
        watch.start()
        (tmp_path / name).write_text("y")
        watch.stop()
    apart = FilesApart(_SPLIT, first)
    assert apart.meeting(second.touched()).endswith("file")


@pytest.mark.parametrize(
    ("one", "two", "met", "spoilt"),
    [
        ("", "", "", ""),
        ("r:a", "r:a", "", ""),
        ("r:a", "w:a", "", "a"),
        ("w:a", "r:a", "a", ""),
        ("w:a w:b", "w:b w:c", "b", ""),
        ("w:d/a", "w:d/b", "", ""),
        ("w:d/a", "r:d/", "d/", ""),
        ("r:d/", "w:d/a", "", "d/"),
    ],
)
def test_who_meets(one: str, two: str, met: str, spoilt: str) -> None:
    first, second = (
        Touched(*(frozenset(p[2:] for p in text.split() if p[0] == how) for how in "rw"))
        for text in (one, two)
    )
    apart = FilesApart(_SPLIT, FileWatch())
    apart.add(first)
    assert (apart.meeting(second), apart.spoilt(second)) == (met, spoilt)
