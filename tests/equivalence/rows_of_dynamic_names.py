"""Names that come and go by other ways than an assignment."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "globals()": written(
        """
        x = 1
        def work(k):
            return [k] * k
        ---
        globals()['x'] = 2
        ---
        a = [x] + work(2)
        ---
        globals().update(y=3, x=4)
        ---
        b = [x, y] + work(1)
        ---
        del globals()['y']
        ---
        c = 'y' in globals(), globals().get('x')
        print(a, b, c)
    """,
        on_ray=True,
    ),
    "globals() under another name": written("""
        def work(k):
            return [k] * k
        g = globals()
        ns = g
        x = 1
        ---
        ns['x'] = 5
        ---
        a = [x] + work(2)
        ---
        x = 6
        ---
        b = g['x']
        ---
        print(a, b)
        del g, ns
    """),
    "main module": written("""
        import sys
        def work(k):
            return [k] * k
        x = 1
        ---
        sys.modules['__main__'].x = 2
        ---
        a = [x] + work(2)
        ---
        import __main__
        __main__.y = [3]
        ---
        b = y + work(1)
        ---
        x = 7
        ---
        print(a, b, __main__.x, __main__.__dict__['y'])
    """),
    "locals and vars": written("""
        x = 1
        def work(k):
            return [k] * k
        ---
        locals()['x'] = 2
        ---
        a = [x] + work(1)
        ---
        vars()['z'] = [3]
        ---
        b = z + work(2)
        ---
        class A:
            pass
        o = A()
        vars(o)['k'] = 5
        ---
        c = o.k, sorted(vars(o))
        ---
        def f(p):
            q = 2
            return sorted(locals())
        print(a, b, c, f(1))
    """),
    "exec and eval": written("""
        x = 1
        def work(k):
            return [k] * k
        ---
        exec('x = x + 1\\ny = [x]')
        ---
        a = eval('x + 10'), y, work(2)
        ---
        eval('y.append(5)')
        ---
        b = y + work(1)
        ---
        ns = {}
        exec('z = 9', ns)
        ---
        print(a, b, ns['z'], 'z' in globals())
    """),
    "names deleted": written("""
        def work(k):
            return [k] * k
        a, b = [1], [2]
        keep = a
        ---
        del a
        ---
        w = work(2)
        ---
        try:
            a
        except NameError:
            a = 'gone'
        ---
        del b, w
        b = 5
        print(a, keep, b)
    """),
    "deleted in a branch": written("""
        def work(k):
            return [k] * k
        c, x = True, 1
        ---
        if c:
            del x
        ---
        a = work(2)
        ---
        print('x' in globals(), 'x' in dir(), a)
        ---
        x = 3
        print(x)
    """),
    "walrus": written("""
        def work(k):
            return [k] * k
        ---
        a = [y := 1, y + 1]
        ---
        if (n := len(work(3))) > 2:
            m = n
        ---
        b = [last := i for i in range(3)]
        ---
        while (n := n - 1) > 0:
            pass
        ---
        c = [z for x in 'abc' if (z := x.upper()) != 'B']
        ---
        print(a, y, n, m, b, last, c, z)
    """),
    "match": written("""
        def work(k):
            return [k] * k
        class Point:
            __match_args__ = ('x', 'y')
            def __init__(self, x, y):
                self.x, self.y = x, y
        cmd = ['go', [1, 2], {'k': [3], 'o': 4}]
        ---
        match cmd:
            case ['stop']:
                a = 0
            case [verb, xs, {'k': k, **rest}]:
                a = [verb, work(2)]
        ---
        xs.append(9)
        k.append(8)
        ---
        match Point(1, [2]):
            case Point(0, _):
                b = 'no'
            case Point(x=px, y=[py, *tail]) if px:
                b = px, py, tail
        ---
        match cmd:
            case [first, *others] as whole:
                others[0].append('deep')
        ---
        print(a, cmd, rest, b, first, whole is cmd)
    """),
    "star targets": written("""
        def work(k):
            return [k] * k
        parts = [[1], [2], [3], [4]]
        ---
        first, *middle, last = parts
        ---
        middle[0].append('m')
        ---
        a = work(2)
        ---
        (p, q), [r, *s] = (5, 6), 'xyz'
        ---
        last.append('l')
        x, y = y, x = 1, 2
        print(parts, first, middle, a, p, q, r, s, x, y)
    """),
    "exceptions by name": written("""
        def work(k):
            return [k] * k
        e = 'before'
        ---
        try:
            1 / 0
        except ZeroDivisionError as e:
            msg = str(e)
        ---
        a = work(2)
        ---
        print('e' in globals(), msg, a)
        ---
        err = None
        try:
            int('x')
        except (TypeError, ValueError) as error:
            err = error
        finally:
            done = [1]
        ---
        print(type(err).__name__, done, 'error' in globals())
    """),
    "with and for targets": written("""
        import io
        def work(k):
            return [k] * k
        class Box:
            pass
        box, d = Box(), {}
        ---
        for box.i in range(3):
            pass
        ---
        for d['k'] in 'abc':
            pass
        ---
        with io.StringIO('text') as f, io.StringIO('other') as box.f:
            a = f.read() + box.f.read(), work(1)
        ---
        for i, (j, *k) in enumerate([(1, 2, 3), (4, 5)]):
            pass
        ---
        print(box.i, d, a, i, j, k, f.closed)
    """),
    "annotated names": written("""
        def work(k):
            return [k] * k
        x: int = 1
        ---
        y: 'list[int]'
        ---
        a = [x] + work(2)
        ---
        x: float = 2.0
        z: list = []
        ---
        z.append(x)
        print(a, x, z, 'y' in globals(), __annotations__)
    """),
    "names reused for other kinds of things": written(
        """
        import numpy as np
        def work(k):
            return [k] * k
        x = 3
        ---
        data = [x] * 3
        ---
        x = np.arange(4)
        ---
        y = x
        y[0] = 9
        ---
        for x in data:
            pass
        ---
        data = {'x': x}
        ---
        i = sum(i for i in range(4))
        ---
        data['x'] = work(2)
        ---
        x = str(x) + 'text'
        ---
        data = data['x']
        data.append(x)
        ---
        print(x, y, data, i)
    """,
        on_ray=True,
    ),
    "augmented names of changing kinds": written("""
        import numpy as np
        def work(k):
            return [k] * k
        a = [1]
        b = a
        ---
        a += [2]
        ---
        w = work(1)
        ---
        a = a + [3]
        ---
        b += (4,)
        ---
        a = np.array(a)
        c = a
        ---
        a += 1
        ---
        c *= 2
        ---
        t = (1,)
        u = t
        t += (2,)
        ---
        print(a, b, c, t, u, w)
    """),
    "builtins shadowed": written("""
        def work(k):
            return [k] * k
        list_ = list
        sum = lambda xs: ['mine', *xs]
        ---
        a = sum([1, 2])
        ---
        max = 5
        ---
        b = [max] + work(2)
        ---
        del sum
        ---
        c = sum([1, 2]), work(1)
        ---
        def len(x):
            log.append(x)
            return -1
        log = []
        ---
        d = len([1, 2])
        ---
        print(a, b, c, d, log)
    """),
    "top-level await": written(
        """
        import asyncio
        async def double(x):
            await asyncio.sleep(0)
            seen.append(x)
            return [x * 2]
        async def ticks(n):
            for i in range(n):
                yield i
        class Conn:
            async def __aenter__(self):
                seen.append('open')
                return self
            async def __aexit__(self, *e):
                seen.append('close')
        seen = []
        def work(k):
            return [k] * k
        ---
        a = await double(1)
        ---
        b = work(2)
        ---
        async for t in ticks(3):
            a.append(t)
        ---
        async with Conn() as conn:
            c = await asyncio.gather(double(2), double(3))
        ---
        d = [x async for x in ticks(3)], [await double(i) for i in range(2)]
        ---
        print(a, b, c, d, seen, t)
    """,
        on_ray=True,
    ),
    "tasks left running": written("""
        import asyncio
        out = []
        async def later(x):
            await asyncio.sleep(0)
            out.append(x)
            return x
        def work(k):
            return [k] * k
        ---
        task = asyncio.ensure_future(later(1))
        ---
        a = work(2)
        ---
        b = await task
        ---
        print(out, a, b)
    """),
    "class scope": written("""
        def work(k):
            return [k] * k
        x = 'global'
        ---
        class A:
            y = x
            x = 'class'
            xs = [x for _ in range(1)]
            def f(self):
                return x
            z = [y, *work(1)]
        ---
        x = 'later'
        ---
        a = A().f(), A.x, A.y, A.xs, A.z, work(2)
        print(a)
    """),
    "import forms": written("""
        def work(k):
            return [k] * k
        import os.path, math as m
        from math import pi as p, sqrt
        try:
            import does_not_exist_here
        except ImportError:
            does_not_exist_here = None
        ---
        a = [os.path.join('a', 'b'), m.floor(p), sqrt(4)]
        ---
        import json as m
        ---
        b = [m.dumps(a), work(2)]
        ---
        from statistics import mean as sqrt
        ---
        print(a, b, sqrt([1, 3]), does_not_exist_here)
    """),
    "names that only exist when a cell is reached": written("""
        def work(k):
            return [k] * k
        flag = False
        ---
        if flag:
            maybe = 1
        ---
        a = maybe if flag else work(2)
        ---
        b = flag and maybe
        ---
        def never():
            return undefined_name
        ---
        for item in []:
            missing
        ---
        c = [nothing for _ in []]
        ---
        while flag:
            also_missing
        ---
        print(a, b, c)
    """),
    "future annotations": written("""
        from __future__ import annotations
        def work(k):
            return [k] * k
        ---
        def f(x: NotYet) -> AlsoNot:
            return [x]
        class C:
            a: Unknown = 1
            b: Missing
        ---
        v: Nowhere = f(1)
        ---
        print(v, C.a, f.__annotations__)
    """),
    "annotations of a local name": written("""
        def f(x):
            y: Undefined = [x]
            z: AlsoUndefined
            return y
        def work(k):
            return [k] * k
        ---
        a = f(1)
        ---
        b = work(2)
        print(a, b)
    """),
    "type parameters and aliases by statement": written("""
        from typing import TypeVar, Generic
        T = TypeVar('T')
        class Box(Generic[T]):
            def __init__(self, x: T) -> None:
                self.x = x
        def first(xs: 'list[T]') -> T:
            return xs[0]
        def work(k):
            return [k] * k
        ---
        a = [Box([1]), Box[int]([2])]
        ---
        b = first(a).x
        ---
        c = work(2)
        ---
        b.append(3)
        print([o.x for o in a], c)
    """),
    "conditional definitions": written("""
        def work(k):
            return [k] * k
        try:
            unicode
        except NameError:
            unicode = str
        if 'ready' not in dir():
            ready = [1]
        ---
        if len(work(2)) > 1:
            def g(x):
                return x + 1
        else:
            def g(x):
                return x - 1
        ---
        a = [g(1), unicode(5)]
        ---
        if 'ready' in globals():
            ready.append(2)
        ---
        print(a, ready)
    """),
    "global names in comprehensions": written("""
        def work(k):
            return [k] * k
        n, rows = 2, [[1, 2], [3]]
        ---
        a = [n * x for row in rows for x in row if x != n]
        ---
        n = 3
        ---
        b = {k: [v * n for v in vs] for k, vs in enumerate(rows)}
        ---
        g = (x * n for row in rows for x in row)
        ---
        n = 100
        rows.append([9])
        ---
        c = list(g)
        ---
        print(a, b, c, n, work(1))
    """),
    "global list changed while a generator waits": written("""
        def work(k):
            return [k] * k
        xs = [1, 2]
        it = (x for x in xs)
        ---
        a = next(it)
        ---
        xs.append(3)
        ---
        b = work(2)
        ---
        c = list(it)
        print(a, b, c)
    """),
    "lazy values shared by cells": written("""
        def work(k):
            return [k] * k
        log = []
        def f(x):
            log.append(x)
            return x * 2
        m = map(f, [1, 2, 3, 4])
        z = zip(m, 'abcd')
        r = reversed([1, 2, 3])
        ---
        a = next(z)
        ---
        b = work(2)
        ---
        c = next(m)
        ---
        d = list(z)
        ---
        e = sum(r), list(r)
        ---
        f2 = filter(None, iter([0, 1, 2]))
        ---
        g = any(x for x in f2), work(1)
        ---
        h = list(f2)
        print(a, b, c, d, e, g, h, log)
    """),
    "itertools between cells": written("""
        import itertools
        def work(k):
            return [k] * k
        base = iter(range(10))
        a, b = itertools.tee(base)
        ch = itertools.chain(a, 'xy')
        ---
        p = list(itertools.islice(ch, 3))
        ---
        w = work(2)
        ---
        q = list(itertools.takewhile(lambda x: x < 4, b))
        ---
        r = next(ch), next(b), next(base, None)
        ---
        groups = {k: list(g) for k, g in itertools.groupby('aabbb')}
        ---
        print(p, w, q, r, groups, list(ch))
    """),
    "iterator inside a container": written("""
        def work(k):
            return [k] * k
        its = {'a': iter([1, 2, 3]), 'b': (x for x in 'pq')}
        ---
        x = next(its['a'])
        ---
        w = work(2)
        ---
        y = list(its['a']), next(its['b'])
        ---
        print(x, w, y, list(its['b']))
    """),
    "thread that changes names": written("""
        import threading
        out, n = [], 0
        def job(k):
            global n
            for i in range(k):
                out.append(i)
                n += 1
        def work(k):
            return [k] * k
        ---
        t = threading.Thread(target=job, args=(3,))
        t.start()
        ---
        t.join()
        del t
        ---
        a = work(2)
        ---
        print(out, n, a)
    """),
    "executor of threads": written("""
        from concurrent.futures import ThreadPoolExecutor
        out = []
        def job(x):
            out.append(x)
            return x * 2
        def work(k):
            return [k] * k
        ---
        with ThreadPoolExecutor(1) as pool:
            a = list(pool.map(job, range(3)))
        ---
        b = work(2)
        ---
        pool = ThreadPoolExecutor(1)
        fs = [pool.submit(job, i) for i in 'xy']
        ---
        c = [f.result() for f in fs]
        pool.shutdown()
        del pool, fs
        ---
        print(a, b, c, out)
    """),
    "types of variables are noted in a loop, and read": written("""
        xs = list(range(6))
        ---
        # split:
        out = []
        for x in xs:
            y: int = x * 2
            out.append(y)
        ---
        print(out, y, __annotations__)
    """),
}
