"""Annotating cells: in their comments with help of the editor, and with the form; what the badges say."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.ui.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PREPARE = "import time\nparam_count = 8\nitems = list(range(param_count))"
LOOP = "results = []\nfor item in items:\n    time.sleep(0.05)\n    results.append(item ** 2)"
BREAKS = "# split: find one\nfor item in results:\n    time.sleep(0.05)\n    if item > 20:\n        break"


def open_notebook(lab: Lab, name: str, *sources: str) -> None:
    lab.open(lab.add_notebook(name, *sources))
    expect(lab.page.locator(".naavre-StatusItem-button")).to_contain_text("step")


def badge(lab: Lab, index: int) -> Locator:
    return lab.cell(index).locator(".naavre-Badge")


def form(lab: Lab, index: int) -> Locator:
    """The form for this cell."""
    lab.select_cell(index)
    lab.command("naavre-ext:edit-annotations")
    return lab.page.locator(".naavre-Sidebar-content")


def edit(lab: Lab, index: int) -> None:
    """Puts the cursor at the cell's beginning."""
    lab.select_cell(index)
    lab.command("notebook:enter-edit-mode")
    lab.page.keyboard.press("Control+Home")


def test_annotation_is_completed_while_typing(lab: Lab) -> None:
    open_notebook(lab, "completion.ipynb", PREPARE, LOOP)
    edit(lab, 1)
    lab.page.keyboard.type("\n")
    lab.page.keyboard.press("ArrowUp")
    lab.page.keyboard.type("# ba")
    options = lab.page.locator(".naavre-Completion")
    expect(options.first).to_contain_text("batches")
    lab.page.keyboard.press("Tab")
    expect(options.first).to_contain_text("sized while running")
    expect(options.nth(1)).to_contain_text("param_count")
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("ArrowDown")
    lab.screenshot("completion")
    lab.page.keyboard.press("Tab")
    assert lab.source(1).splitlines()[0] == "# batches: param_count"


def test_return_ends_a_comment_that_begins_like_an_annotation(lab: Lab) -> None:
    open_notebook(lab, "comment.ipynb", PREPARE, "\n" + LOOP)
    edit(lab, 1)
    lab.page.keyboard.type("# gro")
    expect(lab.page.locator(".naavre-Completion").first).to_be_visible()
    lab.page.keyboard.press("Enter")
    assert lab.source(1).splitlines()[0] == "# gro"


def test_escape_closes_the_list_and_stays_in_the_cell(lab: Lab) -> None:
    open_notebook(lab, "escape.ipynb", PREPARE, "\n" + LOOP)
    edit(lab, 1)
    lab.page.keyboard.type("# re")
    expect(lab.page.locator(".naavre-Completion").first).to_be_visible()
    lab.page.keyboard.press("Escape")
    expect(lab.page.locator(".naavre-Completion")).to_have_count(0)
    lab.page.keyboard.type("st")
    assert lab.source(1).startswith("# rest\n")


def test_annotations_have_colours_and_help(lab: Lab) -> None:
    open_notebook(lab, "help.ipynb", PREPARE, f"# split: square\n# an ordinary comment\n{LOOP}")
    keys = lab.cell(1).locator(".naavre-Annotation-key")
    expect(keys).to_have_count(1)
    keys.first.hover()
    hint = lab.page.locator(".naavre-Help")
    expect(hint).to_contain_text("Name the cell and let its loops be split")
    lab.screenshot("help")


def test_malformed_annotation_is_underlined(lab: Lab) -> None:
    open_notebook(lab, "malformed.ipynb", PREPARE, f"# batches: 3.5 or so\n{LOOP}")
    mark = lab.cell(1).locator(".cm-lintRange").first
    expect(mark).to_contain_text("# batches: 3.5 or so")
    mark.hover()
    expect(lab.page.locator(".naavre-Underlined")).to_contain_text("a whole number from 1")
    lab.screenshot("underlined")


def test_form_writes_the_comments_and_undo_takes_them_back(lab: Lab) -> None:
    open_notebook(lab, "form.ipynb", PREPARE, f"# my own remark\n{LOOP}")
    fields = form(lab, 1)
    expect(lab.page.locator(".naavre-Sidebar-content :focus")).to_have_count(1)
    fields.get_by_label("Split its loops over workers").check()
    expect(badge(lab, 1)).to_contain_text("split")
    fields.get_by_label("Title").fill("square the items")
    fields.get_by_label("Title").press("Enter")
    batches = fields.get_by_label("Batches")
    batches.fill("4")
    batches.press("Enter")
    expect(badge(lab, 1)).to_contain_text("split ×4")
    head = ["# my own remark", "# split: square the items", "# batches: 4"]
    assert lab.source(1).splitlines() == [*head, *LOOP.splitlines()]
    lab.screenshot("form")
    lab.select_cell(1)
    lab.command("notebook:undo")
    expect(badge(lab, 1)).to_have_text("split")
    assert lab.source(1).splitlines() == [*head[:2], *LOOP.splitlines()]


def test_form_says_what_a_value_must_be(lab: Lab) -> None:
    open_notebook(lab, "invalid.ipynb", PREPARE, f"# split: square\n{LOOP}")
    batches = form(lab, 1).get_by_label("Batches")
    batches.fill("-3")
    batches.press("Enter")
    expect(lab.page.get_by_role("alert")).to_contain_text("a whole number from 1")
    lab.screenshot("form-invalid")
    batches.press("Escape")
    expect(lab.page.get_by_role("alert")).to_have_count(0)
    assert lab.source(1) == f"# split: square\n{LOOP}"


def test_suggested_split_is_a_button(lab: Lab) -> None:
    open_notebook(lab, "suggestion.ipynb", PREPARE, LOOP)
    fields = form(lab, 1)
    lab.screenshot("suggestion")
    fields.get_by_role("button", name="Split it").click()
    expect(badge(lab, 1)).to_contain_text("split")
    assert lab.source(1).startswith("# split: ")


def test_loop_that_runs_whole_says_why(lab: Lab) -> None:
    open_notebook(lab, "whole.ipynb", PREPARE, LOOP, BREAKS)
    expect(badge(lab, 2)).to_have_text("runs whole")
    loops = form(lab, 2).locator(".naavre-Loops")
    expect(loops).to_contain_text("'break' ends it early")
    expect(loops).to_contain_text("keep all results and pick the first match")
    lab.page.get_by_role("button", name="cell 2").first.click()
    expect(lab.page.locator(".naavre-Sidebar-content h2")).to_have_text("Cell 2")


def test_cell_is_kept_out_of_the_workflow_by_command(lab: Lab) -> None:
    open_notebook(lab, "out.ipynb", PREPARE, LOOP, "print(results)")
    lab.select_cell(2)
    lab.command("naavre-ext:keep-out-of-workflow")
    expect(badge(lab, 2)).to_have_text("notebook only")
    assert lab.source(2).splitlines()[0] == "# (do not containerize!)"
    lab.command("naavre-ext:keep-out-of-workflow")
    expect(badge(lab, 2)).not_to_have_text("notebook only")
    assert lab.source(2) == "print(results)"


def test_refused_notebook_shows_the_error_at_its_cell(lab: Lab) -> None:
    open_notebook_refused = lab.add_notebook("refused.ipynb", PREPARE, "x = items[\n")
    lab.open(open_notebook_refused)
    expect(lab.page.locator(".naavre-StatusItem-button")).to_contain_text("1 error")
    expect(badge(lab, 1)).to_have_text("1 error")
    expect(form(lab, 1).locator(".naavre-Problem")).to_contain_text("NX")
    lab.screenshot("refused")


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_themes_are_followed(lab: Lab, theme: str) -> None:
    open_notebook(lab, "theme.ipynb", PREPARE, f"# split: square\n# batches: 4\n{LOOP}", BREAKS)
    form(lab, 1)
    try:
        lab.theme(theme)
        lab.screenshot(theme.lower().replace(" ", "-"))
        colour = (
            lab.cell(1)
            .locator(".naavre-Annotation-key")
            .first.evaluate("node => getComputedStyle(node).color")
        )
        assert colour == lab.page.evaluate(
            """() => {
              const probe = document.createElement('i');
              probe.style.color = 'var(--jp-brand-color1)';
              document.body.append(probe);
              const { color } = getComputedStyle(probe);
              probe.remove();
              return color;
            }"""
        )
    finally:
        lab.theme("JupyterLab Light")
