# ruff: noqa: E501  (one row per surprise)
"""Objects of each kind in the tables, arguments to call their methods with, and what can be seen of a value."""

from __future__ import annotations

import datetime
import types
from collections.abc import Callable, Iterator
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import scipy.sparse
import scipy.stats
from scipy import interpolate, spatial


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {"a": [3.0, 1.0, 2.0, 1.0], "b": [1, 2, 3, 4], "c": [4, 3, 2, 1]}, index=list("wxyz")
    )


def _table() -> pd.DataFrame:
    days = pd.date_range("2020-01-01", periods=4, freq="D", name="day")
    return pd.DataFrame({"k": list("pqpq"), "v": [1.0, np.nan, 3.0, 4.0]}, index=days)


def _nested() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([["p", "q"], [1, 2]], names=["one", "two"])
    return pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [4, 3, 2, 1]}, index=index)


def _series() -> pd.Series:
    return pd.Series([3.0, 1.0, np.nan, 1.0], index=list("wxyz"), name="s")


def _texts() -> pd.Series:
    return pd.Series(["b c", "a", "B", "c1"], name="t")


def _days() -> pd.Series:
    return pd.Series(pd.date_range("2020-01-01", periods=4, freq="D"), name="d")


def _timed() -> pd.Series:
    return pd.Series([1.0, 2.0, 3.0, 4.0], pd.date_range("2020-01-01", periods=4, freq="D"))


def _categories() -> pd.Series:
    return pd.Series(["a", "b", "a", "c"], dtype="category")


def _array() -> np.ndarray:
    return np.array([[3.0, 1.0], [2.0, 4.0]])


def _graph() -> nx.Graph:
    graph = nx.karate_club_graph()
    nx.set_node_attributes(graph, 1, "size")
    return graph


def _digraph() -> nx.DiGraph:
    graph = nx.DiGraph([(1, 2), (2, 3), (1, 3)])
    graph.graph["name"] = "g"
    return graph


#: Kind in the tables → makers of objects of that kind.
SPECIMENS: dict[str, tuple[Callable[[], Any], ...]] = {
    "frame": (
        _frame, _table, _nested, _series, _texts, _days, _timed, _categories,
        lambda: pd.Index([3, 1, 2], name="i"),
        lambda: pd.Index(["b", "a"]),
        lambda: pd.date_range("2020-01-01", periods=3, freq="D"),
        lambda: pd.period_range("2020-01", periods=3, freq="M"),
        lambda: pd.timedelta_range("1h", periods=3),
        lambda: _nested().index,
        lambda: pd.interval_range(0, 3),
        lambda: pd.CategoricalIndex(["a", "b"]),
        lambda: pd.Series([True, False]),
        lambda: pd.Series(pd.date_range("2020-01-01", periods=3, tz="UTC")),
        lambda: pd.date_range("2020-01-01", periods=3, tz="UTC"),
    ),
    "grouping": (
        lambda: _frame().groupby("a"),
        lambda: _table().groupby("k"),
        lambda: _table().groupby("k").v,
        lambda: _frame().a.groupby(_frame().b > 2),
        lambda: _frame().rolling(2),
        lambda: _series().rolling(2),
        lambda: _frame().expanding(),
        lambda: _frame().ewm(2),
        lambda: _timed().resample("2D"),
        lambda: _table()[["v"]].resample("2D"),
        lambda: _table().groupby("k").v.rolling(2),
    ),
    "accessor": (
        lambda: _texts().str,
        lambda: pd.Series([["a", "b"], ["c"]]).str,
        lambda: pd.Series([b"a", b"b"]).str,
        lambda: _days().dt,
        lambda: pd.Series(pd.to_timedelta([1, 2], unit="h")).dt,
        lambda: pd.Series(pd.period_range("2020-01", periods=3, freq="M")).dt,
        lambda: pd.Series(pd.date_range("2020-01-01", periods=3, tz="UTC")).dt,
        lambda: _categories().cat,
    ),
    "array": (
        _array,
        lambda: np.array([3, 1, 2]),
        lambda: np.array([1.0]),
        lambda: np.ma.masked_less(_array(), 2),
        lambda: np.float64(2.5),
        lambda: np.int64(3),
    ),
    "sparse": tuple(
        (lambda form=form: scipy.sparse.random(4, 4, 0.5, form, random_state=0))
        for form in ("csr", "csc", "coo", "lil", "bsr", "dia")
    ),
    "distribution": (
        lambda: scipy.stats.norm(1, 2),
        lambda: scipy.stats.poisson(3),
        lambda: scipy.stats.multivariate_normal([0, 0]),
        lambda: scipy.stats.gaussian_kde([1.0, 2.0, 4.0]),
        lambda: scipy.stats.norm,
    ),
    "callable": (
        lambda: interpolate.interp1d([0, 1, 2], [0, 1, 4]),
        lambda: interpolate.CubicSpline([0, 1, 2, 3], [0, 1, 4, 9]),
        lambda: np.poly1d([1, 2, 3]),
        lambda: np.polynomial.Polynomial([1, 2, 3]),
        lambda: spatial.KDTree([[0.0, 0.0], [1.0, 1.0]]),
    ),
    "graph": (_graph, _digraph, lambda: nx.MultiGraph([(1, 2), (1, 2)])),
}  # fmt: skip


def _same(value: Any) -> Any:
    return value


#: Arguments tried for every method, in this order, and those that particular methods want.
ANY_ARGUMENTS: tuple[tuple[Any, ...], ...] = (
    (), (1,), ("a",), (0.5,), (2, 1), (_same,), ([0],), (["a"],), ("D",), ("mean",), ({"a": "n"},), (1.0, 2.0), ("a", "b"),
    ([[1.0, 2.0]],), (1, 2, 3), ("b", "c", "a"), ("UTC",), ([1.0, 2.0],), ("k",), (float,), ([2, 1],), ([0, 1], [1.0, 2.0]),
)  # fmt: skip
ARGUMENTS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "query": (("b > 2",),),
    "eval": (("b + c",),),
    "at_time": (("00:00",),),
    "between_time": (("00:00", "01:00"),),
    "strftime": (("%Y",),),
    "rename_categories": (({"a": "z"},),),
    "tz_localize": (("UTC",),),
    "to_timestamp": ((),),
    "pivot": ((),),
    "insert": ((0, 5),),
    "get_loc": (("a",), (1,), ("p",)),
    "get_group": ((1.0,), ("p",), (True,)),
    "nodes_with_selfloops": ((),),
    "has_edge": ((1, 2),),
    "subgraph": (([1, 2],),),
    "edge_subgraph": (([(1, 2)],),),
    "extract": (("(a)",),),
    "extractall": (("(a)",),),
    "decode": (("utf-8",),),
    "as_unit": (("s",),),
    "reorder_categories": ((["c", "b", "a"],),),
    "corrwith": ((_frame(),), (_frame().a,)),
    "swapaxes": ((0, 1), (0, -1)),
    "getfield": ((np.int8,),),
    "reshape": ((-1,), (2, 8)),
    "asformat": (("csc",),),
    "combine": ((_series(), max),),
    "reorder_levels": (([1, 0],),),
    "set_levels": (([["a", "b"], [3, 4]],),),
    "set_codes": (([[0, 0, 1, 1], [0, 1, 0, 1]],),),
    "case_when": (([(pd.Series([True, False]), 1)],),),
    "query_ball_point": (([0.0, 0.0], 1.0),),
    "query_ball_tree": ((spatial.KDTree([[0.0, 0.0]]), 1.0),),
    "count_neighbors": ((spatial.KDTree([[0.0, 0.0]]), 1.0),),
    "sparse_distance_matrix": ((spatial.KDTree([[0.0, 0.0]]), 1.0),),
    "is_integer": ((),),
    "to_device": (("cpu",),),
}  # fmt: skip
#: Keywords for methods that can't do without.
KEYWORDS: dict[str, tuple[dict[str, Any], ...]] = {
    "pivot": ({"columns": "b", "values": "c"},),
    "pivot_table": ({"index": "a"}, {"index": "k"}),
    "melt": ({},),
    "rename": ({"columns": {"a": "A"}}, {"index": {"a": "A"}}),
    "reindex": ({"index": ["w", "x"]}, {"index": [0, 1]}),
    "assign": ({"z": 1},),
    "set_axis": ({"labels": ["a", "b", "c"], "axis": 1},),
    "cat": ({"sep": ","},),
    "set_categories": ({"new_categories": ["a", "b", "c", "d"]},),
}


def calls(name: str, specimen: Any) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Arguments that a method of this name may accept, the likely ones first; objects of its own kind among them."""
    for keywords in KEYWORDS.get(name, ()):
        yield (), keywords
    yield from ((given, {}) for given in ARGUMENTS.get(name, ()))
    yield from ((given, {}) for given in ANY_ARGUMENTS)
    yield (specimen,), {}
    if isinstance(specimen, (pd.Series, pd.DataFrame)):
        yield (specimen.index[:2],), {}
        yield (specimen.isna(),), {}
        yield (specimen.columns[:1].tolist() if isinstance(specimen, pd.DataFrame) else [0],), {}
    if isinstance(specimen, pd.Index):
        yield (specimen[0],), {}


def seen(value: Any, depth: int = 0) -> Any:
    """What can be seen of a value, comparable with ``==``: type, contents, names, flags."""
    if isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray):
        held = (
            [seen(v, depth + 1) for v in value.ravel()]
            if value.dtype.hasobject
            else value.tobytes()
        )
        return ("array", str(value.dtype), value.shape, value.flags.writeable, held)
    if isinstance(value, np.ma.MaskedArray):
        return ("masked", seen(value.data), seen(np.ma.getmaskarray(value)))
    if isinstance(value, pd.DataFrame):
        columns = [seen(value.iloc[:, i]) for i in range(value.shape[1])]
        return ("frame", seen(value.index), seen(value.columns), columns, repr(value.attrs))
    if isinstance(value, pd.Series):
        return (
            "series",
            repr(value.name),
            seen(value.index),
            repr(value.dtype),
            repr(list(value)),
            repr(value.attrs),
        )
    if isinstance(value, pd.Index):
        return ("index", type(value).__name__, repr(value.names), repr(value.dtype), repr(list(value)),
                repr(getattr(value, "freq", None)))  # fmt: skip
    if isinstance(value, nx.Graph):
        return ("graph", type(value).__name__, repr(value.graph), repr(dict(value.nodes(data=True))),
                repr(list(value.edges(data=True))))  # fmt: skip
    if scipy.sparse.issparse(value):
        return ("sparse", value.format, value.shape, value.toarray().tobytes())
    if isinstance(
        value,
        (int, float, complex, str, bytes, type(None), np.generic, pd.Timestamp, datetime.date),
    ):
        return repr(value)
    if isinstance(
        value, (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType, np.ufunc)
    ):
        return repr(value)
    if depth > 6:
        return type(value).__name__
    if isinstance(value, dict):
        return ("dict", [(repr(k), seen(v, depth + 1)) for k, v in value.items()])
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [seen(v, depth + 1) for v in value])
    if isinstance(value, (set, frozenset)):
        return (type(value).__name__, sorted(map(repr, value)))
    groups = getattr(value, "obj", getattr(value, "_parent", None))
    if groups is not None:
        return (type(value).__name__, seen(groups, depth + 1))
    attributes = getattr(value, "__dict__", None)
    if attributes:
        return (
            type(value).__name__,
            [(k, seen(v, depth + 1)) for k, v in sorted(attributes.items())],
        )
    return type(value).__name__


def buffers(value: Any, depth: int = 0) -> Iterator[np.ndarray]:
    """The arrays that a value is made of, as far as they can be reached."""
    if isinstance(value, np.ma.MaskedArray):
        yield value.data
        yield np.ma.getmaskarray(value)
    elif isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, pd.DataFrame):
        for i in range(value.shape[1]):
            yield from buffers(value.iloc[:, i])
    elif isinstance(value, pd.Series):
        yield from buffers(np.asarray(value.array))
    elif scipy.sparse.issparse(value):
        for part in ("data", "indices", "indptr", "row", "col", "offsets"):
            found = getattr(value, part, None)
            if isinstance(found, np.ndarray):
                yield found
    elif isinstance(value, (list, tuple)) and depth < 3:
        for part in value:
            yield from buffers(part, depth + 1)
    elif isinstance(value, dict) and depth < 3:
        for part in value.values():
            yield from buffers(part, depth + 1)
    elif (
        hasattr(value, "__dict__") and depth < 2 and not isinstance(value, (type, types.ModuleType))
    ):
        for part in vars(value).values():
            yield from buffers(part, depth + 1)


def share_memory(one: Any, other: Any) -> bool:
    """Whether an array of one value may be written to through the other."""
    mine = [array for array in buffers(one) if array.size]
    return any(np.shares_memory(a, b) for b in buffers(other) if b.size for a in mine)
