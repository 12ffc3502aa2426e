"""When two values are equal, and where they first differ: a table of pairs."""

from __future__ import annotations

import copy
import json
import pickle
import textwrap
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naavre_ext.executors.portraits import Painter, differences, portray
from naavre_ext.model.portrait import first_mismatch


@dataclass(frozen=True)
class Row:
    """Code that makes ``x`` twice, and where the two differ ("" for equal)."""

    one: str
    other: str
    text: str = ""


LIBRARIES = """
import collections, copy, dataclasses, datetime, decimal, enum, functools, io, itertools, pathlib, re, threading
import numpy as np
import pandas as pd
"""

SAME = {
    "nan": "x = float('nan')",
    "nan of any kind": "x = [0.5, float('nan')]; x.append(x[1] - x[1])",
    "nested": "x = {'a': [1, (2, {3})], None: {'b': frozenset([4])}}",
    "set of strings": "x = {str(i) for i in range(50)}",
    "large set": "x = {str(i) for i in range(500)}",
    "array with nan": "x = np.array([1.0, np.nan])",
    "complex array with nan": "x = np.array([1 + 2j, complex(np.nan, 1)])",
    "object array": "x = np.array([1, 'a', None], dtype=object)",
    "structured array": "x = np.array([(1, 2.5)], dtype=[('a', 'i1'), ('b', 'f8')])",
    "masked array": "x = np.ma.masked_array([1, 2], mask=[False, True])",
    "long double": "x = np.longdouble(1) / 3",
    "frame": "x = pd.DataFrame({'a': [1, 2], 'b': ['x', None]}, index=['p', 'q'])",
    "frame with times": "x = pd.DataFrame({'t': pd.date_range('2020', periods=3, tz='UTC')})",
    "frame with categories": "x = pd.DataFrame({'c': pd.Categorical(['a', 'b', 'a'])})",
    "frame with attrs": "x = pd.DataFrame({'a': [1]}); x.attrs['unit'] = 'm'",
    "nullable": "x = pd.array([1, None, 3], dtype='Int64')",
    "intervals": "x = pd.interval_range(0, 3)",
    "sparse": "import scipy.sparse as s; x = s.csr_matrix(np.eye(3))",
    "arrow": "import pyarrow as pa; x = pa.table({'a': [1, None], 'b': ['x', 'y']})",
    "estimator": "from sklearn.linear_model import LinearRegression as L\n"
    "x = L().fit(np.arange(6.0).reshape(3, 2), [1.0, 2.0, 3.0])",
    "graph": "import networkx as nx; x = nx.path_graph(4); list(x.nodes), list(x.adj)",
    "formula": "import sympy; x = sympy.Symbol('a', positive=True) ** 2 + 1; hash(x)",
    "dates": "x = [datetime.date(2020, 1, 2), pd.Timestamp('2020'), decimal.Decimal('1.10')]",
    "pipe": "import os; x = os.fdopen(os.dup(os.pipe()[0]))",  # another number each time
    "cycle": "x = [1]; x.append(x)",
    "deep": "x = []\nfor _ in range(5000): x = [x]",
    "shared tuples": "x = ()\nfor _ in range(80): x = (x, x)",
    "function": "def f(a, b=2):\n    return a + b\nx = f",
    "closure": "def make(n):\n    return lambda: n\nx = make(3)",
    "class": "class x:\n    a = 1\n    def f(self): return 2",
    "instance with slots": "class P:\n    __slots__ = ('a', 'b')\nx = P(); x.a = 1",
    "dataclass": "@dataclasses.dataclass\nclass P:\n    a: int\nx = P(1)",
    "enum": "class C(enum.IntEnum):\n    RED = 1\nx = [C.RED]",
    "named tuple": "P = collections.namedtuple('P', 'a b'); x = P(1, [2])",
    "generator": "def g():\n    a = [1]\n    yield a\n    yield 2\nx = g(); next(x)",
    "iterators": "x = [iter([1, 2]), iter((3,)), map(str, [1]), zip('ab', 'cd'), enumerate('a')]",
    "exception": "x = ValueError('bad', 3)",
    "exception from a run": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    x = e",
    "pattern": "x = re.compile('a+', re.I)",
    "path": "x = pathlib.Path('a/b'); str(x), x.parts",
    "lock": "x = threading.Lock()",
    "module": "x = np",
    "random state": "x = [np.random.RandomState(3), np.random.default_rng(3)]",
    "streams of a cell": "from naavre_ext.executors.session_streams import CellStream, OutputBuffer\n"
    "x = [CellStream(name, OutputBuffer(print), 1) for name in ('stdout', 'stderr')]",
    "buffer": "x = io.StringIO('abc'); x.read(1)",
    "cached property": "class P:\n    @functools.cached_property\n    def a(self): return 1\nx = P()",
    "ordered": "x = collections.OrderedDict(a=1); x.move_to_end('a')",
    "ordered subclass isn't asked": "class P(collections.OrderedDict):\n"
    "    def refuse(self, *a): raise TypeError\n    items = keys = values = __iter__ = __len__ = refuse\n"
    "x = P(); x['a'] = 1",
    "user's eq isn't asked": "class P:\n    def __eq__(self, o): raise TypeError\nx = P(); x.a = 1",
    "figure": "import matplotlib.figure as m; x = m.Figure(); x.add_subplot().plot([1, 2])",
}

_DATABASE = "import sqlite3; x = sqlite3.connect(':memory:'); x.execute('create table t (a)')"

ROWS = {
    "database": Row(
        f"{_DATABASE}; x.execute('insert into t values (1)')",
        f"{_DATABASE}; x.execute('insert into t values (2)')",
        "x has other contents",
    ),
    "database in two transactions": Row(
        f"{_DATABASE}; x.execute('insert into t values (1)')",
        f"{_DATABASE}; x.execute('insert into t values (1)'); x.commit()",
    ),
    "number": Row("x = 1", "x = 2", "x is 1, not 2"),
    "int and float": Row("x = 1", "x = 1.0", "x is a int, not a float"),
    "int and bool": Row("x = 1", "x = True", "x is a int, not a bool"),
    "negative zero": Row("x = [0.0]", "x = [-0.0]", "x[0] is 0.0, not -0.0"),
    "last bit": Row("x = 0.1 + 0.2", "x = 0.3", "x is 0.30000000000000004, not 0.3"),
    "zero in an array": Row("x = np.array([0.0])", "x = np.array([-0.0])", "x[0] is 0.0, not -0.0"),
    "text": Row("x = {'a': ['b']}", "x = {'a': ['c']}", "x['a'][0] is 'b', not 'c'"),
    "list and tuple": Row("x = [1]", "x = (1,)", "x is a list, not a tuple"),
    "length": Row("x = [1]", "x = [1, 2]", "x is 1 elements, not 2 elements"),
    "keys": Row("x = {'a': 1}", "x = {'b': 1}", "x has ['a']"),
    "order of keys": Row(
        "x = {'a': 1, 'b': 2}", "x = {'b': 2, 'a': 1}", "x has ['a'] where the other has ['b']"
    ),
    "order that keys were moved to": Row(
        "x = collections.OrderedDict(a=1, b=2); x.move_to_end('a')",
        "x = collections.OrderedDict(b=2, a=1)",
    ),
    "order that keys were moved from": Row(
        "x = collections.OrderedDict(a=1, b=2); x.move_to_end('a')",
        "x = collections.OrderedDict(a=1, b=2)",
        "x has ['b'] where the other has ['a']",
    ),
    "order of many keys": Row(
        "x = collections.OrderedDict((i, i) for i in range(1000)); x.move_to_end(0)",
        "x = collections.OrderedDict((i, i) for i in [*range(1, 1000), 0])",
    ),
    "other order of many keys": Row(
        "x = collections.OrderedDict((i, i) for i in range(1000)); x.move_to_end(0)",
        "x = collections.OrderedDict((i, i) for i in range(1000))",
        "x items [0:5]",
    ),
    "order in a subclass with its own items": Row(
        "class P(collections.OrderedDict):\n    def items(self): return []\n"
        "x = P(a=1, b=2); x.move_to_end('a')",
        "class P(collections.OrderedDict):\n    def items(self): return []\n"
        "x = P(b=2, a=1); x.move_to_end('b')",
        "x has ['b'] where the other has ['a']",
    ),
    "order set behind its back": Row(
        "x = collections.OrderedDict(a=1); dict.__setitem__(x, 'b', 2)",
        "x = collections.OrderedDict(a=1); dict.__setitem__(x, 'b', 3)",
        "x['b'] is 2, not 3",
    ),
    "order of keys that hash otherwise by now": Row(
        "class K:\n    def __hash__(self): return self.n\n"
        "k = K(); k.n = 1; x = collections.OrderedDict({k: 1, 'b': 2}); k.n = 2",
        "class K:\n    def __hash__(self): return self.n\n"
        "k = K(); k.n = 1; x = collections.OrderedDict({k: 1, 'b': 3}); k.n = 2",
        "x",
    ),
    "set": Row("x = {1, 2}", "x = {1, 3}", "x has other contents"),
    "large list": Row("x = list(range(10_000))", "x = list(range(10_000)); x[7] = 0", "x[0:50] is"),
    "list of rows": Row(
        "x = [(i, 'a') for i in range(1000)]",
        "x = [(i, 'a') for i in range(1000)]; x[999] = (0, 'b')",
        "x[995:1000] is",
    ),
    "large dict": Row(
        "x = {i: i for i in range(1000)}",
        "x = {i: i for i in range(1000)}; x[999] = 0",
        "x items [995:1000]",
    ),
    "dtype": Row("x = np.zeros(2)", "x = np.zeros(2, 'f4')", "x is float64(2,), not float32(2,)"),
    "shape": Row(
        "x = np.zeros((2, 1))", "x = np.zeros((1, 2))", "x is float64(2, 1), not float64(1, 2)"
    ),
    "callbacks that were asked for a copy": Row(
        "import matplotlib.cbook as m; x = m.CallbackRegistry()",
        "import matplotlib.cbook as m; x = m.CallbackRegistry(); x.__getstate__()",
    ),
    "strides don't count": Row(
        "x = np.arange(6).reshape(2, 3).T", "x = np.array([[0, 3], [1, 4], [2, 5]])"
    ),
    "element": Row("x = np.eye(2)", "x = np.eye(2); x[1, 0] = 5", "x[1, 0] is 0.0, not 5.0"),
    "long list of numbers": Row(
        "x = list(np.arange(1000.0))", "x = list(np.arange(1000.0)); x[999] = 1", "x"
    ),
    "long list of the same numbers of another type": Row(
        "x = list(np.arange(1000))", "x = list(np.arange(1000, dtype='uint64'))", "x"
    ),
    "long list of the same numbers": Row(
        "x = list(np.arange(1000.0))", "x = [np.float64(n) for n in range(1000)]", ""
    ),
    "long list of Python's numbers instead": Row(
        "x = list(np.arange(1000.0))", "x = [*map(float, range(1000))]", "x"
    ),
    "large array": Row("x = np.zeros(1000)", "x = np.zeros(1000); x[999] = 1", "x[995:1000]"),
    "read-only": Row(
        "x = np.zeros(2)",
        "x = np.zeros(2); x.flags.writeable = False",
        "x is float64(2,), not float64(2,) read-only",
    ),
    "field": Row(
        "x = np.array([(1, 2.5)], dtype=[('a', 'i1'), ('b', 'f8')])",
        "x = np.array([(1, 3.5)], dtype=[('a', 'i1'), ('b', 'f8')])",
        "x['b'][0] is 2.5, not 3.5",
    ),
    "object element": Row(
        "x = np.array([[1], 2], dtype=object)",
        "x = np.array([[3], 2], dtype=object)",
        "x[0][0] is 1, not 3",
    ),
    "mask": Row(
        "x = np.ma.masked_array([1, 2], mask=[0, 1])",
        "x = np.ma.masked_array([1, 2], mask=[1, 0])",
        "x.mask has other contents",
    ),
    "what is masked doesn't count": Row(
        "x = np.ma.masked_array([1, 2], mask=[0, 1])",
        "x = np.ma.masked_array([1, 9], mask=[0, 1])",
    ),
    "frame's value": Row(
        "x = pd.DataFrame({'a': [1, 2]})",
        "x = pd.DataFrame({'a': [1, 3]})",
        "x['a'][1] is 2, not 3",
    ),
    "frame's dtype": Row(
        "x = pd.DataFrame({'a': [1]})",
        "x = pd.DataFrame({'a': [1.0]})",
        "x['a'] is a int64 column, not a float64 column",
    ),
    "frame's columns": Row(
        "x = pd.DataFrame({'a': [1]})",
        "x = pd.DataFrame({'b': [1]})",
        "x.columns[0] is 'a', not 'b'",
    ),
    "frame's index": Row(
        "x = pd.DataFrame({'a': [1]}, index=['p'])",
        "x = pd.DataFrame({'a': [1]}, index=['q'])",
        "x.index[0] is 'p', not 'q'",
    ),
    "kind of index": Row(
        "x = pd.DataFrame({'a': [1, 2]})",
        "x = pd.DataFrame({'a': [1, 2]}, index=[0, 1])",
        "x.index is a RangeIndex, not a Index",
    ),
    "frame's attrs": Row(
        "x = pd.DataFrame({'a': [1]}); x.attrs['u'] = 'm'",
        "x = pd.DataFrame({'a': [1]}); x.attrs['u'] = 's'",
        "x.attrs['u'] is 'm', not 's'",
    ),
    "categories": Row(
        "x = pd.Series(pd.Categorical(['a'], categories=['a', 'b']))",
        "x = pd.Series(pd.Categorical(['a'], categories=['a', 'c']))",
        "x.categories[1] is 'b', not 'c'",
    ),
    "order of categories": Row(
        "x = pd.Series(pd.Categorical(['a'], ordered=True))",
        "x = pd.Series(pd.Categorical(['a']))",
        "x.ordered is True, not False",
    ),
    "time zone": Row(
        "x = pd.Series(pd.date_range('2020', periods=1, tz='UTC'))",
        "x = pd.Series(pd.date_range('2020', periods=1, tz='Asia/Tokyo'))",
        "x is a datetime64",
    ),
    "missing": Row(
        "x = pd.array([1, None], dtype='Int64')",
        "x = pd.array([1, 0], dtype='Int64')",
        "x.isna() is 1 missing, not 0 missing",
    ),
    "sparse element": Row(
        "import scipy.sparse as s; x = s.csr_matrix(np.eye(2))",
        "import scipy.sparse as s; x = s.csr_matrix(np.eye(2) * 2)",
        "x.data has other contents",
    ),
    "sparse format": Row(
        "import scipy.sparse as s; x = s.csr_matrix(np.eye(2))",
        "import scipy.sparse as s; x = s.csc_matrix(np.eye(2))",
        "x is a csr_matrix, not a csc_matrix",
    ),
    "arrow value": Row(
        "import pyarrow as pa; x = pa.table({'a': [1, None]})",
        "import pyarrow as pa; x = pa.table({'a': [1, 2]})",
        "x['a'][1] is a NoneType, not a int",
    ),
    "estimator's state": Row(
        "from sklearn.linear_model import LinearRegression as L\nx = L().fit([[1.0], [2]], [1.0, 2])",
        "from sklearn.linear_model import LinearRegression as L\nx = L().fit([[1.0], [2]], [1.0, 4])",
        "x.coef_[0] is",
    ),
    "estimator's parameter": Row(
        "from sklearn.linear_model import LinearRegression as L; x = L()",
        "from sklearn.linear_model import LinearRegression as L; x = L(fit_intercept=False)",
        "x.fit_intercept is True, not False",
    ),
    "assumptions": Row(
        "import sympy; x = sympy.Symbol('a', positive=True)",
        "import sympy; x = sympy.Symbol('a')",
        "x",
    ),
    "one dummy symbol or equal ones": Row(
        "import sympy; d = sympy.Dummy('d', dummy_index=7); x = [d, d + 1]",
        "import sympy; d = [sympy.Dummy('d', dummy_index=7) for _ in 'ab']; x = [d[0], d[1] + 1]",
        "",
    ),
    "one undefined function or equal ones": Row(
        "import sympy; f = sympy.Function('f'); x = [f, f(sympy.Symbol('a'))]",
        "import sympy; x = [sympy.Function('f'), sympy.Function('f')(sympy.Symbol('a'))]",
        "",
    ),
    "another undefined function": Row(
        "import sympy; x = sympy.Function('f')(sympy.Symbol('a'))",
        "import sympy; x = sympy.Function('f', real=True)(sympy.Symbol('a'))",
        "x",
    ),
    "one object or two": Row(
        "a = [1]; x = [a, a]", "x = [[1], [1]]", "x[1] is a reference, not a list"
    ),
    "another object": Row(
        "a, b = [1], [1]; x = [a, b, a]",
        "a, b = [1], [1]; x = [a, b, b]",
        "x[2] is the same object",
    ),
    "one memory or two": Row(
        "a = np.zeros(3); x = [a, a[1:]]", "x = [np.zeros(3), np.zeros(2)]", "x[1]"
    ),
    "parts that overlap or not": Row(
        "a = np.zeros(9); x = [a[:3], a[3:6], a[2:5]]",
        "a = np.zeros(9); x = [a[:3], a[3:6], a[6:]]",
        "x[2]",
    ),
    "rows of one block and rows of their own": Row(
        "a = np.zeros((2, 9)); x = [*a, a[1]]",
        "a, b = np.zeros((2, 9)).copy(); x = [a.copy(), b, b[:]]",
    ),
    "rows shared otherwise": Row(
        "a = np.zeros((2, 9)); x = [*a, a[1, :]]", "a = np.zeros((2, 9)); x = [*a, a[0, :]]", "x[2]"
    ),
    "cycle": Row("x = [1]; x.append(x)", "x = [1]; x.append([1, x])", "x[1]"),
    "attribute": Row(
        "class P: pass\nx = P(); x.a = 1", "class P: pass\nx = P(); x.a = 2", "x.a is 1, not 2"
    ),
    "slot": Row(
        "class P: __slots__ = ('a',)\nx = P(); x.a = 1",
        "class P: __slots__ = ('a',)\nx = P()",
        "x has .a",
    ),
    "class of a list": Row("class L(list): pass\nx = L([1])", "x = [1]", "x is a L, not a list"),
    "attribute of a list": Row(
        "class L(list): pass\nx = L([1]); x.a = 1",
        "class L(list): pass\nx = L([1]); x.a = 2",
        "x.a is 1, not 2",
    ),
    "enum member": Row(
        "class C(enum.Enum): A = 1; B = 2\nx = C.A",
        "class C(enum.Enum): A = 1; B = 2\nx = C.B",
        "x is C.A, not C.B",
    ),
    "code": Row("x = lambda a: a + 1", "x = lambda a: a - 1", "x.__code__"),
    "constant in code": Row(
        "x = lambda a: a + 1.5", "x = lambda a: a + 2.5", "x.__code__.co_consts[1] is 1.5, not 2.5"
    ),
    "default": Row("def x(a=[1]): pass", "def x(a=[2]): pass", "x.__defaults__[0][0] is 1, not 2"),
    "closure": Row(
        "def m(n): return lambda: n\nx = m(1)",
        "def m(n): return lambda: n\nx = m(2)",
        "x closure n is 1, not 2",
    ),
    "calls in a cache": Row(
        "@functools.lru_cache\ndef x(n): return n\nx(1)",
        "@functools.lru_cache\ndef x(n): return n",
        "x is x (0, 1, 128, 1)",
    ),
    "method": Row(
        "class x:\n    def f(self): return 1",
        "class x:\n    def f(self): return 2",
        "x.f.__code__",
    ),
    "class attribute": Row("class x: a = 1", "class x: a = 2", "x.a is 1, not 2"),
    "redefined class": Row(
        "class P: a = 1\nx = P()", "class P: a = 2\nx = P()", "x.__class__.a is 1, not 2"
    ),
    "generator's position": Row(
        "def g():\n    yield 1\n    yield 2\nx = g(); next(x)",
        "def g():\n    yield 1\n    yield 2\nx = g()",
        "x is g, at step",
    ),
    "generator's local": Row(
        "def g(n):\n    yield n\nx = g(1)",
        "def g(n):\n    yield n\nx = g(2)",
        "x local n is 1, not 2",
    ),
    "iterator's position": Row(
        "x = iter([1, 2]); next(x)", "x = iter([1, 2])", "x.__state__ is 1, not 0"
    ),
    "exception": Row("x = ValueError('a')", "x = ValueError('b')", "x.args[0] is 'a', not 'b'"),
    "cause": Row(
        "x = ValueError(); x.__cause__ = KeyError(1)",
        "x = ValueError(); x.__cause__ = KeyError(2)",
        "x.__cause__.args[0] is 1, not 2",
    ),
    "lock": Row("x = threading.Lock()", "x = threading.Lock(); x.acquire()", "x is unlocked"),
    "random state": Row("x = np.random.default_rng(1)", "x = np.random.default_rng(2)", "x"),
    "drawn from": Row(
        "x = np.random.RandomState(1)", "x = np.random.RandomState(1); x.rand()", "x"
    ),
    "figure": Row(
        "import matplotlib.figure as m; x = m.Figure(); x.add_subplot().plot([1, 2])",
        "import matplotlib.figure as m; x = m.Figure(); x.add_subplot().plot([1, 3])",
        "x has other contents",
    ),
    "path": Row("x = pathlib.Path('a')", "x = pathlib.Path('b')", "x is PosixPath('a')"),
    "decimal": Row(
        "x = decimal.Decimal('1.1')", "x = decimal.Decimal('1.10')", "x is Decimal('1.1'), not"
    ),
    "timestamp's unit": Row(
        "x = pd.Timestamp('2020').as_unit('s')", "x = pd.Timestamp('2020').as_unit('ns')", "x"
    ),
    "buffer's position": Row(
        "x = io.StringIO('abc'); x.read(1)", "x = io.StringIO('abc')", "x is 3 long, at 1"
    ),
    "default factory": Row(
        "x = collections.defaultdict(list)", "x = collections.defaultdict(set)", "x.default_factory"
    ),
}


def made(code: str) -> Any:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(LIBRARIES, namespace)
    exec(code, namespace)
    return namespace["x"]


@pytest.mark.parametrize("code", SAME.values(), ids=SAME)
def test_what_is_made_twice_is_equal(code: str) -> None:
    one, other = portray(made(code), "x"), portray(made(code), "x")
    assert first_mismatch(one, other) == ""
    assert one.digest == other.digest
    assert one.opaque == ""


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_where_values_differ(row: Row) -> None:
    one, other = portray(made(row.one), "x"), portray(made(row.other), "x")
    found = first_mismatch(one, other)
    assert found.startswith(row.text) if row.text else found == ""
    assert bool(found) == (one.digest != other.digest) == bool(row.text)


def test_variables_that_are_one_object_must_stay_one() -> None:
    shared = {"a": [1]}
    one = {"p": shared, "q": {"k": shared}}
    two = {"p": copy.deepcopy(shared), "q": {"k": copy.deepcopy(shared)}}
    assert differences(one, copy.deepcopy(one)) == []
    assert differences(one, two) == ["p and q['k'] are one object in the first only"]
    assert differences(one, two, sharing=False) == []


def test_what_libraries_have_for_themselves_is_not_shared() -> None:
    code = """
        import numbers, abc, copyreg, functools, pathlib, json
        from sklearn.utils import resample
        class Base(abc.ABC): pass
        p = [numbers.Integral, copyreg.__newobj__, functools.wraps, resample, json.dumps, Base, pathlib.Path]
        q = [p[0], p[1], p[2], p[3], p[4], p[5], p[6]]
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(textwrap.dedent(code), names)
    painter = Painter()
    portraits = [painter.portray(name, names[name]) for name in ("p", "q")]
    assert painter.shared == [("p[5]", "q[5]")]
    assert first_mismatch(portraits[0], portraits[1]) == ""


def test_functions_of_libraries_are_told_apart() -> None:
    one, other = ({"x": function} for function in (json.dumps, pickle.dumps))
    assert differences(one, other) == ["x is a function, not a builtin_function_or_method"]
    assert differences({"x": json.dumps}, {"x": json.dump}) == ["x is dumps, not dump"]


def test_an_element_of_a_set_may_stand_anywhere_in_it() -> None:
    class Key:
        def __init__(self, n: int) -> None:
            self.n = n

        def __hash__(self) -> int:
            return places[self.n]

    places = [0, 1]
    one, two = ({"list": keys, "set": {*keys}} for keys in ([Key(0), Key(1)] for _ in range(2)))
    first = next(iter(one["set"]))
    places.reverse()
    two["set"] = {*two["list"]}
    assert first.n != next(iter(two["set"])).n
    assert differences(one, two) == []
    assert differences(one, {**two, "set": copy.deepcopy(two["set"])}) == [
        "list[0] and set element are one object in the first only",
        "list[1] and set element are one object in the first only",
    ]


class Node:
    """One of a graph, which knows its neighbours as a set."""

    def __init__(self, label: int) -> None:
        self.label = label
        self.near: set[Node] = set()


def graph_of(labels: list[int], edges: set[tuple[int, int]], order: list[int]) -> Node:
    """The first node of the graph; ``order`` is that in which nodes are made and told of each other."""
    nodes = {number: Node(labels[number]) for number in order}
    for number in order:
        for other in order:
            if (number, other) in edges:
                nodes[number].near.add(nodes[other])
    return nodes[0]


def test_a_circle_through_a_set() -> None:
    pair = ({(0, 1), (1, 0)}, [0, 1])
    assert first_mismatch(portray(graph_of([7, 8], *pair)), portray(graph_of([7, 8], *pair))) == ""
    assert first_mismatch(portray(graph_of([7, 8], *pair)), portray(graph_of([7, 9], *pair))) != ""
    alone = graph_of([7, 8], {(0, 1)}, [0, 1])
    assert first_mismatch(portray(graph_of([7, 8], *pair)), portray(alone)) != ""


@pytest.mark.parametrize("labels", [range(40), [0] * 40], ids=["named", "alike"])
def test_a_graph_in_which_all_are_neighbours(labels: Any) -> None:
    edges = {(one, other) for one in range(40) for other in range(40) if one != other}
    one, other = (
        graph_of(list(labels), edges, order) for order in ([*range(40)], [*range(39, -1, -1)])
    )
    assert first_mismatch(portray(one), portray(other)) == ""
    next(iter(other.near)).near.add(other)
    next(iter(other.near)).near.pop().label = 99
    assert first_mismatch(portray(one), portray(other)) != ""


def test_elements_that_are_alike_are_counted() -> None:
    two, three = ({tuple.__new__(Plain, (1, 2)) for _ in range(n)} for n in (2, 3))
    assert first_mismatch(portray(two), portray({*two})) == ""
    assert first_mismatch(portray(two), portray(three)) == "it is 2 elements, not 3 elements"


class Plain(tuple):
    """Equal only to itself."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def test_elements_that_differ_far_down_are_told_apart() -> None:
    def chain(end: int) -> Node:
        node = Node(end)
        for _ in range(20):
            before, node = node, Node(0)
            node.near = [before]  # type: ignore[assignment]
        return node

    def bag(*ends: int) -> set[Node]:
        return {chain(end) for end in ends}

    assert first_mismatch(portray(bag(1, 2, 3)), portray(bag(3, 2, 1))) == ""
    assert first_mismatch(portray(bag(1, 2, 3)), portray(bag(1, 2, 2))) != ""


@pytest.mark.parametrize("length", [1_000, 5_000, 40_000])
def test_a_long_chain_of_objects(length: int) -> None:
    def chain(end: int) -> list[Any]:
        links: list[Any] = [end]
        for _ in range(length):
            links = [links]
        return links

    one, other = portray(chain(1), "x"), portray(chain(2), "x")
    assert pickle.loads(pickle.dumps(one)).digest == one.digest
    assert (first_mismatch(one, pickle.loads(pickle.dumps(other))) == "") is False
    assert first_mismatch(one, portray(chain(1), "x")) == ""


def test_rows_of_one_array_share_nothing() -> None:
    numpy = pytest.importorskip("numpy")
    x, y = numpy.zeros((2, 1000))
    one = {"x": x, "y": y, "a": x[5:]}
    own = x.copy()
    two = {"x": own, "y": y.copy(), "a": own[5:]}
    assert differences(one, two) == []
    assert differences(one, {**two, "a": x[5:].copy()}) == [
        "a and x are one object in the first only"
    ]


def test_what_cannot_be_looked_into_is_said() -> None:
    import socket
    import sqlite3

    with socket.socket() as x:
        assert "pickle" in portray(x, "x").opaque
        assert "pickle" in portray([x], "x").opaque
    closed = sqlite3.connect(":memory:")
    closed.close()
    assert "closed database" in portray(closed, "x").opaque


_ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.binary(),
)
_KEYS = st.one_of(st.integers(), st.text(max_size=5), st.tuples(st.integers(), st.text(max_size=2)))
_VALUES = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(inner, inner),
        st.dictionaries(_KEYS, inner, max_size=5),
        st.frozensets(_KEYS, max_size=5),
    ),
    max_leaves=20,
)
_quick = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@_quick
@given(_VALUES)
def test_a_value_equals_its_pickled_copy(value: Any) -> None:
    again = pickle.loads(pickle.dumps(value))
    assert first_mismatch(portray(value), portray(again)) == ""


@_quick
@given(_VALUES)
def test_a_portrait_is_pickled_whole(value: Any) -> None:
    portrait = portray(value, "x")
    assert pickle.loads(pickle.dumps(portrait)) == portrait


@_quick
@given(st.data())
def test_a_graph_is_what_it_is_in_whatever_order_it_was_made(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 6))
    numbers = st.integers(0, size - 1)
    labels = data.draw(st.lists(st.integers(0, 1), min_size=size, max_size=size))
    edges = data.draw(st.sets(st.tuples(numbers, numbers)))
    order = data.draw(st.permutations(range(size)))
    one, other = graph_of(labels, edges, [*range(size)]), graph_of(labels, edges, order)
    assert first_mismatch(portray(one), portray(other)) == ""
    waiting, seen = [other], {other}
    while waiting:
        fresh = waiting.pop().near - seen
        seen |= fresh
        waiting += fresh
    next(iter(seen)).label = 2
    assert first_mismatch(portray(one), portray(other)) != ""


@_quick
@given(_VALUES, st.data())
def test_a_value_with_one_change_differs(value: Any, data: st.DataObject) -> None:
    changed = _with_a_change(value, data)
    found = first_mismatch(portray(value, "x"), portray(changed, "x"))
    assert found.startswith("x")


def _with_a_change(value: Any, data: st.DataObject) -> Any:
    """The value with something else at a random place in it."""
    places = len(value) if isinstance(value, (list, tuple, dict)) else 0
    if not places or data.draw(st.booleans()):
        return [object, value] if value is None or isinstance(value, tuple) else (value,)
    at = data.draw(st.integers(0, places - 1))
    if isinstance(value, dict):
        key = list(value)[at]
        return {**value, key: _with_a_change(value[key], data)}
    items = list(value)
    items[at] = _with_a_change(items[at], data)
    return type(value)(items)
