"""Runs through the routes, in an engine of its own process that needs no Ray."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from naavre_ext import RunOptions, run_notebook
from naavre_ext.engine import start_engine
from naavre_ext.storage.process_identity import this_process
from naavre_ext.storage.run_store import RunStore

pytestmark = pytest.mark.slow


async def _state(fetch_json, run_id, wanted, timeout_s=240.0):
    deadline = time.monotonic() + timeout_s
    while True:
        _, answer = await fetch_json("GET", f"runs/{run_id}", path="nb.ipynb")
        if answer["run"]["state"] == wanted or time.monotonic() > deadline:
            return answer
        await asyncio.sleep(0.02)


def _texts(events):
    return [e["output"].get("text") for e in events if e["type"] == "CellOutputReceived"]


async def test_a_run_from_start_to_end(engine, fetch_json, notebook, frames, jp_root_dir):
    body = notebook("param_n = 3", "squares = [i * i for i in range(param_n)]\nprint(squares)")
    status, answer = await fetch_json("POST", "runs", {**body, "parameters": {"param_n": 4}})
    run = answer["run"]
    assert (status, run["path"], run["parameters"]) == (201, "nb.ipynb", {"param_n": 4})
    assert set(run["source_digests"]) == {"c0", "c1"}
    events, end = await frames(run["id"])
    assert end == {"status": "ok", "failure": None}
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:: len(events) - 1]] == ["RunStarted", "RunFinished"]
    assert _texts(events) == ["[0, 1, 4, 9]\n"]
    answer = await _state(fetch_json, run["id"], "ok")
    assert answer["failure"] is None
    # The injected cell isn't one more.
    assert answer["run"]["steps_done"] == answer["run"]["steps_total"] == 2
    assert answer["workflow"]["steps"][0]["cell_id"] == "c0"
    _, listed = await fetch_json("GET", "runs", path="nb.ipynb")
    assert listed["runs"] == [answer["run"]]
    _, everywhere = await fetch_json("GET", "runs")
    assert everywhere["runs"] == [answer["run"]]


async def test_events_are_read_again_from_any_number(engine, fetch_json, notebook, frames):
    _, answer = await fetch_json("POST", "runs", notebook("print(1)", "print(2)"))
    run_id = answer["run"]["id"]
    whole, end = await frames(run_id)
    rest, again = await frames(run_id, after=3)
    assert (rest, again) == (whole[3:], end)
    _, polled = await fetch_json("GET", f"runs/{run_id}/events", path="nb.ipynb", after=3)
    assert polled == {"events": whole[3:], "next": len(whole), "ended": True}


async def test_a_run_goes_on_without_its_page(
    engine, fetch_json, notebook, frames, jp_root_dir, waits
):
    _, answer = await fetch_json(
        "POST", "runs", notebook("print('before')", waits, "print('after')")
    )
    run_id = answer["run"]["id"]
    before, end = await frames(run_id, until="CellOutputReceived")
    assert end is None
    (jp_root_dir / "go").touch()
    after, end = await frames(run_id, after=before[-1]["seq"] + 1)
    assert end["status"] == "ok"
    assert _texts(before) + _texts(after) == ["before\n", "after\n"]


async def test_a_failed_cell_is_in_the_end(engine, fetch_json, notebook, frames):
    body = notebook("x = 1", "def f(y):\n    return 1 / y\nf(0)")
    _, answer = await fetch_json("POST", "runs", body)
    _, end = await frames(answer["run"]["id"])
    assert end["status"] == "failed"
    assert (end["failure"]["cell_id"], end["failure"]["ename"]) == ("c1", "ZeroDivisionError")
    assert "division by zero" in end["failure"]["traceback"][-1]
    state = await _state(fetch_json, answer["run"]["id"], "failed")
    assert state["failure"] == end["failure"]
    assert (state["run"]["steps_done"], state["run"]["steps_total"]) == (1, 2)


async def test_a_cell_that_may_raise_is_done_when_it_has(engine, fetch_json, notebook, frames):
    body = notebook("x = 1 / 0", "print(2)")
    body["notebook"]["cells"][0]["metadata"]["tags"] = ["raises-exception"]
    _, answer = await fetch_json("POST", "runs", body)
    _, end = await frames(answer["run"]["id"])
    assert end["status"] == "ok"
    state = await _state(fetch_json, answer["run"]["id"], "ok")
    assert (state["run"]["steps_done"], state["run"]["steps_total"]) == (2, 2)


async def test_a_refused_notebook_is_told_with_its_diagnostics(engine, fetch_json, notebook):
    status, answer = await fetch_json("POST", "runs", notebook("x = (", "print(x)"))
    assert status == 422
    assert [found["cell_id"] for found in answer["diagnostics"]] == ["c0"]
    body = {**notebook("param_n = 1"), "parameters": {"param_m": 1}}
    status, answer = await fetch_json("POST", "runs", body)
    assert (status, "param_m" in answer["message"]) == (422, True)
    assert (await fetch_json("GET", "runs", path="nb.ipynb"))[1] == {"runs": []}


async def test_an_engine_that_dies_leaves_a_killed_run(
    engine, fetch_json, notebook, frames, jp_root_dir, waits
):
    body = notebook("print('here')", waits, "import os\nos._exit(1)")
    _, answer = await fetch_json("POST", "runs", body)
    run_id = answer["run"]["id"]
    (jp_root_dir / "go").touch()  # not before the engine has answered
    events, end = await frames(run_id)
    assert _texts(events) == ["here\n"]
    assert (end["status"], end["failure"]["ename"]) == ("killed", "RunKilled")
    assert "NX522" in end["failure"]["evalue"]
    assert (await fetch_json("GET", f"runs/{run_id}", path="nb.ipynb"))[1]["run"][
        "state"
    ] == "killed"
    _, answer = await fetch_json("POST", "runs", notebook("print('again')"))
    events, end = await frames(answer["run"]["id"])
    assert (_texts(events), end["status"]) == (["again\n"], "ok")


async def test_several_runs_at_once_keep_apart(
    engine, fetch_json, notebook, frames, jp_root_dir, waits
):
    body = notebook("param_n = 0", waits, "print(param_n)")
    started = [
        (await fetch_json("POST", "runs", {**body, "parameters": {"param_n": n}}))[1]["run"]["id"]
        for n in range(3)
    ]
    assert engine()["runs_active"] == 3
    (jp_root_dir / "go").touch()
    ends = await asyncio.gather(*(frames(run_id) for run_id in started))
    assert [_texts(events) for events, _ in ends] == [["0\n"], ["1\n"], ["2\n"]]


async def test_secrets_reach_cells_and_nothing_else(
    engine, fetch_json, notebook, frames, jp_root_dir
):
    body = notebook(
        "secret_key = ''", "print(len(secret_key), secret_key)", "secret_b = 'literal-1'"
    )
    _, answer = await fetch_json("POST", "runs", {**body, "secrets": {"secret_key": "hush-hush"}})
    run_id = answer["run"]["id"]
    events, end = await frames(run_id)
    assert (_texts(events), end["status"]) == (["9 ***\n"], "ok")
    assert set(answer["run"]["source_digests"]) == {"c0", "c1"}
    kept = jp_root_dir / ".naavre" / "runs" / run_id
    for file in kept.rglob("*"):
        if file.is_file():
            assert b"hush-hush" not in file.read_bytes(), file.name
            assert b"literal-1" not in file.read_bytes(), file.name


async def test_unsaved_edits_run_and_outputs_of_others_stay(engine, fetch_json, notebook, frames):
    body = notebook("x = 'saved'\nprint(x)")
    body["notebook"]["cells"][0]["source"] = "x = 'edited'\nprint(x)"
    _, answer = await fetch_json("POST", "runs", body)
    events, _ = await frames(answer["run"]["id"])
    assert _texts(events) == ["edited\n"]


async def test_executed_notebook_variables_timeline_and_deletion(
    engine, fetch_json, notebook, frames, jp_root_dir
):
    body = notebook("x = [1, 2]\ny = {'a': 1}\nprint(x)")
    _, answer = await fetch_json("POST", "runs", body)
    run_id = answer["run"]["id"]
    await frames(run_id)
    await _state(fetch_json, run_id, "ok")

    assert (await fetch_json("GET", f"runs/{run_id}/notebook", path="nb.ipynb"))[0] == 404
    status, made = await fetch_json("POST", f"runs/{run_id}/notebook", {"path": "nb.ipynb"})
    assert (status, made) == (201, {"path": f"nb.{run_id}.ipynb"})
    assert (await fetch_json("GET", f"runs/{run_id}/notebook", path="nb.ipynb"))[1] == made
    cells = json.loads((jp_root_dir / made["path"]).read_text())["cells"]
    assert "".join(cells[0]["outputs"][0]["text"]) == "[1, 2]\n"

    _, found = await fetch_json("GET", f"runs/{run_id}/variables", path="nb.ipynb", names="x")
    assert [(v["name"], v["type"]) for v in found["variables"]] == [("x", "list"), ("y", "dict")]
    kernel: dict[str, object] = {}
    exec(found["code"], kernel)
    assert kernel["x"] == [1, 2]
    assert set(kernel) == {"x", "__builtins__"}

    _, line = await fetch_json("GET", f"runs/{run_id}/timeline", path="nb.ipynb")
    assert [step["state"] for step in line["steps"]] == ["ok"]
    assert [span["step"] for row in line["rows"] for span in row["spans"]] == ["c0"]
    assert line["explanation"]["advice"]["text"]

    assert await fetch_json("DELETE", f"runs/{run_id}", path="nb.ipynb") == (204, None)
    assert (await fetch_json("GET", f"runs/{run_id}", path="nb.ipynb"))[0] == 404


async def test_output_goes_where_it_was_asked_for(
    engine, fetch_json, notebook, frames, jp_root_dir
):
    (jp_root_dir / "out").mkdir()
    body = {**notebook("print(1)"), "output": "out/done.ipynb"}
    _, answer = await fetch_json("POST", "runs", body)
    await frames(answer["run"]["id"])
    # The end is told when what the run leaves is there.
    assert answer["run"]["output"] == "out/done.ipynb"
    assert json.loads((jp_root_dir / "out" / "done.ipynb").read_text())["cells"][0]["outputs"]
    got = await fetch_json("GET", f"runs/{answer['run']['id']}/notebook", path="nb.ipynb")
    assert got == (200, {"path": "out/done.ipynb"})


async def test_what_the_state_forbids_is_409(
    engine, fetch_json, notebook, frames, jp_root_dir, waits
):
    body = notebook(waits)
    _, answer = await fetch_json("POST", "runs", body)
    run_id = answer["run"]["id"]
    assert (await fetch_json("DELETE", f"runs/{run_id}", path="nb.ipynb"))[0] == 409
    assert (await fetch_json("POST", f"runs/{run_id}/resume", body))[0] == 409
    (jp_root_dir / "go").touch()
    await frames(run_id)
    assert (await fetch_json("POST", f"runs/{run_id}/cancel", path="nb.ipynb"))[0] == 409
    assert (await fetch_json("POST", f"runs/{run_id}/resume", body))[0] == 409


async def test_cancel_ends_the_run(engine, fetch_json, notebook, frames, jp_root_dir, waits):
    _, answer = await fetch_json("POST", "runs", notebook(waits, "print('not me')"))
    run_id = answer["run"]["id"]
    assert (await fetch_json("POST", f"runs/{run_id}/cancel", path="nb.ipynb"))[0] == 202
    (jp_root_dir / "go").touch()  # the sequential executor can't stop within a cell
    events, end = await frames(run_id)
    assert (end["status"], _texts(events)) == ("cancelled", [])


async def test_a_run_is_resumed(engine, fetch_json, notebook, frames, jp_root_dir):
    body = notebook("param_n = 1", "print(open('data').read(), param_n)")
    _, answer = await fetch_json("POST", "runs", {**body, "parameters": {"param_n": 2}})
    first = answer["run"]["id"]
    assert (await frames(first))[1]["status"] == "failed"
    (jp_root_dir / "data").write_text("ready")
    status, answer = await fetch_json("POST", f"runs/{first}/resume", body)
    assert (status, answer["run"]["id"] != first) == (201, True)
    events, end = await frames(answer["run"]["id"])
    assert (end["status"], _texts(events)) == ("ok", ["ready 2\n"])


async def test_unreachable_cluster_is_503(no_engine, fetch_json, notebook):
    body = {**notebook("x = 1"), "options": {"address": "nowhere:1"}}
    status, answer = await fetch_json("POST", "runs", body)
    assert (status, "nowhere:1" in answer["message"]) == (503, True)


async def test_warm_starts_the_engine_and_the_servers_end_stops_it(
    no_engine, fetch_json, notebook, jp_serverapp
):
    notebook("x = 1")
    _, answer = await fetch_json("GET", "status", path="nb.ipynb")
    assert answer["engine"]["state"] == "none"
    assert (await fetch_json("POST", "warm", {"path": "nb.ipynb"}))[0] == 202
    deadline = time.monotonic() + 240
    while answer["engine"]["state"] != "ready" and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        _, answer = await fetch_json("GET", "status", path="nb.ipynb")
    assert (answer["engine"]["slots"], answer["problem"]) == (2, None)
    await jp_serverapp.extension_manager.extension_apps["naavre_ext"].copy().pop().stop_extension()
    while no_engine() is not None and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert no_engine() is None


async def test_runs_end_with_the_server_but_for_detached_ones(
    engine, fetch_json, notebook, jp_serverapp, jp_root_dir, waits
):
    body = notebook(waits, "print(1)")
    _, held = await fetch_json("POST", "runs", body)
    _, detached = await fetch_json("POST", "runs", {**body, "options": {"detached": True}})
    await jp_serverapp.extension_manager.extension_apps["naavre_ext"].copy().pop().stop_extension()
    (jp_root_dir / "go").touch()
    store = jp_root_dir / ".naavre" / "runs"

    def status(run):
        last = (store / run["run"]["id"] / "events.jsonl").read_text().splitlines()[-1]
        return json.loads(last).get("status")

    deadline = time.monotonic() + 240
    while not (status(held) and status(detached)) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert (status(held), status(detached)) == ("cancelled", "ok")


async def test_an_engine_without_its_owner_ends(no_engine):
    owner = {**this_process(), "started": "at another time"}
    pid = start_engine(None, owner=owner)["pid"]
    deadline = time.monotonic() + 240
    while no_engine() is not None and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


async def test_a_list_reads_the_records_of_runs_that_are_over_once(
    fetch_json, notebook, jp_root_dir, monkeypatch
):
    notebook("print(1)", path="other.ipynb")
    notebook("print(2)")
    for name in ("nb.ipynb", "other.ipynb", "nb.ipynb"):
        run_notebook(jp_root_dir / name, options=RunOptions(executor="local"))
    read, told = RunStore.read, []
    monkeypatch.setattr(
        RunStore, "read", lambda store, path: (told.append(path), read(store, path))[1]
    )
    _, first = await fetch_json("GET", "runs", path="nb.ipynb")
    assert [run["path"] for run in first["runs"]] == ["nb.ipynb"] * 2
    assert len(told) == 3
    assert await fetch_json("GET", "runs", path="nb.ipynb") == (200, first)
    assert len(told) == 3
    gone = first["runs"][0]["id"]
    assert (await fetch_json("DELETE", f"runs/{gone}", path="nb.ipynb"))[0] == 204
    _, left = await fetch_json("GET", "runs", path="nb.ipynb")
    assert left["runs"] == first["runs"][1:]


async def test_runs_go_with_a_notebook_that_gets_another_name(
    engine, fetch_json, jp_fetch, notebook, frames, jp_root_dir, waits
):
    notebook("print(1)")
    done = run_notebook(jp_root_dir / "nb.ipynb", options=RunOptions(executor="local"))
    body = notebook("print(1)", waits)
    _, answer = await fetch_json("POST", "runs", body)
    running = answer["run"]["id"]
    assert (await fetch_json("GET", "runs", path="nb.ipynb"))[0] == 200
    name = json.dumps({"path": "other.ipynb"})
    await jp_fetch("api", "contents", "nb.ipynb", method="PATCH", body=name)
    deadline = time.monotonic() + 240
    listed = {"runs": []}
    while not listed["runs"] and time.monotonic() < deadline:
        _, listed = await fetch_json("GET", "runs", path="other.ipynb")
    assert {run["id"] for run in listed["runs"]} == {done.run_id, running}
    assert {run["path"] for run in listed["runs"]} == {"other.ipynb"}
    (jp_root_dir / "go").touch()
    _, end = await frames(running)  # asks by the old name, as a page does that follows it
    assert end["status"] == "ok"
    assert (await fetch_json("GET", "runs", path="nb.ipynb"))[1]["runs"] == []


async def test_a_run_of_the_command_line_tells_the_sources_of_whole_cells(
    fetch_json, notebook, jp_root_dir
):
    notebook("# (do not containerize!)\nparam_n = 3\nprint('notebook only')", "print(param_n)")
    run_notebook(jp_root_dir / "nb.ipynb", options=RunOptions(executor="local"))
    _, listed = await fetch_json("GET", "runs", path="nb.ipynb")
    assert list(listed["runs"][0]["source_digests"]) == ["c1"]
