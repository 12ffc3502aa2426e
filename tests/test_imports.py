"""Importing naavre_ext stays light: Jupyter Server does it at start-up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

#: What a module may pull in beside the standard library and naavre_ext itself.
ALLOWED = {
    "naavre_ext": {"yaml", "_yaml"},
    "naavre_ext.cli": {"yaml", "_yaml", "click", "rich"},
}

SCRIPT = """
import sys
before = set(sys.modules)
import {module}
import json
print(json.dumps(sorted({{name.split(".")[0] for name in set(sys.modules) - before}})))
"""


def imported_by(module: str) -> set[str]:
    """The top-level names of all modules that importing ``module`` brings in."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.parametrize("module", sorted(ALLOWED))
def test_import_is_light(module: str) -> None:
    surplus = imported_by(module) - sys.stdlib_module_names - ALLOWED[module] - {"naavre_ext"}
    assert surplus == set()


@pytest.mark.slow
def test_a_heavy_import_would_be_seen() -> None:
    assert "numpy" in imported_by("numpy") - sys.stdlib_module_names


FIRST_RUN = """
import json, sys
from naavre_ext.api import run_notebook
from naavre_ext.engine.first_run import prepare_first_run
from naavre_ext.model.run import RunOptions
prepare_first_run()
before = set(sys.modules)
cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "", "outputs": [], "execution_count": None}
cells = [{**cell, "source": "# split: s\\nys = []\\nfor i in range(3):\\n    ys.append(i)"}]
found = []
def hear(event):
    found.append(set(sys.modules) - before)
run_notebook(
    {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells},
    options=RunOptions(executor="local", store=sys.argv[1]), on_event=hear,
)
print(json.dumps(sorted(found[0])))
"""


@pytest.mark.slow
def test_an_engines_first_run_begins_without_imports(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_RUN, str(tmp_path)], capture_output=True, text=True, check=True
    )
    imported = {
        name
        for name in json.loads(done.stdout)
        if name.split(".")[0] not in sys.stdlib_module_names
    }
    assert imported <= {"naavre_ext.executors.local"}  # an engine's runs have Ray's
