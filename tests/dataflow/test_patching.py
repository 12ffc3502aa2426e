"""What code of another file changes of modules that aren't the user's."""

from __future__ import annotations

import ast

import pytest

from naavre_ext.dataflow.patching import executed_script, may_patch, patches_in

#: The file's code, and the first change in it.
PATCHES = {
    "attribute": ("import math\nmath.tau = 3", "math.tau"),
    "by another name": ("import numpy as np\nnp.linalg.solve = 1", "numpy.linalg.solve"),
    "method of a class": (
        "from pandas import DataFrame\nDataFrame.size2 = lambda self: 1",
        "pandas.DataFrame.size2",
    ),
    "in a function": ("import math\ndef f():\n    def g():\n        math.tau += 1", "math.tau"),
    "imported in a function": ("def f():\n    import math\n    math.tau = 1", "math.tau"),
    "item": ("import lib\nlib.table['x'] = 1", "lib.table"),
    "item of a name": ("from lib import table\ntable['x'] = 1", "lib.table"),
    "one of several": ("import math\na, (math.e, *b) = 1, (2, 3)", "math.e"),
    "loop variable": ("import math\nfor math.e in range(3): pass", "math.e"),
    "context": ("import math\nwith open('x') as math.e: pass", "math.e"),
    "deleted": ("import math\ndel math.tau", "math.tau"),
    "setattr": ("import math\nsetattr(math, 'tau', 3)", "math"),
    "setattr of a class": ("import pandas as pd\nsetattr(pd.DataFrame, n, f)", "pandas.DataFrame"),
    "object.__setattr__": ("import math\nobject.__setattr__(math, 'tau', 3)", "math"),
    "call that changes": (
        "import codecs\ncodecs.register_error('x', f)",
        "codecs.register_error()",
    ),
    "first of two": ("import math, cmath\ncmath.e = 1\nmath.e = 2", "cmath.e"),
}

CLEAN = {
    "reads": "import math\nx = math.tau\ny = [math.e]",
    "own variables": "x = {}\nx['a'] = 1\nclass A: pass\nA.b = 2",
    "settings": "import os, matplotlib as mpl\nos.environ['A'] = '1'\nmpl.rcParams['font.size'] = 9",
    "settings of pandas": "import pandas as pd\npd.options.display.max_rows = 5",
    "parameter": "from lib import config\ndef f(config):\n    config.x = 1",
    "self": "import math\nclass A:\n    def f(self):\n        self.math = math",
    "relative": "from . import config\nconfig.x = 1",
    "index": "import math\nx = {}\nx[math.floor(2)] = 1",
}


@pytest.mark.parametrize("name", PATCHES)
def test_finds_the_first_change(name: str) -> None:
    code, found = PATCHES[name]
    assert patches_in(ast.parse(code))[0] == found


@pytest.mark.parametrize("name", CLEAN)
def test_leaves_other_code_alone(name: str) -> None:
    assert patches_in(ast.parse(CLEAN[name])) == ()


def test_a_parameter_hides_the_module_in_its_function_only() -> None:
    code = "import math\ndef f(math):\n    math.a = 1\nmath.b = 2"
    assert patches_in(ast.parse(code)) == ("math.b",)


#: What is executed as text, and whether it may change a module.
EXECUTED = {
    "'x = 1'": False,
    "'math.tau = 1'": True,
    "'setattr(math, name, 1)'": True,
    "'x['": True,
    "f'v{n} = {n} * 2'": False,
    "f'{name}.a = 2'": True,
    "text": True,
    "compile(text)": True,
}


@pytest.mark.parametrize("code", EXECUTED)
def test_text_that_is_executed(code: str) -> None:
    assert may_patch(ast.parse(code, mode="eval").body) is EXECUTED[code]


def test_scripts_that_are_executed() -> None:
    def script(code: str) -> str | None:
        return executed_script(ast.parse(code, mode="eval").body)

    assert script("open('a.py').read()") == "a.py"
    assert script("open('a.py', encoding='utf-8').read()") == "a.py"
    assert script("open(name).read()") is None
    assert script("text") is None
