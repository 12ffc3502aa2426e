"""Code that runs unseen: what truth tests, unpacking, libraries and decorators call."""

from __future__ import annotations

import textwrap

from notebook_row import Row, written


def _costly(text: str) -> Row:
    """The notebook, after a cell with a function whose calls are worth another worker."""
    return written("def work(k):\n    return [k] * k\n---\n" + textwrap.dedent(text).strip("\n"))


ROWS = {
    "a key that looks at the item, when the results are merged": written(
        """
        best, v, top = 50, 1, []
        def distance(t):
            return abs(t - x)
        ---
        # split:
        for x in range(8):
            y = x * 3 % 7
            best = min(best, y, key=lambda t: abs(t - x))
        ---
        # split:
        for x in range(8):
            y = x * 3 % 7
            best = min(best, y, key=distance)
        ---
        # split:
        for x in range(8):
            v = x * 3 % 7
            top = sorted(top + [v + x], key=lambda t: (t * v) % 5)[:3]
        """,
        splits=0,
    ),
    "a defaultdict's entries that look at the item": written(
        """
        from collections import defaultdict
        names, made = ["a", "b", "c", "d", "e", "f"], []
        def entry():
            made.append(1)
            return 0
        groups, counts = defaultdict(lambda: {"first": name, "all": []}), defaultdict(entry)
        ---
        # split:
        for i, name in enumerate(names):
            groups[i * 3 % 7 % 3]["all"].append(i)
        ---
        # split:
        for i in range(8):
            counts[i % 3] += i * len(made)
        """,
        splits=0,
    ),
    "operators that look at what iterations set": written(
        """
        v = 0
        class T:
            def __init__(self, a): self.a = a
            def __radd__(self, other): return (self.a + other) * (v + 1) % 101
            def __str__(self): return f"{self.a} {v}"
        total = 1
        ---
        # split:
        for x in range(8):
            v = x * 3 % 7
            total += T(x)
        """,
        splits=0,
    ),
    "keys that note what they are asked, for the caller and for all": _costly("""
        total = []
        def best(found, seen):
            own = []
            def score(word):
                own.append(word)
                seen.append(word)
                total.append(len(total))
                return -len(own)
            return max(found, key=score), sum(map(score, found)), len(own)
        ---
        seen = ["a"]
        ---
        a = [best(["b", "c"], seen), work(1)]
        ---
        b = [len(seen), len(total), work(2)]
        ---
        c = [best(["d"], seen), work(3)]
        ---
        print(a, b, c, seen, total)
    """),
    "a loop beside functions whose own ones are let go of": _costly("""
        import pickle
        texts = pickle.loads(pickle.dumps({"a": "b|c", "d": "e"}))
        def ranked(words):
            seen = {}
            def score(word):
                seen[word] = len(seen)
                return seen[word]
            return sorted(words, key=score), ", ".join(map(str, map(score, words))), seen
        ---
        # split: take them apart
        out = []
        for key in texts:
            out.append((texts[key].split("|"), ranked(texts[key].split("|")), work(2)))
        print(out)
        ---
        again = [ranked("xyx"), work(3)]
        ---
        print(again, out)
    """),
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
        del tr, pipe
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
    "singledispatch in batches": written(
        """
        import functools
        @functools.singledispatch
        def show(x):
            return f'object {x}'
        @show.register
        def _(x: int):
            return f'int {x}'
        ---
        # split:
        shown = []
        for x in [1, 'x', 2.0, None]:
            shown.append(show(x))
        ---
        class P:
            pass
        @show.register(P)
        def show_p(x):
            return 'P'
        ---
        # split:
        more = [show(x) for x in [1, P(), 2.0, [1]]]
        ---
        print(shown, more)
    """,
        splits=2,
    ),
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
    "function reached by attribute of a module-like object": _costly("""
        import types
        K = 1
        m = types.ModuleType('m')
        def f(): return [K]
        m.f = f
        ---
        a = m.f()
        ---
        K = 2
        ---
        b = m.f() + work(1)
        ---
        c = work(2)
        print(a, b, c)
    """),
    "class with function attribute": _costly("""
        K = 1
        def f(self): return [K, self.x]
        class A:
            g = f
            h = lambda self: [K, 'h']
            def __init__(self): self.x = 1
        a = A()
        ---
        p = [a.g(), a.h(), work(1)]
        ---
        K = 2
        ---
        q = [a.g(), a.h(), work(2)]
        ---
        r = list(map(A.h, [a, a])) + work(1)
        ---
        K = 3
        print(p, q, r, a.g())
    """),
    "method added to a class later": _costly("""
        class A: pass
        a = A()
        K = 1
        ---
        def area(self): return [K]
        A.area = area
        ---
        x = [a.area(), work(1)]
        ---
        K = 2
        ---
        y = [a.area(), work(2)]
        ---
        A.area = lambda self: 'new'
        ---
        z = [a.area(), work(3)]
        print(x, y, z)
    """),
    "inner class and factory": _costly("""
        def make(n):
            class Inner:
                made = []
                def __init__(self): Inner.made.append(n)
                def k(self): return [K, n]
            return Inner
        K = 1
        I1, I2 = make(1), make(2)
        ---
        a = I1()
        ---
        b = [I2().k(), work(1)]
        ---
        K = 2
        ---
        c = [a.k(), len(I1.made), work(2)]
        ---
        I1()
        ---
        print(b, c, I1.made, I2.made)
    """),
    "generators holding globals": _costly("""
        K = 1
        def gen():
            while True:
                yield K
        g, h = gen(), (K * x for x in range(5))
        ---
        a = [next(g), next(h)]
        ---
        K = 2
        ---
        b = [next(g), next(h), work(1)]
        ---
        c = work(2)
        ---
        K = 3
        d = next(g), list(h)
        print(a, b, c, d)
    """),
    "functions returned by functions returned": _costly("""
        def a(x):
            def b(y):
                def c(z):
                    log.append((x, y, z, K))
                    return x + y + z + K
                return c
            return b
        log, K = [], 1
        f = a(1)
        g = f(2)
        ---
        p = g(3)
        ---
        K = 2
        ---
        q = [f(0)(0), work(1)]
        ---
        r = list(map(g, [1, 2])) + work(1)
        ---
        print(p, q, r, log)
    """),
    "sorted by a dict's get and list's index": _costly("""
        order = {'a': 2, 'b': 1}
        pos = ['b', 'a']
        xs = ['a', 'b']
        ---
        p = sorted(xs, key=order.get) + work(1)
        ---
        order['b'] = 5
        ---
        q = sorted(xs, key=order.get) + work(2)
        ---
        r = sorted(xs, key=pos.index) + work(3)
        ---
        pos.reverse()
        ---
        s = max(xs, key=pos.index), work(1)
        print(p, q, r, s)
    """),
    "namedtuple fields that are lists": _costly("""
        from collections import namedtuple
        R = namedtuple('R', 'xs n')
        r = R([1], 2)
        rs = [r, r._replace(n=3)]
        ---
        xs, n = r
        xs.append(2)
        ---
        a = [len(rs[1].xs), work(1)]
        ---
        rs[1].xs.append(3)
        ---
        b = [r.xs[-1], work(2)]
        ---
        r._asdict()['xs'].append(4)
        print(r, rs, a, b)
    """),
    "keyword-only and star kwargs changes": _costly("""
        def f(*, into, **opts):
            into.append(opts)
            opts['seen'] = True
            return opts
        d, out = {'a': [1]}, []
        ---
        r = f(into=out, **d)
        ---
        w1 = work(1)
        ---
        r['a'].append(2)
        ---
        s = [len(out), work(2)]
        ---
        print(d, out, r, s, w1)
    """),
    "recursive data and self reference": _costly("""
        a = [1]
        a.append(a)
        d = {}
        d['me'] = d
        b = a
        ---
        a[1][1].append('deep')
        ---
        x = work(2)
        ---
        d['me']['me']['k'] = [5]
        ---
        y = [len(b), len(d), work(1)]
        ---
        d['k'].append(6)
        print(len(a), d['k'], x, y)
        del a, b, d
    """),
    "conditional aliases": _costly("""
        import sys
        x, y = [1], [2]
        z = x if len(sys.argv) >= 0 else y
        q = y or x
        v = {'x': x}.get('x', y)
        u = (x, y)[0]
        ---
        z.append('z')
        ---
        a = work(1)
        ---
        q.append('q')
        ---
        b = [len(x), len(y), work(2)]
        ---
        v.append('v')
        u.append('u')
        print(x, y, a, b)
    """),
    "try and finally rebinding": _costly("""
        x = [0]
        ---
        try:
            x = work(2)
            raise ValueError
        except ValueError:
            y = x
        finally:
            x.append(9)
        ---
        a = work(1)
        ---
        y.append(8)
        print(x, y, a)
    """),
    "import inside a function and global import": _costly("""
        def lazy():
            global json
            import json
            import math
            return math.floor(2.5)
        ---
        a = [lazy(), work(1)]
        ---
        b = json.dumps(a)
        ---
        c = work(2)
        print(b, c)
    """),
    "dict of lambdas over loop": _costly("""
        K = 10
        fs = {}
        for n in range(3):
            fs[n] = lambda x, n=n: x + n + K
        ---
        a = [f(1) for f in fs.values()]
        ---
        K = 20
        ---
        b = [fs[k](1) for k in fs] + work(1)
        ---
        c = {k: f(0) for k, f in fs.items()}, work(2)
        print(a, b, c)
    """),
    "numpy aliases through structures": _costly("""
        import numpy as np
        a = np.zeros(4)
        d = {'a': a, 'v': a[:2]}
        lst = [a, a.reshape(2, 2)]
        class H: pass
        h = H()
        h.a = a
        ---
        d['v'][0] = 1
        ---
        x = [a.sum(), *work(1)]
        ---
        lst[1][1, 1] = 2
        ---
        y = [a.sum(), h.a[0], *work(2)]
        ---
        h.a += 1
        ---
        np.add.at(a, [0], 10)
        ---
        for row in lst[1]:
            row *= 2
        ---
        a.sort()
        print(a, d['v'], x, y)
    """),
    "pandas chained": _costly("""
        import pandas as pd
        df = pd.DataFrame({'k': list('aab'), 'v': [1, 2, 3]})
        sub = df[df.v > 1]
        s = df['v']
        g = df.groupby('k')
        ---
        df['w'] = df.v * 2
        ---
        a = [g['v'].sum().tolist(), work(1)]
        ---
        df.loc[0, 'v'] = 100
        ---
        b = [s.sum(), sub.v.sum(), work(2)]
        ---
        df = df.rename(columns=str.upper)
        ---
        c = [df.columns.tolist(), work(1)]
        ---
        df.insert(0, 'first', 0)
        df.pop('W')
        ---
        del g
        print(df, a, b, c)
    """),
    "string building and immutables": _costly("""
        s = 'a'
        t = s
        n = m = 5
        ---
        s += 'b'
        n += 1
        ---
        a = [s, t, n, m, work(1)]
        ---
        s = s.replace('a', 'z')
        ---
        b = [s, work(2)]
        ---
        fs = frozenset([1])
        fs2 = fs
        fs |= {2}
        print(a, b, fs, fs2)
    """),
    "class hierarchy over cells with super and K": _costly("""
        K = 1
        class Base:
            def run(self): return [K, self.extra()]
            def extra(self): return 'base'
        ---
        class Kid(Base):
            def extra(self): return ['kid', K, super().extra()]
        ---
        k = Kid()
        a = k.run()
        ---
        K = 2
        ---
        b = [k.run(), work(1)]
        ---
        Base.extra = lambda self: 'patched'
        ---
        c = [k.run(), work(2)]
        ---
        class Base: pass
        ---
        d = [isinstance(k, Base), k.run(), work(1)]
        print(a, b, c, d)
    """),
    "callbacks through threads pools": _costly("""
        from concurrent.futures import ThreadPoolExecutor
        K = 1
        total = {'n': 0}
        def f(x):
            total['n'] += x
            return x * K
        ---
        with ThreadPoolExecutor(1) as ex:
            a = list(ex.map(f, [1, 2]))
        ---
        K = 3
        b = work(1)
        ---
        with ThreadPoolExecutor(1) as ex:
            c = [ex.submit(f, i).result() for i in range(3)]
        ---
        del ex
        print(a, b, c, total)
    """),
    "iter of dict views and live views": _costly("""
        d = {'a': 1}
        ks, vs, its = d.keys(), d.values(), d.items()
        ---
        d['b'] = 2
        ---
        a = [len(ks), sum(vs), work(1)]
        ---
        d.update(c=3)
        ---
        b = [sorted(its), work(2)]
        ---
        d.clear()
        print(a, b, list(ks))
    """),
    "range slices memory and bytes": _costly("""
        r = range(10)
        b = bytearray(b'xyz')
        al = b
        ---
        b += b'!'
        ---
        a = [r[2:5], work(1)]
        ---
        al[0:1] = b'A'
        ---
        c = [bytes(b), work(2)]
        print(a, c)
    """),
    "what a module beside the notebook keeps": written(
        """
        text = '''
        class Meter:
            seen = []
        class Box:
            def __init__(self):
                import threading
                self.lock, self.n = threading.Lock(), 0
        box, table = Box(), [0] * 300_000
        def in_class(x):
            Meter.seen.append(x)
            return len(Meter.seen)
        def in_default(x, seen=[]):
            seen.append(x)
            return len(seen)
        def made():
            n = 0
            def count(x):
                nonlocal n
                n += 1
                return n
            return count
        in_closure = made()
        def beside_a_lock(x):
            box.n += 1
            return box.n
        def in_a_long_list(x):
            table[0] += 1
            return table[0]
        def nowhere(x):
            return x * x
        '''
        with open('keeping_module.py', 'w') as file:
            file.write(text)
        del file
        ---
        import sys
        sys.modules.pop('keeping_module', None)
        import keeping_module as kept
        ---
        # split:
        a = [kept.nowhere(i) for i in range(6)]
        ---
        # split:
        b = [kept.in_class(i) for i in range(6)]
        ---
        # split:
        c = [kept.in_default(i) for i in range(6)]
        ---
        # split:
        d = [kept.in_closure(i) for i in range(6)]
        ---
        # split:
        e = [kept.beside_a_lock(i) for i in range(6)]
        ---
        # split:
        f = [kept.in_a_long_list(i) for i in range(6)]
        ---
        print(a, b, c, d, e, f, kept.in_class(0), kept.in_closure(0), kept.in_a_long_list(0))
        del kept, sys.modules['keeping_module']
    """,
        splits=1,
        in_process=False,
        on_ray=True,
    ),
    "a module beside the notebook that a batch imports first": written(
        """
        with open('late_module.py', 'w') as file:
            file.write('seen = []\\ndef note(x):\\n    seen.append(x)\\n    return x * x\\n')
        del file
        def note(x):
            import late_module
            return late_module.note(x)
        ---
        # split:
        a = [note(i) for i in range(6)]
        ---
        import late_module, sys
        print(a, late_module.seen)
        del late_module, sys.modules['late_module']
    """,
        splits=0,
        in_process=False,
        on_ray=True,
    ),
    "a logger of the notebook": written(
        """
        import logging, sys
        log = logging.getLogger('rows.unseen')
        log.addHandler(logging.StreamHandler(sys.stdout))
        log.setLevel(logging.INFO)
        def work(x):
            log.info('works on %s', x)
            return x * x
        def quietly(x):
            log.setLevel(logging.ERROR)
            return x * x
        ---
        # split:
        a = [work(i) for i in range(5)]
        ---
        # split:
        b = [quietly(i) for i in range(5)]
        ---
        c = work(7)
        print(a, b, c)
        log.handlers.clear()
    """,
        splits=0,
        in_process=False,
        on_ray=True,
    ),
    "a function that NumPy was given": _costly("""
        import numpy as np
        seen, K = [], 1
        def f(v):
            seen.append(v)
            return v * K
        vf = np.vectorize(f)
        uf = np.frompyfunc(f, 1, 1)
        ---
        a = vf(np.arange(3)), work(1)
        ---
        b = len(seen), work(2)
        ---
        K = 10
        ---
        c = uf(np.arange(3)), work(3)
        ---
        d = len(seen), work(1)
        print(a, b, c, d)
    """),
    "a NaN of the notebook's that two inputs hold": _costly("""
        import numpy as np
        NA = float("nan")
        def load(i):
            return NA if i % 3 == 0 else float(i)
        a = [load(i) for i in range(12)]
        b = [np.nan, 1.0]
        ---
        n = a.count(NA), work(2)
        ---
        m = len(set(a + [NA])), work(2)
        ---
        k = b.count(np.nan), work(2)
        print(n, m, k)
    """),
    "a window that as_strided makes": _costly("""
        import numpy as np
        x = np.arange(12.0)
        ---
        lag = np.lib.stride_tricks.as_strided(x, shape=(9, 3), strides=(8, 8)), work(2)
        ---
        print(lag[0].flags.writeable, lag[0].sum())
    """),
}
