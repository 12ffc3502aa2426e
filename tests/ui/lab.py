"""What the browser tests do with an open JupyterLab, in the words of a user."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page

from tests.ui.labserver import LabServer

SCREENSHOTS = Path(__file__).parent / "screenshots"
EXAMPLES = Path(__file__).parents[2] / "notebooks"
IMAGES = Path(__file__).parents[2] / "docs" / "images"
#: The screenshots that the documentation shows, and what they are called there.
DOCUMENTED = {
    "form": "annotating",
    "run-going-on": "running",
    "panel-running": "workflow",
    "run-timeline": "timeline",
}
#: What JupyterLab and the browser write to the console when a notebook is closed while its kernel starts.
_OF_JUPYTERLAB = re.compile(
    r"Could not restore the debugger state|Canceled future for debug_request"
    r"|History was unable to be retrieved"
    # Of ipywidgets' own extension, which asks each kernel for its widgets in a subshell.
    r"|Subshell identifier not available|(Error: )?Canceled future for (create_subshell|comm_info)_request"
    r"|WebSocket connection to '[^']*/api/kernels/[^']*' failed: "
    r"WebSocket is closed before the connection is established"
    r"|Error: Disposed\n\s+at \w+\._handleNewSession"
    # It draws a notebook's cells when there is nothing else to do, one by one: also when that is closed meanwhile.
    r"|TypeError: Cannot read properties of null \(reading 'id'\)\n\s+at \w+\._runOnIdleTime"
    # The browser's own line about what the server refuses, which a form or a dialog shows to the user.
    r"|Failed to load resource: the server responded with a status of 4(00|09|22) "
    # On a busy machine it says so of its own plugins, and of ours that wait for them.
    r"|Plugin \S+ (\(with \d+ dependants\) took|is taking too long)"
)


def gate(name: str) -> str:
    """Code that waits until ``Lab.let_go_on`` opens the gate: what is looked at meanwhile may take its time."""
    return f"while not os.path.exists({name!r}): time.sleep(0.05)"


class Lab:
    """A page with JupyterLab (or Notebook 7) in it.

    ``offsite`` lists requests that left this machine, ``errors`` what went wrong in the page's scripts, with the
    warnings and errors of its console.
    """

    def __init__(self, context: BrowserContext, server: LabServer) -> None:
        self.server = server
        self.page: Page = context.new_page()
        self.offsite: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", self._look_at)
        self.page.on("pageerror", lambda error: self._note(error.stack or str(error)))
        self.page.on("console", self._hear)

    def _look_at(self, request: Any) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:", "ws://127.0.0.1")):
            self.offsite.append(request.url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            place = message.location
            self._note(message.text, f" ({place['url']}:{place['lineNumber']})")

    def _note(self, text: str, place: str = "") -> None:
        if not _OF_JUPYTERLAB.match(text):
            self.errors.append(f"{text}{place}")

    def take_notes(self) -> tuple[list[str], list[str]]:
        """What ``offsite`` and ``errors`` list since this was last asked for, so that one test alone is blamed."""
        notes = self.offsite[:], self.errors[:]
        self.offsite.clear()
        self.errors.clear()
        return notes

    def go(self, path: str = "lab") -> None:
        """Loads the application and waits for it."""
        join = "&" if "?" in path else "?"
        self.page.goto(f"{self.server.url}{path}{join}token={self.server.token}")
        self.page.wait_for_function("() => window.jupyterapp?.restored !== undefined")
        self.page.evaluate("() => window.jupyterapp.restored.then(() => undefined)")

    def reload(self) -> None:
        """Loads the page anew, and waits until all is there that was open.

        The layout says what that is, not the address: JupyterLab opens what an address names some time after it
        has restored the rest, though a test may have closed that meanwhile.
        """
        name = self.page.evaluate("() => window.jupyterapp.shell.currentWidget?.context?.path")
        if name:
            self.wait_until_layout_has(name)
        self.go()

    def command(self, name: str, **arguments: Any) -> None:
        """Runs a command of JupyterLab and waits for its end."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => undefined)",
            [name, arguments],
        )

    def add_example(self, name: str) -> str:
        """Copies ``notebooks/NAME.ipynb`` into the server's root; its path there."""
        shutil.copy(EXAMPLES / f"{name}.ipynb", self.server.root / f"{name}.ipynb")
        return f"{name}.ipynb"

    def add_notebook(self, name: str, *sources: str) -> str:
        """Writes a notebook with these code cells, ids ``cell-1``, ``cell-2`` ...; its path."""
        notebook = new_notebook(
            cells=[new_code_cell(s, id=f"cell-{n}") for n, s in enumerate(sources, 1)],
            metadata={
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                "language_info": {"name": "python"},
            },
        )
        nbformat.write(notebook, self.server.root / name)
        return name

    def open(self, path: str) -> Locator:
        """Opens the notebook and waits for its cells; the notebook's panel."""
        self.command("docmanager:open", path=path)
        panel = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").first
        panel.locator(".jp-Cell").first.wait_for()
        return panel

    def wait_for_kernel(self) -> None:
        """Waits until the kernel of the notebook in front is idle."""
        self.wait_until_kernel_is("idle")

    def wait_until_kernel_is(self, status: str) -> None:
        """Waits until the page knows that the kernel of the notebook in front is ``idle`` or ``busy``."""
        self.page.wait_for_function(
            "status => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === status",
            arg=status,
        )

    def let_go_on(self, name: str) -> None:
        """Opens the gate at which code waits, see ``gate``."""
        (self.server.root / name).touch()

    def save(self) -> None:
        """Saves the notebook in front."""
        self.command("docmanager:save")

    def cell(self, index: int) -> Locator:
        """The cell at this place of the notebook in front, from 0."""
        return self.page.locator(
            f".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index='{index}']"
        )

    def select_cell(self, index: int) -> None:
        """Makes the cell at this place the active one."""
        self.page.evaluate(
            "index => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = index }",
            index,
        )

    def source(self, index: int) -> str:
        """The text of the cell at this place, as the model has it."""
        text: str = self.page.evaluate(
            "index => window.jupyterapp.shell.currentWidget.content.model.cells.get(index)"
            ".sharedModel.getSource()",
            index,
        )
        return text

    def theme(self, name: str) -> None:
        """Changes the theme and waits until it is there."""
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def close_all(self) -> None:
        """Closes all notebooks without asking, as a start for the next test.

        Each when it has its session: JupyterLab still renames one on the server while this shuts it down.
        """
        self.page.evaluate(
            """async () => {
              const app = window.jupyterapp;
              const widgets = [...app.shell.widgets('main')];
              await Promise.all(widgets.map(widget => widget.sessionContext?.ready));
              for (const widget of widgets) {
                if (widget.context) { widget.context.model.dirty = false; }
                widget.close();
              }
              await app.serviceManager.sessions.shutdownAll();
            }"""
        )

    def wait_until_layout_has(self, text: str) -> None:
        """Waits until the server keeps a layout with this text, which a page that is loaded again restores."""
        self.page.evaluate(
            """async text => {
              const { workspaces } = window.jupyterapp.serviceManager;
              const holds = ({ data }) => JSON.stringify(data['layout-restorer:data'] ?? '').includes(text);
              while (!(await workspaces.list()).values.some(holds)) {
                await new Promise(resolve => setTimeout(resolve, 200));
              }
            }""",
            text,
        )

    def screenshot(self, name: str) -> None:
        """Keeps a picture for people to look at; for ``make images`` also those that the documentation shows."""
        SCREENSHOTS.mkdir(exist_ok=True)
        picture = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=picture)
        if name in DOCUMENTED and os.environ.get("NAAVRE_IMAGES"):
            shutil.copy(picture, IMAGES / f"{DOCUMENTED[name]}.png")
