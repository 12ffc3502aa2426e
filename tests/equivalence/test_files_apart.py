"""Loops whose batches write files: those that meet at one run again in order, or the run fails."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from both_ways import run_as_workflow, run_in_order

from naavre_ext.executors.touched_files import FileWatch, Touched, note, watching
from naavre_ext.model import event as events

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


#: Some read what others write, or change a part: nothing makes up for that.
LOST = {
    "read by an item before it is written": (
        ["import seen\nfor n in 'bc':\n    open(n, 'w').close()",
         f"{SPLIT}for one, two in ['ba', 'cb', 'cd']:\n    seen.copy(one, two)"], "b"
    ),
    "changed in part": (["import seen", f"{SPLIT}for n in 'aba':\n    seen.add(n)"], "a"),
    "by a function that catches all": (
        ["import seen\ndef work(names):\n    try:\n        # split: names\n        # batches: 3\n"
         "        for n in names:\n            seen.add(n)\n    except Exception:\n        pass",
         "work('aba')"], "a"
    ),
}  # fmt: skip

#: Analysis doesn't look into modules.
_SEEN = """
import shutil
def copy(source, target):
    shutil.copyfile(source, target)
def add(name):
    with open(name, 'a') as file:
        file.write(name)
"""


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
    assert refused == ([f"two batches write the file '{path}'"] if path else [])
    assert folder(one) == folder(two)


@pytest.mark.parametrize(("cells", "path"), LOST.values(), ids=LOST)
def test_run_that_can_not_end_alike_fails(
    cells: list[str], path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seen.py").write_text(_SEEN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "seen", raising=False)
    done = run_as_workflow(cells, cwd=str(tmp_path))
    assert done.ending.error is not None
    ename, evalue = done.ending.error[:2]
    assert ename == "FilesMeet"
    assert f"'{path}'" in evalue
    assert "Give each item files of its own" in evalue


def test_what_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old").write_text("x")
    Path("gone").write_text("x")
    with watching(True) as watch:
        Path("old").read_text()
        Path("new").write_text("x")
        os.rename("new", "moved")
        os.remove("gone")
        os.close(os.open("low", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        with open("both", "w+") as file:
            file.read()
        Path(os.__file__).read_bytes()  # Python's own
        Path(os.devnull).write_text("x")
        note(Touched(frozenset([str(tmp_path / "read there")]), frozenset()))
    Path("later").write_text("x")
    touched = watch.touched()
    read = {Path(path).name for path in touched.read}
    assert read == {"old", "read there", "gone", "new", "moved"}
    names = {Path(path).name for path in touched.changed}
    assert names == {"new", "moved", "gone", "low", "both"}


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
    other = second.touched()
    assert first.touched().met_by(other.read, other.changed)


@pytest.mark.parametrize(
    ("one", "two", "meet"),
    [
        (Touched(), Touched(), ""),
        (Touched(frozenset("a")), Touched(frozenset("a")), ""),
        (Touched(frozenset("a")), Touched(frozenset(), frozenset("a")), "a"),
        (Touched(frozenset(), frozenset("a")), Touched(frozenset("a")), "a"),
        (Touched(frozenset(), frozenset("ab")), Touched(frozenset(), frozenset("bc")), "b"),
    ],
)
def test_who_meets(one: Touched, two: Touched, meet: str) -> None:
    assert one.met_by(two.read, two.changed) == two.met_by(one.read, one.changed) == frozenset(meet)
