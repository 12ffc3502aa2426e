"""``# task`` functions: calls that may begin ahead of their turn, which nobody may notice."""

from __future__ import annotations

from dataclasses import replace

from notebook_row import written

_ROWS = {
    "merge sort by recursion": written(
        """
        def merged(a, b):
            out, i, j = [], 0, 0
            while i < len(a) and j < len(b):
                if a[i] <= b[j]:
                    out.append(a[i])
                    i += 1
                else:
                    out.append(b[j])
                    j += 1
            return out + a[i:] + b[j:]
        # task: when=len(xs) > 2
        def ordered(xs):
            if len(xs) < 3:
                return sorted(xs)
            middle = len(xs) // 2
            left = ordered(xs[:middle])
            right = ordered(xs[middle:])
            return merged(left, right)
        ---
        result = ordered([1813, 3105, 3260, 2634, 383, 7037, 3291, 2403, 315, 7164])
        print(result)
        """,
        tasks=2,
    ),
    "quick sort in one expression": written(
        """
        # task
        def quick(xs):
            if len(xs) < 3:
                return sorted(xs)
            pivot, *rest = xs
            return quick([x for x in rest if x < pivot]) + [pivot] + quick([x for x in rest if x >= pivot])
        print(quick([5, 3, 8, 1, 9, 2, 7, 4, 6, 0]))
        """,
        tasks=3,
    ),
    "quick sort with a helper that fills lists": written(
        """
        def divided(xs):
            pivot, below, above = xs[0], [], []
            for x in xs[1:]:
                if x > pivot:
                    above.append(x)
                else:
                    below.append(x)
            return pivot, below, above
        # task
        def quick(xs):
            if len(xs) < 3:
                return sorted(xs)
            pivot, below, above = divided(xs)
            return quick(below) + [pivot] + quick(above)
        xs = [5, 3, 8, 1, 9, 2, 7, 4, 6, 0]
        print(quick(xs), xs)
        """,
        tasks=3,
    ),
    "calls in one expression and mutual recursion": written(
        """
        # task
        def even(n):
            return 1 if n == 0 else odd(n - 1)
        # task
        def odd(n):
            if n == 0:
                return 0
            return even(n - 1)
        # task
        def fib(n):
            if n < 2:
                return n
            return fib(n - 1) + fib(n - 2)
        total = even(5) + odd(4) * fib(6) - even(2)
        (a, b), c = (odd(3), even(3)), fib(3)
        print(total, a, b, c, {"x": fib(4), "y": fib(5)}, f"{fib(2)} {fib(3)}")
        """
    ),
    "default, keyword and starred arguments": written(
        """
        # task
        def price(amount, /, rate=2, *more, tax=0.5, **named):
            return amount * rate + sum(more) + tax + len(named)
        extra, options = [1, 2], {"tax": 1, "z": 3}
        print(price(1), price(2, 3), price(3, 4, *extra), price(4, **options), price(5, tax=2, w=1))
        """,
        tasks=4,
    ),
    "printing and displaying in the order of the program": written(
        """
        from IPython.display import display
        # task
        def said(x):
            print("said", x)
            display(x * 1.5)
            return x
        # task
        def twice(x):
            a = said(x)
            b = said(x + 1)
            print("both", x)
            return a + b
        print("before")
        u = twice(1)
        print("between")
        v = twice(5)
        print("after")
        u, v
        ---
        said(3) + said(4)
        """,
        tasks=3,
    ),
    "an error is caught where the call stands": written(
        """
        import traceback
        # task
        def inverse(x):
            print("inverse of", x)
            return 1 / x
        for x in (1, 0):
            try:
                a = inverse(2)
                b = inverse(x)
                c = inverse(3)
            except ZeroDivisionError:
                traceback.print_exc()
            finally:
                print("done")
        print(a, b, c)
        """
    ),
    "an error ends the cell": written(
        """
        # task
        def inverse(x):
            print("inverse of", x)
            return 1 / x
        a = inverse(2)
        b = inverse(0) + inverse(4)
        print("never")
        """
    ),
    "an argument that can't be evaluated": written(
        """
        # task
        def double(x):
            print("double", x)
            return 2 * x
        prices = {"a": 1}
        try:
            a = double(prices["a"])
            b = double(prices["b"])
        except KeyError as error:
            print("missing", error)
        print(a)
        """
    ),
    "an argument is changed between the calls": written(
        """
        # task
        def total(xs):
            return sum(xs)
        xs = [1, 2]
        ys = xs
        a = total(xs)
        ys.append(3)
        b = total(xs)
        xs[0] = 10
        c = total(ys)
        del ys[0]
        d = total(xs) + total(ys)
        xs += [4]
        e = total(ys)
        print(a, b, c, d, e)
        """
    ),
    "an argument is changed in a task": written(
        """
        # task
        def total(xs):
            return sum(xs)
        # task
        def both(n):
            xs = [n]
            held = {"xs": xs}
            a = total(xs)
            held["xs"].append(n)
            b = total(xs)
            xs = xs + [1]
            c = total(xs)
            xs.sort()
            return a, b, c, total(xs)
        print(both(3), both(4))
        """
    ),
    "an argument is changed by a function": written(
        """
        def grow(xs):
            xs.append(len(xs))
            return xs
        # task
        def total(xs):
            return sum(xs)
        class Bag:
            def __init__(self):
                self.items = [1]
            def add(self, x):
                self.items.append(x)
                return self
        # task
        def size(bag):
            return len(bag.items)
        xs, bag = [1], Bag()
        a = total(xs) + total(grow(xs)) + total(xs)
        b = size(bag) + size(bag.add(2)) + size(bag)
        c = size(bag)
        bag.add(3)
        d = size(bag)
        bag.items.append(4)
        e = size(bag)
        print(a, b, c, d, e)
        """
    ),
    "a global that tasks read changes between the calls": written(
        """
        RATE, LIMITS = 2, {"top": 5}
        class Config:
            step = 1
        def tick():
            global RATE
            RATE += 1
        # task
        def scaled(x):
            return min(x * RATE + Config.step, LIMITS["top"])
        a = scaled(1)
        RATE = 3
        b = scaled(1)
        tick()
        c = scaled(1)
        LIMITS["top"] = 50
        d = scaled(10) + scaled(11)
        Config.step = 7
        e = scaled(1)
        print(a, b, c, d, e)
        ---
        RATE = 1
        print(scaled(2), scaled(3))
        """
    ),
    "a task sets a global": written(
        """
        count = 0
        seen = []
        # task
        def counted(x):
            global count
            count += 1
            return x + count
        # task
        def noted(x):
            seen.append(x)
            return len(seen)
        a = counted(1) + counted(1)
        b = noted(1) + noted(2)
        print(a, b, count, seen)
        """,
        tasks=0,
    ),
    "a task changes its argument": written(
        """
        # task
        def drained(xs):
            out = []
            while xs:
                out.append(xs.pop())
            return out
        # task
        def kept(xs):
            ys = list(xs)
            ys.append(0)
            return ys
        xs = [1, 2, 3]
        a = drained(xs)
        b = drained(xs)
        c, d = kept(a), kept(a)
        print(a, b, c, d, xs)
        """,
        tasks=1,
    ),
    "a result is an object that the caller has": written(
        """
        TABLE = {"a": [1]}
        # task
        def same(xs):
            return xs
        # task
        def inner(xs):
            return xs[0]
        # task
        def found(key):
            return TABLE[key]
        xs, ys = [1], [[2]]
        a, b = same(xs), same(ys)
        c, d = inner(ys), inner(ys)
        e, f = found("a"), found("a")
        b.append([3])
        d.append(4)
        f.append(5)
        print(xs, ys, a is xs, b is ys, c is d, e is f, TABLE, [same(xs), same(xs)][1] is xs)
        """
    ),
    "arguments that are one object": written(
        """
        # task
        def alike(a, b):
            return a is b, a is EMPTY
        EMPTY = []
        xs = []
        print(alike(xs, xs), alike(xs, []), alike(EMPTY, xs), alike(EMPTY, EMPTY))
        """
    ),
    "instances of the notebook's classes": written(
        """
        class Point:
            def __init__(self, x):
                self.x = x
            def __add__(self, other):
                return Point(self.x + other.x)
            def __eq__(self, other):
                return self.x == other.x
            def __hash__(self):
                return hash(self.x)
        # task
        def moved(p, by):
            return p + Point(by)
        p = Point(1)
        q, r = moved(p, 2), moved(p, 3)
        s = moved(p + q, 1) + moved(q + r, 2)
        print(q.x, r.x, s.x, type(r) is Point, {q: 1}[r - 0 if False else q])
        """
    ),
    "operators with effects": written(
        """
        log = []
        class Loud:
            def __init__(self, x):
                self.x = x
            def __add__(self, other):
                log.append(self.x)
                return Loud(self.x + other)
            @property
            def value(self):
                log.append("value")
                return self.x
        # task
        def of(x):
            return x.x if isinstance(x, Loud) else x
        p = Loud(1)
        a = of(p + 1)
        b = of(p + 2)
        c = of(p.value) + of(p.value)
        print(a, b, c, log)
        """
    ),
    "arguments that use something up": written(
        """
        # task
        def plus(x):
            return x + 1
        # task
        def first(it):
            return next(it, None)
        it = iter(range(10))
        xs = [1, 2, 3]
        a = plus(next(it)) + plus(next(it))
        b = plus(xs.pop())
        c = plus(xs.pop())
        d, e = first(it), first(it)
        f = plus(y := 3) + plus(y)
        print(a, b, c, d, e, f, xs, list(it))
        """
    ),
    "draws from a seeded generator": written(
        """
        import random
        import numpy as np
        random.seed(3)
        np.random.seed(4)
        rng = random.Random(5)
        # task
        def drawn(n):
            return [random.random() for _ in range(n)]
        # task
        def normal(n):
            return float(np.random.normal(size=n).sum())
        # task
        def own(r):
            return r.random()
        # task
        def seeded(n):
            return random.Random(n).random()
        a, b = drawn(2), drawn(2)
        c = normal(2) + normal(3)
        d, e = own(rng), own(rng)
        print(a, b, c, d, e, seeded(1) + seeded(2))
        """
    ),
    "methods, generators, async and nested functions": written(
        """
        class Box:
            # task
            def area(self, x):
                return x * x
        # task
        def up_to(n):
            yield from range(n)
        # task
        async def later(x):
            return x
        def outer(k):
            # task
            def inner(x):
                return x * k
            return inner(1) + inner(2)
        import functools
        # task
        @functools.lru_cache
        def cached(x):
            return [x]
        box = Box()
        print(box.area(2) + box.area(3), list(up_to(2)) + list(up_to(3)), outer(3))
        print(await later(1) + await later(2), cached(1) is cached(1))
        """,
        tasks=0,
    ),
    "one default for all calls": written(
        """
        # task
        def gather(x, into=[]):
            into.append(x)
            return list(into)
        # task
        def look(x, table={"a": 1}):
            return table.get(x)
        print(gather(1), gather(2), look("a"), look("b"))
        """,
        tasks=0,
    ),
    "a task is bound anew": written(
        """
        # task
        def f(x):
            return x + 1
        a = f(1) + f(2)
        ---
        # task
        def f(x):
            return x + 10
        b = f(1) + f(2)
        g = f
        f = abs
        print(a, b, f(-1) + f(-2), g(1) + g(2))
        """
    ),
    "a local name like a task's": written(
        """
        # task
        def f(x):
            return x + 1
        # task
        def apply(f, x):
            a = f(x)
            b = f(x + 1)
            return a, b
        # task
        def hidden(x):
            f = abs
            return f(x) + f(-x)
        print(apply(str, 1), apply(f, 1), hidden(3), [f(f) for f in (str, repr)] != [])
        """
    ),
    "functions as arguments": written(
        """
        # task
        def mapped(g, xs):
            return [g(x) for x in xs]
        k = 3
        def times(x):
            return x * k
        a, b = mapped(times, [1, 2]), mapped(times, [3])
        c = mapped(lambda x: x + k, [1]) + mapped(lambda x: x - k, [2])
        print(a, b, c)
        """
    ),
    "returns, loops and blocks": written(
        """
        # task
        def work(x):
            return x * 2
        # task
        def tree(n):
            if n <= 0:
                return []
            try:
                if n % 2:
                    return [work(n), *tree(n - 1), *tree(n - 2)]
                with open("/dev/null") as file:
                    return [work(n)] + tree(n - 2) + [work(n + 1)]
            finally:
                n = None
        out = []
        for n in range(4):
            a = work(n)
            b = work(n + 1)
            if a % 4:
                continue
            out.append(tree(a) + tree(b))
        while out and len(out) < 5:
            out.append(work(1) + work(2))
        print(out, a, b)
        """
    ),
    "results of tasks are arguments of tasks": written(
        """
        # task
        def load(x):
            return [x, x + 1]
        # task
        def joined(a, b):
            return a + b
        # task
        def total(xs):
            return sum(xs)
        t = total(joined(load(1), load(2))) + total(joined(load(3), load(4)))
        a = load(1)
        b = load(2)
        c = joined(a, b)
        d = joined(b, a)
        e = total(c) + total(d)
        print(t, c, d, e)
        """
    ),
    "settings between the calls": written(
        """
        import numpy as np
        # task
        def shown(x):
            return str(np.array([x / 3]))
        a = shown(1)
        np.set_printoptions(precision=2)
        b = shown(1)
        with np.printoptions(precision=1):
            c = shown(1)
            d = shown(2)
        e = shown(1) + shown(2)
        print(a, b, c, d, e)
        """
    ),
    "arrays": written(
        """
        import numpy as np
        # task
        def mean(a):
            return a.mean()
        # task
        def scaled(a, k):
            a = a * k
            a += 1
            return a
        # task
        def changed(a):
            a[0] = 5
            return a.sum()
        x = np.arange(6.0)
        v = x[1:]
        m = mean(x)
        v[:] = 1
        n = mean(x) + mean(v)
        p, q = scaled(x, 2), scaled(v, 3)
        x += 1
        r = mean(v)
        s = changed(x) + changed(x.copy())
        print(m, n, p, q, r, s, x)
        """
    ),
    "a file written between the calls": written(
        """
        from pathlib import Path
        # task
        def read(name):
            return Path(name).read_text()
        # task
        def write(name, text):
            Path(name).write_text(text)
            return len(text)
        Path("a.txt").write_text("one")
        a = read("a.txt")
        Path("a.txt").write_text("two")
        b = read("a.txt")
        n = write("a.txt", "three")
        c = read("a.txt") + read("a.txt")
        print(a, b, c, n)
        """
    ),
    "conditions": written(
        """
        LEAST = 2
        # task: when=len(xs) > LEAST and deep
        def total(xs, deep=True):
            return sum(xs)
        # task: when=n.missing > 3
        def plus(n):
            return n + 1
        a = total([1, 2, 3]) + total([4, 5, 6]) + total([1]) + total([7, 8, 9], deep=False)
        b = plus(1) + plus(2)
        print(a, b)
        """,
        tasks=1,
    ),
    "recursion without end": written(
        """
        # task
        def down(n):
            a = down(n + 1)
            b = down(n + 2)
            return a + b
        try:
            down(0)
        except RecursionError as error:
            print(type(error).__name__)
        """
    ),
    "how deep recursion may go": written(
        """
        import sys
        # task
        def depth(n):
            return 0 if n == 0 else 1 + depth(n - 1)
        # task
        def probe(n):
            try:
                return depth(n)
            except RecursionError:
                return -1
        limit = sys.getrecursionlimit()
        a, b = probe(limit // 2), probe(limit // 2)
        c, d = probe(limit * 2), probe(limit * 2)
        print(a, b, c, d)
        """
    ),
    "threads of the notebook": written(
        """
        from concurrent.futures import ThreadPoolExecutor
        # task
        def pair(x):
            a = half(x)
            b = half(x + 1)
            return a, b
        # task
        def half(x):
            return x / 2
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(pair, n) for n in range(4)]
            print([future.result() for future in futures])
        """
    ),
    "an error's line where one name is bound twice": written(
        """
        # task
        def total(xs):
            return sum(xs)
        # task
        def fails(x):
            print("tries", x)
            return 6 // (x % 3)
        xs, c = [1, 2], 3
        ---
        for a in (1, 2):
            a = total(xs)
            a = fails(c)
        """
    ),
    "an error's line in a tuple": written(
        """
        # task
        def total(xs):
            return sum(xs)
        # task
        def fails(x):
            print("tries", x)
            return 6 // (x % 3)
        xs, c = [1, 2], 3
        ---
        if xs:
            a = total(xs)
            b, a = (
                total(xs),
                fails(c),
            )
            print(a, b)
        """
    ),
    "an error's line in an expression of several lines": written(
        """
        # task
        def total(xs):
            return sum(xs)
        # task
        def fails(x):
            print("tries", x)
            return 6 // (x % 3)
        def calls(xs, c):
            a = total(xs)
            print(
                a + total(xs),
                1 + fails(c) * total(xs),
            )
            return a
        xs, c = [1, 2], 3
        ---
        a = calls(xs, 2)
        while True:
            a = total(xs)
            a = calls(xs, c)
            break
        """
    ),
    "an error's line where it is caught and told": written(
        """
        import sys
        import traceback
        # task
        def total(xs):
            return sum(xs)
        # task
        def fails(x):
            print("tries", x)
            return 6 // (x % 3)
        xs, c = [1, 2], 3
        def where():
            error = sys.exc_info()[2]
            return error.tb_lineno, [f.lineno for f in traceback.extract_tb(error)]
        ---
        for c in (2, 3):
            try:
                a = total(xs)
                a = fails(c)
                a = total([a])
            except ZeroDivisionError as error:
                print(error, where(), a)
            else:
                a = total(xs)
                a = total([a])
        """
    ),
    "an error's line in a loop over a name that is bound again": written(
        """
        # task
        def total(xs):
            return sum(xs)
        # task
        def fails(x):
            print("tries", x)
            return 6 // (x % 3)
        # task
        def inner(xs):
            ys = []
            for x in xs:
                xs = [x, total(xs)]
                x = total(xs)
                x = fails(x)
                ys.append(x)
            return ys
        xs = [1, 4, 5]
        ---
        for x in xs:
            xs = [x, 1, 1]
            x, xs = total(xs), inner(xs)
            x = inner([1, 2])
        """
    ),
    "an error's line after the calls that were sent": written(
        """
        # task
        def total(xs):
            return sum(xs)
        # task
        def fails(x):
            return 6 // (x % 3)
        if True:
            a = total([1])
            b = total([2])
            c = a + b + total([3])
            d = [a, b][c]
        """,
        tasks=2,
    ),
    "an error's line in a finally and a with": written(
        """
        import contextlib
        # task
        def total(xs):
            return sum(xs)
        # task
        def fails(x):
            return 6 // (x % 3)
        ---
        with contextlib.nullcontext([1, 2]) as xs:
            try:
                a = total(xs)
                b = total(xs)
            finally:
                a = total(xs)
                a = fails(a)
        """
    ),
    "code that can't be seen": written(
        """
        # task
        def f(x):
            return x + 1
        exec("y = 3")
        a = f(1) + f(y)
        print(a)
        """,
        tasks=0,
    ),
    "unseen methods that change an argument": written(
        """
        import collections
        # task
        def used(thing):
            thing.rotate(1)
            return thing[0]
        # task
        def poked(thing):
            return thing.poke()
        class Sly:
            def __init__(self):
                self.n = 0
            def __getattr__(self, name):
                self.n += 1
                return lambda: self.n
        d = collections.deque([1, 2, 3])
        a = used(d) + used(d)
        s = Sly()
        b = poked(s), poked(s), poked(s)
        print(a, b, d, s.n)
        """
    ),
    "names that go away": written(
        """
        # task
        def f(x):
            return x + 1
        x = 1
        a = f(x)
        del x
        x = 5
        b = f(x)
        for x in (7,):
            pass
        c = f(x)
        if a:
            x = 9
        d = f(x) + f(a)
        print(a, b, c, d)
        """
    ),
    "the last value of a cell": written(
        """
        # task
        def f(x):
            return x + 1
        f(1)
        f(2) + f(3)
        ---
        y = f(1) + f(2)
        y
        ---
        f(1), f(2);
        """
    ),
    "a NaN is given back": written(
        """
        import math, numpy as np
        nan = float('nan')
        # task
        def same(x):
            return x
        # task
        def both(x):
            return [x, nan, float('nan')]
        ---
        a, b, c = same(nan), same(math.nan), same(np.nan)
        print([nan] == [a], math.nan in [b], c is np.nan, len({nan, a, b, c}))
        ---
        d, e = both(nan), both(1.0)
        print(d[0] is nan, d[1] is nan, e[1] in [nan], e[2] in [nan], [x != x for x in (*d, *e)])
        """
    ),
    "functions that tell of themselves": written(
        """
        import inspect
        # task
        def f(x):
            a = g(x)
            b = g(x + 1)
            return a + b, sorted(locals())
        # task
        def g(x):
            return x
        # task
        def named(x):
            a = g(x)
            b = g(x + 1)
            return a + b
        print(f(1), named(1), named.__name__, inspect.signature(named), inspect.getsource(named))
        """
    ),
}

_ON_RAY = (
    "merge sort by recursion",
    "printing and displaying in the order of the program",
    "an error is caught where the call stands",
    "a result is an object that the caller has",
    "a NaN is given back",
    "how deep recursion may go",
)

ROWS = {name: replace(row, on_ray=name in _ON_RAY) for name, row in _ROWS.items()}
