"""Runs on a real Ray that the server finds warm."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from naavre_ext.engine import start_engine, stop_engine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """A warm engine for all tests, in a private place."""
    folder = tmp_path_factory.mktemp("rt")
    folder.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        start_engine(None, 2)
        yield
        stop_engine(None)


@pytest.fixture
def follow(open_socket):
    """Gives the events of a run one by one, then its end."""

    async def events(run_id):
        place = ("naavre-ext", "runs", run_id, "events", "socket")
        socket = await open_socket(*place, params={"path": "nb.ipynb"})
        while (message := await socket.read_message()) is not None:
            frame = json.loads(message)
            for event in frame.get("events", ()):
                yield event
            if "end" in frame:
                yield frame

    return events


async def test_a_split_run_streams_its_batches_and_keeps_its_variables(
    warm, fetch_json, notebook, follow
):
    split = "# split: Work\n# batches: 4\nout = []\nfor i in range(8):\n    time.sleep(0.02)\n    out.append(i)"
    body = notebook("import time", split, "total = sum(out)\nprint(total)")
    status, answer = await fetch_json("POST", "runs", body)
    assert (status, answer["run"]["executor"], answer["run"]["slots"]) == (201, "ray", 2)
    run_id = answer["run"]["id"]
    events = [event async for event in follow(run_id)]
    assert events.pop() == {"end": {"status": "ok", "failure": None}}
    types = [event["type"] for event in events]
    assert types.count("BatchFinished") == 4
    assert [e["output"]["text"] for e in events if e["type"] == "CellOutputReceived"] == ["28\n"]
    _, listed = await fetch_json("GET", "runs", path="nb.ipynb")
    assert (listed["runs"][0]["batches"], listed["runs"][0]["speedup"] > 0) == (4, True)
    _, line = await fetch_json("GET", f"runs/{run_id}/timeline", path="nb.ipynb")
    batches = [s["batch"] for row in line["rows"] for s in row["spans"] if s["batch"] is not None]
    assert sorted(batches) == [0, 1, 2, 3]
    _, kept = await fetch_json(
        "GET", f"runs/{run_id}/variables", path="nb.ipynb", names="total,out"
    )
    known = {variable["name"]: variable["type"] for variable in kept["variables"]}
    assert (known["out"], known["total"]) == ("list", "int")
    kernel: dict[str, object] = {}
    exec(kept["code"], kernel)
    assert (kernel["total"], kernel["out"]) == (28, list(range(8)))


async def test_stop_ends_a_cell_and_leaves_the_other_run_alone(
    warm, fetch_json, notebook, follow, jp_root_dir: Path
):
    waits = "import pathlib, time\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.01)"
    other = (await fetch_json("POST", "runs", notebook(waits, "print('other')")))[1]["run"]["id"]
    _, answer = await fetch_json("POST", "runs", notebook("import time\ntime.sleep(600)"))
    stopped = answer["run"]["id"]
    events = []
    async for event in follow(stopped):
        events.append(event)
        if event.get("type") == "StepStarted":
            assert (await fetch_json("POST", f"runs/{stopped}/cancel", path="nb.ipynb"))[0] == 202
    assert events[-1]["end"]["status"] == "cancelled"
    (jp_root_dir / "go").touch()
    assert [e async for e in follow(other)][-1]["end"]["status"] == "ok"


async def test_rows_of_a_sweep_share_a_cell_and_end_each_in_its_own_way(
    warm, fetch_json, notebook, follow
):
    body = notebook(
        "param_a = 0.5",
        "import time\nbase = list(range(4))\nprint('base')",
        "if param_a == 2:\n    raise ValueError('two')\nif param_a == 3:\n    time.sleep(600)",
        "print(sum(base) * param_a)",
    )
    rows = [{"param_a": a} for a in (1, 2, 3, 4)]
    _, sweep = await fetch_json("POST", "sweeps", {**body, "rows": rows, "jobs": 2})
    place = f"sweeps/{sweep['sweep']}"
    stopped, deadline = False, time.monotonic() + 240
    while (found := {row["state"] for row in sweep["rows"]}) & {"queued", "running"}:
        assert time.monotonic() < deadline
        run = sweep["rows"][2]["run"]
        if run is not None and not stopped:
            async for event in follow(run):
                if event.get("type") == "StepStarted" and event["step"] == "c2":
                    break
            stopped = (await fetch_json("POST", f"{place}/cancel", {"row": 2}))[0] == 202
        _, sweep = await fetch_json("GET", place)
    assert [row["state"] for row in sweep["rows"]] == ["ok", "failed", "cancelled", "ok"], found
    told = [e async for e in follow(sweep["shared"]["id"])]
    assert "c1" in [e["step"] for e in told if e.get("type") == "StepFinished"]
    told = [e async for e in follow(sweep["rows"][3]["run"])]
    assert "c1" in [e["step"] for e in told if e.get("type") == "StepReused"]
    assert "c1" not in [e["step"] for e in told if e.get("type") == "StepFinished"]
    texts = [e["output"]["text"] for e in told if e.get("type") == "CellOutputReceived"]
    assert "".join(texts) == "base\n24\n"  # a slow machine may tell a line in two parts
