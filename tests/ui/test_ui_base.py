"""The extension is there, compiles what is open, and costs little at start-up."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.lab import Lab

pytestmark = pytest.mark.slow

PLUGINS = ("naavre-ext:plugin", "naavre-ext:status")


def test_plugins_are_active(lab: Lab) -> None:
    active = lab.page.evaluate(
        "names => names.filter(name => window.jupyterapp.isPluginActivated(name))", list(PLUGINS)
    )
    assert active == list(PLUGINS)


def test_status_bar_speaks_of_the_notebook_in_front(lab: Lab) -> None:
    status = lab.page.locator(".naavre-StatusItem-button")
    expect(status).to_have_count(0)
    lab.open(lab.add_example("splitting-batch"))
    expect(status).to_be_visible()
