"""Classes of the notebook: what runs through them unseen, and what becomes of their instances."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "looks into instances that travelled": written(
        """
        class Triangle:
            def __init__(self, a):
                self.a = a
        t = Triangle(3)
        ---
        names = [n for n in dir(t) if n.endswith("__")]
        ---
        # split:
        out = []
        for x in range(4):
            out.append(t.a + x)
        ---
        print("__slotnames__" in names, "__slotnames__" in dir(t), sorted(vars(Triangle))[:9], out)
    """,
        on_ray=True,
    ),
    "bound methods as callbacks": written("""
        class Tally:
            def __init__(self):
                self.n = 0
            def up(self, x):
                self.n += x
                return self.n
        t = Tally()
        def work(k):
            return [k] * k
        ---
        a = list(map(t.up, [1, 2]))
        ---
        b = work(2)
        ---
        f = t.up
        ---
        c = sorted([2, 1], key=f)
        ---
        d = [f(1) for _ in range(2)]
        ---
        e = max([3, 4], key=t.up)
        ---
        print(a, b, c, d, e, t.n)
        ---
        # split:
        out = []
        for x in range(4):
            out.append(f(x))
        ---
        print(out, t.n)
    """),
    "callable instances": written("""
        class Count:
            def __init__(self):
                self.n = 0
            def __call__(self, x=0):
                self.n += 1
                return self.n + x
        c = Count()
        def work(k):
            return [k] * k
        ---
        a = [c(), c(1)]
        ---
        b = work(2)
        ---
        d = sorted([5, 6], key=c)
        ---
        from collections import defaultdict
        e = defaultdict(c)
        f = [e['x'], e['y']]
        ---
        print(a, b, d, f, c.n, dict(e))
        ---
        # split:
        out = []
        for x in range(5):
            out.append(c(x))
        ---
        print(out, c.n)
    """),
    "properties that change": written("""
        class P:
            def __init__(self):
                self.reads = 0
                self._v = [1]
            @property
            def v(self):
                self.reads += 1
                return self._v
            @v.setter
            def v(self, new):
                self._v = new
                log.append(new)
        log = []
        p = P()
        def work(k):
            return [k] * k
        ---
        a = [p.v, work(2)]
        ---
        p.v = [5]
        ---
        b = [p.v, work(1)]
        ---
        p.v.append(6)
        ---
        print(a, b, p.reads, log)
    """),
    "getattr and setattr of one's own": written("""
        class Bag:
            def __init__(self):
                object.__setattr__(self, 'd', {})
            def __getattr__(self, name):
                log.append(name)
                return self.d.get(name)
            def __setattr__(self, name, value):
                self.d[name] = value
        log = []
        bag = Bag()
        def work(k):
            return [k] * k
        ---
        bag.x = work(2)
        ---
        a = [bag.x, bag.y]
        ---
        b = work(3)
        ---
        bag.x = 1
        ---
        c = getattr(bag, 'x'), hasattr(bag, 'zzz')
        print(a, b, c, log)
    """),
    "operators that change": written("""
        class Acc:
            def __init__(self, xs=()):
                self.xs = list(xs)
            def __iadd__(self, x):
                self.xs.append(x)
                return self
            def __lshift__(self, x):
                self.xs.append(x)
                return self
            def __contains__(self, x):
                hits.append(x)
                return x in self.xs
            def __len__(self):
                hits.append('len')
                return len(self.xs)
            def __bool__(self):
                hits.append('bool')
                return True
        hits = []
        acc = Acc()
        same = acc
        def work(k):
            return [k] * k
        ---
        acc += 1
        ---
        acc << 2 << 3
        ---
        a = work(2)
        ---
        b = 2 in acc, len(same), not acc
        ---
        print(same.xs, a, b, hits, acc is same)
        ---
        # split:
        for x in range(4):
            acc += x
        ---
        print(same.xs, acc is same)
    """),
    "items got and set": written("""
        class Store:
            def __init__(self):
                self.d, self.gets = {}, 0
            def __getitem__(self, k):
                self.gets += 1
                return self.d[k]
            def __setitem__(self, k, v):
                self.d[k] = v
            def __delitem__(self, k):
                del self.d[k]
        s = Store()
        def work(k):
            return [k] * k
        ---
        s['a'] = work(2)
        ---
        x = [s['a'], s['a']]
        ---
        y = work(3)
        ---
        del s['a']
        s['b'] = 1
        ---
        print(x, y, s.d, s.gets)
        ---
        # split:
        for i in range(5):
            s[i] = i
        ---
        print(s.d, s.gets)
    """),
    "context managers": written("""
        class Timer:
            def __enter__(self):
                log.append('in')
                return self
            def __exit__(self, *e):
                log.append('out')
                return True
        import contextlib
        @contextlib.contextmanager
        def scope(name):
            log.append(name)
            yield [name]
            log.append('/' + name)
        log = []
        def work(k):
            return [k] * k
        ---
        with Timer() as t:
            a = work(2)
            1 / 0
        ---
        b = work(3)
        ---
        with scope('s') as s, contextlib.suppress(ValueError):
            c = work(1)
            raise ValueError
        ---
        s.append(2)
        print(a, b, c, s, log)
    """),
    "iterators of one's own": written("""
        class Countdown:
            def __init__(self, n):
                self.n = n
            def __iter__(self):
                return self
            def __next__(self):
                if self.n == 0:
                    raise StopIteration
                self.n -= 1
                return [self.n]
        it = Countdown(9)
        def work(k):
            return [k] * k
        ---
        a = [next(it), next(it)]
        ---
        b = work(2)
        ---
        for x in it:
            if x == [4]:
                break
        ---
        c, d, *e = Countdown(4)
        ---
        f = list(zip(it, 'ab'))
        ---
        print(a, b, c, d, e, f, x, it.n)
        ---
        it = Countdown(6)
        ---
        # split:
        out = []
        for x in it:
            out.append(x)
        ---
        print(out, it.n)
    """),
    "class attributes changed later": written(
        """
        class A:
            scale = 1
            made = []
            def __init__(self, x):
                self.x = x
                A.made.append(x)
            def value(self):
                return [self.x * self.scale]
        class B(A):
            pass
        def work(k):
            return [k] * k
        a = A(1)
        b = B(2)
        ---
        p = a.value(), b.value()
        ---
        A.scale = 10
        ---
        q = a.value(), b.value()
        ---
        r = work(2)
        ---
        B.scale = 100
        ---
        s = [o.value() for o in (a, b)]
        ---
        a.scale = 7
        ---
        t = a.value(), B(3).value()
        ---
        print(p, q, r, s, t, A.made)
        ---
        # split:
        u = [b.value() for _ in range(4)]
        ---
        setattr(A, 'scale', 0)
        A.value = lambda self: 'patched'
        print(u, a.value())
    """,
        on_ray=True,
    ),
    "class redefined under living instances": written(
        """
        class A:
            def f(self):
                return ['old', K]
        K = 1
        a = A()
        def work(k):
            return [k] * k
        ---
        x = [a.f(), work(2)]
        ---
        class A:
            def f(self):
                return ['new', K]
        ---
        y = [a.f(), A().f(), isinstance(a, A), type(a).__name__]
        ---
        K = 2
        ---
        z = [a.f(), work(1)]
        ---
        # split:
        w = [(isinstance(o, A), o.f()) for o in [a, A(), a, A()]]
        ---
        print(x, y, z, w)
    """,
        on_ray=True,
    ),
    "super and inheritance": written("""
        class Base:
            registry = []
            def __init_subclass__(cls, **kw):
                super().__init_subclass__(**kw)
                Base.registry.append(cls.__name__)
            def __init__(self, n):
                self.log = [n]
            def run(self, x):
                self.log.append(x)
                return self
        def work(k):
            return [k] * k
        ---
        class Left(Base):
            def run(self, x):
                super().run(x * 2)
                return self
        class Right(Base):
            def run(self, x):
                super().run(-x)
                return self
        class Both(Left, Right):
            def __init__(self):
                super().__init__('both')
        ---
        b = Both()
        ---
        b.run(1)
        ---
        c = work(2)
        ---
        b.run(2).run(3)
        ---
        print(b.log, Base.registry, c)
        ---
        # split:
        made = []
        for i in range(4):
            made.append(Both().run(i).log)
        ---
        print(made)
    """),
    "classes ask for their subclasses": written("""
        class Shape:
            pass
        class Square(Shape):
            def area(self, a):
                return a ** 2
        ---
        # split:
        areas = []
        for k in range(6):
            areas.append((Square().area(k), len(Shape.__subclasses__())))
        ---
        class Triangle(Shape):
            pass
        ---
        # split:
        counts = [len(Shape.__subclasses__()) for _ in range(4)]
        ---
        print(areas, counts, Shape.__subclasses__())
    """),
    "metaclass": written("""
        class Meta(type):
            instances = []
            def __call__(cls, *a):
                o = super().__call__(*a)
                Meta.instances.append(o)
                return o
            def __len__(cls):
                return len(Meta.instances)
        class T(metaclass=Meta):
            def __init__(self, x):
                self.x = x
        def work(k):
            return [k] * k
        ---
        a = T(1)
        ---
        b = work(2)
        ---
        c = [T(i) for i in range(2)]
        ---
        print(len(T), [t.x for t in Meta.instances], b)
        ---
        # split:
        d = [T(i).x for i in range(4)]
        ---
        print(d, len(T))
    """),
    "singleton": written("""
        class One:
            _it = None
            def __new__(cls):
                if cls._it is None:
                    cls._it = super().__new__(cls)
                    cls._it.xs = []
                return cls._it
        def work(k):
            return [k] * k
        ---
        One().xs.append(1)
        ---
        a = work(2)
        ---
        o = One()
        o.xs.append(2)
        ---
        print(One().xs, o is One(), a)
    """),
    "results hold what their class holds": written(
        """
        from typing import NamedTuple
        class N(NamedTuple):
            a: int
            b: list = []
        class Base:
            common = {}
        class K(Base):
            def __init__(self, i):
                self.mine, self.ours = [i], self.common
            def add(self, y):
                self.mine.append(y)
                return self
        ---
        # split:
        out = []
        for i in range(6):
            out.append(N(i))
        ---
        # split:
        pairs = [(K(i).add(i), i) for i in range(6)]
        ---
        # split:
        both = []
        for i in range(6):
            both.append((K(i).add(i), N(i)))
        ---
        out[0].b.append(5)
        pairs[1][0].ours['k'] = both[5][1]
        ---
        print(out, both[3][1].b, N(3).b, pairs[5][0].ours, Base.common, both[0][0].ours)
        """
    ),
    "dataclasses, enums and named tuples": written(
        """
        from dataclasses import dataclass, field, replace, asdict
        from collections import namedtuple
        from enum import Enum, Flag, auto
        from typing import NamedTuple
        @dataclass
        class D:
            x: int
            ys: list = field(default_factory=list)
            def add(self, y):
                self.ys.append(y)
                return self
        @dataclass(frozen=True, order=True)
        class F:
            a: int
            b: tuple = ()
        class Color(Enum):
            RED = 1
            BLUE = auto()
            @property
            def nice(self):
                return self is Color.BLUE
        class Perm(Flag):
            R = auto()
            W = auto()
            ALL = R | W
        class Step(Enum):
            FIRST = 1
            ONE = 1
            SECOND = 2
        class Planet(Enum):
            EARTH = (5.976e24, 6.37814e6)
            MARS = (6.421e23, 3.3972e6)
            def __init__(self, mass, radius):
                self.mass, self.radius, self.seen = mass, radius, []
            @property
            def gravity(self):
                return 6.67430e-11 * self.mass / (self.radius * self.radius)
        Planet.MARS.note = 'red'
        def names(k):
            planets = [(p.gravity, len(p.seen), getattr(p, 'note', '')) for p in Planet]
            return list(Step.__members__), Step.ONE is Step.FIRST, str(Perm.ALL), list(Perm), planets
        P = namedtuple('P', 'x y', defaults=[0])
        class N(NamedTuple):
            a: int
            b: list = []
        def work(k):
            return [k] * k
        ---
        d = D(1)
        p = P([1])
        n = N(1)
        ---
        d.add(5)
        ---
        a = [work(2), d.ys, replace(d, x=2)]
        ---
        p.x.append(2)
        ---
        n.b.append(3)
        ---
        b = [asdict(d), p, n, N(2).b, work(1)]
        ---
        d.x += 1
        ---
        c = {Color.RED: [F(1)], Color.BLUE: [F(2), F(1, (3,))]}
        ---
        e = sorted(c[Color.BLUE]), Color(2).nice, Color['RED'] is Color.RED, Perm.R | Perm.W
        ---
        print(a, b, c, e, d, p, n)
        ---
        # split:
        out = []
        for i in range(6):
            out.append((D(i).add(i), P(i), N(i), Color.RED if i % 2 else Color.BLUE, F(i), Perm.R, names(i)))
        ---
        print(out, out[0][3] is Color.BLUE, isinstance(out[0][1], P), out[1][4] == F(1), out[0][5] is Perm.R)
    """,
        on_ray=True,
    ),
    "classes compared over workers": written("""
        class A:
            pass
        class E(Exception):
            pass
        def work(k):
            return [k] * k
        def make(n):
            return [A() for _ in range(n)]
        ---
        a = make(3)
        ---
        b = make(2)
        ---
        c = [isinstance(x, A) for x in a + b], type(a[0]) is type(b[0])
        ---
        def fail(i):
            raise E(i)
        # split:
        caught = []
        for i in range(4):
            try:
                fail(i)
            except E as e:
                caught.append(str(e))
        ---
        print(c, caught)
    """),
    "abstract classes, mixins, slots": written("""
        from abc import ABC, abstractmethod
        class Shape(ABC):
            @abstractmethod
            def area(self): ...
            def describe(self):
                return f'{type(self).__name__} {self.area()}'
        class Loud:
            def describe(self):
                return super().describe().upper()
        class Square(Loud, Shape):
            __slots__ = ('s',)
            def __init__(self, s):
                self.s = s
            def area(self):
                return self.s ** 2
        def work(k):
            return [k] * k
        ---
        sq = Square(2)
        ---
        a = [sq.describe(), work(2)]
        ---
        sq.s = 3
        ---
        b = [sq.describe(), work(1)]
        ---
        # split:
        c = [Square(i).describe() for i in range(4)]
        ---
        print(a, b, c)
    """),
    "list and dict subclasses": written("""
        class Stack(list):
            def push(self, x):
                self.append(x)
                return self
        class Defaults(dict):
            def __missing__(self, k):
                self[k] = [k]
                return self[k]
        s, d = Stack(), Defaults()
        def work(k):
            return [k] * k
        ---
        s.push(1).push(2)
        ---
        a = [d['x'], work(2)]
        ---
        s.pop()
        ---
        b = [d['y'], len(s), work(1)]
        ---
        d['x'].append('new')
        print(a, b, s, d)
        ---
        # split:
        out = []
        for k in 'abcx':
            out.append(d[k])
        ---
        print(out, d)
    """),
    "static and class methods": written("""
        class A:
            count = 0
            @classmethod
            def make(cls, n):
                cls.count += 1
                return [cls() for _ in range(n)]
            @staticmethod
            def helper(xs):
                xs.append(len(xs))
                return xs
        class B(A):
            pass
        def work(k):
            return [k] * k
        xs = []
        ---
        a = A.make(2)
        ---
        b = B.make(1)
        ---
        A.helper(xs)
        ---
        c = work(2)
        ---
        a[0].helper(xs)
        ---
        print(len(a), len(b), A.count, B.count, xs, c)
    """),
    "instances that hold each other": written("""
        class Node:
            def __init__(self, name, parent=None):
                self.name, self.parent, self.children = name, parent, []
                if parent:
                    parent.children.append(self)
        root = Node('root')
        def work(k):
            return [k] * k
        ---
        a = Node('a', root)
        ---
        w = work(2)
        ---
        b = Node('b', parent=a)
        ---
        names = [c.name for c in root.children] + [c.name for c in a.children]
        ---
        b.parent.name = 'changed'
        ---
        print(names, [c.name for c in root.children], w)
    """),
    "del method": written("""
        class Res:
            def __init__(self, n):
                self.n = n
            def __del__(self):
                closed.append(self.n)
        closed = []
        def work(k):
            return [k] * k
        ---
        r = Res(1)
        ---
        a = work(2)
        ---
        r = None
        ---
        print(closed, a)
    """),
    "descriptor and cached property": written("""
        import functools
        class Typed:
            def __set_name__(self, owner, name):
                self.name = '_' + name
            def __get__(self, obj, owner=None):
                return getattr(obj, self.name, None)
            def __set__(self, obj, value):
                sets.append(value)
                setattr(obj, self.name, value)
        class A:
            x = Typed()
            @functools.cached_property
            def heavy(self):
                computed.append(1)
                return [self.x]
        sets, computed = [], []
        a = A()
        def work(k):
            return [k] * k
        ---
        a.x = 5
        ---
        b = [a.heavy, work(2)]
        ---
        a.x = 6
        ---
        c = [a.heavy, a.x, work(1)]
        ---
        a.heavy.append('more')
        print(b, c, sets, computed)
    """),
    "what the notebook pickles itself, of a class that is defined anew": written(
        """
        import pickle
        class A:
            def __init__(self, x):
                self.x = x
            def show(self):
                return 'old', self.x
        def work(a):
            return a.show(), type(a) is A
        ---
        data = pickle.dumps([A(1)])
        old = A(2)
        ---
        class A:
            def show(self):
                return 'new', self.x
        ---
        a = pickle.loads(data)[0]
        ---
        b = [work(a), work(old)]
        ---
        print(b, isinstance(a, A), isinstance(old, A), old.show(), A.__module__)
    """,
        on_ray=True,
    ),
    "methods and constructors hand out an object that all share": written("""
        from dataclasses import dataclass, field
        shared = []
        class A:
            def __init__(self):
                self.kept = shared
            def get(self):
                return shared
        @dataclass
        class B:
            x: int
            kept: list = field(default_factory=lambda: shared)
        ones = [A() for _ in range(4)]
        ---
        # split:
        given = []
        for a in ones:
            given.append(a.get())
        ---
        # split:
        made = []
        for i in range(4):
            made.append((A(), B(i)))
        ---
        given[3].append('one')
        made[3][0].kept.append('two')
        made[3][1].kept.append('three')
        print(shared, given, [b for _, b in made])
    """),
    "methods hand out rows of an array": written("""
        import numpy as np
        grid = np.zeros((4, 3))
        class Grid:
            def row(self, i):
                return grid[i]
        g = Grid()
        ---
        # split:
        out = []
        for i in range(4):
            out.append(g.row(i))
        ---
        out[3][:] = 7
        print(grid)
    """),
    "a named tuple's default is one object for all": written(
        """
        from collections import namedtuple
        N = namedtuple('N', 'a b', defaults=[[]])
        ---
        # split:
        out = []
        for i in range(4):
            out.append(N(i))
        ---
        out[3].b.append(1)
        print(out, N(9))
    """,
        splits=1,
        on_ray=True,
    ),
    "cached properties that note what they have computed": written("""
        from functools import cached_property
        computed = []
        class A:
            def __init__(self, v):
                self.v = v
            @cached_property
            def square(self):
                computed.append(self.v)
                return self.v ** 2
        ones = [A(v) for v in range(5)]
        ---
        # split:
        out = []
        for a in ones:
            out.append(a.square)
        ---
        print(out, computed, [vars(a) for a in ones])
    """),
    "containers and numbers of the class, by all ways to it": written(
        """
        class Model:
            names = ["a", "b"]
            scale = 2
            seen = {}
            def __init__(self, x):
                self.x, self.own = x, []
            def scaled(self):
                return self.x * type(self).scale + self.__class__.scale
            def label(self):
                return f"{type(self).__name__}:{self.names[self.x % 2]}:{len(self.__class__.seen)}"
            def again(self):
                return self.__class__(self.x + 1)
            def note(self):
                type(self).seen[self.x] = self
        models = [Model(k) for k in range(6)]
        ---
        # split:
        scaled = []
        for k in range(6):
            m = Model(k)
            m.own.append(k)
            scaled.append((m.scaled(), m.label(), m.again().x, m))
        print([s[:3] for s in scaled], scaled[0][3].names is Model.names)
        ---
        # split:
        labels = []
        for m in models:
            labels.append((m.label(), type(m).scale, type(m) is Model, m.names is Model.names))
        print(labels)
        ---
        # split:
        for m in models:
            m.note()
        print(list(Model.seen), sorted(k + m.x for k, m in Model.seen.items()))
        ---
        names = type(models[0]).names
        names.append("c")
        ---
        # split:
        later = []
        for m in models:
            later.append((m.label(), m.scaled(), len(m.names)))
        print(later, scaled[2][3].scaled(), scaled[2][3].label())
        Model.seen.clear()  # in packs of their own the instances there would be others
        """,
        splits=3,
        on_ray=True,
    ),
    "functions that change the class they are given": written(
        """
        SHARED = [0]
        class Box:
            kept = SHARED
            rows = []
        def fill(cls, v):
            cls.rows.append(v)
        boxes = [Box() for _ in range(4)]
        ---
        fill(Box, 1)
        ---
        for cls in {type(b) for b in boxes}:
            cls.rows.append(2)
        ---
        Other = Box
        Other.rows.append(3)
        boxes[0].kept.append(4)
        vars(Box)["rows"].append(5)
        ---
        # split:
        out = []
        for b in boxes:
            out.append((list(b.rows), b.kept is SHARED, len(SHARED)))
        print(out, SHARED)
        """,
        on_ray=True,
    ),
    "methods that call super() as keys": written(
        """
        class Base:
            def name(self):
                return "base"
        class Model(Base):
            def name(self):
                return super().name() + "+"
            def plain(self):
                return __class__.__name__
        labels = {Model.name: "name", Model.plain: "plain", Base.name: "base"}
        m = Model()
        ---
        # split:
        out = []
        for k in range(6):
            method = (Model.name, Model.plain, Base.name)[k % 3]
            out.append((labels[method], method(m), labels[type(m).name], method))
        print([o[:3] for o in out], out[0][3] is Model.name)
        ---
        # split:
        again = []
        for k in range(6):
            again.append(labels[out[k][3]])
        print(again, labels[Model.plain])
        del labels, method, out  # in packs of their own each would bring the methods anew
        """,
        splits=3,
        on_ray=True,
    ),
}
