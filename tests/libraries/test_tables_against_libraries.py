"""The tables of libraries' functions and methods against the libraries that are installed."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import random
from collections.abc import Callable, Iterator
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import sympy
from sklearn.utils import all_estimators
from specimens import SPECIMENS, calls, seen, share_memory

from naavre_ext.dataflow import known_functions, tables
from naavre_ext.dataflow.known_methods import METHODS
from naavre_ext.dataflow.table_lookup import function_effects, lookup, matches

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.slow]

#: Methods that only other versions of a library have, or that no specimen has.
UNTESTED = {
    "array": "newbyteorder tostring",
    "callable": "derivatives get_coeffs get_knots get_residual integral",
    "frame": "applymap backfill mad pad swapaxes first last bool to_markdown",
    "grouping": "backfill mad pad fillna",
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.random.seed(0)


def generators() -> tuple[Any, ...]:
    """What drawing from a global generator changes."""
    state = np.random.get_state()
    return state[1].tobytes(), state[2], random.getstate()


def worked(kind: str, name: str) -> Iterator[tuple[Any, Any, Any, tuple[Any, ...]]]:
    """Specimens with what was seen of them before, the method's result, and the arguments; two calls each."""
    worked_on = 0
    for make in SPECIMENS[kind]:
        if worked_on == 3:
            return
        if not callable(getattr(make(), name, None)):
            continue
        before, count = seen(make()), 0
        for given, keywords in calls(name, make()):
            specimen = make()
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                yield specimen, before, getattr(specimen, name)(*given, **keywords), given
                count += 1
            if count == 2:
                break
        worked_on += bool(count)


def spoil(value: Any) -> None:
    """Change a value in place as far as it can be."""
    with contextlib.suppress(Exception):
        if isinstance(value, (list, dict, set)):
            value.clear()
        elif isinstance(value, np.ndarray):
            value[...] = 0
        elif isinstance(value, (pd.DataFrame, pd.Series)):
            value.iloc[:] = value.iloc[-1]
        elif isinstance(value, nx.Graph):
            value.clear()
        elif hasattr(value, "data"):
            value.data[...] = 0


@pytest.mark.parametrize("kind", sorted(SPECIMENS))
def test_pure_methods_leave_their_object_alone(kind):
    silent, wrong = [], []
    draws = {name for name, effect in METHODS[kind].effects.items() if effect == "rng-draw"}
    for name in sorted(METHODS[kind].pure):
        state, tried = generators(), 0
        for specimen, before, result, given in worked(kind, name):
            tried += 1
            if seen(specimen) != before:
                wrong.append(f"{type(specimen).__name__}.{name}{given} changes its object")
            elif name in METHODS[kind].fresh and result is not specimen:
                spoil(result)
                if seen(specimen) != before:
                    wrong.append(f"what {type(specimen).__name__}.{name}{given} returns isn't new")
        if name not in draws and generators() != state:
            wrong.append(f"{kind}.{name} draws random numbers")
            np.random.seed(0)
        if not tried:
            silent.append(name)
    assert not wrong
    assert set(silent) <= set(UNTESTED.get(kind, "").split())


def _square() -> np.ndarray:
    return np.array([[4.0, 1.0], [1.0, 3.0]])


def _line() -> np.ndarray:
    return np.array([3.0, 1.0, 2.0, 5.0])


#: Arguments tried for every function of NumPy and SciPy.
ARRAYS: tuple[Callable[[], tuple[Any, ...]], ...] = (
    lambda: (_square(),),
    lambda: (_line(),),
    lambda: (np.array([3, 1, 2]),),
    lambda: (_square(), _square()),
    lambda: (_line(), _line()),
    lambda: (_square(), 1),
    lambda: (_line(), 2),
    lambda: (np.array([True, False]),),
    lambda: ([_line(), _line()],),
    lambda: (_square(), (1, 0)),
    lambda: (_line(), 1, 2),
    lambda: (2, _square()),
    lambda: ("ii->i", _square()),
)
MODULES = (
    "numpy", "numpy.linalg", "numpy.fft", "numpy.ma", "numpy.lib.stride_tricks",
    "scipy.linalg", "scipy.ndimage", "scipy.fft", "scipy.signal",
    "scipy.interpolate", "scipy.spatial.distance", "scipy.cluster.hierarchy", "scipy.stats",
)  # fmt: skip


def functions(module: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public functions of a module that the tables say only compute."""
    found = importlib.import_module(module)
    for name in sorted(getattr(found, "__all__", None) or dir(found)):
        function = getattr(found, name, None)
        path = f"{module}.{name}"
        plain = callable(function) and not inspect.isclass(function) and not name.startswith("_")
        if plain and function_effects(path) == "" and path not in known_functions.KINDS:
            yield path, function


@pytest.mark.parametrize("module", MODULES)
def test_functions_leave_their_arguments_alone(module):
    wrong, asked = [], 0
    for path, function in functions(module):
        fresh = path.split(".")[0] in tables.FRESH_MODULES and not matches(
            path, tables.SHARING_FUNCTIONS
        )
        out = lookup(tables.OUT_POSITIONS, path)
        state, count = generators(), 0
        for make in ARRAYS:
            given = make()
            if (out is not None and len(given) > out) or (path == "scipy.linalg.det" and given[1:]):
                continue
            before = seen(list(given))
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                result = function(*given)
                count += 1
                if seen(list(given)) != before:
                    wrong.append(f"{path} changes an argument of {given}")
                if fresh and any(share_memory(value, result) for value in given):
                    wrong.append(f"what {path} returns isn't new: {given}")
            if count == 3:
                break
        asked += bool(count)
        if generators() != state:
            wrong.append(f"{path} draws random numbers")
            np.random.seed(0)
    assert not wrong
    assert asked


def test_networkx_reads_graphs():
    wrong, asked = [], 0
    for name in sorted(dir(nx)):
        function = getattr(nx, name)
        path = f"networkx.{name}"
        if (
            name.startswith("_")
            or inspect.isclass(function)
            or not callable(function)
            or function_effects(path)
        ):
            continue
        state = generators()
        creates = known_functions.KINDS.get(path) == "graph"  # it makes the graph that it is given
        samples = path in known_functions.NETWORKX_SAMPLES
        if creates or samples:
            continue
        for given in ((), (0,), (0, 3), ([[0, 1], [2, 3]],), (1, 2, 3), (5,)):
            graph = nx.cycle_graph(4)
            before = seen(graph)
            with contextlib.suppress(Exception):
                result = function(graph, *given)
                asked += 1
                if inspect.isgenerator(result):
                    list(zip(result, range(9), strict=False))
                if matches(path, tables.FRESH_FUNCTIONS) and not inspect.isgenerator(result):
                    spoil(result)
                if seen(graph) != before:
                    wrong.append(f"{path}{given}")
        if generators() != state:
            wrong.append(f"{path} draws random numbers")
            np.random.seed(0)
    assert asked > 150
    assert not wrong


def test_deterministic_estimators_draw_nothing():
    x = np.abs(np.random.RandomState(0).rand(20, 3))
    y = np.arange(20) % 2
    wanted = {
        name
        for name in known_functions.DETERMINISTIC
        if not name.endswith(("Fold", "Out", "Split"))
    }
    found, wrong = set(), []
    for name, kind in all_estimators():
        if name not in wanted:
            continue
        for given in (
            (x, y),
            (x,),
            (y,),
            (x, x[:, :2]),
            (["aa bb", "bb cc"],),
            ([{"a": 1}],),
            (x, y + 1.0),
            (x[:, 0], y),
        ):
            state = generators()
            with contextlib.suppress(Exception):
                estimator = kind().fit(*given)
                found.add(name)
                with contextlib.suppress(Exception):
                    estimator.transform(given[0])
                with contextlib.suppress(Exception):
                    estimator.predict(given[0])
            if generators() != state:
                wrong.append(name)
                np.random.seed(0)
    assert not wrong
    assert wanted <= found | set(dir(__import__("sklearn.linear_model").linear_model))


def test_sympy_expressions_never_change():
    x = sympy.Symbol("x")
    wrong = []
    names = [path for path, kind in known_functions.KINDS.items() if kind == "expr"]
    for path in names:
        function = getattr(sympy, path.removeprefix("sympy."))
        for given in (
            (x,),
            (x, x),
            (x**2 + 1, x),
            (x, 1),
            (1,),
            ("y",),
            ((x, 0, 1),),
            (x, (x, 0, 1)),
            (1, 2),
            ((x, True),),
        ):
            with contextlib.suppress(Exception):
                result = function(*given)
                if isinstance(result, (list, dict, set, sympy.MatrixBase)):
                    wrong.append(f"{path}{given} -> {type(result).__name__}")
    assert not wrong


#: What other versions of the libraries have, or what is reached only by importing a module of the same name.
ELSEWHERE = frozenset({
    "IPython.core.display.clear_output", "IPython.core.display.display",
    "IPython.core.display.set_matplotlib_formats", "matplotlib.cm.get_cmap",
    "matplotlib.cm.register_cmap", "matplotlib.pyplot.cm.get_cmap", "networkx.info",
    "networkx.random_tree", "networkx.random_triad", "numpy.DataSource",
    "numpy.set_string_function", "pandas.value_counts", "pandas.Int64Index", "numpy.row_stack",
    "sympy.utilities.lambdify.lambdify",
})  # fmt: skip


def test_listed_functions_exist():
    missing = []
    rows = {
        **known_functions.EFFECTS,
        **known_functions.KINDS,
        **dict.fromkeys(known_functions.FRESH | known_functions.SHARING, ""),
    }
    for path in sorted(rows):
        parts = path.rstrip("*").rstrip(".").split(".")
        if "*" in path.removesuffix("*") or parts[0] in ("numexpr", "bs4"):
            continue
        owner, rest = parts[0], parts[1:]
        try:
            found = importlib.import_module(owner)
        except ImportError:
            continue
        for part in rest[: len(rest) - (path.endswith("*") and not path.endswith(".*"))]:
            owner = f"{owner}.{part}"
            found = getattr(found, part, None)
            if found is None:
                with contextlib.suppress(ImportError):
                    found = importlib.import_module(owner)
            if found is None:
                missing.append(path)
                break
    assert " ".join(sorted(set(missing) - ELSEWHERE)) == ""
