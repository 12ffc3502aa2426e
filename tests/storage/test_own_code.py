"""The user's own modules and scripts, found as the notebook brings them in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from naavre_ext.storage.own_code import own_patches

FILES = {
    "plain.py": "x = 1\ndef f(): return x",
    "patch.py": "import math\ndef setup():\n    math.tau = 1",
    "through.py": "from plain import f\nimport patch",
    "round.py": "import circle",
    "circle.py": "import round\nimport math\nmath.e = 1",
    "broken.py": "def f(:",
    "up.py": "from ..................... import other",
    "settings.py": "import plain\nplain.x = 2",
    "kit/__init__.py": "",
    "kit/a.py": "from .b import g",
    "kit/b.py": "import math\nmath.pi = 4",
    "kit/c.py": "from . import b",
    "kit/clean.py": "y = 1",
    "whole/__init__.py": "import math\nmath.pi = 4",
    "whole/part.py": "z = 1",
    "pandas/data.csv": "",
    "adds.py": "import pandas as pd\npd.DataFrame.size2 = 1",
    "loose/part.py": "x = 1",
    "sets.py": "import loose.part\nloose.part.x = 2",
    "src/deep.py": "import math\nmath.inf = 1",
}
TAU, PI, INF = "math.tau in patch.py", "math.pi in b.py", "math.inf in deep.py"

#: The notebook's text, and what it brings in that changes modules.
TEXTS = {
    "import patch": {"patch": TAU},
    "import plain, patch as p": {"patch": TAU},
    "from patch import setup": {"patch": TAU},
    "from patch import *": {"patch": TAU},
    "def f():\n    import patch": {"patch": TAU},
    "import through": {"through": TAU},
    "import circle": {"circle": "math.e in circle.py"},
    "import plain, broken, settings": {},
    "import math, numpy.linalg": {},
    "import adds": {"adds": "pandas.DataFrame.size2 in adds.py"},
    "import sets": {},
    "import up": {},
    "from kit import a": {"kit.a": PI},
    "from kit import (\n    clean,\n    c as d,\n)": {"kit.c": PI},
    "import kit.b": {"kit.b": PI},
    "from kit.clean import y": {},
    "from whole.part import z": {"whole": "math.pi in whole/__init__.py"},
    "import deep": {},
    "import sys\nsys.path.append('src')\nimport deep": {"deep": INF},
    "import os, sys\nsys.path.insert(0, os.path.join('kit', '..', 'src'))\nimport deep": {"deep": INF},
    "%run patch.py": {"patch.py": TAU},
    "%run -i patch --fast": {"patch": TAU},
    "%run plain.py": {},
    "%run gone.py": {},
    "%run setup.ipynb": {"setup.ipynb": "math.nan in setup.ipynb"},
    "exec(open('patch.py').read())": {"patch.py": TAU},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with those files, and a notebook."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    sources = ["# text\n", "%matplotlib inline\nimport math", "math.nan = 0"]
    kinds = ["markdown", "code", "code"]
    cells = [{"cell_type": k, "source": [s]} for k, s in zip(kinds, sources, strict=True)]
    (tmp_path / "setup.ipynb").write_text(json.dumps({"cells": cells}))
    return tmp_path


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_notebook_brings_in(text: str, folder: Path) -> None:
    assert {name: patch for name, patch in own_patches(text, folder).items() if patch} == TEXTS[
        text
    ]


def test_a_module_is_read_again_when_it_changes(folder: Path) -> None:
    assert own_patches("import plain", folder) == {"plain": ""}
    (folder / "plain.py").write_text("import math\nmath.tau = 12345")
    assert own_patches("import plain", folder) == {"plain": "math.tau in plain.py"}


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    assert own_patches("import plain", tmp_path / "gone") == {}


def test_scripts_of_which_nothing_is_known(folder: Path) -> None:
    text = "%run plain.py\n%run gone.py\n%run broken.py"
    assert own_patches(text, folder) == {"plain.py": ""}
