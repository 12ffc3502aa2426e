"""Each run gets a copy of the folder; the user's own files stay as they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.model.portrait import first_mismatch
from naavre_ext.verification.folders import (
    RunFolders,
    plan_folder,
    portray_changes,
    stamps,
)

LARGE = 1 << 30


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "notebooks"
    (folder / "data").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "data" / "a.csv").write_text("1\n2\n")
    (folder / "link.csv").symlink_to("data/a.csv")
    (folder / ".naavre").mkdir()
    (folder / ".naavre" / "old").write_text("a run")
    (folder.parent / "shared.txt").write_text("shared")
    return folder


@pytest.fixture
def folders(project: Path, tmp_path: Path) -> RunFolders:
    return RunFolders(plan_folder(project, LARGE), tmp_path / "base")


def test_a_copy_has_what_the_folder_has(folders: RunFolders) -> None:
    with folders.fresh() as copy:
        assert copy.name == "notebooks"
        assert sorted(path.name for path in copy.iterdir()) == ["data", "empty", "link.csv"]
        assert (copy / "link.csv").read_text() == "1\n2\n"
        assert os.readlink(copy / "link.csv") == "data/a.csv"
        assert (copy / ".." / "shared.txt").read_text() == "shared"


def test_runs_see_nothing_of_one_another(folders: RunFolders, project: Path) -> None:
    paths = []
    for _ in range(2):
        with folders.fresh() as copy:
            paths.append(copy)
            assert (copy / "link.csv").read_text() == "1\n2\n"
            (copy / "data" / "a.csv").write_text("changed")
            (copy / "made.txt").write_text("made")
    assert paths[0] == paths[1]
    assert not paths[0].exists()
    assert (project / "data" / "a.csv").read_text() == "1\n2\n"
    assert not (project / "made.txt").exists()


def test_a_large_folder_is_refused_with_the_ways_out(project: Path) -> None:
    (project / "data" / "big.bin").write_bytes(b"x" * 2000)
    with pytest.raises(RefusedError) as refused:
        plan_folder(project, 1000)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "NX530"
    assert "--link 'data'" in diagnostic.remedy
    assert plan_folder(project, 1000, ("data",)).linked == ("data",)


def test_what_is_linked_is_the_folders_own(project: Path, tmp_path: Path) -> None:
    (project / "venv").mkdir()
    (project / "venv" / "pyvenv.cfg").write_text("")
    plan = plan_folder(project, LARGE, ("data/*.csv",))
    assert sorted(plan.linked) == ["data/a.csv", "venv"]
    with RunFolders(plan, tmp_path / "base").fresh() as copy:
        assert (copy / "data" / "a.csv").resolve() == project / "data" / "a.csv"
        assert not (copy / "data").is_symlink()
        assert (copy / "venv").is_symlink()


def test_changed_files_are_told(folders: RunFolders) -> None:
    with folders.fresh() as copy:
        before = stamps(copy)
        (copy / "made.txt").write_text("a\nb\n")
        (copy / "data" / "a.csv").unlink()
        (copy / "raw.bin").write_bytes(b"\xff\x00")
        one = portray_changes(copy, before)
        (copy / "made.txt").write_text("a\nc\n")
        other = portray_changes(copy, before)
    assert sorted(one) == ["data/a.csv", "made.txt", "raw.bin"]
    assert first_mismatch(one["made.txt"], other["made.txt"]) == (
        "file made.txt, line 2 is 'b', not 'c'"
    )
    assert one["data/a.csv"].kind == "deleted file"
    assert one["raw.bin"] == other["raw.bin"]


def test_a_folder_that_holds_the_copies_does_not_copy_them(project: Path) -> None:
    folders = RunFolders(plan_folder(project, LARGE), project / "naavre-ext-verify-1")
    for _ in range(2):
        with folders.fresh() as copy:
            assert not (copy / "naavre-ext-verify-1").exists()
            assert stamps(project).keys() == {"data/a.csv", "link.csv"}
