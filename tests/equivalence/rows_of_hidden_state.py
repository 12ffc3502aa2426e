"""Loops whose iterations depend on one another by ways that their text doesn't show."""

from __future__ import annotations

import textwrap

from notebook_row import Row, row, written


def handed_out_again(definition: str, load: str, last: str = "a is b") -> Row:
    """Two cells get one list from ``load(1)``; the second one changes it, which the third one shows."""
    return row(
        textwrap.dedent(definition).strip(),
        f"a = {load}(1)\nn = sum(i for i in range(9))",
        f"b = {load}(1)\nb.append(2)\nn2 = sum(i for i in range(9))",
        "n3 = sum(i for i in range(9))\nprint(a, n3)",
        f"print({last})",
        on_ray=False,
    )


ROWS = {
    "body reads name changed by callback": written("""
        seen = []
        def f(x):
            seen.append(x)
            return len(seen)
        ---
        # split:
        a = [f(x) for x in range(4)]
        ---
        # split:
        b = []
        for x in range(4):
            b.append(sorted([x], key=f))
        print(a, b, seen)
    """),
    "stateful closure in body": written(
        """
        def make():
            n = [0]
            def up():
                n[0] += 1
                return n[0]
            return up
        up = make()
        ---
        # split:
        out = []
        for x in range(5):
            out.append((x, up()))
        ---
        print(out, up())
    """,
        on_ray=True,
    ),
    "generator shared by iterations": written("""
        ids = (i for i in range(100))
        ---
        # split:
        out = []
        for x in 'abcd':
            out.append((x, next(ids)))
        ---
        print(out, next(ids))
    """),
    "map lazily with state": written("""
        n = 0
        def f(x):
            global n
            n += 1
            return n
        m = map(f, range(10))
        ---
        # split:
        out = []
        for x in m:
            out.append((x, n))
        ---
        print(out, n)
    """),
    "class attribute counter": written("""
        class C:
            made = 0
            def __init__(self):
                C.made += 1
                self.id = C.made
        ---
        # split:
        out = []
        for x in range(5):
            out.append(C().id)
        ---
        print(out, C.made)
    """),
    "generators that classes hold": written(
        """
        import random
        import numpy as np
        class Sampler:
            rng = np.random.default_rng(0)
            def draw(self): return float(self.rng.normal())
        class Other:
            rng = random.Random(2)
            def __call__(self, x): return self.rng.random() + x
        class Experiment:
            sampler = Sampler()
            def run(self): return self.sampler.draw()
        sampler, other, experiment = Sampler(), Other(), Experiment()
        ---
        # split:
        out = []
        for x in range(6):
            out.append(sampler.draw())
        ---
        # split:
        others = [other(x) for x in range(6)]
        ---
        # split:
        nested = {x: experiment.run() for x in range(6)}
        ---
        print(out, others, nested, sampler.draw(), other(0))
        """,
        splits=0,
        on_ray=True,
    ),
    "class attribute counter by cls": written("""
        class C:
            made = 0
            @classmethod
            def make(cls):
                cls.made += 1
                return cls.made
        ---
        # split:
        out = [C.make() for _ in range(5)]
        ---
        print(out, C.made)
    """),
    "type(self) counter": written("""
        class C:
            made = 0
            def __init__(self):
                type(self).made += 1
                self.id = self.made
        ---
        # split:
        out = [C().id for _ in range(5)]
        ---
        print(out, C.made)
    """),
    "class cache": written(
        """
        class C:
            cache = {}
            def get(self, k):
                if k not in self.cache:
                    self.cache[k] = len(self.cache)
                return self.cache[k]
        c = C()
        ---
        # split:
        out = []
        for k in 'abcab':
            out.append(c.get(k))
        ---
        print(out, C.cache)
    """,
        on_ray=True,
    ),
    "default argument cache": written("""
        def f(k, cache={}):
            if k not in cache:
                cache[k] = len(cache)
            return cache[k]
        ---
        # split:
        out = []
        for k in 'abcab':
            out.append(f(k))
        ---
        print(out, f('z'))
    """),
    "global dict memo": written("""
        memo = {}
        def fib(n):
            if n not in memo:
                memo[n] = n if n < 2 else fib(n - 1) + fib(n - 2)
            return memo[n]
        ---
        # split:
        out = [fib(n) for n in range(8)]
        ---
        print(out, len(memo))
    """),
    "lru cached": written(
        """
        from functools import lru_cache
        @lru_cache(None)
        def f(x):
            return [x]
        ---
        # split:
        out = []
        for x in [1, 2, 1, 2]:
            out.append(f(x))
        ---
        out[0].append('!')
        print(out, f.cache_info())
    """,
        on_ray=True,
    ),
    "cached static method": handed_out_again(
        """
        from functools import lru_cache
        class Store:
            @staticmethod
            @lru_cache
            def load(k):
                return [k]
        """,
        "Store.load",
        "a is b, Store.load.cache_info()",
    ),
    "method that a decorator of the notebook replaced": handed_out_again(
        """
        def remembering(f):
            known = {}
            def found(*args):
                if args[1:] not in known:
                    known[args[1:]] = f(*args)
                return known[args[1:]]
            return found
        class Store:
            @remembering
            def load(self, k):
                return [k]
        store = Store()
    """,
        "store.load",
    ),
    "defaultdict reading": written("""
        from collections import defaultdict
        d = defaultdict(int, a=1)
        ---
        # split:
        out = []
        for k in 'abca':
            out.append(d[k])
        ---
        print(out, sorted(d))
    """),
    "dict setdefault": written("""
        d = {}
        ---
        # split:
        for i, k in enumerate('abca'):
            d.setdefault(k, []).append(i)
        ---
        print(d)
    """),
    "nested accumulators": written("""
        from collections import defaultdict
        d = defaultdict(lambda: defaultdict(int))
        ---
        # split:
        for i, k in enumerate('abcab'):
            d[k][i % 2] += i
        ---
        print({k: dict(v) for k, v in d.items()})
    """),
    "itertools.count": written("""
        import itertools
        counter = itertools.count()
        ---
        # split:
        out = [next(counter) + x for x in range(4)]
        ---
        print(out, next(counter))
    """),
    "walrus state": written("""
        total = 0
        ---
        # split:
        sums = [total := total + x for x in range(5)]
        ---
        print(sums, total)
    """),
    "name leaks and shadows": written("""
        x = 'outer'
        ys = []
        ---
        # split:
        for i in range(4):
            ys.append([x for x in range(i)])
        ---
        print(x, ys, i)
    """),
    "try except as": written("""
        out = []
        ---
        # split:
        for v in ['1', 'x', '3']:
            try:
                n = int(v)
            except ValueError as e:
                n = str(e)
            out.append(n)
        ---
        print(out, n, 'e' in globals())
    """),
    "with inside": written("""
        import contextlib
        out = []
        ---
        # split:
        for v in [1, 0, 2]:
            with contextlib.suppress(ZeroDivisionError):
                r = 1 / v
                out.append(r)
        ---
        print(out, r)
    """),
    "conditional carried": written("""
        best = None
        ---
        # split:
        for v in [3, 1, 2]:
            if best is None or v < best:
                best = v
        ---
        print(best)
    """),
    "carried by attribute": written("""
        class S: pass
        s = S()
        s.last = 0
        out = []
        ---
        # split:
        for v in range(4):
            out.append(v - s.last)
            s.last = v
        ---
        print(out, s.last)
    """),
    "exec in body": written("""
        out = []
        ---
        # split:
        for v in range(3):
            exec('w = v * 2')
            out.append(w)
        ---
        print(out, w)
    """),
    "globals in body": written("""
        out = []
        ---
        # split:
        for v in range(3):
            globals()[f'var_{v}'] = v
        ---
        print(var_0, var_1, var_2)
    """),
    "setattr on module": written("""
        import math
        ---
        # split:
        for v in range(3):
            math.my_last = v
        ---
        print(math.my_last)
        del math.my_last
    """),
    "function defined in body": written("""
        fs = []
        ---
        # split:
        for i in range(3):
            def f(x, i=i):
                return x + i
            fs.append(f)
        ---
        print([g(1) for g in fs], f(10))
    """),
    "lambda late binding in loop": written("""
        fs = []
        ---
        # split:
        for i in range(3):
            fs.append(lambda: i)
        ---
        print([g() for g in fs])
        i = 9
        print([g() for g in fs])
    """),
    "partial in loop": written("""
        from functools import partial
        log = []
        def f(a, b):
            log.append(a)
            return a + b
        ---
        # split:
        fs = [partial(f, i) for i in range(3)]
        ---
        print([g(1) for g in fs], log)
    """),
    "global counter via nested function": written("""
        count = 0
        def outer():
            def inner():
                global count
                count += 1
            inner()
            return count
        ---
        # split:
        out = [outer() for _ in range(4)]
        ---
        print(out, count)
    """),
    "sorted with stateful key": written("""
        calls = []
        ---
        # split:
        out = []
        for xs in [[2, 1], [4, 3], [6, 5]]:
            out.append(sorted(xs, key=lambda v: (calls.append(v), v)[1]))
        ---
        print(out, calls)
    """),
    "bound method of shared object": written("""
        log = []
        push = log.append
        ---
        # split:
        for v in range(4):
            push(v * 2)
        ---
        print(log)
    """),
    "map of bound method": written("""
        log = []
        ---
        # split:
        for v in range(4):
            list(map(log.append, [v, v]))
        ---
        print(log)
    """),
    "map extend": written("""
        log = []
        rows = [[1], [2], [3]]
        ---
        # split:
        for r in rows:
            any(map(log.extend, [r, r]))
        ---
        rows[0].append('x')
        print(log)
    """),
    "alias of accumulator": written("""
        out = []
        same = out
        ---
        # split:
        for v in range(4):
            out.append(len(same))
        ---
        print(out)
    """),
    "accumulator in container": written("""
        out = []
        box = {'o': out}
        ---
        # split:
        for v in range(4):
            box['o'].append(v)
        ---
        print(out, box)
    """),
    "alias via function": written("""
        out = []
        def get(): return out
        ---
        # split:
        for v in range(4):
            get().append(len(out))
        ---
        print(out)
    """),
    "alias via attribute": written(
        """
        class B:
            def __init__(self): self.items = []
        b = B()
        items = b.items
        ---
        # split:
        for v in range(4):
            b.items.append(len(items))
        ---
        print(items)
    """,
        on_ray=True,
    ),
    "slice view": written("""
        import numpy as np
        a = np.zeros(6)
        v = a[1:]
        ---
        # split:
        for i in range(5):
            v[i] = a[i] + 1
        ---
        print(a)
    """),
    "row views": written("""
        import numpy as np
        m = np.zeros((4, 2))
        rows = [m[i] for i in range(4)]
        ---
        # split:
        for i, r in enumerate(rows):
            r[:] = i
        ---
        print(m)
    """),
    "zip with itself": written("""
        it = iter(range(8))
        ---
        # split:
        pairs = [(a, b) for a, b in zip(it, it)]
        ---
        print(pairs)
    """),
    "iterating a dict that grows": written("""
        d = {'a': 1, 'b': 2}
        ---
        # split:
        for k in list(d):
            d[k * 2] = d[k]
        ---
        print(d)
    """),
    "class redefined then split": written("""
        class P:
            def v(self): return 1
        ps = [P() for _ in range(3)]
        ---
        class P:
            def v(self): return 2
        ---
        # split:
        out = [(p.v(), isinstance(p, P)) for p in ps + [P()]]
        ---
        print(out)
    """),
    "enum identity": written("""
        from enum import Enum
        class E(Enum):
            A = 1
            B = 2
        ---
        # split:
        out = [e if e is E.A else None for e in E]
        ---
        print(out, out[0] is E.A)
    """),
    "property with counter": written("""
        class P:
            n = 0
            @property
            def v(self):
                self.n += 1
                return self.n
        p = P()
        ---
        # split:
        out = [p.v for _ in range(4)]
        ---
        print(out, p.n)
    """),
    "operator state": written("""
        class V:
            ops = []
            def __init__(self, x): self.x = x
            def __add__(self, o):
                self.ops.append(1)
                return V(self.x + o.x)
        vs = [V(i) for i in range(4)]
        ---
        # split:
        out = []
        for v in vs:
            out.append((v + v).x)
        ---
        print(out, len(V.ops))
    """),
    "str with state": written("""
        class S:
            n = 0
            def __str__(self):
                S.n += 1
                return str(S.n)
        s = S()
        ---
        # split:
        out = [f'{s}' for _ in range(4)]
        ---
        print(out, S.n)
    """),
    "getattr with state": written("""
        class G:
            def __init__(self): self.__dict__['log'] = []
            def __getattr__(self, k):
                self.log.append(k)
                return len(self.log)
        g = G()
        ---
        # split:
        out = [g.zzz for _ in range(4)]
        ---
        print(out, g.log)
    """),
    "iter protocol by getitem": written("""
        class L:
            def __init__(self): self.hits = 0
            def __getitem__(self, i):
                self.hits += 1
                if i > 3: raise IndexError
                return i
        l = L()
        ---
        # split:
        out = [x for x in l]
        ---
        print(out, l.hits)
    """),
    "contains with state": written("""
        class S:
            def __init__(self): self.q = []
            def __contains__(self, x):
                self.q.append(x)
                return len(self.q) % 2 == 0
        s = S()
        ---
        # split:
        out = [x in s for x in range(5)]
        ---
        print(out, s.q)
    """),
    "hash and eq with state": written("""
        n = [0]
        class H:
            def __init__(self, v): self.v = v
            def __hash__(self):
                n[0] += 1
                return 1
            def __eq__(self, o): return self.v == o.v
        hs = [H(1), H(1), H(2)]
        ---
        # split:
        out = []
        for h in hs:
            out.append(len({h, H(1)}))
        ---
        print(out, n)
    """),
    "contextmanager state": written("""
        import contextlib
        depth = 0
        @contextlib.contextmanager
        def level():
            global depth
            depth += 1
            yield depth
        ---
        # split:
        out = []
        for _ in range(4):
            with level() as d:
                out.append(d)
        ---
        print(out, depth)
    """),
    "module level random": written("""
        import random
        random.seed(2)
        def pick(xs): return random.choice(xs)
        ---
        # split:
        out = [pick([1, 2, 3, 4]) for _ in range(6)]
        ---
        print(out, random.random())
    """),
    "random under alias": written("""
        import random
        rnd = random.random
        random.seed(3)
        ---
        # split:
        out = [rnd() for _ in range(4)]
        ---
        print(out, rnd())
    """),
    "numpy random under alias": written("""
        import numpy as np
        rand = np.random.rand
        np.random.seed(1)
        ---
        # split:
        out = [float(rand()) for _ in range(4)]
        ---
        print(out, rand())
    """),
    "rng in attribute": written("""
        import random
        class D:
            def __init__(self): self.r = random.Random(1)
            def roll(self): return self.r.randint(1, 6)
        d = D()
        ---
        # split:
        out = [d.roll() for _ in range(5)]
        ---
        print(out, d.roll())
    """),
    "rng in closure": written("""
        import numpy as np
        def make(seed):
            rng = np.random.default_rng(seed)
            return lambda: float(rng.random())
        draw = make(1)
        ---
        # split:
        out = [draw() for _ in range(4)]
        ---
        print(out, draw())
    """),
    "environment in body": written("""
        import os
        ---
        # split:
        for i in range(3):
            os.environ['NB_I'] = str(i)
        ---
        print(os.environ.pop('NB_I'))
    """),
    "environment alias in body": written("""
        import os
        env = os.environ
        ---
        # split:
        for i in range(3):
            env['NB_I'] = str(i)
        ---
        print(os.environ.pop('NB_I'))
    """),
    "print to a list": written("""
        import io
        buf = io.StringIO()
        ---
        # split:
        for i in range(4):
            print(i, file=buf)
        ---
        print(buf.getvalue())
    """),
    "async in cells": written("""
        import asyncio
        q = asyncio.Queue()
        ---
        for i in range(3):
            await q.put(i)
        ---
        # split:
        out = []
        for i in range(3):
            out.append(q.get_nowait())
        ---
        print(out, q.qsize())
        del q
    """),
    "flags of decimal arithmetic": written(
        """
        from decimal import Decimal, Inexact, getcontext
        getcontext().clear_flags()
        getcontext().prec = 3
        ---
        # split:
        thirds = []
        for x in range(1, 5):
            thirds.append(Decimal(x) / 3)
        ---
        print(thirds, getcontext().flags[Inexact])
        getcontext().clear_flags()
        ---
        # split:
        exact = []
        for x in range(1, 5):
            exact.append(Decimal(x) + 1)
        ---
        print(exact, getcontext().flags[Inexact])
    """,
        on_ray=True,
    ),
    "flags of decimal arithmetic in other cells": written(
        """
        import decimal
        decimal.getcontext().clear_flags()
        def f(x):
            s = decimal.Decimal(0)
            for k in range(1, 20000):
                s += decimal.Decimal(x) / k
            return s
        ---
        a = f(3)
        ---
        b = f(5)
        ---
        print("rounded" if decimal.getcontext().flags[decimal.Inexact] else "exact")
        ---
        decimal.getcontext().clear_flags()
    """,
        on_ray=True,
    ),
    "a decimal context with a name": written(
        """
        from decimal import Decimal, Inexact, getcontext
        context = getcontext()
        context.clear_flags()
        ---
        # split:
        out = []
        for x in range(1, 5):
            out.append((Decimal(x) / 4, Decimal(x) / 3, context.flags[Inexact]))
        ---
        context.prec = 4
        ---
        # split:
        short = []
        for x in range(1, 5):
            short.append(Decimal(x) / 3)
        print(out, short, context.prec)
        context.prec = 28
        context.clear_flags()
        del context
    """,
        on_ray=True,
    ),
    "a generator that binds a global as it goes on": written(
        """
        count = 0
        def numbers():
            global count
            for i in range(5):
                count += 1
                yield i
        def work(x):
            return sum(k * x for k in range(10))
        one, more, steps = numbers(), [numbers()], numbers()
        ---
        s = list(one)
        ---
        a = work(3), count * 10
        ---
        print(a, count)
        ---
        first, *others = more[0]
        ---
        b = work(4), count * 10
        ---
        print(b)
        ---
        begun = next(steps)
        ---
        c = work(5), count * 10
        ---
        rest = [x for x in steps]
        ---
        d = work(6), count * 10
        ---
        print(c, d, count)
    """,
        on_ray=True,
    ),
    "a coroutine and a generator expression that bind a global": written(
        """
        count = 0
        def bump():
            global count
            count += 1
            return count
        async def tick():
            return bump()
        def work(x):
            return sum(k * x for k in range(10))
        lazy, waiting = (bump() for _ in range(4)), tick()
        ---
        s = [*lazy]
        ---
        a = work(2), count
        ---
        t = await waiting
        ---
        b = work(3), count
        ---
        print(a, b, count, s, t)
    """
    ),
}
