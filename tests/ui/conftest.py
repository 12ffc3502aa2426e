"""A browser and a JupyterLab for each test module. There is no skip: without Chromium the tests fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.ui.lab import Lab
from tests.ui.labserver import LabServer

CHROMIUMS = (
    "/usr/lib/chromium/chromium-headless-shell",
    "/usr/lib/chromium/chromium",
)
# Nothing but this machine can be reached.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)
expect.set_options(timeout=90_000)


@pytest.fixture
def jp_asyncio_loop() -> None:
    """In place of pytest-jupyter's: its event loop and synchronous Playwright exclude each other."""


@pytest.fixture
def jp_server_cleanup() -> None:
    """In place of pytest-jupyter's, which would need its loop."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((path for path in CHROMIUMS if Path(path).exists()), None)
    assert path, "no Chromium: apt-get install chromium-headless-shell fonts-dejavu-core"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    server = LabServer.start(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def open_lab(browser: Browser, lab_server: LabServer) -> Iterator[Lab]:
    """JupyterLab in a page that all tests of the module share."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(90_000)
    lab = Lab(context, lab_server)
    lab.go()
    yield lab
    context.close()


@pytest.fixture
def lab(open_lab: Lab) -> Iterator[Lab]:
    """The module's JupyterLab, with nothing open. No request may leave this machine, no script may fail."""
    open_lab.close_all()
    yield open_lab
    offsite, errors = open_lab.take_notes()
    assert offsite == []
    assert errors == []
