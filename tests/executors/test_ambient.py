"""Settings are seen, shipped and put back, domain by domain."""

import importlib
import os
import pickle
import subprocess
import sys
import warnings

import pytest

from naavre_ext.executors import ambient
from naavre_ext.executors.packing import pack, unpack
from naavre_ext.executors.session import CellSession

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    filters = list(warnings.filters)
    warnings.simplefilter("default")
    made = CellSession(lambda message: None)
    made.run("import numpy as np, pandas as pd, matplotlib, sys, os, warnings", execution_count=1)
    ambient.mark_pristine()
    ambient.capture(shell=made.shell)
    yield made
    ambient.restore(ambient.pristine(), shell=made.shell)
    made.close()
    warnings.filters[:] = filters


#: A cell that changes the domain, and one that shows that the change took effect.
SHIPPABLE = {
    "os.environ": ("os.environ['NX_A'] = '1'; os.environ.pop('NX_B', 0)", "os.environ['NX_A']"),
    "working directory": ("os.mkdir('sub'); os.chdir('sub')", "os.path.basename(os.getcwd())"),
    "time zone": ("import time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()", "time.tzname"),
    "umask": ("os.umask(0o027)", "os.umask(0o027)"),
    "sys.path": ("sys.path.insert(0, '/nx'); sys.path.append('/ny')", "sys.path[0], sys.path[-1]"),
    "recursion limit": ("sys.setrecursionlimit(4321)", "sys.getrecursionlimit()"),
    "warnings filters": (
        "warnings.filterwarnings('ignore', message='x')",
        "warnings.filters[0][0]",
    ),
    "locale": (
        "import locale; locale.setlocale(locale.LC_NUMERIC, 'C.UTF-8')",
        "locale.setlocale(locale.LC_NUMERIC)",
    ),
    "decimal context": ("import decimal; decimal.getcontext().prec = 7", "decimal.Decimal(1) / 3"),
    "digits of integers": ("sys.set_int_max_str_digits(700)", "sys.get_int_max_str_digits()"),
    "csv dialects": (
        "import csv; csv.register_dialect('nx', delimiter=';'); csv.field_size_limit(9)",
        "csv.get_dialect('nx').delimiter, csv.field_size_limit()",
    ),
    "socket timeout": ("import socket; socket.setdefaulttimeout(3)", "socket.getdefaulttimeout()"),
    "numpy print options": ("np.set_printoptions(precision=2)", "str(np.array([1 / 3]))"),
    "numpy error state": ("np.seterr(all='ignore')", "np.geterr()"),
    "pandas options": ("pd.options.display.max_rows = 7", "pd.options.display.max_rows"),
    "matplotlib rcParams": (
        "matplotlib.rcParams['lines.linewidth'] = 9",
        "matplotlib.rcParams['lines.linewidth']",
    ),
    "matplotlib colours": (
        "import matplotlib.colors\n"
        "c = matplotlib.colors.get_named_colors_mapping()\n"
        "c['b'] = '#4c72b0'; c['mine'] = (1, 0, 0); del c['tan']",
        "matplotlib.colors.to_hex('b'), matplotlib.colors.to_hex('mine'), 'tan' in c",
    ),
    "IPython settings": (
        "get_ipython().ast_node_interactivity = 'all'",
        "get_ipython().ast_node_interactivity",
    ),
    "inline figures": (
        "get_ipython().run_line_magic('config', \"InlineBackend.figure_format = 'svg'\")",
        "'svg' in str(get_ipython().config.InlineBackend)",
    ),
}


def value_of(session, expression):
    session.run(f"_shown = {expression}", execution_count=9)
    return session.namespace["_shown"]


@pytest.mark.parametrize(("name", "cells"), SHIPPABLE.items(), ids=SHIPPABLE)
def test_change_is_seen_shipped_and_put_back(name, cells, session):
    change, show = cells
    before = ambient.capture(rng=False, shell=session.shell)
    assert session.run(change, execution_count=2).ok
    after = ambient.capture(rng=False, shell=session.shell)
    shown = value_of(session, show)
    with_it = ("os.environ",) if name == "time zone" else ()  # which says what zone it is
    assert ambient.changed(before, after) == (*with_it, name)
    assert after.unshippable_changes(before) == ()

    ambient.restore(before, shell=session.shell)
    back = ambient.capture(rng=False, shell=session.shell)
    assert ambient.changed(before, back) == ()

    shipped = unpack(pack({"s": after}, session.namespace), session.namespace, writable=True)["s"]
    ambient.restore(shipped, shell=session.shell)
    again = ambient.capture(rng=False, shell=session.shell)
    assert ambient.changed(after, again) == ()
    assert value_of(session, show) == shown


UNSHIPPABLE = {
    "logging": "import logging; logging.getLogger().addHandler(logging.StreamHandler())",
    "IPython extensions": (
        "from IPython.core.magic import register_line_magic\n"
        "@register_line_magic\ndef nx_magic(line): return 1"
    ),
    "display formatters": (
        "get_ipython().display_formatter.formatters['text/html'].for_type(int, hex)"
    ),
}


@pytest.mark.parametrize(("name", "change"), UNSHIPPABLE.items(), ids=UNSHIPPABLE)
def test_what_cannot_be_shipped_is_named(name, change, session):
    import logging

    handlers = list(logging.getLogger().handlers)
    before = ambient.capture(rng=False, shell=session.shell)
    assert session.run(change, execution_count=2).ok
    after = ambient.capture(rng=False, shell=session.shell)
    logging.getLogger().handlers[:] = handlers
    assert after.unshippable_changes(before) == (name,)


NOTHING_CHANGED = {
    "computing": "x = np.arange(5).sum(); pd.DataFrame({'a': [1]}).describe()",
    "printing": "print(1); 2",
    "importing": "import scipy.stats, sklearn.ensemble",
    "plotting": "import matplotlib.pyplot as plt\nplt.plot([1]); plt.close('all')",
    "seaborn": "import seaborn",
    "setting back": "old = np.geterr(); np.seterr(all='raise'); np.seterr(**old)",
    "block": "with np.printoptions(precision=1), pd.option_context('display.max_rows', 3): pass",
    "changing directory and back": "d = os.getcwd(); os.chdir('/'); os.chdir(d)",
}


@pytest.mark.parametrize("source", NOTHING_CHANGED.values(), ids=NOTHING_CHANGED)
def test_ordinary_cells_change_no_setting(source, session):
    pytest.importorskip("sklearn")
    pytest.importorskip("seaborn")
    before = ambient.capture(rng=False, shell=session.shell)
    assert session.run(source, execution_count=2).ok
    assert ambient.changed(before, ambient.capture(rng=False, shell=session.shell)) == ()


GENERATORS = {
    "random": ("import random; random.seed(1)", "random.random()"),
    "numpy.random": ("np.random.seed(1)", "np.random.rand()"),
}


@pytest.mark.parametrize(("name", "cells"), GENERATORS.items(), ids=GENERATORS)
def test_generator_goes_on_where_it_was(name, cells, session):
    seed, draw = cells
    session.run("import random", execution_count=2)
    before = ambient.capture(shell=session.shell)
    session.run(seed, execution_count=2)
    seeded = ambient.capture(shell=session.shell)
    assert ambient.changed(before, seeded) == (name,)
    first = value_of(session, draw)
    ambient.restore(pickle.loads(pickle.dumps(seeded)), shell=session.shell)
    assert value_of(session, draw) == first
    assert ambient.changed(seeded, ambient.capture(shell=session.shell)) == (name,)


def test_generators_are_left_out_on_demand(session):
    assert ambient.capture(rng=False).rng == {}
    assert set(ambient.capture().rng) >= {"random", "numpy.random"}


def test_state_without_generators_leaves_them_alone(session):
    session.run(
        "import random; random.seed(3); a = random.random(); random.seed(3)", execution_count=2
    )
    ambient.restore(ambient.capture(rng=False))
    assert value_of(session, "random.random() == a")


def test_library_is_imported_only_for_changed_options():
    code = (
        "import sys, pickle\nfrom naavre_ext.executors import ambient\n"
        "ambient.restore(pickle.load(sys.stdin.buffer))\n"
        "print('pandas' in sys.modules, 'numpy' in sys.modules)"
    )
    for settings, expected in (
        ({}, "False False"),
        ({"numpy print options": {"precision": 2}}, "False True"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(ambient.AmbientState(settings)),
            capture_output=True,
            check=True,
        )
        assert done.stdout.decode().strip() == expected


def test_restored_puts_settings_back():
    ambient.capture()
    with ambient.restored():
        os.environ["NX_TEMPORARY"] = "1"
        np.set_printoptions(precision=1)
    assert "NX_TEMPORARY" not in os.environ
    assert np.get_printoptions()["precision"] == 8


def test_every_domain_has_a_test():
    tested = {*SHIPPABLE, *UNSHIPPABLE, *GENERATORS, "torch", "sklearn config"}
    assert {domain.name for domain in ambient.DOMAINS} == tested


def test_sklearn_config(session):
    pytest.importorskip("sklearn")
    session.run("import sklearn", execution_count=2)
    before = ambient.capture(rng=False)
    session.run("sklearn.set_config(transform_output='pandas')", execution_count=2)
    after = ambient.capture(rng=False)
    assert ambient.changed(before, after) == ("sklearn config",)
    ambient.restore(before)
    assert value_of(session, "sklearn.get_config()['transform_output']") == "default"


def test_a_session_starts_anew_after_its_folder_is_gone(session, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    ambient.mark_pristine()
    gone.rmdir()
    ambient.restore(ambient.pristine(), shell=session.shell)
    session.reset(cwd=tmp_path)  # as a worker does for the next run
    ambient.mark_pristine()


def test_the_threads_that_ray_sets_before_each_task_are_no_change(session, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    ambient.mark_pristine()
    before = ambient.capture(rng=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert ambient.changed(before, ambient.capture(rng=False)) == ()


@pytest.mark.parametrize(
    ("fresh", "now"),
    [
        ("abc", "xabcy"),
        ("abc", "ac"),
        ("abc", "cab"),  # 'simplefilter' moves a filter that is there to the front
        ("abc", "bxac"),
        ("ab", "aba"),
        ("abab", "xabab"),
        ("ab", "q"),
        ("ab", ""),
    ],
)
def test_a_list_is_brought_to_another_state(fresh, now):
    from naavre_ext.executors.list_changes import apply_change, list_change

    change = list_change(tuple(fresh), list(now))
    assert apply_change(fresh, change) == list(now)


def test_a_filter_that_was_there_already_is_moved_to_the_front(session):
    session.run("warnings.simplefilter('error')", execution_count=1)
    session.run("warnings.simplefilter('ignore', ResourceWarning)", execution_count=2)
    moved = list(warnings.filters)
    settings = ambient.capture(shell=session.shell)
    ambient.restore(ambient.pristine(), shell=session.shell)
    assert list(warnings.filters) != moved
    ambient.restore(settings, shell=session.shell)
    assert list(warnings.filters) == moved


def test_first_use_of_numpys_generators_is_no_change(monkeypatch):
    monkeypatch.setattr(np, "random", np.random)
    monkeypatch.delitem(sys.modules, "numpy.random")
    before = ambient.capture()
    importlib.import_module("numpy.random")
    assert "numpy.random" not in ambient.changed(before, ambient.capture())
