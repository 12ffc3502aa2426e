"""What the browser tests do with runs, in the words of a user."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.ui.lab import Lab

#: A cold Ray takes a while on a busy machine.
RUN_MS = 120_000


def ask_to_run(lab: Lab) -> Locator:
    """Clicks the button of the notebook in front; the dialog."""
    panel = lab.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    panel.locator("[data-command='naavre-ext:run-workflow']").click()
    dialog = lab.page.locator(".naavre-FormDialog")
    dialog.wait_for()
    return dialog


def accept(lab: Lab) -> None:
    """Clicks the button of a dialog that does what the dialog is for."""
    lab.page.locator(".naavre-FormDialog .jp-mod-accept").click()


def run(lab: Lab, **parameters: str) -> None:
    """Has the notebook in front run as a workflow with these parameters typed in."""
    dialog = ask_to_run(lab)
    for name, text in parameters.items():
        dialog.get_by_role("textbox", name=name).fill(text)
    accept(lab)


def expect_end(lab: Lab, words: str) -> None:
    """Waits until the bar at the top says how the run ended."""
    expect(lab.page.locator(".naavre-RunBar-title")).to_have_text(words, timeout=RUN_MS)


def bar(lab: Lab, name: str) -> Locator:
    """A button of the bar at the top."""
    return lab.page.locator(".naavre-RunBar").get_by_role("button", name=name, exact=True)


def outputs(lab: Lab, index: int) -> str:
    """The text of what the cell at this place shows."""
    return lab.cell(index).locator(".jp-Cell-outputArea").inner_text()


def kernel_value(lab: Lab, expression: str) -> Any:
    """What an expression is in the live kernel, as its repr."""
    return lab.page.evaluate(
        """async expression => {
          const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
          const future = kernel.requestExecute({ code: '', user_expressions: { it: expression } });
          const reply = await future.done;
          return reply.content.user_expressions.it.data['text/plain'];
        }""",
        expression,
    )


def set_source(lab: Lab, index: int, source: str) -> None:
    """Gives the cell at this place another text, as typing does."""
    lab.page.evaluate(
        "([index, source]) => window.jupyterapp.shell.currentWidget.content.model.cells.get(index)"
        ".sharedModel.setSource(source)",
        [index, source],
    )
