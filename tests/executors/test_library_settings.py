"""What a library that analysis doesn't know was told since it was imported, and what isn't a setting of its."""

from __future__ import annotations

import importlib
import logging
import pickle
import sys
from collections.abc import Iterator

import pytest

from naavre_ext.executors.library_settings import told_libraries, unlike_here, watch_libraries
from naavre_ext.executors.loggers import states_of_loggers, told

NAME = "nx_unseen_library"

#: The library's code, what tells it something, and the settings that are other ones then.
TOLD = {
    "number": ("unit = 1", "def prefer(): global unit; unit = 2", {"unit"}),
    "number of another type": ("unit = 1", "def prefer(): global unit; unit = True", {"unit"}),
    "new function of the notebook's": ("", "def prefer(): global hook; hook = print", {"hook"}),
    "new variable": ("", "def prefer(): global unit; unit = 2", {"unit"}),
    "variable that goes": ("unit = 1", "def prefer(): global unit; del unit", {"unit"}),
    "text in a dictionary": ("units = {'length': 'm'}", "def prefer(): units['length'] = 'ft'", {"units"}),
    "list": ("units = ['m']", "def prefer(): units.append('ft')", {"units"}),
    "set": ("units = {'m'}", "def prefer(): units.add('ft')", {"units"}),
    "attribute of an object": ("class Config:\n    unit = 1\nconfig = Config()",
                               "def prefer(): config.unit = 2", {"config"}),
    "attribute of a namespace": ("import types\nconfig = types.SimpleNamespace(unit=1)",
                                 "def prefer(): config.unit = 2", {"config"}),
    "attribute of a class": ("class Config:\n    unit = 1", "def prefer(): Config.unit = 2", {"Config.unit"}),
    "entry of a dictionary of its own kind": ("class Config(dict): pass\nconfig = Config(unit=1)",
                                              "def prefer(): config['unit'] = 2", {"config"}),
    "function to call": ("hook = None", "def prefer(): global hook; hook = print", {"hook"}),
    "one of two functions": ("def a(): pass\ndef b(): pass\nhook = a",
                             "def prefer(): global hook; hook = b", {"hook"}),
    "module to compute with": ("import math, cmath\nbackend = math",
                               "def prefer(): global backend; backend = cmath", {"backend"}),
    "registered functions": ("hooks = {}", "def prefer(): hooks['done'] = print", {"hooks"}),
    "registered objects": ("class Codec: pass\ncodecs = []", "def prefer(): codecs.append(Codec())", {"codecs"}),
    "enum": ("import enum\nclass Unit(enum.Enum):\n    M = 1\n    FT = 2\nunit = Unit.M",
             "def prefer(): global unit; unit = Unit.FT", {"unit"}),
    "closure": ("def make():\n    unit = 1\n    def f(new=0):\n        nonlocal unit\n        unit = new or unit\n"
                "    return f\nf = make()", "def prefer(): f(2)", {"f"}),
    "default": ("def f(unit=[1]): return unit", "def prefer(): f().append(2)", {"f"}),
    "attribute of a function": ("def f(): pass", "def prefer(): f.unit = 2", {"f"}),
    "generator of random numbers": ("import random\nrng = random.Random(1)",
                                    "def prefer(): rng.random()", {"rng"}),
    "NumPy's generator": ("import numpy as np\nrng = np.random.default_rng(1)",
                          "def prefer(): rng.normal()", {"rng"}),
    "of a thread": ("import threading\nlocal = threading.local()", "def prefer(): local.unit = 2", {"local"}),
    "attribute of what several modules have": ("class Config:\n    unit = 1\nconfig = other = Config()",
                                               "def prefer(): other.unit = 2", {"config", "other"}),
    "deep in an object": ("class Config:\n    def __init__(self): self.options = {'a': [{'unit': 1}]}\n"
                          "config = Config()", "def prefer(): config.options['a'][0]['unit'] = 2", {"config"}),
    "size of what holds much": ("units = {n: [n] * 90 for n in range(90)}",
                                "def prefer(): units['ft'] = 1", {"units"}),
    "of a context": ("from contextvars import ContextVar\nunit = ContextVar('unit')",
                     "def prefer(): unit.set(2)", {"unit"}),
}  # fmt: skip

#: The library's code, and what changes nothing that looks like a setting.
SILENT = {
    "use": ("unit = 1\nunits = {'m': [1.5, float('nan')]}", "def prefer(): return unit, units['m'][0]"),
    "cache": ("_cache = {}", "def prefer(): _cache[1] = 2"),
    "cache of a function": ("import functools\n@functools.cache\ndef f(x): return x", "def prefer(): f(1)"),
    "cache of an object": ("class Config:\n    def __init__(self): self.cache = {}\nconfig = Config()",
                           "def prefer(): config.cache[1] = 2"),
    "time of the import": ("import time, os\nstarted, process = time.time(), os.getpid()", "def prefer(): pass"),
    "what holds itself": ("xs = []\nxs.append(xs)", "def prefer(): xs[0]"),
    "a part that registers itself": ("parts = {}", "def prefer():\n    import nx_unseen_library.registered"),
    "class that doesn't tell its module": ("class C:\n    __module__ = property(lambda self: 1)\nc = C()",
                                           "def prefer(): c"),
    "what stands for a module": ("import sys\nsys.modules[__name__ + '.lib'] = 5", "def prefer(): pass"),
    "object that can't be shown": ("import pathlib\nclass Path(type(pathlib.Path())):\n"
                                   "    def __repr__(self): 1 / 0\np = Path('x')", "def prefer(): p"),
    "a name of a part's that is looked up late": (
        "def __getattr__(name):\n    import nx_unseen_library.part as part\n    global show\n"
        "    show = part.show\n    return show",
        "def prefer():\n    import nx_unseen_library as lib\n    return lib.show"),
    "a part loaded late": ("", "def prefer():\n    import nx_unseen_library.part"),
}  # fmt: skip


@pytest.fixture
def load(tmp_path, monkeypatch) -> Iterator:
    watch_libraries()
    monkeypatch.syspath_prepend(tmp_path)

    def loaded(*code: str):
        folder = tmp_path / NAME
        folder.mkdir()
        (folder / "__init__.py").write_text("\n".join(code))
        (folder / "part.py").write_text("unit = 1\ndef show(): pass")
        (folder / "registered.py").write_text(f"import {NAME}\n{NAME}.parts['part'] = print")
        return importlib.import_module(NAME)

    yield loaded
    for name in [name for name in sys.modules if name.startswith(NAME)]:
        del sys.modules[name]


@pytest.mark.parametrize(("code", "telling", "settings"), TOLD.values(), ids=TOLD)
def test_setting_that_a_call_changed_is_found_by_name(load, code, telling, settings):
    library = load(code, telling)
    variables = {"f": library.prefer}
    assert told_libraries(variables) == {}
    library.prefer()
    found = pickle.loads(pickle.dumps(told_libraries(variables)))
    assert {name: set(changed) for name, changed in found.items()} == {NAME: settings}
    assert unlike_here(found) == ""


@pytest.mark.parametrize(("code", "telling", "settings"), TOLD.values(), ids=TOLD)
def test_process_in_which_the_library_was_only_imported_is_unlike_one_where_it_was_told(
    load, code, telling, settings
):
    library = load(code, telling)
    library.prefer()
    found = told_libraries({"library": library})
    for name in [name for name in sys.modules if name.startswith(NAME)]:
        del sys.modules[name]
    assert unlike_here(found) == ""  # not loaded here
    importlib.import_module(NAME)
    assert unlike_here(found) == f"{NAME}.{min(settings)}"


def test_what_was_told_before_a_part_is_loaded_stays_told(load):
    library = load("unit, parts = 1, {}", "def prefer(): global unit; unit = 2")
    library.prefer()
    importlib.import_module(f"{NAME}.registered")
    found = told_libraries({"library": library})
    assert {name: set(changed) for name, changed in found.items()} == {NAME: {"unit"}}


def test_what_a_logger_was_told_before_a_part_is_loaded_stays_told(load):
    load("import logging", "log = logging.getLogger(__name__)", "log.setLevel('INFO')")
    assert NAME not in told(states_of_loggers())
    logging.getLogger(NAME).setLevel("ERROR")
    importlib.import_module(f"{NAME}.part")
    assert NAME in told(states_of_loggers())
    logging.root.manager.loggerDict.pop(NAME)


@pytest.mark.parametrize(("code", "use"), SILENT.values(), ids=SILENT)
def test_what_is_no_setting_isnt_told(load, code, use):
    library = load(code, use)
    library.prefer()
    assert told_libraries({"library": library}) == {}


def test_real_loader_is_the_modules_own(load):
    library = load("unit = 1")
    assert type(library.__loader__).__module__.startswith(("_frozen_importlib", "importlib"))
    assert library.__spec__.loader is library.__loader__


def test_libraries_that_no_variable_comes_from_arent_looked_at(load):
    load("unit = 1", "def prefer(): global unit; unit = 2").prefer()
    assert told_libraries({"x": 1, "text": "m"}) == {}


def test_of_numba_only_its_configuration_is_looked_at():
    import numba

    watch_libraries()
    add = numba.njit(lambda x: x + 1)
    assert told_libraries({"add": add}) == {}
    assert add(1) == 2
    assert told_libraries({"add": add}) == {}
    before = numba.core.config.OPT
    numba.core.config.OPT = 0
    try:
        assert {*told_libraries({"add": add})} == {"numba.core.config"}
    finally:
        numba.core.config.OPT = before
