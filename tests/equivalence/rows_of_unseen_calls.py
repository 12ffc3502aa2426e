"""Code that runs unseen: what truth tests, unpacking, libraries and decorators call."""

from __future__ import annotations

import textwrap

from notebook_row import Row, written


def _costly(text: str) -> Row:
    """The notebook, after a cell with a function whose calls are worth another worker."""
    return written("def work(k):\n    return [k] * k\n---\n" + textwrap.dedent(text).strip("\n"))


ROWS = {
    "default_factory of the notebook": _costly("""
        from dataclasses import dataclass, field
        made = []
        def make():
            made.append(1)
            return [K]
        K = 1
        @dataclass
        class D:
            xs: list = field(default_factory=make)
            def __post_init__(self):
                made.append('post')
        ---
        a = [D().xs, work(1)]
        ---
        K = 2
        ---
        b = [D().xs, work(2)]
        ---
        c = work(3)
        ---
        print(a, b, c, made)
    """),
    "bool and len with state": _costly("""
        class T:
            n = 0
            def __bool__(self):
                self.n += 1
                return self.n < 3
            def __len__(self):
                self.n += 10
                return 1
        t = T()
        ---
        a = work(2)
        if t:
            a.append(t.n)
        ---
        b = [work(1) if t else 0, t and 1, [x for x in 'ab' if t]]
        ---
        c = work(3)
        while t:
            pass
        ---
        assert not t
        print(a, b, c, t.n, len(t), t.n)
    """),
    "unpacking with state": _costly("""
        class P:
            def __init__(self): self.n = 0
            def __iter__(self):
                self.n += 1
                yield self.n
                yield K
        K = 5
        p = P()
        ---
        a, b = p
        ---
        c = [*p, *work(2)]
        ---
        K = 6
        ---
        d = work(1) + list(p)
        ---
        e = max(*p), dict([tuple(p)]), work(2)
        ---
        def g():
            yield from p
        f = list(g())
        print(a, b, c, d, e, f, p.n)
    """),
    "properties and operators read globals": _costly("""
        class V:
            def __init__(self, x): self.x = x
            @property
            def scaled(self): return [self.x * K]
            def __add__(self, o): return V(self.x + o.x + K)
            def __repr__(self): return f'V({self.x}, {K})'
            def __eq__(self, o): return self.x == o.x + K
            def __lt__(self, o): return self.x * K < o.x
            def __getitem__(self, i): return self.x + i + K
            def __len__(self): return K
            def __format__(self, spec): return f'{K}{spec}'
            def __contains__(self, y): return y == K
            def __iter__(self): return iter([K] * 2)
        K = 1
        v, u = V(1), V(2)
        def f(p): return [p.scaled, p[0], len(p), f'{p:x}', 3 in p, list(p)]
        ---
        a = [v.scaled, (v + u).x, repr(v), v == u, v[1], len(u), f'{v:z}', work(1)]
        ---
        K = 3
        ---
        b = [v.scaled, (v + u).x, str(v), v == u, sorted([u, v])[0].x, v[1], len(u), work(2)]
        ---
        c = f(v) + work(1)
        ---
        d = [3 in v, [*u], max(v, u).x, f'{v:q}', work(3)]
        ---
        K = 7
        e = f(u)
        print(a, b, c, d, e, v)
    """),
    "estimators with functions": _costly("""
        import numpy as np
        from sklearn.preprocessing import FunctionTransformer
        from sklearn.pipeline import make_pipeline
        K = 2.0
        log = []
        def scale(x):
            log.append(len(x))
            return x * K
        tr = FunctionTransformer(scale)
        pipe = make_pipeline(FunctionTransformer(lambda x: x + K), tr)
        X = np.ones((2, 2))
        ---
        a = tr.transform(X)
        ---
        K = 3.0
        ---
        b = [tr.transform(X), work(2)]
        ---
        c = [pipe.fit_transform(X), work(1)]
        ---
        d = work(3)
        ---
        print(a, b, c, d, log)
    """),
    "vectorize and ufuncs of functions": _costly("""
        import numpy as np
        K = 2
        seen = []
        @np.vectorize
        def f(x):
            seen.append(int(x))
            return x * K
        g = np.vectorize(lambda x: x + K)
        h = np.frompyfunc(lambda a, b: a + b + K, 2, 1)
        ---
        a = f([1, 2])
        ---
        K = 3
        ---
        b = [g([1, 2]), h([1], [2]), work(2)]
        ---
        c = [f([5]), work(1)]
        ---
        print(a, b, c, seen)
    """),
    "singledispatch": _costly("""
        import functools
        K = 1
        @functools.singledispatch
        def show(x):
            return ['any', K]
        ---
        @show.register
        def _(x: int):
            return ['int', K]
        ---
        a = [show(1), show('x'), work(1)]
        ---
        K = 2
        ---
        @show.register(str)
        def show_str(x):
            return ['str', K]
        ---
        b = [show(1), show('x'), work(2)]
        ---
        print(a, b)
    """),
    "frames and functions": _costly("""
        import pandas as pd
        K = 2
        log = []
        def f(x):
            log.append(x)
            return x * K
        fs = {'f': f}
        df = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})
        ---
        a = df['a'].apply(f).tolist()
        ---
        K = 3
        ---
        b = [df['a'].map(fs['f']).tolist(), work(2)]
        ---
        c = [df.apply(lambda col: col.sum() * K).tolist(), work(1)]
        ---
        d = df.assign(c=lambda t: t.a * K, d=df.b.map({3: 'x', 4: 'y'}))
        ---
        e = df.pipe(lambda t, k: t * k, K)
        ---
        g = df.groupby(lambda i: i % K)['a'].agg(lambda s: s.sum() + K).tolist()
        ---
        K = 4
        h = df.transform([f]).values.tolist()
        ---
        print(a, b, c, d, e, g, h, len(log))
    """),
    "generator send and close": _costly("""
        log = []
        def gen():
            try:
                got = yield 1
                while True:
                    log.append(got)
                    got = yield len(log)
            finally:
                log.append('closed')
        g = gen()
        ---
        a = [next(g), g.send('x')]
        ---
        b = work(2)
        ---
        c = g.send('y')
        ---
        g.close()
        ---
        print(a, b, c, log)
    """),
    "chained assignment and repeated lists": _costly("""
        a = b = []
        rows = [[0] * 2] * 3
        x, y = [[]] * 2
        ---
        a.append(1)
        ---
        c = work(2)
        ---
        rows[0][0] = 5
        ---
        x.append('x')
        ---
        d = [len(b), work(1)]
        ---
        rows[1:] = [rows[0][:]]
        ---
        rows[0][1] = 7
        print(a, b, rows, x, y, c, d)
    """),
    "exception keeps an object": _costly("""
        class E(Exception):
            pass
        data = [1]
        err = None
        ---
        try:
            raise E(data)
        except E as e:
            err = e
        ---
        err.args[0].append(2)
        ---
        a = work(2)
        ---
        err = str(err)
        print(data, err, a)
    """),
    "operator functions and methodcaller": _costly("""
        import operator
        xs = [[3], [1]]
        push = operator.methodcaller('append', 9)
        first = operator.itemgetter(0)
        ---
        push(xs[0])
        ---
        a = work(2)
        ---
        b = sorted(xs, key=first)
        ---
        b[0].append('b')
        ---
        c = list(map(operator.methodcaller('copy'), xs)), work(1)
        ---
        list(map(push, xs))
        print(xs, a, b, c)
    """),
    "registry filled by subclassing functions": _costly("""
        handlers = {}
        def on(name):
            def add(f):
                handlers.setdefault(name, []).append(f)
                return f
            return add
        ---
        @on('a')
        def one(x): return [x, K]
        ---
        @on('a')
        def two(x): return [x * 2, K]
        ---
        K = 1
        a = [h(1) for h in handlers['a']]
        ---
        K = 2
        ---
        b = [h(1) for h in handlers['a']] + work(1)
        ---
        c = work(2)
        print(a, b, c, len(handlers['a']))
    """),
    "function with mutable closure cell list": _costly("""
        history = []
        def traced(f):
            def inner(*a):
                history.append((f.__name__, a))
                return f(*a)
            return inner
        def add(a, b): return a + b
        add = traced(add)
        ---
        x = add(1, 2)
        ---
        y = work(2)
        ---
        z = [add(i, i) for i in range(2)]
        ---
        print(x, y, z, history)
    """),
    "inheritance from builtins and overridden append": _costly("""
        class Log(list):
            def append(self, x):
                total.append(len(self))
                super().append(x)
        class Cnt(dict):
            def __setitem__(self, k, v):
                total.append(k)
                super().__setitem__(k, v)
        total = []
        l, c = Log(), Cnt()
        ---
        l.append(1)
        ---
        c['a'] = work(1)
        ---
        b = work(2)
        ---
        l += [2]
        c.update(z=1)
        ---
        print(total, l, c, b)
    """),
    "module of functions by name": _costly("""
        K = 1
        def f(): return [K]
        name = 'f'
        ---
        a = globals()[name]() + work(1)
        ---
        K = 2
        ---
        b = eval(name + '()') + work(2)
        ---
        import types
        ns = types.SimpleNamespace(f=f, xs=[1])
        ---
        c = ns.f() + ns.xs
        ---
        ns.xs.append(5)
        K = 3
        ---
        d = [ns.f(), work(1)]
        print(a, b, c, d, ns.xs)
    """),
    "recursion through a container": _costly("""
        tree = {'v': 1, 'kids': [{'v': 2, 'kids': []}]}
        def total(t):
            return t['v'] + sum(total(k) for k in t['kids'])
        def bump(t):
            t['v'] += 1
            for k in t['kids']:
                bump(k)
        ---
        a = total(tree)
        ---
        leaf = tree['kids'][0]
        ---
        bump(tree)
        ---
        b = [total(tree), work(2)]
        ---
        leaf['v'] = 50
        ---
        c = [total(tree), work(1)]
        print(a, b, c)
    """),
    "weak and logging": _costly("""
        import weakref, logging, io
        class O: pass
        o = O()
        r = weakref.ref(o)
        stream = io.StringIO()
        log = logging.getLogger('nb')
        log.handlers[:] = [logging.StreamHandler(stream)]
        log.propagate = False
        ---
        log.warning('one')
        ---
        a = work(2)
        ---
        log.error('two')
        o.x = 1
        ---
        b = [r().x, work(1)]
        ---
        print(stream.getvalue(), a, b)
        log.handlers[:] = []
        del log, stream, r
    """),
    "contextvars and warnings": _costly("""
        import contextvars, warnings
        cv = contextvars.ContextVar('cv', default=0)
        ---
        cv.set(5)
        ---
        a = [cv.get(), work(1)]
        ---
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter('always')
            warnings.warn('w')
        ---
        b = [len(seen), work(2)]
        ---
        print(a, b)
        del cv, seen
    """),
    "same name in loop and function": _costly("""
        i = 'global'
        def f(n):
            out = []
            for i in range(n):
                out.append(i)
            return out, g()
        def g():
            return i
        ---
        a = f(2)
        ---
        for i in range(3):
            pass
        ---
        b = [f(1), work(1)]
        ---
        i = 'end'
        ---
        c = [f(1), work(2)]
        print(a, b, c)
    """),
    "swap by functions": _costly("""
        def swap(d):
            d['a'], d['b'] = d['b'], d['a']
        d = {'a': [1], 'b': [2]}
        a = d['a']
        ---
        swap(d)
        ---
        x = work(2)
        ---
        d['b'].append(3)
        ---
        y = [a, work(1)]
        ---
        d.pop('b').append(4)
        print(a, d, x, y)
    """),
    "deque, heap, ordered dict": _costly("""
        from collections import deque, OrderedDict, Counter, ChainMap
        import heapq
        q, od, c = deque([1, 2]), OrderedDict(a=[1]), Counter('aab')
        alias = q, od, c
        ---
        q.rotate(1)
        od.move_to_end('a')
        ---
        x = [q.popleft(), work(1)]
        ---
        c.update('bb')
        c['z']
        ---
        y = [c.most_common(1), work(2)]
        ---
        od['a'] += [5]
        heapq.heappush(od['a'], 0)
        ---
        c -= Counter('b')
        ---
        print(alias, x, y, c)
    """),
}
