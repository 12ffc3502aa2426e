"""Functions that read and change the notebook's globals, wherever they are called from."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "globals read where it is called": written("""
        def f(x):
            return [x * K for _ in range(2)]
        K = 1
        def g(x):
            return f(x) + f(x + K)
        ---
        a = g(1)
        ---
        K = 2
        ---
        b = g(1)
        ---
        def f(x):
            return [x - K for _ in range(3)]
        ---
        c = g(1)
        ---
        # split:
        d = [g(x) for x in range(5)]
        ---
        K = 3
        print(a, b, c, d)
    """),
    "globals read by a callback": written(
        """
        K = 1
        def key(x):
            return -x * K
        def work(n):
            return [n] * n
        xs = [3, 1, 2]
        ---
        a = sorted(xs, key=key)
        ---
        K = -1
        ---
        b = sorted(xs, key=key) + work(2)
        ---
        c = list(map(key, xs)) + list(filter(key, xs)) + work(1)
        ---
        d = max(xs, key=key), min(xs, key=lambda x: key(x) + K), work(3)
        ---
        K = 5
        ---
        import functools
        e = functools.reduce(lambda p, q: p + key(q), xs, 0)
        ---
        print(a, b, c, d, e)
    """,
        on_ray=True,
    ),
    "callback that changes a global": written("""
        seen = []
        n = 0
        def note(x):
            global n
            n += 1
            seen.append(x)
            return x
        def work(k):
            return [k] * k
        ---
        a = list(map(note, [1, 2]))
        ---
        b = work(3)
        ---
        c = sorted([5, 4], key=note)
        ---
        print(seen, n, a, b, c)
        ---
        d = {k: list(v) for k, v in __import__('itertools').groupby([1, 1, 2], note)}
        print(seen, n)
    """),
    "callback kept in a container": written("""
        log = []
        def a(x):
            log.append(('a', x))
            return K
        def b(x):
            log.append(('b', x))
        K = 1
        table = {'a': a, 'b': b}
        fs = [a, b]
        def work(k):
            return [k] * k
        ---
        r = table['a'](1)
        ---
        K = 2
        w = work(2)
        ---
        for f in fs:
            f(2)
        ---
        s = [f(3) for f in table.values()]
        ---
        print(log, r, w, s)
    """),
    "partial": written("""
        from functools import partial
        log = []
        K = 2
        def f(a, b, c=0):
            log.append(a)
            return a + b * K + c
        p = partial(f, 1, c=10)
        def work(k):
            return [k] * k
        ---
        x = p(1)
        ---
        K = 3
        ---
        y = [p(i) for i in range(3)]
        ---
        z = work(3)
        ---
        print(x, y, z, log)
        ---
        # split:
        out = []
        for i in range(5):
            out.append(p(i))
        ---
        print(out, log)
    """),
    "defaultdict's factory": written("""
        from collections import defaultdict
        made = []
        def factory():
            made.append(len(made))
            return [len(made)]
        d = defaultdict(factory)
        e = defaultdict(lambda: K)
        K = 7
        def work(k):
            return [k] * k
        ---
        a = [d[i] for i in 'xy']
        ---
        b = work(2)
        ---
        c = [d[i] for i in 'yz']
        ---
        K = 8
        ---
        f = [e[i] for i in 'pq']
        ---
        print(a, b, c, made, f, dict(d), dict(e))
        ---
        # split:
        out = []
        for k in 'abcdef':
            out.append(d[k])
        ---
        print(out, made, len(d))
    """),
    "cached function reads a global": written(
        """
        import functools
        K = 1
        calls = []
        @functools.lru_cache(maxsize=None)
        def f(x):
            calls.append(x)
            return [x * K]
        def work(k):
            return [k] * k
        ---
        a = f(1)
        ---
        K = 10
        b = f(1)
        ---
        c = work(3)
        ---
        b.append('seen')
        d = f(1), f(2)
        ---
        print(a, b, c, d, calls, f.cache_info().hits)
        ---
        # split:
        out = []
        for x in [1, 2, 3, 1, 3]:
            out.append(f(x))
        ---
        out[0].append('again')
        print(out, calls, a)
    """,
        on_ray=True,
    ),
    "default argument made once": written("""
        def work(k):
            return [k] * k
        base = [0]
        def f(x, acc=base, *, other={}):
            acc.append(x)
            other[x] = len(acc)
            return acc, other
        ---
        a = f(1)
        ---
        b = work(2)
        ---
        c = f(2)
        ---
        base.append('end')
        print(a, b, c, base, a[0] is c[0])
        ---
        def f(x, acc=base):
            return acc + [x]
        ---
        print(f(9))
    """),
    "default argument bound early": written("""
        def work(k):
            return [k] * k
        K = 1
        def f(x, k=K):
            return [x * k, K]
        ---
        K = 2
        ---
        a = f(1)
        ---
        b = work(2)
        ---
        fs = [lambda x, k=k: x + k + K for k in range(3)]
        ---
        c = [g(1) for g in fs]
        ---
        K = 50
        ---
        d = [g(1) for g in fs]
        print(a, b, c, d)
    """),
    "closures with state": written("""
        def counter(start=0):
            n = start
            def up(by=1):
                nonlocal n
                n += by
                return n
            def now():
                return n
            return up, now
        def work(k):
            return [k] * k
        up, now = counter()
        ---
        a = [up() for _ in range(2)]
        ---
        b = work(3)
        ---
        c = [up(5), now()]
        ---
        other, _unused = counter(100)
        d = [other(), now()]
        ---
        # split:
        e = []
        for i in range(4):
            e.append(up() * 10 + i)
        ---
        print(a, b, c, d, e, now())
    """),
    "closures over a loop's name": written("""
        def work(k):
            return [k] * k
        fs = []
        for i in range(3):
            fs.append(lambda: i)
        ---
        a = [f() for f in fs]
        ---
        b = work(2)
        ---
        i = 'new'
        ---
        c = [f() for f in fs]
        ---
        def make():
            return [lambda: j for j in range(3)]
        d = [g() for g in make()]
        print(a, b, c, d)
    """),
    "decorators of the notebook's own, in split loops": written(
        """
        import functools, time
        def timed(f):
            @functools.wraps(f)
            def wrapper(*args, **options):
                began = time.perf_counter()
                result = f(*args, **options)
                assert time.perf_counter() >= began
                return result
            return wrapper
        def told(f):
            def wrapper(x):
                print(f.__name__, x)
                return f(x) + 1
            return wrapper
        @timed
        def work(x, times=2):
            return x * times
        @told
        def more(x):
            return work(x, times=3)
        ---
        # split:
        results = []
        for x in range(7):
            results.append(more(x))
        ---
        print(results)
        """,
        splits=1,
    ),
    "decorators that a function makes, in split loops": written(
        """
        import functools
        def retried(times, default=None):
            def decorate(f):
                @functools.wraps(f)
                def wrapper(x):
                    for attempt in range(times):
                        try:
                            return f(x, attempt)
                        except ValueError:
                            pass
                    return default
                return wrapper
            return decorate
        @retried(3, default=-1)
        def work(x, attempt):
            if (x + attempt) % 4:
                raise ValueError
            return x * 10 + attempt
        ---
        # split:
        results = []
        for x in range(8):
            results.append(work(x))
        ---
        print(results)
        """,
        splits=1,
    ),
    "decorators that a function makes, which keep what it was given": written(
        """
        def noted(seen):
            def decorate(f):
                def wrapper(x):
                    seen.append(x)
                    return f(x), len(seen)
                return wrapper
            return decorate
        def counted(count=0):
            def decorate(f):
                def wrapper(x):
                    nonlocal count
                    count += 1
                    return f(x), count
                return wrapper
            return decorate
        box = []
        @noted(box)
        def one(x):
            return x
        @counted(count=5)
        def two(x):
            return x
        ---
        # split:
        results = []
        for x in range(8):
            results.append((one(x), two(x)))
        ---
        print(results, box)
        """,
        splits=0,
    ),
    "decorators that keep something": written(
        """
        def counted(f):
            def wrapper(x):
                f.calls = getattr(f, "calls", 0) + 1
                return f(x), f.calls
            return wrapper
        def kept(f):
            known = {}
            def wrapper(x):
                if x not in known:
                    known[x] = f(x)
                return known[x]
            return wrapper
        def through(f):
            def wrapper(x):
                return f(x)
            return wrapper
        class Counter:
            calls = 0
            def __call__(self, x):
                self.calls += 1
                return x + self.calls
        @counted
        def one(x):
            return x
        @kept
        def two(x):
            return [x]
        @through
        def three(x, seen=[]):
            seen.append(x)
            return len(seen)
        four = through(Counter())
        ---
        # split:
        results = []
        for x in [1, 2, 1, 2]:
            results.append(one(x))
        # split:
        for x in [1, 2, 1, 2]:
            results.append(two(x))
        # split:
        for x in [1, 2, 1, 2]:
            results.append(three(x))
        # split:
        for x in [1, 2, 1, 2]:
            results.append(four(x))
        ---
        results[4].append(5)
        print(results)
        """,
    ),
    "decorators": written(
        """
        import functools
        registry = {}
        def register(f):
            registry[f.__name__] = f
            return f
        def twice(n):
            def wrap(f):
                @functools.wraps(f)
                def inner(*a, **k):
                    log.append(f.__name__)
                    return [f(*a, **k) for _ in range(n)]
                return inner
            return wrap
        log = []
        K = 1
        def work(k):
            return [k] * k
        ---
        @register
        def one(x):
            return x + K
        @twice(2)
        def two(x):
            return x * K
        ---
        a = one(1)
        ---
        K = 3
        ---
        b = two(1)
        ---
        c = work(2)
        ---
        d = [f(2) for f in registry.values()]
        ---
        print(a, b, c, d, log, two.__name__)
        ---
        # split:
        e = [two(x) for x in range(4)]
        ---
        print(e, log)
    """,
        on_ray=True,
    ),
    "decorator that is a class": written("""
        class Counted:
            def __init__(self, f):
                self.f, self.n = f, 0
            def __call__(self, *a):
                self.n += 1
                return self.f(*a)
        def work(k):
            return [k] * k
        @Counted
        def f(x):
            return x + 1
        ---
        a = [f(x) for x in range(3)]
        ---
        b = work(1)
        ---
        c = sorted([3, 1], key=f)
        ---
        # split:
        d = [f(x) for x in range(4)]
        ---
        print(a, b, c, d, f.n)
    """),
    "functions as values of names": written("""
        import math
        def work(k):
            return [k] * k
        f = math.sqrt
        g = f
        ---
        a = [g(4), f(9)]
        ---
        f = work
        ---
        b = f(2)
        ---
        g, f = f, g
        ---
        c = [g(2), f(4)]
        ---
        h = lambda x, f=f: f(x)
        ---
        f = None
        d = h(16)
        print(a, b, c, d)
    """),
    "recursive functions that call one another": written("""
        seen = set()
        def even(n):
            seen.add(n)
            return n == 0 or odd(n - 1)
        def odd(n):
            return n != 0 and even(n - 1)
        def work(k):
            return [k] * k
        ---
        a = even(4)
        ---
        b = work(3)
        ---
        c = [odd(n) for n in range(7)]
        ---
        print(a, b, c, sorted(seen))
    """),
    "global declared at any depth": written("""
        def work(k):
            return [k] * k
        def outer():
            def inner():
                global made
                made = [1]
            inner()
        ---
        outer()
        ---
        a = work(2)
        ---
        made.append(2)
        def change():
            global a
            a, b = [0], 5
        ---
        change()
        print(made, a)
        ---
        class C:
            global inside
            inside = [3]
        print(inside)
    """),
    "function attributes": written("""
        def f(x):
            f.calls += 1
            return x
        f.calls = 0
        def work(k):
            return [k] * k
        ---
        a = [f(i) for i in range(3)]
        ---
        b = work(2)
        ---
        f.calls += 10
        ---
        c = f(1), f.calls
        print(a, b, c)
    """),
    "function deletes and rebinds globals": written("""
        def drop():
            global tmp
            del tmp
        def put(v):
            global tmp
            tmp = [v]
        def work(k):
            return [k] * k
        ---
        put(1)
        ---
        a = work(1)
        ---
        b = tmp + [2]
        ---
        drop()
        ---
        put(3)
        ---
        print(a, b, tmp)
    """),
    "function redefined with another effect": written("""
        log = []
        def note(x):
            log.append(x)
        def work(k):
            note(k)
            return [k] * k
        ---
        a = work(1)
        ---
        def note(x):
            pass
        ---
        b = work(2)
        ---
        c = work(3)
        ---
        print(a, b, c, log)
    """),
    "function that is called before its globals are bound again": written("""
        def report():
            return [name, len(name)]
        def work(k):
            return [k] * k
        name = 'first'
        ---
        a = report()
        ---
        name = 'second'
        ---
        b = report()
        ---
        c = work(2)
        ---
        name = 'third'
        print(a, b, c)
    """),
    "argument changed through a chain of calls": written("""
        def add(d, k, v):
            d.setdefault(k, []).append(v)
        def fill(*ds, **more):
            for d in ds:
                add(d, 'x', len(d))
            for k, v in more.items():
                v.append(k)
        def work(k):
            return [k] * k
        p, q, r = {}, {}, []
        both = [p, q]
        ---
        fill(p, q, r=r)
        ---
        a = work(2)
        ---
        fill(*both, **{'r': r})
        ---
        b = [list(x) for x in both], work(1)
        ---
        print(p, q, r, a, b)
    """),
    "method of a value passed as function": written("""
        out = []
        push = out.append
        def each(f, xs):
            for x in xs:
                f(x)
        def work(k):
            return [k] * k
        ---
        each(push, [1, 2])
        ---
        a = work(2)
        ---
        each(out.append, [3])
        ---
        [push(x) for x in 'ab']
        ---
        list(map(out.extend, [[7], [8]]))
        ---
        print(out, a)
        ---
        # split:
        for x in range(4):
            push(x)
        ---
        print(out)
    """),
    "arguments given by name": written("""
        def f(a, b):
            b.append(a)
            return a
        x, y = [1], [2]
        def work(k):
            return [k] * k
        ---
        z = f(b=x, a=y)
        ---
        w = work(1)
        ---
        z.append(3)
        ---
        print(x, y, z, w)
    """),
    "generator function with global state": written("""
        state = []
        def gen(n):
            for i in range(n):
                state.append(i)
                yield i * K
        K = 2
        def work(k):
            return [k] * k
        ---
        g = gen(3)
        ---
        K = 5
        ---
        a = list(g)
        ---
        b = work(2)
        ---
        c = [x for x in gen(2)]
        ---
        print(a, b, c, state)
    """),
    "inner function uses the outer one's argument": written("""
        def outer(xs):
            def add(x):
                xs.append(x)
                return len(xs)
            return [add(i) for i in range(2)]
        def work(k):
            return [k] * k
        a = []
        ---
        b = outer(a)
        ---
        c = work(3)
        ---
        d = outer(a)
        ---
        print(a, b, c, d)
    """),
    "exec in a function": written("""
        def define(name, value):
            exec(f'{name} = {value}', globals())
        def work(k):
            return [k] * k
        x = 1
        ---
        define('x', 5)
        ---
        a = [x] + work(2)
        ---
        define('y', 6)
        ---
        print(a, x, y)
    """),
    "function stored under another name and redefined": written("""
        def f():
            return ['old', K]
        K = 1
        old = f
        def work(k):
            return [k] * k
        ---
        def f():
            return ['new', old()]
        ---
        a = f()
        ---
        K = 2
        ---
        b = [old(), f()]
        ---
        c = work(2)
        print(a, b, c)
    """),
    "names only looked up at call time": written("""
        def later():
            return helper(2)
        def work(k):
            return [k] * k
        ---
        def helper(n):
            return [offset + n]
        ---
        offset = 10
        ---
        a = later()
        ---
        b = work(2)
        ---
        offset = 20
        ---
        print(a, b, later())
    """),
    "a list that a helper fills and returns, while others go on changing theirs": written("""
        KEPT = []
        def made(n):
            out, rest = [], {}
            for i in range(n):
                out.append(i)
                rest[i] = out
            return out, rest
        def kept(n):
            out = []
            out.append(n)
            KEPT.append(out)
            out.append(-n)
            return out
        def again(xs):
            ys = xs or []
            ys.append(9)
            return ys
        ---
        a, rest = made(3)
        b = kept(4)
        ---
        c = again(b)
        ---
        d = again(rest[1])
        ---
        print(a, b, c, d, KEPT, c is b, d is a)
    """),
    "what goes on changing after the function that made it": written("""
        def piecewise(xs):
            for i in range(3):
                xs.append(i)
                yield i
        def started():
            xs = []
            return xs, piecewise(xs)
        def adding():
            xs = []
            return xs, xs.append
        def later():
            xs = []
            return xs, map(xs.append, [7, 8])
        ---
        a, it = started()
        b, add = adding()
        c, m = later()
        ---
        first = next(it)
        ---
        add(5)
        ---
        done = list(m)
        ---
        shown = [list(a), list(b), list(c)]
        ---
        rest = list(it)
        print(first, rest, shown, a, b, c, done)
    """),
    "a split loop over calls that return lists of their own": written("""
        def parted(xs):
            pivot, below, above = xs[0], [], []
            for x in xs[1:]:
                if x > pivot:
                    above.append(x)
                else:
                    below.append(x)
            return pivot, below, above
        lists = [[3, 1, 5], [[2], [1]], [4]]
        ---
        # split:
        found = []
        for xs in lists:
            found.append(parted(xs))
        ---
        found[1][1].append(0)
        print(found, lists, found[1][0] is lists[1][0])
    """),
    "variables of a function that have names of the notebook's": written("""
        x = [1, 2]
        def outer(n):
            x = 10
            def inner():
                nonlocal x
                x += n
                return x
            return inner() + inner()
        def counter():
            x = []
            def count(v):
                x.append(v)
                return len(x)
            return count
        def other():
            def add(v):
                global x
                x = x + [v]
                return len(x)
            return add
        ---
        a = outer(3), len(x)
        ---
        count = counter()
        ---
        b = list(map(count, x))
        ---
        # split:
        out = []
        for i in range(6):
            out.append(outer(i) + len(x))
        ---
        c = sorted(x, key=count)
        ---
        add = other()
        ---
        d = list(map(add, [7, 8]))
        ---
        e = outer(1), x, count(0)
        print(a, b, out, c, d, e)
    """),
    "attributes that functions get when others have them": written(
        """
        import functools
        import numpy as np
        import pandas as pd
        def f(x):
            return x + 1
        def g(x):
            return x + 2
        def h(x):
            return x + 3
        def k(x, by=2):
            return x * by
        class Held:
            def __init__(self, inside):
                self.inside = inside
        ---
        # group: a
        v, arr, s = np.vectorize(f), np.array([g, None]), pd.Series([h])
        ---
        # group: a
        d, part, held = {"k": k, "n": 1}, functools.partial(f, 3), Held(g)
        ---
        # split:
        out = []
        for n in range(7):
            out.append({"f": f, "n": n})
        ---
        f.unit = "m"
        ---
        setattr(g, "unit", "s")
        other = h
        other.unit = "K"
        ---
        d["k"].unit = "A"
        k.__defaults__ = (5,)
        ---
        print(v.pyfunc.unit, arr[0].unit, s[0].unit, part.func.unit, held.inside.unit, k.unit)
        print(d["k"](3), out[3]["f"].unit, out[6]["f"] is f, arr[0] is g, s[0] is h)
    """,
        on_ray=True,
        splits=1,
    ),
    "keyword-only arguments with a default": written(
        """
        def f(x, *, z=3):
            return x * z
        def g(x, *rest, k=(1, 2), **more):
            return x + len(k)
        ---
        # split:
        out = []
        for x in range(8):
            out.append(f(x) + g(x, k=(3,)))
        print(out, f(2, z=1), g.__kwdefaults__ if False else "")
        """,
        on_ray=True,
        splits=1,
    ),
}
