"""Sweeps through the routes, in an engine of its own process that needs no Ray."""

from __future__ import annotations

import asyncio
import time

import pytest

from naavre_ext import RunOptions, run_batch
from naavre_ext.server.sweeps import Sweeps

pytestmark = pytest.mark.slow

#: What all rows share, then what differs; a row fails where there is no file of its number.
SHARED = "base = [n * n for n in range(4)]\nprint('base')"


@pytest.fixture
def described(fetch_json):
    """Asks for a sweep until a condition holds."""

    async def ask(sweep, condition=lambda sweep: True, timeout_s=240.0):
        deadline = time.monotonic() + timeout_s
        while True:
            status, answer = await fetch_json("GET", f"sweeps/{sweep['sweep']}", path="nb.ipynb")
            assert status == 200
            if condition(answer) or time.monotonic() > deadline:
                return answer
            await asyncio.sleep(0.02)

    return ask


def states(sweep):
    return [row["state"] for row in sweep["rows"]]


def is_over(sweep):
    return not {"queued", "running"} & set(states(sweep))


def ends_of(events, cell):
    """How the step of this cell ended."""
    return [e["type"] for e in events if e.get("step") == cell and e["type"] in ENDS]


ENDS = ("StepFinished", "StepReused", "StepFailed")


async def test_rows_run_in_one_batch_and_what_they_share_runs_once(
    engine, fetch_json, notebook, described, frames, jp_root_dir, jp_serverapp
):
    secret = ("secret_key = ''", "print(len(secret_key), secret_key)")
    body = notebook("param_a = 0.5", SHARED, "print(sum(base) * param_a)", *secret)
    rows = [{"param_a": a} for a in (1.0, 2.5, 3.0)]
    asked = {**body, "rows": rows, "output": "out/a{row}.ipynb"}
    asked["secrets"] = {"secret_key": "hush-hush"}
    status, sweep = await fetch_json("POST", "sweeps", asked)
    assert status == 201
    sweep = await described(sweep, is_over)
    assert states(sweep) == ["ok"] * 3
    assert [row["parameter_texts"] for row in sweep["rows"]] == [
        {"param_a": text} for text in ("1.0", "2.5", "3.0")
    ]
    assert [(run["sweep_row"], run["parameters"]) for run in sweep["runs"]] == list(enumerate(rows))
    assert [run["output"] for run in sweep["runs"]] == [f"out/a{n}.ipynb" for n in (1, 2, 3)]
    assert all((jp_root_dir / run["output"]).is_file() for run in sweep["runs"])

    _, listed = await fetch_json("GET", "runs", path="nb.ipynb")
    mine = {(run["sweep"], run["sweep_row"], run["sweep_rows"]) for run in listed["runs"]}
    assert mine == {(sweep["sweep"], row, 3) for row in (None, 0, 1, 2)}
    told, _ = await frames(sweep["shared"]["id"])
    assert ends_of(told, "c1") == ["StepFinished"]
    for run, text in zip(sweep["runs"], ("14.0\n", "35.0\n", "42.0\n"), strict=True):
        told, end = await frames(run["id"])
        assert end["status"] == "ok"
        assert ends_of(told, "c1") == ["StepReused"]
        shown = [e["output"]["text"] for e in told if e["type"] == "CellOutputReceived"]
        assert shown == ["base\n", text, "9 ***\n"]
    kept = [file for file in jp_root_dir.rglob("*") if file.is_file()]
    assert [file for file in kept if b"hush-hush" in file.read_bytes()] == []

    services = jp_serverapp.web_app.settings["naavre_ext_services"]
    services.sweeps = Sweeps(services.runs)  # as another server would
    assert await described(sweep) == sweep
    assert (await fetch_json("GET", "sweeps/batch-20200101-000000-aaaa"))[0] == 404


async def test_failed_rows_are_resumed_without_the_others_and_what_they_share(
    engine, fetch_json, notebook, described, frames, jp_root_dir, monkeypatch
):
    def end_late(*args):  # the last row has ended, the engine's connection isn't closed yet
        asyncio.get_running_loop().call_later(0.3, end, *args)

    end = Sweeps._end
    monkeypatch.setattr(Sweeps, "_end", end_late)
    fails = "if param_a > 1 and not __import__('os').path.exists('mended'):\n    raise ValueError(param_a)"
    body = notebook("param_a = 0", "param_b = 0", SHARED, fails, "print(base, param_b)")
    asked = {**body, "rows": [{"param_a": a} for a in (1, 2, 1)], "parameters": {"param_b": 7}}
    _, sweep = await fetch_json("POST", "sweeps", asked)
    first = await described(sweep, is_over)
    assert states(first) == ["ok", "failed", "ok"]
    assert first["rows"][1]["message"].endswith("ValueError: 2")
    assert first["rows"][0]["message"] is None
    (jp_root_dir / "mended").touch()
    status, again = await fetch_json("POST", f"sweeps/{sweep['sweep']}/resume", body)
    assert (status, again["sweep"]) == (201, sweep["sweep"])
    again = await described(sweep, is_over)
    assert states(again) == ["ok"] * 3
    kept, ran = [[row["run"] for row in found["rows"]] for found in (first, again)]
    assert [old == new for old, new in zip(kept, ran, strict=True)] == [True, False, True]
    told, _ = await frames(again["shared"]["id"])
    assert ends_of(told, "c2") == ["StepReused"]
    told, _ = await frames(ran[1])
    assert ends_of(told, "c2") == ["StepReused"]
    assert [e["output"]["text"] for e in told if e["type"] == "CellOutputReceived"][-1] == (
        "[0, 1, 4, 9] 7\n"
    )


async def test_rows_that_are_done_run_again_after_an_edit_only_if_that_is_allowed(
    engine, fetch_json, notebook, described
):
    body = notebook("param_a = 0", "print(1 / param_a)")
    _, sweep = await fetch_json(
        "POST", "sweeps", {**body, "rows": [{"param_a": a} for a in (1, 0)]}
    )
    assert states(await described(sweep, is_over)) == ["ok", "failed"]
    body = notebook("param_a = 0", "print(1 if param_a == 0 else 1 / param_a)")
    place = f"sweeps/{sweep['sweep']}/resume"
    status, answer = await fetch_json("POST", place, body)
    assert (status, answer["field"]) == (409, "anew")
    assert "rows that ended well would run again: 1." in answer["message"]
    assert states(await described(sweep)) == ["ok", "failed"]
    assert (await fetch_json("POST", place, {**body, "anew": True}))[0] == 201
    assert states(await described(sweep, is_over)) == ["ok"] * 2


async def test_one_row_stops_and_the_others_go_on(
    engine, fetch_json, notebook, described, jp_root_dir, waits
):
    body = notebook("param_a = 0", f"print(param_a)\n{waits}")
    body = {**body, "rows": [{"param_a": n} for n in range(4)]}
    _, sweep = await fetch_json("POST", "sweeps", body)
    place = f"sweeps/{sweep['sweep']}"
    await described(sweep, lambda s: states(s) == ["running", "queued", "queued", "queued"])
    assert (await fetch_json("POST", f"{place}/resume", body_without(body, "rows")))[0] == 409
    assert (await fetch_json("POST", f"{place}/cancel", {"row": 2}))[0] == 202
    assert (await fetch_json("POST", f"{place}/cancel", {"row": 4}))[0] == 404
    assert states(await described(sweep)) == ["running", "queued", "cancelled", "queued"]
    running = (await described(sweep))["rows"][0]["run"]
    assert (await fetch_json("POST", f"runs/{running}/cancel", path="nb.ipynb"))[0] == 202
    (jp_root_dir / "go").touch()  # the sequential executor can't stop within a cell
    ended = await described(sweep, is_over)
    assert states(ended) == ["cancelled", "ok", "cancelled", "ok"]
    assert [row["run"] is None for row in ended["rows"]] == [False, False, True, False]


def body_without(body, name):
    return {key: value for key, value in body.items() if key != name}


async def test_a_sweep_is_cancelled_whole(
    engine, fetch_json, notebook, described, frames, jp_root_dir, waits
):
    body = notebook("param_a = 0", f"print(param_a)\n{waits}", "print('not me')")
    rows = [{"param_a": n} for n in range(3)]
    _, sweep = await fetch_json("POST", "sweeps", {**body, "rows": rows, "jobs": 1})
    sweep = await described(sweep, lambda s: states(s)[0] == "running")
    assert (await fetch_json("POST", f"sweeps/{sweep['sweep']}/cancel"))[0] == 202
    (jp_root_dir / "go").touch()
    await frames(sweep["rows"][0]["run"])
    sweep = await described(sweep, is_over)
    assert states(sweep) == ["cancelled"] * 3
    assert [row["run"] is None for row in sweep["rows"]] == [False, True, True]
    assert (await fetch_json("POST", f"sweeps/{sweep['sweep']}/cancel"))[0] == 404


async def test_a_batch_of_the_command_line_is_a_sweep(fetch_json, notebook, described, jp_root_dir):
    notebook("param_a = 0", SHARED, "print(1 / param_a)")
    batch = run_batch(
        jp_root_dir / "nb.ipynb",
        [{"param_a": 0}, {"param_a": 2}],
        str(jp_root_dir / "done-{job}.ipynb"),
        options=RunOptions(executor="local"),
    )
    sweep = await described({"sweep": batch.batch_id})
    assert states(sweep) == ["failed", "ok"]
    assert sweep["runs"][1]["output"] == "done-2.ipynb"
    assert sweep["shared"]["state"] == "ok"


async def test_an_engine_that_dies_leaves_rows_that_can_be_resumed(
    engine, fetch_json, notebook, described, jp_root_dir
):
    dies = "import os\nif param_a == 2 and not os.path.exists('mended'):\n    os._exit(1)"
    body = notebook("param_a = 0", dies, "print(param_a)")
    rows = [{"param_a": n} for n in (1, 2, 3)]
    _, sweep = await fetch_json("POST", "sweeps", {**body, "rows": rows})
    assert states(await described(sweep, is_over)) == ["ok", "killed", "cancelled"]
    (jp_root_dir / "mended").touch()
    assert (await fetch_json("POST", f"sweeps/{sweep['sweep']}/resume", body))[0] == 201
    assert states(await described(sweep, is_over)) == ["ok"] * 3


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"rows": [{"param_a": 1}, {"param_b": 1}]}, 422, "rows.1"),
        ({"rows": [{"param_a": "text"}]}, 422, "rows.0"),
        ({"rows": [3]}, 400, "rows.0"),
        ({"rows": []}, 400, "rows"),
        ({"rows": [{"param_a": 1}, {"param_a": 2}], "output": "one.ipynb"}, 400, "output"),
        ({"rows": [{"param_a": 1}], "output": "{param_c}.ipynb"}, 400, "output"),
        ({"rows": [{"param_a": 1}], "jobs": 0}, 400, "jobs"),
    ],
)
async def test_bad_sweeps_run_nothing(no_engine, fetch_json, notebook, change, status, field):
    body = {**notebook("param_a = 0", "print(param_a)"), **change}
    got, answer = await fetch_json("POST", "sweeps", body)
    assert (got, answer["field"]) == (status, field)
    assert no_engine() is None
