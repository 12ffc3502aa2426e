"""Ids of runs and batches sort as these have begun, also within a second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.storage.batch_store import create_batch, find_batch
from naavre_ext.storage.ids import new_folder, new_id
from naavre_ext.storage.run_store import RunStore

MOMENT = 1_790_000_000.0


@given(
    st.floats(0, 3, exclude_max=True),
    st.floats(1 / 10_000, 2),
)
def test_what_begins_later_sorts_behind(begins, after):
    assert new_id(MOMENT + begins) < new_id(MOMENT + begins + after)


def test_an_id_reads_as_its_time():
    assert new_id(MOMENT + 0.999999).startswith("20260921-141320-zzz")


def test_folders_of_one_moment_have_names_of_their_own(tmp_path):
    made = [new_folder(tmp_path, MOMENT) for _ in range(20)]
    assert len(set(made)) == 20
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in made)
    with pytest.raises(FileNotFoundError):
        new_folder(tmp_path / "none", MOMENT)


def test_runs_of_one_second_are_listed_in_their_order(tmp_path):
    store = RunStore(tmp_path)
    begun = [store.create(notebook=str(tmp_path / "a.ipynb")).run_id for _ in range(8)]
    assert [run.id for run in store.list()] == begun[::-1]
    assert [run.run_id for run in store.of_notebook(tmp_path / "a.ipynb")] == begun[::-1]


def test_latest_run_is_the_one_that_began_last(tmp_path):
    store = RunStore(tmp_path)
    with pytest.raises(RefusedError, match="NX015 There is no run 'latest'"):
        store.open("latest")
    first, second = (
        store.create(notebook=str(tmp_path / name)).run_id for name in ("a.ipynb", "b.ipynb")
    )
    (tmp_path / "runs" / "29991231-000000-zzzz").mkdir()  # no run
    assert store.open("latest").run_id == second
    assert store.open("latest", tmp_path / "a.ipynb").run_id == first
    with pytest.raises(RefusedError, match="The latest runs: "):
        store.open("latest", tmp_path / "c.ipynb")


def test_latest_batch_is_the_one_made_last(tmp_path):
    for number in range(8):
        made = create_batch(
            tmp_path, notebook=None, jobs=(), varying=(), keep=(str(number),), keeps_all=False
        )
        assert find_batch(tmp_path).batch_id == made.batch_id
