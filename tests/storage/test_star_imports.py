"""What ``from module import *`` binds is asked of a child process, once."""

from __future__ import annotations

import os
import sys

import pytest

from naavre_ext.storage import star_imports
from naavre_ext.storage.star_imports import star_exports


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder of modules that this interpreter and its children can import, beside the notebook's."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.syspath_prepend(str(folder))
    return folder


def asked(tmp_path, *modules, **more):
    notebook = tmp_path / "notebook"
    notebook.mkdir(exist_ok=True)
    return star_exports(modules, notebook, tmp_path / "cache", **more)


def test_public_names_or_those_of_all(package, tmp_path):
    (package / "plain_one.py").write_text(
        "import math\nx = 1\n_y = 2\ndef f(): pass\nprint('noise')"
    )
    (package / "listed_one.py").write_text("__all__ = ['_y']\nx = 1\n_y = 2\n")
    found = asked(tmp_path, "plain_one", "listed_one")
    assert found["plain_one"] == {"math": "math", "x": "plain_one.x", "f": "plain_one.f"}
    assert found["listed_one"] == {"_y": "listed_one._y"}
    assert "plain_one" not in sys.modules


def test_an_answer_is_kept_until_the_module_changes(package, tmp_path, monkeypatch):
    module = package / "kept_one.py"
    module.write_text("x = 1")
    assert set(asked(tmp_path, "kept_one")["kept_one"]) == {"x"}
    with monkeypatch.context() as patch:
        patch.setattr(star_imports, "_ask", lambda *_: pytest.fail("asked again"))
        assert set(asked(tmp_path, "kept_one")["kept_one"]) == {"x"}
    module.write_text("yy = 2")
    os.utime(module, ns=(1, 1))
    assert set(asked(tmp_path, "kept_one")["kept_one"]) == {"yy"}


@pytest.mark.parametrize("text", ["raise ValueError", "import os\nos._exit(0)", "x = ("])
def test_modules_that_fail_have_no_answer(package, tmp_path, text):
    (package / "failing_one.py").write_text(text)
    assert asked(tmp_path, "failing_one", "no_such_module_here") == {}


def test_a_module_that_takes_too_long_has_no_answer(package, tmp_path):
    (package / "slow_one.py").write_text("import time\ntime.sleep(60)")
    assert asked(tmp_path, "slow_one", timeout_s=0.5) == {}


def test_modules_beside_the_notebook_are_not_imported(package, tmp_path):
    (tmp_path / "notebook").mkdir()
    for folder in (package, tmp_path / "notebook"):
        (folder / "beside_it.py").write_text("x = 1")
    assert asked(tmp_path, "beside_it") == {}


def test_pylab_names_are_those_of_their_homes(tmp_path):
    found = asked(tmp_path, "pylab")["pylab"]
    assert found["linspace"] == "numpy.linspace"
    assert found["plot"] == "matplotlib.pyplot.plot"
    assert found["np"] == "numpy"


def test_a_broken_answer_is_asked_again(package, tmp_path):
    (package / "again_one.py").write_text("x = 1")
    asked(tmp_path, "again_one")
    for file in (tmp_path / "cache").iterdir():
        file.write_text("{")
    assert set(asked(tmp_path, "again_one")["again_one"]) == {"x"}
