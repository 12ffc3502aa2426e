"""The runs of a notebook: the list, a run's timeline and logs, and its progress in the drawing."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.ui.lab import Lab
from tests.ui.run_records import RecordedRun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NOTEBOOK = "splitting-classic.ipynb"
BATCHES, RATE = 2000, 200

# Every frame: when, and how many batches the drawing says are done.
WATCH = """() => {
  window.seen = [];
  const look = () => {
    const text = document.querySelector("[data-step='process']")?.textContent ?? '';
    const found = /(\\d+) of 2000/.exec(text);
    window.seen.push([Date.now() / 1000, performance.now(), found ? Number(found[1]) : 0]);
    window.watching = requestAnimationFrame(look);
  };
  look();
}"""


@pytest.fixture
def notebook(lab: Lab) -> Path:
    """The example in the server's root, without runs."""
    lab.add_example("splitting-classic")
    return lab.server.root / NOTEBOOK


def finished(notebook: Path, start: float, **more: object) -> RecordedRun:
    """A run that went well: eight batches on two workers."""
    run = RecordedRun(notebook, start, **more)
    for step, begin, end in (("parameters", 0.0, 0.1), ("generate", 0.1, 0.5)):
        run.begin(step, begin)
        run.finish(step, begin, end)
    run.begin("process", 0.5)
    run.split("process", 8, 8, 0.5)
    for number in range(8):
        begin = 0.6 + (number // 2) * 0.5
        run.batch("process", number, begin, begin + 0.45, f"w{number % 2 + 1}")
    run.write("process", "genome 0 is nearest to 12\n", 2.6)
    run.finish("process", 0.5, 2.8, batches=8)
    run.begin("result", 2.8)
    run.finish("result", 2.8, 3.0)
    run.end("ok", 3.0)
    return run


def failed(notebook: Path, start: float) -> RecordedRun:
    """A run whose second batch raised."""
    run = RecordedRun(notebook, start)
    run.begin("process", 0.0)
    run.split("process", 8, 8, 0.1)
    run.batch("process", 0, 0.1, 0.6, "w1")
    run.fail("process", 0.0, 0.7, batch=1)
    run.end("failed", 0.7)
    return run


def test_runs_are_listed_opened_and_deleted(lab: Lab, notebook: Path) -> None:
    now = time.time()
    good = finished(notebook, now - 300, parameters={"param_genomes": 30})
    bad = failed(notebook, now - 200)
    for row, genomes in enumerate((4, 8)):
        given = {"param_genomes": genomes, "param_batches": 2}
        labels = {"sweep": "s1", "sweep_row": row, "sweep_rows": 2}
        finished(notebook, now - 100, parameters=given, labels=labels)
    lab.open(NOTEBOOK)
    lab.command("naavre-ext:show-runs")
    page = lab.page
    runs = page.locator(".naavre-Run")
    expect(runs).to_have_count(4)
    sweep = page.locator(".naavre-RunSweep")
    expect(sweep).to_contain_text("Sweep of param_genomes")
    expect(sweep).to_contain_text("2 of 2 done")
    item = page.locator(f"[data-run='{good.id}']")
    expect(item).to_contain_text("3.0 s")
    expect(item).to_contain_text("param_genomes = 30")
    expect(page.locator(f"[data-run='{bad.id}']")).to_have_attribute("data-state", "failed")
    # The last run that isn't a sweep's has failed.
    expect(page.locator(".naavre-Badge[data-run='failed']")).to_contain_text("ValueError")
    lab.screenshot("runs")

    item.locator(".naavre-Run-open").click()
    view = page.locator(".naavre-RunView")
    expect(view.locator(".naavre-Gantt-names > div")).to_have_count(3)
    expect(view.locator(".naavre-Gantt-bar")).to_have_count(8 + 3 + 2)
    expect(view.locator(".naavre-Explanation-path li")).to_have_count(4)
    expect(view.locator(".naavre-Explanation")).to_contain_text("What would help most")
    view.locator(".naavre-Gantt-bar").nth(5).hover()
    expect(view.locator(".naavre-Flow-hint")).to_contain_text('cell 6 "compare genomes"')
    lab.screenshot("run-timeline")
    view.get_by_role("tab", name="Logs").click()
    expect(view).to_contain_text("genome 0 is nearest to 12")
    view.get_by_text("8 batches").click()
    expect(view.locator("tr[data-state='done']")).to_have_count(8)
    lab.command("application:close")

    page.locator(f"[data-run='{bad.id}'] .naavre-Run-open").click()
    expect(view).to_contain_text("ValueError: no such genome")
    view.get_by_role("tab", name="Logs").click()
    expect(view.locator("tr[data-state='failed']")).to_contain_text("item 8: 'ACGT'")
    lab.theme("JupyterLab Dark")
    page.wait_for_timeout(500)
    lab.screenshot("run-logs-dark")
    lab.theme("JupyterLab Light")
    view.get_by_role("button", name="cell 6").click()
    assert (
        page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCell?.model.id")
        == "process"
    )

    page.locator(f"[data-run='{bad.id}']").get_by_role("button", name="Delete this run").click()
    page.get_by_role("button", name="Cancel").click()
    expect(runs).to_have_count(4)
    page.locator(f"[data-run='{bad.id}']").get_by_role("button", name="Delete this run").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Delete").click()
    expect(runs).to_have_count(3)
    assert not bad.log.path.exists()
    assert good.log.path.exists()


def test_drawing_shows_two_thousand_batches_as_they_are_done(
    lab: Lab, notebook: Path, measured: Callable[[str], None]
) -> None:
    run = RecordedRun(notebook, time.time(), slots=4)
    run.begin("process")
    run.split("process", BATCHES, BATCHES)
    lab.open(NOTEBOOK)
    lab.command("naavre-ext:show-workflow")
    lab.command("naavre-ext:show-runs")
    page = lab.page
    page.locator(f"[data-run='{run.id}']").get_by_role(
        "button", name="Show in the workflow"
    ).click()
    step = page.locator("[data-step='process']")
    expect(step).to_contain_text("0 of 2000")
    expect(step).to_have_attribute("data-state", "running")
    page.wait_for_timeout(2000)  # opening the panel is over
    page.evaluate(WATCH)
    told: list[float] = []

    def work() -> None:
        begin = time.time()
        for number in range(BATCHES):
            time.sleep(max(0.0, begin + number / RATE - time.time()))
            since = time.time() - run.start
            run.batch("process", number, since - 0.02, since, f"w{number % 4}")
            told.append(run.start + since)

    worker = threading.Thread(target=work)
    worker.start()
    expect(step).to_contain_text("2000 of 2000")
    worker.join()
    seen: list[tuple[float, float, int]] = page.evaluate(
        "() => { cancelAnimationFrame(window.watching); return window.seen; }"
    )
    lab.screenshot("panel-running")
    end = time.time() - run.start
    run.finish("process", 0.0, end, batches=BATCHES)
    run.end("ok", end)
    expect(step).to_contain_text("2000 batches")
    measured(describe(told, seen))


def describe(told: list[float], seen: list[tuple[float, float, int]]) -> str:
    """From a batch's event to the frame that shows it, and how long frames took meanwhile."""
    delays, number = [], 0
    for clock, _, done in seen:
        while number < done:
            delays.append(1000 * (clock - told[number]))
            number += 1
    busy = [frame for clock, frame, _ in seen if told[0] <= clock <= told[-1]]
    gaps = [right - left for left, right in pairwise(busy)]
    late = sum(gap > 34 for gap in gaps)
    return (
        f"event to pixel at {RATE} events/s: median {statistics.median(delays):.0f} ms, "
        f"95 % below {statistics.quantiles(delays, n=20)[-1]:.0f} ms (limit 100); "
        f"{BATCHES} batches: {len(gaps)} frames, median {statistics.median(gaps):.1f} ms, "
        f"{late} longer than 34 ms, longest {max(gaps):.0f} ms"
    )
