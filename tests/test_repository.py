"""What a release consists of: the public names, the version and the built package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from configparser import ConfigParser
from pathlib import Path

import pytest

import naavre_ext
from naavre_ext.annotations.keys import ANNOTATION_KEYS, NOT_YET_IN_EFFECT

ROOT = Path(__file__).parent.parent

PUBLIC_NAMES = {
    "CellCheck",
    "ClusterError",
    "Diagnostic",
    "NaavreError",
    "NotebookFailed",
    "RefusedError",
    "RunCancelled",
    "RunEvent",
    "RunOptions",
    "RunResult",
    "Workflow",
    "__version__",
    "check_cells",
    "check_notebook",
    "compile_notebook",
    "notebook_task",
    "open_batch",
    "open_run",
    "run_batch",
    "run_notebook",
    "run_workflow",
    "verify_notebook",
}


def pyproject_version() -> str:
    """The version that pyproject.toml states."""
    (line,) = (
        line
        for line in (ROOT / "pyproject.toml").read_text().splitlines()
        if line.startswith("version = ")
    )
    return line.removeprefix("version = ").strip('"')


def test_public_names_are_these() -> None:
    assert set(naavre_ext.__all__) == PUBLIC_NAMES


@pytest.mark.parametrize("name", sorted(PUBLIC_NAMES))
def test_public_name_exists(name: str) -> None:
    assert getattr(naavre_ext, name) is not None


def test_versions_agree() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    assert package["name"] == "naavre-ext"
    assert package["version"] == pyproject_version() == naavre_ext.__version__


def test_changelog_knows_the_version() -> None:
    assert f"## {pyproject_version()}" in (ROOT / "CHANGELOG.md").read_text()


def readme_annotations() -> dict[str, bool]:
    """Key → whether the README's table says that it is in effect; its first row counts."""
    table: dict[str, bool] = {}
    for line in (ROOT / "README.md").read_text().splitlines():
        columns = line.strip("| ").split(" | ")
        if line.startswith("| `# ") and len(columns) == 3:
            annotations, _, effect = columns
            for key in re.findall(r"`# \(?([a-z ]+?)(?:[:!]|`)", annotations):
                table.setdefault(key.replace(" ", "-"), effect == "yes")
    return table


def test_readme_tells_which_annotations_are_in_effect() -> None:
    not_yet = {name.split("=")[0] for name in NOT_YET_IN_EFFECT}
    assert readme_annotations() == {key: key not in not_yet for key in ANNOTATION_KEYS}


def test_readme_names_only_targets_that_make_has() -> None:
    named = set(re.findall(r"`?make ([a-z]+)\b[` ]", (ROOT / "README.md").read_text()))
    makefile = (ROOT / "Makefile").read_text()
    assert {"install", "demo", "test"} <= named
    assert not [target for target in named if f"\n{target}:" not in makefile]


def test_test_modules_have_names_of_their_own() -> None:
    names = Counter(path.name for path in ROOT.glob("tests/**/*.py"))
    assert not [name for name, count in names.items() if count > 1 and name != "conftest.py"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel as built from this folder."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), "."],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.mark.slow
def test_wheel_contains_the_package(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert "naavre_ext/py.typed" in names
    assert any(name.endswith("workflow.schema.json") for name in names)
    modules = {
        str(path.relative_to(ROOT)).replace("\\", "/") for path in ROOT.glob("naavre_ext/**/*.py")
    }
    assert modules <= names


@pytest.mark.slow
def test_wheel_contains_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith((".dist-info", ".data"))} == {"naavre_ext"}
    assert not [name for name in wheel.namelist() if name.startswith("naavre_ext/labextension/")]
    assert not [name for name in wheel.namelist() if "__pycache__" in name]


@pytest.mark.slow
def test_wheel_brings_both_extensions_of_jupyter(wheel: zipfile.ZipFile) -> None:
    data = f"naavre_ext-{naavre_ext.__version__}.data/data/"
    files = {name.removeprefix(data) for name in wheel.namelist() if name.startswith(data)}
    extension = "share/jupyter/labextensions/naavre-ext/"
    assert {f"{extension}install.json", f"{extension}package.json"} <= files
    package = json.loads(wheel.read(f"{data}{extension}package.json"))
    assert f"{extension}{package['jupyterlab']['_build']['load']}" in files
    enabled = json.loads(wheel.read(f"{data}etc/jupyter/jupyter_server_config.d/naavre_ext.json"))
    assert enabled["ServerApp"]["jpserver_extensions"] == {"naavre_ext": True}


@pytest.mark.slow
def test_wheel_has_its_entry_points(wheel: zipfile.ZipFile) -> None:
    (name,) = (n for n in wheel.namelist() if n.endswith("entry_points.txt"))
    points = ConfigParser()
    points.read_string(wheel.read(name).decode())
    assert points["console_scripts"]["naavre-ext"] == "naavre_ext.cli:main"
    assert points["papermill.engine"]["naavre"] == "naavre_ext.papermill_engine:NaavreEngine"
