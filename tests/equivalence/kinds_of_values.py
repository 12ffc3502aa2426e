"""Kinds of values that notebooks hold: how each is made, and what can be seen of it.

``TRAVELS`` can be copied to another worker: what ``look`` gives there is what it gives at home. ``STAYS`` can't,
and must be found out, never sent altered.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """``make`` binds ``v``, ``look`` is an expression over ``v`` with a plain value."""

    make: str
    look: str = "v"


TRAVELS = {
    # Plain Python
    "big int": Kind("v = 10 ** 5000", "v % 10007"),
    "nested": Kind("v = {'a': [1, (2.5, None), {'b': b'c'}], 'd': frozenset({1})}"),
    "self-reference": Kind("v = [1]; v.append(v)", "(v[0], v[1] is v)"),
    "shared parts": Kind("a = [1]; v = (a, {'a': a}, a)", "(v, v[0] is v[1]['a'] is v[2])"),
    "set of texts": Kind("v = {f'w{i}' for i in range(300)}", "list(v)"),
    "set with a history": Kind(
        "v = set()\n"
        "for i in range(200):\n"
        "    v.add(f'w{i}')\n"
        "for i in range(0, 190):\n"
        "    v.discard(f'w{i}')",
        "(list(v), [v.add(f'x{i}') for i in range(20)], list(v))",
    ),
    "set made of sets": Kind(
        "v = {f'a{i}' for i in range(30)} | {f'b{i}' for i in range(9)} - {'b3'}",
        "list(v)",
    ),
    "copied set": Kind("v = {f'w{i}' for i in range(20)}.copy()", "list(v)"),
    "frozen set": Kind("v = frozenset(f'w{i}' for i in range(50))", "list(v)"),
    "frozen set of a set": Kind("v = frozenset({f'w{i}' for i in range(17)})", "list(v)"),
    "set of tuples": Kind("v = {(f'w{i}', i, float(i)) for i in range(40)}", "list(v)"),
    "set of a subclass": Kind(
        "class S(set):\n    pass\nv = S(f'w{i}' for i in range(40)); v.mark = 1",
        "(list(v), v.mark, type(v).__name__)",
    ),
    "sets within": Kind(
        "v = [{'s': {f'w{i}' for i in range(n)}} for n in range(30)]",
        "[list(d['s']) for d in v]",
    ),
    "dict order": Kind("v = dict(b=1, a=2); v['c'] = v.pop('b')", "list(v.items())"),
    "ordered dict": Kind(
        "import collections\nv = collections.OrderedDict(a=1, b=2); v.move_to_end('a')",
        "list(v.items())",
    ),
    "counter": Kind(
        "import collections\nv = collections.Counter('mississippi')",
        "(list(v.items()), v['zz'])",
    ),
    "defaultdict": Kind(
        "import collections\nv = collections.defaultdict(lambda: [7]); v['a']",
        "(list(v.items()), v['n'])",
    ),
    "deque": Kind(
        "import collections\nv = collections.deque([1, 2, 3], maxlen=3)",
        "(list(v), v.maxlen)",
    ),
    "chain map": Kind(
        "import collections\nv = collections.ChainMap({'a': 1}, {'b': 2})",
        "(dict(v), v.maps)",
    ),
    "mapping proxy": Kind("import types\nv = types.MappingProxyType({'a': 1})", "dict(v)"),
    "namespace": Kind("import types\nv = types.SimpleNamespace(a=[1])", "v.a"),
    "slice and range": Kind(
        "v = (slice(1, None, 2), range(0, 9, 2), ..., NotImplemented)",
        "str(v)",
    ),
    "bytearray": Kind("v = bytearray(b'ab')"),
    "array.array": Kind(
        "import array\nv = array.array('d', [1.5, 2])",
        "(v.typecode, list(v))",
    ),
    "string io": Kind("import io\nv = io.StringIO('abc'); v.read(1)", "(v.tell(), v.read())"),
    "bytes io": Kind("import io\nv = io.BytesIO(b'abc'); v.seek(2)", "(v.tell(), v.read())"),
    "decimal": Kind("import decimal\nv = decimal.Decimal('1.10')", "str(v)"),
    "dates": Kind(
        "import datetime, zoneinfo\n"
        "z = zoneinfo.ZoneInfo('Europe/Berlin')\n"
        "v = (datetime.datetime(2024, 3, 31, 2, 30, tzinfo=z, fold=1), datetime.timezone.utc)",
        "(str(v), v[0].fold, str(v[0].tzinfo))",
    ),
    "regex": Kind(
        "import re\nv = re.compile(r'(?P<a>x+)', re.I)",
        "(v.pattern, v.flags, v.findall('xXy'))",
    ),
    "path": Kind("import pathlib\nv = pathlib.Path('a/b.txt')", "str(v)"),
    "uuid": Kind("import uuid\nv = uuid.UUID(int=5)", "str(v)"),
    "random generator": Kind(
        "import random\nv = random.Random(3); v.gauss(0, 1)",
        "[v.gauss(0, 1), v.random()]",
    ),
    "operator tools": Kind(
        "import operator\n"
        "v = (operator.itemgetter(1, 0), operator.attrgetter('real'), "
        "operator.methodcaller('upper'))",
        "(v[0]('ab'), v[1](3), v[2]('a'))",
    ),
    "partial": Kind(
        "import functools\nv = functools.partial(int, base=2); v.mark = 1",
        "(v('101'), v.mark)",
    ),
    "partial method": Kind(
        "import functools\n"
        "class C:\n"
        "    def f(self, a, b):\n"
        "        return a - b\n"
        "    g = functools.partialmethod(f, 10)\n"
        "v = C()",
        "v.g(3)",
    ),
    "cached property": Kind(
        "import functools\n"
        "class C:\n"
        "    n = 0\n"
        "    @functools.cached_property\n"
        "    def p(self):\n"
        "        self.n += 1\n"
        "        return [self.n]\n"
        "v = C(); v.p",
        "(v.p, v.n, v.__dict__)",
    ),
    "single dispatch": Kind(
        "import functools\n"
        "@functools.singledispatch\n"
        "def v(x):\n"
        "    return 'any'\n"
        "@v.register\n"
        "def _(x: int):\n"
        "    return 'int'\n"
        "@v.register(list)\n"
        "def _(x):\n"
        "    return 'list'",
        "(v(1), v([]), v(''))",
    ),
    "contextmanager": Kind(
        "import contextlib\n@contextlib.contextmanager\ndef v():\n    yield 5",
        "[x for x in [v().__enter__()]]",
    ),
    # Definitions and their instances
    "function": Kind(
        "def v(a, *, b=[2]):\n    'doc'\n    return a + b[0]\nv.mark = 1",
        "(v(1), v.__doc__, v.mark)",
    ),
    "lambda": Kind("v = lambda x: x * 2", "v(4)"),
    "local function": Kind(
        "def outer():\n"
        "    n = [1]\n"
        "    def inner():\n"
        "        n.append(2)\n"
        "        return n\n"
        "    return inner\n"
        "v = outer()",
        "v()",
    ),
    "lambda in a dict": Kind(
        "v = {'f': lambda x: x + 1, 'g': [lambda: 3]}",
        "(v['f'](1), v['g'][0]())",
    ),
    "lambda in an attribute": Kind(
        "class C:\n    pass\nv = C(); v.f = lambda x: x + 1",
        "v.f(1)",
    ),
    "bound method": Kind(
        "class C:\n    x = 5\n    def f(self):\n        return self.x\nv = C().f",
        "(v(), type(v.__self__).__name__)",
    ),
    "method of a builtin": Kind("a = [3, 1]; v = (a.append, a)", "(v[0](9), v[1])"),
    "module in a variable": Kind("import math\nv = math", "v.pi"),
    "module in an attribute": Kind(
        "import math, types\nv = types.SimpleNamespace(m=math, l=[math])",
        "v.m is v.l[0]",
    ),
    "property object": Kind("v = property(lambda self: 7)", "v.fget(None)"),
    "class method object": Kind(
        "v = (classmethod(lambda c: 1), staticmethod(lambda: 2))",
        "(v[0].__func__(0), v[1]())",
    ),
    "metaclass": Kind(
        "class Meta(type):\n"
        "    def __call__(cls, *a):\n"
        "        o = super().__call__(*a); o.made = cls.__name__; return o\n"
        "    @property\n"
        "    def kind(cls):\n"
        "        return 'k'\n"
        "class C(metaclass=Meta):\n"
        "    pass\n"
        "v = C()",
        "(v.made, type(v).kind, type(type(v)).__name__)",
    ),
    "named tuple": Kind(
        "import collections, typing\n"
        "P = collections.namedtuple('P', 'a b', defaults=[2])\n"
        "class Q(typing.NamedTuple):\n"
        "    a: int\n"
        "    b: int = 3\n"
        "v = (P(1), Q(1))",
        "(v[0]._asdict(), v[1]._asdict(), str(v))",
    ),
    "enums": Kind(
        "import enum\n"
        "class E(enum.Enum):\n"
        "    A = [1]\n"
        "    B = 2\n"
        "class F(enum.Flag):\n"
        "    X = 1\n"
        "    Y = 2\n"
        "v = (E.A, F.X | F.Y, E)",
        "(str(v), v[0] is v[2].A, v[0].value, list(v[1]) == [type(v[1]).X, type(v[1]).Y])",
    ),
    "dataclasses": Kind(
        "import dataclasses\n"
        "@dataclasses.dataclass(frozen=True)\n"
        "class A:\n"
        "    x: int = 1\n"
        "    y: list = dataclasses.field(default_factory=list)\n"
        "@dataclasses.dataclass(slots=True, order=True)\n"
        "class B:\n"
        "    z: int = 2\n"
        "v = (A(3), B(4))",
        "(repr(v), v[1] < type(v[1])(9), is_frozen(v[0]), hasattr(v[1], '__dict__'))",
    ),
    "slots": Kind(
        "class A:\n"
        "    __slots__ = ('x',)\n"
        "class B(A):\n"
        "    __slots__ = ('y', '__dict__')\n"
        "v = B(); v.y = 2; v.z = 3",
        "(v.y, v.__dict__, hasattr(v, 'x'), type(v).__slots__, type(v).__mro__[1].__slots__)",
    ),
    "own state": Kind(
        "class C:\n"
        "    def __init__(self):\n"
        "        self.a = 1; self.b = 2\n"
        "    def __getstate__(self):\n"
        "        return self.__dict__.copy()\n"
        "    def __setstate__(self, state):\n"
        "        self.__dict__.update(state)\n"
        "v = C()",
        "v.__dict__",
    ),
    "own reduce": Kind(
        "class C:\n"
        "    def __init__(self, a):\n"
        "        self.a = a\n"
        "    def __reduce__(self):\n"
        "        return C, (self.a,)\n"
        "v = C([1])",
        "v.__dict__",
    ),
    "endless getattr": Kind(
        "class C:\n"
        "    def __init__(self):\n"
        "        self.inner = {'x': 5}\n"
        "    def __getattr__(self, name):\n"
        "        return self.inner[name] if name in self.inner else "
        "super().__getattribute__(name)\n"
        "v = C()",
        "(v.x, v.inner)",
    ),
    "own exception": Kind(
        "class E(Exception):\n"
        "    def __init__(self, code, *, text):\n"
        "        super().__init__(f'{code}: {text}')\n"
        "        self.code = code\n"
        "v = E(5, text='t')",
        "(str(v), v.code, v.args)",
    ),
    "exception": Kind(
        "v = ValueError('a', 1); v.add_note('n') if hasattr(v, 'add_note') else 0",
        "(repr(v), v.__dict__)",
    ),
    "generic alias": Kind(
        "import typing\nv = (list[int], typing.Optional[int], dict[str, 'C'])",
        "str(v)",
    ),
    "class that counts": Kind(
        "class C:\n    made = []\n    def __init__(self):\n        C.made.append(1)\nC(); v = C()",
        "type(v).made",
    ),
    "list subclass": Kind(
        "class L(list):\n"
        "    def __init__(self, *a):\n"
        "        super().__init__(*a); self.m = 1\n"
        "v = L([1]); v.m = 2",
        "(list(v), v.m)",
    ),
    "dict subclass": Kind(
        "class D(dict):\n    def __missing__(self, k):\n        return k\nv = D(a=1); v.m = 2",
        "(dict(v), v['q'], v.m)",
    ),
    "str subclass": Kind(
        "class T(str):\n    pass\nv = T('a'); v.m = 2",
        "(str(v), v.m, type(v).__name__)",
    ),
    "int subclass": Kind(
        "class T(int):\n    def __add__(self, o):\n        return 99\nv = T(4)",
        "(int(v), v + 1)",
    ),
    "user dict": Kind(
        "import collections\nclass U(collections.UserDict):\n    pass\nv = U(a=1)",
        "(dict(v), v.data)",
    ),
    "abstract": Kind(
        "import abc\n"
        "class A(abc.ABC):\n"
        "    @abc.abstractmethod\n"
        "    def f(self): ...\n"
        "class B(A):\n"
        "    def f(self):\n"
        "        return 1\n"
        "A.register(int)\n"
        "v = (B(), A)",
        "(v[0].f(), isinstance(3, v[1]))",
    ),
    "weak key of a value": Kind("import fractions\nv = fractions.Fraction(1, 3)", "str(v)"),
    "string template": Kind("import string\nv = string.Template('$a b')", "v.substitute(a=1)"),
    "iterable of one's own": Kind(
        "class I:\n"
        "    def __init__(self):\n"
        "        self.n = 0\n"
        "    def __iter__(self):\n"
        "        return self\n"
        "    def __next__(self):\n"
        "        self.n += 1\n"
        "        if self.n > 3:\n"
        "            raise StopIteration\n"
        "        return self.n\n"
        "v = I(); next(v)",
        "list(v)",
    ),
    "drops its state": Kind(
        "class C:\n"
        "    def __init__(self):\n"
        "        self.a = 1; self.cache = {1: 2}\n"
        "    def __getstate__(self):\n"
        "        return {'a': self.a}\n"
        "v = C()",
        "v.__dict__",
    ),
    "changes when rebuilt": Kind(
        "class C:\n"
        "    def __init__(self):\n"
        "        self.n = 0\n"
        "    def __setstate__(self, s):\n"
        "        self.__dict__.update(s); self.n += 1\n"
        "v = C()",
        "v.__dict__",
    ),
    "changes when pickled": Kind(
        "class C:\n"
        "    def __init__(self):\n"
        "        self.n = 0\n"
        "    def __getstate__(self):\n"
        "        self.n += 1\n"
        "        return self.__dict__.copy()\n"
        "v = C()",
        "v.__dict__",
    ),
    "copy made by reduce": Kind(
        "class C:\n"
        "    def __init__(self, a=0):\n"
        "        self.a = a\n"
        "    def __reduce__(self):\n"
        "        return C, ()\n"
        "v = C(5)",
        "v.__dict__",
    ),
    "shared state by reduce": Kind(
        "class C:\n"
        "    pool = {}\n"
        "    def __new__(cls, k='k'):\n"
        "        return cls.pool.setdefault(k, super().__new__(cls))\n"
        "    def __reduce__(self):\n"
        "        return C, ('k',)\n"
        "v = C(); v.x = 1",
        "v.__dict__",
    ),
    "endless recursion": Kind(
        "class C:\n    def __getattr__(self, name):\n        return getattr(self, name)\nv = C()",
        "type(v).__name__",
    ),
    # NumPy
    "views": Kind(
        "import numpy as np\na = np.arange(6.0); v = (a, a[::2], a.reshape(2, 3).T)",
        "(v[1].__setitem__(0, 9), v[0].tolist(), v[2].tolist(), v[2].flags.f_contiguous)",
    ),
    "read-only array": Kind(
        "import numpy as np\nv = np.arange(3); v.flags.writeable = False",
        "(v.tolist(), v.flags.writeable)",
    ),
    "broadcast": Kind(
        "import numpy as np\nv = np.broadcast_to(np.arange(3), (2, 3))",
        "(v.tolist(), v.flags.writeable, v.strides)",
    ),
    "structured array": Kind(
        "import numpy as np\n"
        "v = np.array([(1, 2.5, 'a')], dtype=[('i', 'i4'), ('f', 'f8'), ('s', 'U3')])",
        "(v.dtype.descr, v.tolist())",
    ),
    "record array": Kind(
        "import numpy as np\nv = np.rec.array([(1, 2.5)], dtype=[('i', 'i4'), ('f', 'f8')])",
        "(v.i.tolist(), type(v).__name__)",
    ),
    "object array": Kind(
        "import numpy as np\nl = [1]; v = np.array([l, None, l, 'x'], dtype=object)",
        "(v.tolist(), v[0] is v[2])",
    ),
    "masked array": Kind(
        "import numpy as np\n"
        "v = np.ma.array([1.0, 2, 3], mask=[0, 1, 0], fill_value=-9); v.harden_mask()",
        "(str(v), v.fill_value, v.hardmask)",
    ),
    "shared mask": Kind("import numpy as np\nv = np.ma.masked", "v is np.ma.masked"),
    "matrix": Kind("import numpy as np\nv = np.asmatrix([[1, 2], [3, 4]])", "(v * v).tolist()"),
    "array subclass": Kind(
        "import numpy as np\n"
        "class A(np.ndarray):\n"
        "    def __array_finalize__(self, o):\n"
        "        self.unit = getattr(o, 'unit', None)\n"
        "v = np.arange(3).view(A); v.unit = 'm'",
        "(v.tolist(), v.unit)",
    ),
    "datetimes": Kind(
        "import numpy as np\nv = np.array(['2020-01-01', 'NaT'], dtype='datetime64[ns]')",
        "str(v)",
    ),
    "byte order": Kind(
        "import numpy as np\nv = np.arange(3, dtype='>i4')",
        "(v.dtype.str, v.tolist())",
    ),
    "zero-dimensional": Kind(
        "import numpy as np\nv = (np.array(3.5), np.float32(1.5), np.empty((0, 3)))",
        "(v[0].shape, float(v[0]), type(v[1]).__name__, v[2].shape)",
    ),
    "variable strings": Kind(
        "import numpy as np\n"
        "v = np.array(['a', 'bcd'], dtype=np.dtypes.StringDType()) if "
        "hasattr(np.dtypes, 'StringDType') else np.array(['a'])",
        "(v.tolist(), str(v.dtype))",
    ),
    "generator": Kind(
        "import numpy as np\nv = np.random.default_rng(4); v.normal()",
        "v.normal(size=2).tolist()",
    ),
    "old generator": Kind(
        "import numpy as np\nv = np.random.RandomState(4); v.normal()",
        "v.normal(size=2).tolist()",
    ),
    "seed sequence": Kind(
        "import numpy as np\nv = np.random.SeedSequence(4); v.spawn(1)",
        "[int(s.generate_state(1)[0]) for s in v.spawn(2)]",
    ),
    "shared bit generator": Kind(
        "import numpy as np\n"
        "b = np.random.PCG64(3); v = (np.random.Generator(b), np.random.Generator(b))",
        "(v[0].random(), v[1].random(), v[0].bit_generator is v[1].bit_generator)",
    ),
    "polynomial": Kind(
        "import numpy as np\nv = (np.poly1d([1, 2]), np.polynomial.Polynomial([1, 2]))",
        "(v[0](3), v[1](3))",
    ),
    "vectorised": Kind(
        "import numpy as np\nv = np.vectorize(lambda x: x + 1, otypes=[float])",
        "v([1, 2]).tolist()",
    ),
    "ufunc": Kind("import numpy as np\nv = (np.add, np.sin)", "v[0](1, 2) * v[1](0)"),
    # pandas
    "frame": Kind(
        "import pandas as pd\n"
        "v = pd.DataFrame({'a': [1, 2], 'b': ['x', None]}, index=pd.Index(['p', 'q'], "
        "name='i')); v.attrs['unit'] = ['m']",
        "(v.to_dict(), v.attrs, v.index.name, str(v.dtypes), info(v))",
    ),
    "frame flags": Kind(
        "import pandas as pd\n"
        "v = pd.DataFrame({'a': [1]}).set_flags(allows_duplicate_labels=False)",
        "v.flags.allows_duplicate_labels",
    ),
    "categorical": Kind(
        "import pandas as pd\n"
        "v = pd.Series(pd.Categorical(['a', 'b', 'a'], categories=['b', 'a', 'z'], "
        "ordered=True), name='n')",
        "(v.cat.categories.tolist(), v.cat.ordered, v.cat.codes.tolist(), v.name)",
    ),
    "multi-index": Kind(
        "import pandas as pd\n"
        "v = pd.DataFrame({'a': range(4)}, index=pd.MultiIndex.from_product([['x', "
        "'y'], [1, 2]], names=['u', None]))",
        "(str(v), list(v.index.names), v.index.levels[0].tolist())",
    ),
    "extension types": Kind(
        "import pandas as pd\n"
        "v = pd.DataFrame({'i': pd.array([1, None], dtype='Int64'), 's': "
        "pd.array(['a', None], dtype='string'), 'b': pd.array([True, None], "
        "dtype='boolean')})",
        "(str(v), str(v.dtypes), info(v))",
    ),
    "arrow strings": Kind(
        "import pandas as pd\nv = pd.DataFrame({'s': ['a', 'b', None] * 40, 'n': range(120)})",
        "(str(v.dtypes), info(v), v.memory_usage(deep=True).tolist())",
    ),
    "arrow types": Kind(
        "import pandas as pd\n"
        "v = pd.DataFrame({'l': pd.array([[1], [2, 3]], "
        "dtype=pd.ArrowDtype(__import__('pyarrow').list_(__import__('pyarrow').int64()))), "
        "'f': pd.array([1.5, None], dtype='float64[pyarrow]')})",
        "(str(v), str(v.dtypes), info(v), v.memory_usage(deep=True).tolist())",
    ),
    "sliced arrow": Kind(
        "import pandas as pd\nv = pd.DataFrame({'s': [f'w{i}' for i in range(1000)]}).iloc[10:20]",
        "(str(v), v.memory_usage(deep=True).tolist(), info(v))",
    ),
    "timezones": Kind(
        "import pandas as pd\n"
        "v = pd.Series(pd.date_range('2024-03-30', periods=3, tz='Europe/Berlin'))",
        "(str(v), str(v.dtype))",
    ),
    "index frequency": Kind(
        "import pandas as pd\n"
        "v = pd.DataFrame({'a': [1, 2, 3]}, index=pd.date_range('2024', periods=3, "
        "freq='D', name='t'))",
        "(str(v.index), v.index.freqstr)",
    ),
    "periods": Kind(
        "import pandas as pd\n"
        "v = (pd.period_range('2024', periods=2, freq='M'), pd.interval_range(0, 3), "
        "pd.timedelta_range('1h', periods=2))",
        "str(v)",
    ),
    "sparse": Kind(
        "import pandas as pd\nv = pd.Series(pd.arrays.SparseArray([0, 0, 1]))",
        "(str(v), str(v.dtype))",
    ),
    "objects in a frame": Kind(
        "import pandas as pd\nl = [1]; v = pd.DataFrame({'o': [l, {'k': 2}, l]})",
        "(v['o'].tolist(), v['o'][0] is v['o'][2])",
    ),
    "sets in a frame": Kind(
        "import pandas as pd\nv = pd.DataFrame({'o': [{f'w{i}' for i in range(40)}]})",
        "list(v['o'][0])",
    ),
    "groupby": Kind(
        "import pandas as pd\n"
        "v = pd.DataFrame({'k': ['a', 'b', 'a'], 'x': [1, 2, 3]}).groupby('k', sort=False)",
        "(v.sum().to_dict(), list(v.groups), v.ngroups)",
    ),
    "groupby column": Kind(
        "import pandas as pd\n"
        "v = pd.DataFrame({'k': ['a', 'b', 'a'], 'x': [1, 2, 3]}).groupby('k')['x']",
        "v.mean().to_dict()",
    ),
    "rolling": Kind(
        "import pandas as pd\nv = pd.Series([1.0, 2, 3, 4]).rolling(2, min_periods=1)",
        "v.sum().tolist()",
    ),
    "resampler": Kind(
        "import pandas as pd\n"
        "v = pd.Series(range(4), index=pd.date_range('2024', periods=4, "
        "freq='h')).resample('2h')",
        "v.sum().tolist()",
    ),
    "styler": Kind(
        "import pandas as pd\nv = pd.DataFrame({'a': [1.234]}).style.format('{:.1f}')",
        "'1.2' in v.to_html()",
    ),
    "frame subclass": Kind(
        "import pandas as pd\n"
        "class F(pd.DataFrame):\n"
        "    _metadata = ['unit']\n"
        "    @property\n"
        "    def _constructor(self):\n"
        "        return type(self)\n"
        "v = F({'a': [1]}); v.unit = 'm'",
        "(type(v).__name__, v.unit, type(v[['a']]).__name__)",
    ),
    "offsets": Kind(
        "import pandas as pd\n"
        "v = (pd.offsets.BDay(3), pd.Timestamp('2024', tz='UTC'), pd.NaT, pd.NA, "
        "pd.Timedelta('1h'))",
        "(str(v), v[2] is pd.NaT, v[3] is pd.NA)",
    ),
    # Other libraries
    "sparse matrix": Kind(
        "import scipy.sparse as sp\nv = sp.csr_matrix([[0, 1.5], [2, 0]])",
        "(v.toarray().tolist(), v.has_sorted_indices, type(v).__name__)",
    ),
    "interpolation": Kind(
        "import numpy as np, scipy.interpolate\n"
        "v = scipy.interpolate.CubicSpline([0, 1, 2], [0, 1, 4])",
        "float(v(1.5))",
    ),
    "distribution": Kind(
        "import scipy.stats\nv = scipy.stats.norm(1, 2)",
        "(v.mean(), v.cdf(1))",
    ),
    "kd tree": Kind(
        "import numpy as np, scipy.spatial\n"
        "v = scipy.spatial.cKDTree(np.arange(8.0).reshape(4, 2))",
        "[float(x) for x in v.query([1, 2])]",
    ),
    "scikit-learn bunch": Kind(
        "from sklearn.utils import Bunch\nv = Bunch(a=[1], b=2)\n"
        "v._set_deprecated(3, new_key='c', deprecated_key='old', warning_message='Use c.')",
        "(dict(v), v.a, vars(v))",
    ),
    "estimator": Kind(
        "import numpy as np, sklearn.linear_model\n"
        "v = sklearn.linear_model.LinearRegression().fit(np.arange(4.0)[:, None], "
        "np.arange(4.0))",
        "(v.coef_.tolist(), str(v))",
    ),
    "forest": Kind(
        "import numpy as np, sklearn.ensemble\n"
        "X = np.arange(20.0)[:, None]; v = sklearn.ensemble.RandomForestClassifier(3, "
        "random_state=1).fit(X, X[:, 0] > 9)",
        "v.predict_proba(np.arange(5.0)[:, None]).tolist()",
    ),
    "pipeline": Kind(
        "import numpy as np\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler, FunctionTransformer\n"
        "v = make_pipeline(FunctionTransformer(lambda x: x + 1), "
        "StandardScaler()).fit(np.arange(4.0)[:, None])",
        "(v.transform(np.arange(2.0)[:, None]).tolist(), list(v.named_steps))",
    ),
    "symbols": Kind(
        "import sympy\n"
        "x = sympy.Symbol('x', positive=True); y = sympy.Symbol('y', integer=True); d "
        "= sympy.Dummy('d')\n"
        "v = (x, sympy.sqrt(x**2) + y, d, d + 1)",
        "(str(v[1]), v[0].is_positive, v[2] in v[3].free_symbols, v[0] == "
        "sympy.Symbol('x', positive=True), v[0] == sympy.Symbol('x'))",
    ),
    "undefined function": Kind(
        "import sympy\nx = sympy.Symbol('x'); f = sympy.Function('f')\nv = (f, f(x).diff(x))",
        "(str(v[1]), v[0](sympy.Symbol('x')).diff(sympy.Symbol('x')) == v[1])",
    ),
    "sympy matrix": Kind(
        "import sympy\nv = sympy.Matrix([[1, sympy.pi], [0, 1]])",
        "str(v.inv())",
    ),
    "lambdified": Kind(
        "import sympy\nx = sympy.Symbol('x')\nv = sympy.lambdify(x, sympy.sin(x) ** 2, 'numpy')",
        "float(v(1.0))",
    ),
    "graph": Kind(
        "import networkx as nx\n"
        "v = nx.DiGraph([('a', 'b', {'w': 1}), ('b', 'c', {'w': 2})], name='g')",
        "(list(v.edges(data=True)), v.graph, nx.shortest_path(v, 'a', 'c'))",
    ),
    "graph views": Kind(
        "import networkx as nx\n"
        "g = nx.path_graph(4); v = (g, g.subgraph([1, 2]), g.nodes, g.edges)",
        "(list(v[1].edges), list(v[2]), v[0].add_edge(1, 9), 9 in v[2])",
    ),
    "arrow table": Kind(
        "import pyarrow as pa\n"
        "v = pa.table({'a': [1, None], 'b': ['x', 'y']}, metadata={'k': 'v'})",
        "(v.to_pydict(), v.schema.metadata, v['a'].null_count)",
    ),
    "sliced arrow table": Kind(
        "import pyarrow as pa\nv = pa.table({'a': list(range(100))}).slice(5, 3)",
        "(v.to_pydict(), v.num_rows)",
    ),
    "statistics": Kind("import statistics\nv = statistics.NormalDist(1, 2)", "v.cdf(2)"),
    "text streams": Kind("import sys\nv = sys.stdout", "v is sys.stdout"),
    "logger": Kind(
        "import logging\nv = logging.getLogger('my.log')",
        "(v.name, v is logging.getLogger('my.log'))",
    ),
    "ctypes": Kind(
        "import ctypes\nv = (ctypes.c_int(5), (ctypes.c_double * 2)(1.5, 2))",
        "(v[0].value, list(v[1]))",
    ),
    "struct": Kind("import struct\nv = struct.Struct('<id')", "v.pack(1, 2.5)"),
    "colour map": Kind(
        "import matplotlib.pyplot as plt, matplotlib as mpl\n"
        "v = (plt.get_cmap('viridis'), mpl.colors.Normalize(0, 2))",
        "(v[0](0.5), float(v[1](1)), v[0].name)",
    ),
    "config parser": Kind(
        "import configparser\nv = configparser.ConfigParser(); v['a'] = {'b': '1'}",
        "v['a'].getint('b')",
    ),
    "tree": Kind(
        "import xml.etree.ElementTree as ET\nv = ET.fromstring('<a><b x=\"1\"/></a>')",
        "(v.tag, v[0].attrib)",
    ),
}

STAYS = {
    "C structure": Kind(
        "import ctypes\nclass P(ctypes.Structure):\n    _fields_ = [('x', ctypes.c_int)]\nv = P(1)",
    ),
    "registering class": Kind(
        "class Base:\n"
        "    made = []\n"
        "    def __init_subclass__(cls):\n"
        "        Base.made.append(cls.__name__)\n"
        "class C(Base):\n"
        "    pass\n"
        "v = C()",
    ),
    "has a finalizer": Kind("class C:\n    def __del__(self):\n        pass\nv = C()"),
    "connection": Kind("import sqlite3\nv = sqlite3.connect(':memory:')"),
    "cursor": Kind("import sqlite3\nv = sqlite3.connect(':memory:').execute('select 1')"),
    "row": Kind(
        "import sqlite3\n"
        "c = sqlite3.connect(':memory:'); c.row_factory = sqlite3.Row\n"
        "v = c.execute('select 1 as a').fetchone()",
    ),
    "decimal context": Kind("import decimal\nv = decimal.Context(prec=5)"),
    "lock": Kind("import threading\nv = threading.Lock()"),
    "reentrant lock": Kind("import threading\nv = threading.RLock()"),
    "condition": Kind("import threading\nv = threading.Condition()"),
    "semaphore": Kind("import threading\nv = threading.Semaphore(2)"),
    "event": Kind("import threading\nv = threading.Event()"),
    "barrier": Kind("import threading\nv = threading.Barrier(2)"),
    "thread locals": Kind("import threading\nv = threading.local(); v.x = 1"),
    "thread": Kind("import threading\nv = threading.Thread(target=print)"),
    "queue": Kind("import queue\nv = queue.Queue()"),
    "simple queue": Kind("import queue\nv = queue.SimpleQueue()"),
    "process": Kind("import multiprocessing\nv = multiprocessing.Process(target=print)"),
    "process lock": Kind("import multiprocessing\nv = multiprocessing.Lock()"),
    "shared value": Kind("import multiprocessing\nv = multiprocessing.Value('i', 3)"),
    "shared array": Kind("import multiprocessing\nv = multiprocessing.Array('d', 3)"),
    "raw shared array": Kind(
        "import multiprocessing.sharedctypes\nv = multiprocessing.sharedctypes.RawArray('d', 3)",
    ),
    "shared memory": Kind(
        "from multiprocessing import shared_memory\n"
        "v = shared_memory.SharedMemory(create=True, size=10); v.unlink()",
    ),
    "pipe": Kind("import multiprocessing\nv = multiprocessing.Pipe()"),
    "thread pool": Kind(
        "import concurrent.futures\nv = concurrent.futures.ThreadPoolExecutor(1)",
    ),
    "process pool": Kind(
        "import concurrent.futures\nv = concurrent.futures.ProcessPoolExecutor(1)",
    ),
    "future": Kind("import concurrent.futures\nv = concurrent.futures.Future()"),
    "asyncio lock": Kind("import asyncio\nv = asyncio.Lock()"),
    "asyncio queue": Kind("import asyncio\nv = asyncio.Queue()"),
    "event loop": Kind("import asyncio\nv = asyncio.new_event_loop()"),
    "generator": Kind("v = (i for i in range(3))"),
    "coroutine": Kind("async def f():\n    pass\nv = f()"),
    "async generator": Kind("async def f():\n    yield 1\nv = f()"),
    "map": Kind("v = map(str, [1, 2])"),
    "zip": Kind("v = zip([1], [2])"),
    "filter": Kind("v = filter(None, [1])"),
    "enumerate": Kind("v = enumerate('ab')"),
    "reversed": Kind("v = reversed([1, 2])"),
    "iterator of a list": Kind("v = iter([1, 2])"),
    "iterator of a set": Kind("v = iter({1, 2})"),
    "itertools": Kind("import itertools\nv = itertools.count(3)"),
    "cycle": Kind("import itertools\nv = itertools.cycle('ab')"),
    "tee": Kind("import itertools\nv = itertools.tee([1, 2])"),
    "grouped": Kind("import itertools\nv = itertools.groupby([1, 1, 2])"),
    "regex iterator": Kind("import re\nv = re.finditer('a', 'aa')"),
    "csv reader": Kind("import csv\nv = csv.reader(['a,b'])"),
    "csv dict reader": Kind("import csv\nv = csv.DictReader(['a,b', '1,2'])"),
    "csv writer": Kind("import csv, io\nv = csv.writer(io.StringIO())"),
    "scandir": Kind("import os\nv = os.scandir('.')"),
    "directory entry": Kind(
        "import os\nopen('entry.txt', 'w').close()\nv = [e for e in os.scandir('.')][0]",
    ),
    "glob": Kind("import glob\nv = glob.iglob('*')"),
    "match": Kind("import re\nv = re.match('a', 'a')"),
    "text file": Kind("v = open('t.txt', 'w')"),
    "binary file": Kind("v = open('t.bin', 'wb')"),
    "gzip file": Kind("import gzip\nv = gzip.open('t.gz', 'wt')"),
    "zip file": Kind("import zipfile\nv = zipfile.ZipFile('t.zip', 'w')"),
    "tar file": Kind("import tarfile\nv = tarfile.open('t.tar', 'w')"),
    "temporary file": Kind("import tempfile\nv = tempfile.TemporaryFile()"),
    "named temporary file": Kind("import tempfile\nv = tempfile.NamedTemporaryFile()"),
    "spooled file": Kind("import tempfile\nv = tempfile.SpooledTemporaryFile()"),
    "temporary directory": Kind("import tempfile\nv = tempfile.TemporaryDirectory()"),
    "finalizer": Kind(
        "import weakref\n"
        "class C:\n"
        "    pass\n"
        "c = C(); v = weakref.finalize(c, print, 'gone'); v.atexit = False",
    ),
    "mmap": Kind("import mmap\nv = mmap.mmap(-1, 10)"),
    "memory view": Kind("v = memoryview(bytearray(b'ab'))"),
    "memmap": Kind(
        "import numpy as np\nv = np.memmap('m.dat', dtype='f8', mode='w+', shape=3)",
    ),
    "read-only memmap": Kind(
        "import numpy as np\n"
        "np.zeros(3).tofile('r.dat')\n"
        "v = np.memmap('r.dat', dtype='f8', mode='r', shape=3)",
    ),
    "array on a buffer": Kind(
        "import numpy as np\nb = bytearray(24); v = (b, np.frombuffer(b))",
    ),
    "array of a ctypes array": Kind(
        "import ctypes, numpy as np\n"
        "b = (ctypes.c_double * 3)(); v = (b, np.ctypeslib.as_array(b))",
    ),
    "weak reference": Kind(
        "import weakref\nclass C:\n    pass\nc = C(); v = weakref.ref(c)",
    ),
    "weak values": Kind(
        "import weakref\nclass C:\n    pass\nc = C(); v = weakref.WeakValueDictionary(a=c)",
    ),
    "weak keys": Kind(
        "import weakref\nclass C:\n    pass\nc = C(); v = weakref.WeakKeyDictionary({c: 1})",
    ),
    "weak set": Kind(
        "import weakref\nclass C:\n    pass\nc = C(); v = weakref.WeakSet([c])",
    ),
    "proxy": Kind("import weakref\nclass C:\n    pass\nc = C(); v = weakref.proxy(c)"),
    "progress bar": Kind(
        "import tqdm\nv = tqdm.tqdm(total=3, disable=False, file=__import__('io').StringIO())",
    ),
    "progress bar over a list": Kind(
        "import tqdm\nv = tqdm.tqdm([1, 2], file=__import__('io').StringIO())",
    ),
    "figure": Kind("import matplotlib.pyplot as plt\nv = plt.figure()"),
    "axes": Kind("import matplotlib.pyplot as plt\nv = plt.subplots()[1]"),
    "artist": Kind("import matplotlib.pyplot as plt\nv = plt.plot([1, 2])"),
    "detached figure": Kind(
        "import matplotlib.figure\nv = matplotlib.figure.Figure(); v.add_subplot()",
    ),
    "animation": Kind(
        "import matplotlib.pyplot as plt, matplotlib.animation as an\n"
        "f = plt.figure(); v = an.FuncAnimation(f, lambda i: [], frames=2); "
        "v._draw_was_started = True",
    ),
    "frame": Kind("import sys\nv = sys._getframe()"),
    "traceback": Kind(
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    v = e.__traceback__",
    ),
    "exception with a traceback": Kind(
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    v = e",
    ),
    "context variable": Kind("import contextvars\nv = contextvars.ContextVar('c')"),
    "context": Kind("import contextvars\nv = contextvars.copy_context()"),
    "log handler": Kind("import logging\nv = logging.StreamHandler()"),
    "file handler": Kind("import logging\nv = logging.FileHandler('l.log', delay=True)"),
    "popen": Kind(
        "import subprocess, sys\n"
        "v = subprocess.Popen([sys.executable, '-c', '0'], stdout=subprocess.PIPE)",
    ),
    "socket": Kind("import socket\nv = socket.socket()"),
    "selector": Kind("import selectors\nv = selectors.DefaultSelector()"),
    "exit stack": Kind("import contextlib\nv = contextlib.ExitStack(); v.callback(print, 'x')"),
    "context manager in use": Kind(
        "import contextlib\n"
        "@contextlib.contextmanager\n"
        "def f():\n"
        "    yield 1\n"
        "v = f(); v.__enter__()",
    ),
    "ctypes pointer": Kind("import ctypes\nv = ctypes.pointer(ctypes.c_int(4))"),
    "ctypes library": Kind("import ctypes\nv = ctypes.CDLL(None)"),
    "module made here": Kind("import types\nv = types.ModuleType('made_here')"),
    "filled cache": Kind(
        "import functools\n@functools.lru_cache\ndef v(x):\n    return [x]\nv(1)",
    ),
    "refuses": Kind(
        "class C:\n    def __reduce__(self):\n        raise TypeError('secret detail')\nv = C()",
    ),
    "refuses its state": Kind(
        "class C:\n    def __getstate__(self):\n        raise ValueError('secret detail')\nv = C()",
    ),
    "set by identity": Kind("class C:\n    pass\nv = {C() for _ in range(9)}"),
    "set of types": Kind("v = {int, str, float}"),
    "signal handlers": Kind(
        "import signal\nv = signal.getsignal(signal.SIGINT), open('sig.txt', 'w')",
    ),
    "reader of a frame": Kind(
        "import pandas as pd\n"
        "open('c.csv', 'w').write('a\\n1\\n2\\n')\n"
        "v = pd.read_csv('c.csv', chunksize=1)",
    ),
    "rows of a frame": Kind("import pandas as pd\nv = pd.DataFrame({'a': [1]}).iterrows()"),
    "excel": Kind("import zipfile, io\nv = zipfile.ZipFile(io.BytesIO(), 'w')"),
    "database inside": Kind(
        "import sqlite3, types\nv = types.SimpleNamespace(db=sqlite3.connect(':memory:'), n=1)",
    ),
    "lock in a closure": Kind(
        "import threading\ndef f():\n    lock = threading.Lock()\n    return lambda: lock\nv = f()",
    ),
    "default in use": Kind("def v(x, f=open('d.txt', 'w')):\n    return x"),
    "text stream of a process": Kind("import io, os\nr, w = os.pipe(); v = os.fdopen(w, 'w')"),
}
