"""The extension is there in JupyterLab and in Notebook 7, compiles what is open, and costs little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.ui.lab import Lab
from tests.ui.labserver import LabServer
from tests.ui.running import RUN_MS, accept, expect_end, outputs, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PLUGINS = (
    "naavre-ext:plugin",
    "naavre-ext:status",
    "naavre-ext:annotation-editor",
    "naavre-ext:annotation-form",
    "naavre-ext:cell-badges",
)
#: What is wanted of a quiet machine, in milliseconds. It is measured, and not asserted.
START_UP_MS, COMPILE_MS = 100, 200


def active_plugins(lab: Lab) -> list[str]:
    names: list[str] = lab.page.evaluate(
        "names => names.filter(name => window.jupyterapp.isPluginActivated(name))", list(PLUGINS)
    )
    return names


def test_plugins_are_active(lab: Lab) -> None:
    assert active_plugins(lab) == list(PLUGINS)


def test_status_bar_tells_the_size_of_the_workflow(lab: Lab) -> None:
    status = lab.page.locator(".naavre-StatusItem-button")
    expect(status).to_have_count(0)
    lab.open(lab.add_example("splitting-batch"))
    expect(status).to_have_text("6 steps, 5 split")


def test_start_up_costs_little(open_lab: Lab, measured: Callable[[str], None]) -> None:
    """The time that scripts spend in our code, or in what it calls, until JupyterLab has started."""
    page = open_lab.page
    profiler = page.context.new_cdp_session(page)
    profiler.send("Profiler.enable")
    profiler.send("Profiler.setSamplingInterval", {"interval": 200})
    profiler.send("Profiler.start")
    open_lab.reload()
    spent = spent_ms(profiler.send("Profiler.stop")["profile"], "/extensions/naavre-ext/")
    profiler.detach()
    measured(f"start-up: {spent:.0f} ms in scripts of the extension (limit {START_UP_MS})")
    assert spent > 0


def spent_ms(profile: dict[str, Any], place: str) -> float:
    """The time during which a function of the scripts at ``place`` was called, by a profile of the browser."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    ours: set[int] = set()
    waiting = [node for node in nodes.values() if place in node["callFrame"]["url"]]
    while waiting:
        node = waiting.pop()
        ours.add(node["id"])
        waiting += [nodes[child] for child in node.get("children", ()) if child not in ours]
    samples = zip(profile["samples"], profile["timeDeltas"], strict=True)
    return sum(delta for sample, delta in samples if sample in ours) / 1000


def test_fifty_cells_compile_while_typing(lab: Lab, measured: Callable[[str], None]) -> None:
    cells = ["items = list(range(100))"]
    for number in range(49):
        source = f"out_{number} = []\nfor item in items:\n    out_{number}.append(item * {number})"
        cells.append(source if number % 2 else f"# split: make {number}\n{source}")
    lab.open(lab.add_notebook("fifty.ipynb", *cells))
    status = lab.page.locator(".naavre-StatusItem-button")
    expect(status).to_contain_text("50 steps")
    times = []
    for attempt in range(5):
        note = f"# edit {attempt}"
        # An earlier compilation may still be under way, which the edit ends: only this edit's counts.
        with lab.page.expect_event(
            "requestfinished",
            lambda request, note=note: "/compile" in request.url and note in request.post_data,
        ) as finished:
            lab.page.evaluate(
                """note => window.jupyterapp.shell.currentWidget.content.model.cells.get(20)
                  .sharedModel.updateSource(0, 0, `${note}\n`)""",
                note,
            )
        timing = finished.value.timing
        times.append(timing["responseEnd"] - timing["requestStart"])
    measured(f"compile, round trip of 50 cells: median {median(times):.0f} ms (limit {COMPILE_MS})")
    expect(status).to_contain_text("50 steps")


def sweep_over(lab: Lab, values: str) -> None:
    """Runs the notebook for two values of param_genomes; there is room for what can be done with their rows."""
    lab.page.evaluate("() => { void window.jupyterapp.commands.execute('naavre-ext:sweep') }")
    lab.page.locator(".naavre-FormDialog").get_by_role("textbox", name="param_genomes").fill(values)
    accept(lab)
    rows = lab.page.locator(".naavre-SweepView tbody tr")
    expect(rows.locator(".naavre-mod-ok")).to_have_count(2, timeout=RUN_MS)
    for name in ("Show row 1 in notebook", "Times and logs of row 1"):
        expect(rows.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    lab.screenshot("notebook-7-sweep")


@pytest.fixture(scope="module")
def notebook_app(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    server = LabServer.start(tmp_path_factory.mktemp("notebook"), "notebook")
    yield server
    server.stop()


def test_notebook_7_has_it_too(browser: Browser, notebook_app: LabServer) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(90_000)
    lab = Lab(context, notebook_app)
    lab.go(f"notebooks/{lab.add_example('splitting-classic')}")
    badges = lab.page.locator(".naavre-Badge")
    expect(badges.first).to_be_visible()
    # Notebook 7 has no status bar in its notebook view; the rest is there.
    assert set(PLUGINS) - {"naavre-ext:status"} <= set(active_plugins(lab))
    lab.page.locator(".jp-CodeCell").nth(1).click()
    lab.command("naavre-ext:edit-annotations")
    expect(lab.page.locator(".naavre-Sidebar-content h2")).to_be_visible()
    lab.screenshot("notebook-7")
    lab.wait_for_kernel()
    run(lab, param_genomes="4")
    expect_end(lab, "Run done")
    assert "nearest" in outputs(lab, 7)
    lab.screenshot("notebook-7-run")
    lab.page.reload()  # nothing was saved
    expect(lab.cell(7).locator(".jp-Cell-outputArea")).to_contain_text("nearest")
    sweep_over(lab, "3, 4")
    # Notebook 7.6 has an error of its own when it starts.
    assert [error for error in lab.errors if "/extensions/naavre-ext/" in error] == []
    assert lab.offsite == []
    context.close()
