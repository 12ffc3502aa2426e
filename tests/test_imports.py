"""Importing naavre_ext stays light: Jupyter Server does it at start-up."""

from __future__ import annotations

import json
import subprocess
import sys

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
