"""The workflow panel: drawn while one types, selected both ways, by keyboard as well, saved as a file."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.ui.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PANEL = ".naavre-WorkflowPanel:not(.lm-mod-hidden)"
STEP = f"{PANEL} [data-step]"
OPEN = """async () => {
  const start = performance.now();
  await window.jupyterapp.commands.execute('naavre-ext:show-workflow');
  while (!document.querySelector('.naavre-WorkflowPanel:not(.lm-mod-hidden) [data-step]')) {
    await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""


LOOP = """\
squares = []
for n in range(50):
    total = 0
    for k in range(1000):
        total += k * n
    squares.append(total)"""


def step(lab: Lab, cell_id: str) -> Locator:
    """The step of a cell in the panel."""
    return lab.page.locator(f"{PANEL} [data-step='{cell_id}']")


def show(lab: Lab, path: str) -> None:
    """Opens a notebook and its workflow panel."""
    lab.open(path)
    lab.page.locator(".naavre-StatusItem-button").wait_for()
    lab.command("naavre-ext:show-workflow")
    lab.page.locator(".naavre-WorkflowPanel").wait_for()


def active_cell(lab: Lab, panel: str) -> str:
    """The id of the active cell of an open notebook."""
    text: str = lab.page.evaluate(
        """path => [...window.jupyterapp.shell.widgets('main')]
            .find(w => w.context?.path === path && w.content.activeCell).content.activeCell.model.id""",
        panel,
    )
    return text


def type_into(lab: Lab, index: int, source: str) -> None:
    """Changes a cell of the notebook as typing does."""
    lab.page.evaluate(
        """([index, source]) => {
          const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.content?.model?.cells);
          panel.content.model.cells.get(index).sharedModel.setSource(source);
        }""",
        [index, source],
    )


def test_toolbar_button_draws_the_notebook_beside_it(
    lab: Lab, measured: Callable[[str], None]
) -> None:
    lab.open(lab.add_example("splitting-classic"))
    expect(lab.page.locator(".naavre-StatusItem-button")).to_contain_text("4 steps")
    first = lab.page.evaluate(OPEN)
    expect(lab.page.locator(STEP)).to_have_count(4)
    for text in ("compare genomes", "×param_batches", "enumerate(genomes)", "split", "merge"):
        expect(step(lab, "process")).to_contain_text(text)
    expect(lab.page.locator(".naavre-Flow .react-flow__edge")).to_have_count(3)
    lab.screenshot("panel")
    lab.command("application:close")
    lab.page.locator(".naavre-WorkflowPanel").wait_for(state="detached")
    lab.page.locator("[data-jp-item-name='naavre-workflow'] >> jp-button").click()
    expect(lab.page.locator(STEP)).to_have_count(4)
    lab.command("application:close")
    again = lab.page.evaluate(OPEN)
    measured(f"panel open: {first:.0f} ms for the first time, then {again:.0f} ms (limit 300)")


def test_step_and_cell_are_selected_together_also_by_keyboard(lab: Lab) -> None:
    path = lab.add_example("splitting-classic")
    show(lab, path)
    step(lab, "process").click()
    assert active_cell(lab, path) == "process"
    expect(step(lab, "process")).to_be_focused()
    details = lab.page.locator(".naavre-Details")
    expect(details).to_contain_text("The loop over enumerate(genomes)")
    lab.page.keyboard.press("ArrowDown")
    expect(step(lab, "result")).to_be_focused()
    assert active_cell(lab, path) == "result"
    lab.page.keyboard.press("Home")
    expect(step(lab, "parameters")).to_have_attribute("aria-current", "true")
    lab.page.keyboard.press("ArrowDown")
    expect(step(lab, "generate")).to_be_focused()
    label = step(lab, "generate").get_attribute("aria-label") or ""
    assert label.startswith(
        'Cell 4 "generate genomes". The list comprehension over range(param_genomes)'
    )
    assert "Waits for cell 2" in label
    lab.page.keyboard.press("Enter")
    expect(lab.page.locator(".jp-NotebookPanel .jp-mod-active")).to_be_visible()
    assert lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.context?.path") == path
    lab.select_cell(7)  # the cell "result", in the notebook
    expect(step(lab, "result")).to_have_attribute("aria-current", "true")
    details.get_by_role("button", name='cell 6 "compare genomes"').click()
    assert active_cell(lab, path) == "process"
    edge = lab.page.locator(
        ".react-flow__edge[data-id='generate→process'] .react-flow__edge-interaction"
    )
    edge.hover(force=True)
    expect(lab.page.locator(".naavre-Flow-hint")).to_have_text(
        'Cell 6 "compare genomes" needs genomes from cell 4 "generate genomes".'
    )


def test_drawing_follows_what_is_typed_and_stays_when_it_is_refused(lab: Lab) -> None:
    path = lab.add_notebook("typing.ipynb", "a = 1", "b = 2", "c = 3")
    show(lab, path)
    expect(lab.page.locator(STEP)).to_have_count(3)
    edges = lab.page.locator(".naavre-Flow .react-flow__edge")
    expect(edges).to_have_count(0)
    type_into(lab, 2, "c = a + b")
    expect(edges).to_have_count(2)
    type_into(lab, 1, "b = a +")
    notices = lab.page.locator(".naavre-Notices")
    expect(notices).to_contain_text("can't be run as a workflow yet")
    expect(notices).to_contain_text("cell 2")
    expect(lab.page.locator(STEP)).to_have_count(3)
    expect(lab.page.locator(".naavre-Badge.naavre-mod-old")).to_have_count(2)
    lab.screenshot("panel-refused")
    expect(step(lab, "cell-2").locator("circle")).to_be_visible()
    notices.get_by_role("button", name="Go to cell").click()
    assert active_cell(lab, path) == "cell-2"
    type_into(lab, 1, "b = a + 1")
    expect(notices).to_have_count(0)
    expect(lab.page.locator(".naavre-Badge.naavre-mod-old")).to_have_count(0)
    expect(step(lab, "cell-3")).to_have_attribute(
        "aria-label", "Cell 3: c = a + b. Waits for cell 2 (b). Makes c."
    )


def test_empty_states_teach(lab: Lab) -> None:
    path = lab.add_notebook("empty.ipynb", "")
    show(lab, path)
    empty = lab.page.locator(".naavre-NoDrawing")
    expect(empty).to_contain_text("Every code cell becomes a step")
    lab.screenshot("panel-empty")
    type_into(lab, 0, LOOP)
    hint = lab.page.locator(".naavre-Notices.naavre-mod-hint")
    expect(hint).to_contain_text("Nothing is split yet")
    lab.screenshot("panel-hint")
    hint.get_by_role("button", name="Add '# split:'").click()
    expect(hint).to_have_count(0)
    expect(step(lab, "cell-1")).to_contain_text("merge")


def test_drawing_is_saved_as_svg_and_png(lab: Lab, tmp_path: Path) -> None:
    show(lab, lab.add_example("splitting-classic"))
    expect(lab.page.locator(STEP)).to_have_count(4)
    with lab.page.expect_download() as download:
        lab.command("naavre-ext:export-workflow-svg")
    assert download.value.suggested_filename == "splitting-classic.svg"
    download.value.save_as(tmp_path / "w.svg")
    text = (tmp_path / "w.svg").read_text()
    assert "var(" not in text
    root = ET.fromstring(text)
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"generate genomes", "compare genomes", "summarise", "split", "merge"} <= texts
    with lab.page.expect_download() as download:
        lab.command("naavre-ext:export-workflow-png")
    download.value.save_as(tmp_path / "w.png")
    assert (tmp_path / "w.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "w.png").stat().st_size > 10_000


def test_direction_is_kept_and_the_panel_is_there_after_a_reload(lab: Lab) -> None:
    show(lab, lab.add_example("temperature-map"))
    expect(lab.page.locator(STEP)).to_have_count(5)

    def across() -> bool:
        first, last = (step(lab, cell).bounding_box() for cell in ("stations", "map"))
        assert first
        assert last
        return last["x"] > first["x"] + first["width"]

    def wait_until_across() -> None:
        while not across():
            lab.page.wait_for_timeout(50)

    assert not across()
    with lab.page.expect_event(
        "requestfinished",
        lambda request: request.method == "PUT" and "orientation" in (request.post_data or ""),
    ):
        lab.page.get_by_role("button", name="Left to right, or top to bottom").click()
    wait_until_across()
    lab.wait_until_layout_has("naavre-workflow:temperature-map.ipynb")
    lab.reload()
    expect(lab.page.locator(STEP)).to_have_count(5)
    wait_until_across()
    lab.page.get_by_role("button", name="Left to right, or top to bottom").click()


@pytest.mark.parametrize(
    "theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]
)
def test_panel_follows_the_theme(lab: Lab, theme: str) -> None:
    show(lab, lab.add_example("nested-levels"))
    expect(lab.page.locator(STEP)).to_have_count(6)
    lab.theme(theme)
    lab.page.locator(STEP).nth(3).click()
    lab.page.wait_for_timeout(300)
    lab.screenshot(f"panel-{theme.removeprefix('JupyterLab ').replace(' ', '-').lower()}")
    lab.theme("JupyterLab Light")
