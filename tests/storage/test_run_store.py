"""Run records: what is kept, who may read it, and what is told of runs that broke off."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from naavre_ext.model.diagnostic import NaavreError, RefusedError
from naavre_ext.model.event import (
    CellOutputReceived,
    MessageLogged,
    RunFinished,
    RunStarted,
    StepFailed,
    StepFinished,
    StepNotRun,
)
from naavre_ext.storage import process_identity
from naavre_ext.storage.run_store import RunStore

END = RunFinished(seq=9, at=5.0, status="ok", duration_s=2.5, counts={"ok": 3})


def step(cell="a", **more):
    return StepFinished(step=f"s-{cell}", cell_id=cell, execution_count=1, started_at=1.0,
                        duration_s=0.5, worker="main", **more)  # fmt: skip


def text_output(text):
    output = {"output_type": "stream", "name": "stdout", "text": text}
    return CellOutputReceived(step="s", cell_id="c", number=0, output=output)


def finished_run(store, **more):
    with store.create("n.ipynb", **more) as log:
        log.append(END)
    return log.run_id


def refused(call, *args) -> str:
    with pytest.raises(RefusedError) as caught:
        call(*args)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.remedy
    return diagnostic.describe()


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / ".naavre")


def test_run_is_kept_and_read_again(store, tmp_path):
    workflow = {"version": 1, "steps": []}
    events = [
        RunStarted(seq=0, at=1.0, run_id="r", notebook="n", executor="local", slots=2,
                   steps=({"id": "s", "cell_id": "a"},)),
        text_output("é\udc80\n"),
        StepFailed(step="s", cell_id="a", execution_count=1, started_at=1.0, duration_s=1.0,
                   worker="w", ename="E", evalue="", traceback=("t",)),
        END,
    ]  # fmt: skip
    with store.create("n.ipynb", parameters={"param_a": [1, None]}, workflow=workflow) as log:
        for event in events:
            log.append(event)
            assert list(store.open(log.run_id).events())[-1] == event
    assert re.fullmatch(r"\d{8}-\d{6}-[a-z0-9]{4}", log.run_id)
    assert (log.location, log.is_fallback) == (tmp_path / ".naavre", False)
    record = store.open(log.run_id)
    assert list(record.events()) == events
    assert record.info["id"] == record.run_id == log.run_id
    assert record.info["notebook"] == os.path.abspath("n.ipynb")
    assert record.info["parameters"] == {"param_a": [1, None]}
    assert record.info["workflow"] == workflow
    assert record.info["version"]
    assert (record.summary,) == store.list()
    summary = record.summary
    assert (summary.status, summary.duration_s, summary.counts) == ("ok", 2.5, {"ok": 3})
    assert summary.started_at == record.info["started_at"]


def test_files_are_private_whatever_the_umask(store, tmp_path):
    old = os.umask(0)
    try:
        with store.create("n.ipynb") as log:
            log.append(END)
            log.save_values(b"x")
    finally:
        os.umask(old)
    for path in (tmp_path / ".naavre", *(tmp_path / ".naavre").rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path
    assert (tmp_path / ".naavre" / ".gitignore").read_text() == "*\n"


def test_one_line_an_event(store):
    with store.create(None) as log:
        log.append(text_output("a\nb\u2028c\r\n"))
        log.append(END)
    lines = (log.path / "events.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["CellOutputReceived", "RunFinished"]


def test_many_threads_write_whole_lines(store):
    with store.create(None) as log:

        def write():
            for _ in range(50):
                log.append(text_output("x" * 5000))

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(list(store.open(log.run_id).events())) == 200


STATUSES = [
    ("ok", [END], "ok"),
    ("failed", [RunFinished(status="failed", duration_s=1.0)], "failed"),
    ("cancelled", [RunFinished(status="cancelled", duration_s=1.0)], "cancelled"),
    ("a message after the end", [END, MessageLogged(level="info", text="x" * 1000)], "ok"),
    ("long log", [text_output("x" * 100_000), END], "ok"),
    ("let go of", [step()], "interrupted"),
    ("nothing happened", [], "interrupted"),
]


@pytest.mark.parametrize(
    ("events", "status"), [row[1:] for row in STATUSES], ids=[row[0] for row in STATUSES]
)
def test_status_of_a_closed_run(events, status, store):
    with store.create(None) as log:
        for event in events:
            log.append(event)
    assert [run.status for run in store.list()] == [status]


def test_running_run_counts_its_steps(store):
    log = store.create(None)
    log.append(step("a", at=1.0))
    log.append(step("b", at=2.0))
    log.append(StepNotRun(step="s", cell_id="c", reason="r", at=3.0))
    (run,) = store.list()
    assert (run.status, run.counts) == ("running", {"ok": 2, "not run": 1})
    assert 0 <= run.duration_s < 3600
    log.close()


def test_interrupted_run_lasted_until_its_last_event(store):
    with store.create(None) as log:
        started_at = store.list()[0].started_at
        log.append(step(at=started_at + 7))
    (run,) = store.list()
    assert (run.status, round(run.duration_s, 3)) == ("interrupted", 7)


@pytest.mark.slow
def test_run_whose_process_was_killed_is_interrupted(store):
    code = (
        "import sys, time; from naavre_ext.storage.run_store import RunStore\n"
        "log = RunStore(sys.argv[1]).create(None); print(log.run_id, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(store.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        run_id = process.stdout.readline().strip()
        assert [(run.id, run.status) for run in store.list()] == [(run_id, "running")]
        assert refused(store.delete, run_id).startswith("NX017")
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie is gone, too
        assert [run.status for run in store.list()] == ["interrupted"]
    assert [run.status for run in store.list()] == ["interrupted"]
    store.delete(run_id)


def test_process_identity():
    mine = process_identity.this_process()
    assert not process_identity.is_gone(mine)
    assert process_identity.is_gone({**mine, "started": "another"})
    assert process_identity.is_gone({**mine, "pid": 2**22 + 1})
    assert not process_identity.is_gone({**mine, "started": "another", "host": "elsewhere"})
    assert json.loads(json.dumps(mine)) == mine


def test_cut_off_last_line_is_left_out(store):
    with store.create(None) as log:
        log.append(step())
    with open(log.path / "events.jsonl", "ab") as file:
        file.write(json.dumps(END.to_json()).encode()[:-3])
    assert [type(e) for e in store.open(log.run_id).events()] == [StepFinished]
    assert store.list()[0].status == "interrupted"


def test_damaged_line_is_told(store):
    with store.create(None) as log:
        log.append(step())
    with open(log.path / "events.jsonl", "ab") as file:
        file.write(b'{"v": 1, "type": "FromTheFuture"}\n')
    with pytest.raises(NaavreError, match="line 2 is no event"):
        list(store.open(log.run_id).events())
    assert len(store.list()) == 1


def test_what_is_no_run_is_not_listed(store):
    run_id = finished_run(store)
    runs = store.root / "runs"
    (runs / "notes").mkdir()
    (runs / "20200101-000000-aaaa").mkdir()
    for name, content in (("bbbb", "{"), ("cccc", "[]"), ("dddd", '{"id": 1}')):
        (runs / f"20200101-000000-{name}").mkdir()
        (runs / f"20200101-000000-{name}" / "run.json").write_text(content)
    (runs / "20200101-000000-eeee").touch()
    assert [run.id for run in store.list()] == [run_id]
    assert refused(store.open, "20200101-000000-bbbb").startswith("NX015")


def test_newest_run_is_first(store):
    ids = [finished_run(store) for _ in range(4)]
    assert [run.id for run in store.list()] == ids[::-1]


def test_empty_store(store):
    assert store.list() == ()
    text = refused(store.open, "2026")
    assert "has no runs yet" in text
    assert "beside their notebook" in text


def test_a_whole_id_opens_a_run_without_a_look_at_all_the_others(store, monkeypatch):
    with store.create("a.ipynb") as log:
        run_id = log.run_id
    monkeypatch.setattr(type(store), "folders", lambda self: pytest.fail("all runs were listed"))

    assert store.open(run_id).run_id == run_id


def test_unique_prefix_opens_a_run(store):
    for name in ("20260101-000000-aaaa", "20260101-000000-aabb", "20270101-000000-cccc"):
        log = store.create(None)
        log.close()
        log.path.rename(log.path.with_name(name))
    assert store.open("2027").run_id == "20270101-000000-cccc"
    assert store.open("20260101-000000-aab").run_id == "20260101-000000-aabb"
    assert "20260101-000000-aabb" in refused(store.open, "2026")
    for unknown in ("2028", "", "../runs", "/"):
        text = refused(store.open, unknown)
        assert text.startswith("NX015")
        assert "20270101-000000-cccc" in text


def test_delete(store):
    keep, gone = finished_run(store), finished_run(store)
    store.delete(gone)
    assert [run.id for run in store.list()] == [keep]
    assert [path.name for path in (store.root / "runs").iterdir()] == [keep]
    assert refused(store.delete, gone).startswith("NX015")


def test_values(store):
    with store.create(None) as log:
        assert refused(store.open(log.run_id).load_values).startswith("NX018")
        log.save_values(b"one")
        log.save_values(b"two")
    assert store.open(log.run_id).load_values() == b"two"
    assert not list(log.path.glob(".naavre-*"))


def test_secrets_are_stored_nowhere(store):
    source = "secret_token = 'from-the-cell'\nprint(secret_token)"
    log = store.create(
        None,
        parameters={"secret_key": "from-parameters", "param_url": "http://x/?k=from-environment"},
        workflow={"steps": [{"id": "s", "source": source}]},
        secrets=["from-environment", "", "abc"],
    )
    with log:
        log.append(text_output("k=from-environment, from-the-cell, from-parameters abc"))
        log.append(step("from-environment"))
    stored = b"".join(p.read_bytes() for p in log.path.iterdir())
    record = store.open(log.run_id)
    assert record.info["parameters"] == {"param_url": "http://x/?k=***"}
    assert record.info["workflow"]["steps"][0]["source"].startswith("secret_token = '***'")
    output, named = record.events()
    assert output.output["text"] == "k=***, ***, *** abc"
    assert named.cell_id == "from-environment"  # an id names something: it stays
    for secret in (b"from-the-cell", b"from-parameters"):
        assert secret not in stored


@pytest.fixture
def closed_folder(tmp_path, monkeypatch):
    """A folder that can't be written to, by someone who isn't root, with a state folder."""
    folder = Path(tempfile.mkdtemp())
    (folder / "nb").mkdir(mode=0o555)
    (folder / "state").mkdir()
    (folder / "state").chmod(0o777)
    folder.chmod(0o755)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    yield folder
    if was_root:
        os.seteuid(0)
    (folder / "state").chmod(0o777)
    shutil.rmtree(folder)


def test_read_only_folder_falls_back_to_the_state_folder(closed_folder):
    store = RunStore.beside(closed_folder / "nb" / "n.ipynb")
    with store.create("n.ipynb") as log:
        log.append(END)
    assert log.is_fallback
    assert log.location.parent == closed_folder / "state" / "naavre-ext"
    again = RunStore.beside(str(closed_folder / "nb" / "n.ipynb"))
    assert [run.id for run in again.list()] == [log.run_id]
    assert RunStore.beside(closed_folder / "other" / "n.ipynb").list() == ()
    again.delete(log.run_id)


def test_nowhere_to_write_is_refused(closed_folder):
    store = RunStore(closed_folder / "nb" / ".naavre")
    store.fallback_root = closed_folder / "nb" / "state"
    assert refused(store.create, None).startswith("NX019")


def test_store_beside_a_notebook_without_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert RunStore.beside(None).root == tmp_path / ".naavre"
    assert RunStore.beside("n.ipynb").root == tmp_path / ".naavre"


def test_state_folder_is_absolute(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert RunStore("x").fallback_root.is_relative_to(Path.home() / ".local" / "state")


class _FullDisk:
    """The log's file on a disk that takes half of the next line."""

    def __init__(self, file):
        self._file = file
        self.closed = False

    def write(self, line):
        self._file.write(line[: len(line) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_full_disk_is_told_and_leaves_whole_lines(store):
    log = store.create(None)
    log.append(step("a"))
    real, log._file = log._file, _FullDisk(log._file)
    with pytest.raises(NaavreError, match="No space left"):
        log.append(step("b"))
    log._file = real
    log.append(step("c"))
    log.close()
    assert [event.cell_id for event in store.open(log.run_id).events()] == ["a", "c"]


def test_secret_mask_leaves_other_data_alone(store):
    with store.create(None, secrets=["stream", "stdout"]) as log:
        log.append(text_output("a stream of text"))
    (event,) = store.open(log.run_id).events()
    assert event.output["output_type"] == "stream"
    assert event.output["name"] == "stdout"
    assert event.output["text"] == "a *** of text"
