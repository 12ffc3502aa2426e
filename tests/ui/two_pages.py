"""Two pages with one notebook in a server with jupyter-collaboration: each shows each printed line of a run once.

Not among the tests, as it needs jupyter-collaboration, which changes every notebook that a server opens. With it
installed: ``python -m tests.ui.two_pages``.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.ui.conftest import ARGUMENTS, CHROMIUMS
from tests.ui.lab import Lab
from tests.ui.labserver import LabServer
from tests.ui.running import RUN_MS, accept, ask_to_run, expect_end

LINES = 160
CELLS = (
    "import sys, time",
    f"# split: items\nout = []\nfor i in range({LINES}):\n    time.sleep(0.15)\n"
    "    out.append(i)\n    print('item', i)",
    f"for i in range({LINES}):\n    time.sleep(0.03)\n    print('line', i)\n"
    "    if i % 20 == 7:\n        print('error', i, file=sys.stderr)",
)
#: Of each code cell the stdout and the stderr, as the shared document has them and as the page shows them.
_TEXTS = """() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => {
  const text = (outputs, name) => outputs.filter(o => o.name === name).map(o => [o.text].flat().join('')).join('');
  const { sharedModel, outputs } = cell.model;
  return [sharedModel.getOutputs(), outputs.toJSON()].map(all => [text(all, 'stdout'), text(all, 'stderr')]);
})"""


def _numbered(word: str, chosen: Callable[[int], bool] = lambda _: True) -> str:
    return "".join(f"{word} {number}\n" for number in range(LINES) if chosen(number))


EXPECTED = [
    ["", ""],
    [_numbered("item"), ""],
    [_numbered("line"), _numbered("error", lambda number: number % 20 == 7)],
]


class Pages:
    """The first page, which starts the run, and the second one, which opens the notebook before or in mid-run."""

    def __init__(self, browser: Browser, server: LabServer, name: str) -> None:
        self.name = f"{name}.ipynb"
        self.labs = [self._lab(browser, server, f"{name}-{number}") for number in (1, 2)]
        self.first, self.second = self.labs
        self.first.add_notebook(self.name, *CELLS)
        self.first.open(self.name)
        self.first.wait_for_kernel()

    @staticmethod
    def _lab(browser: Browser, server: LabServer, workspace: str) -> Lab:
        context = browser.new_context(viewport={"width": 1200, "height": 800})
        context.set_default_timeout(RUN_MS)
        lab = Lab(context, server)
        lab.go(f"lab/workspaces/{workspace}")
        return lab

    def run(self) -> None:
        """Has the first page run the notebook, and waits until it prints."""
        ask_to_run(self.first)
        accept(self.first)
        self.wait_for(self.first, 1)

    def wait_for(self, lab: Lab, item: int) -> None:
        """Waits until the page shows this item."""
        expect(lab.cell(1)).to_contain_text(re.compile(rf"\bitem {item}\b"), timeout=RUN_MS)

    def wrong(self, *labs: Lab) -> list[str]:
        """What the pages show otherwise than expected, once they have seen the run's end."""
        for lab in labs:
            expect_end(lab, "Run done")
        found = []
        for lab in labs:
            lab.page.wait_for_timeout(2000)  # what is late comes now
            for cell, (wanted, got) in enumerate(
                zip(EXPECTED, lab.page.evaluate(_TEXTS), strict=True)
            ):
                found += [f"cell {cell}: {text!r}" for text in got if text != wanted]
        return found

    def close(self) -> None:
        for lab in self.labs:
            lab.page.context.close()


def opened_before(pages: Pages) -> list[str]:
    pages.second.open(pages.name)
    pages.run()
    return pages.wrong(*pages.labs)


def opened_in_mid_run(pages: Pages) -> list[str]:
    pages.run()
    pages.second.open(pages.name)
    return pages.wrong(*pages.labs)


def writer_closed(pages: Pages) -> list[str]:
    pages.second.open(pages.name)
    pages.run()
    pages.wait_for(pages.second, 20)
    pages.first.page.close()
    return pages.wrong(pages.second)


def writer_reloaded(pages: Pages) -> list[str]:
    pages.second.open(pages.name)
    pages.run()
    pages.wait_for(pages.second, 20)
    pages.first.page.reload()
    pages.first.page.wait_for_function("() => window.jupyterapp?.restored !== undefined")
    return pages.wrong(*pages.labs)


def main() -> int:
    """0 if all is right."""
    path = next(path for path in CHROMIUMS if Path(path).exists())
    server = LabServer.start(Path(tempfile.mkdtemp()))
    is_wrong = False
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            for case in (opened_before, opened_in_mid_run, writer_closed, writer_reloaded):
                pages = Pages(browser, server, case.__name__)
                found = case(pages)
                pages.close()
                print(case.__name__, *(found or ["right"]), sep="\n  ", flush=True)
                is_wrong = is_wrong or bool(found)
    finally:
        server.stop()
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
