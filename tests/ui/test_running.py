"""Notebooks are run as workflows from JupyterLab: outputs, states, results and sweeps."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.ui.lab import Lab, gate
from tests.ui.running import (
    RUN_MS,
    accept,
    ask_to_run,
    bar,
    expect_end,
    kernel_value,
    outputs,
    run,
    set_source,
)

pytestmark = pytest.mark.slow

SLOW = (
    "param_count = 12\nparam_rate = 0.5",
    "import os, time",
    "# split: measure\nresults = []\nfor i in range(param_count):\n    time.sleep(0.3)\n"
    f"    if i == 8:\n        {gate('measured')}\n"
    "    results.append(i * param_rate)\n    print('item', i)",
    "from IPython.display import HTML\nHTML(f'<b>sum {sum(results)}</b>')",
)


#: Gives the kernel of the notebook in front something to do.
EXECUTE = """code => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  kernel.requestExecute({ code });
}"""

#: It fails at an item, until 'c' is replaced.
INVERT = (
    "# split: invert\nout = []\nfor x in 'abcd':\n    if x == 'c':\n        raise ValueError(x)\n"
    "    out.append(x)"
)


def button(lab: Lab, name: str) -> Locator:
    """A button of the run that is open in front."""
    return lab.page.locator(".naavre-RunView:visible").get_by_role("button", name=name, exact=True)


def items(count: int) -> str:
    return "".join(f"item {i}\n" for i in range(count)).strip()


WIDGETS = (
    "import os, time\nimport ipywidgets as w\nfrom tqdm.auto import tqdm\nfrom IPython.display import display",
    "# split: measure\nout = []\nfor x in tqdm(range(16), desc='measured'):\n    time.sleep(0.3)\n"
    f"    if x == 8:\n        {gate('moved')}\n"
    "    out.append(x)",
    "s = w.IntSlider(3, max=40, description='sum')\ndisplay(s)\ns.value = sum(out[:5]) + 20",
    "for x in tqdm(range(3), desc='inner', leave=False):\n    pass",
    "text = w.Output()\nwith text:\n    print('caught', len(out))\ntext",
)


def test_widgets_move_while_the_run_goes_on_and_are_there_in_a_file_that_is_opened_again(
    lab: Lab,
) -> None:
    lab.open(lab.add_notebook("widgets.ipynb", *WIDGETS))
    lab.wait_for_kernel()
    lab.save()
    run(lab)
    bars = lab.cell(1).locator(".jp-OutputArea-output:has(.widget-hprogress)")
    expect(bars).to_contain_text(re.compile(r"\b[1-9]/16|1[0-5]/16"), timeout=RUN_MS)
    lab.screenshot("run-widgets")
    lab.let_go_on("moved")
    expect_end(lab, "Run done")

    def expect_widgets() -> None:
        expect(bars).to_contain_text("16/16")
        expect(lab.cell(1).locator(".progress-bar-success")).to_have_count(1)
        expect(lab.cell(2).locator(".widget-readout")).to_have_text("30")
        expect(lab.cell(4).locator(".jp-OutputArea-output").first).to_contain_text("caught 16")
        expect(lab.page.locator(".widget-hprogress:visible")).to_have_count(1)
        expect(lab.page.get_by_text("model not found")).to_have_count(0)

    expect_widgets()
    lab.save()
    lab.reload()
    lab.wait_for_kernel()
    expect_widgets()


def test_run_streams_outputs_into_cells_and_survives_a_reload(lab: Lab) -> None:
    lab.open(lab.add_notebook("reload.ipynb", *SLOW))
    lab.wait_for_kernel()
    lab.save()
    dialog = ask_to_run(lab)
    count = dialog.get_by_role("textbox", name="param_count")
    expect(count).to_have_value("12")
    count.fill("many")
    expect(dialog.locator(".naavre-Form-error")).to_contain_text("a whole number")
    accept(lab)
    expect(dialog).to_be_visible()
    lab.screenshot("run-dialog-error")
    count.fill("16")
    accept(lab)
    lab.cell(2).get_by_text("item 1").first.wait_for(timeout=RUN_MS)
    expect(lab.page.locator(".naavre-RunBar [role=progressbar]")).to_be_visible()
    lab.screenshot("run-going-on")
    lab.reload()
    expect(lab.page.locator(".naavre-RunBar [role=progressbar]")).to_be_visible()
    lab.let_go_on("measured")
    expect_end(lab, "Run done")
    assert outputs(lab, 2).strip() == items(16)
    expect(lab.cell(3).locator(".jp-Cell-outputArea b")).to_have_text("sum 60.0")
    assert "[5]" in lab.cell(3).locator(".jp-InputPrompt").inner_text()
    lab.screenshot("run-done")


def test_stop_ends_a_run_and_edited_cells_are_marked(lab: Lab) -> None:
    lab.open(lab.add_notebook("stop.ipynb", *SLOW))
    lab.wait_for_kernel()
    run(lab, param_count="4000")
    lab.cell(2).get_by_text("item 1").first.wait_for(timeout=RUN_MS)
    set_source(lab, 3, "print('another text')")
    expect(lab.cell(3).locator(".naavre-StaleNote")).to_be_visible()
    lab.screenshot("run-stale")
    bar(lab, "Stop").click()
    expect_end(lab, "Run stopped")  # long before its end
    assert lab.source(3) == "print('another text')"
    expect(lab.cell(2).locator(".naavre-StaleNote")).to_have_count(0)

    bar(lab, "Run again").click()
    lab.command("naavre-ext:show-runs")
    lab.page.get_by_role("button", name="Stop this run").click(timeout=RUN_MS)
    expect_end(lab, "Run stopped")
    expect(lab.page.locator(".naavre-Run[data-state='cancelled']")).to_have_count(2)


def test_failed_run_tells_the_item_and_goes_on_from_there(lab: Lab) -> None:
    lab.open(
        lab.add_notebook("fail.ipynb", "import time\ntime.sleep(0.5)", INVERT, "print(len(out))")
    )
    lab.wait_for_kernel()
    run(lab)
    expect_end(lab, "Run failed")
    failure = lab.page.locator(".naavre-RunBar-failure")
    expect(failure).to_contain_text("ValueError: c")
    spoken = lab.page.locator(".naavre-RunBar").get_by_role("status")
    expect(spoken).to_have_text("Run failed: invert: ValueError: c")
    assert "ValueError" in outputs(lab, 1)
    assert "/naavre_ext/" not in outputs(lab, 1)
    expect(lab.page.locator(".naavre-RunBar-item")).to_have_text("'c'")
    lab.theme("JupyterLab Dark High Contrast")
    failure.locator("summary").click()
    lab.screenshot("run-failed")
    set_source(lab, 1, INVERT.replace("'c':", "'z':"))
    bar(lab, "Resume").click()
    expect_end(lab, "Run done")
    assert outputs(lab, 2).strip() == "4"
    lab.screenshot("run-done-high-contrast")
    lab.theme("JupyterLab Light")

    bar(lab, "Load results…").click()
    lab.page.get_by_label("out", exact=True).check()
    lab.screenshot("run-results")
    lab.page.evaluate(EXECUTE, f"import os, time\n{gate('computed')}")
    lab.wait_until_kernel_is("busy")
    accept(lab)
    busy = lab.page.locator(".Toastify").get_by_text("The kernel is busy")
    expect(busy).to_be_visible()
    lab.let_go_on("computed")
    lab.page.get_by_text("1 variable is in the kernel").first.wait_for()  # for five seconds only
    expect(busy).to_have_count(0)
    assert kernel_value(lab, "out") == "['a', 'b', 'c', 'd']"

    bar(lab, "Open executed notebook").click()
    executed = lab.page.locator(".lm-TabBar-tabLabel", has_text=re.compile(r"fail\.\d+-.*\.ipynb"))
    expect(executed).to_be_visible()
    lab.wait_for_kernel()


def test_run_that_is_looked_at_resumes_and_gives_results_and_is_deleted(lab: Lab) -> None:
    """The buttons of a run in the main area, which has no bar of a notebook beside it."""
    name = lab.add_notebook("looked.ipynb", INVERT, "print(len(out))")
    lab.open(name)
    lab.wait_for_kernel()
    run(lab)
    expect_end(lab, "Run failed")
    set_source(lab, 0, INVERT.replace("'c':", "'z':"))
    lab.command("naavre-ext:show-runs")
    runs = lab.page.locator(".naavre-Run")
    runs.locator(".naavre-Run-open").click()
    button(lab, "Resume").click()
    expect_end(lab, "Run done")
    assert outputs(lab, 1).strip() == "4"

    expect(runs).to_have_count(2)
    lab.page.locator(".naavre-Run[data-state='ok'] .naavre-Run-open").click()
    button(lab, "Load results…").click()
    lab.page.get_by_label("out", exact=True).check()
    accept(lab)
    lab.page.get_by_text("In the kernel now: out").first.wait_for()
    assert kernel_value(lab, "out") == "['a', 'b', 'c', 'd']"

    lab.page.locator(".naavre-Run[data-state='ok'] .naavre-Run-open").click()
    button(lab, "Delete…").click()
    lab.page.locator(".jp-Dialog").get_by_role("button", name="Delete").click()
    expect(runs).to_have_count(1)
    expect(lab.page.locator(".naavre-RunView:visible")).to_have_count(0)


def test_refused_notebook_names_the_cell_and_nothing_runs(lab: Lab) -> None:
    lab.open(lab.add_notebook("refused.ipynb", "x = 1", "print(y)"))
    lab.wait_for_kernel()
    lab.page.locator("[data-command='naavre-ext:run-workflow']").click()
    row = lab.page.locator(".naavre-RunBar-diagnostics li")
    expect(row).to_contain_text("NX302")
    lab.screenshot("run-refused")
    lab.select_cell(0)
    row.get_by_role("button", name="Cell 2").click()
    expect(lab.cell(1)).to_have_class(re.compile(r"\bjp-mod-active\b"))
    set_source(lab, 1, "print(x)")
    expect(row).to_be_hidden()


def test_old_notebook_without_cell_ids_shows_its_outputs(lab: Lab) -> None:
    name = lab.add_notebook(
        "old.ipynb", "# split: double\nout = [2 * i for i in range(3)]", "print(out)"
    )
    file = lab.server.root / name
    old = json.loads(file.read_text())
    old["nbformat_minor"] = 4
    for cell in old["cells"]:
        del cell["id"]
    file.write_text(json.dumps(old))
    lab.open(name)
    lab.wait_for_kernel()
    run(lab)
    expect_end(lab, "Run done")
    assert outputs(lab, 1).strip() == "[0, 2, 4]"


#: A row fails until there is a file; what comes before it is the same for all rows.
SWEPT = (
    "param_n = 1\nparam_x = 0.5",
    "print('base')\nbase = sum(range(5))",
    "import os\nif param_n == 4 and param_x == 1 and not os.path.exists('mended'):\n"
    "    raise ValueError('not yet')",
    "print(base * param_n * param_x)",
)


#: Gives the second cell of the open notebook another text, and tells the one before.
EDIT_NOTEBOOK = """text => {
  const notebook = [...window.jupyterapp.shell.widgets('main')].find(widget => widget.content?.model?.cells);
  const { sharedModel } = notebook.content.model.cells.get(1);
  const before = sharedModel.getSource();
  sharedModel.setSource(text);
  return before;
}"""


def ends_of(lab: Lab, run: str, cell: str) -> list[str]:
    """How the steps of a cell ended, by the events of a run."""
    events = lab.server.get(f"naavre-ext/runs/{run}/events?path=sweep.ipynb")["events"]
    ended = [e for e in events if e["type"] in ("StepFinished", "StepReused", "StepFailed")]
    return [e["type"] for e in ended if e["step"] == cell]


def test_sweep_runs_rows_in_one_batch_and_resumes_failed_ones(lab: Lab) -> None:
    lab.open(lab.add_notebook("sweep.ipynb", *SWEPT))
    lab.wait_for_kernel()
    lab.page.evaluate("() => { void window.jupyterapp.commands.execute('naavre-ext:sweep') }")
    dialog = lab.page.locator(".naavre-FormDialog")
    # The dialog sets the focus itself when it is there.
    expect(dialog.locator(":focus")).to_have_count(1)
    # By keyboard: JupyterLab's dialogs want Enter and the arrows for their buttons.
    dialog.get_by_role("tab", name="Values").focus()
    lab.page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("tab", name="Table", exact=True)).to_be_focused()
    dialog.get_by_role("textbox", name="Table").focus()
    lab.page.keyboard.type("param_n,param_x\n2,0.5\n3,no")
    expect(dialog.get_by_role("alert")).to_contain_text("Row 3, column 2")
    lab.screenshot("sweep-error")
    dialog.get_by_role("tab", name="Values").click()
    dialog.get_by_role("textbox", name="param_n").fill("2 to 4 step 2")
    dialog.get_by_role("textbox", name="param_x").fill("1, 2.5")
    expect(dialog.locator(".naavre-Sweep-preview")).to_contain_text("4 runs")
    lab.screenshot("sweep-form")
    dialog.get_by_role("button", name="Run all").focus()
    lab.page.keyboard.press("Tab")
    expect(dialog.get_by_role("tab", name="Values")).to_be_focused()
    dialog.locator("summary").press("Enter")
    expect(dialog.get_by_label("Runs at once")).to_be_visible()
    accept(lab)
    table = lab.page.locator(".naavre-SweepView")
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(4, timeout=RUN_MS)
    sweep = str(
        table.locator("xpath=ancestor::*[starts-with(@id, 'naavre-batch-')]").first.get_attribute(
            "id"
        )
    ).removeprefix("naavre-")
    lab.wait_until_layout_has(sweep)
    lab.reload()
    expect(rows.locator(".naavre-mod-ok")).to_have_count(3, timeout=RUN_MS)
    expect(rows.locator(".naavre-mod-failed")).to_have_count(1, timeout=RUN_MS)
    expect(rows.nth(2)).to_contain_text("1.0")  # floats stay floats
    expect(rows.nth(2)).to_contain_text("ValueError: not yet")
    lab.screenshot("sweep-failed")

    told = lab.server.get(f"naavre-ext/sweeps/{sweep}?path=sweep.ipynb")
    assert ends_of(lab, told["shared"]["id"], "cell-2") == ["StepFinished"]
    for each in told["runs"]:
        assert ends_of(lab, each["id"], "cell-2") == ["StepReused"]

    (lab.server.root / "mended").touch()
    source = lab.page.evaluate(EDIT_NOTEBOOK, "print('another base')\nbase = 10")
    table.get_by_role("button", name="Resume").click()
    question = lab.page.locator(".jp-Dialog")
    expect(question).to_contain_text("they run again, too")
    lab.screenshot("sweep-edited")
    question.get_by_role("button", name="Cancel").click()
    expect(rows.locator(".naavre-mod-ok")).to_have_count(3)
    lab.page.evaluate(EDIT_NOTEBOOK, source)
    table.get_by_role("button", name="Resume").click()
    expect(rows.locator(".naavre-mod-ok")).to_have_count(4, timeout=RUN_MS)
    again = lab.server.get(f"naavre-ext/sweeps/{told['sweep']}?path=sweep.ipynb")
    assert ends_of(lab, again["shared"]["id"], "cell-2") == ["StepReused"]
    same = [old["run"] == new["run"] for old, new in zip(told["rows"], again["rows"], strict=True)]
    assert same == [True, True, False, True]

    lab.command("application:close")
    lab.command("naavre-ext:show-runs")
    expect(lab.page.locator(".naavre-RunSweep")).to_contain_text("4 of 4 done")
    lab.page.get_by_role("button", name="Open as a table").click()
    expect(rows.locator(".naavre-mod-ok")).to_have_count(4)
    table.get_by_role("button", name="Show row 1 in notebook").click()
    expect_end(lab, "Run done")
    expect(lab.cell(3).locator(".jp-Cell-outputArea")).to_contain_text("20.0")
    lab.theme("JupyterLab Dark")
    lab.screenshot("sweep-dark")
    lab.theme("JupyterLab Light")
