"""What a module beside the notebook keeps, and what it only has."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import pytest

from naavre_ext.executors.own_modules import states_of, unlike

NAME = "nx_own_module"

#: The module's code, and what changes it.
CHANGES = {
    "variable": ("n = 0", "n = 1"),
    "list": ("xs = [1]", "xs.append(2)"),
    "long list": ("xs = [0] * 300_000", "xs[7] += 1"),
    "large array": ("import numpy as np\nxs = np.zeros(300_000)", "xs[7] += 1"),
    "large frame": (
        "import numpy as np, pandas as pd\ndf = pd.DataFrame({'a': np.zeros(300_000)})",
        "df.loc[7, 'a'] = 1",
    ),
    "attribute of a class": ("class A:\n    n = 0", "A.n += 1"),
    "list of a class": ("class A:\n    xs = []", "A.xs.append(1)"),
    "class of an instance": ("class A:\n    xs = []\n    def m(self, x=[]): return x", "A().m().append(1)"),
    "attribute of a function": ("def f(): pass", "f.n = 1"),
    "default": ("def f(xs=[]): return xs", "f().append(1)"),
    "default of a method": ("class A:\n    @staticmethod\n    def f(xs=[]): return xs", "A.f().append(1)"),
    "closure": (
        "def make():\n    n = 0\n    def f():\n        nonlocal n\n        n += 1\n    return f\nf = make()",
        "f()",
    ),
    "generator": ("def gen():\n    for n in range(9):\n        yield n\ng = gen()", "next(g)"),
    "iterator": ("import itertools\nc = itertools.count()", "next(c)"),
    "cache": ("import functools\n@functools.lru_cache\ndef f(x): return x", "f(1)"),
    "beside a lock": (
        "import threading\nclass A:\n    def __init__(self): self.lock, self.n = threading.Lock(), 0\na = A()",
        "a.n += 1",
    ),
    "open file": ("import tempfile\nf = tempfile.TemporaryFile()", "f.write(b'text')"),
    "generator of random numbers": ("import random\nr = random.Random(1)", "r.random()"),
    "registered functions": ("import functools\n@functools.singledispatch\ndef f(x): pass",
                             "f.register(int, print)"),
    "code": ("def f(x): return x + 1", "exec('def f(x): return x + 2')"),
    "code of a method": ("class A:\n    def f(self): pass", "A.f = lambda self: 1"),
    "another function": ("def f(): pass\ndef g(): pass", "f = g"),
}  # fmt: skip

#: The module's code, and what leaves it as it is.
READS = {
    "calls": ("n = 1\nxs = [3, 1]\ndef f(y): return [n * x * y for x in xs]", "f(2)"),
    "instances": ("class A:\n    xs = (1,)\n    def m(self): return self.xs", "A().m()"),
    "dispatch": ("import functools\n@functools.singledispatch\ndef f(x): return x", "f(1), f('x')"),
    "checks": ("import abc\nclass A(abc.ABC):\n    pass", "isinstance(1, A)"),
    "enum": ("import enum\nclass E(enum.Enum):\n    A = 1", "E(1), E['A'], list(E)"),
    "data class": ("from dataclasses import dataclass, field\n@dataclass\nclass D:\n"
                   "    xs: list = field(default_factory=list)", "D().xs.append(1)"),
    "what holds itself": ("class A:\n    def m(self): return __class__\nxs = [A]\nxs.append(xs)\nA.a = A()",
                          "A().m()"),
    "reading an array": ("import numpy as np\nxs = np.arange(300_000.0)", "xs.sum(), xs[3:].max()"),
}  # fmt: skip


@pytest.fixture
def load() -> Iterator:
    def loaded(code: str) -> types.ModuleType:
        module = sys.modules[NAME] = types.ModuleType(NAME)
        exec(code, vars(module))
        return module

    yield loaded
    sys.modules.pop(NAME, None)


@pytest.mark.parametrize(("code", "change"), CHANGES.values(), ids=CHANGES)
def test_change_of_what_a_module_keeps_is_seen(load, code, change):
    own = {NAME: load(code)}
    before = states_of(own)
    assert unlike(before, states_of(own)) == ""
    exec(change, vars(own[NAME]))
    assert unlike(before, states_of(own)) == NAME


@pytest.mark.parametrize(("code", "read"), READS.values(), ids=READS)
def test_use_of_a_module_is_no_change(load, code, read):
    own = {NAME: load(code)}
    before = states_of(own)
    exec(read, vars(own[NAME]))
    assert unlike(before, states_of(own)) == ""


@pytest.mark.parametrize(
    ("code", "_"), [*CHANGES.values(), *READS.values()], ids=[*CHANGES, *READS]
)
def test_two_processes_have_a_module_alike(load, code, _):
    """The same module loaded twice stands for one in each of two processes."""
    one = states_of({NAME: load(code)})
    assert unlike(one, states_of({NAME: load(code)})) == ""


def test_what_only_one_process_has_loaded_does_not_count(load):
    assert unlike(states_of({NAME: load("n = 1")}), {"other": b""}) == ""
